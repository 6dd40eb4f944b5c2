"""Wildcard patterns: topics that stand for several. The builder is the specification's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from packages.topicwire.tests.trading import App, DrivenService, Trade
from pydantic import BaseModel

from topicwire import PublishError, ReplayLimits, WsRouter
from topicwire.testing import InProcessClient, connect
from topicwire.types import Principal

LIMITS = ReplayLimits(max_updates=5, max_age_s=10)
ALL_SPORTS = {"category": "sports", "symbol": "*"}
AAPL = {"category": "sports", "symbol": "AAPL"}


class NewsRequest(BaseModel):
    symbol: str
    category: str = "all"


class SeveralNews(BaseModel):
    symbols: list[str]


def news_topic_builder(symbol: str, params: dict[str, Any]) -> str:
    category = params.get("category", "all")
    return f"news:{category}:{symbol}" if symbol != "*" else f"news:{category}:*"


def news(service: DrivenService | None = None, **options: Any) -> WsRouter[NewsRequest, Trade]:
    given = {"linger_s": 0.0, "wildcards": True, **options}
    return WsRouter[NewsRequest, Trade](
        route="news", service=service, topic_builder=news_topic_builder, **given
    )


async def seen(client: InProcessClient) -> list[tuple[str, int, float, str | None]]:
    """Everything that has come: topic, number, price and source."""
    payloads = [message["payload"] for message in await client.settle()]
    return [
        (one["topic"], one["seq"], one["payload"]["price"], one.get("source")) for one in payloads
    ]


async def test_a_pattern_is_a_topic_of_its_own() -> None:
    """checklist 18"""
    router = news()
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("news", ALL_SPORTS)
        assert (reply["topic"], reply["seq"]) == ("news:sports:*", 0)
        router.publish("news:sports:AAPL", Trade(price=1))
        router.publish("news:politics:AAPL", Trade(price=2))
        router.publish("news:sports:IBM", Trade(price=3))
        router.publish("news:sports:IBM:late", Trade(price=4))
        assert await seen(client) == [
            ("news:sports:*", 1, 1, "news:sports:AAPL"),
            ("news:sports:*", 2, 3, "news:sports:IBM"),
        ]
        metrics = app.adapter.metrics.routes["news"]
        assert (metrics.updates_published, metrics.updates_unwatched) == (4, 2)
        await client.unsubscribe("news", ALL_SPORTS)
        router.publish("news:sports:AAPL", Trade(price=5))
        assert await seen(client) == []


async def test_what_overlaps_is_delivered_on_both() -> None:
    router = news()
    app = App(router)
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.subscribe("news", ALL_SPORTS)
        await client.subscribe("news", {"category": "*", "symbol": "AAPL"})
        await client.subscribe("news", AAPL)
        await other.subscribe("news", AAPL)
        router.publish("news:sports:AAPL", Trade(price=1))
        assert sorted(await seen(client), key=str) == [
            ("news:*:AAPL", 1, 1, "news:sports:AAPL"),
            ("news:sports:*", 1, 1, "news:sports:AAPL"),
            ("news:sports:AAPL", 1, 1, None),
        ]
        assert await seen(other) == [("news:sports:AAPL", 1, 1, None)]


async def test_a_pattern_starts_no_producer_and_hears_those_that_run() -> None:
    service = DrivenService()
    router = news(service)
    app = App(router)
    async with connect(app.asgi) as client, connect(app.asgi) as other:
        await client.subscribe("news", ALL_SPORTS)
        assert service.calls == []
        await other.subscribe("news", AAPL)
        service.feeds["news:sports:AAPL"](Trade(price=1))
        assert await seen(client) == [("news:sports:*", 1, 1, "news:sports:AAPL")]
        assert service.calls == [("create", "news:sports:AAPL")]


async def test_a_pattern_has_no_snapshot() -> None:
    router = news(snapshot="last")
    app = App(router)
    async with connect(app.asgi) as client, connect(app.asgi) as late:
        await client.subscribe("news", ALL_SPORTS)
        await client.subscribe("news", AAPL)
        router.publish("news:sports:AAPL", Trade(price=1))
        assert "snapshot" not in await late.subscribe("news", ALL_SPORTS)
        assert (await late.subscribe("news", AAPL))["snapshot"] is True


async def test_the_only_subscriber_of_a_pattern_comes_back() -> None:
    """trap: the only subscriber away for longer than the linger and shorter than the replay"""
    router = news(replay=LIMITS)
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("news", ALL_SPORTS)
    await app.idle()
    router.publish("news:sports:AAPL", Trade(price=1))
    router.publish("news:sports:IBM", Trade(price=2))
    async with connect(app.asgi) as client:
        resume = {"epoch": reply["epoch"], "seq": reply["seq"]}
        reply = await client.subscribe("news", ALL_SPORTS, resume=resume)
        assert reply["recovered"] is True
        assert await seen(client) == [
            ("news:sports:*", 1, 1, "news:sports:AAPL"),
            ("news:sports:*", 2, 2, "news:sports:IBM"),
        ]
    app.clock.advance(LIMITS.max_age_s + 1)
    async with connect(app.asgi) as client:
        assert (await client.subscribe("news", ALL_SPORTS, resume=resume))["recovered"] is False


async def test_a_pattern_without_a_ring_is_never_continued() -> None:
    """Nothing numbers what is published while nobody is there, so nothing may seem unmissed."""
    router = news(replay=None)
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("news", ALL_SPORTS)
    await app.idle()
    router.publish("news:sports:AAPL", Trade(price=1))
    assert app.adapter.metrics.updates_unwatched == 1
    async with connect(app.asgi) as client:
        resume = {"epoch": reply["epoch"], "seq": reply["seq"]}
        assert (await client.subscribe("news", ALL_SPORTS, resume=resume))["recovered"] is False


async def test_a_pattern_that_nobody_wants_costs_nothing_any_longer() -> None:
    router = news(replay=LIMITS)
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("news", ALL_SPORTS)
        [route] = app.adapter._routes.values()
        assert route.route.patterns
    await app.idle()
    app.clock.advance(LIMITS.max_age_s + 1)
    async with asyncio.timeout(10):
        while app.hub._topics:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)
    assert not route.route.patterns


async def test_a_pattern_is_authorized_as_any_topic() -> None:
    asked = []

    def authorize(principal: Principal, request: object, topic: str) -> bool:
        del principal, request
        asked.append(topic)
        return "*" not in topic

    router = news(authorize=authorize)
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("news", ALL_SPORTS)
        assert (reply["code"], reply["topic"]) == ("forbidden", "news:sports:*")
        assert (await client.subscribe("news", AAPL))["status"] == "ok"
        router.publish("news:sports:AAPL", Trade(price=1))
        assert await seen(client) == [("news:sports:AAPL", 1, 1, None)]
    assert asked == ["news:sports:*", "news:sports:AAPL"]


async def test_without_the_option_a_star_is_as_any_other_character() -> None:
    router = news(wildcards=False)
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("news", ALL_SPORTS)
        router.publish("news:sports:AAPL", Trade(price=1))
        router.publish("news:sports:*", Trade(price=2))
        assert await seen(client) == [("news:sports:*", 1, 2, None)]


async def test_publishing_on_a_pattern_is_refused() -> None:
    router = news()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("news", ALL_SPORTS)
        with pytest.raises(PublishError, match=r"'news:sports:\*' is a pattern of route 'news'"):
            router.publish("news:sports:*", Trade(price=1))
        assert app.adapter.metrics.updates_published == 0


async def test_limits_count_topics_and_name_the_one_at_fault() -> None:
    """checklist 18"""
    router = WsRouter[SeveralNews, Trade](
        route="news", topic_builder=news_topic_builder, wildcards=True
    )
    app = App(router, max_topics=3)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("news", {"symbols": ["AAPL", "*"]})
        assert [one["topic"] for one in reply["topics"]] == ["news:all:AAPL", "news:all:*"]
        reply = await client.subscribe("news", {"symbols": ["*", "FB", "IBM"]})
        assert (reply["code"], reply["topic"]) == ("too_many_subscriptions", "news:all:IBM")
        assert app.adapter.metrics.subscriptions == 2
        reply = await client.subscribe("news", {"symbols": ["*", "FB"]})
        assert reply["status"] == "ok"
        assert app.adapter.metrics.subscriptions == 3
