"""The guarantees of the protocol, under random interleavings of everything that can happen.

Nothing predicts what the hub answers: each connection's trace and the service's calls are held
against the guarantees (docs/protocol.md, section 4) after every step, and at the end all is gone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, ClassVar, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from packages.topicwire.tests.hub.model.treatment import Treatment
from packages.topicwire.tests.trading import App, Trade, TradesRequest

from topicwire import WsRouter, WsRouteService, by_symbol
from topicwire.testing import ConnectionEnded, InProcessClient, connect

_T = TypeVar("_T")

SYMBOLS = ["A", "B"]
REQUESTS = st.sampled_from([["A"], ["B"], ["A", "B"]])
UPDATE_BYTES, REPLY_BYTES = 120, 500
"""None is larger, here."""


def topic_of(symbol: str) -> str:
    return f'trades:{{"symbol":"{symbol}"}}'


class WatchfulService(WsRouteService):
    """Fails the test when a producer is started or stopped out of turn (guarantees 5 and 6)."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.pending: dict[str, asyncio.Future[bool]] = {}
        self.feeds: dict[str, Callable[[Any], None]] = {}
        self.stale: list[Callable[[Any], None]] = []
        self.faults: list[str] = []

    def _expect(self, topic: str, state: str, following: str) -> None:
        if self.states.get(topic, "stopped") != state:
            self.faults.append(f"{topic} is {self.states.get(topic)}, not {state}: {following}")
        self.states[topic] = following

    async def _decided(self, topic: str) -> bool:
        self.pending[topic] = asyncio.get_running_loop().create_future()
        try:
            return await self.pending[topic]
        finally:
            del self.pending[topic]

    async def create_topic(self, topic: str, topic_update: Callable[[Any], None]) -> None:
        self._expect(topic, "stopped", "starting")
        self.feeds[topic] = topic_update
        runs = False
        try:
            runs = await self._decided(topic)
        finally:  # also when it is cancelled, since it took too long
            self._expect(topic, "starting", "running" if runs else "stopped")
            if not runs:
                self.stale.append(self.feeds.pop(topic))
        if not runs:
            raise OSError("it could not be started")

    async def remove_topic(self, topic: str) -> None:
        self._expect(topic, "running", "stopping")
        self.stale.append(self.feeds.pop(topic))
        try:
            if not await self._decided(topic):
                raise OSError("it could not be stopped")
        finally:
            self._expect(topic, "stopping", "stopped")


class Trace:
    """What one client sent and got, checked message by message."""

    def __init__(
        self, client: InProcessClient, treatment: Treatment, happened: Counter[str]
    ) -> None:
        self.client = client
        self.treatment = treatment
        self.happened = happened
        self.sent: list[tuple[str, list[str]]] = []
        self.answered = 0
        self.subscriptions: dict[tuple[str, ...], list[str]] = {}
        self.seen: dict[str, tuple[str, int]] = {}

    def held(self) -> set[str]:
        return {topic for topics in self.subscriptions.values() for topic in topics}

    @property
    def awaits_reply(self) -> bool:
        return self.answered < len(self.sent)

    def take(self, message: dict[str, Any]) -> None:
        payload = message["payload"]
        if message["type"] == "trades.update":
            self.take_update(payload["topic"], payload["seq"])
            return
        assert message["id"] == self.answered, "guarantee 1: answers in order"
        command, symbols = self.sent[self.answered]
        self.answered += 1
        assert message["type"] == f"trades.{command}.response"
        request = tuple(symbols)
        if command == "subscribe":
            self.take_subscribed(request, payload)
        elif request in self.subscriptions:
            assert payload["status"] == "ok"
            self.happened["unsubscribed"] += 1
            del self.subscriptions[request]
        else:
            assert payload["code"] == "not_subscribed", "guarantee 4"
            self.happened["not_subscribed"] += 1

    def take_subscribed(self, request: tuple[str, ...], payload: dict[str, Any]) -> None:
        if payload["status"] == "error":
            assert payload["code"] in {"producer_failed", "timeout"}
            self.happened[payload["code"]] += 1
            assert request not in self.subscriptions, "guarantee 4: it was one subscription"
            return
        again = request in self.subscriptions
        assert payload["message"] == ("Already subscribed" if again else "Subscribed")
        self.happened[payload["message"]] += 1
        places = payload.get("topics") or [payload]
        topics = [topic_of(symbol) for symbol in request]
        assert [place["topic"] for place in places] == topics
        held = self.held()
        self.subscriptions[request] = topics
        for place in places:
            position = (place["epoch"], place["seq"])
            if place["topic"] in held:
                assert position == self.seen[place["topic"]], "all before the position was sent"
            self.seen[place["topic"]] = position

    def take_update(self, topic: str, seq: int) -> None:
        assert topic in self.held(), "guarantees 2 and 4: only between the replies"
        epoch, last = self.seen[topic]
        assert seq == last + 1, "guarantee 3: each one, in order"
        self.seen[topic] = (epoch, seq)
        self.happened["update"] += 1


class HubAgainstGuarantees(RuleBasedStateMachine):
    traces = Bundle("traces")
    happened: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.alive: list[Trace] = []
        self.service = WatchfulService()

    def run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return self.runner.run(coroutine)

    @initialize(linger_s=st.sampled_from([0.0, 5.0]))
    def create(self, linger_s: float) -> None:
        self.router = WsRouter[TradesRequest, Trade](
            route="trades",
            service=self.service,
            topic_builder=by_symbol("symbols"),
            linger_s=linger_s,
        )

        async def make() -> App:
            return App(self.router, max_queue_bytes=1_000, retention_s=60)

        self.app = self.run(make())

    @rule(target=traces)
    def connect(self) -> Trace:
        return self.arrive()

    def arrive(self) -> Trace:
        client = self.run(self.stack.enter_async_context(connect(self.app.asgi)))
        now_s = self.app.clock.now_s()
        treatment = Treatment(self.app.hub.settings, now_s, is_legacy=False)
        trace = Trace(client, treatment, self.happened)
        self.alive.append(trace)
        return trace

    @rule(target=traces, symbols=REQUESTS)
    def come(self, symbols: list[str]) -> Trace:
        """Get as far as an update, which single steps seldom do."""
        trace = self.arrive()
        self.send(trace, "subscribe", symbols)
        for symbol in symbols:
            self.run(self.app_turns())
            for future in self.service.pending.values():
                if not future.done():
                    future.set_result(True)
            self.publish(symbol, 1)
        return trace

    async def app_turns(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    @precondition(lambda self: any(trace.held() for trace in self.alive))
    @rule(data=st.data(), seconds=st.sampled_from([0.0, 30.0]))
    def neglect(self, data: st.DataObject, seconds: float) -> None:
        """Read nothing of much, or for long."""
        trace = data.draw(st.sampled_from([one for one in self.alive if one.held()]))
        self.stall(trace)
        for _ in range(6):
            for symbol in SYMBOLS:
                self.publish(symbol, 1)
            self.run(self.app_turns())
        self.wait(seconds)
        self.run(self.app_turns())
        self.resume(trace)

    @rule(trace=consumes(traces))
    def disconnect(self, trace: Trace) -> None:
        if trace in self.alive:
            self.alive.remove(trace)
        self.run(trace.client.close())

    @rule(trace=traces, command=st.sampled_from(["subscribe", "unsubscribe"]), symbols=REQUESTS)
    def send(self, trace: Trace, command: str, symbols: list[str]) -> None:
        message = {"type": f"trades.{command}", "payload": {"symbols": symbols}}
        trace.sent.append((command, symbols))
        trace.treatment.speak(self.app.clock.now_s())
        trace.treatment.owe(REPLY_BYTES, self.app.clock.now_s())
        self.run(trace.client.send({**message, "id": len(trace.sent) - 1}))

    @precondition(lambda self: self.service.pending)
    @rule(data=st.data(), well=st.sampled_from([True, True, True, False]))
    def finish(self, data: st.DataObject, well: bool) -> None:  # noqa: FBT001 - by name
        topic = data.draw(st.sampled_from(sorted(self.service.pending)))
        future = self.service.pending[topic]
        if not future.done():
            future.set_result(well)

    @rule(symbol=st.sampled_from(SYMBOLS), count=st.integers(1, 4))
    def publish(self, symbol: str, count: int) -> None:
        for _ in range(count):
            self.owe_update()
            self.router.publish(topic_of(symbol), Trade(price=1))

    def owe_update(self) -> None:
        for trace in self.alive:
            trace.treatment.owe(UPDATE_BYTES, self.app.clock.now_s())

    @precondition(lambda self: self.service.feeds)
    @rule(data=st.data())
    def feed(self, data: st.DataObject) -> None:
        topic = data.draw(st.sampled_from(sorted(self.service.feeds)))
        self.owe_update()
        self.service.feeds[topic](Trade(price=2))

    @precondition(lambda self: self.service.stale)
    @rule()
    def feed_from_a_stopped_producer(self) -> None:
        before = self.app.adapter.metrics.updates_discarded
        self.service.stale[-1](Trade(price=3))
        assert self.app.adapter.metrics.updates_discarded == before + 1

    @rule(trace=traces)
    def stall(self, trace: Trace) -> None:
        trace.treatment.stall()
        trace.client.stall()

    @rule(trace=traces)
    def resume(self, trace: Trace) -> None:
        trace.treatment.read_again()
        trace.client.resume()

    @rule(seconds=st.sampled_from([1.0, 5.0, 100.0]))
    def wait(self, seconds: float) -> None:
        async def advance() -> None:
            self.app.clock.advance(seconds)
            for trace in self.alive:
                trace.treatment.let_pass(self.app.clock.now_s())

        self.run(advance())

    @invariant()
    def every_trace_keeps_the_guarantees(self) -> None:
        assert self.service.faults == []
        for trace in [one for one in self.alive if not one.treatment.is_stalled]:
            awaited = trace.awaits_reply
            messages, ended = self.run(self._drained(trace.client))
            for message in messages:
                trace.take(message)
            if ended is not None:
                self.alive.remove(trace)
                why = trace.treatment.explanation(ended.code, was_held_back=awaited)
                self.happened[why] += 1
                continue
            trace.treatment.catch_up(self.app.clock.now_s(), is_held_back=trace.awaits_reply)
            for topic in trace.held():
                key = ("trades", topic)
                position = self.app.hub._topics[key].audience.position
                assert trace.seen[topic] == position, "guarantee 2: nothing is missing"

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

    def teardown(self) -> None:
        """All leave: every producer is stopped, and nothing is left."""
        if hasattr(self, "app"):
            self.run(self._leave())
            metrics = self.app.adapter.metrics
            left = (metrics.connections, metrics.subscriptions, metrics.producers)
            assert left == (0, 0, 0)
            assert self.service.faults == []
            assert set(self.service.states.values()) <= {"stopped"}
            assert len(self.app.hub.backplane) == 0
        self.runner.close()

    async def _leave(self) -> None:
        finisher = asyncio.get_running_loop().create_task(self._finish_everything())
        await self.stack.aclose()
        self.app.clock.advance(5)
        await self.app.idle()
        finisher.cancel()
        self.app.clock.advance(100)

    async def _finish_everything(self) -> None:
        while True:
            for future in self.service.pending.values():
                if not future.done():
                    future.set_result(True)
            self.app.clock.advance(5)
            await asyncio.sleep(0)


OFTEN = [
    *("Subscribed", "update", "not_subscribed", "slow", "given up"),
]
"""What must have happened: examples in which nothing does prove nothing."""


def test_the_guarantees_hold() -> None:
    HubAgainstGuarantees.happened.clear()
    how = settings(max_examples=100, stateful_step_count=30, deadline=None)
    run_state_machine_as_test(HubAgainstGuarantees, settings=how)
    happened = HubAgainstGuarantees.happened
    assert min(happened[what] for what in OFTEN) > 0, happened
