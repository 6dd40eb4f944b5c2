"""What was to be done on a connection that is lost is not done on the next; and losing it once."""

from __future__ import annotations

import asyncio
from typing import Any

from packages.topicwire.tests.client.fakes import Bench, Trade, TradesRequest, update
from packages.topicwire.tests.client.taken import Taken, subscribed

from topicwire.client import UpdateInfo


async def test_what_a_frame_still_had_to_bring_about_is_not_done_on_the_next_connection() -> None:
    bench, taken = Bench(), Taken()
    async with bench.client:
        closing: list[Any] = []

        def close_and_begin_anew(trade: Trade, info: UpdateInfo) -> None:
            del trade, info
            # the first step of `aclose` is at once, as in an eager task
            closing.append(bench.client.aclose().__await__())
            next(closing[0])
            bench.client._connection.start()

        await subscribed(bench, taken)
        asking = asyncio.ensure_future(
            bench.trades.subscribe(TradesRequest(symbol="IBM"), close_and_begin_anew)
        )
        await asyncio.sleep(0)
        bench.socket.accept()
        await asking
        data = {"price": 1.0}
        frame = {"type": "trades.update", "payload": update("t", 1, data, {})}
        bench.socket.say(frame, {"type": "ping"})
        assert len(bench.sockets) == 2
        assert bench.socket.sent == []
        closing[0].close()


async def test_a_gap_of_two_subscriptions_is_one_loss() -> None:
    bench, one, two = Bench(), Taken(), Taken()
    async with bench.client:
        await subscribed(bench, one)
        asking = asyncio.ensure_future(
            bench.trades.subscribe(TradesRequest(symbol="IBM"), two.take, **two.callbacks)
        )
        await asyncio.sleep(0)
        bench.socket.accept()
        await asking
        bench.socket.update(2)
        bench.clock.advance(0.5)
        # after one loss the delay is half a second at most; after two it would be one
        assert len(bench.sockets) == 2
