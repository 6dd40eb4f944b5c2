"""A watch has one alarm for all its steps; a deadline none before it waits, and is fair."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.hub.clock import TURNS, Deadline, Watch
from topicwire.testing import ManualClock

LIMIT_S = 10.0


@pytest.fixture(autouse=True)
def direct() -> None:
    """Nothing here has a socket: once will do."""


@given(st.lists(st.tuples(st.floats(0, 9.9), st.floats(0, 25)), max_size=20))
def test_steps_that_are_short_enough_are_never_late(steps: list[tuple[float, float]]) -> None:
    clock = ManualClock()
    late: list[float] = []
    watch = Watch(clock, LIMIT_S, lambda: late.append(clock.now_s()))
    for step_s, pause_s in steps:
        watch.begin()
        assert clock.alarms == 1
        clock.advance(step_s)
        watch.end()
        clock.advance(pause_s)
    assert late == []
    began_s = clock.now_s()
    watch.begin()
    clock.advance(3 * LIMIT_S)
    assert [round(at_s - began_s, 6) for at_s in late] == [LIMIT_S]


def test_a_closed_watch_leaves_no_alarm() -> None:
    clock = ManualClock()
    watch = Watch(clock, LIMIT_S, lambda: None)
    watch.begin()
    watch.close()
    watch.close()
    assert clock.alarms == 0


class Coroutines:
    """What may become of something that is awaited, step by step."""

    def __init__(self) -> None:
        self.gate: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.seen: list[object] = []

    async def at_once(self) -> str:
        async with asyncio.timeout(1):  # this asks for the task
            self.gate.set_result("told")
            return await self.gate

    async def later(self) -> str:
        self.seen.append(asyncio.current_task())
        await asyncio.sleep(0)
        try:
            told = await self.gate
        except asyncio.CancelledError:
            self.seen.append("cancelled")
            raise
        self.seen.append(asyncio.current_task())
        return told

    async def fails(self) -> None:
        await asyncio.sleep(0)
        raise LookupError


async def test_a_deadline_begins_when_there_is_something_to_wait_for() -> None:
    clock, made = ManualClock(), Coroutines()
    assert await Deadline(clock, LIMIT_S).of("plain") == "plain"
    assert await Deadline(clock, LIMIT_S).of(made.at_once()) == "told"
    assert clock.alarms == 0
    assert await Deadline(clock, LIMIT_S).of(made.gate) == "told"
    assert await Deadline(clock, LIMIT_S).of(made.later()) == "told"
    assert made.seen == [asyncio.current_task()] * 2
    with pytest.raises(LookupError):
        await Deadline(clock, LIMIT_S).of(made.fails())
    assert clock.alarms == 0


async def test_a_coroutine_that_waits_too_long_is_cancelled_where_it_waits() -> None:
    clock, made = ManualClock(), Coroutines()
    deadline = Deadline(clock, LIMIT_S)
    waiting: asyncio.Task[Any] = asyncio.ensure_future(deadline.of(made.later()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert clock.alarms == 1
    clock.advance(LIMIT_S)
    with pytest.raises(TimeoutError):
        await waiting
    assert deadline.has_passed
    assert made.seen == [waiting, "cancelled"]
    assert clock.alarms == 0


async def test_a_task_that_is_cancelled_cancels_what_it_has_begun() -> None:
    clock, made = ManualClock(), Coroutines()
    waiting: asyncio.Task[Any] = asyncio.ensure_future(Deadline(clock, LIMIT_S).of(made.later()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert made.seen == [waiting, "cancelled"]
    assert clock.alarms == 0


async def test_what_is_given_up_is_closed() -> None:
    clock, made = ManualClock(), Coroutines()
    waiting = Deadline(clock, LIMIT_S).of(made.later())
    waiting.send(None)
    waiting.close()
    assert clock.alarms == 0
    assert made.seen == [asyncio.current_task()]


async def test_what_needs_a_few_turns_is_done_however_long_the_loop_was_held() -> None:
    clock = ManualClock()
    async with Deadline(clock, LIMIT_S) as deadline:
        clock.advance(2 * LIMIT_S)
        for _ in range(TURNS):
            await asyncio.sleep(0)
    for _ in range(2 * TURNS):
        await asyncio.sleep(0)
    assert not deadline.has_passed


async def test_what_does_not_end_is_cancelled() -> None:
    clock = ManualClock()
    deadline = Deadline(clock, LIMIT_S)

    async def wait() -> None:
        async with deadline:
            clock.advance(LIMIT_S)
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()
    assert deadline.has_passed
