"""The updates of a subscription as a loop."""

from __future__ import annotations

import asyncio

import pytest
from packages.topicwire.tests.client.fakes import Bench, TradesRequest
from packages.topicwire.tests.client.taken import Taken, subscribed

from topicwire.client import (
    Gap,
    GapError,
    RefusedError,
    TooSlowError,
    UpdateInfo,
)


async def test_a_stream_ends_with_its_loop() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        prices = []
        stream = bench.trades.stream(TradesRequest())
        bench.socket.accept()
        bench.socket.update(1)
        bench.socket.update(2)
        async for trade in stream:
            prices.append(trade.price)
            assert stream.info == UpdateInfo("t", len(prices))
            if trade.price == 2:
                break
        del stream
        await asyncio.sleep(0)
        assert bench.socket.sent[-1]["type"] == "trades.unsubscribe"
    assert prices == [1.0, 2.0]


async def test_a_loop_that_is_left_unsubscribes_without_a_word() -> None:
    bench = Bench()

    async def first() -> float:
        async for trade in bench.trades.stream(TradesRequest()):
            return trade.price
        raise AssertionError

    async with bench.client:
        bench.socket.open()
        reading = asyncio.ensure_future(first())
        await asyncio.sleep(0)
        bench.socket.accept()
        bench.socket.update(1)
        assert await reading == 1
        await asyncio.sleep(0)
        assert bench.socket.sent[-1]["type"] == "trades.unsubscribe"


async def test_a_closed_stream_reads_no_more() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        async with bench.trades.stream(TradesRequest()) as stream:
            bench.socket.accept()
            bench.socket.update(1)
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
            assert (await waiting).price == 1
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0)
        with pytest.raises(StopAsyncIteration):
            await waiting
        assert [one async for one in stream] == []


async def test_a_reader_that_is_too_slow_is_told_after_what_it_could_have_read() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        stream = bench.trades.stream(TradesRequest(), max_buffered=2)
        bench.socket.accept()
        for seq in (1, 2, 3, 4):
            bench.socket.update(seq)
        assert bench.socket.sent[-1]["type"] == "trades.unsubscribe"
        assert [(await anext(stream)).price for _ in range(2)] == [1.0, 2.0]
        with pytest.raises(TooSlowError, match="2 updates wait to be read") as slow:
            await anext(stream)
        assert slow.value.limit == 2
        with pytest.raises(StopAsyncIteration):
            await anext(stream)


async def test_a_stream_ends_with_a_gap_unless_somebody_takes_it() -> None:
    bench = Bench()
    gaps: list[Gap] = []
    async with bench.client:
        bench.socket.open()
        plain = bench.trades.stream(TradesRequest())
        brave = bench.trades.stream(TradesRequest(), on_gap=gaps.append)
        bench.socket.accept()
        bench.socket.update(1)
        reset = {"topic": "t", "epoch": "f", "seq": 0, "reason": "restart"}
        bench.socket.say({"type": "trades.reset", "payload": reset})
        bench.socket.update(1)
        assert (await anext(plain)).price == 1
        with pytest.raises(GapError, match=r"what came after 1 was missed \(restart\)") as told:
            await anext(plain)
        assert [told.value.gap] == gaps == [Gap("t", 1, 0, "restart")]
        assert [(await anext(brave)).price for _ in range(2)] == [1.0, 1.0]


async def test_a_gap_where_updates_may_be_left_out_ends_no_stream_and_is_no_error() -> None:
    bench = Bench()
    gaps: list[Gap] = []
    errors: list[str] = []
    async with bench.client:
        bench.client.on_error(lambda error: errors.append(error.code))
        bench.socket.open()
        plain = bench.trades.stream(TradesRequest())
        asking = bench.trades.stream(TradesRequest(), on_gap=gaps.append)
        bench.socket.accept(delivery="latest")
        reset = {"topic": "t", "epoch": "f", "seq": 0, "reason": "restart"}
        bench.socket.say({"type": "trades.reset", "payload": reset})
        bench.socket.update(1)
        assert (await anext(plain)).price == (await anext(asking)).price == 1
        assert gaps == [Gap("t", 0, 0, "restart", "latest")]
        assert errors == []


async def test_a_refused_stream_raises_where_it_is_read() -> None:
    bench = Bench()
    async with bench.client:
        bench.socket.open()
        stream = bench.trades.stream(TradesRequest())
        bench.socket.refuse("forbidden")
        with pytest.raises(RefusedError):
            await anext(stream)


async def test_a_stream_that_ends_as_it_begins_leaves_nothing_behind() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        subscription = await subscribed(bench, taken, full_state=True)
        bench.socket.update(1)
        # who comes late is given the state at once: more than may wait here
        stream = bench.trades.stream(TradesRequest(), max_buffered=0)
        with pytest.raises(TooSlowError):
            await anext(stream)
        leaving = asyncio.ensure_future(subscription.unsubscribe())
        await asyncio.sleep(0)
        bench.socket.answer("trades.unsubscribe", {"status": "ok"})
        await leaving
