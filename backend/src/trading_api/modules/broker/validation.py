"""From an order as it is asked for to one in integers. Pure."""

from trading_api.models import OrderType, PlaceOrder
from trading_api.modules.broker.engine import OrderRequest
from trading_api.shared.decimals import parse_units
from trading_api.shared.errors import RefusedError
from trading_api.shared.market import instrument

ACCOUNTS = ("demo",)


def known_account(account_id: str) -> str:
    """The account's id, if there is such an account.

    Raises:
        RefusedError: There is none.
    """
    if account_id not in ACCOUNTS:
        raise RefusedError(
            "unknown_account",
            f"unknown account {account_id!r}: known is {', '.join(ACCOUNTS)}",
            status=404,
        )
    return account_id


def valid_order(order: PlaceOrder) -> OrderRequest:
    """The order in whole ticks and shares.

    Raises:
        RefusedError: The order contradicts itself, or has a quantity or price that cannot be.
        UnknownSymbolError: There is no such symbol.
    """
    known_account(order.account_id)
    scale = instrument(order.symbol).price_scale
    if order.type not in (OrderType.LIMIT, OrderType.MARKET):
        raise RefusedError(
            "unsupported_type",
            f"type is {order.type.value}: accepted are 1 (limit) and 2 (market)",
        )
    is_limit = order.type is OrderType.LIMIT
    if is_limit and order.limit_price is None:
        raise RefusedError("no_limit_price", "a limit order (type 1) needs a limit_price")
    if not is_limit and order.limit_price is not None:
        raise RefusedError(
            "limit_price_given",
            "a market order (type 2) takes no limit_price: leave it out, or use type 1",
        )
    limit = None
    if order.limit_price is not None:
        limit = parse_units(order.limit_price, scale, "limit_price")
    return OrderRequest(
        account_id=order.account_id,
        symbol=order.symbol,
        side=order.side,
        type=order.type,
        qty=parse_units(order.qty, 1, "qty"),
        limit=limit,
        client_order_id=order.client_order_id,
    )
