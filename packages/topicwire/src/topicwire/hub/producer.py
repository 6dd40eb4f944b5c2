"""What feeds one topic: the service's part of it, between its start and its stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from topicwire.hub.clock import Deadline, ends_this_task
from topicwire.hub.route import Route, Service
from topicwire.hub.surroundings import Surroundings


class Feed:
    """What a producer calls with each update, for as long as it runs: `topic_update`."""

    __slots__ = ("_discard", "_publish", "is_open")

    def __init__(self, publish: Callable[[Any], None], discard: Callable[[], None]) -> None:
        self._publish = publish
        self._discard = discard
        self.is_open = True

    def __call__(self, data: Any) -> None:
        """Send `data` to the topic's subscribers. Discarded and counted once it was stopped.

        Raises:
            PublishError: `data` is not what the route declares, or is too large.
        """
        if self.is_open:
            self._publish(data)
        else:
            self._discard()

    def close(self) -> None:
        """Take nothing from this producer any longer."""
        self.is_open = False


class Producer:
    """A route's service at work for one topic: started, watched and stopped; started again maybe.

    Args:
        hub: where its updates go.
        route: whose service it is.
        key: of the topic.
        died: called when the task that the service gave has ended by itself, once a start.
    """

    __slots__ = ("_died", "_feed", "_hub", "_is_running", "_key", "_route", "_task")

    def __init__(self, hub: Surroundings, route: Route, key: str, died: Callable[[], None]) -> None:
        self._died = died
        self._is_running = False
        self._hub = hub
        self._route = route
        self._key = key
        self._feed: Feed | None = None
        self._task: asyncio.Future[Any] | None = None

    def silence(self) -> None:
        """Take nothing from it any longer."""
        if self._feed is not None:
            self._feed.close()

    async def start(self) -> None:
        """Let the service start. Raises whatever it raises."""
        service = self._route.service
        if service is None:
            return
        metrics = self._route.metrics

        def discard() -> None:
            metrics.updates_discarded += 1

        key = self._key
        self._feed = Feed(lambda data: self._hub.publish(self._route, key, data), discard)
        started = service.create_topic(key, self._feed)
        if not isinstance(started, asyncio.Future) and isawaitable(started):
            started = await started
        metrics.producers += 1
        self._is_running = True
        if isinstance(started, asyncio.Future):
            self._task = started
            started.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Let the service stop what it has started, dead or not, once for each start.

        What goes wrong is logged; the end of this very task is raised.
        """
        task, self._task = self._task, None  # from now on it does not end by itself
        self.silence()
        is_running, self._is_running = self._is_running, False
        if is_running and self._route.service is not None:
            await self._remove(self._route.service, task)

    async def _remove(self, service: Service, task: asyncio.Future[Any] | None) -> None:
        try:
            async with self._deadline():
                stopping = service.remove_topic(self._key)
                if isawaitable(stopping):
                    await stopping
        except BaseException as error:
            if ends_this_task(error):
                raise
            self._log_failure("remove_topic failed", error)
        finally:
            self._route.metrics.producers -= 1
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

    def _deadline(self) -> Deadline:
        return Deadline(self._hub.clock, self._hub.settings.command_timeout_s)

    def _log_failure(self, what: str, error: BaseException) -> None:
        key = self._key
        self._hub.logger.error("%s: %s", what, key, exc_info=error, extra={"topic": key})

    def _ended(self, task: asyncio.Future[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if task is not self._task or self._feed is None or not self._feed.is_open:
            return  # it was stopped, or given up already
        self._task = None
        self.silence()
        self._route.metrics.producers_ended += 1
        self._hub.logger.error(
            "the producer of %s %s: it is started again while somebody is subscribed",
            self._key,
            "was cancelled" if task.cancelled() else "ended" if error is None else "failed",
            exc_info=error,
            extra={"topic": self._key},
        )
        self._died()
