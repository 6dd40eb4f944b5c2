"""Two documents compared, route by route."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from topicwire.contractdiff.changes import SEVERITIES, Change, RouteRule, Severity, Witness
from topicwire.contractdiff.connection import connection_changes
from topicwire.contractdiff.containment.answers import NOTHING, Found
from topicwire.contractdiff.containment.nodes import Universe, frozen
from topicwire.contractdiff.containment.search import Search
from topicwire.contractdiff.containment.wanted import Wanted
from topicwire.contractdiff.delivery import delivery_changes
from topicwire.contractdiff.messages import Identical, MessageComparison
from topicwire.contractdiff.operations import CONNECTION, Message, Operation, Route, read_routes
from topicwire.contractdiff.readable import check_readable


@dataclass(frozen=True, slots=True)
class Comparison:
    """What has changed from one document to another."""

    changes: tuple[Change, ...]
    """By route, as the new document orders them; the connection first."""

    def of(self, severity: Severity) -> tuple[Change, ...]:
        """Return the changes of one severity."""
        return tuple(one for one in self.changes if one.severity == severity)

    def counts(self) -> dict[Severity, int]:
        """Return how many there are of each severity."""
        return {severity: len(self.of(severity)) for severity in SEVERITIES}


def compare(old: Any, new: Any, names: tuple[str, str] = ("OLD", "NEW")) -> Comparison:
    """Classify every change from `old` to `new`.

    A change is breaking when a client that was generated from `old` may not work with a server of
    `new`; every breaking change of a message comes with one that shows it. The rules are those of
    docs/diff.md.

    Args:
        old: an AsyncAPI document of ours, as parsed JSON: what clients were generated from.
        new: what the server serves now.
        names: how messages call the two.

    Raises:
        DocumentError: one of them is not ours, or broken.
    """
    for document, name in zip((old, new), names, strict=True):
        check_readable(document, name)
    found = _Documents(old, new).changes()
    return Comparison(tuple(_together(found)))


class _Documents:
    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.old, self.new = old, new
        self.universe = Universe(old, new)
        self.search = Search(self.universe)
        self.messages = MessageComparison(self.search, Identical(old, new))

    def changes(self) -> Iterator[Change]:
        yield from _info(self.old, self.new)
        yield from connection_changes(self.old, self.new)
        olds, news = read_routes(self.old), read_routes(self.new)
        renamed = self._renamed(olds, news)
        for name, route in news.items():
            if name in olds:
                yield from self._route(olds[name], route)
            elif name in renamed:
                yield from self._rename(olds[renamed[name]], route)
            else:
                yield Change(
                    "route-added", "compatible", name, "", name, "no old client asks for it"
                )
        for name, route in olds.items():
            if name not in news and name not in renamed.values():
                yield self._removed("route-removed", route, route)

    def _removed(self, rule: RouteRule, route: Route, shown: Route) -> Change:
        operations = route.operations.values()
        asked = [one for one in operations if one.action == "asked"]
        asked.sort(key=lambda one: one.name != "subscribe")
        first = asked[0] if asked else None
        why = "the server answers none of its messages"
        now = "" if shown is route else shown.name
        if first is None:
            return Change(rule, "breaking", shown.name, route.name, now, why)
        witness = self._sent(first.message)
        return Change(
            rule, "breaking", shown.name, route.name, now, why,
            (first.message.name,), "to_server", witness=witness,
        )  # fmt: skip

    def _rename(self, old: Route, new: Route) -> Iterator[Change]:
        change = self._removed("route-renamed", old, new)
        why = f"{change.why} under the old name; all else about it is as it was"
        yield replace(change, why=why)
        yield from delivery_changes(new.name, old.extension, new.extension)
        yield from _notes(new.name, old.notes, new.notes)

    def _renamed(self, olds: Mapping[str, Route], news: Mapping[str, Route]) -> dict[str, str]:
        """Return the old name of each new route that has the contract of one that is gone."""
        gone = [route for name, route in olds.items() if name not in news]
        found: dict[str, str] = {}
        for name, route in news.items():
            if name in olds:
                continue
            same = next((one for one in gone if self._is_same_contract(one, route)), None)
            if same is not None:
                gone.remove(same)
                found[name] = same.name
        return found

    def _is_same_contract(self, old: Route, new: Route) -> bool:
        if old.operations.keys() != new.operations.keys():
            return False
        for name, one in old.operations.items():
            other = new.operations[name]
            if one.action != other.action or (one.reply is None) != (other.reply is None):
                return False
            pairs = [(one.message, other.message), (one.reply, other.reply)]
            if not all(a is None or b is None or self._is_same_payload(a, b) for a, b in pairs):
                return False
        return True

    def _is_same_payload(self, old: Message, new: Message) -> bool:
        one = self.universe.node(_untyped(old.payload), "old")
        other = self.universe.node(_untyped(new.payload), "new")
        return one is other or (
            self.search.counterexample(one, other) == NOTHING
            and self.search.counterexample(other, one) == NOTHING
        )

    def _route(self, old: Route, new: Route) -> Iterator[Change]:
        yield from _notes(new.name, old.notes, new.notes)
        yield from delivery_changes(new.name, old.extension, new.extension)
        for name, operation in new.operations.items():
            before = old.operations.get(name)
            if before is None or before.action != operation.action:
                yield self._operation_added(new.name, operation)
            else:
                yield from self._operation(new.name, before, operation)
        for name, operation in old.operations.items():
            now = new.operations.get(name)
            if now is None or now.action != operation.action:
                yield self._operation_removed(new.name, operation)

    def _operation_added(self, route: str, operation: Operation) -> Change:
        rule: RouteRule = "operation-added"
        why = "no old client asks for it"
        if operation.action == "told":
            rule, why = "told-added", "an old client ignores what it does not know"
        message = operation.message
        return Change(
            rule, "compatible", route, "", operation.key, why,
            (message.name,), message.direction,
        )  # fmt: skip

    def _operation_removed(self, route: str, operation: Operation) -> Change:
        message = operation.message
        if operation.action == "asked":
            rule: RouteRule = "operation-removed"
            why = "an old client asks for it, and is refused"
            witness = self._sent(message)
        else:
            rule, why, witness = (
                "told-removed",
                "an old client waits for it, and it never comes",
                None,
            )
        return Change(
            rule, "breaking", route, operation.key, "", why,
            (message.name,), message.direction, witness=witness,
        )  # fmt: skip

    def _operation(self, route: str, old: Operation, new: Operation) -> Iterator[Change]:
        yield from _notes(route, old.notes, new.notes, (new.message.name,))
        yield from self._message(route, old.message, new.message)
        if old.reply is not None and new.reply is not None:
            yield from self._message(route, old.reply, new.reply)
        elif old.reply is not None:
            yield Change(
                "reply-removed", "breaking", route, old.reply.name, "",
                "an old client waits for an answer that never comes",
                (old.reply.name,), old.reply.direction,
            )  # fmt: skip
        elif new.reply is not None:
            yield Change(
                "reply-added", "compatible", route, "", new.reply.name,
                "an old client ignores what it does not know",
                (new.reply.name,), new.reply.direction,
            )  # fmt: skip

    def _message(self, route: str, old: Message, new: Message) -> Iterator[Change]:
        yield from _notes(route, old.notes, new.notes, (new.name,))
        yield from self.messages.changes(route, old, new)

    def _sent(self, message: Message) -> Witness | None:
        node = self.universe.node(message.payload, "old")
        found = self.search.ask([Wanted(node, exact=True)])
        return Witness("refused", "old client", found.value) if isinstance(found, Found) else None


def _untyped(payload: Any) -> Any:
    """Return a message's schema without the name that it has on the wire."""
    if not isinstance(payload, Mapping) or "properties" not in payload:
        return payload
    properties = {**payload["properties"], "type": {"type": "string"}}
    return {**payload, "properties": properties}


def _info(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    was, now = ({**one.get("info", {}), "asyncapi": one.get("asyncapi")} for one in (old, new))
    yield from _notes(CONNECTION, was, now)


def _notes(
    route: str, was: Mapping[str, Any], now: Mapping[str, Any], messages: tuple[str, ...] = ()
) -> Iterator[Change]:
    keys = [key for key in {**was, **now} if frozen(was.get(key)) != frozen(now.get(key))]
    if keys:
        before, after = (
            ", ".join(f"{key} {_brief(one[key])}" for key in keys if one.get(key) is not None)
            for one in (was, now)
        )
        why = "readers are told something else; nothing changes on the wire"
        yield Change("documentation", "cosmetic", route, before, after, why, messages)


def _brief(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            _brief(one.get("name", one) if isinstance(one, Mapping) else one) for one in value
        )
    text = str(value)
    most = 48
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _together(changes: Iterable[Change]) -> list[Change]:
    """Report once what is alike in several messages of a route."""
    found: dict[Any, Change] = {}
    for one in changes:
        key = (one.rule, one.severity, one.route, one.direction, one.path, one.was, one.now)
        if key in found:
            known = found[key]
            messages = tuple(dict.fromkeys([*known.messages, *one.messages]))
            found[key] = replace(known, messages=messages)
        else:
            found[key] = one
    return list(found.values())
