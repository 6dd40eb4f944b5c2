"""The updates of a subscription as a loop."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Generic, Self, TypeVar

from topicwire.client.effects import Gap, UpdateInfo
from topicwire.client.errors import ClientError, GapError, TooSlowError

_TData = TypeVar("_TData")


class Inbox(Generic[_TData]):
    """What waits to be read.

    It knows nothing of its stream, so that a stream that nobody holds any more can be noticed.

    Args:
        route: for errors.
        limit: how many updates may wait.
    """

    def __init__(self, route: str, limit: int) -> None:
        self.route = route
        self.limit = limit
        self.updates: deque[tuple[_TData, UpdateInfo]] = deque()
        self.error: ClientError | None = None
        self.is_over: bool = False
        self.changed: asyncio.Event = asyncio.Event()
        self.leave: Callable[[], None] | None = None
        """Ends the subscription."""

    def take(self, data: _TData, info: UpdateInfo) -> None:
        """Let an update wait; one too many ends it."""
        if self.is_over:
            return
        if len(self.updates) >= self.limit:
            self.finish(TooSlowError(self.route, self.limit))
            return
        self.updates.append((data, info))
        self.changed.set()

    def gap(self, gap: Gap) -> None:
        """End it where every update was promised: what comes would not follow what was read."""
        if gap.delivery is None:
            self.finish(GapError(gap))

    def finish(self, error: ClientError | None) -> None:
        """End it; what waits is read first, then the error raised."""
        if self.is_over:
            return
        self.is_over = True
        self.error = error
        self.changed.set()
        if self.leave is not None:
            self.leave()

    def answered(self, answer: asyncio.Future[object]) -> None:
        """Take the answer to the subscription: a refusal ends it."""
        error = None if answer.cancelled() else answer.exception()
        if isinstance(error, ClientError):
            self.finish(error)


class UpdateStream(Generic[_TData]):
    """Every update once and in order, or an error. Made by `Route.stream`.

    Leaving the loop, `aclose` or the end of an `async with` unsubscribes.

    Attributes:
        info: where the update that was read last stands; None before the first.
    """

    def __init__(self, inbox: Inbox[_TData]) -> None:
        self.info: UpdateInfo | None = None
        self._inbox = inbox
        self._loop = asyncio.get_running_loop()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _TData:
        """Return the next update.

        Raises:
            RefusedError: the server refuses the subscription, or has ended it.
            GapError: updates were missed for good, and there is no `on_gap`.
            TooSlowError: more updates came than may wait.
            InvalidDataError: an update is not what the model takes.
            ClientError: as `Route.subscribe`.
            StopAsyncIteration: the stream was closed.
        """
        inbox = self._inbox
        while not inbox.updates:
            if inbox.is_over:
                # told once: whoever reads on finds the end
                error, inbox.error = inbox.error, None
                if error is not None:
                    raise error
                raise StopAsyncIteration
            inbox.changed.clear()
            await inbox.changed.wait()
        data, self.info = inbox.updates.popleft()
        return data

    async def aclose(self) -> None:
        """Unsubscribe. What waits is thrown away. No error when it is over already."""
        self._inbox.updates.clear()
        self._inbox.error = None
        self._inbox.finish(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __del__(self) -> None:
        # a loop that is left by `break` lets go of its stream without a word
        inbox = self._inbox
        if not inbox.is_over:
            with suppress(RuntimeError):  # the event loop has ended, and everything with it
                self._loop.call_soon_threadsafe(inbox.finish, None)
