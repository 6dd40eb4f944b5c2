"""What a route is called, and what is called after it."""

from __future__ import annotations

import pytest

from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.names import route_names, singular


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("trades", "trade"),
        ("companies", "company"),
        ("boxes", "box"),
        ("addresses", "address"),
        ("news", "news"),
        ("status", "status"),
        ("orderBooks", "orderBook"),
        ("order_books", "order_book"),
        ("s", "s"),
        ("ties", "tie"),
        ("tape", "tape"),
    ],
)
def test_singular(plural: str, one: str) -> None:
    assert singular(plural) == one


def test_everything_is_called_after_the_route() -> None:
    names = route_names("orderBooks", "trading_desk", None)
    assert [
        names.model,
        names.request,
        names.router_class,
        names.service_class,
        names.module_class,
        names.router,
        names.topic_builder,
        names.file,
        names.words,
    ] == [
        "OrderBook",
        "OrderBookSubscriptionRequest",
        "OrderBookWsRouter",
        "OrderBookService",
        "TradingDeskModule",
        "order_book_router",
        "order_books_topic_builder",
        "order_books",
        "order books",
    ]


@pytest.mark.parametrize(
    ("route", "module", "model", "seen"),
    [
        ("constructor", "trading", None, "--name: 'constructor' cannot be the name of a route"),
        ("connection", "trading", None, "--name: 'connection'"),
        ("then", "trading", None, "--name: 'then'"),
        ("class", "trading", None, "--name: 'class'"),
        ("", "trading", None, "--name: the route has no name"),
        ("my-route", "trading", None, "--name: 'my-route'"),
        ("trades", "class", None, "--module: 'class'"),
        ("trades", "my-module", None, "--module: 'my-module'"),
        ("trades", "Trading", None, "--module: 'Trading'"),
        ("trades", "_x", None, "--module: '_x'"),
        ("trades", "trading", "trade", "--model: 'trade'"),
        ("clients", "trading", None, "--model: 'Client'"),
        ("trades", "trading", "Exception", "--model: 'Exception'"),
    ],
)
def test_refused(route: str, module: str, model: str | None, seen: str) -> None:
    with pytest.raises(ScaffoldError) as refused:
        route_names(route, module, model)
    assert seen in str(refused.value)
