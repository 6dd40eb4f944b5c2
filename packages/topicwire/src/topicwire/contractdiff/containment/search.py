"""The search for a value that some schemas allow and others forbid.

Rules take schemas apart (a tableau): a union is one of its members, a forbidden union is none of
them, and so on, until only plain keywords are left; then each JSON type has its own search. Every
branch is followed, so where nothing is found there is nothing. Recursive schemas end by the same
argument as induction: the smallest value does not contain another answer to the same question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown, worse
from topicwire.contractdiff.containment.evaluate import UndecidedError, allows, json_type
from topicwire.contractdiff.containment.lists import find_list
from topicwire.contractdiff.containment.members import find_members
from topicwire.contractdiff.containment.nodes import Node, Universe
from topicwire.contractdiff.containment.numbers import Numbers, exact
from topicwire.contractdiff.containment.texts import Texts
from topicwire.contractdiff.containment.wanted import Goal, Wanted

_MOST_STEPS = 20_000
_MOST_DEEP = 120
_TOO_LARGE = "the schemas are too large to compare"


@dataclass(slots=True)
class Search:
    """Answers questions about the nodes of one universe, and remembers the answers."""

    universe: Universe
    _answers: dict[Goal, Answer] = field(default_factory=dict)
    _open: dict[Goal, int] = field(default_factory=dict)
    _assumed: int = _MOST_DEEP + 1
    """The outermost open question that the present answer relies on."""

    _steps: int = 0
    _separate: set[Goal] = field(default_factory=set)

    def counterexample(self, one: Node, other: Node, *, exact: bool = False) -> Answer:
        """Return a value that `one` allows and `other` does not, or that there is none.

        Args:
            one: what is sent.
            other: what is taken.
            exact: the sender sends no property that `one` does not name, unless it says so.
        """
        return self.ask([Wanted(one, exact)], [other])

    def ask(self, allowed: Iterable[Wanted], forbidden: Iterable[Node] = ()) -> Answer:
        """Return a value that all of `allowed` allow and none of `forbidden` does."""
        self._steps = 0
        return self.find(Goal(frozenset(allowed), frozenset(forbidden)))

    def find(self, goal: Goal) -> Answer:
        """Return an answer, as part of the search for another."""
        if goal in self._answers:
            return self._answers[goal]
        if goal in self._open:
            self._assumed = min(self._assumed, self._open[goal])
            return NOTHING
        self._steps += 1
        depth = len(self._open)
        if self._steps > _MOST_STEPS or depth >= _MOST_DEEP:
            return Unknown(_TOO_LARGE)
        before, self._assumed = self._assumed, _MOST_DEEP + 1
        self._open[goal] = depth
        try:
            answer = self._found(goal)
        except UndecidedError as exc:
            answer = Unknown(str(exc))
        finally:
            del self._open[goal]
        # "Nothing" that relies on an outer question holds only while that one is open.
        if isinstance(answer, Found) or self._assumed >= depth:
            self._answers[goal] = answer
            self._assumed = before
        else:
            self._assumed = min(before, self._assumed)
        return answer

    def spend(self) -> None:
        """Take one step of those that a question may take: ways to avoid many schemas multiply.

        Raises:
            UndecidedError: there is none left.
        """
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise UndecidedError(_TOO_LARGE)

    def separately(self, goal: Goal) -> Answer:
        """Return an answer that relies on no open question: for conclusions from "nothing"."""
        if goal in self._separate:
            return Unknown("it is asked already")
        self._separate.add(goal)
        outer = self._open, self._assumed
        self._open, self._assumed = {}, _MOST_DEEP + 1
        try:
            return self.find(goal)
        finally:
            self._open, self._assumed = outer
            self._separate.discard(goal)

    def _found(self, goal: Goal) -> Answer:
        parted = _Parted(self, goal)
        if parted.is_impossible:
            return NOTHING
        if not parted.branches:
            return self._plain(parted)
        branch = min(parted.branches, key=lambda one: len(one.ways))
        answer: Answer = NOTHING
        for way in branch.ways:
            found = self.find(parted.without(branch).joined(way))
            if isinstance(found, Found):
                return found
            answer = worse(answer, found)
        return answer

    def _plain(self, parted: _Parted) -> Answer:
        allowed, forbidden = parted.allowed, parted.forbidden
        listed = [one.node.values for one in allowed if one.node.values is not None]
        if listed:
            return self._listed(listed[0], parted)
        types = frozenset.intersection(*(one.node.types for one in allowed)) if allowed else None
        answer: Answer = NOTHING
        for kind in ("string", "number", "boolean", "null", "array", "object"):
            given = "integer" if kind == "number" else kind
            if types is not None and given not in types:
                continue
            against = [one for one in forbidden if given in one.types]
            if not all(one.values is not None or _says(one, kind) for one in against):
                continue  # one of them forbids all of this type
            found = self._typed(kind, allowed, against)
            if isinstance(found, Found):
                return found
            answer = worse(answer, found)
        return answer

    def _listed(self, values: Iterable[Any], parted: _Parted) -> Answer:
        answer: Answer = NOTHING
        for value in values:
            try:
                if all(allows(self.universe, one.node, value) for one in parted.allowed) and not (
                    any(allows(self.universe, one, value) for one in parted.forbidden)
                ):
                    return Found(value)
            except UndecidedError as exc:
                answer = Unknown(str(exc))
        return answer

    def _typed(self, kind: str, allowed: list[Wanted], forbidden: list[Node]) -> Answer:
        excluded = [
            value
            for one in forbidden
            for value in one.values or ()
            if json_type(value) in ({"integer", "number"} if kind == "number" else {kind})
            and allows(self.universe, one, value)
        ]
        against = [one for one in forbidden if one.values is None]
        match kind:
            case "null" | "boolean":
                options = [None] if kind == "null" else [True, False]
                left = [one for one in options if one not in excluded]
                return Found(left[0]) if left and not against else NOTHING
            case "number":
                numbers = Numbers(excluded=frozenset(exact(one) for one in excluded))
                for wanted in allowed:
                    numbers = numbers.with_node(wanted.node)
                return self._first(numbers, against)
            case "string":
                texts = Texts(excluded=frozenset(excluded))
                for wanted in allowed:
                    texts = texts.with_node(wanted.node)
                return self._first(texts, against)
            case "array":
                return find_list(self, allowed, against, excluded)
            case _:
                return find_members(self, allowed, against, excluded)

    def _first(self, asked: Numbers | Texts, forbidden: list[Node]) -> Answer:
        """Follow every way in which all of `forbidden` are not met."""
        self.spend()
        if not forbidden:
            return asked.find()
        answer: Answer = NOTHING
        for narrower in asked.without_node(forbidden[0]):
            found = self._first(narrower, forbidden[1:])
            if isinstance(found, Found):
                return found
            answer = worse(answer, found)
        return answer


_OF_TYPE = {
    "string": {"minLength", "maxLength", "pattern", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "array": {"items", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains"},
    "object": {
        "properties", "patternProperties", "additionalProperties", "propertyNames", "required",
        "minProperties", "maxProperties",
    },
}  # fmt: skip


def _says(node: Node, kind: str) -> bool:
    """Say whether a plain node forbids any value of a type that it names."""
    if kind == "number" and "number" not in node.types:
        return True  # whole numbers alone
    return bool(_OF_TYPE.get(kind, set()) & (node.keywords or {}).keys())


@dataclass(frozen=True, slots=True)
class _Branch:
    """What may be the case in several ways: it stands for `origin` in the goal."""

    origin: Wanted | Node
    ways: tuple[Goal, ...]


class _Parted:
    """A goal taken apart, as far as there is one way only."""

    def __init__(self, search: Search, goal: Goal) -> None:
        self.search = search
        self.allowed: list[Wanted] = []
        self.forbidden: list[Node] = []
        self.branches: list[_Branch] = []
        self.is_impossible = False
        self._seen: set[Wanted | Node] = set()
        for wanted in sorted(goal.allowed, key=lambda one: one.order):
            self._allow(wanted)
        for node in sorted(goal.forbidden, key=lambda one: one.number):
            self._forbid(node)
        nodes = {one.node for one in self._seen if isinstance(one, Wanted)}
        if nodes & {one for one in self._seen if isinstance(one, Node)}:
            self.is_impossible = True

    def without(self, branch: _Branch) -> Goal:
        """Return the goal without one branch."""
        origins = [one.origin for one in self.branches if one is not branch]
        return Goal(
            frozenset([*self.allowed, *(one for one in origins if isinstance(one, Wanted))]),
            frozenset([*self.forbidden, *(one for one in origins if isinstance(one, Node))]),
        )

    def _allow(self, wanted: Wanted) -> None:  # noqa: C901 (one case a kind of node)
        if wanted in self._seen:
            return
        self._seen.add(wanted)
        node = wanted.node
        match node.kind:
            case "true":
                pass
            case "false":
                self.is_impossible = True
            case "plain":
                self.allowed.append(wanted)
            case "ref":
                self._allow(replace(wanted, node=self.search.universe.target(node)))
            case "all":
                for part in node.parts:
                    self._allow(replace(wanted, node=part))
            case "not":
                self._forbid(node.parts[0])
            case "any":
                ways = tuple(
                    Goal(frozenset([replace(wanted, node=part)]), frozenset())
                    for part in node.parts
                )
                self.branches.append(_Branch(wanted, ways))
            case "one":
                ways = tuple(
                    Goal(frozenset([replace(wanted, node=part)]), self._others(node, part))
                    for part in node.parts
                )
                self.branches.append(_Branch(wanted, ways))

    def _forbid(self, node: Node) -> None:  # noqa: C901 (one case a kind of node)
        if node in self._seen:
            return
        self._seen.add(node)
        match node.kind:
            case "false":
                pass
            case "true":
                self.is_impossible = True
            case "plain":
                self.forbidden.append(node)
            case "ref":
                self._forbid(self.search.universe.target(node))
            case "any":
                for part in node.parts:
                    self._forbid(part)
            case "not":
                self._allow(Wanted(node.parts[0]))
            case "all":
                ways = tuple(Goal(frozenset(), frozenset([part])) for part in node.parts)
                self.branches.append(_Branch(node, ways))
            case "one":
                self._forbid_one(node)

    def _forbid_one(self, node: Node) -> None:
        """None of them, or two at once."""
        both = [
            Goal(frozenset([Wanted(one), Wanted(other)]), frozenset())
            for one, other in combinations(node.parts, 2)
            if not self._apart(one, other)
        ]
        if not both:
            for part in node.parts:
                self._forbid(part)
        else:
            self.branches.append(_Branch(node, (Goal(frozenset(), frozenset(node.parts)), *both)))

    def _others(self, node: Node, part: Node) -> frozenset[Node]:
        """Return the other members of a `oneOf` that a value of `part` might be, too."""
        others = list(node.parts)
        others.remove(part)
        return frozenset(one for one in others if not self._apart(one, part))

    def _apart(self, one: Node, other: Node) -> bool:
        first, second = sorted((one, other), key=lambda node: node.number)
        goal = Goal(frozenset([Wanted(first), Wanted(second)]), frozenset())
        return self.search.separately(goal) == NOTHING
