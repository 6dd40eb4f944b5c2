"""The session against a scripted server, under random interleavings.

Subscriptions, ends, replies, refusals, updates, cuts and reconnections; messages that go missing or
come twice; new numberings.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from packages.topicwire.tests.client.scripted import TOPICS, ScriptedServer, Verdict

from topicwire.client import CodecName

NAMES = st.sampled_from("abc")
VERDICTS: st.SearchStrategy[Verdict] = st.sampled_from(
    ["ok", "ok", "ok", "ok", "forbidden", "internal", "internal"]
)
SENDS = [(False, False), (True, False), (True, True)]
"""Whether who joins is sent the present state, and whether every update is one."""
CODECS: list[CodecName] = ["json", "msgpack"]
ENDS = ["cut", "cut", "restart", "interrupt", "revoke"]
DISTURBANCES = ["cut", "lose", "lose", "double", "restart"]
EXPECTED = [
    "packed",
    "update",
    "state",
    "cut",
    "refused",
    "gap",
    "recovered",
    "not recovered",
    "resync",
]


class Interleavings(RuleBasedStateMachine):
    """What goes missing, and what the server does not hold any longer, is told as a gap."""

    happened: ClassVar[Counter[str]] = Counter()

    @initialize(held=st.integers(0, 6), sends=st.sampled_from(SENDS), codec=st.sampled_from(CODECS))
    def create(self, held: int, sends: tuple[bool, bool], codec: CodecName) -> None:
        has_states, is_whole = sends
        self.server = ScriptedServer(held, codec, has_states=has_states, is_whole=is_whole)
        self.begin()

    def begin(self) -> None:
        """Begin where there is something to disturb."""
        for key in TOPICS:
            self.server.subscribe(key)
        self.server.quiesce()

    @rule(key=st.sampled_from([*TOPICS]))
    def subscribe(self, key: str) -> None:
        self.server.subscribe(key)

    @precondition(lambda self: self.server.listeners)
    @rule(data=st.data())
    def unsubscribe(self, data: st.DataObject) -> None:
        self.server.unsubscribe(data.draw(st.sampled_from([*self.server.listeners])))

    @precondition(lambda self: not self.server.is_open or self.server.retries)
    @rule()
    def connect(self) -> None:
        self.server.open()
        self.server.retry()

    @precondition(lambda self: self.server.to_server)
    @rule(count=st.integers(1, 4), verdict=VERDICTS)
    def serve(self, count: int, verdict: Verdict) -> None:
        for _ in range(count):
            self.server.serve(verdict)

    @precondition(lambda self: self.server.to_client)
    @rule(count=st.integers(1, 9))
    def deliver(self, count: int) -> None:
        self.server.deliver(count)

    @rule(names=st.text("abc", min_size=1, max_size=4))
    def publish(self, names: str) -> None:
        for name in names:
            self.server.publish(name)

    @precondition(lambda self: self.server.is_open)
    @rule()
    def arrive(self) -> None:
        """Let some of what is under way arrive, to get anywhere between the disturbances."""
        self.server.serve("ok")
        self.server.serve("ok")
        self.server.deliver(9)

    @precondition(lambda self: self.server.is_open)
    @rule(what=st.sampled_from(DISTURBANCES), nth=st.integers(0, 3), name=NAMES)
    def disturb(self, what: str, nth: int, name: str) -> None:
        self.server.publish(name)
        self.server.publish(name)
        match what:
            case "cut":
                self.server.cut()
            case "lose":
                self.server.disturb(nth, copies=0)
            case "double":
                self.server.disturb(nth, copies=2)
            case "restart":
                self.server.restart(name)

    def teardown(self) -> None:
        if hasattr(self, "server"):
            self.server.finish()
            self.happened.update(self.server.happened)


class NothingIsForgotten(Interleavings):
    """The server holds everything: whatever goes missing on the way, no listener misses anything.

    Refusals that pass are left out: a subscription that was put off resumes when another of its
    topics may have been joined later than where it stands, and what lies between cannot be sent
    any more on that connection, where numbers ascend.
    """

    happened: ClassVar[Counter[str]] = Counter()

    @initialize(held=st.just(10_000), sends=st.sampled_from(SENDS), codec=st.sampled_from(CODECS))
    def create(self, held: int, sends: tuple[bool, bool], codec: CodecName) -> None:
        has_states, is_whole = sends
        self.server = ScriptedServer(held, codec, has_states=has_states, is_whole=is_whole)
        self.begin()

    @precondition(lambda self: self.server.to_server)
    @rule(count=st.integers(1, 4), verdict=st.sampled_from(["ok", "ok", "ok", "forbidden"]))
    def serve(self, count: int, verdict: Verdict) -> None:
        super().serve(count, verdict)

    @precondition(lambda self: self.server.is_open)
    @rule(what=st.sampled_from(["cut", "lose", "double"]), nth=st.integers(0, 3), name=NAMES)
    def disturb(self, what: str, nth: int, name: str) -> None:
        super().disturb(what, nth, name)


class LateListeners(Interleavings):
    """What a listener has, its state and the changes after it, is the state at its position.

    Nothing goes missing on a connection; connections, producers, permissions and listeners end.
    """

    happened: ClassVar[Counter[str]] = Counter()

    @initialize(held=st.integers(0, 6), codec=st.sampled_from(CODECS))
    def create(self, held: int, codec: CodecName) -> None:
        self.server = ScriptedServer(held, codec, has_states=True, is_exact=True)
        self.begin()

    @precondition(lambda self: self.server.is_open)
    @rule(what=st.sampled_from(ENDS), nth=st.integers(0, 3), name=NAMES)
    def disturb(self, what: str, nth: int, name: str) -> None:
        del nth
        self.server.publish(name)
        match what:
            case "cut":
                self.server.cut()
            case "restart":
                self.server.restart(name)
            case "interrupt":
                self.server.interrupt(name)
            case "revoke":
                self.server.revoke(name)


def examples(machine: type[Interleavings], how: settings) -> Counter[str]:
    machine.happened.clear()
    run_state_machine_as_test(machine, settings=how)
    return machine.happened


SETTINGS = settings(max_examples=200, stateful_step_count=60, deadline=None)
LONG = settings(settings.get_profile("long"), stateful_step_count=60)


def test_every_update_comes_once_and_in_order_or_the_gap_is_told() -> None:
    """pitfall 24"""
    happened = examples(Interleavings, SETTINGS)
    # examples in which nothing happens prove nothing
    assert min(happened[what] for what in EXPECTED) > 0, happened


def test_nothing_is_missed_where_the_server_holds_everything() -> None:
    happened = examples(NothingIsForgotten, SETTINGS)
    assert happened["gap"] == 0
    assert min(happened[what] for what in ("recovered", "resync")) > 0, happened


def test_a_late_listener_has_the_state_and_every_change_of_it() -> None:
    """pitfall 23"""
    happened = examples(LateListeners, SETTINGS)
    expected = ("asked again", "state", "cut", "recovered", "not recovered", "gap", "stale")
    assert min(happened[what] for what in expected) > 0, happened


@pytest.mark.long
@pytest.mark.parametrize("machine", [Interleavings, NothingIsForgotten])
def test_ten_thousand_interleavings(machine: type[Interleavings]) -> None:
    happened = examples(machine, LONG)
    assert min(happened[what] for what in ("update", "cut", "recovered", "resync")) > 500, happened
