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
from topicwire.errors import CommandError, CommandTimeoutError, ProducerFailedError
from topicwire.hub.clock import Clock, Deadline, Timer, ends_this_task
from topicwire.hub.metrics import Metrics
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

    def admit(self) -> Sequence[Frame]:
        """Receive from now on. Returns what came after `position`: to be sent after the reply."""
        self._holds = False
        joining = self.topic.audience.admit(self.member)
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
    """One topic, from the first who wants it until its producer has stopped."""

    __slots__ = (
        "_feed",
        "_hub",
        "_lifecycle",
        "_linger",
        "_route",
        "_task",
        "_waiting",
        "audience",
        "id",
        "prefix",
    )

    def __init__(self, hub: Surroundings, route: Route, topic: TopicId) -> None:
        self.id = topic
        self.prefix = update_prefix(topic.route, topic.key)
        self.audience: Audience[_Member] = Audience(Position("", 0), hub.settings.max_queue_bytes)
        self._hub = hub
        self._route = route
        self._lifecycle = Lifecycle(lingers=route.linger_s > 0)
        self._waiting: list[Join[_Member]] = []
        self._linger: Timer | None = None
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
        self._perform(self._lifecycle.release())

    def hasten(self) -> None:
        """Linger no longer: the app is shutting down, or too many do."""
        if self._lifecycle.state is State.LINGERING:
            self._linger_elapsed()

    def count_sent(self, updates: int) -> None:
        """Note that updates which were held back are sent now."""
        self._hub.metrics.updates_sent += updates

    def _perform(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Effect.START:
                    self._hub.spawn(self._start())
                case Effect.STOP:
                    self._hub.spawn(self._stop())
                case Effect.ADMIT:
                    self._admit_waiting()
                case Effect.ARM_LINGER:
                    self._arm()
                case Effect.DISARM_LINGER:
                    self._disarm()
                case Effect.FORGET:
                    self._hub.forget(self.id)
                case Effect.REJECT:
                    self.audience.clear_joining()

    def _admit_waiting(self) -> None:
        for join in self._waiting:
            join.proceed()
        self._waiting.clear()

    def _arm(self) -> None:
        if self._hub.is_closing:
            self._perform(self._lifecycle.linger_elapsed())
            return
        self._linger = self._hub.clock.call_later(self._route.linger_s, self._linger_elapsed)
        self._hub.lingers(self)

    def _disarm(self) -> None:
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
            self._hub.lingers_no_longer(self)

    def _linger_elapsed(self) -> None:
        self._disarm()
        self._perform(self._lifecycle.linger_elapsed())

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
                self.audience.open(await self._hub.backplane.open(self.id))
                await self._create()
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("create_topic failed", error)
            return CommandTimeoutError(key) if deadline.has_passed else ProducerFailedError(key)
        return None

    async def _fail(self, failure: CommandError) -> None:
        self._hub.metrics.starts_failed += 1
        if self._feed is not None:
            self._feed.close()
        try:
            await self._close_numbering()
        finally:
            for join in self._waiting:
                join.reject(failure)
            self._waiting.clear()
            self._perform(self._lifecycle.failed())

    async def _create(self) -> None:
        service = self._route.service
        if service is None:
            return
        metrics = self._hub.metrics

        def discard() -> None:
            metrics.updates_discarded += 1

        key = self.id.key
        self._feed = Feed(lambda data: self._hub.publish(self._route, key, data), discard)
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
                await self._close_numbering()
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
            self._hub.metrics.producers -= 1
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

    async def _close_numbering(self) -> None:
        try:
            async with self._deadline():
                await self._hub.backplane.close(self.id)
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("the backplane could not close the topic", error)

    def _deadline(self) -> Deadline:
        return Deadline(self._hub.clock, self._hub.settings.command_timeout_s)

    def _log_failure(self, what: str, error: BaseException) -> None:
        key = self.id.key
        self._hub.logger.error("%s: %s", what, key, exc_info=error, extra={"topic": key})

    def _ended(self, task: asyncio.Future[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if task is not self._task:
            return
        self._hub.metrics.producers_ended += 1
        self._hub.logger.error(
            "the producer of %s ended by itself: nothing feeds the topic until its last "
            "subscriber has left",
            self.id.key,
            exc_info=error,
            extra={"topic": self.id.key},
        )
