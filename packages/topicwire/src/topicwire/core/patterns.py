"""Wildcard patterns: topics that stand for several (protocol, section 3).

The segments of a key are what lies between its colons. A pattern has at least one segment that is
`*` and nothing else, and matches every key of as many segments that has its other ones. A key whose
request is JSON (`route:{...}`) is no pattern, whatever its strings say.
"""

from __future__ import annotations

from typing import Final

from topicwire.types import TopicId

WILDCARD: Final = "*"
_JSON: Final = ("{", "[", '"')

_Shape = tuple[int, ...]
"""Where a pattern's literal segments are."""


def is_pattern(key: str) -> bool:
    """Say whether a key stands for several."""
    return (
        WILDCARD in key
        and WILDCARD in key.split(":")
        and not key.partition(":")[2].startswith(_JSON)
    )


class PatternIndex:
    """The patterns of one route that are open.

    Guarantee: finding what matches a key costs one look for each distinct shape of as many
    segments, a shape being where the literal segments are; never one for each pattern, and nothing
    for topics that are no patterns.
    """

    __slots__ = ("_by_length",)

    def __init__(self) -> None:
        self._by_length: dict[int, dict[_Shape, dict[tuple[str, ...], TopicId]]] = {}

    def __bool__(self) -> bool:
        return bool(self._by_length)

    def add(self, pattern: TopicId) -> None:
        """Find `pattern` from now on."""
        segments = pattern.key.split(":")
        shape = _shape(segments)
        by_shape = self._by_length.setdefault(len(segments), {})
        by_shape.setdefault(shape, {})[_literals(segments, shape)] = pattern

    def remove(self, pattern: TopicId) -> None:
        """Find `pattern` no longer. Does nothing when it is not here."""
        segments = pattern.key.split(":")
        shape = _shape(segments)
        by_shape = self._by_length.get(len(segments), {})
        alike = by_shape.get(shape, {})
        alike.pop(_literals(segments, shape), None)
        if not alike:
            by_shape.pop(shape, None)
        if not by_shape:
            self._by_length.pop(len(segments), None)

    def matching(self, key: str) -> list[TopicId]:
        """Return the patterns that match a key, in no particular order."""
        segments = key.split(":")
        found = []
        for shape, alike in self._by_length.get(len(segments), {}).items():
            pattern = alike.get(_literals(segments, shape))
            if pattern is not None:
                found.append(pattern)
        return found


def _shape(segments: list[str]) -> _Shape:
    return tuple(place for place, segment in enumerate(segments) if segment != WILDCARD)


def _literals(segments: list[str], shape: _Shape) -> tuple[str, ...]:
    return tuple([segments[place] for place in shape])
