"""checklist 18: from a request to its topics."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packages.topicwire.tests.trading import Trade, TradeRequest, TradesRequest
from pydantic import BaseModel, ConfigDict, Field

from topicwire import (
    DeclarationError,
    TopicBuilder,
    WsRouter,
    by_symbol,
    topic_builder_from,
    topic_request,
)
from topicwire.errors import TopicKeyError, TopicTooLongError
from topicwire.wire.requests import request_json
from topicwire.wire.topics import canonical_json


class OrderbookRequest(BaseModel):
    symbol: str
    depth: int = 10
    level: int = 1


class MultiRequest(BaseModel):
    symbols: list[str]
    params: dict[str, Any] = Field(default_factory=dict)


# as the specification prints them
def simple_topic_builder(symbol: str, params: dict[str, Any]) -> str:
    del params
    return f"trades:{symbol}"


def orderbook_topic_builder(symbol: str, params: dict[str, Any]) -> str:
    depth = params.get("depth", 10)
    level = params.get("level", 1)
    return f"orderbook:{symbol}:{depth}:{level}"


def news_topic_builder(symbol: str, params: dict[str, Any]) -> str:
    category = params.get("category", "all")
    return f"news:{category}:{symbol}" if symbol != "*" else f"news:{category}:*"


def test_by_default_a_request_is_a_topic() -> None:
    builder: TopicBuilder[TradeRequest] = TopicBuilder("trades")
    assert builder(TradeRequest(symbol="AAPL")) == 'trades:{"depth":1,"symbol":"AAPL"}'


@pytest.mark.parametrize(
    ("build", "request_", "topics"),
    [
        (simple_topic_builder, TradeRequest(symbol="A"), ("trades:A",)),
        (orderbook_topic_builder, OrderbookRequest(symbol="A", depth=5), ("orderbook:A:5:1",)),
        (news_topic_builder, TradeRequest(symbol="*"), ("news:all:*",)),
        (simple_topic_builder, TradesRequest(symbols=["A", "B", "A"]), ("trades:A", "trades:B")),
        (
            orderbook_topic_builder,
            MultiRequest(symbols=["A"], params={"depth": 3}),
            ("orderbook:A:3:1",),
        ),
    ],
)
def test_a_symbol_and_params_function_is_adapted(
    build: Any, request_: BaseModel, topics: tuple[str, ...]
) -> None:
    for given_builder in (build, topic_builder_from(build)):
        builder: TopicBuilder[Any] = TopicBuilder("trades", given_builder)
        assert builder.topics(request_) == topics
        assert builder(request_) == (topics[0] if len(topics) == 1 else list(topics))


def test_an_adapted_builder_takes_both_call_forms() -> None:
    router = WsRouter[TradeRequest, Trade](route="trades", topic_builder=simple_topic_builder)
    trades_topic_builder = router.topic_builder
    assert trades_topic_builder("AAPL", {}) == "trades:AAPL"
    assert trades_topic_builder(TradeRequest(symbol="AAPL")) == "trades:AAPL"


def test_another_one_says_what_it_takes() -> None:
    builder: TopicBuilder[TradeRequest] = TopicBuilder("trades")
    with pytest.raises(TypeError, match="takes one argument, the request, and got 2"):
        builder("AAPL", {})


def test_a_builder_of_the_request() -> None:
    builder: TopicBuilder[TradeRequest] = TopicBuilder("t", lambda request: f"t:{request.symbol}")
    assert builder(TradeRequest(symbol="A")) == "t:A"
    several: TopicBuilder[TradesRequest] = TopicBuilder("t", lambda request: request.symbols)
    assert several.topics(TradesRequest(symbols=["b", "a", "b"])) == ("b", "a")
    again: TopicBuilder[TradesRequest] = TopicBuilder("other", several)
    assert again.topics(TradesRequest(symbols=["b"])) == ("b",)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), min_size=1))
def test_one_topic_a_symbol(symbols: list[str]) -> None:
    builder: TopicBuilder[TradesRequest] = TopicBuilder("trades", by_symbol("symbols"))
    topics = builder.topics(TradesRequest(symbols=symbols))
    assert [topic_request(topic)["symbol"] for topic in topics] == list(dict.fromkeys(symbols))


def test_one_topic_a_symbol_keeps_the_other_fields() -> None:
    builder: TopicBuilder[MultiRequest] = TopicBuilder("books", by_symbol())
    topics = builder.topics(MultiRequest(symbols=["IBM"], params={"depth": 5}))
    assert topics == ('books:{"params":{"depth":5},"symbol":"IBM"}',)


@pytest.mark.parametrize("build", [by_symbol(), simple_topic_builder, lambda _: []])
def test_no_symbol_is_no_topic(build: Any) -> None:
    builder: TopicBuilder[TradesRequest] = TopicBuilder("trades", build)
    with pytest.raises(TopicKeyError, match="lists no symbol"):
        builder.topics(TradesRequest(symbols=[]))


def test_says_which_field_is_missing() -> None:
    builder: TopicBuilder[Trade] = TopicBuilder("trades", by_symbol("tickers"))
    with pytest.raises(DeclarationError, match="Trade has no list 'tickers'"):
        builder.topics(Trade(price=1))
    adapted: TopicBuilder[Trade] = TopicBuilder("trades", simple_topic_builder)
    with pytest.raises(DeclarationError, match="neither `symbol` nor a list `symbols`"):
        adapted.topics(Trade(price=1))


@pytest.mark.parametrize("built", [1, None, [1], b"x"])
def test_says_what_a_builder_must_return(built: Any) -> None:
    builder: TopicBuilder[Trade] = TopicBuilder("trades", lambda _: built)
    with pytest.raises(TypeError, match="must return a topic"):
        builder.topics(Trade(price=1))


def test_a_long_topic_is_refused() -> None:
    builder: TopicBuilder[Trade] = TopicBuilder("trades", lambda _: "x" * 1_025)
    with pytest.raises(TopicTooLongError):
        builder.topics(Trade(price=1))


def test_a_builder_takes_one_argument_or_two() -> None:
    bad: Any = lambda a, b, c: ""  # noqa: E731, ARG005 - that is the test
    with pytest.raises(DeclarationError, match="it takes 3 arguments"):
        TopicBuilder("trades", bad)


class Leaf(BaseModel):
    model_config = ConfigDict(frozen=True)
    tags: frozenset[str]


class SetRequest(BaseModel):
    leaves: set[Leaf] = Field(alias="parts")
    by_name: dict[str, list[frozenset[int]]] = {}


@given(st.lists(st.frozensets(st.text("ab!é", max_size=3), max_size=4), max_size=4), st.integers())
def test_a_set_makes_the_same_key_in_every_order(tags: list[frozenset[str]], seed: int) -> None:
    """The order of a set of texts differs from process to process."""
    order = Random(seed)  # noqa: S311 - an order, not a secret

    class Shuffled(frozenset[Any]):
        def __iter__(self) -> Iterator[Any]:
            items = sorted(frozenset.__iter__(self), key=repr)
            order.shuffle(items)
            return iter(items)

    def shuffled() -> SetRequest:
        leaves = [Leaf.model_construct(tags=Shuffled(one)) for one in tags]
        order.shuffle(leaves)
        names: Any = {"n": [Shuffled(range(40))]}
        return SetRequest.model_construct(leaves=set(leaves), by_name=names)

    leaves = {
        Leaf(tags=one)  # pyright: ignore[reportUnhashable]  # a frozen model has a hash
        for one in tags
    }
    plain = SetRequest(parts=leaves, by_name={"n": [frozenset(range(40))]})
    expected = canonical_json(request_json(plain))
    assert all(canonical_json(request_json(shuffled())) == expected for _ in range(3))
    numbers = request_json(plain)["by_name"]["n"][0]
    assert numbers == sorted(range(40), key=str)
