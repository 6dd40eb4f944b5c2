"""A server beside the C loop, in pairs of rounds: throughput and latency."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.fanout.contestants import BY_NAME, Contestant
from bench.fanout.native import Programs
from bench.fanout.ratios import estimate, median_difference, ratio_of_sums, significant
from bench.fanout.running import Round, Running, running

WORKLOADS: Final = ((100, 1), (1000, 1), (1000, 10), (5000, 1))
"""`(clients, updates a tick)`: in the order in which clients are added."""

TLS_WORKLOADS: Final = ((1000, 1), (1000, 10))
LATENCY_CLIENTS: Final = 1000
LATENCY_HZ: Final = 20.0
LATENCY_TICKS: Final = 10
MAX_LATENCY_ROUNDS: Final = 20

LONG_S: Final = 60.0
FEW_ROUNDS: Final = 5
"""Of a workload that has taken LONG_S by then: to some servers one update to 5,000 is seconds."""


def workload_name(clients: int, per_tick: int) -> str:
    """The name of a workload in the results."""
    return f"{clients}x{per_tick}"


def compare(
    contestant: Contestant,
    programs: Programs,
    rounds: int,
    round_s: float,
    *,
    certificate: tuple[Path, Path] | None = None,
) -> dict[str, Any]:
    """Measure a server and the C loop in turns, one workload after another.

    Where the server loses or doubles an update, or a client, the rest is left out: "failed" says
    why.

    Raises:
        UnavailableError: its environment cannot be made.
        RuntimeError: it does not start.
    """
    found: dict[str, Any] = {}
    workloads = WORKLOADS if certificate is None else TLS_WORKLOADS
    with (
        running(contestant, programs, certificate=certificate) as theirs,
        running(BY_NAME["c"], programs, certificate=certificate) as loop,
    ):
        try:
            for clients, per_tick in workloads:
                found[workload_name(clients, per_tick)] = _throughput(
                    (theirs, loop), (clients, per_tick), rounds, round_s
                )
                if certificate is None and (clients, per_tick) == (LATENCY_CLIENTS, 1):
                    found["latency"] = latency(theirs, loop, min(rounds, MAX_LATENCY_ROUNDS))
                    print(f"  {contestant.name} latency: {found['latency']}", flush=True)
        except RuntimeError as error:
            # what was seen before it is kept
            found["failed"] = str(error)
    return found


def _throughput(
    pair: tuple[Running, Running], workload: tuple[int, int], rounds: int, round_s: float
) -> dict[str, Any]:
    clients, per_tick = workload
    for one in pair:
        one.grow(clients)
    ticks = [one.ticks_for(round_s, per_tick) for one in pair]
    seen: list[tuple[Round, Round]] = []
    began = time.monotonic()
    for number in range(rounds):
        if number >= FEW_ROUNDS and time.monotonic() - began > LONG_S:
            break
        seen.append(_in_turns(pair, ticks, per_tick, is_swapped=number % 2 == 1))
    found = summary(seen)
    print(f"  {pair[0].contestant.name} {workload_name(*workload)}: {found['ratio']}", flush=True)
    return found


def _in_turns(
    pair: tuple[Running, Running], ticks: Sequence[int], per_tick: int, *, is_swapped: bool
) -> tuple[Round, Round]:
    """One round of each; which is first changes, so that no one is always second."""
    order = (1, 0) if is_swapped else (0, 1)
    done = {at: pair[at].round(ticks[at], per_tick) for at in order}
    return done[0], done[1]


def summary(seen: Sequence[tuple[Round, Round]]) -> dict[str, Any]:
    """What pairs of rounds say of the first against the second."""
    ours = [one for one, _ in seen]
    return {
        "ratio": estimate([(one.per_cpu_s, other.per_cpu_s) for one, other in seen]),
        "wall_ratio": estimate([(one.per_s, other.per_s) for one, other in seen]),
        "user_ns": estimate([(one.user_ns, one.messages) for one in ours], ratio_of_sums),
        "cpu_ns": estimate([(one.cpu_ns, one.messages) for one in ours], ratio_of_sums),
        # the split in user and kernel is sampled by ticks; this is exact
        "over_loop_ns": estimate(
            [(1e9 / one.per_cpu_s, 1e9 / other.per_cpu_s) for one, other in seen],
            median_difference,
        ),
        "per_cpu_s": significant(statistics.median(one.per_cpu_s for one in ours)),
        "per_s": significant(statistics.median(one.per_s for one in ours)),
        "loop_per_cpu_s": significant(statistics.median(other.per_cpu_s for _, other in seen)),
        "loop_user_ns": significant(ratio_of_sums([(o.user_ns, o.messages) for _, o in seen])),
        "client_ns": significant(ratio_of_sums([(o.client_cpu_ns, o.messages) for o in ours])),
        "bytes_a_message": significant(ours[0].size / ours[0].messages),
        "messages_a_round": ours[0].messages,
        "rounds": len(seen),
    }


def latency(theirs: Running, loop: Running, rounds: int) -> dict[str, Any]:
    """Updates at a rate: from the trigger until each client has it."""
    pairs: dict[str, list[tuple[float, float]]] = {"p50": [], "p99": []}
    began = time.monotonic()
    for number in range(rounds):
        if number >= FEW_ROUNDS and time.monotonic() - began > LONG_S:
            break
        order = (loop, theirs) if number % 2 else (theirs, loop)
        seen = {
            one.contestant.name: one.generator.paced(LATENCY_HZ, LATENCY_TICKS) for one in order
        }
        for name, values in pairs.items():
            key = f"{name}_ms"
            values.append((seen[theirs.contestant.name][key], seen[loop.contestant.name][key]))
    return {
        "p50_ms": significant(statistics.median(one for one, _ in pairs["p50"])),
        "p99_ms": significant(statistics.median(one for one, _ in pairs["p99"])),
        "loop_p50_ms": significant(statistics.median(one for _, one in pairs["p50"])),
        "loop_p99_ms": significant(statistics.median(one for _, one in pairs["p99"])),
        "p50_ratio": estimate(pairs["p50"]),
        "p99_ratio": estimate(pairs["p99"]),
        "updates_per_s": LATENCY_HZ,
        "rounds": len(pairs["p50"]),
    }
