"""A topic that somebody wants: its lifecycle carried out, its subscribers, and its producer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from inspect import isawaitable
from logging import Logger
from typing import Any, Generic, Protocol, TypeVar

from topicwire.backplane.base import Backplane
from topicwire.core.lifecycle import Effect, Lifecycle, State
from topicwire.core.registry import Audience
from topicwire.core.replay import ReplayRing
from topicwire.errors import CommandError, CommandTimeoutError, ProducerFailedError
from topicwire.hub.clock import Clock, Deadline, Timer, ends_this_task
from topicwire.hub.metrics import Metrics
from topicwire.hub.retention import Retention
from topicwire.hub.route import Route, Service
from topicwire.settings import Settings
from topicwire.types import Position, TopicId
from topicwire.wire.frames import Frame, update_prefix

_Member = TypeVar("_Member")


class Surroundings(Protocol):
    """What a topic needs of its hub."""

    backplane: Backplane
    clock: Clock
    logger: Logger
    metrics: Metrics
    retention: Retention
    settings: Settings
    is_closing: bool

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a task of the hub's."""
        ...

    def publish(self, route: Route, key: str, data: Any) -> None:
        """Send an update to the subscribers of a topic."""
        ...

    def lingers(self, topic: Topic[Any]) -> None:
        """Nobody wants the topic, and its producer goes on for a while."""
        ...

    def lingers_no_longer(self, topic: Topic[Any]) -> None:
        """It was wanted again, or is being stopped."""
        ...

    def retain(self, topic: Topic[Any]) -> None:
        """Nobody wants the topic any longer, but it keeps something."""
        ...

    def forget(self, topic: TopicId) -> None:
        """Nobody wants the topic any longer."""
        ...


class Feed:
    """What a producer calls with each update, for as long as it runs: `topic_update`."""

    __slots__ = ("_discard", "_is_open", "_publish")

    def __init__(self, publish: Callable[[Any], None], discard: Callable[[], None]) -> None:
        self._publish = publish
        self._discard = discard
        self._is_open = True

    def __call__(self, data: Any) -> None:
        """Send `data` to the topic's subscribers. Discarded and counted once it was stopped.

        Raises:
            PublishError: `data` is not what the route declares, or is too large.
        """
        if self._is_open:
            self._publish(data)
        else:
            self._discard()

    def close(self) -> None:
        """Take nothing from this producer any longer."""
        self._is_open = False


class Join(Generic[_Member]):
    """One connection's way into a topic: it holds the topic from the start, and receives later."""

    __slots__ = ("_holds", "_joining", "member", "outcome", "topic")

    def __init__(self, topic: Topic[_Member], member: _Member) -> None:
        self.topic = topic
        self.member = member
        self._joining = topic.audience.join(member)
        self.outcome: asyncio.Future[CommandError | None] = (
            asyncio.get_running_loop().create_future()
        )
        self._holds = True

    @property
    def is_ready(self) -> bool:
        """The producer runs, or could not be started; giving up waiting is neither."""
        return self.outcome.done() and not self.outcome.cancelled()

    async def ready(self) -> None:
        """Wait until the topic's producer runs.

        Raises:
            CommandError: it could not be started. Nothing is held any longer.
        """
        error = await self.outcome
        if error is not None:
            raise error

    def proceed(self) -> None:
        """The topic's producer runs."""
        if not self.outcome.done():
            self.outcome.set_result(None)

    def reject(self, error: CommandError) -> None:
        """The start failed: those who waited hold nothing."""
        self._holds = False
        if not self.outcome.done():
            self.outcome.set_result(error)

    def restart(self, position: Position) -> None:
        """Start at `position`: what was held back until now is sent some other way."""
        self._joining.restart(position)

    def admit(self, seq: int) -> Sequence[Frame]:
        """Receive from now on. Returns what came after `position`: to be sent after the reply.

        Args:
            seq: what the reply names; what lies between that and `position` is sent before.
        """
        self._holds = False
        joining = self.topic.audience.admit(self.member, seq)
        self.topic.count_sent(len(joining.frames) - joining.is_over)
        return joining.frames

    @property
    def position(self) -> Position:
        """Where this subscriber will start from."""
        return Position(self._joining.epoch, self._joining.seq)

    def cancel(self) -> None:
        """Give up. Does nothing when it is over already."""
        if self._holds:
            self._holds = False
            self.topic.leave(self.member)


class Topic(Generic[_Member]):
    """One topic, from the first who wants it until its producer has stopped and nothing is kept."""

    __slots__ = (
        "_expiry",
        "_feed",
        "_last",
        "_left_s",
        "_lifecycle",
        "_linger",
        "_ring",
        "_route",
        "_task",
        "_waiting",
        "audience",
        "hub",
        "id",
        "prefix",
    )

    def __init__(self, hub: Surroundings, route: Route, topic: TopicId) -> None:
        self.id = topic
        self.prefix = update_prefix(topic.route, topic.key)
        self.audience: Audience[_Member] = Audience(Position("", 0), hub.settings.max_queue_bytes)
        self.hub = hub
        self._route = route
        self._lifecycle = Lifecycle(
            lingers=route.linger_s > 0,
            retains=route.replay is not None and route.outlives_producer,
        )
        self._waiting: list[Join[_Member]] = []
        self._linger: Timer | None = None
        self._expiry: Timer | None = None
        self._left_s = 0.0
        self._ring: ReplayRing | None = None
        self._last: bytes | None = None
        self._feed: Feed | None = None
        self._task: asyncio.Future[Any] | None = None

    @property
    def state(self) -> State:
        """Where its producer is."""
        return self._lifecycle.state

    def join(self, member: _Member) -> Join[_Member]:
        """Begin to hold the topic for `member`, and start the producer if it does not run."""
        join = Join(self, member)
        effects = self._lifecycle.hold()
        if self._lifecycle.state is State.LIVE:
            join.proceed()
        else:
            self._waiting.append(join)
        self._perform(effects)
        return join

    def leave(self, member: _Member) -> None:
        """Let `member` go, whether it receives or still waits."""
        self._waiting = [join for join in self._waiting if join.member is not member]
        self.audience.leave(member)
        self._left_s = self.hub.clock.now_s()
        self._perform(self._lifecycle.release())

    def hasten(self) -> None:
        """Linger no longer, and keep nothing: the app is shutting down."""
        if self._lifecycle.state is State.LINGERING:
            self._linger_elapsed()
        elif self._lifecycle.state is State.RETAINED:
            self.evict()

    def stop_lingering(self) -> None:
        """Linger no longer: too many do."""
        if self._lifecycle.state is State.LINGERING:
            self._linger_elapsed()

    def count_sent(self, updates: int) -> None:
        """Note that updates which were held back are sent now."""
        self.hub.metrics.updates_sent += updates

    @property
    def keep(self) -> Callable[[int, bytes], None] | None:
        """What an update is to be given to, with its number; None while nothing is kept."""
        return None if self._ring is None else self._append

    def note(self, payload: bytes) -> None:
        """Remember the last update's payload, where that is the route's snapshot."""
        if self._route.keeps_last:
            self._last = payload

    def since(self, seen: Position) -> Sequence[bytes] | None:
        """Return every update after `seen`, as sent; None when they are not all kept."""
        if self._ring is None:
            return None
        return self.hub.retention.since(self._ring, seen, self.hub.clock.now_s())

    def snapshot(self) -> bytes | None:
        """Return the topic's present state, encoded; None when there is none.

        Raises whatever the service raises, and InvalidUpdateError.
        """
        if self._route.get_snapshot is None:
            return self._last
        state = self._route.get_snapshot(self.id.key)
        return None if state is None else self._route.encode(state)

    def evict(self) -> None:
        """Give up what a topic that nobody holds keeps."""
        self._disarm_expiry()
        self._perform(self._lifecycle.expired())

    def _append(self, seq: int, frame: bytes) -> None:
        if self._ring is not None:
            self.hub.retention.append(self._ring, seq, frame, self.hub.clock.now_s())

    def _perform(self, effects: Iterable[Effect]) -> None:  # noqa: C901 - one line an effect
        for effect in effects:
            match effect:
                case Effect.START:
                    self.hub.spawn(self._start())
                case Effect.STOP:
                    self.hub.spawn(self._stop())
                case Effect.ADMIT:
                    self._admit_waiting()
                case Effect.ARM_LINGER:
                    self._arm()
                case Effect.DISARM_LINGER:
                    self._disarm()
                case Effect.FORGET:
                    self.hub.forget(self.id)
                case Effect.REJECT:
                    self.audience.clear_joining()
                case Effect.ARM_EXPIRY:
                    self._arm_expiry()
                case Effect.DISARM_EXPIRY:
                    self._disarm_expiry()
                case Effect.CLOSE:
                    self._forget_updates()
                    self.hub.spawn(self._close())

    def _admit_waiting(self) -> None:
        for join in self._waiting:
            join.proceed()
        self._waiting.clear()

    def _arm(self) -> None:
        if self.hub.is_closing:
            self._perform(self._lifecycle.linger_elapsed())
            return
        self._linger = self.hub.clock.call_later(self._route.linger_s, self._linger_elapsed)
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
        self.hub.retain(self)
        if self._lifecycle.state is not State.RETAINED:
            return  # there was no room: it is evicted already
        limits = self._route.replay
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
            self._forget_updates()
        self.audience.open(position)
        if self._ring is None and self._route.replay is not None:
            self._ring = ReplayRing(position, self._route.replay)

    def _forget_updates(self) -> None:
        self._last = None
        if self._ring is not None:
            self.hub.retention.give_up(self._ring)
            self._ring = None

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
                await self._create()
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("create_topic failed", error)
            return CommandTimeoutError(key) if deadline.has_passed else ProducerFailedError(key)
        return None

    async def _fail(self, failure: CommandError) -> None:
        self.hub.metrics.starts_failed += 1
        if self._feed is not None:
            self._feed.close()
        try:
            if not self._lifecycle.keeps:
                self._forget_updates()
                await self._close_numbering(keep=self._route.outlives_producer)
        finally:
            for join in self._waiting:
                join.reject(failure)
            self._waiting.clear()
            self._perform(self._lifecycle.failed())

    async def _create(self) -> None:
        service = self._route.service
        if service is None:
            return
        metrics = self.hub.metrics

        def discard() -> None:
            metrics.updates_discarded += 1

        key = self.id.key
        self._feed = Feed(lambda data: self.hub.publish(self._route, key, data), discard)
        started = service.create_topic(key, self._feed)
        if not isinstance(started, asyncio.Future) and isawaitable(started):
            started = await started
        metrics.producers += 1
        if isinstance(started, asyncio.Future):
            self._task = started
            started.add_done_callback(self._ended)

    async def _stop(self) -> None:
        task, self._task = self._task, None  # from now on it does not end by itself
        if self._feed is not None:
            self._feed.close()
        try:
            if self._route.service is not None:
                await self._remove(self._route.service, task)
        finally:  # also when this task is ended: nothing is stuck
            try:
                if not self._lifecycle.keeps:
                    self._forget_updates()
                    await self._close_numbering(keep=self._route.outlives_producer)
            finally:
                self._perform(self._lifecycle.stopped())

    async def _remove(self, service: Service, task: asyncio.Future[Any] | None) -> None:
        try:
            async with self._deadline():
                stopping = service.remove_topic(self.id.key)
                if isawaitable(stopping):
                    await stopping
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("remove_topic failed", error)
        finally:
            self.hub.metrics.producers -= 1
            if task is not None:
                task.cancel()
        if task is not None:
            await self._wait_for_end(task)

    async def _wait_for_end(self, task: asyncio.Future[Any]) -> None:
        try:
            async with self._deadline():
                await asyncio.wait((task,))
        except TimeoutError as error:
            self._log_failure("the producer's task does not end, though it was cancelled", error)
            return
        failure = None if task.cancelled() else task.exception()
        if failure is not None:
            self._log_failure("the producer's task failed as it was stopped", failure)

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

    def _ended(self, task: asyncio.Future[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if task is not self._task:
            return
        self.hub.metrics.producers_ended += 1
        self.hub.logger.error(
            "the producer of %s ended by itself: nothing feeds the topic until its last "
            "subscriber has left",
            self.id.key,
            exc_info=error,
            extra={"topic": self.id.key},
        )
