"""A process under measurement: started on a core of its own, and what the system knows of it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

TICK_NS: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
START_S: Final = 60.0
END_S: Final = 10.0


class Used(NamedTuple):
    """What a process has used of its core so far, all threads together, in ns.

    `user_ns` is of the system's own ticks and coarse; `cpu_ns`, user and kernel, is exact.
    """

    cpu_ns: int
    user_ns: int

    def since(self, before: Used) -> Used:
        """What was used in between."""
        return Used(self.cpu_ns - before.cpu_ns, self.user_ns - before.user_ns)


def used(pid: int) -> Used:
    """Read what a process has used.

    The kernel splits its exact sum by what its ticks have seen; threads that have ended are in the
    split alone.
    """
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    exact = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            exact += int(Path(thread, "schedstat").read_text(encoding="ascii").split()[0])
        except FileNotFoundError:  # it has just ended
            continue
    return Used(exact, int(fields[11]) * TICK_NS)


class Memory(NamedTuple):
    """The resident bytes of a process, and its own part of them."""

    rss: int
    pss: int


def memory(pid: int) -> Memory:
    """Read what a process holds."""
    found = {"Rss": 0, "Pss": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        name, _, rest = line.partition(":")
        if name in found:
            found[name] = int(rest.split()[0]) * 1024
    return Memory(found["Rss"], found["Pss"])


@dataclass
class Child:
    """A program that says one line of JSON when it is ready, pinned to one core."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        core: int,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        says_ready: bool = True,
    ) -> Self:
        """Start it.

        Raises:
            RuntimeError: it ends, or says nothing for a minute, instead of being ready.
        """
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=None if environment is None else dict(environment),
            cwd=folder,
        )
        os.sched_setaffinity(process.pid, {core})
        child = cls(process, {})
        if says_ready:
            try:
                child.ready = child.hear(START_S)
            except RuntimeError:
                child.stop()
                raise
        return child

    @property
    def pid(self) -> int:
        """The process that serves: the child, or who it says does."""
        return int(self.ready.get("pid", self.process.pid))

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def hear(self, patience_s: float) -> dict[str, Any]:
        """Read a line of its standard output.

        Raises:
            RuntimeError: it has ended, or says nothing for so long.
        """
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], patience_s)
        line = self.process.stdout.readline() if ready else ""
        if not line:
            what = "has ended" if ready else f"has said nothing for {patience_s:.0f} s"
            raise RuntimeError(f"{self.process.args!r} {what}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, *words: object) -> Any:
        """Ask a Python server on its control port."""
        address = ("127.0.0.1", int(self.ready["control"]))
        with socket.create_connection(address, timeout=START_S) as control:
            control.sendall(" ".join(map(str, words)).encode() + b"\n")
            return json.loads(control.makefile().readline())

    def stop(self) -> None:
        """End it, and wait until it has."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
