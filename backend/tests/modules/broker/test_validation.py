from __future__ import annotations

import pytest
from pydantic import ValidationError

from trading_api.models import OrderType, PlaceOrder, Side
from trading_api.modules.broker.engine import OrderRequest
from trading_api.modules.broker.validation import valid_order
from trading_api.shared.errors import RefusedError
from trading_api.shared.market import UnknownSymbolError

LIMIT = {"symbol": "AAPL", "side": 1, "type": 1, "qty": "10", "limit_price": "430.10"}


def test_an_order_becomes_integers() -> None:
    expected = OrderRequest("demo", "AAPL", Side.BUY, OrderType.LIMIT, 10, 43010)
    assert valid_order(PlaceOrder.model_validate(LIMIT)) == expected


@pytest.mark.parametrize(
    ("changed", "code", "told"),
    [
        ({"qty": "0"}, "not_positive", "qty is 0"),
        ({"qty": "1.5"}, "off_tick", "whole multiple of 1"),
        ({"limit_price": "430.105"}, "off_tick", "limit_price is 430.105.*multiple of 0.01"),
        ({"limit_price": "-1"}, "not_positive", "limit_price is -1"),
        ({"limit_price": None}, "no_limit_price", "needs a limit_price"),
        ({"type": 2}, "limit_price_given", "takes no limit_price"),
        ({"type": 3}, "unsupported_type", "type is 3: accepted are 1"),
        ({"account_id": "mine"}, "unknown_account", "unknown account 'mine': known is demo"),
    ],
)
def test_each_fault_is_named(changed: dict[str, object], code: str, told: str) -> None:
    with pytest.raises(RefusedError, match=told) as caught:
        valid_order(PlaceOrder.model_validate(LIMIT | changed))
    assert caught.value.code == code


def test_an_unknown_symbol_names_the_nearest() -> None:
    with pytest.raises(UnknownSymbolError, match="did you mean 'AAPL'"):
        valid_order(PlaceOrder.model_validate(LIMIT | {"symbol": "APPL"}))


@pytest.mark.parametrize("qty", [10, 1.5, "ten", "1e5", "", "NaN", "Infinity", "1" * 41])
def test_a_quantity_is_decimal_text(qty: object) -> None:
    with pytest.raises(ValidationError):
        PlaceOrder.model_validate(LIMIT | {"qty": qty})
