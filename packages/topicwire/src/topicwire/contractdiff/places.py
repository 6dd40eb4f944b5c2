"""Where in a message a difference is: as a text, and as a schema of the messages that have it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from topicwire.contractdiff.containment.nodes import Node

Wrap: TypeAlias = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a message."""

    text: str = ""
    wraps: tuple[Wrap, ...] = ()
    alone: tuple[Wrap, ...] = ()
    """The same, where what stands beside the way is as both documents allow."""

    def around(self, inner: Any, *, alone: bool = False) -> Any:
        """Return a schema of messages that have a value of the schema `inner` at this place.

        Args:
            inner: of the value.
            alone: what stands beside the way there is as both documents allow.
        """
        for wrap in reversed(self.alone if alone else self.wraps):
            inner = wrap(inner)
        return inner

    def shown_as(self, other: Place) -> Place:
        """Return this place with the text of another: of what is missing here, say."""
        return replace(self, text=other.text)

    def member(self, name: str, beside: Callable[[], Any] = lambda: True) -> Place:
        """Return the place of a property; `beside` gives what both documents allow beside it."""
        shown = name if name.isidentifier() else f"[{name!r}]"
        dot = "." if self.text and name.isidentifier() else ""

        def wrap(inner: Any) -> Any:
            return {"type": "object", "required": [name], "properties": {name: inner}}

        return self._inside(f"{dot}{shown}", wrap, lambda inner: {"allOf": [wrap(inner), beside()]})

    def other_members(self, names: Iterable[str], patterns: Iterable[str]) -> Place:
        """Return the place of some property that is not named."""
        named, matched = dict.fromkeys(names, True), dict.fromkeys(patterns, True)

        def wrap(inner: Any) -> Any:
            none = {"additionalProperties": {"not": inner}}
            none |= {"properties": named, "patternProperties": matched}
            return {"type": "object", "not": {"type": "object", **none}}

        return self._inside("{}", wrap)

    def matched_members(self, pattern: str) -> Place:
        """Return the place of some property whose name matches."""
        return self._inside(
            f"{{{pattern}}}",
            lambda inner: {
                "type": "object",
                "not": {"type": "object", "patternProperties": {pattern: {"not": inner}}},
            },
        )

    def items(self) -> Place:
        """Return the place of some item."""
        return self._inside("[]", lambda inner: {"type": "array", "contains": inner})

    def item(self, index: int) -> Place:
        """Return the place of the item at a position."""
        return self._inside(
            f"[{index}]",
            lambda inner: {
                "type": "array",
                "minItems": index + 1,
                "items": [*([True] * index), inner],
            },
        )

    def union_member(self, node: Node, label: str) -> Place:
        """Return the same place, where the value is of one member of a union."""
        return self._inside(f"({label})", lambda inner: {"allOf": [node, inner]})

    def _inside(self, text: str, wrap: Wrap, alone: Wrap | None = None) -> Place:
        return Place(self.text + text, (*self.wraps, wrap), (*self.alone, alone or wrap))
