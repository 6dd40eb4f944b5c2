"""Many topics for a connection, storms of subscribing, quotes that are conflated: ours alone."""

from __future__ import annotations

import dataclasses
import select
import time
from typing import Any, Final

from bench.fanout import environments
from bench.fanout.contestants import BY_NAME, OURS, Contestant
from bench.fanout.generator import Dialect
from bench.fanout.native import Programs
from bench.fanout.process import memory, used
from bench.fanout.ratios import estimate, ratio_of_sums, significant
from bench.fanout.running import Running, running

CLIENTS: Final = 5_000
TOPICS: Final = 50
STORMING: Final = 200
FED: Final = 1_000
FEED_HZ: Final = 1_000
SLOW_HZ: Final = 10
FEED_S: Final = 3.0
MAX_STORMS: Final = 8
MAX_FEEDS: Final = 4
"""Pairs of rounds: each is seconds."""


def _subscribes(to: int, *, and_leaves: bool = False) -> Dialect:
    steps = ["?hello"]
    for n in range(to):
        for command in ("subscribe", "unsubscribe")[: 2 if and_leaves else 1]:
            steps += [f'!{{"type":"many.{command}","payload":{{"n":{n}}}}}', '?"status":"ok"']
    return dataclasses.replace(OURS, steps=tuple(steps))


def _served(topics: int, dialect: Dialect) -> Contestant:
    command = [str(environments.ours()), "-m", "bench.fanout.servers.ours_wide", str(topics)]
    return dataclasses.replace(BY_NAME["ours"], command=lambda _: command, dialect=dialect)


def many_topics(programs: Programs, rounds: int, round_s: float) -> dict[str, Any]:
    """An update to 5,000 connections with 50 topics each, to that with one topic each."""
    with (
        running(_served(TOPICS, _subscribes(TOPICS)), programs) as wide,
        running(_served(1, _subscribes(1)), programs) as narrow,
    ):
        held: list[int] = []
        for one in (narrow, wide):
            one.grow(CLIENTS)
            one.settle()
            held.append(memory(one.server.pid).pss)
        found: dict[str, Any] = {
            "clients": CLIENTS,
            "topics_each": TOPICS,
            "bytes_a_subscription": significant((held[1] - held[0]) / CLIENTS / (TOPICS - 1)),
        }
        for per_tick in (1, TOPICS):
            ticks = narrow.ticks_for(round_s, per_tick)
            wide.round(ticks, per_tick)
            pairs: list[tuple[float, float]] = []
            for number in range(rounds):
                order = (wide, narrow) if number % 2 else (narrow, wide)
                cost = {id(one): one.round(ticks, per_tick).cpu_ns / ticks for one in order}
                pairs.append((cost[id(wide)], cost[id(narrow)]))
            found[f"{per_tick} a tick"] = {
                "ratio": estimate(pairs),
                "tick_ns": estimate([(one, 1.0) for one, _ in pairs], ratio_of_sums),
            }
    return found


def storms(programs: Programs, rounds: int) -> dict[str, Any]:
    """What a subscribe, or an unsubscribe, takes of the core where clients do nothing else."""
    each, rounds = 2 * TOPICS, min(rounds, MAX_STORMS)
    with (
        running(_served(TOPICS, _subscribes(TOPICS, and_leaves=True)), programs) as storming,
        running(_served(TOPICS, _subscribes(0)), programs) as coming,
    ):
        costs: list[tuple[float, float]] = []
        for number in range(rounds + 1):
            order = (storming, coming) if number % 2 else (coming, storming)
            cost = {id(one): _come(one) for one in order}
            costs.append((cost[id(storming)] - cost[id(coming)], 1.0))
    return {
        "clients": STORMING,
        "commands_each": each,
        "command_ns": estimate(
            [(one / STORMING / each, other) for one, other in costs[1:]], ratio_of_sums
        ),
        "rounds": rounds,
    }


def _come(one: Running) -> int:
    before = used(one.server.pid)
    one.generator.connect(STORMING)
    one.settle()
    cpu_ns = used(one.server.pid).since(before).cpu_ns
    one.generator.leave()
    one.settle()
    return cpu_ns


def conflated(programs: Programs, rounds: int) -> dict[str, Any]:
    """1,000 updates a second that 1,000 clients are sent at 10 Hz, to 10 that are published."""
    dialect = dataclasses.replace(
        OURS, steps=("?hello", '!{"type":"prices.subscribe","payload":{}}', '?"status":"ok"')
    )
    rounds = min(rounds, MAX_FEEDS)
    pairs: list[tuple[float, float]] = []
    sent: list[tuple[float, float]] = []
    with running(_served(1, dialect), programs) as one:
        one.grow(FED)
        for number in range(rounds + 1):
            order = (SLOW_HZ, FEED_HZ) if number % 2 else (FEED_HZ, SLOW_HZ)
            seen = {hz: _fed(one, hz) for hz in order}
            fast, slow = seen[FEED_HZ], seen[SLOW_HZ]
            pairs.append((fast["cpu_ns"] / fast["seconds"], slow["cpu_ns"] / slow["seconds"]))
            sent.append((fast["sent"] / FED, fast["seconds"]))
    return {
        "clients": FED,
        "published_hz": FEED_HZ,
        "sent_hz": estimate(sent[1:], ratio_of_sums),
        "ratio": estimate(pairs[1:]),
        "of_the_core": estimate([(fast, 1e9) for fast, _ in pairs[1:]], ratio_of_sums),
        "rounds": rounds,
    }


def _fed(one: Running, hz: int) -> dict[str, float]:
    one.server.ask("feed", hz, FEED_S)
    began = time.monotonic()
    while True:
        select.select([], [], [], 0.2)
        seen: dict[str, float] = one.server.ask("fed")
        if seen:
            return seen
        if time.monotonic() - began > 20 * FEED_S:
            raise RuntimeError(f"the feed of {hz} a second has not ended")
