"""Does a difference break anybody? Asked of the whole message, in its direction.

A change breaks when a message shows it: one that its sender's document allows, that has the
difference in it, and that the other document does not allow. Where the search can neither find
such a message nor prove that there is none, the change counts as breaking, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from topicwire.contractdiff.changes import Severity, Witness
from topicwire.contractdiff.containment.answers import NOTHING, Answer, Found, Unknown
from topicwire.contractdiff.containment.nodes import Node
from topicwire.contractdiff.containment.search import Search
from topicwire.contractdiff.containment.wanted import Wanted
from topicwire.contractdiff.differences import Difference
from topicwire.types import Direction

Sender = Literal["old client", "new server"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a difference means."""

    severity: Severity
    witness: Witness | None = None
    unknown: str = ""
    """Why it is not known, where it is not."""

    is_same: bool = False
    """The same values, written in another way."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges the differences of one message.

    Args:
        search: over both documents.
        old: the message's schema.
        new: what it has become.
        direction: in which it travels.
    """

    search: Search
    old: Node
    new: Node
    direction: Direction

    @property
    def sender(self) -> Sender:
        """Who sends the message as its document says, to whom the other document holds."""
        return "old client" if self.direction == "to_server" else "new server"

    def of(self, difference: Difference) -> Verdict:
        """Judge one difference."""
        sent, taken = self._ordered(difference.old, difference.new)
        local = self.search.counterexample(sent, taken, exact=True)
        if local == NOTHING:
            return Verdict("compatible", is_same=self._same(sent, taken))
        universe = self.search.universe
        place = difference.place
        tried: list[Any] = []
        if isinstance(local, Found):
            pinned = difference.pin(local.value)
            # First one that shows nothing else.
            tried.append(place.around({"allOf": [pinned, difference.beside()]}, alone=True))
            tried.append(place.around(pinned))
        tried.append(place.around({"allOf": [sent, universe.negated(taken)]}))
        answer: Answer = NOTHING
        for schema in tried:
            answer = self._shown(schema)
            if isinstance(answer, Found):
                return Verdict("breaking", Witness("refused", self.sender, answer.value))
        if isinstance(answer, Unknown):
            return Verdict("breaking", unknown=answer.why)
        return Verdict("compatible")

    def whole(self) -> Verdict:
        """Judge all differences at once: what nothing smaller explains."""
        sent, taken = self._ordered(self.old, self.new)
        answer = self.search.counterexample(sent, taken, exact=True)
        if isinstance(answer, Found):
            return Verdict("breaking", Witness("refused", self.sender, answer.value))
        if isinstance(answer, Unknown):
            return Verdict("breaking", unknown=answer.why)
        return Verdict("compatible", is_same=self._same(sent, taken))

    def without(self, difference: Difference) -> Verdict:
        """Judge a default: may the property be left out of a message that both documents allow?

        What one of them refuses, with the property or without, cannot come to mean something else.
        """
        sent, taken = self._ordered(self.old, self.new)
        inner = {"type": "object", "not": {"required": [difference.absent]}}
        node = self.search.universe.node(difference.place.around(inner), "old")
        answer = self.search.ask([Wanted(sent, exact=True), Wanted(taken), Wanted(node)])
        if isinstance(answer, Found):
            return Verdict("breaking", Witness("meaning", self.sender, answer.value))
        if isinstance(answer, Unknown):
            return Verdict("breaking", unknown=answer.why)
        return Verdict("compatible")

    def _shown(self, schema: Any) -> Answer:
        sent, taken = self._ordered(self.old, self.new)
        node = self.search.universe.node(schema, "old")
        return self.search.ask([Wanted(sent, exact=True), Wanted(node)], [taken])

    def _ordered(self, old: Any, new: Any) -> tuple[Node, Node]:
        universe = self.search.universe
        one, other = universe.node(old, "old"), universe.node(new, "new")
        return (one, other) if self.direction == "to_server" else (other, one)

    def _same(self, one: Node, other: Node) -> bool:
        return (
            self.search.counterexample(one, other) == NOTHING
            and self.search.counterexample(other, one) == NOTHING
        )
