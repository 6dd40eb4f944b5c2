"""The real hub against the naive model, under random interleavings of all that can happen."""

from __future__ import annotations

import pytest
from hypothesis import settings
from packages.topicwire.tests.hub.model.machine import HubAgainstModel

STEPS = 40


class TestHubAgainstModel(HubAgainstModel.TestCase):  # type: ignore[misc, name-defined]  # made anew
    settings = settings(max_examples=150, stateful_step_count=STEPS, deadline=None)


@pytest.mark.long
class TestHubAgainstModelAtLength(HubAgainstModel.TestCase):  # type: ignore[misc, name-defined]
    settings = settings(settings.get_profile("long"), stateful_step_count=STEPS)
