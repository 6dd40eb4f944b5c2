"""Names of routes and operations."""

from __future__ import annotations

import pytest

from topicwire.errors import DeclarationError
from topicwire.wire.names import check_operation_name, check_route_name


@pytest.mark.parametrize("name", ["trades", "orderBook", "l2_book", "x", "bars1"])
def test_accepts_an_identifier(name: str) -> None:
    check_route_name(name)
    check_operation_name(name)


@pytest.mark.parametrize(
    "name", ["Trades", "1bars", "order-book", "a.b", "a b", "_x", "é", "bars\n", "$x"]
)
def test_refuses_what_is_no_identifier(name: str) -> None:
    with pytest.raises(DeclarationError, match="begins with a lower-case letter"):
        check_route_name(name)
    with pytest.raises(DeclarationError, match="cannot be the name of an operation"):
        check_operation_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("then", "connection", "on", "close", "subscribe", "unsubscribe", "update", "stream"),
        *("constructor", "toString", "hasOwnProperty", "class", "from", "import"),
    ],
)
def test_refuses_a_reserved_route(name: str) -> None:
    with pytest.raises(DeclarationError, match="for something else"):
        check_route_name(name)


@pytest.mark.parametrize("name", ["subscribe", "unsubscribe", "update", "preview"])
def test_an_operation_may_be_built_in(name: str) -> None:
    check_operation_name(name)


@pytest.mark.parametrize("name", ["then", "stream", "on", "constructor", "lambda"])
def test_refuses_a_reserved_operation(name: str) -> None:
    with pytest.raises(DeclarationError, match="for something else"):
        check_operation_name(name)


def test_an_empty_route_says_where_the_name_goes() -> None:
    with pytest.raises(DeclarationError, match=r'route="trades"'):
        check_route_name("")
