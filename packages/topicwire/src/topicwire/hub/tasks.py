"""The tasks of a hub: each is kept until it ends, and what fails in one is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from topicwire.hub.clock import Clock, Deadline


class Tasks:
    """Runs tasks, and waits for their end.

    Args:
        clock: for the time that their end may take.
        logger: is told of those that fail, and of those that do not end.
    """

    __slots__ = ("_clock", "_logger", "_tasks")

    def __init__(self, clock: Clock, logger: logging.Logger) -> None:
        self._clock = clock
        self._logger = logger
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(
        self, coroutine: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop | None = None
    ) -> asyncio.Task[None]:
        """Run a task, and keep it until it ends. `loop` is the running one, where it is known."""
        task = (loop or asyncio.get_running_loop()).create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def end(self, patience_s: float, cancelled_s: float) -> None:
        """Wait until all have ended, but for the one that waits.

        Args:
            patience_s: who has not ended by then is cancelled.
            cancelled_s: how long that may take.
        """
        try:
            # readers end when their connection has let go; the stops that this begins follow
            await self._all_end(patience_s)
        except TimeoutError:
            await self._cut_off(cancelled_s)

    async def _all_end(self, timeout_s: float) -> None:
        async with Deadline(self._clock, timeout_s):
            while tasks := self._others():
                await asyncio.wait(tasks)

    async def _cut_off(self, timeout_s: float) -> None:
        for task in self._others():
            task.cancel()
        try:
            await self._all_end(timeout_s)
        except TimeoutError:
            self._logger.error(  # noqa: TRY400 - where closing was is not where they are
                "the app is closed, but %d of its tasks do not end, though they were cancelled: "
                "something that they call swallows the cancellation",
                len(self._others()),
            )

    def _others(self) -> list[asyncio.Task[None]]:
        own = asyncio.current_task()
        return [task for task in self._tasks if task is not own]

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._logger.error("a task of the hub failed", exc_info=error)
