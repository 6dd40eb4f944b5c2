"""Everything that can happen to a hub, in any order: each step is held against the naive model."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
)
from packages.topicwire.tests.hub.model.ledger import Ledger
from packages.topicwire.tests.hub.model.service import StatefulService, WatchfulService
from packages.topicwire.tests.hub.model.trace import Request, Sent, Trace, topic_of
from packages.topicwire.tests.trading import App, Trade, TradesRequest

from topicwire import ReplayLimits, WsRouter, by_symbol
from topicwire.testing import ConnectionEnded, InProcessClient, connect
from topicwire.testing.faults import FaultyApp
from topicwire.types import Position, TopicId

_T = TypeVar("_T")

SYMBOLS = ["A", "B"]
REQUESTS: st.SearchStrategy[Request] = st.sampled_from([("A",), ("B",), ("A", "B")])
LIMITS = ReplayLimits(max_updates=5, max_age_s=10)
ENDS = {4008: "slow", 1006: "cut, or given up", 4010: "no sign of life while time flew"}


class HubAgainstModel(RuleBasedStateMachine):
    """The guarantees of the protocol (section 4) after every step; at the end nothing is left."""

    traces: Bundle[Trace] = Bundle("traces")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.alive: list[Trace] = []
        self.denied: set[str] = set()
        self.published = 0
        self.hurries = 0

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self.loop.run_until_complete(coroutine)

    # What there is

    @initialize(
        linger_s=st.sampled_from([0.0, 5.0]),
        source=st.sampled_from(["application", "producer", "application"]),
        replay=st.sampled_from([LIMITS, LIMITS, None]),
        snapshot=st.sampled_from([None, "last", "service"]),
        is_prompt=st.booleans(),
    )
    def create(
        self, linger_s: float, source: Any, replay: Any, snapshot: Any, is_prompt: Any
    ) -> None:
        if source == "producer" and replay is not None:
            linger_s = 10.0  # else the promise could not be kept, and would be refused
        kind = StatefulService if snapshot == "service" else WatchfulService
        self.service = kind(is_prompt=is_prompt)
        self.limits = replay
        self.has_snapshots = snapshot is not None
        self.router = WsRouter[TradesRequest, Trade](
            route="trades",
            service=self.service,
            topic_builder=by_symbol("symbols"),
            linger_s=linger_s,
            updates_from=source,
            replay=replay,
            snapshot="last" if snapshot == "last" else None,
            authorize=lambda _principal, _request, topic: topic not in self.denied,
        )
        self.run(self._create())

    async def _create(self) -> None:
        self.app = App(self.router, max_queue_bytes=2_000, retention_s=60)
        self.ledger = Ledger(self.app.hub.backplane, self.app.clock.now_s)
        self.faulty = FaultyApp(self.app.asgi, clock=self.app.clock)
        if isinstance(self.service, StatefulService):
            self.service.head = self.ledger.head

    # What clients do

    @rule(target=traces, legacy=st.booleans(), request=REQUESTS, data=st.data())
    def come(self, legacy: bool, request: Request, data: st.DataObject) -> Trace:  # noqa: FBT001
        trace = self._connect(legacy=legacy)
        self.run(self._send(trace, "subscribe", request, self._resume(request, data)))
        return trace

    @rule(target=traces, symbol=st.sampled_from(SYMBOLS), count=st.integers(1, 3))
    def come_while_updates_do(self, symbol: str, count: int) -> Trace:
        """What comes during a start is held back, and follows the reply."""
        trace = self._connect(legacy=False)
        self.run(self._send(trace, "subscribe", (symbol,), {}))
        self.run(self._rest())
        for topic in list(self.service.feeds):
            for _ in range(count):
                self._feed(topic)
        self._publish(symbol, count)
        return trace

    @rule(
        target=traces,
        trace=consumes(traces),
        waits_s=st.sampled_from([(0.0, 0.0), (0.0, 0.5), (0.5, 9.75), (0.0, 10.25), (9.5, 9.5)]),
        count=st.integers(0, 7),
    )
    def be_away(self, trace: Trace, waits_s: tuple[float, float], count: int) -> Trace:
        """Leave, miss something, and come back to all of it."""
        self.disconnect(trace)
        again = self._connect(legacy=True)  # it is not asked whether it is there while time flies
        self.run(self._wait(waits_s[0]))
        for symbol in SYMBOLS:
            self._publish(symbol, count)
        self.run(self._wait(waits_s[1]))
        for request in trace.subscriptions:
            resume = {topic: trace.held[topic].position for topic in map(topic_of, request)}
            self.run(self._send(again, "subscribe", request, resume))
        return again

    def _connect(self, *, legacy: bool) -> Trace:
        opening = connect(self.faulty, legacy=legacy, timeout_s=120)  # on a busy machine, too
        client = self.run(self.stack.enter_async_context(opening))
        trace = Trace(
            client,
            self.ledger,
            self.limits,
            has_snapshots=self.has_snapshots,
            tells_states_again=isinstance(self.service, StatefulService),
            outlives_producer=self.router.settings.updates_from == "application",
        )
        self.alive.append(trace)
        return trace

    @rule(trace=consumes(traces))
    def disconnect(self, trace: Trace) -> None:
        if trace in self.alive:
            self.alive.remove(trace)
        self.run(trace.client.close())

    @rule(number=st.integers(0, 3))
    def cut(self, number: int) -> None:
        if number < len(self.faulty.links):
            self.faulty.links[-number - 1].cut()

    @rule(
        trace=traces,
        command=st.sampled_from(["subscribe", "subscribe", "unsubscribe"]),
        requests=st.lists(REQUESTS, min_size=1, max_size=2),
        data=st.data(),
    )
    def send(
        self, trace: Trace, command: str, requests: list[Request], data: st.DataObject
    ) -> None:
        for request in requests:
            resume = self._resume(request, data) if command == "subscribe" else {}
            self.run(self._send(trace, command, request, resume))

    def _resume(self, request: Request, data: st.DataObject) -> dict[str, Position]:
        """Positions that were reached, or nearly: some that were not, too."""
        resume = {}
        for topic in map(topic_of, request):
            reached = self.ledger.reached.get(topic)
            if reached and data.draw(st.booleans()):
                epoch, seq = data.draw(st.sampled_from(reached))
                off = data.draw(st.sampled_from([0, 0, 0, -1, 1, -3]))
                resume[topic] = Position(epoch, max(0, seq + off))
        return resume

    async def _send(
        self, trace: Trace, command: str, request: Request, resume: dict[str, Position]
    ) -> None:
        number = len(trace.sent)
        denied = self.denied
        trace.sent.append(Sent(command, request, resume, set(denied), set(denied)))
        message: dict[str, Any] = {
            "type": f"trades.{command}",
            "payload": {"symbols": list(request)},
            "id": f"c{number}",
        }
        if resume and len(request) == 1:
            message["resume"] = resume[topic_of(request[0])]._asdict()
        elif resume:
            message["resume"] = {topic: one._asdict() for topic, one in resume.items()}
        await trace.client.send(message)

    @rule(trace=traces)
    def stall(self, trace: Trace) -> None:
        trace.is_stalled = trace.is_late = True
        trace.client.stall()

    @rule(trace=traces)
    def read_again(self, trace: Trace) -> None:
        trace.is_stalled = False
        trace.client.resume()

    # What the application does

    @rule(symbol=st.sampled_from(SYMBOLS), count=st.integers(1, 4))
    def publish(self, symbol: str, count: int) -> None:
        self._publish(symbol, count)

    def _publish(self, symbol: str, count: int) -> None:
        for _ in range(count):
            self.published += 1
            self.router.publish(topic_of(symbol), Trade(price=self.published))

    @precondition(lambda self: self.service.feeds)
    @rule(data=st.data())
    def feed(self, data: st.DataObject) -> None:
        self._feed(data.draw(st.sampled_from(sorted(self.service.feeds))))

    def _feed(self, topic: str) -> None:
        self.published += 1
        self.service.feeds[topic](Trade(price=self.published))

    @precondition(lambda self: self.service.stale)
    @rule()
    def feed_from_a_stopped_producer(self) -> None:
        before = self.app.adapter.metrics.updates_discarded
        self.service.stale[-1](Trade(price=-0.5))
        assert self.app.adapter.metrics.updates_discarded == before + 1

    @precondition(lambda self: self.service.alive())
    @rule(data=st.data(), how=st.sampled_from(["fails", "ends", "is cancelled"]))
    def producer_dies(self, data: st.DataObject, how: str) -> None:
        task = self.service.tasks[data.draw(st.sampled_from(self.service.alive()))]
        match how:
            case "fails":
                task.set_exception(OSError("the exchange is gone"))
            case "ends":
                task.set_result(None)
            case _:
                task.cancel()

    @rule(symbol=st.sampled_from(SYMBOLS))
    def lose_the_numbering(self, symbol: str) -> None:
        """trap: an epoch change under live subscribers"""
        self.run(self._lose(TopicId("trades", topic_of(symbol))))

    async def _lose(self, topic: TopicId) -> None:
        self.app.hub.backplane.lose(topic)

    @precondition(lambda self: self.service.pending)
    @rule(data=st.data(), well=st.sampled_from([True, True, True, False]))
    def finish(self, data: st.DataObject, well: bool) -> None:  # noqa: FBT001 - by name
        topic = data.draw(st.sampled_from(sorted(self.service.pending)))
        self._finish(topic, well=well)

    @precondition(lambda self: self.service.pending)
    @rule()
    def finish_all_well(self) -> None:
        for topic in list(self.service.pending):
            self._finish(topic, well=True)

    def _finish(self, topic: str, *, well: bool) -> None:
        future = self.service.pending[topic]
        if not future.done():
            future.set_result(well)

    @rule(symbol=st.sampled_from(SYMBOLS), denies=st.sampled_from([False, False, False, True]))
    def allow_or_deny(self, symbol: str, denies: bool) -> None:  # noqa: FBT001 - by name
        self.denied = self.denied - {topic_of(symbol)} | ({topic_of(symbol)} if denies else set())
        for trace in self.alive:
            for sent in trace.waiting:
                sent.always_denied &= self.denied
                sent.ever_denied |= self.denied

    @rule(seconds=st.sampled_from([1.0, 1.0, 5.0, 9.5, 11.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.run(self._wait(seconds))

    async def _wait(self, seconds: float) -> None:
        self.app.clock.advance(seconds)

    @rule(steps=st.integers(1, 3))
    def hurry(self, steps: int) -> None:
        """Let nothing come to rest between the following steps: they race."""
        self.hurries = steps

    # What must hold

    @invariant()
    def every_trace_keeps_the_guarantees(self) -> None:
        if not hasattr(self, "app"):
            return
        assert self.service.faults == []
        if self.hurries:
            self.hurries -= 1
            for trace in self.alive:
                trace.is_late = True
            return
        self.run(self._rest())
        for trace in [one for one in self.alive if not one.is_stalled]:
            had_to_wait = bool(trace.waiting)
            messages, ended = self.run(self._drained(trace.client))
            for message in messages:
                trace.take(message, self.app.clock.now_s())
            if ended is None:
                trace.is_complete(self.service.alive())
                trace.is_late = False
                continue
            assert ended.code in ENDS, ended
            if ended.code == 4008:  # what a start sends before the reply counts too
                assert trace.is_late or had_to_wait, "guarantee 7: it was not slow"
            self.alive.remove(trace)

    async def _rest(self) -> None:
        """Let everything happen that happens by itself: until the event loop has nothing to run."""
        await asyncio.sleep(0)
        while self.loop._ready:  # type: ignore[attr-defined]  # noqa: ASYNC110 - no public way
            await asyncio.sleep(0)

    @staticmethod
    async def _drained(
        client: InProcessClient,
    ) -> tuple[list[dict[str, Any]], ConnectionEnded | None]:
        try:
            return await client.settle(), None
        except ConnectionEnded as ended:
            rest = [one for one in client._pending if one["type"] != "pong"]
            client._pending.clear()
            return rest, ended

    @invariant()
    def what_is_kept_is_what_is_counted(self) -> None:
        if hasattr(self, "app"):
            rings = [one._recent._ring for one in self.app.hub._topics.values()]
            kept = sum(ring.size for ring in rings if ring is not None)
            assert self.app.adapter.metrics.replay_bytes == kept

    def teardown(self) -> None:
        """All leave: every producer is stopped, and nothing is left."""
        if hasattr(self, "app"):
            self.run(self._leave())
            metrics = self.app.adapter.metrics
            assert (metrics.connections, metrics.subscriptions, metrics.producers) == (0, 0, 0)
            assert metrics.replay_bytes == 0
            assert self.service.faults == []
            assert set(self.service.states.values()) <= {"stopped"}
            hub = self.app.hub
            assert (hub._topics, len(hub.backplane), hub._tasks) == ({}, 0, set())
        self.loop.close()

    async def _leave(self) -> None:
        finisher = asyncio.get_running_loop().create_task(self._finish_everything())
        await self.stack.aclose()
        async with asyncio.timeout(10):
            while self.app.hub._topics:  # noqa: ASYNC110 - the finisher lets it happen
                await asyncio.sleep(0)
        finisher.cancel()
        self.app.clock.advance(100)
        await self._rest()

    async def _finish_everything(self) -> None:
        while True:
            for topic in self.service.pending:
                self._finish(topic, well=True)
            self.app.clock.advance(5)
            await asyncio.sleep(0)
