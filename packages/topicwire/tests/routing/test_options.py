"""What a route may declare, and what is refused because it could not hold."""

from __future__ import annotations

import math
from typing import Any

import pytest
from packages.topicwire.tests.trading import DrivenService, trades

from topicwire import DeclarationError, ReplayLimits, latest, merge


def test_by_default_a_service_makes_the_updates_and_without_one_the_application() -> None:
    assert trades(DrivenService()).settings.updates_from == "producer"
    assert trades().settings.updates_from == "application"


def test_a_promise_that_outlives_the_producer_is_refused_with_the_cure() -> None:
    with pytest.raises(DeclarationError, match=r"promises to replay 300 s.*Say linger_s=300"):
        trades(DrivenService(), linger_s=5, replay=ReplayLimits())


@pytest.mark.parametrize(
    "options",
    [
        {"linger_s": 300, "replay": ReplayLimits()},
        {"linger_s": 5, "replay": ReplayLimits(max_age_s=5)},
        {"linger_s": 0, "replay": ReplayLimits(), "updates_from": "application"},
        {"linger_s": 0, "replay": None},
        {"linger_s": 0},
    ],
)
def test_what_can_hold_is_accepted(options: dict[str, Any]) -> None:
    assert trades(DrivenService(), **options).settings.linger_s == options["linger_s"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"updates_from": "elsewhere"}, "'producer'"),
        ({"updates_from": "producer"}, "has no service"),
        ({"delivery": "latest"}, r"it is lossless\(\), latest\(\)"),
        (
            {"delivery": latest("symbol"), "snapshot": "last"},
            "an update for each key .*get_snapshot",
        ),
        ({"delivery": merge(max), "snapshot": "last"}, "merges updates .*get_snapshot"),
        (
            {"delivery": latest("symbol"), "full_state": True},
            "an update for each key and says full_state=True.*plain get_snapshot",
        ),
        ({"delivery": merge(max), "full_state": True}, "merges updates and says full_state=True"),
        ({"linger_s": "5"}, "linger_s of route 'trades' is '5'"),
        ({"linger_s": math.nan}, "a finite number of seconds"),
        ({"linger_s": math.inf}, "say updates_from='application'"),
        ({"linger_s": True}, "is True"),
        ({"replay": 300}, r"replay of route 'trades' is 300: it is ReplayLimits\("),
        ({"stale_after_s": "5"}, "stale_after_s of route 'trades' is '5'"),
        ({"snapshot": ["last"]}, "it is 'last'"),
        ({"updates_from": []}, "it is 'producer'"),
        ({"full_state": "yes"}, "full_state of route 'trades' is str: it is True or False"),
        ({"wildcards": 1}, "wildcards of route 'trades' is int"),
        ({"linger": 5}, "has no option 'linger'. Its options are delivery"),
    ],
)
def test_what_is_wrong_is_said(options: dict[str, Any], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        trades(**options)
