"""The real hub against the naive model, under random interleavings of all that can happen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from packages.topicwire.tests.hub.model.machine import HubAgainstModel
from packages.topicwire.tests.hub.model.trace import Trace, topic_of
from packages.topicwire.tests.hub.model.world import LIMITS

from topicwire.types import Position, TopicId

STEPS = 40
QUICK = settings(max_examples=150, stateful_step_count=STEPS, deadline=None)
LONG = settings(settings.get_profile("long"), stateful_step_count=STEPS)

OFTEN = [
    *("Subscribed", "update", "state", "recovered", "not recovered", "interrupted"),
    *("numbering_lost", "timeout", "forbidden", "cut", "slow", "given up"),
]
SELDOM = [
    *("Already subscribed", "unsubscribed", "not_subscribed", "producer_failed"),
    *("producer_restarted", "lost"),
]
"""What must have happened: examples in which nothing does prove nothing."""


def examples(how: settings) -> Counter[str]:
    HubAgainstModel.happened.clear()
    run_state_machine_as_test(HubAgainstModel, settings=how)
    return HubAgainstModel.happened


def test_the_hub_does_what_the_model_says() -> None:
    happened = examples(QUICK)
    assert min(happened[what] for what in OFTEN) > 0, happened


@pytest.mark.long
def test_ten_thousand_interleavings() -> None:
    happened = examples(LONG)
    assert min(happened[what] for what in [*OFTEN, *SELDOM]) > 50, happened


TOPIC = topic_of("A")


@pytest.fixture
def machine() -> Iterator[HubAgainstModel]:
    """A model that goes where a test says; the application makes the updates."""
    machine = HubAgainstModel()
    machine.create(
        linger_s=0.0, source="application", replay=LIMITS, snapshot=None, is_prompt=False
    )
    yield machine
    machine.teardown()


def subscribed(machine: HubAgainstModel, seen: Position | None = None) -> Trace:
    trace = machine._connect(legacy=True)
    resume = {} if seen is None else {TOPIC: seen}
    machine.run(machine._send(trace, "subscribe", ("A",), resume))
    machine.every_trace_keeps_the_guarantees()
    return trace


def told_after_a_start_that_timed_out(machine: HubAgainstModel) -> Position:
    """Let four updates come during the start that fails. Returns the first place of a client."""
    machine.be_away(trace=subscribed(machine), waits_s=(0.0, 0.0), count=4)
    machine.run(machine.let_pass(10.0))
    machine.every_trace_keeps_the_guarantees()
    assert machine.service.pending == {}
    subscribed(machine)
    machine.finish_all_well()
    machine.every_trace_keeps_the_guarantees()
    (told,) = machine.ledger.reached[TOPIC]
    assert told.seq == 4
    return told


def test_nobody_comes_back_to_where_nobody_can_have_been(machine: HubAgainstModel) -> None:
    """A start that fails leaves its numbering, and nothing that came during it."""
    told = told_after_a_start_that_timed_out(machine)
    HubAgainstModel.happened.clear()
    subscribed(machine, told._replace(seq=1))
    assert HubAgainstModel.happened["not recovered"] == 1
    machine.publish("A", 2)
    subscribed(machine, told)
    assert HubAgainstModel.happened["recovered"] == 1


def test_a_hub_that_gives_up_what_a_client_has_missed_is_found_out(
    machine: HubAgainstModel,
) -> None:
    told = told_after_a_start_that_timed_out(machine)
    machine.publish("A", 2)
    machine.app.hub._topics[TopicId("trades", TOPIC)]._recent.forget()
    with pytest.raises(AssertionError, match="guarantee 9"):
        subscribed(machine, told)
