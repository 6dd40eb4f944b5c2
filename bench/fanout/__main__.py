"""Fan-out side by side, on the machine at hand.

`make bench` measures everything and writes `bench/results/fanout.json`, `docs/benchmarks.md` and
its plots: three quarters of an hour, on a machine that does nothing else. `make bench
ARGS="--only ours,fastapi --rounds 5"` is a quick look at some, which is printed and not recorded.
With `--merge` what is measured replaces its part of the record: it may be had in pieces.

A server has one core and the load generator another. Each server runs beside the C loop, round by
round in turns, and only the rounds' own ratios count: machines drift. Rates are for a second of
the server's core, user and kernel, all threads together; those by the clock are recorded, too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.fanout import connections, own, page, wide
from bench.fanout.comparison import compare
from bench.fanout.contestants import CONTESTANTS, NATS, make_certificate
from bench.fanout.environments import PINS, UnavailableError
from bench.fanout.native import Programs, compiled
from bench.fanout.places import RESULTS

from topicwire.hub.sending import how_written

PARTS: Final = ("throughput", "tls", "memory", "connects", "own")
ROUNDS: Final = 20
ROUND_S: Final = 0.25


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and record where it was asked for."""
    options = _options(arguments)
    programs = compiled()
    record = describe(programs, options)
    if options.merge and options.output.exists():
        before = json.loads(options.output.read_text(encoding="utf-8"))
        record |= {
            name: before[name] for name in ("servers", "own", "loop_memory") if name in before
        }
    wanted = [one for one in CONTESTANTS if one.name != "c" and one.name in options.only]
    how = options.rounds, options.round_s
    is_well = True
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        certificate = make_certificate(folder) if "tls" in options.parts else None
        for contestant in wanted:
            row = record["servers"].setdefault(contestant.name, {})
            row.pop("unavailable", None)
            row |= {"label": contestant.label, "about": contestant.about}
            print(f"{contestant.label}: {contestant.about}", flush=True)
            steps = {
                "throughput": partial(compare, contestant, programs, *how),
                "tls": partial(compare, contestant, programs, *how, certificate=certificate),
                "memory": partial(connections.memory_of_idle, contestant, programs),
                "connects": partial(connections.coming_in, contestant, programs, options.rounds),
            }
            if not contestant.has_tls:
                del steps["tls"]
            is_well &= _take(row, steps, options)
            _write(record, options)
        if "c" in options.only and "memory" in options.parts:
            record["loop_memory"] = connections.memory_of_idle(CONTESTANTS[0], programs)
        if "own" in options.parts and "ours" in options.only:
            is_well &= _take(
                record["own"],
                {
                    "held": partial(own.held_by_one_update, programs),
                    "nobody": partial(own.publish_to_nobody, programs, options.rounds),
                    "others": partial(own.beside_others, programs, *how),
                    "topics": partial(wide.many_topics, programs, *how),
                    "storms": partial(wide.storms, programs, options.rounds),
                    "conflated": partial(wide.conflated, programs, options.rounds),
                },
                options,
                is_all=True,
            )
    record["took_s"] = round(time.monotonic() - record.pop("began"))
    record["load_after"] = os.getloadavg()
    _write(record, options, is_last=True)
    return 0 if is_well else 1


def _take(
    row: dict[str, Any],
    steps: Mapping[str, Callable[[], Any]],
    options: argparse.Namespace,
    *,
    is_all: bool = False,
) -> bool:
    """Take the steps that are wanted; one that cannot be taken says why, and the rest go on."""
    is_well = True
    for part, step in steps.items():
        if not is_all and part not in options.parts:
            continue
        try:
            row[part] = step()
        except UnavailableError as error:
            row["unavailable"] = str(error)
            print(f"  not to be had here: {error}", flush=True)
            return is_well
        except (RuntimeError, OSError) as error:
            row[part] = {"failed": str(error)}
        is_well &= "failed" not in row[part]
        print(f"  {part}: {json.dumps(row[part])}", flush=True)
    return is_well


def describe(programs: Programs, options: argparse.Namespace) -> dict[str, Any]:
    """Say what is measured, by what, and where."""
    return {
        "what": "updates to many subscribers: each server beside a C send() loop, in paired rounds",
        "command": "make bench" + (f' ARGS="{options.said}"' if options.said else ""),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "rounds": options.rounds,
        "round_s": options.round_s,
        "machine": {
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "processor": _processor(),
            "cores": os.cpu_count(),
            "load_before": os.getloadavg(),
            "where": "loopback; the server on one core, the load generator on another",
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("uvicorn", "uvloop", "starlette", "pydantic")},
            "compiler": programs.compiler,
            "send loop": how_written(),
            "node": _said("node", "--version"),
            "go": _said("go", "version"),
            "nats-server": NATS[1],
            "pins": {
                file.stem: file.read_text("utf-8").split()
                if file.suffix == ".txt"
                else json.loads(file.read_text("utf-8"))["dependencies"]
                for file in sorted(PINS.iterdir())
            },
        },
        "has_tls": programs.has_tls,
        "servers": {},
        "own": {},
        "began": time.monotonic(),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def _said(*command: str) -> str | None:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _write(record: dict[str, Any], options: argparse.Namespace, *, is_last: bool = False) -> None:
    # after each server, so that what took so long is not lost with the last of it
    if options.output is None:
        return
    kept = {name: value for name, value in record.items() if name != "began"}
    order = {one.name: at for at, one in enumerate(CONTESTANTS)}
    kept["servers"] = dict(sorted(kept["servers"].items(), key=lambda row: order[row[0]]))
    options.output.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")
    if is_last and options.output == RESULTS:
        page.write(kept)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    arguments = sys.argv[1:] if arguments is None else arguments
    names = [one.name for one in CONTESTANTS]
    parser = argparse.ArgumentParser(
        prog="make bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", default="", help=f"some of {','.join(names)}")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="pairs of rounds (%(default)s)")
    parser.add_argument(
        "--round-s", type=float, default=ROUND_S, help="of the core, for each (%(default)s)"
    )
    parser.add_argument("--output", type=Path, help="record here, whatever was measured")
    parser.add_argument(
        "--merge", action="store_true", help="keep what is recorded there and is not measured now"
    )
    options = parser.parse_args(arguments)
    options.said = " ".join(arguments)
    is_whole = not options.only and options.parts == ",".join(PARTS)
    options.only = [name for name in options.only.split(",") if name] or names
    options.parts = options.parts.split(",")
    unknown = {*options.only} - {*names} | {*options.parts} - {*PARTS}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.rounds < 1 or options.round_s <= 0:
        parser.error("at least one round, of more than no time")
    if (is_whole or options.merge) and options.output is None:
        options.output = RESULTS
    return options


if __name__ == "__main__":
    sys.exit(main())
