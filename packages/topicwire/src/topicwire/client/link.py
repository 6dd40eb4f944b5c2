"""The socket of a client, and the next one: connecting, losing, connecting again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Any, Final, Literal, Protocol, TypeAlias

from topicwire.client.backoff import SLOW_TIMES, SLOW_WITHIN_S, Reconnection
from topicwire.client.clock import Clock, Timers
from topicwire.client.codec import Codec
from topicwire.client.errors import (
    ClientError,
    InvalidMessageFromServerError,
    LoginFailedError,
    NoSocketError,
    ServerRefusesError,
    SlowConsumerError,
)
from topicwire.client.login import Login, offered_with
from topicwire.client.socket import Connector, Loss, Socket
from topicwire.close_codes import FORBIDDEN, NO_SIGN_OF_LIFE, UNAUTHENTICATED

Status: TypeAlias = Literal["idle", "connecting", "open", "reconnecting", "closed"]
"""`idle` before the client is entered; `connecting` in the first attempt; `reconnecting` when the
connection was lost, or the first attempt failed: waiting for the next one, or in it; `closed` when
the client was left, or a server refuses this user (asking for something connects anew)."""

_REFUSALS: Final = {
    UNAUTHENTICATED: "unauthenticated",
    FORBIDDEN: "forbidden",
    401: "unauthenticated",
    403: "forbidden",
}

_NO_ROUTE: Final = (403, 404)
"""What a server answers where it serves no WebSocket; Starlette the first."""

HELLO_S: Final = 35.0
"""How long a server may be silent that has not said yet how often it is heard."""


class Observer(Protocol):
    """Told of what belongs to no single subscription or call."""

    def status_changed(self, status: Status) -> None:
        """The connection has another status."""
        ...

    def failed(self, error: ClientError) -> None:
        """Something failed, and nobody else takes it."""
        ...


class LinkEvents(Protocol):
    """Told what happens to the link. After each, `settle` is called when the link is at rest."""

    def opened(self) -> None:
        """There is a connection."""
        ...

    def received(self, frame: str | bytes) -> None:
        """A frame came, of the kind that was agreed."""
        ...

    def lost(self, close_code: int) -> None:
        """There is none any more; another follows."""
        ...

    def stopped(self, error: ClientError) -> None:
        """There is none any more, and no other follows by itself."""
        ...

    def settle(self) -> None:
        """Do what follows from it: the link may be used again."""
        ...


class Link:
    """One socket at a time, and another when it is lost.

    Args:
        url: of the server's WebSocket.
        connector: makes sockets.
        timers: for every delay; all are cleared when the connection ends.
        clock: what the timers go by.
        reconnection: says how long to wait after a loss.
        login: who the client is.
        codec: how messages are written, if the server agrees.
        timeout_s: for an attempt to connect.
        events: told what happens.
        observer: told of statuses and of errors.
    """

    def __init__(
        self,
        url: str,
        *,
        connector: Connector,
        timers: Timers,
        clock: Clock,
        reconnection: Reconnection,
        login: Login,
        codec: Codec,
        timeout_s: float,
        events: LinkEvents,
        observer: Observer,
    ) -> None:
        self.url = url
        self.status: Status = "idle"
        self.trouble = ""
        """Why there is no connection; empty where nobody said."""
        self._connector = connector
        self._timers = timers
        self._clock = clock
        self._reconnection = reconnection
        self._login = login
        self._codec = codec
        self._timeout_s = timeout_s
        self._events = events
        self._observer = observer
        self._socket: Socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        """The ends of abandoned sockets, and tokens under way."""
        self._fetching: set[asyncio.Task[None]] = set()
        """Those that are of no use when the connection ends."""
        self._era = 0
        self._opened_at_s = 0.0
        self._heard_at_s = 0.0
        self._retry_after_s = 0.0
        self._is_renewed = False
        """A fresh token was asked for after a refusal, and no server has spoken since."""

    @property
    def era(self) -> int:
        """Changes with what begins and ends connections: who was away sees whether it is wanted."""
        return self._era

    def start(self) -> None:
        """Connect, unless that is done or under way."""
        if self.status in {"idle", "closed"}:
            self._connect("connecting")

    def send(self, text: str) -> None:
        """Send a message, which is JSON; without a connection it goes nowhere."""
        if self._socket is not None:
            self._socket.send(self._codec.written(text))

    def heartbeat(self, interval_s: float, grace_s: float) -> None:
        """The server has begun to speak.

        It promises to be heard so often (0: it does not), or so much later.
        """
        self._is_renewed = False
        self._timers.clear("watchdog")
        if interval_s > 0:
            self._watch_over(interval_s + grace_s)

    def closing(self, retry_after_s: float) -> None:
        """The server will end the connection; the next is made after so long, and jitter."""
        self._retry_after_s = retry_after_s

    def abandon(self, code: int = 1000) -> None:
        """End the connection, or the attempt at one, from here; another follows."""
        if self._socket is not None:
            self._socket.close(code)
        self.lost(Loss())

    def stop(self, error: ClientError) -> None:
        """No socket and no attempt, until `start`."""
        socket = self._socket
        self._forget()
        self._retry_after_s = 0.0
        self._is_renewed = False
        self._events.stopped(error)
        if socket is not None:
            socket.close(1000)
        # callbacks may ask anew, so the session is told before them
        self._set_status("closed")
        self._events.settle()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what is of this connection: it is cancelled when that ends."""
        task = self._keep(work)
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    def _keep(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def wait_closed(self) -> None:
        """Wait until nothing of any socket is left."""
        # whoever asks from within a token function does not wait for itself
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.gather(*others, return_exceptions=True)

    # Connecting

    def _connect(self, status: Status) -> None:
        self._era += 1
        self._timers.set("attempt", self._timeout_s, self.abandon)
        era = self._era
        self._set_status(status)
        if era != self._era:
            return
        if self._login.can_renew:
            self.spawn(self._fetch_and_dial(era))
        else:
            self._dial(self._login.known())

    async def _fetch_and_dial(self, era: int) -> None:
        try:
            token = await self._login.fetch()
        except Exception as cause:  # noqa: BLE001 - the application's, whatever it is
            if era == self._era:
                self._observer.failed(no_token(cause))
                self.lost(Loss())
            return
        if era == self._era:
            self._dial(token)

    def log_in_anew(self) -> None:
        """Let an attempt that is under way use the newest token."""
        if self._socket is not None and self.status != "open":
            self._socket.close()
            self._drop_socket()
            self._era += 1
            self._dial(self._login.known())

    def _dial(self, token: str | None) -> None:
        events = _SocketEvents(self)
        try:
            self._socket = self._connector(
                self.url, offered_with(self._codec.offers, token), events
            )
        except Exception as cause:  # noqa: BLE001 - of a token, or of whoever makes sockets
            error = NoSocketError(f"No socket to {self.url}: {type(cause).__name__}: {cause}")
            error.__cause__ = cause
            self._observer.failed(error)
            self.stop(error)

    def opened(self, subprotocol: str | None) -> None:
        """Its socket is open, and the server has chosen this, or nothing."""
        is_ours = self._codec.agreed(subprotocol)
        self._opened_at_s = self._heard_at_s = self._clock.now_s()
        self.trouble = ""
        self._timers.clear("attempt")
        era = self._era
        self._set_status("open")
        if era == self._era:
            self._events.opened()
            self._events.settle()
        # a server that did not choose ours says no hello, and promises no heartbeat
        if is_ours and era == self._era:
            # until its `hello` says otherwise
            self._watch_over(HELLO_S)

    def received(self, message: str | bytes) -> None:
        """Its socket has a message."""
        self._heard_at_s = self._clock.now_s()
        if isinstance(message, bytes) == self._codec.is_binary:
            self._events.received(message)
            self._events.settle()
        else:
            kinds = ("binary", "text") if isinstance(message, bytes) else ("text", "binary")
            self._observer.failed(
                InvalidMessageFromServerError(
                    f"The server sent a {kinds[0]} frame; {kinds[1]} was agreed."
                )
            )

    def _watch_over(self, within_s: float) -> None:
        """Give the connection up when nothing at all was heard for so long."""
        rest_s = self._heard_at_s + within_s - self._clock.now_s()
        if rest_s <= 0:
            self.abandon(NO_SIGN_OF_LIFE)
        else:
            self._timers.set("watchdog", rest_s, partial(self._watch_over, within_s))

    # Losing

    def lost(self, loss: Loss) -> None:
        """Its socket is lost."""
        now_s = self._clock.now_s()
        lasted_s = now_s - self._opened_at_s if self.status == "open" else 0.0
        refusal = _REFUSALS.get(loss.http_status or loss.code)
        reason = loss.reason
        if loss.http_status in _NO_ROUTE:
            reason = (
                f"{reason or f'HTTP {loss.http_status}'} (perhaps no WebSocket is served at this "
                "path: it is what `FastWSAdapter(path=...)` says)"
            )
        # a refused token may have been an old one: where there is a function, a fresh one is tried
        renews = refusal == "unauthenticated" and self._login.can_renew and not self._is_renewed
        if refusal is not None and not renews:
            self.stop(ServerRefusesError(refusal, self.url, reason))
            return
        self._forget()
        self.trouble = reason or self.trouble
        self._is_renewed = renews
        self._events.lost(loss.code)
        delay_s = self._reconnection.delay_s(
            now_s, loss.code, lasted_s=lasted_s, retry_after_s=self._retry_after_s
        )
        self._retry_after_s = 0.0
        self._timers.set("attempt", delay_s, partial(self._connect, "reconnecting"))
        if self._reconnection.is_slow:
            self._observer.failed(SlowConsumerError(SLOW_TIMES, SLOW_WITHIN_S))
        self._set_status("reconnecting")
        self._events.settle()

    def _forget(self) -> None:
        self._era += 1
        self._timers.clear_all()
        for task in self._fetching - {asyncio.current_task()}:
            task.cancel()
        self._drop_socket()

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._keep(self._socket.wait_closed())
            self._socket = None

    def _set_status(self, status: Status) -> None:
        if status != self.status:
            self.status = status
            self._observer.status_changed(status)


class _SocketEvents:
    """What one socket tells. An abandoned socket may still speak: only the current is heard."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._era = link.era

    def opened(self, subprotocol: str | None) -> None:
        if self._era == self._link.era:
            self._link.opened(subprotocol)

    def received(self, message: str | bytes) -> None:
        if self._era == self._link.era:
            self._link.received(message)

    def lost(self, loss: Loss) -> None:
        if self._era == self._link.era:
            self._link.lost(loss)


def no_token(cause: Exception) -> ClientError:
    """Return what to say when the function that gets tokens raises."""
    error = LoginFailedError(
        f"The token function raised {type(cause).__name__}: {cause}. It is called again before "
        "the next attempt."
    )
    error.__cause__ = cause
    return error
