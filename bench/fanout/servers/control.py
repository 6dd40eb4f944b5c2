"""The hand that triggers updates: a line `P count time` on a port of its own, and others.

Needs the standard library alone: every Python server imports it, in its own environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, cast

MESSAGE_BYTES: Final = 200
"""Of one update as JSON, envelope included: 204 with a WebSocket header. See native/message.h."""

Publish: TypeAlias = Callable[[int, int], Awaitable[None] | None]
"""`(count, time)`: publishes so many updates in one tick."""

Command: TypeAlias = Callable[..., Any]
"""Takes the words that follow its name; what it returns is answered as JSON."""


class Messages:
    """The updates as a plain WebSocket server sends them: the bytes that ours sends."""

    def __init__(self) -> None:
        self.seq = 0

    def next(self, at: int) -> str:
        """Write the next one."""
        self.seq += 1
        return json.dumps(
            {
                "type": "quotes.update",
                "payload": {"topic": "quotes:{}", "seq": self.seq, "payload": data(at, self.seq)},
            },
            separators=(",", ":"),
        )


def data(at: int, seq: int) -> dict[str, Any]:
    """What an update is about; with the envelope that ours has around it, MESSAGE_BYTES."""
    return {"symbol": "AAPL", "at": at, "text": text(at, seq)}


def text(at: int, seq: int) -> str:
    """Fill up what the numbers leave."""
    return "x" * (MESSAGE_BYTES - 107 - len(str(at)) - len(str(seq)))


SUBSCRIBED: Final = '{"type":"quotes.subscribe.response","payload":{"status":"ok"}}'


class Control(asyncio.Protocol):
    """One connection that says what to do.

    Args:
        publish: is called for each `P`, one call after another where it is a coroutine.
        commands: others, by name.
    """

    def __init__(self, publish: Publish, commands: Mapping[str, Command]) -> None:
        self._publish = publish
        self._commands = commands
        self._rest = b""
        self._due: deque[tuple[int, int]] = deque()
        self._working: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember whom to answer."""
        # uvloop's transports are no subclasses
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Do what whole lines say."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            name, *words = line.decode().split()
            if name != "P":
                answer = self._commands[name](*words)
                assert self._transport is not None
                self._transport.write(json.dumps(answer).encode() + b"\n")
            else:
                self._begin(int(words[0]), int(words[1]))

    def _begin(self, count: int, at: int) -> None:
        if self._working is not None and not self._working.done():
            self._due.append((count, at))
            return
        coming = self._publish(count, at)
        if coming is not None:
            self._working = asyncio.ensure_future(self._work(coming))

    async def _work(self, coming: Awaitable[None] | None) -> None:
        while coming is not None:
            await coming
            coming = self._publish(*self._due.popleft()) if self._due else None


def listening() -> socket.socket:
    """Listen for clients on a free port."""
    return socket.create_server(("127.0.0.1", 0), backlog=4_096)


async def open_control(
    port: int, publish: Publish, commands: Mapping[str, Command] | None = None
) -> None:
    """Open the control port, then say which the ports are: the server is ready."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Control(publish, commands or {}), "127.0.0.1", 0)
    control = server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "control": control}), flush=True)
    # nobody reads what a library may print from now on
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
