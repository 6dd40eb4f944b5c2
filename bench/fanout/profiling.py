"""Where the server's time goes: `make profile`.

    make profile ARGS="--clients 1000 --per-tick 10 --ticks 500"

Serves ours under cProfile and lets the load generator drive it. Written is the part of each
function in the server's own time, the most expensive first; the profile itself goes where
`--output` says, for `snakeviz` and its like. What the profiler adds to each call makes small
functions look larger than they are: the shares tell where to look, not what is won there. The
kernel's part is in the functions that call it: `send`, `write`.
"""

from __future__ import annotations

import argparse
import pstats
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from bench.fanout.contestants import BY_NAME, environment
from bench.fanout.native import compiled
from bench.fanout.places import ROOT
from bench.fanout.process import Child
from bench.fanout.running import SERVER_CORE, generating

SHOWN = 30


def main(arguments: Sequence[str] | None = None) -> None:
    """Drive, then say where the time went."""
    parser = argparse.ArgumentParser(
        prog="make profile", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--per-tick", type=int, default=1)
    parser.add_argument("--ticks", type=int, default=200)
    parser.add_argument("--output", type=Path, help="keep the profile here")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        profile = options.output or Path(folder, "ours.prof")
        drive(profile, options.clients, options.ticks, options.per_tick)
        told = pstats.Stats(str(profile), stream=sys.stdout)
        told.strip_dirs().sort_stats("tottime").print_stats(SHOWN)
        print("\n".join(shares(told)))


def drive(profile: Path, clients: int, ticks: int, per_tick: int) -> None:
    """Profile the server while updates go out; connecting is not in it."""
    ours, programs = BY_NAME["ours"], compiled()
    server = Child.start(
        ours.command(programs), core=SERVER_CORE, environment=environment(ours), folder=ROOT
    )
    try:
        with generating(ours.dialect, server, programs) as generator:
            generator.connect(clients)
            generator.burst(2, per_tick)
            server.ask("profile", "begin", profile.resolve())
            seen = generator.burst(ticks, per_tick)
            server.ask("profile", "end", profile.resolve())
        print(f"{seen['messages']:,} messages in {seen['seconds']:.2f} s under the profiler")
    finally:
        server.stop()


def shares(told: pstats.Stats) -> list[str]:
    """The part of each source file in the time, the largest first."""
    times: dict[str, float] = {}
    for (file, _, _), row in cast("Any", told).stats.items():
        times[file] = times.get(file, 0.0) + row[2]
    whole = sum(times.values()) or 1.0
    largest = sorted(times.items(), key=lambda one: -one[1])[:SHOWN]
    return ["By file:"] + [f"  {share / whole:6.1%}  {file}" for file, share in largest]


if __name__ == "__main__":
    main()
