"""MessagePack and permessage-deflate beside plain JSON: bytes on the wire, and the server's core.

`python -m bench.kinds` serves clients of each kind, a thousand and then ten, all on one server that
this process is, and sends each kind the same updates in turns: one or ten in a turn of the event
loop. Another process reads. The ratios are of paired rounds, since machines drift. Writes
`results/kinds.json`. Three minutes on a machine at rest.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import resource
import socket
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import uvicorn
import uvloop
from bench.fanout.process import used
from bench.fanout.ratios import estimate, ratio_of_sums, significant
from bench.kinds.choice import KINDS, PLAIN, UPDATES, Choice
from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter
from topicwire.asgi.uvicorn import WebSocketProtocol
from topicwire.wire.codecs import JSON, PACKED
from topicwire.wire.deflate import WINDOW_BITS
from topicwire.wire.frames import update_frame, update_prefix
from topicwire.wire.kinds import Kind, kind_of

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "bench/results/kinds.json"
TICK_S: Final = 0.02
FEW: Final = 100
SHORT_TICK_S: Final = 0.002
"""For fewer clients than that: others read less in it."""

REPEATS: Final = 200
LONG_S: Final = 86_400.0


class Of(BaseModel):
    """A request: each kind has a topic."""

    of: str


class Bench:
    """The server, and what it measures of itself."""

    def __init__(self, clients: int, ticks: int) -> None:
        self.clients = clients
        self.ticks = ticks
        self.tick_s = TICK_S if clients >= FEW else SHORT_TICK_S
        self.router = WsRouter[Of, Any](route="quotes")
        settings = Settings(
            heartbeat_s=LONG_S, max_connections_per_address=clients * len(KINDS) + 1
        )
        self.adapter = FastWSAdapter(title="Bench", version="1", path="/ws", settings=settings)
        self.adapter.include_router(self.router)
        self._reader: Process | None = None

    async def run(self, rounds: int) -> dict[str, Any]:
        """Return what was found."""
        app = Starlette()
        self.adapter.setup(app, drain_on_sigterm=False)
        listening = socket.create_server(("127.0.0.1", 0), backlog=self.clients)
        config = uvicorn.Config(
            app, log_config=None, ws=WebSocketProtocol, ws_ping_interval=None, access_log=False
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listening]))
        port = str(listening.getsockname()[1])
        words = (sys.executable, "-m", "bench.kinds.drain", port)
        self._reader = await create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, cwd=ROOT)
        for kind in KINDS:
            await self._tell(f"connect {kind.name} {self.clients}")
        everybody = self.clients * len(KINDS)
        while self.adapter.metrics.subscriptions < everybody:  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(TICK_S)
        found = {}
        for name in UPDATES:
            for per_tick in (1, 10):
                found[f"{name}, {per_tick} a tick"] = await self._compare(name, per_tick, rounds)
        assert self._reader.stdin is not None
        self._reader.stdin.close()
        await self._reader.wait()
        server.should_exit = True
        await serving
        return found

    async def _tell(self, line: str) -> dict[str, int]:
        reader = self._reader
        assert reader is not None
        assert reader.stdin is not None
        assert reader.stdout is not None
        reader.stdin.write(f"{line}\n".encode())
        answer: dict[str, int] = json.loads(await reader.stdout.readline())
        return answer

    async def _compare(self, name: str, per_tick: int, rounds: int) -> dict[str, Any]:
        seen: dict[str, list[Round]] = {kind.name: [] for kind in KINDS}
        for number in range(rounds + 1):
            for kind in KINDS[number % 4 :] + KINDS[: number % 4]:
                one = await self._round(kind, name, per_tick, number)
                if number:  # the first warms up
                    seen[kind.name].append(one)
        usual = seen[PLAIN.name]
        return {
            kind.name: _summary(seen[kind.name])
            | ({} if kind is PLAIN else _ratios(seen[kind.name], usual))
            for kind in KINDS
        }

    async def _round(self, kind: Choice, name: str, per_tick: int, seed: int) -> Round:
        draw = random.Random(seed)  # noqa: S311 - the same for each kind
        metrics = self.adapter.metrics
        count = self.clients * per_tick * self.ticks
        bytes_before = (await self._tell("count"))[kind.name]
        ticks = [[UPDATES[name](draw) for _ in range(per_tick)] for _ in range(self.ticks)]
        before = used(os.getpid())
        for tick in ticks:
            for update in tick:
                self.router.publish(kind.topic, update)
            await self._sent()
            await asyncio.sleep(self.tick_s)
        spent = used(os.getpid()).since(before)
        came = await self._all(kind.name)
        if metrics.closes or metrics.updates_abandoned:
            raise RuntimeError(f"clients were lost: {metrics.closes}")
        return Round(spent.user_ns / count, spent.cpu_ns / count, (came - bytes_before) / count)

    async def _sent(self) -> None:
        """Wait until the tick has left: otherwise the next one would go in the same flush."""
        waves = self.adapter._hub.waves  # noqa: SLF001 - nobody else can tell
        while waves.dirty:  # noqa: ASYNC110 - nor does it tell anybody
            await asyncio.sleep(0)

    async def _all(self, name: str) -> int:
        came = -1
        while self.adapter.metrics.queue_bytes.total:  # noqa: ASYNC110 - a counter tells nobody
            await asyncio.sleep(TICK_S)
        while (now := (await self._tell("count"))[name]) != came:
            came = now
            await asyncio.sleep(TICK_S)
        return came


class Round:
    """What a round took for each message that was delivered."""

    def __init__(self, user_ns: float, cpu_ns: float, wire_bytes: float) -> None:
        self.user_ns = user_ns
        self.cpu_ns = cpu_ns
        self.wire_bytes = wire_bytes


def _summary(rounds: list[Round]) -> dict[str, Any]:
    user_ns = statistics.fmean(one.user_ns for one in rounds)
    return {
        "bytes": significant(statistics.fmean(one.wire_bytes for one in rounds)),
        # the system counts it in ticks of 10 ms, and sees none of what is short
        "user_ns": significant(user_ns) if user_ns else None,
        "cpu_ns": significant(statistics.median(one.cpu_ns for one in rounds)),
    }


def _ratios(rounds: list[Round], usual: list[Round]) -> dict[str, Any]:
    pairs = list(zip(rounds, usual, strict=True))
    users = [(one.user_ns, other.user_ns) for one, other in pairs]
    user = {"user": estimate(users, ratio_of_sums)} if all(map(all, users)) else {}
    return {
        "to json": {
            "bytes": significant(
                sum(one.wire_bytes for one in rounds) / sum(one.wire_bytes for one in usual)
            ),
            **user,
            "cpu": estimate([(one.cpu_ns, other.cpu_ns) for one, other in pairs]),
        }
    }


def made_once(name: str, count: int, clients: int) -> dict[str, Any]:
    """What it takes to make the bytes of one flush for all clients of a kind.

    In microseconds, and in nanoseconds of each message that is delivered: what a kind adds to what
    plain JSON takes of the core outside of the kernel.
    """
    draw = random.Random(1)  # noqa: S311 - the same for each kind
    prefix = update_prefix("quotes", PLAIN.topic)
    payloads = [UPDATES[name](draw).model_dump_json().encode() for _ in range(count)]
    found: dict[str, Any] = {}
    for choice in KINDS:
        bits = WINDOW_BITS if choice.is_deflated else None
        # not the shared one: it remembers what it has compressed
        kind = Kind(kind_of(PACKED if choice.packs else JSON).codec, bits)
        times = []
        for _ in range(REPEATS):
            frames = [update_frame(prefix, seq, one, 0.0) for seq, one in enumerate(payloads)]
            began = time.perf_counter_ns()
            kind.wire(frames)
            times.append(time.perf_counter_ns() - began)
        found[choice.name] = {
            "us": significant(min(times) / 1_000),
            "ns_each": significant(min(times) / count / clients),
        }
    return found


def measured(clients: int, ticks: int, rounds: int) -> dict[str, Any]:
    """Compare the kinds with so many clients of each."""
    ticks = max(ticks, ticks * FEW // clients)
    return {
        "rounds": rounds,
        "ticks": ticks,
        "delivered": uvloop.run(Bench(clients, ticks).run(rounds)),
        "made_once": {
            f"{name}, {count} a tick": made_once(name, count, clients)
            for name in UPDATES
            for count in (1, 10)
        },
    }


def main() -> None:
    """Measure, write the results, and print them."""
    parser = argparse.ArgumentParser(prog="python -m bench.kinds", description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1_000, 10], help="of each kind")
    parser.add_argument("--ticks", type=int, default=15, help="in a round; of few clients more")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    results = {
        "what": "of each message that was delivered: bytes on the wire with the frame's header, "
        "and ns of the server's core; ratios of paired rounds to plain JSON",
        "window_bits": WINDOW_BITS,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("ormsgpack", "uvicorn", "uvloop")},
        **{
            f"{clients} clients": measured(clients, options.ticks, options.rounds)
            for clients in options.clients
        },
    }
    options.output.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
