"""What a connection sends: one flush at a time, each as large as what waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from topicwire.core.outbox import Outbox
from topicwire.hub.clock import TURNS, Clock, Watch
from topicwire.hub.transport import NOWHERE, Direct, Transport
from topicwire.types import Direction
from topicwire.wire.frames import Frame, message_frame
from topicwire.wire.kinds import Kind

MAX_FLUSH_BYTES: Final = 65_536
"""Joined into one WebSocket frame at most; a single larger message still goes."""

MAX_SENDS_IN_A_ROW: Final = 100
"""After so many the writer lets others run, however fast the socket takes what it is given."""

PING: Final = message_frame("ping")


class Written(Protocol):
    """The connection, as its writer sees it."""

    loop: asyncio.AbstractEventLoop

    @property
    def port(self) -> Direct:
        """The socket while the writer has nothing to do, so that others may write, or NOWHERE."""
        ...

    @port.setter
    def port(self, port: Direct) -> None: ...

    def ping_left(self) -> None:
        """The socket has taken a ping."""
        ...

    def stuck(self) -> None:
        """The client has taken nothing for the send timeout, though something waits for it."""
        ...

    def nothing_waits(self) -> bool:
        """Say whether, now that all has been sent, nothing will follow."""
        ...


class Writer:
    """Sends what waits in an outbox, in order, as fast as the client takes it.

    Args:
        connection: told of what happens.
        transport: takes the flushes.
        outbox: what waits.
        clock: for the send timeout, and for the lag.
        send_timeout_s: how long a client may take nothing.
        flushed: is told the frames of each flush and when the server took it.
        kind: of client.
        observe: sees every message that is sent.
        direct: the socket; None where others may not write to it.
    """

    __slots__ = (
        "_clock",
        "_connection",
        "_direct",
        "_flushed",
        "_go_on",
        "_handed",
        "_is_ping_due",
        "_is_resting",
        "_kind",
        "_less_backlog",
        "_now_s",
        "_observe",
        "_outbox",
        "_send_timeout_s",
        "_transport",
        "_wake",
        "_watch_now",
    )

    def __init__(
        self,
        connection: Written,
        transport: Transport,
        outbox: Outbox,
        *,
        clock: Clock,
        send_timeout_s: float,
        flushed: Callable[[Sequence[Frame], float], None],
        kind: Kind,
        observe: Callable[[Direction, str], None] | None,
        direct: Direct | None = None,
    ) -> None:
        self._connection = connection
        self._transport = transport
        self._outbox = outbox
        self._now_s = clock.now_s
        self._flushed = flushed
        self._kind = kind
        self._observe = observe
        self._direct = NOWHERE if direct is None else direct
        self._handed: Sequence[Frame] = ()
        self._clock = clock
        self._send_timeout_s = send_timeout_s
        self._watch_now: Watch | None = None
        self._wake: asyncio.Future[None] | None = None
        self._less_backlog: asyncio.Future[None] | None = None
        self._is_ping_due = False
        self._go_on: Callable[[], None] | None = None
        self._is_resting = False

    @property
    def _watch(self) -> Watch:
        # what a socket takes at once needs none
        if self._watch_now is None:
            self._watch_now = Watch(self._clock, self._send_timeout_s, self._late)
        return self._watch_now

    def wake(self) -> None:
        """Something waits, or something has changed."""
        if self._is_resting and self._go_on is not None:
            self._is_resting = False
            self._connection.port = NOWHERE
            self._connection.loop.call_soon(self._go_on)
        elif self._wake is not None:
            self._connection.port = NOWHERE
            if not self._wake.done():  # done: the server has cancelled the connection's task
                self._wake.set_result(None)
            self._wake = None

    def ping(self) -> None:
        """Send a ping with the next flush: it does not wait behind what waits for the client."""
        self._is_ping_due = True
        self.wake()

    def handed_over(self, frames: Sequence[Frame]) -> None:
        """Something has been written past the outbox, and the socket did not take all of it."""
        self._handed = frames
        self._watch.begin()
        self.wake()

    async def room_for_backlog(self, max_bytes: int) -> None:
        """Wait while more than `max_bytes` of backlog wait."""
        while self._outbox.backlog > max_bytes:
            self._less_backlog = asyncio.get_running_loop().create_future()
            await self._less_backlog

    def close(self) -> None:
        """Watch no longer."""
        if self._watch_now is not None:
            self._watch_now.close()

    def rest_by(self, go_on: Callable[[], None]) -> None:
        """Do not wait while nothing waits for the client: `go_on` is called when something does."""
        self._go_on = go_on

    def send_at_once(self) -> bool | None:
        """Send what the socket takes without anybody's waiting for it.

        Returns as `run`, or None: what is left is for `run`.
        """
        while self._direct.fd >= 0 and not self._handed and not self._is_ping_due:
            frames = self._outbox.take(MAX_FLUSH_BYTES)
            if not frames:
                if self._connection.nothing_waits():
                    return False
                if self._outbox:
                    continue  # what came by a wave was to be sent before the end
                self._rest()
                return True
            if self._observe is not None:
                for frame in frames:
                    self._observe("to_client", frame.text)
            self._direct.write(self._kind.wire(frames))
            if self._direct.fd < 0:  # it has not taken all of it
                self._handed = frames
                self._watch.begin()
                return None
            self._sent(frames)
            if self._outbox and self._go_on is not None:
                self._connection.loop.call_soon(self._go_on)  # the others run
                return True
        return None

    def _rest(self) -> None:
        self._is_resting = True
        self._connection.port = self._direct

    def _sent(self, frames: Sequence[Frame]) -> None:
        self._outbox.sent()
        self._flushed(frames, self._now_s())
        if self._less_backlog is not None:
            self._less_backlog.set_result(None)
            self._less_backlog = None

    async def run(self) -> bool:
        """Send, until nothing will follow; or, where it rests, until nothing waits.

        Returns whether anything may follow.

        Raises:
            OSError: the client is gone.
        """
        while True:
            if self._handed:
                await self._wait_for_handed()
            frames = self._outbox.take(MAX_FLUSH_BYTES)
            pings, self._is_ping_due = self._is_ping_due, False
            if pings:
                frames.append(PING)
            if not frames:
                if self._connection.nothing_waits():
                    return False
                if self._outbox:
                    continue  # what came by a wave was to be sent before the end
                if self._go_on is not None:
                    self._rest()
                    return True
                self._wake = asyncio.get_running_loop().create_future()
                self._connection.port = self._direct
                await self._wake
                continue
            await self._flush(frames)
            if pings:
                self._connection.ping_left()
            self._sent(frames)
            if self._outbox:
                await asyncio.sleep(0)

    async def _wait_for_handed(self) -> None:
        frames, self._handed = self._handed, ()
        await self._transport.drained()
        self._watch.end()
        self._outbox.sent()
        self._flushed(frames, self._now_s())

    async def _flush(self, frames: list[Frame]) -> None:
        if self._observe is not None:
            for frame in frames:
                self._observe("to_client", frame.text)
        for sent, message in enumerate(self._kind.codec.messages(frames), 1):
            self._watch.begin()
            await self._transport.send(message)
            self._watch.end()
            if sent % MAX_SENDS_IN_A_ROW == 0:
                await asyncio.sleep(0)

    def _late(self, turns: int = TURNS) -> None:
        if turns:  # what the client has taken meanwhile may not have been seen
            asyncio.get_running_loop().call_soon(self._late, turns - 1)
        elif not self._watch.is_late:
            return
        elif self._transport.has_progressed():
            self._watch.begin()
        else:
            self._connection.stuck()
