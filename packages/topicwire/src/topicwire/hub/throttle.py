"""How often a topic's updates go out, where its route limits that (`max_rate_hz`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Generic, TypeVar

from topicwire.core.held import Held
from topicwire.core.policies import Policy
from topicwire.core.updates import Update
from topicwire.hub.clock import Clock, Timer

_Member = TypeVar("_Member")


class Throttle(Generic[_Member]):
    """Holds a topic's updates back until the next is due, by the policy of its route.

    Guarantee: the first update goes at once, then at least `interval_s` lies between two moments
    of sending, and the last one is always sent. A marked update does not wait, nor what came
    before it. Whoever joins is sent nothing older than its position. One timer a topic.

    Args:
        clock: whose time it is.
        interval_s: between two moments.
        policy: what becomes of the updates that wait.
        max_bytes: more than this is not held back: it is sent before its time.
        members: who receives the topic.
        send: sends updates to some of them.
        in_turn: takes a step when no other is being taken: an alarm is nobody's part of one.
        left_out: told how many updates will not be sent to anybody.
    """

    __slots__ = (
        "_clock",
        "_held",
        "_in_turn",
        "_interval_s",
        "_late",
        "_left_out",
        "_max_bytes",
        "_members",
        "_policy",
        "_send",
        "_timer",
    )

    def __init__(
        self,
        *,
        clock: Clock,
        interval_s: float,
        policy: Policy,
        max_bytes: int,
        members: Callable[[], Collection[_Member]],
        send: Callable[[Sequence[Update], Collection[_Member]], None],
        in_turn: Callable[[Callable[[], None]], None],
        left_out: Callable[[int], None],
    ) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._policy = policy
        self._max_bytes = max_bytes
        self._members = members
        self._send = send
        self._in_turn = in_turn
        self._left_out = left_out
        self._held = Held(policy)
        # who joined since something has been held back, and the number up to which it has all
        self._late: dict[_Member, int] = {}
        self._timer: Timer | None = None

    def take(self, update: Update) -> None:
        """Send an update when it may be sent."""
        if self._timer is None:
            self._arm()
            self._send([update], self._members())
        elif update.is_marked:
            self.flush()
            self._send([update], self._members())
        else:
            if self._held.add(update):
                self._left_out(1)
            if self._held.size >= self._max_bytes:
                self.flush()

    def admit(self, member: _Member, seq: int) -> None:
        """Note that `member` receives from now on, and has everything up to `seq`."""
        if self._held:
            self._late[member] = seq

    def catch_up(self, member: _Member, seq: int) -> None:
        """Send `member` what is held back, up to `seq`, now: it is told that it has that."""
        since = self._late.get(member, -1)
        mine = [update for update in self._held.peek() if update.seq > since]
        if mine:
            self._late[member] = seq
            self._send(self._policy.combined(mine), (member,))

    def leave(self, member: _Member) -> None:
        """Note that `member` receives no longer."""
        self._late.pop(member, None)

    def flush(self) -> None:
        """Send what is held back, before its time."""
        self._give_out(self._held.drain())

    def stop(self) -> None:
        """Hold nothing back any longer: nobody receives the topic."""
        self._held.clear()
        self._late.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = self._clock.call_later(self._interval_s, lambda: self._in_turn(self._is_due))

    def _is_due(self) -> None:
        self._timer = None
        if self._held:
            self._arm()
            self._give_out(self._held.due())

    def _give_out(self, updates: list[Update]) -> None:
        if not updates:
            return
        combined = self._policy.combined(updates)
        self._left_out(len(updates) - len(combined))
        late, self._late = self._late, {}
        if not late:
            self._send(combined, self._members())
            return
        last = updates[-1].seq
        self._send(combined, [one for one in self._members() if one not in late])
        for since in set(late.values()):
            group = [one for one, their in late.items() if their == since]
            theirs = [update for update in updates if update.seq > since]
            self._send(self._policy.combined(theirs), group)
        self._late |= {one: since for one, since in late.items() if since > last}
