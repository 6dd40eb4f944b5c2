"""The way of a topic's updates where its route does not promise every single one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

from topicwire.core.held import combine
from topicwire.core.policies import Merge, Policy
from topicwire.core.registry import Audience, Joining
from topicwire.core.replay import Kept
from topicwire.core.updates import Outcome, Update
from topicwire.core.wave import Wave
from topicwire.errors import UpdateTooLargeError
from topicwire.hub.clock import ends_this_task
from topicwire.hub.fanout import Keep, Receiver
from topicwire.hub.metrics import RouteMetrics
from topicwire.hub.route import Conflation
from topicwire.hub.surroundings import Surroundings
from topicwire.hub.throttle import Throttle
from topicwire.types import Position, TopicId
from topicwire.wire.frames import Frame, source_member, update_frame, update_payload, update_prefix
from topicwire.wire.marks import read_mark, split_mark


class Conflater:
    """Gives one topic's updates to its subscribers by the route's policy.

    Guarantee: each subscriber sees ascending numbers, and in the end the newest update of each
    place, or what it was merged into. Whatever is left out is counted.

    Args:
        hub: settings, clock, logger.
        conflation: how the route conflates.
        metrics: where it is counted.
        topic: whose updates they are.
    """

    def __init__(
        self, hub: Surroundings, conflation: Conflation, metrics: RouteMetrics, topic: TopicId
    ) -> None:
        self._hub = hub
        self._topic = topic
        self._metrics = metrics
        self._prefix = update_prefix(topic.route, topic.key)
        self._merge_payloads = conflation.merge
        self.policy: Policy = conflation.policy or Merge(self._merge)
        max_bytes = hub.settings.max_queue_bytes
        self.audience: Audience[Any] = Audience(
            Position("", 0),
            max_bytes,
            self.policy,
            lambda: Wave(hub.waves, self._give_one, max_bytes),
        )
        self._throttle: Throttle[Receiver] | None = None
        if conflation.interval_s:
            self._throttle = Throttle(
                clock=hub.clock,
                interval_s=conflation.interval_s,
                policy=self.policy,
                max_bytes=max_bytes,
                members=lambda: self.audience.members,
                send=self._send,
                in_turn=self._one_by_one,
                left_out=self._left_out,
            )
        self._is_busy = False
        self._waiting: deque[Callable[[], None]] = deque()
        self._merged: dict[tuple[Update, Update], Update | None] = {}
        self._failure: BaseException | None = None
        self._has_failed = False

    def deliver(self, seq: int, data: bytes, keep: Keep | None) -> None:
        """Send one update, now or when it is due, and `keep` it for those who come back.

        Args:
            seq: its number.
            data: its payload, and what the route marks it with.
            keep: given the number, the frame and the mark.
        """
        self._one_by_one(lambda: self._deliver(seq, data, keep))

    def admit(self, member: Receiver, joining: Joining) -> None:
        """Send a subscriber that receives from now on what was held back for it."""
        self.give((member,), joining)

    def give(self, members: Collection[Receiver], joining: Joining) -> None:
        """Send what was held back for subscribers that receive from now on, and have all then.

        What the topic's rate holds back for the others is not for them.
        """
        seq = self.audience.seq
        self._one_by_one(lambda: self._send(joining.updates(), members))
        if self._throttle is not None:
            for member in members:
                self._throttle.admit(member, seq)

    def catch_up(self, member: Receiver) -> None:
        """Send a subscriber what its topic's rate holds back: it is about to be told the number.

        What waits for it already goes out before it is told. One that is suspended is told the
        number that it had reached: what is held back is of a numbering that it knows nothing of.
        """
        throttle, seq = self._throttle, self.audience.seq
        if throttle is not None and self.audience.receives(member):
            self._one_by_one(lambda: throttle.catch_up(member, seq))
        member.seal(self)

    def leave(self, member: Receiver) -> None:
        """Send `member` nothing further, and let nothing replace what waits for it."""
        member.seal(self)
        if self._throttle is not None:
            self._throttle.leave(member)
            if not self.audience.members:
                self._throttle.stop()

    def settle(self) -> None:
        """Send what the topic's rate holds back, and let nothing replace what waits.

        The numbering ends, or is interrupted, or the server drains.
        """
        if self._throttle is not None:
            self._one_by_one(self._throttle.flush)
        if self.audience.wave is not None:
            self.audience.wave.settle()
        for member in self.audience.members:
            member.seal(self)

    def replay(self, seen: int, kept: Sequence[Kept]) -> list[bytes]:
        """Return what a client is sent that has missed `kept`, all updates after number `seen`."""
        updates = [
            self._update(seq, Frame(one.frame), one.mark, None)
            for seq, one in enumerate(kept, seen + 1)
        ]
        return [update.frame.data for update in combine(self.policy, updates)]

    def _one_by_one(self, step: Callable[[], None]) -> None:
        """Take a step. What a merge function publishes meanwhile comes after it, in order."""
        if self._is_busy:
            self._waiting.append(step)
            return
        self._is_busy = True
        try:
            step()
            while self._waiting:
                self._waiting.popleft()()
        finally:
            self._is_busy = False
            self._merged.clear()
        if self._failure is not None:
            self._log_failure()

    def _deliver(self, seq: int, data: bytes, keep: Keep | None) -> None:
        audience = self.audience
        if keep is None and audience.is_empty:
            audience.skip(seq)
            return
        mark, payload = split_mark(data)
        at_s = self._hub.clock.now_s()
        frame = update_frame(self._prefix, seq, payload, at_s)
        if keep is not None:
            keep(seq, frame.data, at_s, mark)
        update = self._update(seq, frame, mark, payload)
        audience.advance(seq, update)
        if not audience.members:
            return
        if self._throttle is None:
            self._send((update,), audience.members)
        else:
            self._throttle.take(update)

    def _update(self, seq: int, frame: Frame, mark: bytes, payload: bytes | None) -> Update:
        key, is_marked = read_mark(mark)
        if self._merge_payloads is None:
            payload = b""
        else:
            payload = payload or update_payload(self._prefix, seq, frame.data)
            payload = payload.removesuffix(_source(key))
        return Update(seq, frame, (self, key), is_marked=is_marked, payload=payload)

    def _send(self, updates: Sequence[Update], members: Collection[Receiver]) -> None:
        policy, metrics, sent = self.policy, self._metrics, len(members)
        wave = self.audience.wave
        rides = wave is not None and bool(wave.members) and sent == self.audience.size
        for update in updates:
            metrics.updates_sent += sent
            metrics.bytes_sent += sent * update.frame.size
            if wave is not None and rides:
                self._count(*policy.ride(wave, update))
            for member in self.audience.single if rides else members:
                outcome = member.push_update(update, policy)
                if outcome is not Outcome.ADDED:
                    self._count(outcome)

    def _give_one(self, member: Receiver, update: Update) -> None:
        """Send one subscriber what the wave owes it, which may be one with what waits for it.

        What it is merged into is kept for the others who are owed the same.
        """
        if self._is_busy:
            self._count(member.take_update(update, self.policy))
            return
        self._is_busy = True
        try:
            self._count(member.take_update(update, self.policy))
        finally:
            self._is_busy = False
        if self._waiting or self._failure is not None:
            self._one_by_one(lambda: None)

    def _count(self, outcome: Outcome, times: int = 1) -> None:
        metrics = self._metrics
        if outcome is Outcome.CONFLATED:
            metrics.updates_conflated += times
        elif outcome is Outcome.DROPPED:
            metrics.updates_dropped += times
        elif outcome is Outcome.MERGED:
            metrics.updates_merged += times

    def _left_out(self, updates: int) -> None:
        self._metrics.updates_paced += updates

    def _merge(self, older: Update, newer: Update) -> Update | None:
        """Return two updates as one, made once for all who wait for the same; None: they stay two.

        A function that fails harms nobody: both are sent, and a client that is behind is bounded
        by its bytes as on a lossless route.
        """
        pair = (older, newer)
        if pair not in self._merged:
            self._merged[pair] = self._merge_anew(older, newer)
        return self._merged[pair]

    def _merge_anew(self, older: Update, newer: Update) -> Update | None:
        limit = self._hub.settings.max_update_bytes
        try:
            if self._merge_payloads is None:
                return None
            payload = self._merge_payloads(older.payload, newer.payload)
            if len(payload) > limit:
                raise UpdateTooLargeError(self._topic.key, len(payload), limit)  # noqa: TRY301
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._metrics.merges_failed += 1
            self._failure = error
            return None
        whole = payload + _source(newer.place[1])
        frame = update_frame(self._prefix, newer.seq, whole, older.frame.at_s)
        return Update(newer.seq, frame, newer.place, payload=payload)

    def _log_failure(self) -> None:
        error, self._failure = self._failure, None
        if not self._has_failed:
            self._has_failed = True
            self._hub.logger.error(
                "updates of %s cannot be merged, and are sent one by one; this is not said again",
                self._topic.key,
                exc_info=error,
                extra={"topic": self._topic.key, "route": self._topic.route},
            )


def _source(key: bytes) -> bytes:
    """Return what follows the payload where updates are merged: of a pattern, the key is it."""
    return source_member(key) if key else b""
