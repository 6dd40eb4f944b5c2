"""The server's side of one WebSocket over a transport of asyncio, once it is open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from random import getrandbits
from typing import Any, ClassVar, Final

from topicwire.asgi.websocket.frames import (
    ABNORMAL_CLOSURE,
    CLOSE,
    FIN,
    INTERNAL_ERROR,
    PING,
    PONG,
    close_frame,
    frame,
)
from topicwire.asgi.websocket.keepalive import Keepalive
from topicwire.asgi.websocket.parser import Closed, Control, Failure, FrameParser

NOTSENT_BYTES: Final = 16_384
"""Taken by the operating system although it has not left: enough to keep a fast socket busy."""

NO_FD: Final = -1

_NOTSENT_LOWAT: Final[int | None] = getattr(socket, "TCP_NOTSENT_LOWAT", None)

# The states of a connection
CONNECTING: Final = 0
OPEN: Final = 1
CLOSING: Final = 2
"""We have sent a close frame, or the answer that refuses the handshake: no frame follows."""
CLOSED: Final = 3
"""The socket is gone."""


class WebSocketConnection(asyncio.Protocol):
    """Frames in and out, pings, the closing handshake, and what is unsent. Knows no ASGI.

    Guarantee: a connection that is being closed is gone after `close_timeout`, whatever its client
    does; nothing that a client sends makes anything grow without bound, unread answers to its pings
    neither; `fd` is that of this connection's own socket, whenever it is not -1.

    Attributes:
        at_fd: see `topicwire.asgi.server_socket`.
        at_shutdown: see there.
        received_bytes: all that came so far, of whole messages or not.
        transport: of the event loop.
    """

    __slots__ = (
        "_answer",
        "_client",
        "_end_timer",
        "_is_paused",
        "_keepalive",
        "_own_fd",
        "_parser",
        "_ping",
        "_pong",
        "_state",
        "_waiters",
        "at_fd",
        "at_shutdown",
        "fd",
        "received_bytes",
        "transport",
    )

    close_timeout: float = 10.0
    """How long the other side may take to close, in seconds."""

    linger_s: ClassVar[float] = 2.0
    """How long what a client still sends is read that broke the protocol: if it were not, the
    operating system would reset the connection, and the close frame that says why be lost."""

    transport: asyncio.Transport

    def __init__(self, keepalive: Keepalive) -> None:
        self.fd = NO_FD
        """The socket's, for bytes that are to go at once; -1 while it is not right to write to it.

        So it is before the handshake, with TLS, while anything is unsent, and from the moment when
        the end has begun.
        """
        self.at_fd: Callable[[int], object] | None = None
        self.at_shutdown: Callable[[], object] | None = None
        self.received_bytes = 0
        self._keepalive = keepalive
        self._state = CONNECTING
        self._own_fd = NO_FD
        self._client: tuple[str, int] | None = None
        """The client's address, until it has been let in."""
        self._answer = b""
        """To the handshake, while what follows it is being made: both leave together."""
        self._parser: FrameParser | None = None
        self._is_paused = False
        self._waiters: list[asyncio.Future[None]] | None = None
        self._end_timer: asyncio.TimerHandle | None = None
        self._ping: bytes | None = None
        """The payload of the ping whose answer is awaited."""
        self._pong: bytes | None = None
        """The answer to the last ping that came while something was unsent."""

    # What whoever is above implements

    def _received(self, message: str | bytes) -> None:
        """A message has come, while the connection is open."""

    def _ended(self, code: int, reason: str) -> None:
        """The connection is over; the first call alone says how."""

    def _is_reading(self) -> bool:
        """Say whether what comes is read at present."""
        return True

    # What the endpoint is given: a `ServerSocket`

    def _set_fd(self, fd: int) -> None:
        self.fd = fd
        if self.at_fd is not None:
            self.at_fd(fd)

    @property
    def unsent_bytes(self) -> int:
        """What was sent and the operating system has not taken yet."""
        return self.transport.get_write_buffer_size() if self._is_paused else 0

    async def drained(self) -> None:
        """Wait until nothing is unsent, or the connection is lost."""
        while self._is_paused:
            waiter = asyncio.get_running_loop().create_future()
            if self._waiters is None:
                self._waiters = []
            self._waiters.append(waiter)
            await waiter

    def write(self, data: bytes) -> None:
        """Send whole frames, or the rest of one that `fd` has taken a part of."""
        if self._state == OPEN and not self.transport.is_closing():
            self._put(data)

    def abort(self) -> None:
        """End the connection at once; what is unsent is lost."""
        self._set_fd(NO_FD)
        if self._state <= OPEN:
            self._state = CLOSING
        self.transport.abort()

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the socket up: what is unsent is to wait with us, and nothing to be joined."""
        stream: Any = transport  # a server's is one
        self.transport = stream
        is_plain = transport.get_extra_info("sslcontext") is None
        # with TLS "full" is as much as `high`, not more: 0 would be full for ever
        self.transport.set_write_buffer_limits(high=0 if is_plain else 1, low=0)
        connection = transport.get_extra_info("socket")
        if connection is None:
            return
        fd = connection.fileno()
        if is_plain:
            self._own_fd = fd
        if connection.family in {socket.AF_INET, socket.AF_INET6}:
            # loops have set TCP_NODELAY themselves
            with contextlib.suppress(OSError):  # it is closed already
                self._set_up(connection.family, connection.type, connection.proto, fd)

    def _set_up(self, family: int, kind: int, protocol: int, fd: int) -> None:
        # a loop's own object may make another one for each of these calls, and ask the system what
        # it is
        borrowed = socket.SocketType(family, kind, protocol, fd)
        try:
            if _NOTSENT_LOWAT is not None:
                borrowed.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, NOTSENT_BYTES)
            host, port = borrowed.getpeername()[:2]
            self._client = (host, port)
        finally:
            borrowed.detach()

    def data_received(self, data: bytes) -> None:
        """Take what came of frames."""
        self.received_bytes += len(data)
        if self._parser is not None:
            self._take(data)

    def eof_received(self) -> None:
        """The client sends nothing more: the loop closes, when all that is unsent has left."""
        self._set_fd(NO_FD)
        if self._state <= OPEN:
            self._state = CLOSING
            self._keepalive.forget(self)
            self._ended(ABNORMAL_CLOSURE, "")
        self._end_within(self.close_timeout)

    def pause_writing(self) -> None:
        """Something is unsent."""
        self._set_fd(NO_FD)
        self._is_paused = True

    def resume_writing(self) -> None:
        """Nothing is unsent."""
        self._is_paused = False
        if self._state == OPEN and not self.transport.is_closing():
            self._set_fd(self._own_fd)
            if self._pong is not None:
                pong, self._pong = self._pong, None
                self.transport.write(frame(FIN | PONG, pong))
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        del exc
        self._own_fd = NO_FD
        self._set_fd(NO_FD)
        self._state = CLOSED
        self._is_paused = False
        self._parser = None
        self._keepalive.forget(self)
        if self._end_timer is not None:
            self._end_timer.cancel()
            self._end_timer = None
        self._ended(ABNORMAL_CLOSURE, "")
        self._wake()

    # What a keepalive calls

    def send_ping(self) -> bool:
        """Ask the client for a sign of life."""
        if self._state != OPEN or self.transport.is_closing():
            return False
        # at random, so that no pong answers it before it was sent
        self._ping = getrandbits(32).to_bytes(4, "big")
        self.transport.write(frame(FIN | PING, self._ping))
        return True

    def keepalive_timeout(self) -> None:
        """Give up a client that does not answer RFC 6455's pings, and what waits for it."""
        if self._state != OPEN or self.transport.is_closing():
            return
        if not self._is_reading():
            self._keepalive.wait_again(self)
            return
        self._fail(INTERNAL_ERROR, "keepalive ping timeout")
        self._end_now()

    # For whoever is above

    def _open(self, parser: FrameParser) -> None:
        """Begin with frames: the handshake has been answered."""
        self._parser = parser
        self._state = OPEN
        self._set_fd(NO_FD if self._is_paused else self._own_fd)
        self._keepalive.heard(self)

    def _take(self, data: bytes) -> None:
        if self._parser is None:
            return
        for event in self._parser.feed(data):
            if isinstance(event, (str, bytes)):
                if self._state == OPEN:
                    self._received(event)
            elif isinstance(event, Control):
                self._control(event)
            elif isinstance(event, Closed):
                self._client_closes(event)
            else:
                self._violated(event)

    def _begin_close(self, code: int, reason: str = "") -> None:
        """Send a close frame, and wait for the client's.

        Raises:
            ValueError: as `close_frame`.
        """
        data = close_frame(code, reason)
        self._last_frame(data)
        self._end_within(self.close_timeout)

    def _put(self, data: bytes) -> None:
        if self._answer:
            data, self._answer = self._answer + data, b""
        self.transport.write(data)

    def _last_frame(self, data: bytes) -> None:
        self._set_fd(NO_FD)
        self._state = CLOSING
        self._pong = None
        self._keepalive.forget(self)
        self._put(data)

    def _fail(self, code: int, reason: str) -> None:
        """Send a close frame of our own accord, for which nobody above has asked."""
        self._last_frame(close_frame(code, reason))
        self._ended(code, reason)

    def _end_now(self) -> None:
        """Close the socket, without waiting for the client."""
        self._set_fd(NO_FD)
        if self._is_paused:
            self.transport.abort()
        else:
            self.transport.close()

    def _end_when_sent(self) -> None:
        """Close the socket as soon as all is sent, or the client has had its time."""
        self._set_fd(NO_FD)
        self.transport.close()
        if self._is_paused:
            self._end_within(self.close_timeout)

    def _end_within(self, wait_s: float) -> None:
        if self._end_timer is None:
            loop = asyncio.get_running_loop()
            self._end_timer = loop.call_later(wait_s, self.transport.abort)

    def _control(self, control: Control) -> None:
        if control.opcode == PONG:
            if control.payload == self._ping:
                self._ping = None
                if self._state == OPEN:
                    self._keepalive.heard(self)
        elif self._state == OPEN:
            if self._is_paused:
                # only the last ping need be answered (RFC 6455, section 5.5.3)
                self._pong = control.payload
            else:
                self.transport.write(frame(FIN | PONG, control.payload))

    def _client_closes(self, closed: Closed) -> None:
        if self._state == OPEN:
            self._last_frame(frame(FIN | CLOSE, closed.payload))
            self._ended(closed.code, closed.reason)
        self._end_when_sent()

    def _violated(self, failure: Failure) -> None:
        if self._state == OPEN:
            self._fail(failure.code, failure.reason)
        if self.transport.can_write_eof():
            self.transport.write_eof()
            self._end_within(self.linger_s)
        else:
            self._end_when_sent()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            if not waiter.done():
                waiter.set_result(None)
