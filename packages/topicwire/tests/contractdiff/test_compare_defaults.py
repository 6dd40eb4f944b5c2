"""A default that has changed: its witness is a message that both documents allow."""

from __future__ import annotations

from typing import Any

import pytest
from packages.topicwire.tests.contractdiff.documents import Document, bare_document, compared

from topicwire.contractdiff.changes import Change

WORD = {"type": "string"}
UNREADABLE = {"type": "string", "pattern": r"^(a+)b\1$"}


def depths(default: int | None, symbol: Any) -> Document:
    depth = {"type": "integer"} if default is None else {"type": "integer", "default": default}
    asked = {
        "type": "object",
        "properties": {"symbol": symbol, "depth": depth},
        "required": ["symbol"],
    }
    return bare_document(asked, True, {})


def of_the_default(old: Document, new: Document) -> list[Change]:
    return [one for one in compared(old, new).changes if one.path == "payload.depth"]


def test_it_is_shown_by_what_both_allow_where_more_has_changed() -> None:
    old, new = depths(1, {"enum": ["a", "b"]}), depths(2, {"enum": ["b", "c"]})
    found = of_the_default(old, new)
    assert found
    for change in found:
        assert (change.rule, change.severity) == ("default-changed", "breaking")
        assert change.witness is not None
        assert change.witness.kind == "meaning"
        assert change.witness.message["payload"] == {"symbol": "b"}


@pytest.mark.parametrize("default", [2, None])
def test_it_breaks_nobody_where_all_that_leaves_it_out_is_refused(default: int | None) -> None:
    found = of_the_default(depths(1, WORD), depths(default, {"type": "integer"}))
    assert {(one.rule, one.severity) for one in found} == {("documentation", "cosmetic")}


def test_it_is_assumed_to_break_where_no_message_can_be_made() -> None:
    found = of_the_default(depths(1, UNREADABLE), depths(2, UNREADABLE))
    assert {(one.rule, one.severity, one.is_certain) for one in found} == {
        ("default-changed", "breaking", False)
    }
    assert all(one.why.startswith("it cannot be told whether an old client") for one in found)


def test_it_is_compatible_where_it_is_said_now_and_no_message_can_be_made() -> None:
    found = of_the_default(depths(None, UNREADABLE), depths(2, UNREADABLE))
    assert {(one.rule, one.severity) for one in found} == {("default-added", "compatible")}
