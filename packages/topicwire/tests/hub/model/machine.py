"""Everything that can happen to a hub, in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, precondition, rule
from packages.topicwire.tests.hub.model.service import StatefulService
from packages.topicwire.tests.hub.model.trace import Request, Sent, Trace, topic_of
from packages.topicwire.tests.hub.model.treatment import Treatment
from packages.topicwire.tests.hub.model.world import REPLY_BYTES, RESET_BYTES, World
from packages.topicwire.tests.trading import Trade

from topicwire.testing import connect
from topicwire.testing.client import CodecName
from topicwire.types import Position, TopicId

SYMBOLS = ["A", "B"]
REQUESTS: st.SearchStrategy[Request] = st.sampled_from([("A",), ("B",), ("A", "B")])


class HubAgainstModel(World):
    """The real hub: each step is held against the naive model."""

    traces: Bundle[Trace] = Bundle("traces")

    # What clients do

    @rule(
        target=traces,
        kind=st.sampled_from(["json", "legacy", "msgpack"]),
        request=REQUESTS,
        data=st.data(),
    )
    def come(self, kind: str, request: Request, data: st.DataObject) -> Trace:
        trace = self._connect(
            legacy=kind == "legacy", codec="msgpack" if kind == "msgpack" else "json"
        )
        self.run(self._send(trace, "subscribe", request, self._resume(request, data)))
        return trace

    @rule(target=traces, symbol=st.sampled_from(SYMBOLS), count=st.integers(1, 3))
    def come_while_updates_do(self, symbol: str, count: int) -> Trace:
        """What comes during a start is held back, and follows the reply."""
        trace = self._connect(legacy=False)
        self.run(self._send(trace, "subscribe", (symbol,), {}))
        self.run(self.come_to_rest())
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
        self.run(self.let_pass(waits_s[0]))
        for symbol in SYMBOLS:
            self._publish(symbol, count)
        self.run(self.let_pass(waits_s[1]))
        for request in trace.subscriptions:
            resume = {topic: trace.held[topic].position for topic in map(topic_of, request)}
            self.run(self._send(again, "subscribe", request, resume))
        return again

    def _connect(self, *, legacy: bool, codec: CodecName = "json") -> Trace:
        # patient, for a busy machine
        opening = connect(self.faulty, legacy=legacy, codec=codec, timeout_s=120)
        client = self.run(self.stack.enter_async_context(opening))
        trace = Trace(
            client,
            Treatment(
                self.app.hub.settings,
                self.app.clock.now_s(),
                is_legacy=legacy,
                link=self.faulty.links[-1],
            ),
            self.ledger,
            self.limits,
            has_snapshots=self.has_snapshots,
            tells_states_again=isinstance(self.service, StatefulService),
            outlives_producer=self.router.settings.updates_from == "application",
            happened=self.happened,
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
        now_s = self.app.clock.now_s()
        trace.treatment.speak(now_s)
        trace.treatment.owe(REPLY_BYTES, now_s)
        await trace.client.send(message)

    @rule(trace=traces)
    def stall(self, trace: Trace) -> None:
        trace.treatment.stall()
        trace.client.stall()

    @rule(trace=traces)
    def read_again(self, trace: Trace) -> None:
        trace.treatment.read_again()
        trace.client.resume()

    @precondition(lambda self: any(trace.held for trace in self.alive))
    @rule(data=st.data(), how=st.sampled_from(["too quiet", "too long", "too long", "too much"]))
    def neglect(self, data: st.DataObject, how: str) -> None:
        """Read nothing, long enough to be closed for it where something waits."""
        trace = data.draw(st.sampled_from([one for one in self.alive if one.held]))
        self.stall(trace)
        match how:
            case "too quiet":
                pauses_s, count = [25.0, 10.0], 0
            case "too long":
                pauses_s, count = [1.0, 30.0], 1
            case _:
                pauses_s, count = [0.0] * 6, 4  # so few at once that whoever reads is not behind
        for pause_s in pauses_s:
            for symbol in SYMBOLS:
                self._publish(symbol, count)
            self.run(self.come_to_rest())
            self.run(self.let_pass(pause_s))
        self.run(self.come_to_rest())
        self.read_again(trace)

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
        topic = data.draw(st.sampled_from(self.service.alive()))
        self.owe(topic, 2 * RESET_BYTES)  # that it has ended, and that it runs again
        task = self.service.tasks[topic]
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
        self.owe(topic_of(symbol), RESET_BYTES)
        self.run(self._lose(TopicId("trades", topic_of(symbol))))

    async def _lose(self, topic: TopicId) -> None:
        self.app.hub.backplane.lose(topic)

    @precondition(lambda self: self.service.pending)
    @rule(data=st.data(), well=st.sampled_from([True, True, True, False]))
    def finish(self, data: st.DataObject, well: bool) -> None:  # noqa: FBT001 - by name
        topic = data.draw(st.sampled_from(sorted(self.service.pending)))
        self.finish_one(topic, well=well)

    @precondition(lambda self: self.service.pending)
    @rule()
    def finish_all_well(self) -> None:
        for topic in list(self.service.pending):
            self.finish_one(topic, well=True)

    @rule(symbol=st.sampled_from(SYMBOLS), denies=st.sampled_from([False, False, False, True]))
    def allow_or_deny(self, symbol: str, denies: bool) -> None:  # noqa: FBT001 - by name
        self.denied = self.denied - {topic_of(symbol)} | ({topic_of(symbol)} if denies else set())
        for trace in self.alive:
            for sent in trace.waiting:
                sent.always_denied &= self.denied
                sent.ever_denied |= self.denied

    @rule(seconds=st.sampled_from([1.0, 1.0, 5.0, 9.5, 11.0, 100.0]))
    def wait(self, seconds: float) -> None:
        self.run(self.let_pass(seconds))

    @rule(steps=st.integers(1, 3))
    def hurry(self, steps: int) -> None:
        """Let nothing come to rest between the following steps: they race."""
        self.hurries = steps
