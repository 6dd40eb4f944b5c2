"""The real hub against the naive model, under random interleavings of all that can happen."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from packages.topicwire.tests.hub.model.machine import HubAgainstModel

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
