"""Commands that wait for room on the wire, and those that wait for their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from topicwire.client.effects import Effect, Send, Token
from topicwire.client.frames import encode_command
from topicwire.client.subscription import Subscription

WINDOW: Final = 32
"""Commands on the wire at once. The server lets 64 wait; half of it leaves room for another's."""


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A request of an operation."""

    token: Token
    type: str
    payload: str | None


Target: TypeAlias = Subscription | Call
"""Whom a command is for."""


@dataclass(frozen=True, slots=True)
class InFlight:
    """A command that is not answered yet."""

    type: str
    size: int
    """In characters."""

    target: Target


class Commands:
    """First come, first served, at most `WINDOW` at once."""

    def __init__(self, emit: Callable[[Effect], None]) -> None:
        self._emit = emit
        self._in_flight: dict[int, InFlight] = {}
        self._queue: dict[Target, None] = {}
        self._last_id = 0

    def queue(self, target: Target) -> None:
        """Wait for room; once, however often it is said."""
        self._queue[target] = None

    def withdraw(self, target: Target) -> None:
        """Wait no longer; no error for one that does not."""
        self._queue.pop(target, None)

    def withdraw_all(self) -> None:
        """Nothing waits any longer."""
        self._queue.clear()

    def next(self) -> Target | None:
        """Return who may send now, if there is room and somebody waits."""
        if len(self._in_flight) >= WINDOW or not self._queue:
            return None
        target = next(iter(self._queue))
        del self._queue[target]
        return target

    def send(
        self,
        type_name: str,
        payload: str | None,
        target: Target,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        """Send a command, under a number of its own."""
        self._last_id += 1
        text = encode_command(type_name, self._last_id, payload, resume)
        self._in_flight[self._last_id] = InFlight(type_name, len(text), target)
        self._emit(Send(text))

    def answered(self, message_id: object) -> InFlight | None:
        """Return the command that this message answers, if it answers one."""
        if not isinstance(message_id, int) or isinstance(message_id, bool):
            return None
        return self._in_flight.pop(message_id, None)

    def lose(self) -> list[InFlight]:
        """Return what will never be answered, in the order in which it was sent."""
        lost = [*self._in_flight.values()]
        self._in_flight.clear()
        return lost
