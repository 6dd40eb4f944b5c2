"""What connections cost: the memory of an idle one, and coming in."""

from __future__ import annotations

import statistics
from typing import Any, Final

from bench.fanout.contestants import PLAIN, Contestant
from bench.fanout.native import Programs
from bench.fanout.process import memory, used
from bench.fanout.ratios import estimate, significant
from bench.fanout.running import Running, running

IDLE: Final = 4000
"""Clients of which the memory is divided."""

WARM: Final = 100
"""Clients that are there before: what the first ones cost is the server's own."""

COMING: Final = 500
MAX_CONNECT_ROUNDS: Final = 20


def memory_of_idle(contestant: Contestant, programs: Programs) -> dict[str, float]:
    """What a subscribed client that does nothing takes, in KiB of the server's memory."""
    with running(contestant, programs) as one:
        one.grow(WARM)
        _rest(one)
        before = memory(one.server.pid)
        one.grow(WARM + IDLE)
        _rest(one)
        after = memory(one.server.pid)
    return {
        "rss_kib": significant((after.rss - before.rss) / IDLE / 1024),
        "pss_kib": significant((after.pss - before.pss) / IDLE / 1024),
        "clients": IDLE,
    }


def _rest(one: Running) -> None:
    """Let a few updates through, so that what an update needs is there; then two seconds pass."""
    one.generator.burst(5, 1)
    one.generator.paced(1, 2)
    one.settle()


def coming_in(contestant: Contestant, programs: Programs, rounds: int) -> dict[str, Any]:
    """Connect and subscribe, beside a plain server that accepts and answers one message."""
    pairs: list[tuple[float, float]] = []
    walls: list[float] = []
    with running(contestant, programs) as theirs, running(PLAIN, programs) as plain:
        for one in (theirs, plain):  # the first ones pay for what is loaded late
            _come(one)
        for number in range(min(rounds, MAX_CONNECT_ROUNDS)):
            order = (plain, theirs) if number % 2 else (theirs, plain)
            seen = {id(one): _come(one) for one in order}
            pairs.append((seen[id(theirs)][0], seen[id(plain)][0]))
            walls.append(seen[id(theirs)][1])
    return {
        "ratio": estimate(pairs),
        "per_cpu_s": significant(statistics.median(one for one, _ in pairs)),
        "plain_per_cpu_s": significant(statistics.median(other for _, other in pairs)),
        "per_s": significant(statistics.median(walls)),
        "clients": COMING,
        "rounds": len(pairs),
    }


def _come(one: Running) -> tuple[float, float]:
    """Bring clients in and out; returns how many came for a second of the core, and by the clock.

    What the server does after the last reply is theirs, too; their leaving is not.
    """
    before = used(one.server.pid)
    seconds = one.generator.connect(COMING)
    one.settle()
    cpu_ns = used(one.server.pid).since(before).cpu_ns
    one.generator.leave()
    one.settle()
    return COMING / cpu_ns * 1e9, COMING / seconds
