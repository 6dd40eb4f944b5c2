"""The usual reply is what Pydantic would have written."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.replies import SubscriptionResponse
from topicwire.types import Delivery
from topicwire.wire.responses import is_usual, usual_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER: Any = 7
MAYBE = st.none() | st.booleans()


class Extended(SubscriptionResponse):
    """A reply of an application's own."""


class Given(NamedTuple):
    epoch: str
    seq: int
    recovered: bool | None
    snapshot: bool | None
    full_state: bool | None
    stale_after_s: float | None
    delivery: Delivery | None


@given(
    message=TEXT,
    topic=TEXT,
    given=st.builds(
        Given,
        epoch=TEXT,
        seq=st.integers(0, 2**53 - 1),
        recovered=MAYBE,
        snapshot=MAYBE,
        full_state=st.sampled_from((None, True)),
        stale_after_s=st.none() | st.floats(0.25, 1e6),
        delivery=st.none() | st.sampled_from(("latest", "drop_oldest", "merge")),
    ),
)
def test_a_usual_reply_says_what_the_model_says(message: str, topic: str, given: Given) -> None:
    response = SubscriptionResponse(status="ok", message=message, topic=topic)
    assert is_usual(response)
    written = usual_json(
        response,
        given.epoch,
        given.seq,
        recovered=given.recovered,
        snapshot=given.snapshot,
        full_state=bool(given.full_state),
        stale_after_s=given.stale_after_s,
        delivery=given.delivery,
    )
    assert written == response.model_copy(update=given._asdict()).model_dump_json().encode()


@pytest.mark.parametrize(
    "response",
    [
        SubscriptionResponse(status="error", message="", topic=""),
        SubscriptionResponse(status="ok", message="", topic="", symbol="AAPL"),
        SubscriptionResponse(status="ok", message="", topic="", seq=7),
        SubscriptionResponse.model_construct(status="ok", message=NUMBER, topic=""),
        Extended(status="ok", message="", topic=""),
        None,
    ],
)
def test_whatever_else_a_handler_says_is_left_to_the_model(response: object) -> None:
    assert not is_usual(response)
