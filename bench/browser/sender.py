"""The program that sends prebuilt frames: `native/sender.c`, compiled, run and told what to do."""

from __future__ import annotations

import asyncio
import json
import subprocess
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Any, Final, Self

from bench.fanout.native import COMPILER, FLAGS
from bench.fanout.places import NATIVE

SOURCES: Final = (Path(__file__).parent / "native/sender.c", NATIVE / "websocket.c")


def compiled(folder: Path) -> Path:
    """Compile it into a folder; a warning is an error.

    Raises:
        subprocess.CalledProcessError: the compiler refuses; what it says is on standard error.
        FileNotFoundError: there is no `cc`.
    """
    program = folder / "sender"
    command: list[str | Path] = [COMPILER, *FLAGS, f"-I{NATIVE}", "-o", program, *SOURCES]
    subprocess.run(command, check=True)
    return program


class Sender:
    """The running program.

    Attributes:
        port: where it waits for a page, on loopback.
    """

    def __init__(self, process: Process, port: int) -> None:
        self._process = process
        self.port = port

    @classmethod
    async def started(cls, program: Path) -> Self:
        """Start it; it ends when this program does, for then its standard input ends."""
        process = await asyncio.create_subprocess_exec(program, stdin=PIPE, stdout=PIPE)
        return cls(process, (await _heard(process))["port"])

    async def ask(self, command: str) -> dict[str, Any]:
        """Say a line; returns what it answers."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        return await _heard(self._process)


async def _heard(process: Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise RuntimeError(f"the sender has ended with {await process.wait()}")
    heard: dict[str, Any] = json.loads(line)
    return heard
