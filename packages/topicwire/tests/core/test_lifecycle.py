"""The lifecycle of a topic: what each event leads to."""

from __future__ import annotations

import pytest

from topicwire.core.lifecycle import Effect, Lifecycle, LifecycleError, State


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
    assert lifecycle.failed(2) == (Effect.REJECT, Effect.FORGET)
    assert (lifecycle.state, lifecycle.holders) == (State.IDLE, 0)


def test_what_was_kept_survives_a_failed_start() -> None:
    lifecycle = Lifecycle(lingers=False, retains=True)
    lifecycle.hold()
    lifecycle.started()
    lifecycle.release()
    assert lifecycle.stopped() == (Effect.ARM_EXPIRY,)
    assert lifecycle.hold() == (Effect.DISARM_EXPIRY, Effect.START)
    assert lifecycle.failed(1) == (Effect.REJECT, Effect.ARM_EXPIRY)
    assert lifecycle.expired() == (Effect.CLOSE,)
    assert lifecycle.hold() == ()
    assert lifecycle.closed() == (Effect.START,)
    assert lifecycle.failed(1) == (Effect.REJECT, Effect.FORGET)


def test_starts_again_what_died_for_those_who_received_it() -> None:
    """pitfall 5: a producer that dies is started again, and nobody is left with nothing"""
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.started()
    assert lifecycle.died() == (Effect.INTERRUPT, Effect.REMOVE)
    assert lifecycle.hold() == ()
    assert lifecycle.removed() == (Effect.ARM_RESTART,)
    assert lifecycle.restart_due() == (Effect.START,)
    assert lifecycle.failed(1) == (Effect.REJECT, Effect.ARM_RESTART)
    assert lifecycle.holders == 1
    assert lifecycle.restart_due() == (Effect.START,)
    assert lifecycle.started() == (Effect.REVIVE, Effect.ADMIT)
    assert not lifecycle.is_interrupted


def test_what_dies_during_its_restart_is_not_announced_as_running() -> None:
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.started()
    lifecycle.died()
    lifecycle.removed()
    lifecycle.restart_due()
    assert lifecycle.died() == ()
    assert lifecycle.started() == (Effect.REMOVE,)
    assert lifecycle.state is State.FAILED


def test_is_not_started_again_when_nobody_wants_it_any_longer() -> None:
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.started()
    lifecycle.died()
    assert lifecycle.release() == ()
    assert lifecycle.removed() == (Effect.STOP,)
    assert lifecycle.stopped() == (Effect.FORGET,)


def test_a_release_ends_the_pause_before_a_restart() -> None:
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.started()
    lifecycle.died()
    lifecycle.removed()
    assert lifecycle.release() == (Effect.DISARM_RESTART, Effect.STOP)


def test_what_dies_while_it_lingers_is_stopped() -> None:
    lifecycle = Lifecycle(lingers=True)
    lifecycle.hold()
    lifecycle.started()
    lifecycle.release()
    assert lifecycle.died() == (Effect.DISARM_LINGER, Effect.STOP)
    assert lifecycle.died() == ()


EVENTS = [
    "release",
    "started",
    "linger_elapsed",
    "stopped",
    "expired",
    "closed",
    "died",
    "removed",
    "restart_due",
]


@pytest.mark.parametrize("event", EVENTS)
def test_refuses_what_cannot_happen_to_an_idle_topic(event: str) -> None:
    lifecycle = Lifecycle(lingers=True)
    with pytest.raises(LifecycleError, match=f"'{event}' cannot happen to a topic that is idle"):
        getattr(lifecycle, event)()


def test_refuses_the_failure_of_what_is_not_started() -> None:
    lifecycle = Lifecycle(lingers=True)
    with pytest.raises(LifecycleError, match="'failed' cannot happen to a topic that is idle"):
        lifecycle.failed(0)
