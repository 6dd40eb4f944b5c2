"""Subscriptions of a route, against a server that says what the test says."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.client.fakes import Bench, Trade, TradesRequest
from packages.topicwire.tests.client.taken import Taken, subscribed
from pydantic import model_validator

from topicwire.client import (
    ClientClosedError,
    ClientError,
    Gap,
    InvalidDataError,
    OfflineError,
    RefusedError,
    RequestTimeoutError,
    UpdateInfo,
)
from topicwire.client.socket import Loss
from topicwire.errors import DeclarationError


async def test_updates_are_models_and_say_where_they_stand() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        subscription = await subscribed(bench, taken)
        assert bench.socket.last("trades.subscribe")["payload"] == {"symbol": "AAPL"}
        assert subscription.topics == ("t",)
        bench.socket.update(1, snapshot=True)
        bench.socket.update(2, source="u")
    assert taken.updates == [(1.0, 1), (2.0, 2)]
    assert taken.infos == [UpdateInfo("t", 1, snapshot=True), UpdateInfo("t", 2, source="u")]


async def test_a_subscription_resumes_after_a_loss_and_drops_duplicates() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        bench.socket.update(1)
        bench.socket.lose()
        socket = bench.reconnect()
        assert socket.last("trades.subscribe")["resume"] == {"t": {"epoch": "e", "seq": 1}}
        socket.accept(seq=1, recovered=True)
        for seq in (1, 2, 2, 3):
            socket.update(seq)
    assert taken.updates == [(1.0, 1), (2.0, 2), (3.0, 3)]
    assert taken.gaps == []


async def test_a_gap_is_asked_for_again_and_never_passed_on() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        bench.socket.update(1)
        first = bench.socket
        first.update(3)
        assert first.close_code == 1000
        first.update(4)
        socket = bench.reconnect()
        socket.accept(seq=1, recovered=True)
        for seq in (2, 3, 4):
            socket.update(seq)
    assert [seq for _, seq in taken.updates] == [1, 2, 3, 4]
    assert taken.gaps == []


async def test_what_is_missed_for_good_is_told() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        bench.socket.update(1)
        bench.socket.lose()
        bench.reconnect().accept(seq=9, recovered=False)
        bench.socket.update(10)
    assert taken.gaps == [Gap("t", 1, 9, "not_recovered")]
    assert [seq for _, seq in taken.updates] == [1, 10]


async def test_a_gap_that_nobody_takes_is_an_error_of_the_client() -> None:
    bench = Bench()
    async with bench.client:
        request = TradesRequest()
        asking = asyncio.ensure_future(bench.trades.subscribe(request, Taken().take))
        await asyncio.sleep(0)
        bench.socket.open()
        bench.socket.accept()
        await asking
        reset = {"topic": "t", "epoch": "f", "seq": 0, "reason": "restart"}
        bench.socket.say({"type": "trades.reset", "payload": reset})
    assert bench.errors == ["gap"]


async def test_a_denied_subscription_is_told_and_not_retried() -> None:
    """pitfall 22"""
    bench = Bench()
    async with bench.client:
        asking = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), Taken().take))
        await asyncio.sleep(0)
        bench.socket.open()
        bench.socket.refuse("forbidden")
        with pytest.raises(RefusedError, match=r"trades\.subscribe: No") as refused:
            await asking
        assert refused.value.code == "forbidden"
        bench.socket.lose()
        assert bench.reconnect().sent == []


async def test_a_subscription_that_is_refused_later_ends_and_says_so() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        payload = {"topic": "t", "code": "forbidden", "message": "Revoked", "retry": False}
        bench.socket.say({"type": "trades.closed", "payload": payload})
        assert taken.errors == ["forbidden"]
        bench.socket.update(1)
        bench.socket.lose()
        assert bench.reconnect().sent == []
    assert taken.updates == []


async def test_one_throwing_listener_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    """pitfall 22"""
    bench, taken = Bench(), Taken()

    def throw(trade: Trade, info: UpdateInfo) -> None:
        raise ValueError(f"{trade} {info}")

    async with bench.client:
        failing = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), throw))
        await asyncio.sleep(0)
        await subscribed(bench, taken)
        await failing
        bench.socket.update(1)
        bench.socket.update(2)
    assert [seq for _, seq in taken.updates] == [1, 2]
    assert [one.getMessage() for one in caplog.records][:1] == ["on_update of trades raised"]


async def test_a_listener_that_asks_a_cancelled_future_harms_no_other() -> None:
    bench, taken = Bench(), Taken()
    cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    cancelled.cancel()
    async with bench.client:
        request = TradesRequest()
        failing = asyncio.ensure_future(
            bench.trades.subscribe(request, lambda *_: cancelled.result())
        )
        await asyncio.sleep(0)
        await subscribed(bench, taken)
        await failing
        bench.socket.update(1)
    assert [seq for _, seq in taken.updates] == [1]


async def test_a_validator_that_raises_anything_ends_its_subscription_alone() -> None:
    class Broken(Trade):
        @model_validator(mode="after")
        def divide(self) -> Broken:
            raise ZeroDivisionError

    bench, taken = Bench(), Taken()
    broken = bench.client.route("trades", TradesRequest, Broken)
    async with bench.client:
        await subscribed(bench, taken)
        stream = broken.stream(TradesRequest())
        bench.socket.update(1)
        with pytest.raises(InvalidDataError, match="a validator of the model raised ZeroDivision"):
            await anext(stream)
    assert [seq for _, seq in taken.updates] == [1]


async def test_a_second_listener_gets_the_present_state() -> None:
    """pitfall 23"""
    bench, first, second = Bench(), Taken(), Taken()
    async with bench.client:
        await subscribed(bench, first, seq=4, snapshot=True, full_state=True)
        bench.socket.update(4, snapshot=True)
        bench.socket.update(5)
        await bench.trades.subscribe(TradesRequest(), second.take)
        assert second.infos == [UpdateInfo("t", 5, snapshot=True)]
        bench.socket.update(6)
    assert [seq for _, seq in first.updates] == [4, 5, 6]
    assert [seq for _, seq in second.updates] == [5, 6]
    assert len(bench.socket.sent) == 1


async def test_a_change_is_not_given_to_a_second_listener_as_the_present_state() -> None:
    """pitfall 23"""
    bench, first, second = Bench(), Taken(), Taken()
    async with bench.client:
        await subscribed(bench, first, seq=4, snapshot=True)
        bench.socket.update(4, snapshot=True)
        bench.socket.update(5)
        waiting = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), second.take))
        await asyncio.sleep(0)
        bench.socket.update(6)
        bench.socket.accept(seq=6, snapshot=True)
        assert (await waiting).topics == ("t",)
        assert second.infos == []
        bench.socket.update(6, snapshot=True)
        bench.socket.update(7)
    assert second.infos == [UpdateInfo("t", 6, snapshot=True), UpdateInfo("t", 7)]
    assert [info.seq for info in first.infos] == [4, 5, 6, 7]


async def test_the_last_listener_leaves_the_topic() -> None:
    bench, first, second = Bench(), Taken(), Taken()
    async with bench.client:
        one = await subscribed(bench, first)
        other = await bench.trades.subscribe(TradesRequest(), second.take)
        await one.unsubscribe()
        await one.unsubscribe()
        bench.socket.update(1)
        leaving = asyncio.ensure_future(other.unsubscribe())
        await asyncio.sleep(0)
        bench.socket.update(2)
        bench.socket.answer("trades.unsubscribe", {"status": "ok", "message": "", "topic": "t"})
        await leaving
    assert (first.updates, second.updates) == ([], [(1.0, 1)])


async def test_a_server_that_does_not_answer_holds_up_nobody_who_leaves() -> None:
    bench = Bench()
    async with bench.client:
        subscription = await subscribed(bench, Taken())
        leaving = asyncio.ensure_future(subscription.unsubscribe())
        await asyncio.sleep(0)
        bench.clock.advance(10)
        await leaving


async def test_a_silent_topic_is_stale_and_a_dead_producer_too() -> None:
    """pitfall 26"""
    bench, taken = Bench(), Taken()
    async with bench.client:
        subscription = await subscribed(bench, taken, stale_after_s=5)
        bench.clock.advance(4)
        bench.socket.update(1)
        bench.clock.advance(4)
        assert taken.stale == []
        bench.clock.advance(1)
        assert taken.stale == [("t", True)]
        assert subscription.stale_topics == {"t"}
        bench.socket.update(2)
        assert subscription.stale_topics == frozenset()
        payload = {"topic": "t", "code": "producer_failed", "message": "It died", "retry": True}
        bench.socket.say({"type": "trades.closed", "payload": payload})
        assert taken.stale == [("t", True), ("t", False), ("t", True)]
    assert taken.errors == []


async def test_without_a_connection_in_time_it_is_offline() -> None:
    bench = Bench(timeout_s=2.0)
    async with bench.client:
        asking = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), Taken().take))
        await asyncio.sleep(0)
        bench.socket.lose(reason="OSError: refused")
        bench.clock.advance(2)
        said = r"trades\.subscribe: no connection to ws://test.* The last attempt: OSError: refused"
        with pytest.raises(OfflineError, match=said):
            await asking


async def test_a_path_without_a_websocket_is_told_as_such() -> None:
    """By its 404; a 403 is an answer for good."""
    bench = Bench(timeout_s=2.0)
    async with bench.client:
        asking = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), Taken().take))
        await asyncio.sleep(0)
        bench.socket.events.lost(Loss(http_status=404))
        bench.clock.advance(2)
        with pytest.raises(OfflineError, match=r"HTTP 404 \(perhaps no WebSocket is served"):
            await asking


async def test_without_an_answer_in_time_it_is_a_timeout() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.call("count", {"a": 1}, int, timeout_s=1))
        await asyncio.sleep(0)
        bench.clock.advance(1)
        with pytest.raises(RequestTimeoutError, match=r"trades\.count: no answer within 1 s"):
            await asking
        with pytest.raises(TimeoutError):
            raise RequestTimeoutError("one of Python's own, too")


async def test_who_stops_waiting_is_not_subscribed() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        bench.socket.open()
        asking = asyncio.ensure_future(bench.trades.subscribe(TradesRequest(), taken.take))
        call = asyncio.ensure_future(bench.trades.call("quote", None, Trade))
        await asyncio.sleep(0)
        asking.cancel()
        call.cancel()
        await asyncio.gather(asking, call, return_exceptions=True)
        bench.socket.accept()
        bench.socket.answer("trades.quote", {"price": 1})
        assert bench.socket.sent[-1]["type"] == "trades.unsubscribe"
        bench.socket.update(1)
    assert taken.updates == []
    assert bench.errors == []


async def test_a_client_that_is_left_ends_everything() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        await subscribed(bench, taken)
        stream = bench.trades.stream(TradesRequest())
        call = asyncio.ensure_future(bench.trades.call("quote", None, Trade))
        await asyncio.sleep(0)
    assert taken.errors == []  # it was asked for
    for waiting in (call, asyncio.ensure_future(anext(stream))):
        with pytest.raises(ClientError) as over:
            await waiting
        assert over.value.code in {"closed", "disconnected"}
    with pytest.raises(ClientClosedError, match="inside of `async with`"):
        await bench.trades.subscribe(TradesRequest(), taken.take)
    with pytest.raises(ClientClosedError):
        bench.trades.stream(TradesRequest())


async def test_a_coroutine_function_is_no_callback() -> None:
    bench = Bench()

    async def take(trade: Trade, info: UpdateInfo) -> None:
        del trade, info

    async with bench.client:
        with pytest.raises(TypeError, match="on_update is a coroutine function"):
            await bench.trades.subscribe(TradesRequest(), take)


def test_a_route_has_a_name_that_the_server_could_have() -> None:
    with pytest.raises(DeclarationError, match="cannot be the name of a route"):
        Bench().client.route("Trades", TradesRequest, Trade)
