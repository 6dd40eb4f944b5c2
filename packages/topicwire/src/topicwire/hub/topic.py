"""A topic that somebody wants: its lifecycle carried out, its subscribers, and its producer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from topicwire.core.lifecycle import Effect, Lifecycle, State
from topicwire.core.registry import Audience, Joining
from topicwire.core.replay import Kept
from topicwire.core.wave import Wave
from topicwire.core.waves import Waves
from topicwire.errors import CommandError, CommandTimeoutError, ProducerFailedError
from topicwire.hub.clock import Deadline, Timer, ends_this_task
from topicwire.hub.conflater import Conflater
from topicwire.hub.fanout import Keep, Receiver
from topicwire.hub.join import Join
from topicwire.hub.producer import Producer
from topicwire.hub.recent import Recent
from topicwire.hub.reset import NUMBERING_LOST, PRODUCER_RESTARTED, Reset
from topicwire.hub.restart import Restart
from topicwire.hub.route import Route
from topicwire.hub.silence import Silence
from topicwire.hub.start import UnknownStateError
from topicwire.hub.surroundings import Surroundings
from topicwire.types import Position, TopicId
from topicwire.wire.frames import Frame, update_prefix

_Member = TypeVar("_Member", bound=Receiver)


class Topic(Generic[_Member]):
    """One topic, from the first who wants it until its producer has stopped and nothing is kept."""

    __slots__ = (
        "_expiry",
        "_joins",
        "_left_s",
        "_lifecycle",
        "_linger",
        "_producer",
        "_recent",
        "_reset",
        "_restart",
        "_silence",
        "audience",
        "conflater",
        "hub",
        "id",
        "metrics",
        "prefix",
        "route",
        "takes_notes",
    )

    def __init__(self, hub: Surroundings, route: Route, topic: TopicId) -> None:
        self.id = topic
        self.prefix = update_prefix(topic.route, topic.key)
        self.conflater: Conflater | None = None
        if route.conflation is not None:
            self.conflater = Conflater(hub, route.conflation, route.metrics, topic)
            self.audience: Audience[_Member] = self.conflater.audience
        else:
            self.audience = Audience(
                Position("", 0), hub.settings.max_queue_bytes, new_wave=self._new_wave
            )
        self.hub = hub
        self.metrics = route.metrics
        self.takes_notes = route.keeps_last or route.stale_after_s is not None
        self.route = route
        self._lifecycle = Lifecycle(
            lingers=route.linger_s > 0,
            retains=route.replay is not None and route.outlives_producer,
        )
        self._joins: dict[_Member, Join[_Member]] = {}
        self._linger: Timer | None = None
        self._expiry: Timer | None = None
        self._left_s = 0.0
        self._recent = Recent(hub, route)
        self._producer = Producer(hub, route, topic.key, self._died)
        self._reset = Reset(self)
        self._silence = Silence(hub, route, topic.key)
        self._restart = Restart(hub.clock, hub.settings, self._restart_due)

    @property
    def state(self) -> State:
        """Where its producer is."""
        return self._lifecycle.state

    def join(self, member: _Member, seen: Position | None = None) -> Join[_Member]:
        """Begin to hold the topic for `member`, and start the producer if it does not run."""
        join = self._joins[member] = Join(self, member, seen)
        effects = self._lifecycle.hold()
        if self._lifecycle.state is State.LIVE:
            join.proceed()
        self._perform(effects)
        return join

    def admit(self, member: _Member, seq: int) -> Joining:
        """Let `member`, which waits no longer, receive. Returns what was held back for it."""
        del self._joins[member]
        return self.audience.admit(member, seq)

    def leave(self, member: _Member) -> None:
        """Let `member` go, whether it receives or still waits."""
        self._joins.pop(member, None)
        self.audience.leave(member)
        if self.conflater is not None:
            self.conflater.leave(member)
        self._left_s = self.hub.clock.now_s()
        self._perform(self._lifecycle.release())

    def hasten(self) -> None:
        """Linger no longer, and keep nothing: the app is shutting down."""
        self.stop_lingering()
        if self._lifecycle.state is State.RETAINED:
            self.evict()

    def stop_lingering(self) -> None:
        """Linger no longer: too many do."""
        if self._lifecycle.state is State.LINGERING:
            self._linger_elapsed()

    @property
    def keep(self) -> Keep | None:
        """What an update is to be given to; None while nothing is kept."""
        return self._recent.keep

    def note(self, payload: bytes) -> None:
        """Note an update's payload."""
        if self._silence.is_watched:
            self._silence.heard()
        self._recent.note(payload)

    def since(self, seen: Position) -> Sequence[Kept] | None:
        """Return every update after `seen`; None when they are not all kept."""
        return self._recent.since(seen)

    def snapshot(self) -> bytes | None:
        """Return the topic's present state, encoded; None when there is none.

        Raises whatever the service raises, and InvalidUpdateError.
        """
        if self.route.get_snapshot is None:
            return self._recent.last
        state = self.route.get_snapshot(self.id.key)
        return None if state is None else self.route.encode(state)

    def renew(self, position: Position) -> None:
        """The numbering was lost: the topic goes on at `position`, and its subscribers are told.

        Those whose producer is dead are told when it runs again.
        """
        self._open(position)
        if self._lifecycle.state is not State.LIVE or self.audience.gap is None:
            return
        if self.route.reads_later:
            self.hub.spawn(self._go_on_later())
        else:
            self._go_on()

    def evict(self) -> None:
        """Give up what a topic that nobody holds keeps."""
        self._disarm_expiry()
        self._perform(self._lifecycle.expired())

    def _perform(self, effects: Iterable[Effect]) -> None:  # noqa: C901, PLR0912 - one line an effect
        for effect in effects:
            match effect:
                case Effect.START:
                    self.hub.spawn(self._start())
                case Effect.STOP:
                    self._silence.end()
                    self.hub.spawn(self._stop())
                case Effect.ADMIT:
                    self._admit_waiting()
                case Effect.ARM_LINGER:
                    self._arm()
                case Effect.DISARM_LINGER:
                    self._disarm()
                    self._silence.begin()
                case Effect.FORGET:
                    self._silence.end()  # a restart that failed when all had left
                    self.hub.forget(self.id)
                case Effect.REJECT:
                    self.audience.clear_joining()
                case Effect.ARM_EXPIRY:
                    self._arm_expiry()
                case Effect.DISARM_EXPIRY:
                    self._disarm_expiry()
                case Effect.CLOSE:
                    self._recent.forget()
                    self.hub.spawn(self._close())
                case Effect.INTERRUPT:
                    self._interrupt()
                case Effect.REMOVE:
                    self.hub.spawn(self._remove())
                case Effect.ARM_RESTART:
                    self._restart.arm()
                case Effect.DISARM_RESTART:
                    self._restart.disarm()
                case Effect.REVIVE:
                    self._revive()

    def _new_wave(self) -> Wave[_Member, Frame]:
        waves: Waves[_Member, Frame] = self.hub.waves
        allowed, max_bytes = self.hub.settings.max_queue_bytes, self.route.max_queue_bytes
        if max_bytes is None:
            return Wave(waves, _take, allowed)
        return Wave(waves, lambda one, frame: one.take(frame, max_bytes), min(allowed, max_bytes))

    def _admit_waiting(self) -> None:
        self._silence.begin()
        for join in self._joins.values():
            join.proceed()

    def _arm(self) -> None:
        self._silence.end()
        if self.hub.is_closing:
            self._perform(self._lifecycle.linger_elapsed())
            return
        self._linger = self.hub.clock.call_later(self.route.linger_s, self._linger_elapsed)
        self.hub.lingers(self)

    def _disarm(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
            self.hub.lingers_no_longer(self)

    def _linger_elapsed(self) -> None:
        self._disarm()
        self._perform(self._lifecycle.linger_elapsed())

    def _arm_expiry(self) -> None:
        self._silence.end()
        self.hub.retain(self)
        if self._lifecycle.state is not State.RETAINED:
            return  # there was no room: it is evicted already
        limits = self.route.replay
        left_s = self._left_s - self.hub.clock.now_s() + (limits.max_age_s if limits else 0)
        if left_s <= 0 or self.hub.is_closing:
            self.evict()
        else:
            self._expiry = self.hub.clock.call_later(left_s, self.evict)

    def _disarm_expiry(self) -> None:
        self.hub.retention.remove(self)
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    async def _close(self) -> None:
        try:
            await self._close_numbering(keep=False)
        finally:
            self._perform(self._lifecycle.closed())

    def _open(self, position: Position) -> None:
        """Begin at `position`; what is kept goes on when nothing has been missed meanwhile."""
        if self.audience.position != position:
            self._recent.forget()
            if self.conflater is not None:
                self.conflater.settle()
        self.audience.open(position)
        self._recent.open(position)

    def _died(self) -> None:
        self._restart.ended()
        self._perform(self._lifecycle.died())

    async def _go_on_later(self) -> None:
        try:
            async with self._deadline():
                await self._reset.read()
        except UnknownStateError:
            pass  # `_go_on` finds none, as when this took too long
        except TimeoutError as error:
            self.metrics.snapshots_failed += 1
            self._log_failure("get_snapshot takes too long", error)
        self._go_on()

    def _go_on(self) -> None:
        if self._lifecycle.state is not State.LIVE or self.audience.gap is None:
            return  # it died meanwhile, or they have been told
        try:
            self._reset.prepare()
        except UnknownStateError:
            self._died()
        else:
            self._reset.tell(NUMBERING_LOST)

    def _interrupt(self) -> None:
        self._producer.silence()
        self._reset.interrupt()
        for join in self._joins.values():
            join.wait_again()

    async def _remove(self) -> None:
        try:
            await self._producer.stop()
        finally:  # also when this task is ended: nothing is stuck
            try:
                if not self.route.outlives_producer:
                    self._recent.forget()
                    await self._close_numbering(keep=False)
            finally:
                self._perform(self._lifecycle.removed())

    def _restart_due(self) -> None:
        self._perform(self._lifecycle.restart_due())

    def _revive(self) -> None:
        self.metrics.producers_restarted += 1
        self._reset.tell(PRODUCER_RESTARTED)

    async def _start(self) -> None:
        failure: CommandError | None = ProducerFailedError(self.id.key)
        try:
            failure = await self._try_to_start()
        finally:  # also when this task is ended: those who wait are told, and nothing is stuck
            if failure is None:
                self._perform(self._lifecycle.started())
            else:
                await self._fail(failure)

    async def _try_to_start(self) -> CommandError | None:
        key = self.id.key
        deadline = self._deadline()
        try:
            async with deadline:
                self._open(await self.hub.backplane.open(self.id))
                await self._producer.start()
                self._restart.began()
                await self._reset.read()
        except UnknownStateError as error:
            return error
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("create_topic failed", error)
            return CommandTimeoutError(key) if deadline.has_passed else ProducerFailedError(key)
        try:
            self._reset.prepare()
        except UnknownStateError as error:
            return error
        return None

    async def _fail(self, failure: CommandError) -> None:
        self.metrics.starts_failed += 1
        self._producer.silence()
        try:
            await self._producer.stop()  # it may run: its topic's state was not to be had then
            goes_on = self.route.outlives_producer and self.audience.subscribers
            if not self._lifecycle.keeps and not goes_on:
                self._recent.forget()
                await self._close_numbering(keep=self.route.outlives_producer)
        finally:
            waiting, self._joins = self._joins, {}
            for join in waiting.values():
                join.reject(failure)
            self._perform(self._lifecycle.failed(len(waiting)))

    async def _stop(self) -> None:
        try:
            await self._producer.stop()
        finally:  # also when this task is ended: nothing is stuck
            try:
                if not self._lifecycle.keeps:
                    self._recent.forget()
                    await self._close_numbering(keep=self.route.outlives_producer)
            finally:
                self._perform(self._lifecycle.stopped())

    async def _close_numbering(self, *, keep: bool = True) -> None:
        try:
            async with self._deadline():
                await self.hub.backplane.close(self.id, keep=keep)
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("the backplane could not close the topic", error)

    def _deadline(self) -> Deadline:
        return Deadline(self.hub.clock, self.hub.settings.command_timeout_s)

    def _log_failure(self, what: str, error: BaseException) -> None:
        key = self.id.key
        self.hub.logger.error("%s: %s", what, key, exc_info=error, extra={"topic": key})


def _take(member: Receiver, frame: Frame) -> None:
    member.take(frame)
