"""Which member of a union became which member of another."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from topicwire.contractdiff.containment.nodes import Side, Universe, frozen
from topicwire.contractdiff.views import listed_values, view


def member_pairs(universe: Universe, olds: list[Any], news: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield what belongs together; with None what was removed, and then what was added.

    Members are the same that say the same; then those of the same tag, of the same name, and of
    the same JSON type where there is one such on either side.
    """
    left, right = list(enumerate(olds)), list(enumerate(news))
    pairs: list[tuple[int, Any, Any]] = []
    for sign in (_meaning, _tag, _name, _type):
        for place, old in list(left):
            mark = sign(universe, old, "old")
            same = [one for one in right if sign(universe, one[1], "new") == mark]
            rivals = [one for one in left if sign(universe, one[1], "old") == mark]
            if mark is not None and len(same) == len(rivals) == 1:
                pairs.append((place, old, same[0][1]))
                left.remove((place, old))
                right.remove(same[0])
    pairs += [(place, old, None) for place, old in left]
    yield from ((old, new) for _, old, new in sorted(pairs, key=lambda one: one[0]))
    yield from ((None, new) for _, new in right)


_Sign = Callable[[Universe, Any, Side], Any]


def _meaning(universe: Universe, member: Any, side: Side) -> Any:
    return universe.node(member, side).number


def _tag(universe: Universe, member: Any, side: Side) -> Any:
    plain = view(universe, member, side).plain
    for name, schema in sorted(plain.get("properties", {}).items()):
        values = listed_values(view(universe, schema, side).plain)
        if values is not None:
            return (name, frozenset(map(frozen, values)))
    return None


def _name(universe: Universe, member: Any, side: Side) -> Any:
    return view(universe, member, side).name or None


def _type(universe: Universe, member: Any, side: Side) -> Any:
    kind = view(universe, member, side).plain.get("type")
    return kind if isinstance(kind, str) else None
