"""A connection goes to who is to have it, as it came, however it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from packages.topicwire.tests.asgi.websocket.script import ACCEPT
from packages.topicwire.tests.serving import serving
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

HTTP = "topicwire.asgi.uvicorn_http:HttpProtocol"
GET = b"GET /here?a=b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
POST = (
    b"POST /here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody"
)
HANDSHAKE = (
    b"GET /here?a=b HTTP/1.1\r\nHost: localhost\r\n%b: WebSocket\r\nConnection: keep-alive, Upgrade"
    b"\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Say what came."""
    came = (
        f"{scope['path']} {scope['query_string'].decode()} {sorted(map(_lower, scope['headers']))}"
    )
    event = await receive()
    if scope["type"] == "websocket":
        await send(ACCEPT)
        await send({"type": "websocket.send", "text": came})
        while (event := await receive())["type"] == "websocket.receive":
            await send({**event, "type": "websocket.send"})
        return
    sent = event["body"]
    while event["more_body"]:
        event = await receive()
        sent += event["body"]
    body = f"{came} {sent.decode()}".encode()
    length = str(len(body)).encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]}
    )
    await send({"type": "http.response.body", "body": body})


def _lower(header: tuple[bytes, bytes]) -> bytes:
    name, value = header
    assert name == name.lower()
    return b"%b=%b" % (name, value)


@asynccontextmanager
async def opened(http: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    async with serving(application, lifespan="off", http=http) as url:
        address = urlsplit(url)
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            yield reader, writer
        finally:
            writer.close()
            await writer.wait_closed()


async def answer(http: str, pieces: list[bytes], until: bytes) -> bytes:
    """Return what a client is sent that sends these, one by one."""
    async with opened(http) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            for _ in range(20):
                await asyncio.sleep(0)
        received: bytes = await (reader.readuntil(until) if until else reader.read())
        return received


def without_date(received: bytes) -> list[bytes]:
    return [line for line in received.split(b"\r\n") if not line.startswith(b"date: ")]


@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
@pytest.mark.parametrize("cut", [None, 2, 40, -3])
def test_http_is_served_as_by_uvicorn(run: Any, request_: bytes, cut: int | None) -> None:
    async def test() -> None:
        pieces = [request_] if cut is None else [request_[:cut], request_[cut:]]
        expected = without_date(await answer("auto", [request_], b""))
        assert expected[0] == b"HTTP/1.1 200 OK"
        assert without_date(await answer(HTTP, pieces, b"")) == expected

    run(test)


@pytest.mark.parametrize("name", [b"Upgrade", b"upgrade"])
@pytest.mark.parametrize("cut", [None, 2, 60, -3])
def test_a_handshake_opens_a_websocket_however_it_comes(
    run: Any, name: bytes, cut: int | None
) -> None:
    async def test() -> None:
        handshake = HANDSHAKE % name
        expected = await answer("auto", [handshake], b"']")
        assert expected.startswith(b"HTTP/1.1 101 ")
        pieces = [handshake] if cut is None else [handshake[:cut], handshake[cut:]]
        found = await answer(HTTP, pieces, b"']")
        assert without_date(found) == without_date(expected)

    run(test)


def test_what_is_no_handshake_is_refused_as_by_uvicorn(run: Any) -> None:
    async def test() -> None:
        for wrong in (
            HANDSHAKE.replace(b"\r\nSec-WebSocket-Version: 13", b"") % b"Upgrade",
            (HANDSHAKE % b"Upgrade").replace(b"Host: localhost\r\n", b""),
            b"GET nonsense\r\nUpgrade: websocket\r\n\r\n",
        ):
            expected = without_date(await answer("auto", [wrong], b""))
            assert b" 4" in expected[0]
            assert without_date(await answer(HTTP, [wrong], b""))[0] == expected[0]

    run(test)


def test_a_client_talks_on(run: Any) -> None:
    async def test() -> None:
        async with (
            serving(application, lifespan="off", http=HTTP) as url,
            connect(f"{url}?a=b") as client,
        ):
            assert str(await client.recv()).startswith("/api/v1/ws a=b ")
            await client.send("é")
            assert await client.recv() == "é"

    run(test)


def test_where_uvicorn_serves_no_websockets_neither_does_this(run: Any) -> None:
    async def test() -> None:
        async with serving(application, lifespan="off", http=HTTP, ws="none") as url:
            address = urlsplit(url)
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            writer.write(HANDSHAKE % b"Upgrade")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
            writer.close()
            await writer.wait_closed()

    run(test)


def test_a_server_that_stops_waits_for_nobody_who_says_nothing(run: Any) -> None:
    async def test() -> None:
        async with serving(application, lifespan="off", http=HTTP) as url:
            address = urlsplit(url)
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            silent = await asyncio.open_connection(address.hostname, address.port)
            silent[1].close()
            await silent[1].wait_closed()
            writer.write(b"")
            await asyncio.sleep(0)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()

    run(test)
