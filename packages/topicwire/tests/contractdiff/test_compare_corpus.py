"""Every construct of the corpus: the same is no change, and any change of it is reported truly."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from packages.topicwire.tests.contractdiff.documents import Document, compared, messages_of
from packages.topicwire.tests.contractdiff.schemas import changed, near, schemas
from packages.topicwire.tests.contractdiff.test_compare_properties import known_alone
from packages.topicwire.tests.corpus.constructs import CONSTRUCTS
from packages.topicwire.tests.corpus.routes import corpus_adapter, route_name

from topicwire.asyncapi.document import build
from topicwire.contractdiff.compare import compare

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@cache
def document(index: int) -> str:
    return json.dumps(build(corpus_adapter([CONSTRUCTS[index]])))


@pytest.mark.parametrize("index", range(len(CONSTRUCTS)), ids=lambda one: CONSTRUCTS[one].name)
def test_the_same_is_no_change(index: int) -> None:
    one, other = json.loads(document(index)), json.loads(document(index))
    assert compare(one, other).changes == ()


@pytest.mark.parametrize("index", range(len(CONSTRUCTS)), ids=lambda one: CONSTRUCTS[one].name)
def test_the_same_under_other_names_is_cosmetic(index: int) -> None:
    """Nothing is interned as one node here: the search itself has to prove it."""
    old = json.loads(document(index))
    text = document(index)
    shared = {"ErrorCode", "MessageId", "ResumePosition"}
    for name in old["components"]["schemas"].keys() - shared:
        text = text.replace(f'schemas/{name}"', f'schemas/Other{name}"')
        text = text.replace(f'"{name}": {{', f'"Other{name}": {{')
    report = compare(old, json.loads(text))
    assert {one.rule for one in report.changes} <= {"type-renamed", "rewritten"}
    assert report.counts()["cosmetic"] == len(report.changes)


def check(data: st.DataObject) -> None:
    text = document(data.draw(st.integers(0, len(CONSTRUCTS) - 1)))
    old: Document = json.loads(text)
    new: Document = json.loads(text)
    own = sorted(old["components"]["schemas"].keys() - {"ErrorCode", "MessageId", "ResumePosition"})
    for _ in range(data.draw(st.integers(1, 2))):
        if own:
            name = data.draw(st.sampled_from(own))
            schema = new["components"]["schemas"][name]
            new["components"]["schemas"][name] = data.draw(changed(schema, schemas()))
    report = compared(old, new)
    note(str(report))
    breaking = {name for one in report.of("breaking") for name in one.messages}
    route = next(name for name in old["channels"] if name != "connection")
    update, subscribe = f"{route}.update", f"{route}.subscribe"
    if subscribe not in breaking:
        payload = _payload(old, subscribe)
        value = _sent(data, payload, old)
        frame = {"type": subscribe, "payload": value}
        if messages_of(old, frame, "to_server"):
            assert messages_of(new, frame, "to_server"), frame
    if update not in breaking:
        value = _sent(data, _payload(new, update)["properties"]["payload"], new)
        frame = {"type": update, "payload": {"topic": "a", "seq": 1, "payload": value}}
        if messages_of(new, frame, "to_client"):
            assert messages_of(old, frame, "to_client"), frame


def _payload(of: Document, name: str) -> Any:
    return of["components"]["messages"][name]["payload"]["properties"]["payload"]


def _sent(data: st.DataObject, schema: Any, of: Document) -> Any:
    components = of["components"]["schemas"]
    return known_alone(schema, data.draw(near(schema, components)), components)


def test_every_construct_has_a_route_of_its_own() -> None:
    assert len({route_name(one) for one in CONSTRUCTS}) == len(CONSTRUCTS)


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(st.data())
def test_a_change_of_a_model_is_reported_truly(data: st.DataObject) -> None:
    check(data)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=SLOW)
@given(st.data())
def test_ten_thousand_changes_of_models_are_reported_truly(data: st.DataObject) -> None:
    check(data)
