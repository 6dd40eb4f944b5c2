"""Coming back to several topics of one request."""

from __future__ import annotations

from typing import Any

from packages.topicwire.tests.hub.published import position
from packages.topicwire.tests.trading import (
    App,
    Trade,
    TradesRequest,
)

from topicwire import WsRouter, by_symbol
from topicwire.testing import InProcessClient, connect

BOTH = {"symbols": ["AAPL", "IBM"]}


def many() -> WsRouter[TradesRequest, Trade]:
    return WsRouter[TradesRequest, Trade](
        route="multi", linger_s=0, topic_builder=by_symbol("symbols")
    )


async def subscribed_to_both(client: InProcessClient) -> tuple[list[str], dict[str, Any]]:
    reply = await client.subscribe("multi", BOTH)
    places = {one["topic"]: position(one) for one in reply["topics"]}
    return list(places), places


async def test_several_topics_are_resumed_each_from_its_own_position() -> None:
    router = many()
    app = App(router)
    async with connect(app.asgi) as client:
        (a, b), seen = await subscribed_to_both(client)
        await client.unsubscribe("multi", BOTH)
        router.publish(a, Trade(price=1))
        router.publish([a, b], Trade(price=2))
        reply = await client.subscribe("multi", BOTH, resume=seen)
        assert reply["recovered"] is True
        assert [(one["seq"], one["recovered"]) for one in reply["topics"]] == [(0, True)] * 2
        got = [(one["payload"]["topic"], one["payload"]["seq"]) for one in await client.settle()]
        assert got == [(a, 1), (a, 2), (b, 1)]


async def test_one_topic_of_several_may_not_be_recovered() -> None:
    router = many()
    app = App(router)
    async with connect(app.asgi) as client:
        (a, b), seen = await subscribed_to_both(client)
        await client.unsubscribe("multi", BOTH)
        router.publish([a, b], Trade(price=1))
        seen[b]["epoch"] = "another"
        reply = await client.subscribe("multi", BOTH, resume=seen)
        assert reply["recovered"] is False
        assert [(one["seq"], one["recovered"]) for one in reply["topics"]] == [
            (0, True),
            (1, False),
        ]
        assert [one["payload"]["topic"] for one in await client.settle()] == [a]
        await client.unsubscribe("multi", BOTH)
        part = await client.subscribe("multi", BOTH, resume={a: seen[a]})
        assert part["recovered"] is True
        assert "recovered" not in part["topics"][1]


async def test_one_position_for_several_topics_subscribes_nothing() -> None:
    app = App(many())
    async with connect(app.asgi) as client:
        reply = await client.subscribe("multi", BOTH, resume={"epoch": "e", "seq": 0})
        assert (reply["code"], reply["details"][0]["path"]) == ("validation_error", "resume")
        assert app.hub.topics == frozenset()
        await client.subscribe("multi", BOTH)
        again = await client.subscribe("multi", BOTH, resume={"epoch": "e", "seq": 0})
        assert again["code"] == "validation_error"
        assert app.adapter.metrics.subscriptions == 2


async def test_a_topic_that_the_connection_has_already_is_not_replayed() -> None:
    """It receives it once: recovered says whether what came since covers the position."""
    router = many()
    app = App(router)
    async with connect(app.asgi) as other, connect(app.asgi) as client:
        a = (await other.subscribe("multi", {"symbols": ["AAPL"]}))["topic"]
        router.publish(a, Trade(price=1))
        start = await client.subscribe("multi", {"symbols": ["AAPL"]})
        router.publish(a, Trade(price=2))
        seqs = [one["payload"]["seq"] for one in await client.settle()]
        assert (start["seq"], seqs) == (1, [2])
        for seq, recovered in ((0, False), (1, True), (2, True), (3, False)):
            resume = {a: position(start, seq)}
            reply = await client.subscribe("multi", BOTH, resume=resume)
            assert (reply["topics"][0]["seq"], reply["topics"][0]["recovered"]) == (2, recovered)
            assert await client.settle() == []
            await client.unsubscribe("multi", BOTH)
        again = await client.subscribe("multi", {"symbols": ["AAPL"]}, resume=position(start))
        assert (again["message"], again["recovered"]) == ("Already subscribed", True)
