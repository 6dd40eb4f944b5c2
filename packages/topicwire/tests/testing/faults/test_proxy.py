"""Faults between real sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from packages.topicwire.tests.serving import ask, receive, serving, settled
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, trades, update
from websockets.asyncio.client import connect

from topicwire.testing import ManualClock
from topicwire.testing.faults import FaultProxy, ProxiedLink

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Peer:
    """A server of bytes: what it got, and how the stream ended."""

    def __init__(self) -> None:
        self.streams: asyncio.Queue[Streams] = asyncio.Queue()
        self._done = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.streams.put_nowait((reader, writer))
        await self._done.wait()
        writer.close()

    def finish(self) -> None:
        self._done.set()


@asynccontextmanager
async def proxied(**options: Any) -> AsyncIterator[tuple[FaultProxy, Peer]]:
    peer = Peer()
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with FaultProxy(port, **options) as proxy:
            yield proxy, peer
    finally:
        peer.finish()
        server.close()
        await server.wait_closed()


async def dial(proxy: FaultProxy, peer: Peer) -> tuple[Streams, Streams]:
    """Connect through the proxy. Returns the client's streams, then the server's."""
    ours = await asyncio.open_connection("127.0.0.1", proxy.port)
    return ours, await peer.streams.get()


async def all_of(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(), 10)


async def test_bytes_pass_both_ways_and_so_does_each_end() -> None:
    async with proxied() as (proxy, peer):
        (reader, writer), (their_reader, their_writer) = await dial(proxy, peer)
        writer.write(b"question")
        writer.write_eof()
        assert await all_of(their_reader) == b"question"
        their_writer.write(b"answer")
        their_writer.close()
        assert await all_of(reader) == b"answer"
        writer.close()
        assert proxy.links[0].to_server.bytes_passed == len(b"question")
        assert proxy.links[0].to_client.bytes_passed == len(b"answer")


@pytest.mark.parametrize("count", [0, 1, 5, 10])
async def test_a_cut_is_exact_to_the_byte(count: int) -> None:
    async with proxied() as (proxy, peer):
        (reader, writer), (their_reader, their_writer) = await dial(proxy, peer)
        proxy.links[0].to_client.cut_after_bytes(count)
        their_writer.write(b"0123456789")
        assert await all_of(reader) == b"0123456789"[:count]
        assert await all_of(their_reader) == b""
        writer.close()


async def test_a_cut_is_exact_in_the_other_direction_too() -> None:
    async with proxied() as (proxy, peer):
        (reader, writer), (their_reader, _) = await dial(proxy, peer)
        proxy.links[0].to_server.cut_after_bytes(3)
        for one in (b"0", b"1", b"2", b"3"):
            writer.write(one)
            await writer.drain()
        assert await all_of(their_reader) == b"012"
        assert await all_of(reader) == b""
        assert proxy.links[0].is_over
        writer.close()


async def test_a_reset_is_seen_as_one() -> None:
    async with proxied() as (proxy, peer):
        (reader, writer), (their_reader, _) = await dial(proxy, peer)
        proxy.links[0].to_server.cut_after_bytes(1, reset=True)
        writer.write(b"0")
        with pytest.raises(ConnectionResetError):
            await all_of(reader)
        with pytest.raises(ConnectionResetError):
            await all_of(their_reader)
        writer.close()


async def test_a_reset_of_one_end_resets_the_other() -> None:
    async with proxied() as (proxy, peer):
        (_, writer), (their_reader, _) = await dial(proxy, peer)
        _reset(writer)
        with pytest.raises(ConnectionResetError):
            await all_of(their_reader)


def _reset(writer: asyncio.StreamWriter) -> None:
    one = writer.get_extra_info("socket")
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def test_a_stalled_direction_makes_its_sender_wait_and_loses_nothing() -> None:
    async with proxied(buffer_bytes=4_096) as (proxy, peer):
        (reader, writer), (their_reader, their_writer) = await dial(proxy, peer)
        proxy.links[0].to_client.stall()
        much = b"x" * 16_777_216
        their_writer.write(much)
        await proxy.links[0].to_client.under_way()
        writer.write(b"?")  # the other direction is not stalled
        assert await their_reader.readexactly(1) == b"?"
        assert proxy.links[0].to_client.bytes_passed == 0
        assert their_writer.transport.get_write_buffer_size() > len(much) / 2
        proxy.links[0].to_client.resume()
        assert await reader.readexactly(len(much)) == much
        writer.close()


async def test_delayed_bytes_arrive_when_the_clock_says_so() -> None:
    clock = ManualClock()
    async with proxied(clock=clock, on_connect=_delay) as (proxy, peer):
        (reader, writer), (_, their_writer) = await dial(proxy, peer)
        their_writer.write(b"0")
        await proxy.links[0].to_client.under_way()
        clock.advance(2)
        assert proxy.links[0].to_client.bytes_passed == 0
        clock.advance(1)
        assert await reader.readexactly(1) == b"0"
        writer.close()


def _delay(link: ProxiedLink) -> None:
    link.to_client.delay_s = 3


async def test_a_server_that_is_down_and_one_that_is_not_there() -> None:
    async with proxied() as (proxy, _):
        proxy.is_down = True
        await _refused(proxy)
        proxy.is_down = False
    async with FaultProxy(1) as proxy:
        await _refused(proxy)
        assert proxy.links == []


async def _refused(proxy: FaultProxy) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises(ConnectionResetError):
        await all_of(reader)
    writer.close()


async def test_leaving_ends_every_connection() -> None:
    async with proxied() as (proxy, peer):
        (reader, writer), (their_reader, _) = await dial(proxy, peer)
        await proxy.__aexit__()
        assert await all_of(reader) == b""
        assert await all_of(their_reader) == b""
        writer.close()
        await proxy.__aenter__()


async def test_a_real_server_and_client_speak_through_it_until_they_are_cut() -> None:
    router = trades()
    app = App(router)
    async with serving(app.asgi) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        async with (
            FaultProxy(port) as proxy,
            connect(url.replace(str(port), str(proxy.port)), compression=None) as client,
        ):
            await ask(client, "trades.subscribe", AAPL)
            router.publish(AAPL_TOPIC, Trade(price=1))
            assert await receive(client) == update(AAPL_TOPIC, 1, 1.0)
            assert await settled(client) == []
            proxy.links[0].cut(reset=True)
            await client.wait_closed()
            assert client.close_code == 1006
            await app.idle()
