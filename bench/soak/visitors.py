"""Who comes to the soak's server: clients that come back, and others that behave badly."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Final

from bench.soak.ledger import Follower, Ledger
from bench.soak.models import OPTIONS, Item, Wanted, names
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from topicwire.client import Backoff, Client, ClientError
from topicwire.wire.frames import SUBPROTOCOL

BACKOFF: Final = Backoff(base_s=0.1, max_s=2.0)

VANDALISM: Final = (
    "{",
    "[]",
    '{"type":1}',
    '{"type":"orders.subscribe"}',
    '{"type":"orders.subscribe","payload":{"name":1},"id":"x"}',
    '{"type":"orders.unsubscribe","payload":{"name":"sport:0"}}',
    '{"type":"nothing.at.all"}',
    '{"type":"orders.subscribe","payload":{"name":"sport:0"},"resume":{"epoch":"?","seq":-1}}',
    b"\x00\xff",
)


class Visitor:
    """A client of ours that follows a few topics, and comes back whenever it is cut off.

    Args:
        url: of the server, through the proxy.
        ledger: where it notes what it sees.
        dice: its own.
        stays: it never leaves a topic or the server by itself.
    """

    def __init__(self, url: str, ledger: Ledger, dice: random.Random, *, stays: bool) -> None:
        self._url = url
        self._ledger = ledger
        self._dice = dice
        self._stays = stays

    async def visit(self) -> None:
        """Come and go until cancelled."""
        while True:
            async with Client(self._url, backoff=BACKOFF, timeout_s=60.0) as client:
                client.on_error(lambda _: None)
                routes = list(OPTIONS) if self._stays else [None] * 5
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(self._follow(client, one)) for one in routes]
                    if not self._stays:
                        await asyncio.sleep(self._dice.uniform(5, 40))
                        for task in tasks:
                            task.cancel()
                    await asyncio.wait(tasks)

    async def _follow(self, client: Client, only: str | None = None) -> None:
        while True:
            route = only or self._dice.choice(list(OPTIONS))
            wanted = Wanted(name=self._dice.choice(names(route)))
            follower = Follower(self._ledger, route)
            try:
                subscription = await client.route(route, Wanted, Item).subscribe(
                    wanted, follower.update, on_gap=follower.gap, on_error=lambda _: None
                )
                if only is not None:
                    await asyncio.Event().wait()
                await asyncio.sleep(self._dice.uniform(1, 20))
                await subscription.unsubscribe()
            except ClientError:  # a start that failed; a server that went away
                await asyncio.sleep(self._dice.uniform(0.2, 1))


class Nuisance:
    """Clients that no server asked for, each coming again and again.

    Args:
        url: of the server, through the proxy.
        dice: its own.
    """

    def __init__(self, url: str, dice: random.Random) -> None:
        self._url = url
        self._dice = dice

    async def vandalize(self) -> None:
        """Send what is no message."""
        await self._again(self._vandalize)

    async def pass_by(self) -> None:
        """Subscribe perhaps, and leave without a word."""
        await self._again(self._pass_by)

    async def idle(self) -> None:
        """Subscribe to everything, and read nothing for a while."""
        await self._again(self._idle)

    async def _again(self, visit: Callable[[ClientConnection], Awaitable[None]]) -> None:
        while True:
            try:
                async with connect(
                    self._url,
                    subprotocols=[Subprotocol(SUBPROTOCOL)],
                    ping_interval=None,
                    close_timeout=1,
                ) as socket:
                    await visit(socket)
            except (OSError, WebSocketException, TimeoutError):
                await asyncio.sleep(0.2)

    async def _vandalize(self, socket: ClientConnection) -> None:
        for _ in range(self._dice.randrange(1, 60)):
            await socket.send(self._dice.choice(VANDALISM))
            await asyncio.sleep(self._dice.uniform(0.02, 0.2))

    async def _pass_by(self, socket: ClientConnection) -> None:
        for route in self._dice.sample(list(OPTIONS), self._dice.randrange(3)):
            await _subscribe(socket, route, self._dice.choice(names(route)))
        await asyncio.sleep(self._dice.uniform(0, 0.5))
        socket.transport.abort()

    async def _idle(self, socket: ClientConnection) -> None:
        for route in OPTIONS:
            for name in names(route):
                await _subscribe(socket, route, name)
        socket.transport.pause_reading()
        await asyncio.sleep(self._dice.uniform(5, 15))
        socket.transport.abort()


async def _subscribe(socket: ClientConnection, route: str, name: str) -> None:
    await socket.send(json.dumps({"type": f"{route}.subscribe", "payload": {"name": name}}))
