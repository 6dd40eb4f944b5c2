"""The real uvicorn in a process of its own, which a test stops by signals."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

PATIENCE_S = 60.0
"""A guard against hanging, not a measure."""


class Served:
    """A server process.

    Attributes:
        process: what a test signals.
        url: of its WebSocket.
    """

    def __init__(self, process: Process, port: str) -> None:
        self.process = process
        self.url = f"ws://127.0.0.1:{port}/api/v1/ws"

    async def exit_code(self) -> int:
        """Wait for its end."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


@asynccontextmanager
async def uvicorn(
    app: str, *options: str, implementation: str = "websockets-sansio"
) -> AsyncIterator[Served]:
    """Serve `app` of `stopping_app`."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", f"packages.topicwire.tests.asgi.stopping_app:{app}"),
        *("--port", "0", "--ws", implementation, *options),
        env=dict(os.environ),
        stdout=PIPE,
        stderr=STDOUT,
    )
    assert process.stdout is not None
    said = b""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (port := re.search(rb"running on http://127\.0\.0\.1:(\d+)", said)) is None:
                line = await process.stdout.readline()
                assert line, said.decode()
                said += line
        yield Served(process, port[1].decode())
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def messages_to_the_end(socket: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    """Return every message until the server closes, and its close code."""
    messages: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                text = await socket.recv(decode=True)
                messages += [json.loads(line) for line in str(text).split("\n")]
    except ConnectionClosed:
        return messages, socket.close_code
