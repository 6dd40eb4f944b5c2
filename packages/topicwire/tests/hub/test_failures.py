"""Every command is answered once, and the next one is handled, whatever the application does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from packages.topicwire.tests.trading import (
    AAPL,
    AAPL_TOPIC,
    IBM,
    App,
    Trade,
    TradeRequest,
    trades,
)
from pydantic import BaseModel, field_validator

from topicwire import Client, OperationRouter, Rejected, SubscriptionResponse, WsRouter
from topicwire.close_codes import INTERNAL_ERROR, RATE_LIMITED
from topicwire.testing import connect
from topicwire.wire import codecs


class PassesByExceptException(BaseException):
    pass


def raise_(error: BaseException) -> Any:
    raise error


def unsayable() -> Any:
    class Speechless:
        def __str__(self) -> str:
            raise LookupError

    raise Rejected(Speechless())  # type: ignore[arg-type]  # that is the test


async def wait_for_what_is_cancelled() -> None:
    other = asyncio.get_running_loop().create_future()
    other.cancel()
    await other


async def cancel_itself() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("fail", "code", "message"),
    [
        (lambda c: c.subscribe(["a", "b"]), "internal", "Internal error"),
        (lambda c: c.subscribe(5), "internal", "Internal error"),
        (lambda c: c.unsubscribe(["a"]), "internal", "Internal error"),
        (lambda c: c.subscribe("\udc00"), "validation_error", None),
        (lambda _: raise_(Rejected(KeyError("x"))), "forbidden", "'x'"),  # type: ignore[arg-type]
        (lambda _: raise_(Rejected("no", code="market_closed")), "market_closed", "no"),
        (lambda _: raise_(Rejected("\udcff")), "forbidden", "\\udcff"),
        (lambda _: unsayable(), "internal", "Internal error"),
        (lambda _: raise_(PassesByExceptException()), "internal", "Internal error"),
        (lambda _: raise_(asyncio.CancelledError()), "internal", "Internal error"),
        (lambda _: wait_for_what_is_cancelled(), "internal", "Internal error"),
        (lambda _: cancel_itself(), "internal", "Internal error"),
    ],
)
async def test_a_failure_of_any_kind_is_answered_once(
    fail: Callable[[Any], Any], code: str, message: str | None
) -> None:
    router = trades()

    @router.send("attempt", reply="attempt.response")
    async def attempt(payload: TradeRequest, client: Client) -> SubscriptionResponse:
        """Fail as the test says."""
        if waits := fail(client):
            await waits
        return SubscriptionResponse(status="ok", message="", topic=payload.symbol)

    app = App(router)
    async with connect(app.asgi) as client:
        await client.send({"type": "trades.attempt", "id": "bad", "payload": AAPL})
        await client.send({"type": "trades.subscribe", "id": "next", "payload": IBM})
        answers = [await client.receive(), await client.receive()]
        assert await client.settle() == []
    assert [(one["id"], one["payload"].get("code")) for one in answers] == [
        ("bad", code),
        ("next", None),
    ]
    assert message is None or answers[0]["payload"]["message"] == message


async def test_what_a_handler_did_to_its_task_does_not_reach_the_next() -> None:
    router = trades()

    @router.send("cancel")
    def cancel() -> None:
        """Cancel the task, as a library may, and never take it back."""
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    @router.send("wait", reply="wait.response")
    async def wait() -> TradeRequest:
        """Wait, and answer."""
        await asyncio.sleep(0)
        return TradeRequest(symbol="A")

    app = App(router)
    async with connect(app.asgi) as client:
        for _ in range(3):
            await client.send({"type": "trades.cancel"})
            assert (await client.request("trades.wait"))["type"] == "trades.wait.response"


class KnownRequest(BaseModel):
    symbol: str

    @field_validator("symbol")
    @classmethod
    def known(cls, value: str) -> str:
        if value == "weird":
            raise PassesByExceptException
        return {"AAPL": "AAPL"}[value]


@pytest.mark.parametrize("symbol", ["IBM", "weird"])
async def test_a_validator_may_raise_anything(
    symbol: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(WsRouter[KnownRequest, Trade](route="known", linger_s=0))
    async with connect(app.asgi) as client:
        assert (await client.subscribe("known", {"symbol": symbol}))["code"] == "internal"
        assert (await client.subscribe("known", AAPL))["status"] == "ok"
    assert caplog.text.count("the handler of known.subscribe failed") == 1


async def test_a_fault_of_the_reader_is_said_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app = App(trades())
    monkeypatch.setattr(codecs, "decode_message", lambda _: raise_(KeyError("of ours")))
    async with connect(app.asgi) as client:
        await client.send({"type": "ping"})
        assert (await client.wait_closed()).code == INTERNAL_ERROR
    assert "of ours" in caplog.text


@pytest.mark.parametrize("bad", ["{", '{"type":"trade.subscribe"}', '{"type":"trades.subscribe"}'])
async def test_a_burst_of_bad_messages_is_answered(bad: str) -> None:
    app = App(trades(), max_waiting_refusals=5)
    async with connect(app.asgi) as client:
        for _ in range(100):  # at once: the server's receive has them all before it is asked
            await client.send(bad)
        answers = [await client.receive() for _ in range(100)]
        assert await client.settle() == []
    assert {one["payload"]["code"] for one in answers} < {
        *("invalid_json", "no_matching_type", "validation_error"),
    }


async def test_a_burst_of_good_ones_is_handled() -> None:
    router = OperationRouter(prefix="orders.")

    @router.send("preview", reply="preview.response")
    def preview(payload: TradeRequest) -> Trade:
        """What is there at once needs no turn of its own."""
        return Trade(price=payload.depth)

    app = App(router)
    async with connect(app.asgi) as client:
        for number in range(100):
            request = {**AAPL, "depth": number}
            await client.send({"type": "orders.preview", "id": number, "payload": request})
        answers = [await client.receive() for _ in range(100)]
    assert [(one["id"], one["payload"]) for one in answers] == [
        (number, {"price": number}) for number in range(100)
    ]


async def test_answers_that_wait_are_bounded_in_bytes() -> None:
    gate = asyncio.Event()

    async def stuck(request: TradeRequest, client: Client) -> None:
        del request, client
        await gate.wait()

    app = App(trades(subscribe_request_handler=stuck), max_queue_bytes=2_000)
    async with connect(app.asgi) as client:
        for _ in range(20):
            await client.send({"type": "trades.subscribe", "payload": AAPL})
            await client.send({"type": "x" * 50})
        assert (await client.wait_closed()).code == RATE_LIMITED


@pytest.mark.parametrize(
    ("before", "after"),
    [("a", "b"), ("a b", "a c"), ("a b", "a"), ("a", "a b"), ("a", "a"), ("a b", "b a")],
)
async def test_a_handler_may_leave_and_subscribe(before: str, after: str) -> None:
    topics = [before, after]
    router = trades()

    @router.send("subscribe", reply="subscribe.response")
    def subscribe(payload: TradeRequest, client: Client) -> SubscriptionResponse:
        """Move on to the next topics."""
        del payload
        if client.subscription:
            client.unsubscribe()
        wanted = topics.pop(0).split()
        client.subscribe(*wanted)
        return SubscriptionResponse(status="ok", message="Moved", topic=wanted[0])

    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        reply = await client.subscribe("trades", AAPL)
        assert reply["topic"] == after.split(maxsplit=1)[0]
        router.publish(["a", "b", "c"], Trade(price=1))
        held = {one["payload"]["topic"] for one in await client.settle()}
        assert held == set(after.split())
        assert app.adapter.metrics.subscriptions == len(held)
        assert {topic.key for topic in app.hub.topics} == held


async def test_a_refusal_is_one_whatever_it_was_built_of() -> None:
    router = trades()

    @router.send("subscribe", reply="subscribe.response")
    def subscribe(payload: TradeRequest, client: Client) -> SubscriptionResponse:
        """Answer with a dictionary, which Pydantic takes for the model."""
        client.subscribe(AAPL_TOPIC)
        return {"status": "error", "message": payload.symbol, "topic": ""}  # type: ignore[return-value]

    app = App(router)
    async with connect(app.asgi) as client:
        reply = await client.subscribe("trades", AAPL)
        assert (reply["status"], reply["code"]) == ("error", "validation_error")
        assert app.hub.topics == frozenset()


class Size(BaseModel):
    weight: float


async def test_a_command_that_subscribes_nothing_needs_no_canonical_payload() -> None:
    router = OperationRouter(prefix="orders.")

    @router.send("size", reply="size.response")
    def size(payload: Size) -> SubscriptionResponse:
        """Do something that can be done with a number that RFC 8785 has no form of."""
        return SubscriptionResponse(status="ok", message=str(payload.weight), topic="")

    app = App(router)
    async with connect(app.asgi) as client:
        await client.send('{"type": "orders.size", "id": 1, "payload": {"weight": 1e400}}')
        reply = await client.receive()
        assert reply["payload"] == {"status": "ok", "message": "inf", "topic": ""}


async def test_the_id_is_told_where_the_type_is_wrong() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        await client.send({"id": 7, "payload": {}})
        answer = await client.receive()
        assert (answer["id"], answer["payload"]["code"]) == (7, "invalid_message")
        assert (await client.subscribe("trades", AAPL))["status"] == "ok"
