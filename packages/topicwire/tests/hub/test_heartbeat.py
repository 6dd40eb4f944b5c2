"""Who is quiet is asked, and who does not answer is closed: 4010."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, DrivenService, Trade, trades

from topicwire.hub.clock import TURNS
from topicwire.hub.heartbeat import MAX_IN_A_ROW, PAUSE_S, Heartbeat
from topicwire.testing import InProcessClient, ManualClock, connect

PING = {"type": "ping"}


async def turns() -> None:
    """Let the loop run for as long as a verdict takes."""
    for _ in range(2 * TURNS):
        await asyncio.sleep(0)


async def pass_(app: App, seconds: float) -> None:
    app.clock.advance(seconds)
    await turns()


# In process, with the whole hub


async def test_a_quiet_client_is_asked_and_one_that_answers_is_asked_again() -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        client.answers_pings = False
        for _ in range(3):
            await pass_(app, 24.9)
            assert await asked(app, client, after_s=0.1)
            await client.send({"type": "pong"})
            await turns()
        assert app.adapter.metrics.closes[4010] == 0


async def asked(app: App, client: InProcessClient, after_s: float) -> bool:
    assert client._from_app.empty()
    await pass_(app, after_s)
    return await client.receive() == PING


async def test_without_an_answer_the_connection_is_closed_and_its_topics_are_let_go() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.answers_pings = False
        await pass_(app, 25)
        assert await client.receive() == PING
        await pass_(app, 9.9)
        assert app.adapter.metrics.connections == 1
        await pass_(app, 0.1)
        ended = await client.wait_closed()
        assert (ended.code, ended.reason) == (4010, "no sign of life")
        await app.idle()
    assert service.count("remove") == 1
    assert app.adapter.metrics.closes[4010] == 1
    assert app.clock.alarms == 0


@pytest.mark.parametrize("said", ['{"type":"pong"}', '{"type":"ping"}', "{", b"\xff", '{"type":1}'])
async def test_any_message_is_a_sign_of_life(said: str | bytes) -> None:
    app = App(trades())
    async with connect(app.asgi) as client:
        client.answers_pings = False
        await pass_(app, 25)
        await pass_(app, 9.9)
        await client.send(said)
        await turns()
        await pass_(app, 24.9)
        assert app.adapter.metrics.connections == 1


async def test_what_has_arrived_and_is_not_read_yet_is_a_sign_of_life() -> None:
    """A handler that holds the event loop for longer than the grace ends nobody's connection."""
    app = App(trades())
    async with connect(app.asgi) as client:
        client.answers_pings = False
        await pass_(app, 25)
        await client.send({"type": "pong"})
        await pass_(app, 60)
        assert app.adapter.metrics.connections == 1


async def test_a_slow_handler_delays_neither_the_pong_nor_the_verdict() -> None:
    """trap: a slow handler while pings arrive"""
    service = DrivenService()
    service.start_gate = asyncio.Event()
    app = App(trades(service), command_timeout_s=1_000)
    async with connect(app.asgi) as answering, connect(app.asgi) as dead:
        for client in (answering, dead):
            await client.send({"type": "trades.subscribe", "payload": AAPL})
        await service.started.wait()
        dead.answers_pings = False
        for number in range(10):
            await answering.send({"type": "ping", "id": number})
            assert await answering.receive() == {"type": "pong", "id": number}
        await pass_(app, 25)
        await pass_(app, 10)
        assert (await dead.wait_closed()).code == 4010
        await pass_(app, 15)
        service.start_gate.set()
        assert (await answering.receive())["payload"]["status"] == "ok"


async def test_a_client_that_takes_nothing_is_left_to_the_send_timeout() -> None:
    """The grace begins when the ping has left, and here it cannot."""
    service = DrivenService()
    app = App(trades(service), send_timeout_s=60)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.answers_pings = False
        client.stall()
        service.feeds[AAPL_TOPIC](Trade(price=1))
        await turns()
        await pass_(app, 25)
        await pass_(app, 34)
        assert app.adapter.metrics.connections == 1
        client.resume()
        assert (await client.receive())["type"] == "trades.update"
        assert await client.receive() == PING
        await pass_(app, 9.9)
        assert app.adapter.metrics.connections == 1
        await pass_(app, 0.1)
        assert (await client.wait_closed()).code == 4010
    assert app.adapter.metrics.sends_timed_out == 0


async def test_a_ping_does_not_wait_behind_what_waits_for_the_client() -> None:
    service = DrivenService()
    app = App(trades(service))
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        client.answers_pings = False
        client.stall()
        for price in range(2_000):
            service.feeds[AAPL_TOPIC](Trade(price=price))
            if price == 0:
                await turns()
        await pass_(app, 25)
        client.resume()
        received = [await client.receive() for _ in range(2_001)]
        assert received.index(PING) < 2_000


async def test_a_legacy_client_is_not_asked() -> None:
    app = App(trades())
    async with connect(app.asgi, legacy=True) as client:
        await pass_(app, 1_000)
        await pass_(app, 1_000)
        assert await client.settle() == []
    assert app.adapter.metrics.closes[4010] == 0


async def test_hello_says_how_long_either_side_waits() -> None:
    app = App(trades(), heartbeat_s=3, heartbeat_grace_s=0.5)
    async with connect(app.asgi) as client:
        assert client.hello is not None
        assert client.hello["heartbeat_s"] == 3
        assert client.hello["limits"]["heartbeat_grace_s"] == 0.5


# Alone


class Member:
    """A connection that does what the test says."""

    def __init__(self, note: Callable[[str], None] = lambda _: None) -> None:
        self.received_bytes = 0
        self.note = note

    def ping(self) -> None:
        self.note("ping")

    def lost(self) -> None:
        self.note("lost")


async def test_a_part_of_a_message_is_a_sign_of_life_and_the_next_ping_follows() -> None:
    clock, notes = ManualClock(), list[str]()
    heartbeat = Heartbeat[Member](clock, 25, 10)
    member = Member(notes.append)
    heartbeat.heard(member)
    clock.advance(25)
    heartbeat.ping_left(member)
    member.received_bytes += 1
    clock.advance(10)
    await turns()
    clock.advance(25)
    heartbeat.ping_left(member)
    assert notes == ["ping", "ping"]
    clock.advance(10)
    await turns()
    assert notes == ["ping", "ping", "lost"]


async def test_thousands_have_two_alarms_and_are_asked_in_lots() -> None:
    clock, notes = ManualClock(), list[str]()
    heartbeat = Heartbeat[Member](clock, 25, 10)
    members = [Member(notes.append) for _ in range(10_000)]
    for member in members:
        heartbeat.heard(member)
    assert clock.alarms == 1
    clock.advance(25)
    assert len(notes) == MAX_IN_A_ROW
    clock.advance(PAUSE_S)
    assert len(notes) == 2 * MAX_IN_A_ROW
    clock.advance(PAUSE_S * 10_000 / MAX_IN_A_ROW)
    assert len(notes) == 10_000
    for member in members:
        heartbeat.ping_left(member)
    assert clock.alarms == 1
    for member in members:
        heartbeat.heard(member)
    assert clock.alarms == 1
    for member in members:
        heartbeat.forget(member)
    assert clock.alarms == 0


MEMBERS = st.integers(0, 4)


class HeartbeatAgainstModel(RuleBasedStateMachine):
    """Every member has a timer of its own in the model, and none in the heartbeat."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.heartbeat = Heartbeat[Member](self.clock, 25, 10)
        self.notes: list[tuple[int, str]] = []
        self.members = [
            Member(lambda what, number=number: self.notes.append((number, what)))  # type: ignore[misc] # a default
            for number in range(5)
        ]
        self.quiet_since: dict[int, float] = {}
        self.asked_since: dict[int, float] = {}
        self.pinged: set[int] = set()

    @rule(number=MEMBERS)
    def heard(self, number: int) -> None:
        self.heartbeat.heard(self.members[number])
        self.quiet_since[number] = self.clock.now_s()
        self.asked_since.pop(number, None)

    @rule(number=MEMBERS)
    def leaves(self, number: int) -> None:
        self.heartbeat.forget(self.members[number])
        for state in (self.quiet_since, self.asked_since):
            state.pop(number, None)
        self.pinged.discard(number)

    @rule(number=MEMBERS)
    def the_ping_leaves(self, number: int) -> None:
        if number in self.pinged:
            self.pinged.discard(number)
            self.heartbeat.ping_left(self.members[number])
            self.asked_since.setdefault(number, self.clock.now_s())

    @rule(seconds=st.sampled_from([1, 5, 10, 24]))
    def wait(self, seconds: int) -> None:
        async def advance() -> None:
            for _ in range(seconds):
                self.clock.advance(1)
                await turns()

        expected: list[list[tuple[int, str]]] = []
        for _ in range(seconds):
            now_s = self.clock.now_s() + len(expected) + 1
            step: list[tuple[int, str]] = []
            for number, since_s in list(self.quiet_since.items()):
                if since_s + 25 <= now_s:
                    del self.quiet_since[number]
                    self.pinged.add(number)
                    step.append((number, "ping"))
            for number, since_s in list(self.asked_since.items()):
                if since_s + 10 <= now_s:
                    del self.asked_since[number]
                    step.append((number, "lost"))
            expected.append(step)
        self.notes.clear()
        self.loop.run_until_complete(advance())
        assert sorted(self.notes) == sorted(note for step in expected for note in step)

    @invariant()
    def alarms_are_few(self) -> None:
        assert self.clock.alarms <= 2

    def teardown(self) -> None:
        self.loop.close()


def test_the_heartbeat_against_a_model() -> None:
    how = settings(max_examples=50, deadline=None)
    run_state_machine_as_test(HeartbeatAgainstModel, settings=how)
