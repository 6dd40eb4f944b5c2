"""What the session decides is carried out here: on the link, and towards who asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from topicwire.client import effects
from topicwire.client.backoff import Reconnection
from topicwire.client.clock import Clock, Timers
from topicwire.client.codec import Codec
from topicwire.client.effects import Effect, Token
from topicwire.client.errors import (
    CancelledByCallerError,
    ClientClosedError,
    ClientError,
    OfflineError,
    RequestTimeoutError,
)
from topicwire.client.frames import error_of, members_of
from topicwire.client.handles import Handle, Handles, Listener
from topicwire.client.link import Link, Observer, Status, no_token
from topicwire.client.login import Login
from topicwire.client.session import Session
from topicwire.client.socket import Connector


class Connection:
    """The socket of a client and what goes over it.

    Args:
        url: of the server's WebSocket.
        connector: makes sockets.
        clock: for every delay.
        reconnection: says how long to wait after a loss.
        login: who the client is.
        codec: how messages are written, if the server agrees.
        timeout_s: for an attempt to connect, and for answers, unless said otherwise.
        observer: told of statuses and of errors that nobody else takes.
    """

    def __init__(
        self,
        url: str,
        *,
        connector: Connector,
        clock: Clock,
        reconnection: Reconnection,
        login: Login,
        codec: Codec,
        timeout_s: float,
        observer: Observer,
    ) -> None:
        self.timeout_s = timeout_s
        self._clock = clock
        self._reconnection = reconnection
        self._login = login
        self._observer = observer
        self._session = Session()
        self._timers = Timers(clock)
        self._handles = Handles(clock, observer.failed)
        self._is_draining = False
        self._is_entered = False
        self._link = Link(
            url,
            connector=connector,
            timers=self._timers,
            clock=clock,
            reconnection=reconnection,
            login=login,
            codec=codec,
            timeout_s=timeout_s,
            events=self,
            observer=observer,
        )

    @property
    def status(self) -> Status:
        """Whether there is a connection."""
        return self._link.status

    # What the application wants

    def start(self) -> None:
        """Connect, unless that is done or under way."""
        self._is_entered = True
        self._link.start()

    def subscribe(
        self, route: str, params: str, listener: Listener, timeout_s: float | None
    ) -> Handle:
        """Begin a listener. Its answer is `{"topics": [...]}`."""
        self._check_entered()
        handle = self._handles.begin(listener)
        return self._begin(
            handle,
            f"{route}.subscribe",
            timeout_s,
            partial(self._session.subscribe, handle.token, route, params),
        )

    def call(self, type_name: str, payload: str | None, timeout_s: float | None) -> Handle:
        """Ask an operation. Its answer is the reply's payload."""
        self._check_entered()
        handle = self._handles.begin()
        begin = partial(self._session.call, handle.token, type_name, payload)
        return self._begin(handle, type_name, timeout_s, begin)

    def leave(self, token: Token) -> Handle:
        """End a listener, or a call. The answer comes when the server holds nothing of it."""
        left = self._handles.drop(token)
        if left is not None:
            left.reject(CancelledByCallerError("Unsubscribed before it was accepted."))
        wait = self._handles.begin()
        # a server that does not answer holds up nobody who leaves
        over = partial(self._handles.resolved, wait.token, None)
        self._handles.limit(wait, self.timeout_s, over)
        self._session.leave(token, wait.token)
        self.settle()
        return wait

    async def authenticate(self, token: str) -> None:
        """Use this token for this connection and those to come.

        Raises:
            ClientError: the server does not take it.
        """
        before = self._login.give(token)
        if self.status != "open":
            self._link.log_in_anew()
            return
        reply = members_of(await self.call("auth", json.dumps({"token": token}), None).answer)
        if reply.get("status") != "ok":
            # nor the token of the connections to come
            self._login.take_back(token, before)
            raise error_of(reply, "auth")

    def close(self, error: ClientError) -> None:
        """End the connection and everything on it."""
        self._is_entered = False
        self._link.stop(error)

    async def wait_closed(self) -> None:
        """Wait until nothing of any socket is left."""
        await self._link.wait_closed()

    def _check_entered(self) -> None:
        if not self._is_entered:
            raise ClientClosedError(
                "The client is not entered, or was left: use it inside of `async with`."
            )

    def _begin(
        self, handle: Handle, type_name: str, timeout_s: float | None, begin: Callable[[], None]
    ) -> Handle:
        limit_s = self.timeout_s if timeout_s is None else timeout_s
        expire = partial(self._expire, handle.token, type_name, limit_s)
        self._handles.limit(handle, limit_s, expire)
        begin()
        self.settle()
        self.start()
        return handle

    def _expire(self, token: Token, type_name: str, limit_s: float) -> None:
        handle = self._handles.drop(token)
        if handle is None:
            return
        error: ClientError
        if self.status == "open":
            message = f"{type_name}: no answer within {limit_s:g} s."
            error = RequestTimeoutError(message, type=type_name)
        else:
            why = f" The last attempt: {self._link.trouble}" if self._link.trouble else ""
            message = f"{type_name}: no connection to {self._link.url} within {limit_s:g} s.{why}"
            error = OfflineError(message, type=type_name)
        handle.reject(error)
        self._session.leave(token)
        self.settle()

    # What the link tells

    def opened(self) -> None:
        """There is a connection."""
        self._session.opened()

    def received(self, frame: str | bytes) -> None:
        """A frame came."""
        self._session.receive(frame, self._clock.now_s() * 1_000)

    def lost(self, close_code: int) -> None:
        """There is none any more; another follows."""
        self._session.lost(close_code)

    def stopped(self, error: ClientError) -> None:
        """There is none any more, and no other follows by itself."""
        self._session.fail(error)

    # What the session wants

    def settle(self) -> None:
        """Carry out what the session wants. A listener that calls back in only adds to it."""
        if self._is_draining:
            return
        self._is_draining = True
        try:
            while (effect := self._session.next()) is not None:
                self._apply(effect)
        finally:
            self._is_draining = False

    def _apply(self, effect: Effect) -> None:
        match effect:
            case effects.Update(token, data, info):
                error = self._handles.update(token, data, info)
                if error is not None:
                    self._session.leave(token)
                    self._handles.rejected(token, error)
            case effects.Send(text):
                self._link.send(text)
            case effects.Resolved(token, value):
                self._handles.resolved(token, value)
            case effects.Rejected(token, error):
                self._handles.rejected(token, error)
            case effects.GapSeen(token, gap):
                self._handles.gap(token, gap)
            case effects.Stale(token, topic, is_stale):
                self._handles.stale(token, topic, is_stale=is_stale)
            case _:
                self._apply_to_connection(effect)

    def _apply_to_connection(self, effect: Effect) -> None:
        match effect:
            case effects.Watch(key, topic, delay_ms):
                silent = partial(self._silent, key, topic)
                self._timers.set(("watch", key, topic), delay_ms / 1_000, silent)
            case effects.Retry(key, failures):
                delay_s = self._reconnection.jitter_s(failures)
                self._timers.set(("retry", key), delay_s, partial(self._retry, key))
            case effects.Resync():
                self._link.abandon()
            case effects.Hello(heartbeat_ms, grace_ms):
                self._link.heartbeat(heartbeat_ms / 1_000, grace_ms / 1_000)
            case effects.Closing(retry_after_ms):
                self._link.closing(retry_after_ms / 1_000)
            case effects.Report(error):
                if error.code == "token_expired" and self._login.can_renew:
                    self._link.spawn(self._renew(self._link.era))
                else:
                    self._observer.failed(error)
            case _:
                pass  # a pong: somebody else asked for it

    def _silent(self, key: str, topic: str) -> None:
        self._session.silent(key, topic, self._clock.now_s() * 1_000)
        self.settle()

    def _retry(self, key: str) -> None:
        self._session.retry(key)
        self.settle()

    async def _renew(self, era: int) -> None:
        """The server says that the token expires: give it another, on this connection."""
        try:
            token = await self._login.fetch()
            if token is not None and era == self._link.era:
                await self.authenticate(token)
        except ClientError as error:
            if error.code != "disconnected":
                self._observer.failed(error)
        except Exception as cause:  # noqa: BLE001 - the application's, whatever it is
            self._observer.failed(no_token(cause))
