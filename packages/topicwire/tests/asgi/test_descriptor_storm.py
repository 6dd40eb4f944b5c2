"""Descriptors are used again as soon as they are closed: no byte goes to whoever gets one next."""

from __future__ import annotations

import asyncio
import os
import random
from contextlib import suppress

from packages.topicwire.tests.asgi.raw_socket import PATIENCE_S
from packages.topicwire.tests.serving import serving
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from topicwire.asgi.server_socket import ServerSocket, server_socket

CANARIES = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
LENGTH = 50
CONNECTIONS = 150
AT_ONCE = 6


class Storm:
    """Writes to each of its connections the last character of its path, wherever `fd` says."""

    def __init__(self) -> None:
        self.canaries: dict[ServerSocket, bytes] = {}  # the gone ones stay: `fd` alone protects
        self.descriptors: list[int] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        own = server_socket(scope)
        assert own is not None
        await receive()
        await send({"type": "websocket.accept"})
        self.descriptors.append(own.fd)
        self.canaries[own] = scope["path"][-1:].encode() * LENGTH
        with suppress(OSError):
            while (event := await receive())["type"] != "websocket.disconnect":
                if event.get("text") == "close":
                    await send({"type": "websocket.close", "code": 1000})
                elif event.get("text") == "abort":
                    own.abort()

    def write_to_all(self) -> None:
        for own, canary in self.canaries.items():
            if own.fd >= 0:
                data = bytes((0x81, LENGTH)) + canary
                try:
                    taken = os.write(own.fd, data)
                except OSError:
                    taken = 0
                if taken < len(data):
                    own.write(data[taken:])

    @property
    def is_over(self) -> bool:
        return all(own.fd == -1 for own in self.canaries)


async def leave(client: ClientConnection, way: str, canary: str) -> None:
    if way == "reset":
        client.transport.abort()
    elif way != "hang up":
        await client.send(way)
        with suppress(ConnectionClosed):
            async for text in client:
                assert text == canary


async def visit(url: str, number: int, chance: random.Random) -> None:
    character = CANARIES[number % len(CANARIES)]
    canary = character * LENGTH
    address = f"{url}/{character}"
    async with connect(address, compression=None, close_timeout=PATIENCE_S) as client:
        for _ in range(chance.randrange(1, 4)):
            assert await client.recv() == canary
        await leave(client, chance.choice(["close", "abort", "reset", "hang up"]), canary)


async def test_no_byte_goes_to_whoever_gets_a_descriptor_next() -> None:
    """Clients come and go by every way out, and the server writes all the while."""
    storm, chance = Storm(), random.Random(5)  # noqa: S311 - it guards nothing
    async with serving(storm, lifespan="off") as url:
        left = iter(range(CONNECTIONS))

        async def visits() -> None:
            for number in left:
                await visit(url, number, chance)

        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
            tasks = [group.create_task(visits()) for _ in range(AT_ONCE)]
            while not all(task.done() for task in tasks) or not storm.is_over:
                storm.write_to_all()
                await asyncio.sleep(0)
    assert len(storm.descriptors) == CONNECTIONS
    assert len(set(storm.descriptors)) < CONNECTIONS / 2
