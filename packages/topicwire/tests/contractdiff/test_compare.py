"""Whole documents: what is reported, where, once."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from packages.topicwire.tests.contractdiff.documents import Document, compared, document_of
from pydantic import BaseModel

from topicwire.asyncapi.errors import DocumentError
from topicwire.contractdiff.changes import Change
from topicwire.contractdiff.compare import compare
from topicwire.contractdiff.report import as_text


class Ask(BaseModel):
    symbol: str


class Level(BaseModel):
    price: float


class Tick(BaseModel):
    bid: Level
    asks: list[Level] = []
    by_venue: dict[str, Level] = {}
    pair: tuple[int, Level]
    best: Level | None = None


def ticks() -> Document:
    return document_of({"ticks": (Ask, Tick)})


def changed(document: Document, component: str, **properties: Any) -> Document:
    new = copy.deepcopy(document)
    new["components"]["schemas"][component]["properties"] |= properties
    return new


def only(changes: tuple[Change, ...]) -> Change:
    assert len(changes) == 1, changes
    return changes[0]


def test_nothing() -> None:
    report = compare(ticks(), ticks())
    assert report.changes == ()
    assert as_text(report) == "No change."


def test_every_place_of_a_type_is_named_with_a_message_that_goes_through_it() -> None:
    old = ticks()
    found = compared(old, changed(old, "Level", price={"type": ["number", "null"]})).of("breaking")
    update = "payload.payload"
    assert {one.path for one in found} == {
        f"{update}.bid.price",
        f"{update}.asks[].price",
        f"{update}.by_venue{{}}.price",
        f"{update}.pair[1].price",
        f"{update}.best(Level).price",
    }
    for one in found:
        assert one.rule == "union-member-added"
        assert one.witness is not None
        data = one.witness.message["payload"]["payload"]
        inner = {"asks": "asks", "by_venue": "by_venue", "bid": "bid"}
        where = next((key for key in inner if f".{key}" in one.path), None)
        if where is not None:
            assert "None" in str(data[where])


def test_what_both_subscribing_and_unsubscribing_carry_is_reported_once() -> None:
    old = ticks()
    change = only(compared(old, changed(old, "Ask", symbol={"type": "integer"})).of("breaking"))
    assert change.messages == ("ticks.subscribe", "ticks.unsubscribe")
    assert (change.was, change.now) == ("string", "integer")


def test_a_change_that_no_message_can_show_is_compatible() -> None:
    """By itself the new member is strange to a reader; but no value is of it alone."""
    whole: dict[str, Any] = {"type": "integer"}
    old = changed(ticks(), "Tick", bid={"anyOf": [whole, {"type": "string"}]})
    new = changed(old, "Tick", bid={"anyOf": [whole, {"type": "string"}, {"const": 8}]})
    report = compared(old, new)
    assert {one.severity for one in report.changes} == {"cosmetic"}
    assert {one.rule for one in report.changes} == {"rewritten"}


def test_a_witness_shows_one_change_alone() -> None:
    old = document_of({"levels": (Ask, Level)})
    new = changed(old, "Level", price={"type": ["number", "null"]}, size={"type": "integer"})
    old["components"]["schemas"]["Level"]["properties"]["size"] = {"type": "integer"}
    old["components"]["schemas"]["Level"]["required"] = ["price", "size"]
    shown = {
        one.rule: one.witness.message["payload"]["payload"]
        for one in compared(old, new).of("breaking")
        if one.witness is not None
    }
    assert shown == {
        "property-optional": {"price": 0},
        "union-member-added": {"price": None, "size": 0},
    }


def test_recursion_is_reported_at_its_first_turn() -> None:
    class Tree(BaseModel):
        value: int
        children: list[Tree]

    old = document_of({"trees": (Ask, Tree)})
    change = only(compared(old, changed(old, "Tree", value={"type": "string"})).of("breaking"))
    assert change.path == "payload.payload.value"


def test_a_renamed_route_may_have_another_delivery() -> None:
    old = document_of({"ticks": (Ask, Tick)})
    new = document_of({"tape": (Ask, Tick)})
    new["channels"]["tape"]["x-topicwire-route"]["delivery"] = {"policy": "latest"}
    rules = [one.rule for one in compared(old, new).of("breaking")]
    assert rules == ["route-renamed", "policy-weaker"]


def test_two_routes_of_one_contract_are_renamed_one_by_one() -> None:
    old = document_of({"a": (Ask, Tick), "b": (Ask, Tick)})
    new = document_of({"c": (Ask, Tick), "d": (Ask, Tick)})
    found = compared(old, new).of("breaking")
    assert [(one.rule, one.was, one.now) for one in found] == [
        ("route-renamed", "a", "c"),
        ("route-renamed", "b", "d"),
    ]


def test_a_route_that_is_like_none_is_removed() -> None:
    old = document_of({"ticks": (Ask, Tick)})
    new = document_of({"tape": (Ask, Level)})
    assert {one.rule for one in compared(old, new).changes} == {"route-removed", "route-added"}


def test_breaking_comes_first_in_the_text() -> None:
    old = ticks()
    new = changed(old, "Level", price={"type": "string"}, size={"type": "integer"})
    lines = [line.split()[0] for line in as_text(compared(old, new)).splitlines()[1:-1]]
    order = [one for one in lines if one in {"breaking", "compatible", "cosmetic"}]
    assert order == sorted(order)
    assert {"breaking", "compatible"} <= set(order)


@pytest.mark.parametrize("side", [0, 1])
def test_a_broken_document_is_refused_by_its_name(side: int) -> None:
    pair = [ticks(), ticks()]
    pair[side]["components"]["schemas"]["Tick"]["properties"]["bid"] = {"$ref": "#/nowhere"}
    with pytest.raises(DocumentError, match="'#/nowhere' leads nowhere") as caught:
        compare(pair[0], pair[1])
    assert str(caught.value).startswith(("OLD", "NEW")[side])


@pytest.mark.parametrize("side", [0, 1])
def test_a_component_that_is_itself_is_refused_by_its_document(side: int) -> None:
    pair = [ticks(), ticks()]
    itself = {"anyOf": [{"$ref": "#/components/schemas/Level"}, {"type": "null"}]}
    pair[side]["components"]["schemas"]["Level"] = itself
    with pytest.raises(DocumentError, match="the schema is itself: Level → Level") as caught:
        compare(pair[0], pair[1])
    assert str(caught.value).startswith(("OLD", "NEW")[side])
