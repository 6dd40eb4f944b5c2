"""What the reader of a generated client is told of a route's delivery."""

from __future__ import annotations

from typing import Any

import pytest

from topicwire.asyncapi.promises import promises

KEPT = {"maxUpdates": 300, "maxAgeS": 300.0, "maxBytes": 1_048_576}
NEWEST = "A client that is behind is sent the newest update"
NOT_AGAIN = "What a lost connection has missed is not sent again."


@pytest.mark.parametrize(
    ("delivery", "said"),
    [
        ({"policy": "lossless"}, ["Every update is sent, in order."]),
        (
            {"policy": "latest", "maxRateHz": 2.5},
            [f"{NEWEST}.", "At most 2.5 updates a second."],
        ),
        (
            {"policy": "latest", "key": "time", "lossless": "closed"},
            [f"{NEWEST} of each `time`, and every one that is `closed`."],
        ),
        (
            {"policy": "latest", "key": "(computed)"},
            [f"{NEWEST} of each key."],
        ),
        (
            {"policy": "drop_oldest", "maxQueue": 7},
            ["A client that is behind is sent the newest 7 updates."],
        ),
        (
            {"policy": "merge"},
            ["A client that is behind is sent one update that stands for several."],
        ),
    ],
)
def test_each_policy_is_said(delivery: dict[str, Any], said: list[str]) -> None:
    assert promises({"name": "bars", "delivery": delivery}) == (*said, NOT_AGAIN)


def test_what_is_kept_and_the_state_are_said() -> None:
    extension = {
        "delivery": {"policy": "lossless"},
        "snapshot": "service",
        "staleAfterS": 5.0,
        "replay": KEPT,
    }
    again = "What a lost connection has missed is sent again: up to 300 updates of 300 s"
    state = ("The present state comes first.", "A topic that is silent for 5 s is stale.")
    assert promises(extension)[1:] == (*state, f"{again}.")
    assert promises({**extension, "lingerS": 300.0})[-1] == f"{again}."
    assert promises({**extension, "lingerS": 5.0})[-1] == (
        f"{again}, while the topic has a subscriber and 5 s longer."
    )


def test_a_document_that_promises_nothing_says_nothing() -> None:
    assert promises({"name": "bars"}) == ()
