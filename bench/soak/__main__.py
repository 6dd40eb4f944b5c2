"""Come and go for ten minutes, or for SOAK_S seconds, and close the accounts.

    python -m bench.soak        (make soak)

A server in a process of its own, restarted again and again; clients in this one, on the other side
of a proxy that cuts, resets and stalls their connections; clients that send nonsense, that leave
without a word, that do not read. The last life of the server is calm: nothing is cut, so what it
handed to its sockets must be, to the last update, what the clients received.

What was seen is written to bench/results/soak.json. The exit status is 0 when it all adds up.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import random
import signal
import socket
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.soak.accounts import (
    ALLOWED_GROWTH,
    account,
    grows,
    growth,
    left_behind,
)
from bench.soak.ledger import Ledger
from bench.soak.visitors import Nuisance, Visitor
from websockets.asyncio.client import connect

from topicwire.testing.faults import FaultProxy

RESULTS: Final = Path(__file__).parents[1] / "results/soak.json"
DEFAULT_S: Final = 600.0
SEED: Final = 20_260
VISITORS: Final = 24
LIVES: Final = (0.5, 0.1, 0.1, 0.1, 0.2)
"""Shares of the time: a long life for the memory, some restarts, and the calm one."""

SMALL_BUFFER: Final = 16_384
"""Of every socket, so that a client that does not read is noticed soon."""

ORDERLY: Final = {0, -signal.SIGTERM}
"""uvicorn hands the signal on, once everything is closed."""

STOP_S: Final = 30.0
CALM_END_S: Final = 4.0


@dataclass
class Life:
    """One life of the server, as it reported it."""

    number: int
    is_calm: bool
    report: dict[str, Any]
    exit_status: int


class Soak:
    """One run of it.

    Args:
        seconds: how long.
        seed: of every choice.
    """

    def __init__(self, seconds: float, seed: int) -> None:
        self.seconds = seconds
        self.ledger = Ledger()
        self.lives: list[Life] = []
        self.faults: dict[str, int] = {"cuts": 0, "resets": 0, "stalls": 0, "delays": 0}
        self._dice = random.Random(seed)  # noqa: S311 - chances of a test
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=1_000)
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL_BUFFER)

    async def run(self) -> None:
        """Live every life."""
        port = self._listening.getsockname()[1]
        async with FaultProxy(port, buffer_bytes=SMALL_BUFFER) as proxy:
            for number, share in enumerate(LIVES, 1):
                is_calm = number == len(LIVES)
                life = await self._live(proxy, number, share * self.seconds, is_calm=is_calm)
                self.lives.append(life)
                print(f"life {number} of {len(LIVES)}: exit {life.exit_status}", flush=True)

    async def _live(self, proxy: FaultProxy, number: int, seconds: float, *, is_calm: bool) -> Life:
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            publish_s = seconds - (CALM_END_S if is_calm else 0)
            server = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.soak.market"),
                *("--fd", str(self._listening.fileno()), "--life", str(number)),
                *("--seed", str(self._dice.randrange(2**32)), "--publish-s", str(publish_s)),
                *("--report", str(report)),
                pass_fds=(self._listening.fileno(),),
                cwd=Path(__file__).parents[2],
            )
            await self._is_up()
            proxy.is_down = False
            url = f"ws://127.0.0.1:{proxy.port}/api/v1/ws"
            guests = [self._task(one) for one in self._guests(url, is_calm=is_calm)]
            chaos = self._task(self._stall(proxy) if is_calm else self._disturb(proxy))
            await asyncio.sleep(seconds)
            chaos.cancel()
            for link in proxy.links:
                link.to_client.resume()
            server.send_signal(signal.SIGTERM)
            async with asyncio.timeout(STOP_S):
                status = await server.wait()
            proxy.is_down = True
            # what a drained server has sent may still be on its way through the proxy
            await asyncio.sleep(1.0)
            await _cancelled([chaos, *guests])
            proxy.links.clear()
            return Life(number, is_calm, json.loads(report.read_text(encoding="utf-8")), status)

    async def _is_up(self) -> None:
        """Wait until the server answers a handshake, which waits in the backlog until then."""
        port = self._listening.getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}/api/v1/ws", open_timeout=STOP_S):
            pass

    def _guests(self, url: str, *, is_calm: bool) -> list[Coroutine[Any, Any, None]]:
        guests: list[Coroutine[Any, Any, None]] = [
            Visitor(url, self.ledger, self._own_dice(), stays=is_calm).visit()
            for _ in range(VISITORS)
        ]
        if not is_calm:
            for _ in range(2):
                nuisance = Nuisance(url, self._own_dice())
                guests += [nuisance.vandalize(), nuisance.pass_by(), nuisance.idle()]
        return guests

    def _own_dice(self) -> random.Random:
        return random.Random(self._dice.randrange(2**32))  # noqa: S311

    def _task(self, one: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(one)

    async def _disturb(self, proxy: FaultProxy) -> None:
        """Do something to one connection, again and again."""
        while True:
            await asyncio.sleep(self._dice.uniform(0.1, 1.0))
            proxy.links[:] = [link for link in proxy.links if not link.is_over]
            if not proxy.links:
                continue
            link = self._dice.choice(proxy.links)
            match self._dice.randrange(5):
                case 0:
                    link.cut()
                    self.faults["cuts"] += 1
                case 1:
                    link.cut(reset=True)
                    self.faults["resets"] += 1
                case 2:
                    link.to_client.cut_after_bytes(self._dice.randrange(20_000))
                    self.faults["cuts"] += 1
                case 3:
                    link.to_client.delay_s = self._dice.uniform(0, 0.2)
                    self.faults["delays"] += 1
                case _:
                    self._stall_one(proxy, self._dice.uniform(2, 30))

    async def _stall(self, proxy: FaultProxy) -> None:
        """Let some connections wait, and harm none."""
        while True:
            await asyncio.sleep(self._dice.uniform(0.5, 1.5))
            if proxy.links:
                self._stall_one(proxy, self._dice.uniform(0.3, 1.0))

    def _stall_one(self, proxy: FaultProxy, seconds: float) -> None:
        link = self._dice.choice(proxy.links)
        link.to_client.stall()
        asyncio.get_running_loop().call_later(seconds, link.to_client.resume)
        self.faults["stalls"] += 1

    def verdict(self) -> tuple[dict[str, Any], list[str]]:
        """Return what is recorded, and everything that is wrong."""
        wrong = [*self.ledger.faults]
        accounts: dict[str, dict[str, int]] = {}
        for life in self.lives:
            metrics, where = life.report["metrics"], f"life {life.number}"
            wrong += [f"{where}: {one}" for one in left_behind(metrics)]
            if life.exit_status not in ORDERLY:
                wrong.append(f"{where}: the server ended with {life.exit_status}")
            for route, counted in metrics["routes"].items():
                own = account(counted, life.report["handed_over"].get(route, 0))
                if own["missing"]:
                    wrong.append(f"{where}, {route}: {own['missing']} updates are not explained")
                if life.is_calm:
                    own["received"] = self.ledger.received[life.number, route]
                    if own["received"] != own["handed_over"]:
                        wrong.append(f"{where}, {route}: handed over and received differ: {own}")
                total = accounts.setdefault(route, {})
                for name, value in own.items():
                    total[name] = total.get(name, 0) + value
        memory = self._memory(wrong)
        return {"accounts": accounts, "memory": memory, **self._events()}, wrong

    def _memory(self, wrong: list[str]) -> dict[str, Any]:
        samples = self.lives[0].report["memory"]
        memory: dict[str, Any] = {"samples": len(samples), "of_s": samples[-1][0]}
        memory["kept_bytes_at_end"] = samples[-1][3]
        for name, place in (("resident", 1), ("traced", 2)):
            # what rings and queues hold is bounded and counted, and goes up and down with the load
            values = [(sample[0], sample[place] - sample[3]) for sample in samples]
            grown = growth(values)
            memory[f"{name}_bytes_at_end"] = samples[-1][place]
            memory[f"{name}_bytes_growth"] = None if grown is None else round(grown)
            if grows(values, ALLOWED_GROWTH):
                wrong.append(f"the server's {name} memory grows by {grown:.0f} bytes")
        return memory

    def _events(self) -> dict[str, Any]:
        def total(name: str) -> int:
            return sum(life.report["metrics"][name] for life in self.lives)

        names = (
            "connections_accepted",
            "recovered",
            "not_recovered",
            "snapshots_sent",
            "starts_failed",
            "producers_ended",
            "producers_restarted",
            "commands",
            "sends_timed_out",
        )
        refusals = sum(
            sum(one["refusals"].values())
            for life in self.lives
            for one in (life.report["metrics"], *life.report["metrics"]["routes"].values())
        )
        return {
            "server_lives": len(self.lives),
            "faults_injected": self.faults,
            **{name: total(name) for name in names},
            "slow_consumers_closed": sum(
                life.report["metrics"]["closes"].get("4008", 0) for life in self.lives
            ),
            "refusals": refusals,
            "gaps_told_to_clients": dict(sorted(self.ledger.gaps.items())),
            "updates_received": sum(self.ledger.received.values()),
            "guarantees_broken": self.ledger.faulty,
        }


async def _cancelled(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


def main() -> int:
    """Run, print, record."""
    seconds = float(os.environ.get("SOAK_S", DEFAULT_S))
    soak = Soak(seconds, SEED)
    asyncio.run(soak.run())
    seen, wrong = soak.verdict()
    put = sum(one["queued"] + one["replayed"] for one in seen["accounts"].values())
    summary = (
        f"soak: {seconds:g} s, {seen['connections_accepted']} connections, {put} updates queued, "
        f"{seen['recovered']} resumed, {len(wrong)} faults: {'FAILED' if wrong else 'adds up'}"
    )
    record = {
        "summary": summary,
        "what": "connects, disconnects, resumes, cuts, stalls, restarts; accounts and memory",
        "command": "make soak",
        "seconds": seconds,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **seen,
        "wrong": wrong,
    }
    if seconds >= DEFAULT_S:
        RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    else:
        print(json.dumps(record, indent=2))
    print(summary)
    for one in wrong:
        print(f"  {one}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
