"""Whatever a server sends: what is no message of the protocol harms nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.client.effects import Report
from topicwire.client.session import Session

MEMBERS = [
    *("topic", "seq", "epoch", "payload", "status", "topics", "retry", "snapshot", "limits"),
    *("heartbeat_s", "heartbeat_grace_s", "retry_after_ms", "code", "message", "details"),
    *("stale_after_s", "delivery", "recovered", "full_state", "source", "reason"),
]
TYPES = ["r.update", "r.reset", "r.closed", "r.subscribe.response", "hello", "closing", "error"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.sampled_from(["t", "e", "ok", 10**400]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=6),
    ),
    max_leaves=12,
)
MESSAGES = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*TYPES, ".", "", "ping", "pong"]) | VALUES,
        "id": st.integers(0, 4) | VALUES,
        "payload": VALUES,
    }
)


@given(st.lists(MESSAGES, max_size=6))
def test_no_message_raises(messages: list[dict[str, Any]]) -> None:
    session = Session()
    session.subscribe(1, "r", "{}")
    session.subscribe(2, "r", '{"a":1}')
    session.call(3, "r.operation", None)
    session.opened()
    accepted = {"status": "ok", "topic": "t", "epoch": "e", "seq": 1}
    reply = {"type": "r.subscribe.response", "id": 2, "payload": accepted}
    for message in (reply, *messages):
        session.receive(json.dumps(message), 0.0)
    session.lost(1006)
    session.opened()
    while session.next() is not None:
        pass


@pytest.mark.parametrize("member", ["retry_after_ms", "heartbeat_s"])
def test_a_number_of_hundreds_of_digits_is_none(member: str) -> None:
    session = Session()
    kind = "closing" if member == "retry_after_ms" else "hello"
    session.receive(json.dumps({"type": kind, "payload": {member: 10**400}}), 0.0)
    assert not isinstance(session.next(), Report)


def test_what_json_has_not_is_no_message() -> None:
    session = Session()
    session.receive('{"type":"closing","payload":{"retry_after_ms":NaN}}', 0.0)
    effect = session.next()
    assert isinstance(effect, Report)
    assert effect.error.code == "invalid_json"
