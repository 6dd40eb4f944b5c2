"""Documents to compare, and a real validator that judges the report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from packages.topicwire.tests.contractdiff.schemas import validator
from packages.topicwire.tests.corpus.routes import adapter_of

from topicwire.asyncapi.document import build
from topicwire.asyncapi.frames import travelling_messages
from topicwire.contractdiff.changes import Change
from topicwire.contractdiff.compare import Comparison, compare
from topicwire.types import Direction

Document = dict[str, Any]

SILENT = frozenset({"told-removed", "reply-removed"})
"""Rules of messages that break by what no longer comes: no message shows that."""


def document_of(routes: Mapping[str, tuple[Any, Any]]) -> Document:
    """The document of routes, `(request type, data type)` by name."""
    document: Document = json.loads(json.dumps(build(adapter_of(routes))))
    return document


@cache
def _bare() -> str:
    return json.dumps(document_of({"things": (dict, dict)}))


def bare_document(sent: Any, received: Any, components: Mapping[str, Any]) -> Document:
    """A document of one route whose request and data have these schemas."""
    document: Document = json.loads(_bare())
    messages = document["components"]["messages"]
    for name in ("things.subscribe", "things.unsubscribe"):
        messages[name]["payload"]["properties"]["payload"] = sent
    update = messages["things.update"]["payload"]["properties"]["payload"]
    update["properties"]["payload"] = received
    document["components"]["schemas"] |= components
    return document


def compared(old: Document, new: Document) -> Comparison:
    """Compare, and hold every witness to the documents."""
    found = compare(old, new)
    for change in found.of("breaking"):
        hold_witness(old, new, change)
    return found


def hold_witness(old: Document, new: Document, change: Change) -> None:
    """A change of a message that breaks has a witness, and it is one."""
    witness = change.witness
    if witness is None:
        silent = not change.messages or not change.is_certain or change.rule in SILENT
        assert silent, change
        return
    sender, taker = (old, new) if witness.sender == "old client" else (new, old)
    direction: Direction = "to_server" if witness.sender == "old client" else "to_client"
    assert direction == change.direction
    assert messages_of(sender, witness.message, direction) & set(change.messages)
    is_taken = bool(messages_of(taker, witness.message, direction))
    assert is_taken == (witness.kind == "meaning")


def messages_of(document: Document, frame: Any, direction: Direction) -> set[str]:
    """The messages of a document that a frame is, formats held."""
    return {
        str(message["name"])
        for way, _, message in travelling_messages(document)
        if way == direction
        and message["payload"]["properties"]["type"]["const"] == frame["type"]
        and validator(message["payload"], document["components"]["schemas"]).is_valid(frame)
    }
