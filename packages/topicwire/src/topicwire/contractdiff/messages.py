"""Two forms of one message: every difference, judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topicwire.asyncapi.draft07 import subschemas
from topicwire.contractdiff.changes import Change, SchemaRule
from topicwire.contractdiff.containment.nodes import COMPONENTS, frozen
from topicwire.contractdiff.containment.search import Search
from topicwire.contractdiff.differences import Difference, Differences
from topicwire.contractdiff.judgement import Judge, Verdict
from topicwire.contractdiff.operations import Message
from topicwire.contractdiff.reasons import reason

_NEVER_COSMETIC = ("property-", "default-")
_RENAMED = "generated types have another name; nothing changes on the wire"
_NOTES = "readers are told something else; nothing changes on the wire"


@dataclass(frozen=True, slots=True)
class MessageComparison:
    """Compares messages of two documents."""

    search: Search
    identical: Identical

    def changes(self, route: str, old: Message, new: Message) -> Iterator[Change]:
        """Yield what has changed in a message."""
        if self.identical(old.payload, new.payload):
            return
        universe = self.search.universe
        nodes = universe.node(old.payload, "old"), universe.node(new.payload, "new")
        judge = Judge(self.search, *nodes, direction=new.direction)
        is_broken = False
        for one in Differences(universe, self.identical).between(old.payload, new.payload):
            change = self._change(route, new, judge, one)
            is_broken = is_broken or change.severity == "breaking"
            yield change
        if nodes[0] is not nodes[1] and not is_broken:
            verdict = judge.whole()
            if verdict.severity == "breaking":
                yield self._judged(
                    "message", route, new, verdict, ("", "the message", "the message")
                )

    def _change(self, route: str, message: Message, judge: Judge, one: Difference) -> Change:
        if one.rule in {"documentation", "type-renamed"}:
            why = _RENAMED if one.rule == "type-renamed" else _NOTES
            return self._plain(one, route, message, why)
        if one.rule.startswith("default-"):
            return self._default(route, message, judge, one)
        texts = one.place.text, one.was, one.now
        return self._judged(one.rule, route, message, judge.of(one), texts)

    def _plain(self, one: Difference, route: str, message: Message, why: str) -> Change:
        return Change(
            one.rule, "cosmetic", route, one.was, one.now, why,
            (message.name,), message.direction, one.place.text,
        )  # fmt: skip

    def _judged(
        self,
        rule: SchemaRule,
        route: str,
        message: Message,
        verdict: Verdict,
        texts: tuple[str, str, str],
    ) -> Change:
        path, was, now = texts
        severity = verdict.severity
        if verdict.is_same and not rule.startswith(_NEVER_COSMETIC):
            rule, severity = "rewritten", "cosmetic"
        why = reason(rule, severity, message.direction)
        if verdict.unknown:
            why = f"it cannot be told whether {why} ({verdict.unknown}), so the worse is assumed"
        return Change(
            rule, severity, route, was, now, why, (message.name,), message.direction, path,
            verdict.witness, is_certain=not verdict.unknown,
        )  # fmt: skip

    def _default(self, route: str, message: Message, judge: Judge, one: Difference) -> Change:
        common = (route, one.was, one.now)
        place = ((message.name,), message.direction, one.place.text)
        verdict = judge.without(one)
        if verdict.severity == "compatible":
            return Change("documentation", "cosmetic", *common, _NOTES, *place)
        if one.rule == "default-added":
            why = "what leaving it out means is said now"
            return Change(one.rule, "compatible", *common, why, *place)
        if one.rule == "default-removed":
            why = (
                "it cannot be told whether leaving it out means what it did: the document no "
                "longer says, so the worse is assumed"
            )
        elif message.direction == "to_client":
            why = "what an old client takes for left out is now another value"
        elif message.name.endswith(".subscribe"):
            why = "an old client that leaves it out asks for another topic than it means"
        else:
            why = "an old client that leaves it out asks for something else than it means"
        is_certain = one.rule != "default-removed"
        if is_certain and verdict.unknown:
            why = f"it cannot be told whether {why} ({verdict.unknown}), so the worse is assumed"
            is_certain = False
        return Change(
            one.rule, "breaking", *common, why, *place, verdict.witness, is_certain=is_certain
        )


class Identical:
    """Tells whether schemas of two documents are one text, with all that they refer to."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        olds = old.get("components", {}).get("schemas", {})
        news = new.get("components", {}).get("schemas", {})
        same = {
            name for name in olds.keys() & news.keys() if frozen(olds[name]) == frozen(news[name])
        }
        needs = {name: _names_in(olds[name]) for name in same}
        while unlike := {name for name in same if not needs[name] <= same}:
            same -= unlike
        self._names = frozenset(same)

    def __call__(self, old: Any, new: Any) -> bool:
        """Say whether two schemas are."""
        return frozen(old) == frozen(new) and _names_in(old) <= self._names


def _names_in(schema: Any) -> frozenset[str]:
    if not isinstance(schema, Mapping):
        return frozenset()
    found = {str(schema["$ref"]).removeprefix(COMPONENTS)} if "$ref" in schema else set()
    for one in subschemas(dict(schema)):
        found |= _names_in(one)
    return frozenset(found)
