"""What the settings of `topicwire serve` buy, beside the same server without them.

    python -m bench.serving              writes bench/results/serving.json; five minutes
    python -m bench.serving --rounds 2 --clients 2000 --output /tmp/look.json

Two servers take turns, round by round, and only the rounds' own ratios count: machines drift.

- *collector*: with 10,000 connections, of which 1,000 are sent updates: Python's collector as it
  is, and as `topicwire serve` sets it. Once where the application makes no objects of its own,
  once where each tick makes 500 and keeps the last 100,000.
- *middleware*: every message goes through `send`, as where a middleware wraps it, beside messages
  that go straight to the sockets.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import statistics
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.fanout import environments
from bench.fanout.contestants import BY_NAME, OURS, Contestant
from bench.fanout.native import Programs, compiled
from bench.fanout.ratios import estimate, significant
from bench.fanout.running import Running, generating, running

RESULTS: Final = Path(__file__).parents[1] / "results/serving.json"
SUBSCRIBERS: Final = 1_000
CLIENTS: Final = 10_000
ROUNDS: Final = 20
ROUND_S: Final = 0.3
HZ: Final = 20.0
TICKS: Final = 20

OTHERS: Final = dataclasses.replace(
    OURS,
    steps=("?hello", '!{"type":"others.subscribe","payload":{"n":1{i}}}', '?"status":"ok"'),
)


def served(*options: str) -> Contestant:
    """The server with these options."""
    command = [str(environments.ours()), "-m", "bench.serving.server", *options]
    return dataclasses.replace(BY_NAME["ours"], command=lambda _: command)


def collector(programs: Programs, clients: int, rounds: int) -> dict[str, Any]:
    """The collector as it is, and as `topicwire serve` sets it."""
    with (
        running(served("--settled"), programs) as set_up,
        running(served(), programs) as as_it_is,
        generating(OTHERS, set_up.server, programs) as first,
        generating(OTHERS, as_it_is.server, programs) as second,
    ):
        pair = set_up, as_it_is
        for one, others in zip(pair, (first, second), strict=True):
            one.server.ask("pauses")
            one.grow(SUBSCRIBERS)
            others.connect(clients - SUBSCRIBERS)
        found: dict[str, Any] = {
            "clients": clients,
            "subscribers": SUBSCRIBERS,
            "while they come": _pauses(pair),
        }
        found["quiet application"] = _in_turns(pair, rounds)
        for one in pair:
            one.server.ask("busy")
        found["busy application"] = _in_turns(pair, rounds)
    return found


def _pauses(pair: tuple[Running, Running]) -> dict[str, Any]:
    names = ("set up", "as it is")
    return {name: one.server.ask("pauses") for name, one in zip(names, pair, strict=True)}


def _in_turns(pair: tuple[Running, Running], rounds: int) -> dict[str, Any]:
    for one in pair:
        one.settle()
    ticks = [one.ticks_for(ROUND_S, 1) for one in pair]
    for one in pair:
        one.server.ask("pauses")
    rates: list[tuple[float, float]] = []
    delays: list[tuple[float, float]] = []
    for number in range(rounds):
        order = (1, 0) if number % 2 else (0, 1)
        rate = {at: pair[at].round(ticks[at], 1).per_cpu_s for at in order}
        delay = {at: pair[at].generator.paced(HZ, TICKS)["p99_ms"] for at in order}
        rates.append((rate[0], rate[1]))
        delays.append((delay[0], delay[1]))
    return {
        "throughput_ratio": estimate(rates),
        "p99_ratio": estimate(delays),
        "p99_ms": significant(statistics.median(one for one, _ in delays)),
        "p99_ms_as_it_is": significant(statistics.median(other for _, other in delays)),
        "pauses": _pauses(pair),
    }


def middleware(programs: Programs, rounds: int) -> dict[str, Any]:
    """Messages through `send`, beside messages that go straight to the sockets."""
    found: dict[str, Any] = {"clients": SUBSCRIBERS}
    with (
        running(served("--by-asgi"), programs) as through,
        running(served(), programs) as straight,
    ):
        pair = through, straight
        for one in pair:
            one.grow(SUBSCRIBERS)
        for per_tick in (1, 10):
            ticks = [one.ticks_for(ROUND_S, per_tick) for one in pair]
            seen: list[tuple[float, float]] = []
            for number in range(rounds):
                order = (1, 0) if number % 2 else (0, 1)
                rate = {at: pair[at].round(ticks[at], per_tick).per_cpu_s for at in order}
                seen.append((rate[0], rate[1]))
            found[f"{per_tick} a tick"] = estimate(seen)
    return found


def main() -> int:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--clients", type=int, default=CLIENTS, help="(%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs (%(default)s)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="(%(default)s)")
    options = parser.parse_args()
    programs = compiled()
    began = time.monotonic()
    record = {
        "what": "what the settings of `topicwire serve` buy: ratios of paired rounds, with and "
        "without; pauses of Python's collector by the thread's own time",
        "command": " ".join(["python -m bench.serving", *sys.argv[1:]]),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": options.rounds,
        "python": platform.python_version(),
        "uvicorn": version("uvicorn"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg(),
        "collector": collector(programs, options.clients, options.rounds),
        "middleware": middleware(programs, options.rounds),
    }
    record["took_s"] = round(time.monotonic() - began)
    print(json.dumps(record, indent=2))
    options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
