"""The lifecycle of a topic against a model that only knows who wants it and what runs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from topicwire.core.lifecycle import Effect, Lifecycle, LifecycleError, State


class LifecycleAgainstModel(RuleBasedStateMachine):
    """pitfalls 2, 5, 6: subscribe, unsubscribe and disconnect during start, stop and failure."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = 0
        self.waiting = 0
        self.starting = False
        self.running = False
        self.stopping = False
        self.closing = False
        self.armed = False
        self.expiring = False
        self.history: list[Effect] = []

    @initialize(lingers=st.booleans(), retains=st.booleans())
    def create(self, lingers: bool, retains: bool) -> None:  # noqa: FBT001 - passed by name
        self.lingers = lingers
        self.retains = retains
        self.lifecycle = Lifecycle(lingers=lingers, retains=retains)

    def is_under_way(self) -> bool:
        return any((self.starting, self.running, self.stopping, self.closing))

    def carry_out(self, effects: tuple[Effect, ...]) -> None:  # noqa: C901 - one case an effect
        for effect in effects:
            self.history.append(effect)
            match effect:
                case Effect.START:
                    assert not self.is_under_way()
                    self.starting = True
                case Effect.ADMIT:
                    assert self.running
                    self.waiting = 0
                case Effect.REJECT:
                    assert not self.running
                    self.wanted = self.waiting = 0
                case Effect.ARM_LINGER:
                    assert self.running
                    assert not self.armed
                    self.armed = True
                case Effect.DISARM_LINGER:
                    assert self.armed
                    self.armed = False
                case Effect.STOP:
                    assert self.running
                    assert not self.armed
                    self.running, self.stopping = False, True
                case Effect.ARM_EXPIRY:
                    assert self.retains
                    assert not self.is_under_way()
                    assert not self.expiring
                    self.expiring = True
                case Effect.DISARM_EXPIRY:
                    assert self.expiring
                    self.expiring = False
                case Effect.CLOSE:
                    assert not self.is_under_way()
                    self.closing = True
                case Effect.FORGET:
                    assert not self.is_under_way()
                    assert not self.expiring

    @rule()
    def hold(self) -> None:
        self.wanted += 1
        effects = self.lifecycle.hold()
        if self.lifecycle.state is not State.LIVE:
            self.waiting += 1
        self.carry_out(effects)

    @precondition(lambda self: self.wanted)
    @rule()
    def release(self) -> None:
        self.wanted -= 1
        self.waiting = min(self.waiting, self.wanted)
        self.carry_out(self.lifecycle.release())

    @precondition(lambda self: self.starting)
    @rule()
    def started(self) -> None:
        self.starting, self.running = False, True
        self.carry_out(self.lifecycle.started())

    @precondition(lambda self: self.starting)
    @rule()
    def failed(self) -> None:
        self.starting = False
        self.carry_out(self.lifecycle.failed())

    @precondition(lambda self: self.armed)
    @rule()
    def linger_elapsed(self) -> None:
        self.armed = False
        self.carry_out(self.lifecycle.linger_elapsed())

    @precondition(lambda self: self.stopping)
    @rule()
    def stopped(self) -> None:
        self.stopping = False
        self.carry_out(self.lifecycle.stopped())

    @precondition(lambda self: self.expiring)
    @rule()
    def expired(self) -> None:
        self.expiring = False
        self.carry_out(self.lifecycle.expired())
        assert not self.lifecycle.keeps

    @precondition(lambda self: self.closing)
    @rule()
    def closed(self) -> None:
        self.closing = False
        self.carry_out(self.lifecycle.closed())

    @invariant()
    def counts_who_wants_it(self) -> None:
        if hasattr(self, "lifecycle"):
            assert self.lifecycle.holders == self.wanted

    @invariant()
    def something_is_under_way_while_it_is_wanted(self) -> None:
        if self.wanted:
            assert self.is_under_way()
            assert not self.armed
            assert not self.expiring

    @invariant()
    def nobody_waits_for_what_runs(self) -> None:
        if self.running:
            assert not self.waiting

    @invariant()
    def runs_unwanted_only_while_it_lingers(self) -> None:
        if self.running and not self.wanted:
            assert self.lingers
            assert self.armed

    def teardown(self) -> None:
        """Left alone, everything ends: nothing runs and the topic is forgotten."""
        while self.wanted:
            self.release()
        if self.starting:
            self.started()
        if self.armed:
            self.linger_elapsed()
        if self.stopping:
            self.stopped()
        if self.expiring:
            self.expired()
        if self.closing:
            self.closed()
        assert not self.is_under_way()
        if hasattr(self, "lifecycle"):
            assert self.lifecycle.state is State.IDLE
        starts_and_stops = [e for e in self.history if e in {Effect.START, Effect.STOP}]
        assert (Effect.STOP, Effect.STOP) not in list(pairwise(starts_and_stops))


TestLifecycleAgainstModel = LifecycleAgainstModel.TestCase


def test_the_first_of_many_starts_it_once() -> None:
    lifecycle = Lifecycle(lingers=False)
    assert lifecycle.hold() == (Effect.START,)
    assert [lifecycle.hold() for _ in range(3)] == [(), (), ()]
    assert lifecycle.started() == (Effect.ADMIT,)


def test_stops_when_all_have_left_during_the_start() -> None:
    lifecycle = Lifecycle(lingers=False)
    lifecycle.hold()
    assert lifecycle.release() == ()
    assert lifecycle.started() == (Effect.STOP,)
    assert lifecycle.stopped() == (Effect.FORGET,)


def test_starts_again_for_who_came_during_the_stop() -> None:
    lifecycle = Lifecycle(lingers=False)
    lifecycle.hold()
    lifecycle.started()
    assert lifecycle.release() == (Effect.STOP,)
    assert lifecycle.hold() == ()
    assert lifecycle.stopped() == (Effect.START,)


def test_goes_on_for_who_came_during_the_linger() -> None:
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.started()
    assert lifecycle.release() == (Effect.ARM_LINGER,)
    assert lifecycle.hold() == (Effect.DISARM_LINGER,)
    assert lifecycle.state is State.LIVE


def test_a_failed_start_leaves_nothing() -> None:
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.hold()
    assert lifecycle.failed() == (Effect.REJECT, Effect.FORGET)
    assert (lifecycle.state, lifecycle.holders) == (State.IDLE, 0)


def test_what_was_kept_survives_a_failed_start() -> None:
    lifecycle = Lifecycle(lingers=False, retains=True)
    lifecycle.hold()
    lifecycle.started()
    lifecycle.release()
    assert lifecycle.stopped() == (Effect.ARM_EXPIRY,)
    assert lifecycle.hold() == (Effect.DISARM_EXPIRY, Effect.START)
    assert lifecycle.failed() == (Effect.REJECT, Effect.ARM_EXPIRY)
    assert lifecycle.expired() == (Effect.CLOSE,)
    assert lifecycle.hold() == ()
    assert lifecycle.closed() == (Effect.START,)
    assert lifecycle.failed() == (Effect.REJECT, Effect.FORGET)


EVENTS = ["release", "started", "failed", "linger_elapsed", "stopped", "expired", "closed"]


@pytest.mark.parametrize("event", EVENTS)
def test_refuses_what_cannot_happen_to_an_idle_topic(event: str) -> None:
    lifecycle = Lifecycle(lingers=True)
    with pytest.raises(LifecycleError, match=f"'{event}' cannot happen to a topic that is idle"):
        getattr(lifecycle, event)()
