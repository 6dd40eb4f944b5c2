"""A WebSocket implementation for uvicorn, where the endpoint knows the socket: the one to use.

    uvicorn app:app --ws topicwire.asgi.uvicorn:WebSocketProtocol

Needs uvicorn; with websockets installed, masks are applied in C. The endpoint works on every ASGI
server, and on uvicorn's own implementations too. Of these, `websockets-sansio` (its default) fails
case 7.1.5 of the Autobahn suite; this one passes every case.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from contextvars import copy_context
from functools import partial
from types import MappingProxyType
from typing import Any, Final, cast

from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected, get_remote_addr
from uvicorn.server import ServerState

from topicwire.asgi.server_socket import EXTENSION, Serving
from topicwire.asgi.shortcut import Found
from topicwire.asgi.transport import AsgiTransport
from topicwire.asgi.uvicorn_server import server_of
from topicwire.asgi.websocket.calling import CallingConnection
from topicwire.asgi.websocket.connection import (
    CLOSING,
    CONNECTING,
    NOTSENT_BYTES,
    OPEN,
)
from topicwire.asgi.websocket.deflate import inflate
from topicwire.asgi.websocket.denial import Denial
from topicwire.asgi.websocket.frames import (
    ABNORMAL_CLOSURE,
    NORMAL_CLOSURE,
    SERVICE_RESTART,
)
from topicwire.asgi.websocket.handshake import RefusedError, Request, refusal
from topicwire.asgi.websocket.log import LOGGER, log_answer, trace
from topicwire.asgi.websocket.messages import Framing, framing
from topicwire.asgi.websocket.parser import FrameParser
from topicwire.asgi.websocket.receiving import MAX_UNREAD_BYTES
from topicwire.asgi.websocket.scope import path_of, unquoted, websocket_scope
from topicwire.hub.clock import Begun
from topicwire.identity.handshake import EarlyHandshake

__all__ = ["MAX_UNREAD_BYTES", "NOTSENT_BYTES", "WebSocketProtocol"]

MAX_EARLY_BYTES: Final = 65_536
"""That a client may send before its handshake has been answered, though it is to wait for that."""

_FORWARDED: Final = frozenset({b"x-forwarded-for", b"x-forwarded-proto"})
"""A proxy's word, for which uvicorn has a layer of its own."""


class WebSocketProtocol(CallingConnection):
    """A WebSocket for uvicorn, by RFC 6455, where the endpoint knows the socket.

    - A client that does not read is noticed where it is true: the operating system takes 16 KiB
      that have not left, instead of megabytes, and nothing waits in between. So what waits for it
      is in its outbox, and its route's policy holds for it.
    - A client that is given up is gone at once, and so is what waits for it.
    - When the server stops, the application ends its connections in good order, whatever made the
      server stop; elsewhere they see 1012.
    - A close is answered by its own code at any moment.
    - Each of uvicorn's `ws_…` settings holds. With `ws_per_message_deflate` compression is agreed
      on without context takeover; what goes to many clients is compressed once.

    Args:
        config: of the server.
        server_state: of the server: it waits for the connections and tasks in there.
        app_state: of the lifespan.
        _loop: the running one.
    """

    __slots__ = (
        "_app_state",
        "_config",
        "_denial",
        "_early",
        "_framing",
        "_has_closed",
        "_is_announced",
        "_is_entering",
        "_request",
        "_scope",
        "_server",
        "_server_state",
        "window_bits",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        server = server_of(server_state, config, _loop)
        super().__init__(server.keepalive, config.ws_max_queue, server_state.tasks, server.loop)
        self._server = server
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        # until the handshake is answered
        self._request: Request | None = None
        self._scope: dict[str, Any] | None = None
        self._early = b""
        self._denial: Denial | None = None
        # the application
        self._is_announced = self._is_entering = False
        self._framing: Framing = framing(None)
        self.window_bits: int | None = None
        self._has_closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection among those for which a server that stops waits."""
        super().connection_made(transport)
        connections: set[Any] = self._server_state.connections  # typed as uvicorn's own classes
        connections.add(self)
        trace(transport, "made")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the application."""
        connections: set[Any] = self._server_state.connections
        connections.discard(self)
        trace(self.transport, "lost")
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take the handshake, as uvicorn hands it over, and then what came of frames."""
        if self._state != CONNECTING:
            super().data_received(data)
        elif self._request is None:
            self._handshake(data)
        else:
            self.received_bytes += len(data)
            self._early += data
            if len(self._early) > MAX_EARLY_BYTES:
                self.abort()

    def shutdown(self) -> None:
        """The server stops: let the application end the connection, where it wants to."""
        if self._state == OPEN and self.at_shutdown is not None:
            self._keepalive.forget(self)
            self.at_shutdown()
            return
        if self._state == OPEN:
            self._fail(SERVICE_RESTART, "")
        elif self._state == CONNECTING:
            self._refuse(500, b"Internal Server Error")
            self._ended(ABNORMAL_CLOSURE, "")
        self._end_now()

    # The handshake

    def _handshake(self, data: bytes) -> None:
        deflates = self._config.ws_per_message_deflate
        try:
            self._request = request = Request(data, deflates=deflates)
        except RefusedError as error:
            LOGGER.info("A WebSocket handshake is refused: %s", error)
            body = f"Failed to open a WebSocket connection: {error}.\n".encode()
            self._refuse(error.status, body, error.headers)
            self._end_when_sent()
            return
        found = None
        # uvicorn's own HTTP calls this while it handles an error: the application's would look like
        # its consequences
        if sys.exc_info()[0] is None and not _FORWARDED & {name for name, _ in request.headers}:
            root_path = self._config.root_path
            path = root_path + unquoted(path_of(request.target)[0])
            found = self._server.shortcut.to(path, root_path)
        if found is not None:
            self._enter(found, request)
        else:
            scope = self._scope = self._whole_scope(request, self._client)
            application: Any = self._config.loaded_app  # uvicorn's types name each event
            self._start(self._run(application(scope, self.receive, self.send)))

    def _whole_scope(
        self,
        request: Request,
        client: tuple[str, int] | None,
        more: Mapping[str, Any] = MappingProxyType({}),
    ) -> dict[str, Any]:
        scope = websocket_scope(request, self.transport, client, self._config, self._app_state)
        scope["extensions"][EXTENSION] = {"socket": self}
        return {**scope, **more}

    def _enter(self, found: Found, request: Request) -> None:
        """Let the endpoint itself decide; in this very step, if nothing is to be waited for."""
        client = self._client or get_remote_addr(self.transport)
        make_scope = partial(self._whole_scope, request, client, found.scope)
        host = None if client is None else client[0]
        handshake = EarlyHandshake(request.headers, request.subprotocols, host, make_scope)
        transport = AsgiTransport.of(cast("Serving", self), bypass=found.endpoint.bypass)
        call = found.endpoint.enter(handshake, transport)
        context = copy_context()  # a task would have one of its own
        self._is_announced = self._is_entering = True
        try:
            waits_for = context.run(call.send, None)
        except StopIteration:
            self._returned(None)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the client is told
            self._kept_until(error)
        else:
            self._start(self._run(Begun(call, waits_for)), context)
        finally:
            self._is_entering = False
            if self._answer:
                self._put(b"")

    def _accept(self, message: Any) -> None:
        request = self._request
        assert request is not None  # noqa: S101 - the application runs
        lines = self._server.lines(self._server_state.default_headers)
        given = message.get("headers") or ()
        answer = request.response(message.get("subprotocol"), given, lines)
        self._log_answer("[accepted]")
        parser = FrameParser(self._config.ws_max_size, None if request.deflate is None else inflate)
        if request.deflate is not None:
            self.window_bits = request.deflate.window_bits
            self._framing = framing(self.window_bits)
        self._request = self._scope = self._client = None
        if self._is_entering:
            self._answer = answer
        else:
            self.transport.write(answer)
        self._open(parser)
        early, self._early = self._early, b""
        if early:
            self._take(early)

    def _log_answer(self, outcome: str) -> None:
        if self._request is not None and LOGGER.isEnabledFor(logging.INFO):
            log_answer(self._scope or self._whole_scope(self._request, self._client), outcome)

    def _deny(self, message: Any) -> None:
        if self._denial is None:
            self._denial = Denial(message)
            self._log_answer(str(self._denial.status))
        elif self._denial.add(message):
            denial = self._denial
            self._refuse(denial.status, denial.body, denial.headers)
            self._has_closed = True
            self._ended(ABNORMAL_CLOSURE, "")
            self._end_when_sent()

    def _refuse(self, status: int, body: bytes, headers: Any = ()) -> None:
        """Answer the handshake by HTTP. The end is to follow."""
        given = [*self._server_state.default_headers, *headers]
        self._last_frame(refusal(status, given, body))
        self._request = self._scope = None

    # The application

    def _application_ends(self, code: int) -> None:
        if self._state == CONNECTING:
            self._refuse(500, b"Internal Server Error")
            self._end_when_sent()
        elif self._state == OPEN:
            self._begin_close(code)
            self._read_on()

    async def receive(self) -> dict[str, Any]:
        """Return the next event of ASGI; once the connection is over, that it is."""
        if not self._is_announced:
            self._is_announced = True
            return {"type": "websocket.connect"}
        message = await self._next()
        if isinstance(message, str):
            return {"type": "websocket.receive", "text": message}
        if message is not None:
            return {"type": "websocket.receive", "bytes": message}
        assert self._end is not None  # noqa: S101 - that is why nothing follows
        code, reason = self._end
        return {"type": "websocket.disconnect", "code": code, "reason": reason}

    async def send(self, message: Any) -> None:
        """Send an event of ASGI. Waits while the client does not read.

        Raises:
            ClientDisconnected: the connection is over.
            RuntimeError: the event is not one that may be sent now.
            ValueError: its headers, or its close code, cannot be sent.
        """
        if self._is_paused:
            await self.drained()
        kind = message["type"]
        if self._has_closed:
            raise RuntimeError(
                f"Unexpected ASGI message '{kind}', after the connection was closed."
            )
        if self._state >= CLOSING:
            raise ClientDisconnected
        if self._state == OPEN:
            self._send(kind, message)
        elif self._denial is not None or kind == "websocket.http.response.start":
            self._deny(message)
        elif kind == "websocket.accept":
            self._accept(message)
        elif kind == "websocket.close":
            self._log_answer("403")
            self._refuse(403, b"")
            self._has_closed = True
            self._ended(ABNORMAL_CLOSURE, "")
            self._end_when_sent()
        else:
            raise RuntimeError(
                "Expected ASGI message 'websocket.accept', 'websocket.close' "
                f"or 'websocket.http.response.start' but got '{kind}'."
            )

    def send_text(self, text: str) -> None:
        """Send a text message. Never waits.

        Raises:
            ClientDisconnected: the connection is over, or is being closed.
        """
        if self._state != OPEN:
            raise ClientDisconnected
        self._put(self._framing.text(text))

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message. Never waits.

        Raises:
            ClientDisconnected: as `send_text`.
        """
        if self._state != OPEN:
            raise ClientDisconnected
        self._put(self._framing.binary(data))

    def _send(self, kind: str, message: Any) -> None:
        if kind == "websocket.send":
            data = message.get("bytes")
            if data is not None:
                self._put(self._framing.binary(data))
            elif (text := message.get("text")) is not None:
                self._put(self._framing.text(text))
        elif kind == "websocket.close":
            code, reason = message.get("code", NORMAL_CLOSURE), message.get("reason") or ""
            self._begin_close(code, reason)
            self._has_closed = True
            self._ended(code, reason)
            self._read_on()
        else:
            raise RuntimeError(
                f"Expected ASGI message 'websocket.send' or 'websocket.close', but got '{kind}'."
            )

    # What the connection tells

    def _ended(self, code: int, reason: str) -> None:
        super()._ended(code, reason)
        self._request = self._scope = None
