"""The commands of one connection that wait for their turn."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Generic, NamedTuple, TypeVar

_Command = TypeVar("_Command")
_Answer = TypeVar("_Answer")


class Admission(Enum):
    """What became of a command."""

    QUEUED = auto()
    REFUSED = auto()
    """Too many wait: answer `rate_limited`, in its turn (`refuse`)."""

    FLOODED = auto()
    """Even the answers to refused ones are too many, or too large: close the connection."""


class _Waiting(NamedTuple, Generic[_Command, _Answer]):
    command: _Command | None
    answer: _Answer | None
    size: int


class CommandQueue(Generic[_Command, _Answer]):
    """One at a time, in order; refusals take their turn too, so answers come in order.

    Args:
        max_commands: how many may wait.
        max_answers: how many ready answers may wait behind them.
        max_answer_bytes: how large they may be together; a single one may be larger.
    """

    __slots__ = (
        "_answer_bytes",
        "_answers",
        "_commands",
        "_max_answer_bytes",
        "_max_answers",
        "_max_commands",
        "_waiting",
    )

    def __init__(self, max_commands: int, max_answers: int, max_answer_bytes: int) -> None:
        self._max_commands = max_commands
        self._max_answers = max_answers
        self._max_answer_bytes = max_answer_bytes
        # nothing waits for most connections at most times, and an empty deque has 760 bytes
        self._waiting: deque[_Waiting[_Command, _Answer]] | tuple[()] = ()
        self._commands = 0
        self._answers = 0
        self._answer_bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, command: _Command) -> Admission:
        """Queue a command, if there is room for it."""
        if self._commands >= self._max_commands:
            return Admission.REFUSED
        self._commands += 1
        self._add(_Waiting(command, None, 0))
        return Admission.QUEUED

    def answer(self, answer: _Answer, size: int) -> Admission:
        """Queue an answer that is known already: of a message that is refused or not understood.

        Args:
            answer: what to send in its turn.
            size: of it, in bytes.
        """
        total = self._answer_bytes + size
        if self._answers >= self._max_answers or (self._answers and total > self._max_answer_bytes):
            return Admission.FLOODED
        self._answers += 1
        self._answer_bytes = total
        self._add(_Waiting(None, answer, size))
        return Admission.QUEUED

    def take(self) -> tuple[_Command | None, _Answer | None] | None:
        """Return what is next, a command or an answer; None when nothing waits."""
        if not self._waiting:
            return None
        command, answer, size = self._waiting.popleft()
        if not self._waiting:
            self._waiting = ()
        if answer is None:
            self._commands -= 1
        else:
            self._answers -= 1
            self._answer_bytes -= size
        return command, answer

    def _add(self, waiting: _Waiting[_Command, _Answer]) -> None:
        if isinstance(self._waiting, deque):
            self._waiting.append(waiting)
        else:
            self._waiting = deque((waiting,))
