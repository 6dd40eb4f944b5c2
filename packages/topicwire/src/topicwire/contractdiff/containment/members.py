"""Is there an object with such properties, and so many of them?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown, worse
from topicwire.contractdiff.containment.evaluate import allows, matches, member_nodes
from topicwire.contractdiff.containment.nodes import Node, frozen
from topicwire.contractdiff.containment.wanted import ANY_VALUE, Finder, Goal, Wanted

_MOST_NEW = 64
_MOST_PATTERNS = 4


@dataclass(frozen=True, slots=True)
class _New:
    """A property is asked for whose name is in no schema."""

    name: Goal = ANY_VALUE
    value: Goal = ANY_VALUE
    avoids: frozenset[str] = frozenset()
    """Patterns that its name does not match."""


@dataclass(frozen=True, slots=True)
class _Objects:
    """Objects that are asked for."""

    finder: Finder
    allowed: tuple[Wanted, ...]
    names: tuple[str, ...]
    """All that any schema says."""

    required: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    more: tuple[tuple[str, Goal], ...] = ()
    """What is asked of single properties beside what `allowed` says."""

    new: tuple[_New, ...] = ()
    least: int = 0
    most: int | None = None

    def member(self, name: str) -> Goal:
        """Return what is asked of a property, if it is there."""
        goal = Goal(
            frozenset(
                replace(one, node=part)
                for one in self.allowed
                for part in member_nodes(one.node, name)
            )
        )
        for key, one in self.more:
            if key == name:
                goal = goal.joined(one)
        return goal

    def asking(self, name: str, goal: Goal) -> _Objects:
        return replace(self, required=self.required | {name}, more=(*self.more, (name, goal)))

    def may_have(self, name: str) -> bool:
        """Say whether a property of this name may be there at all."""
        if name in self.absent or not self._is_name(name):
            return False
        exact = [one.node for one in self.allowed if one.exact]
        return not _is_closed(exact) or any(_is_known(one, name) for one in exact)

    def avoids(self, node: Node) -> bool:
        """Say whether a plain node forbids all of them, by one thing that is asked already.

        Then no other way to avoid it has to be followed: all of them are among these.
        """
        named: Mapping[str, Node] = node.says("properties", {})
        return bool(self.absent & node.says("required", frozenset())) or any(
            name in named and named[name] in goal.forbidden for name, goal in self.more
        )

    def without_node(self, node: Node) -> Iterable[_Objects]:
        """Yield the objects that a plain node forbids, by each thing that it says."""
        for name in sorted(node.says("required", ())):
            yield replace(self, absent=self.absent | {name})
        if (least := node.says("minProperties", 0)) > 0:
            yield self._up_to(least - 1)
        if (most := node.says("maxProperties")) is not None:
            yield replace(self, least=max(self.least, most + 1))
        named: Mapping[str, Node] = node.says("properties", {})
        for name, one in named.items():
            yield self.asking(name, Goal(forbidden=frozenset([one])))
        patterns: Mapping[str, Node] = node.says("patternProperties", {})
        for pattern, one in patterns.items():
            yield from self._with_matched(pattern, one)
        if (others := node.says("additionalProperties")) is not None:
            yield from self._with_other(others, named, patterns)
        if (keys := node.says("propertyNames")) is not None:
            yield from self._with_name(keys)

    def _with_matched(self, pattern: str, forbidden: Node) -> Iterable[_Objects]:
        goal = Goal(forbidden=frozenset([forbidden]))
        for name in self.names:
            if matches(pattern, name):
                yield self.asking(name, goal)
        yield self._with(_New(Goal(frozenset([self._pattern(pattern)])), goal))

    def _with_other(
        self, forbidden: Node, named: Iterable[str], patterns: Iterable[str]
    ) -> Iterable[_Objects]:
        goal = Goal(forbidden=frozenset([forbidden]))
        for name in self.names:
            if name not in named and not any(matches(one, name) for one in patterns):
                yield self.asking(name, goal)
        yield self._with(_New(value=goal, avoids=frozenset(patterns)))

    def _with_name(self, forbidden: Node) -> Iterable[_Objects]:
        for name in self.names:
            if not allows(self.finder.universe, forbidden, name):
                yield self.asking(name, Goal())
        yield self._with(_New(name=Goal(forbidden=frozenset([forbidden]))))

    def find(self) -> Answer:  # noqa: PLR0911 (an answer each)
        """Return an object, as small as possible, or that there is none."""
        if self.required & self.absent or not all(map(self.may_have, self.required)):
            return NOTHING
        if self.most is not None and self.least > self.most:
            return NOTHING
        value: dict[str, Any] = {}
        known = self._known(value)
        if known == NOTHING:
            return NOTHING
        added = self._all_added(value)
        if not isinstance(added, Found):
            return added
        if not isinstance(known, Found):
            return known
        if self.most is not None and len(value) > self.most:
            is_shared = len(self.new) > 1
            return Unknown("whether one property is enough") if is_shared else NOTHING
        return self._filled(value)

    def _known(self, value: dict[str, Any]) -> Answer:
        """Put what is required into `value`."""
        answer: Answer = Found(value)
        for name in self.names:
            if name in self.required:
                found = self.finder.find(self.member(name))
                if found == NOTHING:
                    return NOTHING
                if isinstance(found, Found):
                    value[name] = found.value
                else:
                    value[name], answer = None, found
        return answer

    def _all_added(self, value: dict[str, Any]) -> Answer:
        """Put what is asked for under new names into `value`."""
        for one in self.new:
            added = self._added(one, value)
            if isinstance(added, Found):
                value |= added.value
            elif added == NOTHING and len(self.new) > 1:
                return Unknown("which names are free")
            else:
                return added
        return Found(value)

    def _filled(self, value: dict[str, Any]) -> Answer:
        """Add what may be there until there is enough."""
        doubt: Answer = NOTHING
        for name in self.names:
            if len(value) >= self.least:
                break
            if name not in value and self.may_have(name):
                found = self.finder.find(self.member(name))
                if isinstance(found, Found):
                    value[name] = found.value
                doubt = worse(doubt, found) if isinstance(found, Unknown) else doubt
        while len(value) < self.least:
            if len(value) > _MOST_NEW:
                return Unknown("an object of so many properties is too large to be made")
            added = self._added(_New(), value)
            if not isinstance(added, Found):
                return worse(doubt, added) if isinstance(added, Unknown) else doubt
            value |= added.value
        return Found(value)

    def _added(self, new: _New, value: Mapping[str, Any]) -> Answer:
        """Return one more property, `{name: value}`, under a name that no schema says."""
        exact = [one.node for one in self.allowed if one.exact]
        patterns = sorted(
            {key for one in self.allowed for key in one.node.says("patternProperties", {})}
        )
        if len(patterns) > _MOST_PATTERNS:
            return Unknown("too many patterns of names")
        answer: Answer = NOTHING
        for choice in product([True, False], repeat=len(patterns)):
            matched = {key for key, is_in in zip(patterns, choice, strict=True) if is_in}
            if _is_closed(exact) and not any(
                matched & one.says("patternProperties", {}).keys() for one in exact
            ):
                continue
            avoided = (set(patterns) - matched) | new.avoids
            found = self._named(new, matched, avoided, value)
            if isinstance(found, Found):
                return found
            answer = worse(answer, found)
        return answer

    def _named(
        self, new: _New, matched: set[str], avoided: set[str], value: Mapping[str, Any]
    ) -> Answer:
        parts: list[Wanted] = []
        for one in self.allowed:
            by_pattern = one.node.says("patternProperties", {})
            found = [part for key, part in by_pattern.items() if key in matched]
            others = one.node.says("additionalProperties")
            if not found and others is not None:
                found.append(others)
            parts += [replace(one, node=part) for part in found]
        content = self.finder.find(new.value.plus(parts))
        if not isinstance(content, Found):
            return content
        string = self.finder.universe.node({"type": "string"}, "old")
        keys = [one.node.says("propertyNames") for one in self.allowed]
        taken = [*self.names, *value]
        name = self.finder.find(
            new.name.plus(
                [
                    Wanted(string),
                    *(self._pattern(one) for one in sorted(matched)),
                    *(Wanted(key) for key in keys if key is not None),
                ],
                [
                    *(self._pattern(one).node for one in sorted(avoided)),
                    *([self.finder.universe.constant(*taken)] if taken else []),
                ],
            )
        )
        return Found({name.value: content.value}) if isinstance(name, Found) else name

    def _pattern(self, pattern: str) -> Wanted:
        return Wanted(self.finder.universe.node({"type": "string", "pattern": pattern}, "old"))

    def _is_name(self, name: str) -> bool:
        universe = self.finder.universe
        keys = [one.node.says("propertyNames") for one in self.allowed]
        return all(allows(universe, key, name) for key in keys if key is not None)

    def _up_to(self, most: int) -> _Objects:
        return replace(self, most=most if self.most is None else min(self.most, most))

    def _with(self, new: _New) -> _Objects:
        return replace(self, new=(*self.new, new))


def find_members(
    finder: Finder, allowed: Sequence[Wanted], forbidden: Sequence[Node], excluded: Sequence[Any]
) -> Answer:
    """Return an object that plain nodes allow and others forbid.

    Args:
        finder: of what is in it.
        allowed: all of them allow it.
        forbidden: none of them does.
        excluded: objects that it must not be.
    """
    names: dict[str, None] = {}
    for node in [*(one.node for one in allowed), *forbidden]:
        names.update(dict.fromkeys(node.says("properties", {})))
        names.update(dict.fromkeys(sorted(node.says("required", ()))))
    asked = _Objects(finder, tuple(allowed), tuple(names))
    for wanted in allowed:
        node = wanted.node
        asked = replace(
            asked,
            required=asked.required | node.says("required", frozenset()),
            least=max(asked.least, node.says("minProperties", 0)),
        )
        if (most := node.says("maxProperties")) is not None:
            asked = asked._up_to(most)  # noqa: SLF001 (of this module)
    if not all(map(asked.may_have, asked.required)):
        return NOTHING
    against = [one for one in forbidden if not _is_met(asked, one)]
    found = _avoiding(asked, against)
    if isinstance(found, Found) and frozen(found.value) in {frozen(one) for one in excluded}:
        larger = replace(asked, least=max(len(one) for one in excluded) + 1)
        found = _avoiding(larger, against)
        return found if isinstance(found, Found) else Unknown("an object other than those listed")
    return found


def _is_met(asked: _Objects, node: Node) -> bool:
    """Say whether a node forbids all that is asked for anyway: its tag is another one, say."""
    named: Mapping[str, Node] = node.says("properties", {})
    return any(
        asked.finder.separately(asked.member(name).plus([Wanted(named[name])])) == NOTHING
        for name in sorted(asked.required & named.keys())
        if named[name].values is not None
    )


def _avoiding(asked: _Objects, forbidden: Sequence[Node]) -> Answer:
    asked.finder.spend()
    if not forbidden:
        return asked.find()
    answer: Answer = NOTHING
    if asked.avoids(forbidden[0]):
        return _avoiding(asked, forbidden[1:])
    for narrower in _possible(asked, forbidden[0]):
        found = _avoiding(narrower, forbidden[1:])
        if isinstance(found, Found):
            return found
        answer = worse(answer, found)
    return answer


def _possible(asked: _Objects, node: Node) -> Iterator[_Objects]:
    for narrower in asked.without_node(node):
        if narrower.required & narrower.absent or (
            narrower.most is not None and narrower.least > narrower.most
        ):
            continue
        last = narrower.more[-1:] if len(narrower.more) > len(asked.more) else ()
        if all(
            narrower.may_have(name) and narrower.finder.find(narrower.member(name)) != NOTHING
            for name, _ in last
        ):
            yield narrower


def _is_closed(exact: Sequence[Node]) -> bool:
    """Say whether a sender that says this much sends nothing else."""
    return any(
        one.says("properties") is not None or one.says("patternProperties") is not None
        for one in exact
    ) and all(one.says("additionalProperties") is None for one in exact)


def _is_known(node: Node, name: str) -> bool:
    return (
        name in node.says("properties", {})
        or name in node.says("required", ())
        or any(matches(pattern, name) for pattern in node.says("patternProperties", {}))
    )
