"""A frame is exactly one message of the document, or a fault that says why."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct, corpus_adapter
from packages.topicwire.tests.corpus.instances import instances
from packages.topicwire.tests.corpus.routes import request_type
from pydantic import TypeAdapter, ValidationError

from topicwire.asyncapi.document import build
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.frames import FrameValidator, travelling_messages
from topicwire.asyncapi.schemas import PayloadUse, payload_schemas
from topicwire.asyncapi.validate import FrameMismatchError
from topicwire.types import Direction
from topicwire.wire.codec import JsonEncoder
from topicwire.wire.frames import json_bytes, update_frame, update_prefix

# The document says `string` where Pydantic wants something in it: a number, JSON, no blanks.
NARROWER_THAN_THE_DOCUMENT = {
    "bigIntegers",
    "decimals",
    "hosts",
    "seconds",
    "strings",
    "validators",
}
# Of the strings that are allowed hardly one is such a text.
OTHER_TEXT = {"embedded", "moments", "otherNumbers", "takesText"}


@cache
def document() -> dict[str, Any]:
    return build(corpus_adapter())


@cache
def validator() -> FrameValidator:
    return FrameValidator(document())


@pytest.mark.filterwarnings("ignore:use Plain:DeprecationWarning")  # one construct is deprecated
@pytest.mark.parametrize(
    "construct",
    [one for one in CONSTRUCTS if one.name not in OTHER_TEXT],
    ids=lambda one: one.name,
)
def test_any_value_of_a_type_is_exactly_one_message_each_way(construct: Construct) -> None:
    """pitfall 21: what Pydantic takes and gives is what the document says, and nothing else."""
    kind = construct.payload_type
    described = payload_schemas([PayloadUse("it", "to_server", kind)])
    encode = JsonEncoder(kind, construct.name)
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    prefix = update_prefix(construct.name, "topic")
    accepted = 0

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(instances(described.payloads["it"], described.components), st.integers(0, 2**53 - 1))
    def check(value: Any, seq: int) -> None:
        nonlocal accepted
        try:
            typed = adapter.validate_json(json.dumps(value))
        except ValidationError:
            assert construct.name in NARROWER_THAN_THE_DOCUMENT, value
            return
        accepted += 1
        update = update_frame(prefix, seq, encode(typed)).data
        assert validator().match(update, "to_client") == f"{construct.name}.update"
        if request_type(construct) is kind:
            frame = json_bytes({"type": f"{construct.name}.subscribe", "id": seq, "payload": value})
            assert validator().match(frame, "to_server") == f"{construct.name}.subscribe"

    check()
    assert accepted


@pytest.mark.filterwarnings("ignore:use Plain:DeprecationWarning")  # one construct is deprecated
@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda one: one.name)
def test_what_a_server_has_is_what_the_document_says(construct: Construct) -> None:
    """The values are made from the Python declaration, so a schema can forget none of them."""

    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(construct.values())
    def check(value: Any) -> None:
        update = {"topic": "t", "seq": 1, "payload": construct.received_json(value)}
        named = f"{construct.name}.update"
        assert (
            validator().match(json_bytes({"type": named, "payload": update}), "to_client") == named
        )
        named = f"{construct.name}.echo"
        sent = json_bytes({"type": named, "id": 1, "payload": construct.sent_json(value)})
        assert validator().match(sent, "to_server") == named

    check()


FRAMES = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["plain.update", "plain.subscribe", "error", "ping", "x", 1]),
        "id": st.none() | st.integers() | st.text(max_size=70),
        "payload": st.none()
        | st.fixed_dictionaries({"topic": st.just("t"), "seq": st.integers(-1, 2)})
        | st.just({"name": "a", "count": 1, "ratio": 0.5, "active": True})
        | st.just({"code": "internal", "message": "m"}),
    },
)


@settings(max_examples=150, deadline=None)
@given(FRAMES, st.sampled_from(["to_server", "to_client"]))
def test_it_agrees_with_trying_every_message(frame: dict[str, Any], direction: Direction) -> None:
    whole = document()
    naive = {
        where.rpartition("/")[2]
        for way, where, message in travelling_messages(whole)
        if way == direction
        and Draft7Validator({**message["payload"], "components": whole["components"]}).is_valid(
            frame
        )
    }
    try:
        found = {validator().match(json.dumps(frame), direction)}
    except FrameMismatchError as mismatch:
        found = set(mismatch.matches)
        assert len(found) != 1
    assert found == naive


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ("{", "not JSON"),
        ('{"type":"plain.updat"}', "did you mean `plain.update`"),
        ("[]", "no message of the document"),
        (
            '{"type":"plain.update","payload":{"topic":"t","seq":1,"payload":{"name":1}}}',
            "#/payload/payload",
        ),
    ],
)
def test_a_mismatch_says_what_is_wrong_where(frame: str, said: str) -> None:
    with pytest.raises(FrameMismatchError, match=said):
        validator().match(frame, "to_client")


def test_a_message_without_its_constant_makes_frames_ambiguous() -> None:
    """pitfall 21"""
    mutant = json.loads(json.dumps(document()))
    mutant["components"]["messages"]["plain.update"]["payload"] = {"type": "object"}
    with pytest.raises(FrameMismatchError) as caught:
        FrameValidator(mutant).match('{"type":"pong"}', "to_client")
    assert set(caught.value.matches) == {"pong", "plain.update"}


def test_the_direction_counts() -> None:
    frame = '{"type":"plain.subscribe","payload":{"name":"a","count":1,"ratio":1,"active":true}}'
    assert validator().match(frame, "to_server") == "plain.subscribe"
    with pytest.raises(FrameMismatchError):
        validator().match(frame, "to_client")


def test_a_dangling_reference_is_told_at_once() -> None:
    mutant = json.loads(json.dumps(document()))
    del mutant["components"]["messages"]["plain.update"]
    with pytest.raises(DocumentError, match=r"plain\.update"):
        FrameValidator(mutant)
