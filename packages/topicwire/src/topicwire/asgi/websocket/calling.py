"""The application's call for a WebSocket, and what may go on when it has returned."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import Context
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected

from topicwire.asgi.websocket.connection import CONNECTING
from topicwire.asgi.websocket.frames import INTERNAL_ERROR, NORMAL_CLOSURE
from topicwire.asgi.websocket.keepalive import Keepalive
from topicwire.asgi.websocket.log import LOGGER
from topicwire.asgi.websocket.receiving import ReceivingConnection


class CallingConnection(ReceivingConnection):
    """A connection that an ASGI application is called for.

    Guarantee: it ends when the call returns; where the endpoint goes on in its place, or keeps it,
    when that is over. What fails is logged, and told to the client.

    Args:
        keepalive: of the server.
        max_unread: how many messages may wait.
        tasks: of the server, which waits for them.
        loop: the running one.
    """

    __slots__ = ("_has_gone_on", "_loop", "_tasks")

    def __init__(
        self,
        keepalive: Keepalive,
        max_unread: int,
        tasks: set[asyncio.Task[None]],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(keepalive, max_unread)
        self._tasks = tasks
        self._loop = loop
        self._has_gone_on = False

    @abstractmethod
    def _application_ends(self, code: int) -> None:
        """The application has nothing more to say: end, by this code."""

    def go_on(self, call: Coroutine[Any, Any, None]) -> bool:
        """Run `call` in the place of the ASGI call that runs, which may return then."""
        self._has_gone_on = True
        self._start(call).add_done_callback(self._went_on)
        return True

    def keep(self) -> Callable[[BaseException | None], None]:
        """Keep the connection when the ASGI call returns, until what is returned is called."""
        self._has_gone_on = True
        return self._kept_until

    def _kept_until(self, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, ClientDisconnected):
            LOGGER.error("Exception in ASGI application\n", exc_info=error)
        self._call_ends(NORMAL_CLOSURE if error is None else INTERNAL_ERROR)

    def _start(
        self, call: Coroutine[Any, Any, None], context: Context | None = None
    ) -> asyncio.Task[None]:
        task = self._loop.create_task(call, context=context)
        task.add_done_callback(self._tasks.discard)
        self._tasks.add(task)
        return task

    async def _run(self, call: Awaitable[object]) -> None:
        try:
            result = await call
        except BaseException as error:  # noqa: BLE001 - whatever it is, the client is told
            self._kept_until(error)
        else:
            self._returned(result)

    def _returned(self, result: object) -> None:
        if self._state == CONNECTING:
            LOGGER.error("ASGI callable returned without completing handshake.")
        elif result is not None:
            LOGGER.error("ASGI callable should return None, but returned '%s'.", result)
        self._call_ends(NORMAL_CLOSURE)

    def _went_on(self, task: asyncio.Task[None]) -> None:
        self._kept_until(None if task.cancelled() else task.exception())

    def _call_ends(self, code: int) -> None:
        if self._has_gone_on:
            self._has_gone_on = False  # whichever call ends last ends the connection
        else:
            self._application_ends(code)
