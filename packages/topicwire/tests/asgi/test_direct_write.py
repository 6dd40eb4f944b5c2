"""Writing straight to the socket's file descriptor: when that is right, and never to another's."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from packages.topicwire.tests.asgi.raw_socket import RawSocket, raw_socket
from packages.topicwire.tests.serving import serving
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

from topicwire.asgi.server_socket import ServerSocket, server_socket
from topicwire.wire.codecs import JSON
from topicwire.wire.deflate import WINDOW_BITS
from topicwire.wire.frames import Frame
from topicwire.wire.kinds import kind_of

ACCEPT = {"type": "websocket.accept"}
CLOSE = {"type": "websocket.close", "code": 1000, "reason": ""}


def frame(byte: bytes, count: int = 50) -> bytes:
    """Return a text frame of one character, again and again."""
    assert count < 126
    return bytes((0x81, count)) + byte * count


class Server:
    """An ASGI application that gives each of its sockets to the test."""

    def __init__(self, then: Callable[[ServerSocket, Send], Awaitable[None]] | None = None) -> None:
        self.sockets: asyncio.Queue[ServerSocket] = asyncio.Queue()
        self.gone: asyncio.Queue[ServerSocket] = asyncio.Queue()
        self.before: list[int] = []
        self._then = then

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        own = server_socket(scope)
        assert own is not None
        self.before.append(own.fd)
        await send(ACCEPT)
        await asyncio.sleep(0)
        self.sockets.put_nowait(own)
        if self._then is not None:
            await self._then(own, send)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        self.gone.put_nowait(own)


@asynccontextmanager
async def one_client(
    then: Callable[[ServerSocket, Send], Awaitable[None]] | None = None,
) -> AsyncIterator[tuple[Server, ServerSocket, RawSocket]]:
    server = Server(then)
    async with serving(server, lifespan="off") as url, raw_socket(url) as client:
        yield server, await server.sockets.get(), client


async def test_a_frame_is_written_after_the_handshake_and_not_before() -> None:
    async with one_client() as (server, own, client):
        assert server.before == [-1]
        data = frame(b"a")
        assert os.write(own.fd, data) == len(data)
        await client.read_until(data)


async def by_either_way() -> None:
    async def then(own: ServerSocket, send: Send) -> None:
        for text in "abcdef":
            os.write(own.fd, frame(text.encode()))
            await send({"type": "websocket.send", "text": text.upper() * 50})
            own.write(frame(b"-"))

    async with one_client(then) as (_, _, client):
        parts = [frame(one) for text in "abcdef" for one in (text.encode(), text.upper().encode())]
        expected = b"".join(
            part + (frame(b"-") if number % 2 else b"") for number, part in enumerate(parts)
        )
        await client.read_until(expected)


async def a_short_write() -> None:
    async with one_client() as (_, own, client):
        sent = b""
        for number in range(100_000):
            data = frame(str(number).rjust(10).encode(), 10)
            try:
                taken = os.write(own.fd, data)
            except BlockingIOError:
                taken = 0
            sent += data
            if taken < len(data):
                own.write(data[taken:])
                break
        assert own.fd == -1
        assert own.unsent_bytes
        own.write(frame(b"-"))
        sent += frame(b"-")
        drained = asyncio.ensure_future(own.drained())
        while not drained.done():
            await client.read(65_536)
        assert own.fd >= 0
        os.write(own.fd, frame(b"z"))
        await client.read_until(frame(b"z"))
        assert client.received.endswith(sent + frame(b"z"))


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("what", [by_either_way, a_short_write])
def test_everything_arrives_in_order(what: Any, new_loop: Any) -> None:
    """Also where the loop writes what it is given later, at the end of a turn."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(what())


async def test_there_is_no_descriptor_after_our_close_frame() -> None:
    closed = asyncio.Event()

    async def then(_: ServerSocket, send: Send) -> None:
        await send(CLOSE)
        closed.set()

    async with one_client(then) as (_, own, client):
        await closed.wait()
        assert own.fd == -1
        own.write(frame(b"z"))
        await client.read_until(b"\x88\x02\x03\xe8")
        assert frame(b"z") not in client.received


@pytest.mark.parametrize(
    "end", [b"\x88\x82\0\0\0\0\x03\xe8", b"\xff\xff\xff", b""], ids=["close", "nonsense", "eof"]
)
async def test_there_is_no_descriptor_after_the_clients_end(end: bytes) -> None:
    async with one_client() as (server, own, client):
        assert own.fd >= 0
        if end:
            await client.send(end)
        else:
            client.hang_up()
        await server.gone.get()
        assert own.fd == -1


async def test_there_is_no_descriptor_after_an_abort() -> None:
    async with one_client() as (_, own, client):
        own.abort()
        assert own.fd == -1
        own.write(frame(b"z"))
        await client.read_to_the_end()
        assert frame(b"z") not in client.received


async def test_who_writes_is_told_whether_frames_may_be_compressed() -> None:
    server = Server()
    async with serving(server, lifespan="off") as url, connect(url) as client:
        own = await server.sockets.get()
        assert own.window_bits == WINDOW_BITS
        for text in ("x" * 1_000, "small"):
            os.write(own.fd, kind_of(JSON, own.window_bits).wire([Frame(text.encode())]))
            assert await client.recv() == text
        os.write(own.fd, frame(b"x"))  # one that is not is right too
        assert await client.recv() == "x" * 50
    async with serving(server, lifespan="off") as url, connect(url, compression=None):
        own = await server.sockets.get()
        assert own.fd >= 0
        assert own.window_bits is None


async def test_there_is_none_with_tls(tmp_path: Path) -> None:
    certificate, key = tls_files(tmp_path)
    server = Server()
    trust = ssl.create_default_context(cafile=certificate)
    files: Any = {"ssl_certfile": certificate, "ssl_keyfile": key}
    async with serving(server, lifespan="off", **files) as url:
        address = url.replace("ws:", "wss:")
        async with connect(address, ssl=trust, compression=None) as client:
            own = await server.sockets.get()
            assert own.fd == -1
            own.write(frame(b"a"))
            assert await client.recv() == "a" * 50
            assert own.fd == -1


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_what_is_sent_with_tls_leaves_at_once(tmp_path: Path, new_loop: Any) -> None:
    """A wait for what is unsent ends when it has left, and not with the client's next bytes."""

    async def then(own: ServerSocket, send: Send) -> None:
        for size in (1, 200_000, 1):
            await send({"type": "websocket.send", "text": "a" * size})
            await own.drained()
            assert not own.unsent_bytes

    async def served() -> None:
        certificate, key = tls_files(tmp_path)
        trust = ssl.create_default_context(cafile=certificate)
        files: Any = {"ssl_certfile": certificate, "ssl_keyfile": key}
        async with serving(Server(then), lifespan="off", **files) as url:
            address = url.replace("ws:", "wss:")
            async with connect(address, ssl=trust, compression=None) as client:
                assert [len(await client.recv()) for _ in range(3)] == [1, 200_000, 1]

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(asyncio.wait_for(served(), 20))


def tls_files(where: Path) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    addresses = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = builder.add_extension(addresses, critical=False).sign(key, SHA256())
    paths = where / "certificate.pem", where / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    paths[1].write_bytes(secret)
    return str(paths[0]), str(paths[1])
