"""What a hand, or another program, makes wrong in a document is found where it is wrong."""

from __future__ import annotations

import asyncio
import copy
import json
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packages.topicwire.tests.asyncapi.mutants import MUTANTS, Mutant
from packages.topicwire.tests.asyncapi.session import DOCUMENT, Message, record

from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.frames import FrameValidator
from topicwire.asyncapi.pointers import objects
from topicwire.asyncapi.validate import faults, validate

Path = tuple[str | int, ...]
Mutation = tuple[Path, Any]
"""What stands at the path becomes this; `GONE` deletes it."""

GONE = object()
# The application's own models. A constant or a type changed in there is another model, and right.
MODELS = {"Ask", "AskInput", "Card", "CardInput", "Cash", "CashInput", "Trade", "Preview"}


def test_the_document_that_is_mutated_is_right() -> None:
    assert faults(DOCUMENT) == []
    assert len(MUTANTS) >= 30
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_mutant_is_rejected_where_it_is_wrong(mutant: Mutant) -> None:
    """pitfall 21"""
    document = copy.deepcopy(DOCUMENT)
    mutant.change(document)
    assert document != DOCUMENT
    found = faults(document)
    assert any(fault.where.startswith(mutant.where) for fault in found), found
    assert all(fault.cure for fault in found)


def test_what_is_wrong_is_raised_each_fault_on_a_line() -> None:
    document = copy.deepcopy(DOCUMENT)
    del document["x-topicwire"]
    document["channels"]["tape"]["address"] = "/other"
    with pytest.raises(DocumentError) as caught:
        validate(document)
    lines = str(caught.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["#/channels", "#/x-topicwire"]


@cache
def session() -> list[Message]:
    return asyncio.run(record())


def assert_each_is_one_message(document: dict[str, Any]) -> set[str]:
    frames = FrameValidator(document)
    return {frames.match(text, direction) for direction, text in session()}


def test_the_session_has_every_message_that_travels_unasked_or_in_answer() -> None:
    seen = assert_each_is_one_message(DOCUMENT)
    rest = set(DOCUMENT["components"]["messages"]) - seen
    kinds = {name.partition(".")[2] if "." in name else name for name in seen}
    unseen = {name.partition(".")[2] if "." in name else name for name in rest} - kinds
    assert unseen == set()


def at(document: Any, path: Path) -> Any:
    for part in path:
        document = document[part]
    return document


def mutations() -> list[list[Mutation]]:
    """By kind: keys deleted, constants changed, references led elsewhere."""
    found = list(objects(DOCUMENT))
    targets = sorted({one["$ref"] for _, one in found if "$ref" in one})
    deleted = [((*path, key), GONE) for path, one in found for key in one]
    protocol = [
        (path, one)
        for path, one in found
        if path[:2] != ("components", "schemas") or not MODELS & set(path[2:3])
    ]
    constants: list[Mutation] = [
        ((*path, "const"), other)
        for path, one in protocol
        if "const" in one
        for other in ("other", False, None, 1)
    ]
    led: list[Mutation] = [
        ((*path, "$ref"), target)
        for path, one in protocol
        if "$ref" in one and one["$ref"].rpartition("/")[2] not in MODELS
        for target in targets
        if target != one["$ref"]
    ]
    return [deleted, constants, led]


def mutated(mutation: Mutation) -> dict[str, Any]:
    (*parents, last), value = mutation
    document = copy.deepcopy(DOCUMENT)
    parent = at(document, tuple(parents))
    if value is GONE:
        del parent[last]
    else:
        parent[last] = value
    return document


def check(mutation: Mutation) -> None:
    document = mutated(mutation)
    if not faults(document):
        assert_each_is_one_message(document)


ANY = st.one_of([st.sampled_from(kind) for kind in mutations()])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ANY)
def test_a_random_mutant_is_rejected_or_still_tells_every_message(mutation: Mutation) -> None:
    """pitfall 21: whatever the rules let pass, no message of a real session is lost by it."""
    check(mutation)


@pytest.mark.long
def test_every_mutant_is_rejected_or_still_tells_every_message() -> None:
    for kind in mutations():
        for mutation in kind:
            check(mutation)


def test_a_mutant_that_passes_is_told_by_the_session() -> None:
    """The property can fail: a constant of a model, which no rule knows, is seen by the frames."""
    document = json.loads(json.dumps(DOCUMENT))
    document["components"]["schemas"]["Card"]["properties"]["kind"]["const"] = "cheque"
    assert faults(document) == []
    with pytest.raises(DocumentError, match=r"trades\.update"):
        assert_each_is_one_message(document)
