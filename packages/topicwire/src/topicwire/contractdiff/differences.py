"""Two schemas side by side: where they differ, each difference small enough to be judged alone.

Nothing is judged here. What is found is only where to look: whether it breaks anything is for the
search to say (`topicwire.contractdiff.judgement`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from topicwire.contractdiff.changes import SchemaRule
from topicwire.contractdiff.containment.nodes import Universe, frozen, stripped
from topicwire.contractdiff.places import Place
from topicwire.contractdiff.unions import member_pairs
from topicwire.contractdiff.views import (
    View,
    described,
    listed_values,
    shown,
    union_members,
    view,
)

_MOST = 500
_NOT_SAID = "not said"


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between two schemas.

    `old` and `new` are schemas of what stands at the place, which differ in this alone.
    """

    rule: SchemaRule
    place: Place
    was: str
    now: str
    old: Any = True
    new: Any = True
    pin: Callable[[Any], Any] = lambda value: {"const": value}
    """From a value that tells the two apart to a schema of what is like it in this."""

    beside: Callable[[], Any] = lambda: True
    """What both documents allow beside what differs."""

    absent: str = ""
    """Of a default: the property that is left out. `place` is the object's."""


@dataclass(slots=True)
class Differences:
    """Finds the differences of two schemas of two documents."""

    universe: Universe
    identical: Callable[[Any, Any], bool]
    """Whether two schemas are one text, with all that they refer to."""

    _open: set[tuple[str, str]] = field(default_factory=set)
    _found: int = 0

    def between(self, old: Any, new: Any, place: Place | None = None) -> Iterator[Difference]:
        """Yield the differences of two schemas, the outer ones first."""
        if self.identical(old, new) or self._found > _MOST:
            return
        place = Place() if place is None else place
        one, other = view(self.universe, old, "old"), view(self.universe, new, "new")
        if one.name and other.name and one.name != other.name:
            yield Difference("type-renamed", place, one.name, other.name)
        yield from self._notes(one, other, place)
        names = (one.name, other.name)
        if all(names):
            if names in self._open:
                return
            self._open.add(names)
        for found in self._by_kind(one, other, place):
            self._found += 1
            yield found
        self._open.discard(names)

    def _notes(self, one: View, other: View, place: Place) -> Iterator[Difference]:
        keys = sorted((one.notes.keys() | other.notes.keys()) - {"default", "$comment"})
        changed = [key for key in keys if one.notes.get(key) != other.notes.get(key)]
        if changed:
            was = {key: one.notes[key] for key in changed if key in one.notes}
            now = {key: other.notes[key] for key in changed if key in other.notes}
            yield Difference("documentation", place, _note(was), _note(now))

    def _by_kind(self, one: View, other: View, place: Place) -> Iterator[Difference]:
        olds, news = union_members(one.plain), union_members(other.plain)
        values = listed_values(one.plain), listed_values(other.plain)
        kinds = one.plain.get("type"), other.plain.get("type")
        if olds is not None or news is not None:
            members = olds or [one.schema], news or [other.schema]
            yield from self._unions(*members, one, other, place)
        elif values[0] is not None and values[1] is not None:
            yield from _values(values[0], values[1], place)
        elif kinds == ("object", "object") and _is_walkable(one) and _is_walkable(other):
            yield from self._objects(one, other, place)
        elif kinds == ("array", "array") and _is_walkable(one) and _is_walkable(other):
            yield from self._arrays(one, other, place)
        elif frozen(stripped(one.plain)) != frozen(stripped(other.plain)):
            same_type = kinds[0] == kinds[1] and kinds[0] is not None and values == (None, None)
            yield self._whole("constraint" if same_type else "type", one, other, place)

    def _whole(self, rule: SchemaRule, one: View, other: View, place: Place) -> Difference:
        old, new = self._nodes(one.schema, other.schema)
        return Difference(rule, place, described(one.plain), described(other.plain), old, new)

    def _nodes(self, old: Any, new: Any) -> tuple[Any, Any]:
        return self.universe.node(old, "old"), self.universe.node(new, "new")

    def _unions(
        self, olds: list[Any], news: list[Any], one: View, other: View, place: Place
    ) -> Iterator[Difference]:
        whole_old, whole_new = self._nodes(one.schema, other.schema)
        for old, new in member_pairs(self.universe, olds, news):
            if old is not None and new is not None:
                yield from self._member(old, new, place, is_union=len(olds) + len(news) > 2)  # noqa: PLR2004
            elif old is not None:
                both = self.universe.any_of([whole_new, self.universe.node(old, "old")])
                yield Difference("union-member-removed", place, described(old), "", both, whole_new)
            else:
                both = self.universe.any_of([whole_old, self.universe.node(new, "new")])
                yield Difference("union-member-added", place, "", described(new), whole_old, both)

    def _member(self, old: Any, new: Any, place: Place, *, is_union: bool) -> Iterator[Difference]:
        found = view(self.universe, old, "old")
        if is_union and (found.name or found.plain.get("type") in ("object", "array")):
            either = self.universe.any_of(self._nodes(old, new))
            place = place.union_member(either, found.name or described(found.plain))
        yield from self.between(old, new, place)

    def _objects(self, one: View, other: View, place: Place) -> Iterator[Difference]:
        olds, news = one.plain.get("properties", {}), other.plain.get("properties", {})
        for name in dict.fromkeys([*olds, *news]):
            yield from self._property(name, one, other, place)
        for name in sorted(_required(one) ^ _required(other)):
            if name not in olds and name not in news:
                yield from self._property(name, one, other, place)
        yield from self._others(one, other, place)
        yield from self._keywords(
            one, other, place, ("minProperties", "maxProperties", "propertyNames")
        )

    def _property(self, name: str, one: View, other: View, place: Place) -> Iterator[Difference]:
        old, new = _property_of(one, name), _property_of(other, name)
        was, now = _shown_property(one, name), _shown_property(other, name)

        def beside() -> Any:
            return self.universe.all_of(
                self.universe.node(_without(each, name), each.side) for each in (one, other)
            )

        inner = place.member(name, beside)
        if old is None or new is None:
            rule: SchemaRule = "property-removed" if new is None else "property-added"
            before, after = self._property_nodes(one, name), self._property_nodes(other, name)
            at = place.shown_as(inner)
            yield Difference(rule, at, was, now, before, after, _pinned(name), beside)
            return
        if (name in _required(one)) != (name in _required(other)):
            rule = "property-optional" if name in _required(one) else "property-required"
            before, after = (
                self.universe.node(_presence(each, name), each.side) for each in (one, other)
            )
            at = place.shown_as(inner)
            yield Difference(rule, at, was, now, before, after, _pinned(name), beside)
        if name not in _required(one) and name not in _required(other):
            yield from _default(name, old, new, place, inner)
        yield from self.between(old, new, inner)

    def _property_nodes(self, of: View, name: str) -> Any:
        """Return the object as far as this property is concerned."""
        schema = _presence(of, name)
        value = _property_of(of, name)
        if value is not None:
            schema["properties"] = {name: value}
        if "additionalProperties" in of.plain:
            schema["additionalProperties"] = of.plain["additionalProperties"]
        elif "properties" in of.plain:
            schema.setdefault("properties", {})  # a sender of it sends what it names
        if "patternProperties" in of.plain:
            schema["patternProperties"] = of.plain["patternProperties"]
        return self.universe.node(schema, of.side)

    def _others(self, one: View, other: View, place: Place) -> Iterator[Difference]:
        names = [*one.plain.get("properties", {}), *other.plain.get("properties", {})]
        patterns = [
            one.plain.get("patternProperties", {}),
            other.plain.get("patternProperties", {}),
        ]
        for pattern in patterns[0].keys() & patterns[1].keys():
            inner = place.matched_members(pattern)
            yield from self.between(patterns[0][pattern], patterns[1][pattern], inner)
        olds, news = (each.plain.get("additionalProperties") for each in (one, other))
        inner = place.other_members(names, [*patterns[0], *patterns[1]])
        if isinstance(olds, Mapping) and isinstance(news, Mapping):
            yield from self.between(olds, news, inner)
        elif olds != news or patterns[0].keys() != patterns[1].keys():
            yield self._other_properties(names, one, other, place.shown_as(inner))

    def _other_properties(
        self, names: list[str], one: View, other: View, place: Place
    ) -> Difference:
        """Return what is said of names that are not listed, all else being alike."""
        parts = []
        for each in (one, other):
            named = dict.fromkeys(names, True)
            schema: dict[str, Any] = {"type": "object", "properties": named}
            for key in ("patternProperties", "additionalProperties"):
                if key in each.plain:
                    schema[key] = each.plain[key]
            if not each.plain.keys() & {"properties", "patternProperties", "additionalProperties"}:
                schema["additionalProperties"] = True  # whoever sends it sends what it likes
            parts.append(self.universe.node(schema, each.side))
        texts = [_shown_others(each) for each in (one, other)]
        return Difference("other-properties", place, texts[0], texts[1], parts[0], parts[1])

    def _arrays(self, one: View, other: View, place: Place) -> Iterator[Difference]:
        olds, news = one.plain.get("items", True), other.plain.get("items", True)
        if not isinstance(olds, list) and not isinstance(news, list):
            yield from self.between(olds, news, place.items())
        elif isinstance(olds, list) and isinstance(news, list):
            for index, (old, new) in enumerate(zip(olds, news, strict=False)):
                yield from self.between(old, new, place.item(index))
            rest = [each.plain.get("additionalItems", True) for each in (one, other)]
            if len(olds) != len(news) or frozen(stripped(rest[0])) != frozen(stripped(rest[1])):
                yield self._whole("tuple", one, other, place)
                return
        else:
            yield self._whole("tuple", one, other, place)
            return
        keys = ("minItems", "maxItems", "uniqueItems", "contains")
        yield from self._keywords(one, other, place, keys)

    def _keywords(
        self, one: View, other: View, place: Place, keys: tuple[str, ...]
    ) -> Iterator[Difference]:
        said = [
            {key: each.plain[key] for key in keys if key in each.plain} for each in (one, other)
        ]
        if frozen(stripped(said[0])) == frozen(stripped(said[1])):
            return
        kind = one.plain["type"]
        old, new = self._nodes({"type": kind, **said[0]}, {"type": kind, **said[1]})
        was, now = (", ".join(f"{key} {_brief(v)}" for key, v in each.items()) for each in said)
        # What stands at the place is of its own document too; the search is told that by the rest.
        yield Difference("constraint", place, was or "no bound", now or "no bound", old, new)


def _is_walkable(of: View) -> bool:
    """Say whether a schema is what its type's keywords say, and nothing that combines others."""
    return not of.plain.keys() & {
        "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependencies", "enum", "const",
    }  # fmt: skip


def _required(of: View) -> frozenset[str]:
    return frozenset(of.plain.get("required", ()))


def _property_of(of: View, name: str) -> Any:
    found = of.plain.get("properties", {}).get(name)
    return True if found is None and name in _required(of) else found


def _presence(of: View, name: str) -> dict[str, Any]:
    return {"type": "object", **({"required": [name]} if name in _required(of) else {})}


def _without(of: View, name: str) -> dict[str, Any]:
    """Return an object as far as its other properties are concerned."""
    properties: Mapping[str, Any] = of.plain.get("properties", {})
    return {
        "type": "object",
        "properties": {key: one for key, one in properties.items() if key != name},
        "required": sorted(_required(of) - {name}),
    }


def _pinned(name: str) -> Callable[[Any], Any]:
    def pin(value: Any) -> Any:
        if isinstance(value, Mapping) and name in value:
            return {"required": [name], "properties": {name: {"const": value[name]}}}
        return {"not": {"required": [name]}}

    return pin


def _shown_property(of: View, name: str) -> str:
    found = _property_of(of, name)
    if found is None:
        return ""
    return f"{'required' if name in _required(of) else 'optional'}, {described(found)}"


def _shown_others(of: View) -> str:
    others = of.plain.get("additionalProperties")
    patterns = sorted(of.plain.get("patternProperties", {}))
    texts = [f"names like {pattern}" for pattern in patterns]
    if others is not None:
        texts.append("none other" if others is False else f"others of {described(others)}")
    return ", ".join(texts) or _NOT_SAID


def _default(name: str, old: Any, new: Any, place: Place, inner: Place) -> Iterator[Difference]:
    was, now = (
        one["default"] if isinstance(one, Mapping) and "default" in one else ...
        for one in (old, new)
    )
    if was is now or (... not in (was, now) and frozen(was) == frozen(now)):
        return
    rule: SchemaRule = "default-changed"
    if ... in (was, now):
        rule = "default-added" if was is ... else "default-removed"
    texts = [_NOT_SAID if one is ... else shown(one) for one in (was, now)]
    at = place.shown_as(inner)
    yield Difference(rule, at, texts[0], texts[1], absent=name)


def _values(olds: list[Any], news: list[Any], place: Place) -> Iterator[Difference]:
    before, after = {frozen(value) for value in olds}, {frozen(value) for value in news}
    for value in olds:
        if frozen(value) not in after:
            sides = {"enum": [*news, value]}, {"enum": news}
            yield Difference("value-removed", place, shown(value), "", *sides)
    for value in news:
        if frozen(value) not in before:
            sides = {"enum": olds}, {"enum": [*olds, value]}
            yield Difference("value-added", place, "", shown(value), *sides)


def _brief(value: Any) -> str:
    return described(value) if isinstance(value, Mapping) else shown(value)


def _note(notes: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {_cut(shown(value))}" for key, value in notes.items())


def _cut(text: str) -> str:
    most = 48
    return text if len(text) <= most else f"{text[: most - 1]}…"
