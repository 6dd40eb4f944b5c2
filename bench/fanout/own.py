"""What is measured of ours alone: how long the loop is held, and what others' topics cost."""

from __future__ import annotations

import dataclasses
import select
import statistics
import time
from typing import Any, Final

from bench.fanout.contestants import BY_NAME, OURS
from bench.fanout.native import Programs
from bench.fanout.process import used
from bench.fanout.ratios import estimate, ratio_of_sums, significant
from bench.fanout.running import Running, generating, running

LARGE: Final = 10_000
UPDATES: Final = 20
PUBLISHES: Final = 20_000

FEW: Final = 10
TOPICS_EACH: Final = 10
"""Of each of the LARGE other connections: 100,000 topics with one subscriber each."""

OTHERS: Final = dataclasses.replace(
    OURS,
    steps=(
        "?hello",
        *(
            step
            for n in range(TOPICS_EACH)
            for step in (
                f'!{{"type":"others.subscribe","payload":{{"n":1{{i}}{n}}}}}',
                '?"status":"ok"',
            )
        ),
    ),
)


def held_by_one_update(programs: Programs) -> dict[str, Any]:
    """How long others wait for the loop while one update goes to 10,000 subscribers."""
    found: dict[str, Any] = {"clients": LARGE, "updates": UPDATES}
    with running(BY_NAME["ours"], programs) as one:
        one.grow(LARGE)
        one.generator.burst(3, 1)
        found["as it is"] = _held(one)
        one.server.ask("freeze")
        found["collector frozen"] = _held(one)
    return found


def _held(one: Running) -> dict[str, float]:
    seen: list[dict[str, int]] = []
    for _ in range(UPDATES):
        one.server.ask("begin")
        one.generator.burst(1, 1)
        seen.append(one.server.ask("end"))
    cpu = [each["longest_cpu_ns"] / 1e6 for each in seen]
    wall = [each["longest_ns"] / 1e6 for each in seen]
    return {
        "median_ms": significant(statistics.median(cpu)),
        "longest_ms": significant(max(cpu)),
        "median_wall_ms": significant(statistics.median(wall)),
        "longest_wall_ms": significant(max(wall)),
    }


def publish_to_nobody(programs: Programs, rounds: int) -> dict[str, Any]:
    """A publish to a topic nobody subscribed to, on a route without a ring: ns of the thread."""
    with running(BY_NAME["ours"], programs) as one:
        costs = [float(one.server.ask("nobody", PUBLISHES)["ns"]) for _ in range(rounds + 1)][1:]
    return {"ns": estimate([(cost, 1.0) for cost in costs]), "rounds": rounds}


def _beyond_rest(one: Running, ticks: int) -> tuple[float, float]:
    """What a burst takes of the core beyond what the server takes at rest, and that: ns.

    Ten thousand connections have some 900 pings and pongs a second, whether or not anything is
    published. They are no cost of an update, and the longer a round lasts by the clock the more of
    them are in it.
    """
    seen = one.round(ticks, 1)
    before = used(one.server.pid).cpu_ns
    began = time.monotonic()
    select.select([], [], [], seen.seconds)
    rest_ns = (used(one.server.pid).cpu_ns - before) * seen.seconds / (time.monotonic() - began)
    return seen.cpu_ns - rest_ns, rest_ns


def beside_others(programs: Programs, rounds: int, round_s: float) -> dict[str, Any]:
    """What an update to 10 costs with 100,000 other topics and 10,000 other connections.

    `heartbeats` is the share of the others' own pings and pongs, which the ratio is without.
    """
    ours = BY_NAME["ours"]
    with (
        running(ours, programs) as alone,
        running(ours, programs) as crowded,
        generating(OTHERS, crowded.server, programs) as others,
    ):
        others.connect(LARGE)
        for one in (alone, crowded):
            one.grow(FEW)
            one.settle()
        ticks = alone.ticks_for(round_s, 1)
        crowded.round(ticks, 1)
        pairs: list[tuple[float, float]] = []
        shares: list[tuple[float, float]] = []
        for number in range(rounds):
            order = (crowded, alone) if number % 2 else (alone, crowded)
            seen = {id(one): _beyond_rest(one, ticks) for one in order}
            pairs.append((seen[id(crowded)][0] / ticks, seen[id(alone)][0] / ticks))
            shares.append((seen[id(crowded)][1], sum(seen[id(crowded)])))
    return {
        "heartbeats": estimate(shares, ratio_of_sums),
        "ratio": estimate(pairs),
        "alone_ns": estimate([(other, 1.0) for _, other in pairs], ratio_of_sums),
        "crowded_ns": estimate([(one, 1.0) for one, _ in pairs], ratio_of_sums),
        "subscribers": FEW,
        "other_topics": LARGE * TOPICS_EACH,
        "other_connections": LARGE,
        "rounds": rounds,
    }
