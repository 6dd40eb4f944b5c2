"""A server that `make dev` keeps: its own process group, started and stopped as a whole."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.dev.output import Output
from scripts.dev.settings import Address

# Above what the backend's drain may take (10 s) and what uvicorn is given for its own graceful end.
STOP_TIMEOUT_S = 14.0
# One that served for as long as this was not broken by its source: it is started again by itself.
STEADY_S = 5.0
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
_LONGEST_LINE = 1 << 20
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, where."""

    words: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]

    async def start(self) -> Process:
        """Starts it in a session of its own, so that Ctrl-C reaches it through us alone."""
        return await asyncio.create_subprocess_exec(
            *self.words,
            cwd=self.cwd,
            env=self.env,
            # Open as long as we live: Vite ends when its input does.
            stdin=PIPE,
            stdout=PIPE,
            stderr=STDOUT,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )

    async def output(self) -> tuple[int, str]:
        """Runs it to its end; returns its exit code and what it wrote. Ends it when cancelled."""
        process = await asyncio.create_subprocess_exec(
            *self.words,
            cwd=self.cwd,
            env=self.env,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
            start_new_session=True,
        )
        try:
            written, _ = await process.communicate()
        finally:
            signal_group(process.pid, signal.SIGKILL)
        return await process.wait(), written.decode(errors="replace")


def signal_group(group: int, number: signal.Signals) -> None:
    """Signals every process of the group; one that is gone already is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, number)


class Service:
    """One server process at a time.

    `start` and `stop` must not overlap: the supervisor calls them from one task. `due` is called
    when one that had served steadily and ended by itself is to be started again, by `revive`.
    """

    def __init__(
        self,
        name: str,
        command: Command,
        address: Address,
        output: Output,
        due: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.address = address
        self._command = command
        self._output = output
        self._due = due
        self._is_due = False
        self._pause_s = FIRST_PAUSE_S
        self._served_since: float | None = None
        self._process: Process | None = None
        self._relay: asyncio.Task[None] | None = None
        self._stopping = False

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> bool:
        """Starts it and waits until it accepts connections; False when it ended before that."""
        self._pause_s = FIRST_PAUSE_S
        return await self._start()

    async def revive(self) -> bool:
        """Starts it again if it is due; False when it is not, or did not start."""
        if not self._is_due or self.is_running:
            return False
        await self.stop()
        return await self._start()

    async def _start(self) -> bool:
        self._stopping = self._is_due = False
        self._served_since = None
        self._process = await self._command.start()
        self._relay = asyncio.create_task(self._follow(self._process))
        while self.is_running:
            if await self._answers():
                self._served_since = time.monotonic()
                return True
            await asyncio.sleep(_POLL_S)
        return False

    async def stop(self) -> None:
        """Ends it and everything it started; returns when all of it is gone."""
        process, relay = self._process, self._relay
        if process is None or relay is None:
            return
        self._stopping = True
        signal_group(process.pid, signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._output.say(f"the {self.name} did not end in {STOP_TIMEOUT_S:.0f} s: killed")
        finally:
            # What it had started may outlive it.
            signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        await relay
        self._process = self._relay = None

    async def _follow(self, process: Process) -> None:
        """Relays what the process writes, and says so when it ends without being asked."""
        assert process.stdout is not None  # noqa: S101 - asked for in Command.start
        while line := await _line(process.stdout):
            self._output.relay(self.name, line.decode(errors="replace").rstrip("\r\n"))
        code = await process.wait()
        if self._stopping:
            return
        again = "with the next change of its source"
        since = self._served_since
        if since is not None and time.monotonic() - since >= STEADY_S:
            pause_s = self._pause_s
            self._pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            self._is_due = True
            asyncio.get_running_loop().call_later(pause_s, self._due)
            again = f"in {pause_s:g} s"
        self._output.say(
            f"the {self.name} ended by itself ({_ending(code)}); it starts again {again}"
        )

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(self.address.reachable, self.address.port)
        except OSError:
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line, or the piece of a longer one that has arrived."""
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as end:
        return end.partial
    except asyncio.LimitOverrunError as long:
        return await stream.read(long.consumed)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
