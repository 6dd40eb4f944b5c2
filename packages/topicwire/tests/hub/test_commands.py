"""Commands: one at a time, in order, answered whatever their handlers do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import HTTPException, WebSocketException, status
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    IBM_TOPIC,
    App,
    DrivenService,
    Trade,
    TradeRequest,
    TradesRequest,
    trades,
    update,
)
from pydantic import BaseModel

from topicwire import (
    Client,
    Rejected,
    SubscriptionResponse,
    WsRouter,
)
from topicwire.close_codes import RATE_LIMITED
from topicwire.testing import connect


async def test_subscribing_again_is_one_subscription() -> None:
    """pitfall 3"""
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        first = await client.subscribe("trades", AAPL)
        service.feeds[AAPL_TOPIC](Trade(price=1))
        second = await client.subscribe("trades", {**AAPL, "depth": 1})
        assert second == {**first, "message": "Already subscribed", "seq": 1}
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        service.feeds[AAPL_TOPIC](Trade(price=2))
        assert await client.settle() == [update(AAPL_TOPIC, 2, 2.0)]
        await client.unsubscribe("trades", AAPL)
        await app.idle()
    assert service.calls == [("create", AAPL_TOPIC), ("remove", AAPL_TOPIC)]


async def test_who_is_not_subscribed_stops_nobody() -> None:
    """pitfall 4"""
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as a, connect(app.asgi) as b:
        await a.subscribe("trades", AAPL)
        reply = await b.unsubscribe("trades", AAPL)
        assert (reply["status"], reply["code"]) == ("error", "not_subscribed")
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await a.settle() == [update(AAPL_TOPIC, 1, 1.0)]
        assert service.count("remove") == 0


async def test_the_id_comes_back_whatever_it_is() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        for message_id in ("", "é" * 64, 0, -1, 2**53 - 1):
            reply = await client.request("trades.subscribe", AAPL, message_id=message_id)
            assert reply["id"] == message_id
        await client.send({"type": "trades.subscribe", "payload": AAPL})
        assert "id" not in await client.receive()


async def test_commands_wait_and_are_refused_in_order() -> None:
    gate = asyncio.Event()
    handled: list[str] = []

    async def slow(request: TradeRequest, client: Client) -> None:
        del client
        await gate.wait()
        handled.append(request.symbol)

    app = App(trades(subscribe_request_handler=slow), max_waiting_commands=2)
    async with connect(app.asgi) as client:
        for number in range(5):
            await client.send(
                {"type": "trades.subscribe", "payload": {"symbol": str(number)}, "id": number}
            )
            assert await client.settle() == []
        await client.send("not json")
        assert await client.settle() == []
        gate.set()
        answers = [await client.receive() for _ in range(6)]
    assert [answer.get("id") for answer in answers] == [0, 1, 2, 3, 4, None]
    codes = [answer["payload"].get("code") for answer in answers]
    assert codes == [None, None, None, "rate_limited", "rate_limited", "invalid_json"]
    assert handled == ["0", "1", "2"]


async def test_a_flood_of_refused_commands_ends_its_connection_alone() -> None:
    gate = asyncio.Event()

    async def stuck(request: TradeRequest, client: Client) -> None:
        del request, client
        await gate.wait()

    app = App(
        trades(subscribe_request_handler=stuck), max_waiting_commands=1, max_waiting_refusals=3
    )
    async with connect(app.asgi) as flooder, connect(app.asgi) as other:
        for _ in range(6):
            await flooder.send({"type": "trades.subscribe", "payload": AAPL})
        assert (await flooder.wait_closed()).code == RATE_LIMITED
        assert await other.settle() == []


async def test_a_ping_is_answered_while_a_handler_works() -> None:
    gate = asyncio.Event()

    async def slow(request: TradeRequest, client: Client) -> None:
        del request, client
        await gate.wait()

    app = App(trades(subscribe_request_handler=slow))
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL})
        assert await client.request("ping", message_id="p") == {"type": "pong", "id": "p"}
        gate.set()
        assert (await client.receive())["payload"]["status"] == "ok"


async def test_a_handler_that_takes_too_long_is_a_timeout() -> None:
    entered = asyncio.Event()

    async def stuck(request: TradeRequest, client: Client) -> None:
        del client
        if request.symbol == "AAPL":
            entered.set()
            await asyncio.Event().wait()

    app = App(trades(subscribe_request_handler=stuck), command_timeout_s=10)
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.subscribe", "payload": AAPL})
        await entered.wait()
        app.clock.advance(10)
        assert (await client.receive())["payload"]["code"] == "timeout"
        assert (await client.subscribe("trades", IBM))["status"] == "ok"


def raising(error: Exception) -> Callable[[TradeRequest, Client], None]:
    def hook(request: TradeRequest, client: Client) -> None:
        del client
        if request.symbol == "AAPL":
            raise error

    return hook


async def test_a_hook_that_raises_still_answers(caplog: pytest.LogCaptureFixture) -> None:
    """pitfall 16: internal, logged once, and nothing leaks"""
    app = App(trades(subscribe_request_handler=raising(KeyError("secret"))))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        assert (reply["code"], reply["message"]) == ("internal", "Internal error")
        assert (await client.subscribe("trades", IBM))["status"] == "ok"
    assert caplog.text.count("the handler of trades.subscribe failed") == 1
    assert "secret" in caplog.text
    assert app.adapter.metrics.handler_errors == 1


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (Rejected("Market closed"), "forbidden", "Market closed"),
        (Rejected("Slow down", code="rate_limited"), "rate_limited", "Slow down"),
        (WebSocketException(status.WS_1008_POLICY_VIOLATION, "No"), "forbidden", "No"),
        (WebSocketException(4001), "unauthenticated", "Refused"),
        (WebSocketException(status.WS_1011_INTERNAL_ERROR, "Later"), "internal", "Later"),
        (HTTPException(404, "No such symbol"), "validation_error", "No such symbol"),
    ],
)
async def test_an_error_meant_for_the_client_is_told(
    error: Exception, code: str, message: str, caplog: pytest.LogCaptureFixture
) -> None:
    """checklist 27"""
    app = App(trades(subscribe_request_handler=raising(error)))
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        assert (reply["status"], reply["code"], reply["message"]) == ("error", code, message)
    assert not caplog.records


async def test_hooks_may_answer_themselves() -> None:
    """checklist 27"""

    async def known(request: TradeRequest, client: Client) -> SubscriptionResponse | None:
        del client
        if request.symbol == "AAPL":
            return None
        return SubscriptionResponse(
            status="error", symbol=request.symbol, message="Not found", topic=""
        )

    def keep(request: TradeRequest, client: Client) -> None:
        raise Rejected(f"{request.symbol} is pinned by {client.id}")

    service = DrivenService()
    app = App(trades(service, subscribe_request_handler=known, unsubscribe_request_handler=keep))
    async with connect(app.asgi) as client:
        assert await client.subscribe("trades", IBM) == {
            "status": "error",
            "message": "Not found",
            "topic": "",
            "symbol": "IBM",
            "code": "validation_error",
        }
        assert "symbol" not in await client.subscribe("trades", AAPL)
        assert client.hello is not None
        kept = await client.unsubscribe("trades", AAPL)
        assert kept["message"] == f"AAPL is pinned by {client.hello['session']}"
        service.feeds[AAPL_TOPIC](Trade(price=1))
        assert await client.settle() == [update(AAPL_TOPIC, 1, 1.0)]


class MultiSymbolRequest(BaseModel):
    symbols: list[str]
    params: dict[str, int] = {}


def topic_builder(symbol: str, params: dict[str, Any]) -> str:
    return f"multi:{symbol}:{params.get('depth', 10)}"


def custom() -> WsRouter[MultiSymbolRequest, Trade]:
    """The specification's "Multi-Symbol Subscriptions" and "Error Handling", on one router."""
    router = WsRouter[MultiSymbolRequest, Trade](route="multi", linger_s=0)

    @router.send("subscribe", reply="subscribe.response")
    async def subscribe(payload: MultiSymbolRequest, client: Client) -> SubscriptionResponse:
        """Subscribe to multiple symbols at once"""
        topics = []
        for symbol in payload.symbols:
            topic = topic_builder(symbol, payload.params)
            client.subscribe(topic)
            topics.append(topic)
            if len(symbol) > 20:
                return SubscriptionResponse(
                    status="error", symbol=symbol, message="Invalid symbol", topic=""
                )
        return SubscriptionResponse(
            status="ok",
            symbol=payload.symbols[0],
            message=f"Subscribed to {len(topics)} symbols",
            topic=topics[0],
        )

    @router.send("drop", reply="drop.response")
    async def drop(payload: MultiSymbolRequest, client: Client) -> SubscriptionResponse:
        """Leave some symbols, whatever request subscribed them."""
        left = client.unsubscribe(*(topic_builder(one, payload.params) for one in payload.symbols))
        return SubscriptionResponse(status="ok", message="Dropped", topic=left[0])

    return router


async def test_a_handler_of_your_own_replaces_the_built_in() -> None:
    """checklist 26"""
    router = custom()
    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("multi", {"symbols": ["AAPL", "IBM"]})
        assert (reply["message"], reply["symbol"]) == ("Subscribed to 2 symbols", "AAPL")
        assert [one["topic"] for one in reply["topics"]] == ["multi:AAPL:10", "multi:IBM:10"]
        router.publish("multi:IBM:10", Trade(price=1))
        assert (await client.receive())["payload"]["topic"] == "multi:IBM:10"
        await client.unsubscribe("multi", {"symbols": ["AAPL", "IBM"]})
        router.publish(["multi:AAPL:10", "multi:IBM:10"], Trade(price=2))
        assert await client.settle() == []


async def test_an_error_reply_discards_what_was_staged() -> None:
    """checklist 27"""
    app = App(custom())
    async with connect(app.asgi) as client:
        reply = await client.subscribe("multi", {"symbols": ["AAPL", "X" * 21]})
        assert (reply["status"], reply["message"]) == ("error", "Invalid symbol")
        assert app.hub.topics == frozenset()
        assert app.adapter.metrics.subscriptions == 0


async def test_topics_may_be_left_by_name() -> None:
    router = custom()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("multi", {"symbols": ["AAPL", "IBM"]})
        await client.subscribe("multi", {"symbols": ["IBM"]})
        # a request of its own has no subscription: every one that has the topic is meant
        dropped = await client.request("multi.drop", {"symbols": ["IBM", "IBM"]})
        assert dropped["payload"]["status"] == "ok"
        router.publish(["multi:AAPL:10", "multi:IBM:10"], Trade(price=2))
        assert [one["payload"]["topic"] for one in await client.settle()] == ["multi:AAPL:10"]
        again = await client.request("multi.drop", {"symbols": ["IBM", "IBM"]})
        assert again["payload"]["code"] == "not_subscribed"


class CountedResponse(SubscriptionResponse):
    count: int = 0


async def test_a_reply_may_have_more_fields() -> None:
    router = WsRouter[TradesRequest, Trade](route="trades", linger_s=0)

    @router.send("subscribe", reply="subscribe.response")
    def subscribe(payload: TradesRequest, client: Client) -> CountedResponse:
        client.subscribe("trades:all")
        count = len(payload.symbols)
        return CountedResponse(status="ok", message="Done", topic="trades:all", count=count)

    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", {"symbols": ["a", "b"]})
        assert (reply["count"], reply["seq"]) == (2, 0)


async def test_a_connection_holds_a_limited_number_of_topics() -> None:
    service = DrivenService()
    app = App(trades(service), max_topics=1)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        refused = await client.subscribe("trades", IBM)
        assert refused["code"] == "too_many_subscriptions"
        assert service.calls == [("create", AAPL_TOPIC)]
        await client.unsubscribe("trades", AAPL)
        assert (await client.subscribe("trades", IBM))["topic"] == IBM_TOPIC


async def test_requests_that_share_a_topic_are_limited_too() -> None:
    """Or a client could have the server remember one request after another, for ever."""
    app = App(trades(topic_builder=lambda _: "trades:all"), max_topics=2)
    async with connect(app.asgi) as client:
        for depth in (1, 2):
            assert (await client.subscribe("trades", {**AAPL, "depth": depth}))["status"] == "ok"
        refused = await client.subscribe("trades", {**AAPL, "depth": 3})
        assert (refused["code"], refused["topic"]) == ("too_many_subscriptions", "trades:all")
        assert (await client.subscribe("trades", {**AAPL, "depth": 2}))["status"] == "ok"
        await client.unsubscribe("trades", {**AAPL, "depth": 1})
        assert (await client.subscribe("trades", {**AAPL, "depth": 3}))["status"] == "ok"


async def test_a_request_that_names_no_topic_is_refused() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        long = await client.subscribe("trades", {"symbol": "x" * 1_024})
        assert (long["code"], "at most 1024" in long["message"]) == ("validation_error", True)
        huge = await client.subscribe("trades", {"symbol": "x", "depth": 2**53})
        assert huge["code"] == "validation_error"
