"""uvicorn's own WebSocket implementation, where the endpoint knows the socket: the one to use.

    uvicorn app:app --ws topicwire.asgi.uvicorn:WebSocketProtocol

Needs uvicorn and websockets. The endpoint works on every ASGI server, and on uvicorn's own
implementations too. Of these, `websockets-sansio` (its default) fails case 7.1.5 of the Autobahn
suite; this one passes every case.
"""

from __future__ import annotations

import contextlib
import socket
from asyncio import BaseTransport
from collections.abc import Callable
from typing import Any, Final

from uvicorn._types import ASGISendEvent
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from topicwire.asgi.server_socket import EXTENSION

NOTSENT_BYTES: Final = 16_384
"""Taken by the operating system although it has not left: enough to keep a fast socket busy."""

_NOTSENT_LOWAT: Final[int | None] = getattr(socket, "TCP_NOTSENT_LOWAT", None)


class _ServerProtocol(ServerProtocol):
    """Takes a close frame between the fragments of a message for what it is.

    RFC 6455, section 5.4: "Control frames MAY be injected in the middle of a fragmented message."
    websockets answers such a close with 1002, as a violation; it is to be echoed. The message that
    it interrupts will never be whole, and is forgotten.
    """

    def recv_frame(self, frame: Frame) -> None:
        """Receive one frame."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's `websockets-sansio`, where the endpoint knows the socket.

    - A client that does not read is noticed where it is true: the operating system takes 16 KiB
      that have not left, instead of megabytes, and nothing waits in between. So what waits for it
      is in its outbox, and its route's policy holds for it.
    - A client that is given up is gone at once, and so is what waits for it.
    - When the server stops, the application ends its connections in good order, whatever made the
      server stop; elsewhere they see 1012.
    - A close is answered by its own code at any moment.
    - Frames may be written straight to the file descriptor, where there is neither TLS nor
      compression.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.conn: ServerProtocol = _ServerProtocol(
            extensions=self.conn.available_extensions,
            max_size=self.config.ws_max_size,
            logger=self.conn.logger,
        )
        self.received_bytes = 0
        self.at_shutdown: Callable[[], object] | None = None
        self.fd = -1
        self._own_fd = -1

    # What the endpoint is given: a `ServerSocket`

    @property
    def unsent_bytes(self) -> int:
        """What was sent and the operating system has not taken yet."""
        return 0 if self.writable.is_set() else self.transport.get_write_buffer_size()

    def write(self, data: bytes) -> None:
        """Send whole frames, or the rest of one that `fd` has taken a part of."""
        if not (self.close_sent or self.disconnected or self.transport.is_closing()):
            self.transport.write(data)
            self._look()

    async def drained(self) -> None:
        """Wait until nothing is unsent, or the connection is lost."""
        await self.writable.wait()

    def abort(self) -> None:
        """End the connection at once; what is unsent is lost."""
        self.fd = -1
        self.transport.abort()

    # What uvicorn and the event loop call

    def connection_made(self, transport: BaseTransport) -> None:
        """Set the socket up: what is unsent is to wait with us, and nothing to be joined."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=0)
        if self.transport.get_extra_info("ssl_object") is None:
            connection = self.transport.get_extra_info("socket")
            self._own_fd = -1 if connection is None else connection.fileno()
        self._set_options()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the descriptor up: from now on it may be another's."""
        self.fd = self._own_fd = -1
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Something is buffered: nothing may pass it by."""
        self.fd = -1
        super().pause_writing()

    def resume_writing(self) -> None:
        """Nothing is buffered any longer."""
        super().resume_writing()
        self._look()

    def eof_received(self) -> None:
        """The client has closed its side: the transport closes ours."""
        self.fd = self._own_fd = -1
        super().eof_received()

    def _set_options(self) -> None:
        connection = self.transport.get_extra_info("socket")
        if connection is None or connection.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        with contextlib.suppress(OSError):  # it is closed already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if _NOTSENT_LOWAT is not None:
                connection.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, NOTSENT_BYTES)

    def handle_connect(self, event: Request) -> None:
        """Give the application the socket beside the handshake."""
        super().handle_connect(event)
        if not self.close_sent:  # the handshake is right
            scope: Any = self.scope
            scope["extensions"][EXTENSION] = {"socket": self}

    def data_received(self, data: bytes) -> None:
        """Count what comes."""
        self.received_bytes += len(data)
        super().data_received(data)
        if self.fd >= 0:  # it may have been a close, or a ping that was answered
            self._look()

    async def send(self, message: ASGISendEvent) -> None:
        """Send; a client that does not answer a close frame is given up after `close_timeout`."""
        await super().send(message)
        self._look()
        if message["type"] == "websocket.close" and self.close_timer is not None:
            # uvicorn's own timer waits for what is unsent, for as long as TCP does
            self.close_timer.cancel()
            self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)

    def send_keepalive_ping(self) -> None:
        """Send a ping of RFC 6455."""
        super().send_keepalive_ping()
        self._look()

    def keepalive_timeout(self) -> None:
        """Give up a client that does not answer RFC 6455's pings, and what waits for it."""
        super().keepalive_timeout()
        self._look()
        self._abort_if_stalled()

    def shutdown(self) -> None:
        """The server stops: let the application end the connection, where it wants to."""
        if self.at_shutdown is not None and self.handshake_complete and not self.close_sent:
            self.stop_keepalive()
            self.at_shutdown()
            return
        super().shutdown()
        self._look()
        self._abort_if_stalled()

    def _abort_if_stalled(self) -> None:
        if self.unsent_bytes:
            self.transport.abort()

    def _look(self) -> None:
        """Find out whether frames may be written straight to the socket."""
        self.fd = -1
        if self._own_fd < 0 or self.close_sent or self.transport.is_closing():
            return
        if self.conn.state is not State.OPEN or self.conn.extensions:
            return  # before the handshake or after a close; or what is sent is compressed
        if not self.transport.get_write_buffer_size():
            self.fd = self._own_fd
        elif self.writable.is_set():
            # uvloop writes what it is given at the end of the turn, and says nothing when it has
            self.loop.call_soon(self._look)
