"""The lifecycle of a topic against a model that only knows who wants it and what runs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from topicwire.core.lifecycle import Effect, Lifecycle, State


class LifecycleAgainstModel(RuleBasedStateMachine):
    """pitfalls 2, 5, 6: subscribe, unsubscribe and disconnect during start, stop and failure.

    `waiting` hold the topic and do not receive it yet; `told` receive it and were told that its
    producer is dead. A disconnect is a release; a shutdown releases all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.receiving = 0
        self.waiting = 0
        self.told = False
        self.dead = False
        self.removing = False
        self.pausing = False
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

    @property
    def wanted(self) -> int:
        return self.receiving + self.waiting

    def is_under_way(self) -> bool:
        return any(
            (
                self.starting,
                self.running,
                self.stopping,
                self.closing,
                self.removing,
                self.pausing,
            )
        )

    def carry_out(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            self.history.append(effect)
            self.run_producer(effect)
            self.mend_producer(effect)
            self.keep(effect)

    def run_producer(self, effect: Effect) -> None:
        match effect:
            case Effect.START:
                assert not self.is_under_way()
                self.starting = True
            case Effect.ADMIT:
                assert self.running
                assert not self.dead
                assert not self.told
                self.receiving += self.waiting
                self.waiting = 0
            case Effect.REJECT:
                assert not self.running
                self.waiting = 0
                self.told = self.told and self.receiving > 0
            case Effect.ARM_LINGER:
                assert self.running
                assert not self.dead
                assert not self.armed
                self.armed = True
                self.told = False
            case Effect.DISARM_LINGER:
                assert self.armed
                self.armed = False
            case Effect.STOP:
                # of a dead producer that nobody wants any longer, what it kept is still there
                assert self.running or self.told
                assert not self.wanted
                assert not self.armed
                assert not self.pausing
                self.running, self.stopping = False, True
                self.told = self.dead = False

    def mend_producer(self, effect: Effect) -> None:
        match effect:
            case Effect.INTERRUPT:
                assert self.dead
                assert not self.told
                self.told = True
            case Effect.REMOVE:
                assert self.dead
                assert self.running
                self.running, self.dead = False, False
                self.removing = True
            case Effect.ARM_RESTART:
                assert not self.is_under_way()
                assert self.told
                self.pausing = True
            case Effect.DISARM_RESTART:
                assert self.pausing
                assert not self.wanted
                self.pausing = False
            case Effect.REVIVE:
                assert self.running
                assert not self.dead
                assert self.told
                self.told = False

    def keep(self, effect: Effect) -> None:
        match effect:
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
        effects = self.lifecycle.hold()
        if self.lifecycle.state is State.LIVE:
            self.receiving += 1
        else:
            self.waiting += 1
        self.carry_out(effects)

    @precondition(lambda self: self.receiving)
    @rule()
    def leave(self) -> None:
        self.receiving -= 1
        self.carry_out(self.lifecycle.release())

    @precondition(lambda self: self.waiting)
    @rule()
    def give_up(self) -> None:
        self.waiting -= 1
        self.carry_out(self.lifecycle.release())

    @precondition(lambda self: self.wanted)
    @rule()
    def shut_down(self) -> None:
        while self.receiving:
            self.leave()
        while self.waiting:
            self.give_up()

    @precondition(lambda self: self.starting)
    @rule()
    def started(self) -> None:
        self.starting, self.running = False, True
        self.carry_out(self.lifecycle.started())

    @precondition(lambda self: self.starting)
    @rule()
    def failed(self) -> None:
        self.starting = self.dead = False
        self.carry_out(self.lifecycle.failed(self.waiting))

    @precondition(lambda self: (self.running or self.starting or self.stopping) and not self.dead)
    @rule()
    def died(self) -> None:
        self.dead = not self.stopping
        self.carry_out(self.lifecycle.died())

    @precondition(lambda self: self.running and self.receiving and not self.dead)
    @rule(data=st.data())
    def died_before_the_replies(self, data: st.DataObject) -> None:
        """Those who were let go on and have not been answered yet wait again."""
        again = data.draw(st.integers(1, self.receiving))
        self.receiving -= again
        self.waiting += again
        self.died()

    @precondition(lambda self: self.removing)
    @rule()
    def removed(self) -> None:
        self.removing = False
        self.carry_out(self.lifecycle.removed())

    @precondition(lambda self: self.pausing)
    @rule()
    def restart_due(self) -> None:
        self.pausing = False
        self.carry_out(self.lifecycle.restart_due())

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
    def who_is_told_that_it_is_dead_is_told_that_it_runs(self) -> None:
        if hasattr(self, "lifecycle"):
            assert self.lifecycle.is_interrupted == self.told
        if self.running:
            assert not self.told
            assert not self.dead
        elif self.receiving:
            assert self.told
            assert self.removing or self.pausing or self.starting

    @invariant()
    def waits_for_its_restart_only_while_it_is_wanted(self) -> None:
        if self.pausing:
            assert self.wanted

    @invariant()
    def runs_unwanted_only_while_it_lingers(self) -> None:
        if self.running and not self.wanted:
            assert self.lingers
            assert self.armed

    def teardown(self) -> None:
        """Left alone, everything ends: nothing runs and the topic is forgotten."""
        self.shut_down()
        if self.starting:
            self.started()
        if self.removing:
            self.removed()
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
