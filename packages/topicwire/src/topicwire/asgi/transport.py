"""An accepted WebSocket, as the hub wants it, in the messages of ASGI."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, Self, cast

from starlette.types import Message as AsgiMessage
from starlette.types import Receive, Scope, Send

from topicwire.asgi.between import wraps_receive, wraps_send
from topicwire.asgi.server_socket import (
    EXTENSION,
    SendingSocket,
    ServerSocket,
    Serving,
    server_socket,
)
from topicwire.hub.transport import Direct

_MAX_REASON_BYTES: Final = 123
"""Of a close frame (RFC 6455, section 5.5.1)."""


def close_reason(text: str) -> str:
    """Return as much of `text` as a close frame can carry."""
    return text.encode(errors="replace")[:_MAX_REASON_BYTES].decode(errors="ignore")


class AsgiTransport:
    """An accepted WebSocket, in the messages of ASGI. Works on every ASGI server.

    ASGI has no way to abort a socket, nor to ask what has left. When a client that does not read is
    given up, the hub lets go of it at once; the server keeps the socket, and what it has buffered
    for it, until the client or the network gives up too. What is buffered there is bounded by the
    server's high water mark and one frame. A server that gives a client up by itself without an
    event (uvicorn, when a keepalive times out while bytes wait) is noticed by the next send, not
    before. A server that gives its socket (`topicwire.asgi.uvicorn`) has none of these limits;
    and messages go straight to it and come straight from it, where nobody else would see them.

    Args:
        receive: of the connection.
        send: of the connection.
        scope: of the connection: the server's socket may be among its extensions.
        bypass: what is to be done where a middleware wraps `send` or `receive`: None has all that
            it wraps go through it, True nothing but the handshake; False is as if there always
            were one that wraps both.

    Attributes:
        wrapped_by: the names of those who see all messages and are not known to want that:
            `bypass` is None.
    """

    wrapped_by: tuple[str, ...] = ()

    def __init__(
        self, receive: Receive, send: Send, scope: Scope, *, bypass: bool | None = None
    ) -> None:
        self._receive: Receive | None = receive
        self._send: Send | None = send
        self._socket = server_socket(scope)
        self._unsent_bytes = 0
        self._sends_to = self._hears = self._socket if bypass else None
        """The socket, where messages go straight to it; and where they come straight from it."""
        if bypass is None and self._socket is not None:
            self._see_who_is_between(self._socket, receive, send)

    def _see_who_is_between(self, socket: ServerSocket, receive: Receive, send: Send) -> None:
        sender, receiver = wraps_send(socket, send), wraps_receive(socket, receive)
        if sender is None:
            self._sends_to = socket
        if receiver is None:
            self._hears = socket
        if sender or receiver:
            self.wrapped_by = tuple(name for name in (sender, receiver) if name is not None)

    @classmethod
    def of(cls, socket: Serving, *, bypass: bool | None) -> Self:
        """Return the transport of a socket between which and the endpoint nobody stands."""
        scope = {"extensions": {EXTENSION: {"socket": socket}}}
        # there is nobody to be bypassed: to know that, no wrapper need be looked for
        return cls(socket.receive, socket.send, scope, bypass=bypass is not False)

    async def receive(self) -> str | bytes | None:
        """Return the next message; None when the client is gone."""
        if self._receive is None:
            return None
        event: AsgiMessage = await self._receive()
        if event["type"] != "websocket.receive":
            return None
        text: str | None = event.get("text")
        if text is not None:
            return text
        data: bytes = event.get("bytes") or b""
        return data

    def listen(self, received: Callable[[str | bytes], None], gone: Callable[[], None]) -> bool:
        """Have messages told as they come, where the server gives its socket."""
        return self._hears is not None and self._hears.listen(received, gone)

    def keep(self) -> Callable[[BaseException | None], None] | None:
        """Keep the connection while this ASGI call returns, where the server's socket is all of it.

        Returns what is to be called when it has been served; None where it is to be served by a
        call, or goes by other ways than its socket: with TLS.
        """
        direct, socket = self.direct, cast("SendingSocket", self._hears)
        if direct is None or direct.fd < 0 or not hasattr(socket, "keep"):
            return None
        self._receive = self._send = None  # they keep alive what stands between
        return socket.keep()

    def go_on(self, call: Coroutine[Any, Any, None]) -> bool:
        """Have `call` run while this ASGI call returns, where the server gives its socket.

        Not where a middleware wraps anything: it is to see the connection's end as well.
        """
        socket = None if self._hears is None else self._sends_to
        return socket is not None and socket.go_on(call)

    async def send(self, message: str | bytes) -> None:
        """Send a frame, text or binary; where the server gives its socket, until it has taken it.

        Raises:
            OSError: the client is gone, or the server has closed the socket by itself.
        """
        is_text = isinstance(message, str)
        send = getattr(self._sends_to, "send_text" if is_text else "send_bytes", None)
        if send is None:
            kind = "text" if is_text else "bytes"
            await self.give({"type": "websocket.send", kind: message})
        else:
            send(message)
        if self._socket is not None and self._socket.unsent_bytes:
            await self.drained()

    async def drained(self) -> None:
        """Wait until what was given to the server's socket has left, or the client is gone."""
        if self._socket is not None and (unsent := self._socket.unsent_bytes):
            self._unsent_bytes = unsent
            await self._socket.drained()

    @property
    def direct(self) -> Direct | None:
        """The server's socket; None where it does not give it, or updates are to be seen."""
        return self._sends_to

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame, with as much of the reason as it can carry.

        Raises:
            OSError: as `send`.
        """
        event = {"type": "websocket.close", "code": code, "reason": close_reason(reason)}
        await self.give(event)

    def abort(self) -> None:
        """End the connection at once, without a close frame; nothing where the server cannot."""
        if self._socket is not None:
            self._socket.abort()

    def at_shutdown(self, callback: Callable[[], object]) -> None:
        """Have `callback` called when the server stops, where it does so before closing."""
        if self._socket is not None:
            self._socket.at_shutdown = callback

    @property
    def received_bytes(self) -> int:
        """All that came so far, of whole messages or not; 0 where the server does not say."""
        return 0 if self._socket is None else self._socket.received_bytes

    def has_progressed(self) -> bool:
        """Say whether the client took a part of what is being sent since this was last asked.

        False where the server does not say.
        """
        if self._socket is None:
            return False
        before, self._unsent_bytes = self._unsent_bytes, self._socket.unsent_bytes
        return self._unsent_bytes < before

    async def give(self, event: AsgiMessage) -> None:
        """Give the server an event.

        Raises:
            OSError: as `send`.
        """
        send = self._send or cast("ServerSocket", self._socket).send
        try:
            await send(event)
        except RuntimeError as error:
            if type(error) is not RuntimeError:
                raise
            # how servers refuse what comes after a close of their own (a keepalive that timed
            # out, invalid UTF-8), of which `receive` may not have told yet, or never will
            raise ConnectionError(str(error)) from error
