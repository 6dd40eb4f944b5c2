"""The real hub against the naive model, under random interleavings of all that can happen."""

from __future__ import annotations

import pytest
from hypothesis import settings
from packages.topicwire.tests.hub.model.machine import HubAgainstModel

STEPS = 40


class HubAgainstModelAtLength(HubAgainstModel):
    """The same, for `make test-long`."""


HubAgainstModel.TestCase.settings = settings(
    max_examples=150, stateful_step_count=STEPS, deadline=None
)
TestHubAgainstModel = HubAgainstModel.TestCase

HubAgainstModelAtLength.TestCase.settings = settings(
    settings.get_profile("long"), stateful_step_count=STEPS
)
TestHubAgainstModelAtLength = pytest.mark.long(HubAgainstModelAtLength.TestCase)
