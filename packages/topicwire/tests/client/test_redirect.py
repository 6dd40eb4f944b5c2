"""A server that redirects: a token goes to no other origin than the one it was given for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from topicwire.client import Client


@asynccontextmanager
async def redirecting(location: str | None, asked: list[str]) -> AsyncIterator[int]:
    """Serve on loopback: what is asked is noted and sent elsewhere, or nowhere."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        status = "HTTP/1.1 404 Not Found" if location is None else "HTTP/1.1 302 Found"
        where = "" if location is None else f"Location: {location}\r\n"
        writer.write(f"{status}\r\n{where}Content-Length: 0\r\n\r\n".encode())
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def try_once(port: int) -> None:
    """Connect with a token, until the first attempt has failed."""
    failed = asyncio.Event()
    client = Client(f"ws://127.0.0.1:{port}/ws", token="secret")
    client.on_status(lambda status: failed.set() if status == "reconnecting" else None)
    async with client, asyncio.timeout(10):
        await failed.wait()


async def test_a_redirect_to_another_origin_is_not_followed() -> None:
    asked: list[str] = []
    elsewhere: list[str] = []
    async with (
        redirecting(None, elsewhere) as other,
        redirecting(f"ws://127.0.0.1:{other}/ws", asked) as port,
    ):
        await try_once(port)
    assert "topicwire.bearer." in asked[0]
    assert elsewhere == []


async def test_a_redirect_within_an_origin_is_followed() -> None:
    asked: list[str] = []
    async with redirecting("/other", asked) as port:
        await try_once(port)
    assert asked[1].startswith("GET /other ")
