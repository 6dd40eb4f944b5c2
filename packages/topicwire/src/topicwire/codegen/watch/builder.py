"""A warm process, as whoever watches sees it: asked for a generation, it answers with a result."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

from topicwire.codegen.errors import Problem
from topicwire.codegen.watch.build import Request, Result

_LONGEST_RESULT = 1 << 28


class Builder:
    """Starts the process, and another where it has ended."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._child: int | None = None

    async def build(self, request: Request) -> Result:
        """Generate. When this is cancelled, so is what runs."""
        try:
            return await self._build(request)
        except asyncio.CancelledError:
            self.kill()
            raise

    async def _build(self, request: Request) -> Result:
        if self._process is None or self._process.returncode is not None:
            await self._start()
        process = self._process
        assert process is not None  # noqa: S101 - just started
        assert process.stdin is not None  # noqa: S101 - asked for in _start
        assert process.stdout is not None  # noqa: S101 - as above
        result: Result | None = None
        with contextlib.suppress(ConnectionError):
            process.stdin.write(request.to_json().encode() + b"\n")
            await process.stdin.drain()
        while (line := await process.stdout.readline()).endswith(b"\n"):
            message: dict[str, Any] = json.loads(line)
            if "started" in message:
                self._child = message["started"]
            elif "ended" in message:
                self._child = None
                return result or _crashed(message["ended"], message["printed"])
            elif "ready" not in message:
                result = Result.from_values(message)
        await self.close()
        return result or _failed("the generating process ended. The next save starts another.")

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "topicwire.codegen.watch.warm"),
            stdin=PIPE,
            stdout=PIPE,
            limit=_LONGEST_RESULT,
            start_new_session=True,  # Ctrl-C is ours to pass on
        )

    async def warm_up(self) -> None:
        """Start the process before there is anything to do, so that the first time is fast."""
        if self._process is None or self._process.returncode is not None:
            await self._start()

    def kill(self) -> None:
        """End at once what runs, and the process with it."""
        process, self._process = self._process, None
        for number in (self._child, process.pid if process else None):
            if number is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
        self._child = None

    async def close(self) -> None:
        """End the process, and return when it is gone."""
        process = self._process
        self.kill()
        if process is not None:
            await process.wait()


def _failed(message: str) -> Result:
    return Result(problems=[Problem("", 0, 0, 0, message)])


def _crashed(status: int, printed: str) -> Result:
    how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with code {status}"
    said = f" It printed:\n{printed.strip()}" if printed.strip() else ""
    return _failed(f"the process that imports the application ended {how}.{said}")
