"""What is asked for: a value that all of some schemas allow and none of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from topicwire.contractdiff.containment.answers import Answer
from topicwire.contractdiff.containment.nodes import Node, Universe


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schema that has to allow the value.

    Where it is `exact` it is the sender's own: what the sender does not name it does not send,
    except where it says that there may be more. That is what the generated types say.
    """

    node: Node
    exact: bool = False

    @property
    def order(self) -> tuple[int, bool]:
        """A place in a stable order."""
        return self.node.number, self.exact


@dataclass(frozen=True, slots=True)
class Goal:
    """A question."""

    allowed: frozenset[Wanted] = frozenset()
    forbidden: frozenset[Node] = frozenset()

    def joined(self, other: Goal) -> Goal:
        """Return both questions as one."""
        return Goal(self.allowed | other.allowed, self.forbidden | other.forbidden)

    def plus(self, allowed: Iterable[Wanted] = (), forbidden: Iterable[Node] = ()) -> Goal:
        """Return it with more asked."""
        return Goal(self.allowed | frozenset(allowed), self.forbidden | frozenset(forbidden))


ANY_VALUE = Goal()


class Finder(Protocol):
    """What the search for lists and objects needs of the search for what is in them."""

    universe: Universe

    def find(self, goal: Goal) -> Answer:
        """Return a value, or that there is none."""
        ...

    def spend(self) -> None:
        """Take one step of those that the whole search may take.

        Raises:
            UndecidedError: there is none left.
        """
        ...

    def separately(self, goal: Goal) -> Answer:
        """Return an answer that relies on no open question."""
        ...
