"""Is there a list with such items, and so many of them?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown, worse
from topicwire.contractdiff.containment.evaluate import item_nodes
from topicwire.contractdiff.containment.nodes import Node, frozen
from topicwire.contractdiff.containment.wanted import Finder, Goal, Wanted

_MOST_ITEMS = 2_000


@dataclass(frozen=True, slots=True)
class _Some:
    """One item, at a place from `first` to `last`, is asked for more."""

    first: int
    last: int | None
    goal: Goal


@dataclass(frozen=True, slots=True)
class _Lists:
    """Lists that are asked for."""

    finder: Finder
    items: tuple[Goal, ...]
    """By position; the last stands for all that follow."""

    least: int = 0
    most: int | None = None
    is_unique: bool = False
    repeats: bool = False
    some: tuple[_Some, ...] = ()

    def item(self, index: int) -> Goal:
        return self.items[min(index, len(self.items) - 1)]

    def up_to(self, most: int) -> _Lists:
        return replace(self, most=most if self.most is None else min(self.most, most))

    def without_node(self, node: Node) -> Iterable[_Lists]:
        """Yield the lists that a plain node forbids, by each thing that it says."""
        if (least := node.says("minItems", 0)) > 0:
            yield self.up_to(least - 1)
        if (most := node.says("maxItems")) is not None:
            yield replace(self, least=max(self.least, most + 1))
        if node.says("uniqueItems"):
            yield replace(self, repeats=True)
        if (contained := node.says("contains")) is not None:
            items = tuple(one.plus(forbidden=[contained]) for one in self.items)
            yield replace(self, items=items)
        items = node.says("items")
        if isinstance(items, Node):
            yield self._with(0, None, items)
        elif items is not None:
            for index, one in enumerate(items):
                yield self._with(index, index, one)
            if (rest := node.says("additionalItems")) is not None:
                yield self._with(len(items), None, rest)

    def _with(self, first: int, last: int | None, forbidden: Node) -> _Lists:
        one = _Some(first, last, Goal(forbidden=frozenset([forbidden])))
        return replace(self, some=(*self.some, one))

    def find(self) -> Answer:
        """Return a list, as short as possible, or that there is none."""
        if self.is_unique and self.repeats:
            return NOTHING
        answer: Answer = NOTHING
        pairs: Iterable[tuple[int, int] | None] = [None]
        if self.repeats:
            # Behind the places that differ: two alike, or one that is asked for and its like.
            ends = range(len(self.items) + max(len(self.some), 1))
            pairs = [(one, other) for other in ends for one in range(other)]
        for places in product(*(self._places(one) for one in self.some)):
            for pair in pairs:
                self.finder.spend()
                found = self._placed(places, pair)
                if isinstance(found, Found):
                    return found
                answer = worse(answer, found)
        return answer

    def _places(self, one: _Some) -> range:
        # Beyond the positions that differ all places are alike.
        last = max(len(self.items) - 1, one.first) + len(self.some) - 1
        return range(one.first, (last if one.last is None else one.last) + 1)

    def _placed(self, places: Sequence[int], pair: tuple[int, int] | None) -> Answer:
        length = max([self.least, *(place + 1 for place in places), (pair or (0, -1))[1] + 1])
        if self.most is not None and length > self.most:
            return NOTHING
        if length > _MOST_ITEMS:
            return Unknown(f"a list of {length} items is too long to be made")
        goals = [self.item(index) for index in range(length)]
        for place, one in zip(places, self.some, strict=True):
            goals[place] = goals[place].joined(one.goal)
        if pair is not None:
            goals[pair[0]] = goals[pair[1]] = goals[pair[0]].joined(goals[pair[1]])
        return self._filled(goals)

    def _filled(self, goals: Sequence[Goal]) -> Answer:
        values: list[Any] = []
        for index, goal in enumerate(goals):
            before = self._taken(values)
            found = self.finder.find(goal.plus(forbidden=before))
            if isinstance(found, Unknown):
                return found
            if not isinstance(found, Found):
                is_alike = len(set(goals[: index + 1])) == 1
                if not before or is_alike or self.finder.find(goal) == NOTHING:
                    return NOTHING
                return Unknown("whether enough different items can be found")
            values.append(found.value)
        return Found(values)

    def _taken(self, values: Sequence[Any]) -> list[Node]:
        if not self.is_unique or not values:
            return []
        return [self.finder.universe.constant(*values)]


def find_list(
    finder: Finder, allowed: Sequence[Wanted], forbidden: Sequence[Node], excluded: Sequence[Any]
) -> Answer:
    """Return a list that plain nodes allow and others forbid.

    Args:
        finder: of what is in it.
        allowed: all of them allow it.
        forbidden: none of them does.
        excluded: lists that it must not be.
    """
    nodes = [*(one.node for one in allowed), *forbidden]
    tuples = [one.says("items") for one in nodes if isinstance(one.says("items"), tuple)]
    length = max([len(one) for one in tuples], default=0)
    items = tuple(
        Goal(
            frozenset(
                replace(one, node=part) for one in allowed for part in item_nodes(one.node, index)
            )
        )
        for index in range(length + 1)
    )
    asked = _Lists(finder, items)
    for wanted in allowed:
        node = wanted.node
        asked = replace(
            asked,
            least=max(asked.least, node.says("minItems", 0)),
            is_unique=asked.is_unique or bool(node.says("uniqueItems")),
        )
        if (most := node.says("maxItems")) is not None:
            asked = asked.up_to(most)
        if (contained := node.says("contains")) is not None:
            some = _Some(0, None, Goal(frozenset([replace(wanted, node=contained)])))
            asked = replace(asked, some=(*asked.some, some))
    found = _avoiding(asked, forbidden)
    if isinstance(found, Found) and frozen(found.value) in {frozen(one) for one in excluded}:
        longer = replace(asked, least=max(len(one) for one in excluded) + 1)
        found = _avoiding(longer, forbidden)
        return found if isinstance(found, Found) else Unknown("a list other than those listed")
    return found


def _avoiding(asked: _Lists, forbidden: Sequence[Node]) -> Answer:
    asked.finder.spend()
    if not forbidden:
        return asked.find()
    answer: Answer = NOTHING
    for narrower in asked.without_node(forbidden[0]):
        if narrower.most is not None and narrower.least > narrower.most:
            continue
        found = _avoiding(narrower, forbidden[1:])
        if isinstance(found, Found):
            return found
        answer = worse(answer, found)
    return answer
