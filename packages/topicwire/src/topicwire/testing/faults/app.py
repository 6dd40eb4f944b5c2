"""Faults between an in-process client and the application. Knows messages, not bytes on a wire."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiEvent

from topicwire.hub.clock import Clock, LoopClock
from topicwire.testing.faults.directions import MessagesDirection, size_of
from topicwire.testing.faults.line import Line

_LOST: Final = 1006
_OVER: Final = "faults.over"


class FaultyLink:
    """One WebSocket connection that a test disturbs, as long as it lasts.

    Attributes:
        to_server: what the client sends.
        to_client: what the application sends.
        is_cut: the connection is lost, and both ends are told so (1006).
    """

    def __init__(self, clock: Clock) -> None:
        self.to_server = MessagesDirection(Line(clock), self._cut)
        self.to_client = MessagesDirection(Line(clock), self._cut)
        self.is_cut = False
        self._again: deque[AsgiEvent] = deque()

    def cut(self) -> None:
        """Lose the connection, and everything that is under way on it."""
        self._cut()

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application on this link until both it and what it sent have ended."""
        loop = asyncio.get_running_loop()
        reading = loop.create_task(self._read(receive))
        writing = loop.create_task(self._write(send))
        try:
            try:
                await app(scope, self._receive, self._send)
            finally:
                # what is still under way arrives, however late
                self.to_client.line.put({"type": _OVER}, 0, self.to_client.delay_s)
                await writing
        finally:
            for task in (reading, writing):
                task.cancel()
            await asyncio.gather(reading, writing, return_exceptions=True)

    def _cut(self, _reset: bool = False) -> None:  # noqa: FBT001, FBT002 - as `Cut` has it
        self.is_cut = True
        self.to_server.line.cut()
        self.to_client.line.cut()

    # The client's side

    async def _read(self, receive: Receive) -> None:
        line = self.to_server.line
        while True:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                # it has left: nothing reaches it, and nothing holds up what it had sent
                self.to_client.line.cut()
                line.flush()
                line.put(event, 0, 0)
                return
            line.put(event, size_of(event), self.to_server.delay_s)

    async def _write(self, send: Send) -> None:
        direction = self.to_client
        while (event := await direction.line.get()) is not None:
            if event["type"] == _OVER:
                return
            if event["type"] != "websocket.send":
                await send(event)
            elif direction.lets_pass(event):
                for _ in range(direction.copies):
                    await send(event)
                direction.message_passed(event)
        if self.is_cut:
            await send({"type": "websocket.close", "code": _LOST, "reason": ""})

    # The application's side

    async def _receive(self) -> AsgiEvent:
        if self._again:
            return self._again.popleft()
        direction = self.to_server
        event = await direction.line.get()
        if event is None:
            return {"type": "websocket.disconnect", "code": _LOST}
        if event["type"] != "websocket.receive":
            return event
        if not direction.lets_pass(event):
            return await self._receive()
        self._again.extend([event] * (direction.copies - 1))
        direction.message_passed(event)
        return event

    async def _send(self, event: AsgiEvent) -> None:
        direction = self.to_client
        if not direction.line.is_cut:
            under_way = direction.line.put(event, size_of(event), direction.delay_s)
            if direction.delay_s <= 0:
                await under_way.taken()
        if direction.line.is_cut:
            raise ConnectionResetError("the connection is lost")


class FaultyApp:
    """An ASGI application whose WebSocket connections go wrong as a test says.

        faulty = FaultyApp(app, clock=clock)
        async with connect(faulty) as client:
            faulty.links[-1].to_client.cut_after_messages(2)

    Args:
        app: what is served.
        clock: for delays; the event loop's own time when there is none.
        on_connect: called with each new link, before anything passes on it.

    Attributes:
        links: every connection so far, the latest last.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        clock: Clock | None = None,
        on_connect: Callable[[FaultyLink], object] | None = None,
    ) -> None:
        self.links: list[FaultyLink] = []
        self._app = app
        self._clock = clock or LoopClock()
        self._on_connect = on_connect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; what is no WebSocket is served without faults."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        link = FaultyLink(self._clock)
        self.links.append(link)
        if self._on_connect is not None:
            self._on_connect(link)
        await link.serve(self._app, scope, receive, send)
