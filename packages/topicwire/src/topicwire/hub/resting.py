"""A connection without a task of its own, while nothing is under way for it.

A task for each connection, with the coroutines that it runs and what it waits for, is half of what
an idle connection keeps in memory. Most of what is sent is taken at once, and then nothing is to be
waited for. So whatever wakes such a connection has it send in the next turn of the event loop, and
a task is made when its socket does not take all of it, for as long as that lasts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from topicwire.hub.ending import Ending
from topicwire.hub.writer import Writer

if TYPE_CHECKING:
    from topicwire.hub.hub import Hub


class Leaving(Protocol):
    """The connection, as what serves it sees it."""

    def let_go(self) -> None:
        """It is over: hold nothing any longer."""
        ...


class Resting:
    """Serves a connection until it ends, then says so, once.

    Guarantee: as `Ending.serve` with `Writer.run`, of which each sending is a part.

    Args:
        hub: runs its tasks.
        connection: lets go when it is over.
        writer: sends.
        ending: says when it is to end.
        over: is called when the close frame has been sent, where there is one; with what has
            failed, if anything has.
    """

    __slots__ = ("_connection", "_ending", "_hub", "_is_over", "_over", "_task", "_writer")

    def __init__(
        self,
        hub: Hub,
        connection: Leaving,
        writer: Writer,
        ending: Ending,
        over: Callable[[BaseException | None], None],
    ) -> None:
        self._hub = hub
        self._connection = connection
        self._writer = writer
        self._ending = ending
        self._over = over
        self._is_over = False
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Serve from now on."""
        self._ending.cut_by(self._cut)
        self._writer.rest_by(self._go_on)
        self._go_on()

    def end(self, failure: BaseException | None) -> None:
        """End at once, when it is not over."""
        if self._is_over:
            return
        self._is_over = True
        self._ending.over()
        try:
            self._connection.let_go()
        finally:
            if failure is None and self._ending.has_goodbye:
                task = self._hub.spawn(self._ending.say_goodbye())
                task.add_done_callback(self._said_goodbye)
            else:
                self._over(failure)

    def _go_on(self) -> None:
        """Send what waits."""
        if self._is_over or self._task is not None:
            return
        try:
            is_under_way = self._writer.send_at_once()
        except OSError:
            self.end(None)
        except Exception as error:  # noqa: BLE001 - one connection alone ends
            self.end(error)
        else:
            if is_under_way is None:
                self._task = self._hub.spawn(self._write())
                self._task.add_done_callback(self._written)
            elif not is_under_way:
                self.end(None)

    async def _write(self) -> None:
        failure: BaseException | None = None
        goes_on = False
        try:
            goes_on = await self._writer.run()
        except OSError:
            pass  # the client is gone
        except Exception as error:  # noqa: BLE001 - one connection alone ends
            failure = error
        finally:
            self._task = None
            if not goes_on:
                self.end(failure)

    def _written(self, task: asyncio.Task[None]) -> None:
        # one that is cancelled before its first step runs nothing of `_write`
        if task.cancelled():
            self._task = None
            self.end(None)

    def _cut(self) -> None:
        """End, whatever waits."""
        if self._task is not None:
            self._task.cancel()
        else:
            self.end(None)

    def _said_goodbye(self, task: asyncio.Task[None]) -> None:
        self._over(None if task.cancelled() else task.exception())
