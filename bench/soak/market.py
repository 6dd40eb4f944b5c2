"""The soak's server: one life of it, in a process of its own.

Publishes on every route, fails its producers now and then, samples its memory, and writes what it
has counted when it is told to stop (SIGTERM), after the drain.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import logging
import random
import socket
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import uvicorn
from bench.soak.models import OPTIONS, TOPICS, Item, Wanted
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter, WsRouteService
from topicwire.asgi.uvicorn import WebSocketProtocol
from topicwire.types import Direction

TICK_S: Final = 0.2
"""Between two updates of a topic."""

BURST: Final = 20
"""So many at once, now and then: more than a client that does not read can keep up with."""

BURST_EVERY: Final = 25
FAILURE_EVERY_S: Final = 8.0
FAILED_STARTS: Final = 0.05
SNAPSHOT_END: Final = ',"snapshot":true}}'


class Ticker(WsRouteService):
    """Producers that fail: at their start sometimes, and every few seconds."""

    def __init__(self, life: int, dice: random.Random) -> None:
        self.runs = 0
        self._life = life
        self._dice = dice
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def create_topic(
        self, topic: str, topic_update: Callable[[Any], None]
    ) -> asyncio.Task[None]:
        """Begin a run of its own."""
        await asyncio.sleep(0.01)
        if self._dice.random() < FAILED_STARTS:
            raise ConnectionError("the source is away")
        self.runs += 1
        feeding = asyncio.create_task(self._feed(topic_update, self.runs))
        self._tasks[topic] = feeding
        return feeding

    async def remove_topic(self, topic: str) -> None:
        """End the run."""
        self._tasks.pop(topic).cancel()

    async def _feed(self, update: Callable[[Any], None], run: int) -> None:
        updates = int(self._dice.uniform(0.5, 1.5) * FAILURE_EVERY_S / TICK_S)
        for n in range(1, updates):
            update(Item(life=self._life, run=run, n=n))
            await asyncio.sleep(TICK_S)
        raise ConnectionError("the source went away")


class _Builder:
    def __init__(self, route: str) -> None:
        self._route = route

    def __call__(self, request: Wanted) -> str:
        return f"{self._route}:{request.name}"


class Market:
    """One life: the application, what it publishes, and what it notes."""

    def __init__(self, life: int, publish_s: float, seed: int, report: Path) -> None:
        self.life = life
        self._publish_s = publish_s
        self._report = report
        dice = random.Random(seed)  # noqa: S311 - chances of a test
        self._adapter = FastWSAdapter(
            title="Soak",
            version="1",
            settings=Settings(max_queue_bytes=262_144, max_restart_backoff_s=1.0),
            logger_name="soak",
            observe=self._observe,
        )
        self._routers: dict[str, WsRouter[Wanted, Item]] = {}
        for route, options in OPTIONS.items():
            self._routers[route] = WsRouter[Wanted, Item](
                route=route,
                service=Ticker(life, dice) if route == "ticks" else None,
                topic_builder=_Builder(route),
                **options,
            )
            self._adapter.include_router(self._routers[route])
        self._handed_over: Counter[str] = Counter()
        self._snapshots: Counter[str] = Counter()
        self._memory: list[tuple[float, int, int, int]] = []
        self.app = Starlette(lifespan=self._lifespan)
        self._adapter.setup(self.app)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(one) for one in (self._publish(), self._sample())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._write()

    async def _publish(self) -> None:
        ends_s = asyncio.get_running_loop().time() + self._publish_s
        n = tick = 0
        while asyncio.get_running_loop().time() < ends_s:
            tick += 1
            for _ in range(BURST if tick % BURST_EVERY == 0 else 1):
                n += 1
                item = Item(life=self.life, n=n)
                for route, router in self._routers.items():
                    if route != "ticks":
                        router.publish([f"{route}:{name}" for name in TOPICS], item)
                await asyncio.sleep(0)
            await asyncio.sleep(TICK_S)

    async def _sample(self) -> None:
        started_s = asyncio.get_running_loop().time()
        while True:
            gc.collect()
            traced, _ = tracemalloc.get_traced_memory()
            at_s = asyncio.get_running_loop().time() - started_s
            metrics = self._adapter.metrics
            kept = metrics.replay_bytes + metrics.queue_bytes.total
            self._memory.append((round(at_s, 1), resident_bytes(), traced, kept))
            await asyncio.sleep(2.0)

    def _observe(self, adapter: FastWSAdapter, direction: Direction, message: str) -> None:
        del adapter
        if direction == "to_server":
            return
        route, _, operation = message[9 : message.index('"', 9)].partition(".")
        if operation == "update":
            counted = self._snapshots if message.endswith(SNAPSHOT_END) else self._handed_over
            counted[route] += 1

    def _write(self) -> None:
        numbers = self._adapter.metrics.as_dict()
        self._report.write_text(
            json.dumps(
                {
                    "life": self.life,
                    "metrics": numbers,
                    "handed_over": self._handed_over,
                    "snapshots": self._snapshots,
                    "memory": self._memory,
                }
            ),
            encoding="utf-8",
        )


def resident_bytes() -> int:
    """The process's resident memory."""
    status = Path("/proc/self/statm").read_text(encoding="ascii")
    return int(status.split()[1]) * 4096


def main() -> None:
    """Serve one life on a socket that the parent has opened."""
    arguments = argparse.ArgumentParser()
    for name in ("fd", "life", "seed"):
        arguments.add_argument(f"--{name}", type=int, required=True)
    arguments.add_argument("--publish-s", type=float, required=True)
    arguments.add_argument("--report", type=Path, required=True)
    given = arguments.parse_args()
    logging.getLogger("soak").setLevel(logging.CRITICAL)
    tracemalloc.start()
    market = Market(given.life, given.publish_s, given.seed, given.report)
    config = uvicorn.Config(
        market.app, log_config=None, ws=WebSocketProtocol, timeout_graceful_shutdown=15
    )
    listening = socket.socket(fileno=given.fd)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
