"""A server's life under `make dev`, with real processes."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from scripts.dev.output import Output
from scripts.dev.service import Command, Service
from scripts.dev.settings import Address

SERVER = """
import os, socket, subprocess, sys
port, grandchild = int(sys.argv[1]), sys.argv[2:]
if grandchild:
    child = subprocess.Popen([sys.executable, "-c", grandchild[0]])
    print("grandchild", child.pid, flush=True)
server = socket.create_server(("127.0.0.1", port))
print("serving", os.getpid(), flush=True)
while True:
    connection, _ = server.accept()
    connection.close()
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("stubborn", flush=True)
signal.pause()
"""


class Terminal(io.StringIO):
    """What was printed, and a wait for a piece of it."""

    def __init__(self) -> None:
        super().__init__()
        self._written = asyncio.Event()

    def flush(self) -> None:
        self._written.set()

    async def shows(self, text: str) -> str:
        async with asyncio.timeout(30):
            while text not in self.getvalue():
                self._written.clear()
                await self._written.wait()
        return self.getvalue()


def _service(
    terminal: Terminal, code: str, *arguments: str, due: Callable[[], None] = lambda: None
) -> Service:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = Command((sys.executable, "-c", code, str(port), *arguments), Path(), os.environ)
    address = Address("127.0.0.1", port, "BACKEND_PORT")
    return Service("backend", command, address, Output(terminal), due)


def _lives(pid: int) -> bool:
    """Whether the process runs; one that ended and is not reaped yet does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state not in "ZX"


def _pid(printed: str, word: str) -> int:
    return int(printed.split(f"{word} ")[1].split(maxsplit=1)[0])


async def test_start_returns_when_it_answers_and_stop_when_it_is_gone() -> None:
    terminal = Terminal()
    service = _service(terminal, SERVER)
    states = [service.is_running, await service.start(), service.is_running]
    assert states == [False, True, True]
    pid = _pid(await terminal.shows("serving"), "serving")
    await service.stop()
    assert service.is_running is False
    assert not _lives(pid)
    service.address.require_free()
    assert "ended by itself" not in terminal.getvalue()


async def test_stop_takes_what_the_server_started_with_it() -> None:
    terminal = Terminal()
    service = _service(terminal, SERVER, STUBBORN)
    assert await service.start()
    await terminal.shows("stubborn")
    grandchild = _pid(terminal.getvalue(), "grandchild")
    assert _lives(grandchild)
    await service.stop()
    async with asyncio.timeout(30):  # it closes its pipe, then it is gone
        while _lives(grandchild):  # noqa: ASYNC110 - the end of another process tells nobody
            await asyncio.sleep(0)


async def test_a_server_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.dev.service.STOP_TIMEOUT_S", 0.01)
    terminal = Terminal()
    service = _service(terminal, STUBBORN)
    starting = asyncio.ensure_future(service.start())
    await terminal.shows("stubborn")
    await service.stop()
    assert not await starting
    assert "the backend did not end" in terminal.getvalue()


async def test_one_that_ends_before_it_answers_did_not_start() -> None:
    terminal = Terminal()
    service = _service(terminal, "print('no such module'); raise SystemExit(3)")
    assert not await service.start()
    shown = await terminal.shows("ended by itself (exit code 3)")
    assert "backend  | no such module" in shown


async def test_one_that_is_killed_from_outside_says_so_and_starts_again() -> None:
    terminal = Terminal()
    service = _service(terminal, SERVER)
    assert await service.start()
    os.kill(_pid(await terminal.shows("serving"), "serving"), 9)
    shown = await terminal.shows("ended by itself (signal SIGKILL)")
    assert "it starts again with the next change" in shown
    await service.stop()
    assert await service.start()
    await service.stop()


async def test_one_that_served_steadily_is_due_again_after_longer_and_longer_pauses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scripts.dev.service.STEADY_S", 0.0)
    monkeypatch.setattr("scripts.dev.service.FIRST_PAUSE_S", 0.01)
    terminal, due = Terminal(), asyncio.Event()
    service = _service(terminal, SERVER, due=due.set)
    assert await service.start()
    assert not await service.revive(), "it runs"
    for pause in ("0.01 s", "0.02 s", "0.04 s"):
        os.kill(_pid(await terminal.shows("serving"), "serving"), 9)
        await terminal.shows(f"it starts again in {pause}")
        async with asyncio.timeout(30):
            await due.wait()
        due.clear()
        terminal.truncate(0)
        terminal.seek(0)
        assert await service.revive()
    await service.stop()
    terminal.truncate(0)
    terminal.seek(0)
    assert await service.start()
    os.kill(_pid(await terminal.shows("serving"), "serving"), 9)
    await terminal.shows("it starts again in 0.01 s")
    await service.stop()


async def test_one_that_served_for_a_moment_waits_for_a_change() -> None:
    terminal, due = Terminal(), asyncio.Event()
    service = _service(terminal, SERVER, due=due.set)
    assert await service.start()
    os.kill(_pid(await terminal.shows("serving"), "serving"), 9)
    await terminal.shows("it starts again with the next change")
    assert not await service.revive()
    assert not due.is_set()
    await service.stop()


async def test_stop_of_one_that_never_started_does_nothing() -> None:
    await _service(Terminal(), SERVER).stop()


async def test_a_line_longer_than_any_buffer_is_relayed_in_pieces() -> None:
    terminal = Terminal()
    service = _service(terminal, "print('x' * 3_000_000); print('after')")
    assert not await service.start()
    shown = await terminal.shows("after")
    assert shown.count("x") >= 3_000_000


async def test_output_of_a_command_and_its_exit_code() -> None:
    command = Command(
        (sys.executable, "-c", "import sys; print('seen', file=sys.stderr); sys.exit(4)"),
        Path(),
        os.environ,
    )
    assert await command.output() == (4, "seen\n")
