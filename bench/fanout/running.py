"""A server and its clients, each on a core, for as long as they are measured."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from bench.fanout.contestants import Contestant, environment
from bench.fanout.generator import Dialect, Generator
from bench.fanout.native import Programs
from bench.fanout.places import ROOT
from bench.fanout.process import Child, used

SERVER_CORE: Final = 0
CLIENT_CORE: Final = 1 if (os.cpu_count() or 1) > 1 else 0
QUIET_S: Final = 0.1
LITTLE: Final = 0.1
"""Of the core: what a server does for connections that do nothing, and less."""

MOST_WAITS: Final = 100
FIRST_TICKS: Final = 2
MAX_TICKS: Final = 20_000


class Round(NamedTuple):
    """What one burst has shown.

    Attributes:
        messages: that reached clients.
        size: bytes of them, frames' headers included.
        seconds: from the first trigger until the last client had the last update.
        cpu_ns: that the server used, user and kernel.
        user_ns: the user's part of it, in the coarse ticks of the system.
        client_cpu_ns: that the load generator used.
    """

    messages: int
    size: int
    seconds: float
    cpu_ns: int
    user_ns: int
    client_cpu_ns: int

    @property
    def per_cpu_s(self) -> float:
        """Messages for a second of the server's core: what others do there does not matter."""
        return self.messages / self.cpu_ns * 1e9

    @property
    def per_s(self) -> float:
        """Messages by the clock: what others do there does matter."""
        return self.messages / self.seconds


@dataclass
class Running:
    """One server with its clients."""

    contestant: Contestant
    server: Child
    generator: Generator

    def grow(self, clients: int) -> None:
        """Bring the clients to that number."""
        if clients > self.generator.clients:
            self.generator.connect(clients - self.generator.clients)

    def round(self, ticks: int, per_tick: int) -> Round:
        """Measure a burst."""
        before = used(self.server.pid), used(self.generator.child.pid)
        seen = self.generator.burst(ticks, per_tick)
        server = used(self.server.pid).since(before[0])
        client = used(self.generator.child.pid).since(before[1])
        return Round(
            seen["messages"],
            seen["bytes"],
            seen["seconds"],
            server.cpu_ns,
            server.user_ns,
            client.cpu_ns,
        )

    def ticks_for(self, seconds: float, per_tick: int) -> int:
        """Find how many ticks use about so much of the server's core; warms it up, too."""
        ticks = FIRST_TICKS
        while True:
            cpu_s = self.round(ticks, per_tick).cpu_ns / 1e9
            if cpu_s > seconds / 4 or ticks >= MAX_TICKS:
                return max(1, min(MAX_TICKS, round(ticks * seconds / max(cpu_s, 1e-6))))
            ticks = min(MAX_TICKS, ticks * 4)

    def settle(self) -> None:
        """Wait until the server has little to do: pings come and go at any time."""
        before = used(self.server.pid).cpu_ns
        for _ in range(MOST_WAITS):
            select.select([], [], [], QUIET_S)
            now = used(self.server.pid).cpu_ns
            if now - before < QUIET_S * LITTLE * 1e9:
                return
            before = now


@contextlib.contextmanager
def running(
    contestant: Contestant,
    programs: Programs,
    *,
    certificate: tuple[Path, Path] | None = None,
) -> Iterator[Running]:
    """Start a server and its load generator, and end both.

    Raises:
        UnavailableError: its environment cannot be made.
        RuntimeError: it does not start.
    """
    server = Child.start(
        contestant.command(programs),
        core=SERVER_CORE,
        environment=environment(contestant, certificate),
        folder=ROOT,
    )
    try:
        # a server that starts another one says which; it is to be on the core, too
        os.sched_setaffinity(server.pid, {SERVER_CORE})
        with generating(
            contestant.dialect, server, programs, is_tls=certificate is not None
        ) as generator:
            yield Running(contestant, server, generator)
    finally:
        server.stop()


@contextlib.contextmanager
def generating(
    dialect: Dialect, server: Child, programs: Programs, *, is_tls: bool = False
) -> Iterator[Generator]:
    """Start one more load generator for a server."""
    command = [str(programs.load), *dialect.options(server.ready, is_tls=is_tls)]
    child = Child.start(command, core=CLIENT_CORE, says_ready=False)
    try:
        yield Generator(child)
    finally:
        child.stop()
