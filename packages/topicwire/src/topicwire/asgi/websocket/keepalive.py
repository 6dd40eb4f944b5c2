"""RFC 6455's pings, for all connections of a server."""

from __future__ import annotations

from asyncio import AbstractEventLoop
from typing import Final, Protocol

from topicwire.asgi.websocket.line import Line

TURNS: Final = 4
"""Of the event loop, from the end of the time to the verdict: what has come while the loop was held
is read in the first of them."""


class Pinged(Protocol):
    """A connection, as its keepalive sees it."""

    def send_ping(self) -> bool:
        """Send a ping; False when there is nobody to be asked any longer."""
        ...

    def keepalive_timeout(self) -> None:
        """The client has not answered in time."""
        ...


class Keepalive:
    """Asks each client every `interval_s`, and gives it `timeout_s` to answer.

    Guarantee: nobody is given up for an answer that has come and was not read yet.

    Args:
        loop: its clock counts.
        interval_s: from the handshake, or the last answer, to the next ping; None for no pings.
        timeout_s: from a ping to its pong; None to wait for none.
    """

    def __init__(
        self, loop: AbstractEventLoop, interval_s: float | None, timeout_s: float | None
    ) -> None:
        self._loop = loop
        self._idle: Line[Pinged] | None = None
        self._asked: Line[Pinged] | None = None
        if interval_s:
            self._idle = Line(loop, interval_s, self._ask)
            if timeout_s is not None:
                self._asked = Line(loop, timeout_s, self._judge)

    def heard(self, one: Pinged) -> None:
        """`one` has just been opened, or has answered: ask it after the interval."""
        if self._idle is not None:
            if self._asked is not None:
                self._asked.discard(one)
            self._idle.put(one)

    def wait_again(self, one: Pinged) -> None:
        """The answer of `one` could not be read meanwhile: give it as much time again."""
        if self._asked is not None:
            self._asked.put(one)

    def forget(self, one: Pinged) -> None:
        """Ask `one` no longer."""
        if self._idle is not None:
            self._idle.discard(one)
        if self._asked is not None:
            self._asked.discard(one)

    def _ask(self, one: Pinged) -> None:
        if not one.send_ping() or self._idle is None:
            return
        if self._asked is not None:
            self._asked.put(one)
        else:
            self._idle.put(one)

    def _judge(self, one: Pinged, turns: int = TURNS) -> None:
        if self._idle is None or one in self._idle:
            return  # it has answered in the meantime
        if turns:
            self._loop.call_soon(self._judge, one, turns - 1)
        else:
            one.keepalive_timeout()
