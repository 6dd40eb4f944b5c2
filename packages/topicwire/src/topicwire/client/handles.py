"""Who waits for an answer or listens to updates, and how each is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from topicwire.client.clock import Clock, Timer
from topicwire.client.effects import Gap, Token, UpdateInfo
from topicwire.client.errors import ClientClosedError, ClientError, GapError, InvalidDataError

logger: Final = logging.getLogger("topicwire.client")


@dataclass(frozen=True, slots=True)
class Listener:
    """What a subscription calls. Each is called on the event loop and must not block it."""

    route: str
    decode: Callable[[Any], Any]
    """From JSON values to what `on_update` takes. Raises `InvalidDataError`."""

    on_update: Callable[[Any, UpdateInfo], object]
    on_error: Callable[[ClientError], object] | None = None
    on_gap: Callable[[Gap], object] | None = None
    on_stale: Callable[[str, bool], object] | None = None


class Handle:
    """One listener, call or wait.

    Attributes:
        token: its name in the session.
        answer: done when it is accepted, answered or over.
        listener: None for a call or a wait.
        is_accepted: its updates may come; what ends it now goes to `on_error`.
    """

    def __init__(self, token: Token, listener: Listener | None) -> None:
        self.token = token
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.listener = listener
        self.is_accepted = False
        self.deadline: Timer | None = None

    def resolve(self, value: Any) -> None:
        """Answer, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_result(value)

    def reject(self, error: ClientError) -> None:
        """Answer with an error, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Handles:
    """All of one connection, by token. What a listener raises is logged and harms no other.

    Args:
        clock: for deadlines.
        report: takes the errors that nobody else takes.
    """

    def __init__(self, clock: Clock, report: Callable[[ClientError], None]) -> None:
        self._clock = clock
        self._report = report
        self._by_token: dict[Token, Handle] = {}
        self._last_token = 0

    def begin(self, listener: Listener | None = None) -> Handle:
        """Take a new one."""
        self._last_token += 1
        handle = self._by_token[self._last_token] = Handle(self._last_token, listener)
        return handle

    def limit(self, handle: Handle, timeout_s: float, expire: Callable[[], None]) -> None:
        """Call `expire` unless it is answered within `timeout_s`."""
        handle.deadline = self._clock.call_later(timeout_s, expire)

    def drop(self, token: Token) -> Handle | None:
        """Forget one; None when it was forgotten already."""
        handle = self._by_token.pop(token, None)
        if handle is not None and handle.deadline is not None:
            handle.deadline.cancel()
        return handle

    def resolved(self, token: Token, value: Any) -> None:
        """A listener is accepted; anything else is over."""
        handle = self._by_token.get(token)
        if handle is None:
            return
        if handle.listener is None:
            self.drop(token)
        elif handle.deadline is not None:
            handle.deadline.cancel()
        handle.is_accepted = True
        handle.resolve(value)

    def rejected(self, token: Token, error: ClientError) -> None:
        """It is over: who waits is told, or else the listener, or else whoever takes errors."""
        handle = self.drop(token)
        if handle is None:
            return
        if not handle.is_accepted:
            handle.reject(error)
        elif handle.listener is None or handle.listener.on_error is None:
            if not isinstance(error, ClientClosedError):  # which somebody asked for
                self._report(error)
        else:
            guard("on_error", handle.listener.route, handle.listener.on_error, error)

    def update(self, token: Token, raw: Any, info: UpdateInfo) -> InvalidDataError | None:
        """Call the listener. Returns what is wrong with an update that its model does not take."""
        # gone from here means unsubscribed by a listener earlier in this batch
        handle = self._by_token.get(token)
        if handle is None or handle.listener is None:
            return None
        try:
            data = handle.listener.decode(raw)
        except InvalidDataError as error:
            return error
        guard("on_update", handle.listener.route, handle.listener.on_update, data, info)
        return None

    def gap(self, token: Token, gap: Gap) -> None:
        """Tell a listener of a gap, or else, of a lossless route's, whoever takes errors."""
        handle = self._by_token.get(token)
        if handle is None or handle.listener is None:
            return
        if handle.listener.on_gap is None:
            if gap.delivery is None:
                self._report(GapError(gap))
        else:
            guard("on_gap", handle.listener.route, handle.listener.on_gap, gap)

    def stale(self, token: Token, topic: str, *, is_stale: bool) -> None:
        """Tell a listener that a topic has become stale, or is no longer."""
        handle = self._by_token.get(token)
        if handle is not None and handle.listener is not None and handle.listener.on_stale:
            listener = handle.listener
            guard("on_stale", listener.route, handle.listener.on_stale, topic, is_stale)


def guard(name: str, whose: str, callback: Callable[..., object], *values: object) -> None:
    """Call what belongs to the application: what it raises is logged and goes no further."""
    try:
        callback(*values)
    except (Exception, asyncio.CancelledError):  # of a future that it asked, not of this task
        logger.exception("%s of %s raised", name, whose, extra={"callback": name, "whose": whose})
