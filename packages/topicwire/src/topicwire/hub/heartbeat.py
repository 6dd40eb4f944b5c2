"""Asks the quiet ones whether they are still there, and ends those that give no sign of life.

Everyone is waited for equally long, so whoever has waited longest is always the first of a line:
a sign of life moves its sender to the end, and one alarm serves the whole line. Weighed against
it: a task for each connection (10,000 tasks that sleep), a timer for each (an entry each in the
loop's heap, re-armed at every look), and a sweep over all (it finds nobody, most of the time, and
is late by up to its period).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, Protocol

from typing_extensions import TypeVar

from topicwire.hub.clock import TURNS, Clock, Timer

MAX_IN_A_ROW: Final = 100
"""So many are asked or ended at once, when thousands connected in the same moment."""

PAUSE_S: Final = 0.02
"""Between one such lot and the next."""


class Watched(Protocol):
    """A connection, as the heartbeat sees it."""

    @property
    def received_bytes(self) -> int:
        """Bytes received so far, of whole messages or not; 0 where the server cannot say."""
        ...

    def ping(self) -> None:
        """Send a ping with whatever is sent next, and say so to `ping_left`."""
        ...

    def lost(self) -> None:
        """End: there was no sign of life."""
        ...


_Member = TypeVar("_Member", bound=Watched)
_Waiting = TypeVar("_Waiting")


class Heartbeat(Generic[_Member]):
    """Finds out which of many connections are dead.

    Guarantee: who has sent no message for `heartbeat_s` is sent a ping; who does not send a byte
    within `grace_s` after the ping has left is ended. A ping that cannot leave starts no grace:
    such a client is the send timeout's. Nobody is ended for what the server has not read yet.

    Args:
        clock: whose time it is.
        heartbeat_s: how quiet a connection may be.
        grace_s: how long an answer may take.
    """

    def __init__(self, clock: Clock, heartbeat_s: float, grace_s: float) -> None:
        self._quiet: Line[_Member] = Line(clock, heartbeat_s, self._ask)
        self._asked: Line[_Member] = Line(clock, grace_s, self._judge)
        self._received: dict[_Member, int] = {}

    def heard(self, member: _Member) -> None:
        """`member` has just been accepted, or has sent a message."""
        self._quiet.enter(member)
        if member in self._received:
            del self._received[member]
            self._asked.leave(member)

    def ping_left(self, member: _Member) -> None:
        """The socket has taken a ping to `member`."""
        if member not in self._received:
            self._received[member] = member.received_bytes
            self._asked.enter(member)

    def forget(self, member: _Member) -> None:
        """`member` has left."""
        self._quiet.leave(member)
        self._asked.leave(member)
        self._received.pop(member, None)

    def _ask(self, member: _Member) -> None:
        member.ping()

    def _judge(self, member: _Member, turns: int = TURNS) -> None:
        if member not in self._received:
            return  # heard in the meantime, or gone
        if turns:
            asyncio.get_running_loop().call_soon(self._judge, member, turns - 1)
        # a message may be on its way for longer than the grace; RFC 6455's own pongs count too
        elif member.received_bytes != self._received.pop(member):
            self._quiet.enter(member)
        else:
            member.lost()


class Line(Generic[_Waiting]):
    """Those who wait for the same length of time, with one alarm for all of them.

    Args:
        clock: whose time it is.
        limit_s: how long each waits.
        due: called with each who has waited so long, and waits no longer.
    """

    def __init__(self, clock: Clock, limit_s: float, due: Callable[[_Waiting], None]) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._due = due
        self._since_s: OrderedDict[_Waiting, float] = OrderedDict()
        self._alarm: Timer | None = None

    def enter(self, member: _Waiting) -> None:
        """Wait from now on, at the end of the line, wherever `member` was."""
        self._since_s[member] = self._clock.now_s()
        self._since_s.move_to_end(member)
        if self._alarm is None:
            self._arm(self._limit_s)

    def leave(self, member: _Waiting) -> None:
        """Wait no longer. No error when `member` did not."""
        self._since_s.pop(member, None)
        if not self._since_s and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _arm(self, delay_s: float) -> None:
        self._alarm = self._clock.call_later(delay_s, self._look)

    def _look(self) -> None:
        self._alarm = None
        now_s = self._clock.now_s()
        left_s = 0.0
        for _ in range(MAX_IN_A_ROW):
            if not self._since_s:
                return
            member, since_s = next(iter(self._since_s.items()))
            left_s = since_s + self._limit_s - now_s
            if left_s > 0:
                break
            del self._since_s[member]
            self._due(member)
        if self._since_s and self._alarm is None:
            self._arm(max(left_s, PAUSE_S))
