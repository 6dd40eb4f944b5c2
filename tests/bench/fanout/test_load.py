"""The load generator counts what a server of which all is known has sent."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from bench.fanout.generator import Dialect
from bench.fanout.native import Programs

from tests.bench.fanout.small_server import SmallServer, frame

CLIENTS = 7
DIALECT = Dialect(
    steps=("?hello", '!{"type":"subscribe","n":{i}}', '?"ok"'),
    ping="ping?",
    pong="pong!",
    refusal="error",
)


class Load:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def __call__(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(command.encode() + b"\n")
        answer: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return answer


@asynccontextmanager
async def loading(
    programs: Programs, server: SmallServer, connected: int = CLIENTS
) -> AsyncIterator[Load]:
    pipe = asyncio.subprocess.PIPE
    options = DIALECT.options({"port": server.port, "control": server.control})
    process = await asyncio.create_subprocess_exec(
        programs.load, *options, stdin=pipe, stdout=pipe, stderr=sys.stderr
    )
    load = Load(process)
    try:
        assert (await load(f"connect {CLIENTS} 3"))["connected"] == connected
        yield load
    finally:
        assert process.stdin is not None
        process.stdin.close()
        assert await process.wait() == 0


@pytest.mark.parametrize(
    "server",
    [
        SmallServer(),
        SmallServer(is_joined=True),
        SmallServer(piece=5),
        SmallServer(is_joined=True, piece=7, padding=100),
        SmallServer(is_joined=True, padding=20_000),
    ],
    ids=["frames", "joined", "in pieces", "joined, in pieces", "frames of 64 bits"],
)
async def test_every_update_is_counted(programs: Programs, server: SmallServer) -> None:
    async with server.serving(), loading(programs, server) as load:
        for per_tick in (1, 4):
            seen = await load(f"burst 3 {per_tick}")
            assert "error" not in seen
            assert (seen["clients"], seen["messages"]) == (CLIENTS, CLIENTS * 3 * per_tick)
        whole = len(b'{"at":,"text":""}') + server.padding + 2
        assert seen["bytes"] >= CLIENTS * 12 * (whole - 2 * server.is_joined)
        paced = await load("paced 200 5")
        assert paced["messages"] == CLIENTS * 5
        assert 0 < paced["p50_ms"] <= paced["p99_ms"] <= paced["max_ms"]
        said = [f'{{"type":"subscribe","n":{n}}}'.encode() for n in range(CLIENTS)]
        assert sorted(server.heard) == said


async def test_the_bytes_are_those_of_the_frames(programs: Programs) -> None:
    server = SmallServer(padding=200)
    async with server.serving(), loading(programs, server) as load:
        seen = await load("burst 1 1")
    # the time has as many digits as the machine has been up for
    sizes = {len(frame(b'{"at":%b,"text":"%b"}' % (b"1" * n, b"x" * 200))) for n in range(9, 20)}
    assert seen["bytes"] / CLIENTS in sizes


async def test_an_update_that_comes_twice_is_an_error(programs: Programs) -> None:
    server = SmallServer(copies=2)
    async with server.serving(), loading(programs, server) as load:
        assert "too early or twice" in (await load("burst 2 1"))["error"]


async def test_a_client_that_is_lost_is_an_error(programs: Programs) -> None:
    server = SmallServer()
    async with server.serving(), loading(programs, server) as load:
        server.clients.pop(3).write(frame(b"\x0f\xa8slow", opcode=8))
        assert "1 clients are lost" in (await load("burst 2 1"))["error"]


@pytest.mark.parametrize("ping_at", [0, 1, 3])
@pytest.mark.parametrize("is_joined", [False, True])
async def test_pings_are_answered(programs: Programs, *, is_joined: bool, ping_at: int) -> None:
    server = SmallServer(is_joined=is_joined, ping=b"ping?", ping_at=ping_at)
    async with server.serving(), loading(programs, server) as load:
        assert "error" not in await load("burst 2 3")
        await load("leave")
    assert server.heard.count(b"pong!") == 2 * CLIENTS


async def test_a_refusal_is_not_waited_for(
    programs: Programs, capfd: pytest.CaptureFixture[str]
) -> None:
    server = SmallServer(reply=b'{"status":"error"}')
    async with server.serving(), loading(programs, server, connected=0):
        assert 'refused: {"status":"error"}' in capfd.readouterr().err


async def test_clients_come_and_go(programs: Programs) -> None:
    server = SmallServer()
    async with server.serving(), loading(programs, server) as load:
        assert (await load("leave"))["left"] == CLIENTS
        server.clients.clear()
        assert (await load("connect 2 2"))["connected"] == 2
        assert (await load("burst 1 1"))["messages"] == 2
