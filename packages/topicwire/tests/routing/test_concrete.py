"""Plain generics at run time: `WsRouter[Request, Data]` knows its types without generation."""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

import pytest
from packages.topicwire.tests.trading import Trade, TradeRequest
from pydantic import BaseModel

from topicwire import Client, DeclarationError, WsRouter

_A = TypeVar("_A")
_B = TypeVar("_B")


class Page(BaseModel, Generic[_A]):
    items: list[_A]


def types_of(router: type[Any]) -> tuple[Any, Any]:
    operations = router(route="trades").operations
    return operations["subscribe"].payload_type, operations["update"].payload_type


def test_the_same_types_are_the_same_class() -> None:
    assert WsRouter[TradeRequest, Trade] is WsRouter[TradeRequest, Trade]
    other: type[Any] = WsRouter[TradeRequest, list[Trade]]
    assert WsRouter[TradeRequest, Trade] is not other
    router = WsRouter[TradeRequest, Trade](route="trades")
    assert isinstance(router, WsRouter)
    assert type(router).__name__ == "WsRouter[TradeRequest, Trade]"
    assert type(router).__doc__ == WsRouter.__doc__


@pytest.mark.parametrize(
    "data",
    [list[Trade], Trade | None, dict[str, Trade], Page[Trade], Annotated[Trade, []], int],
)
def test_any_type_may_be_the_data(data: Any) -> None:
    assert types_of(WsRouter[TradeRequest, data]) == (TradeRequest, data)


class Swapped(WsRouter[_B, _A], Generic[_A, _B]):
    """Its parameters are in another order than those of its base."""


class Listed(WsRouter[TradeRequest, list[_A]], Generic[_A]):
    """One of its base's parameters is given, the other made of its own."""


class Deep(Swapped[Trade, _A], Generic[_A]):
    """Two steps away."""


def test_parameters_are_followed_through_generic_bases() -> None:
    assert types_of(Swapped[Trade, TradeRequest]) == (TradeRequest, Trade)
    assert types_of(Deep[TradeRequest]) == (TradeRequest, Trade)


def test_a_parameter_inside_a_type_is_filled_in() -> None:
    assert types_of(Listed[Trade]) == (TradeRequest, list[Trade])


class Paged(WsRouter[_A, _B], Generic[_A, _B]):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

        @self.send("page", reply="page.response")
        def page(payload: list[_A], client: Client) -> Page[_B]:
            raise AssertionError((payload, client))


def test_an_operation_of_a_generic_class_of_your_own() -> None:
    operation = Paged[TradeRequest, Trade](route="trades").operations["page"]
    assert operation.payload_type == list[TradeRequest]
    assert operation.reply_type == Page[Trade]


def test_without_types_it_says_how_to_give_them() -> None:
    with pytest.raises(DeclarationError, match=r"WsRouter\[Request, Data\]"):
        WsRouter(route="trades")


def test_counts_the_types() -> None:
    router: Any = WsRouter
    with pytest.raises(DeclarationError, match="takes 2 types, got 3: TradeRequest, Trade, int"):
        router[TradeRequest, Trade, int]
