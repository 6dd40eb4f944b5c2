"""How long comparing two documents of 100 routes takes, the start of the process included.

`python bench/diff.py` makes a document of 100 routes with models of their own, and one of the same
application in which nothing, one route or every route has changed, and runs `topicwire diff` as a
person does. It writes `results/diff.json`, and fails when a bound does not hold. The bound is of
what the process computes, since that does not depend on what else the machine does.
"""

from __future__ import annotations

import copy
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel, create_model

from topicwire import FastWSAdapter, WsRouter
from topicwire.asyncapi.document import build

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench/results/diff.json"

ROUTES = 100
FIELDS = 10
RUNS = 11
BOUND_S = 1.0
CHANGED = {"nothing": 0, "one route": 1, "every route": ROUTES}

Document = dict[str, Any]


def document() -> Document:
    """The document of 100 routes, each of three models of its own."""
    adapter = FastWSAdapter(title="Bench", version="1.0.0")
    generic: Any = WsRouter
    several: Any = list
    for number in range(ROUTES):
        level = create_model(f"Level{number}", price=(float, ...), size=(int, ...))
        many: dict[str, Any] = {f"field{one}": (int, ...) for one in range(FIELDS)}
        data = create_model(
            f"Data{number}",
            __base__=BaseModel,
            symbol=(str, ...),
            levels=(several[level], ...),
            note=(str | None, None),
            **many,
        )
        request = create_model(f"Request{number}", symbol=(str, ...), depth=(int, 1))
        adapter.include_router(generic[request, data](route=f"route{number}"))
    built: Document = json.loads(json.dumps(build(adapter)))
    return built


def changed(old: Document, routes: int) -> Document:
    """The document with four changes in each of so many routes, three of them breaking."""
    new = copy.deepcopy(old)
    for number in range(routes):
        schemas = new["components"]["schemas"]
        data = schemas[f"Data{number}"]
        data["required"].remove("field3")
        data["properties"]["field4"] = {"type": "number"}
        schemas[f"Level{number}"]["properties"]["size"]["minimum"] = 0
        schemas[f"Request{number}"]["required"].append("depth")
    return new


def timed(folder: Path, name: str, expected: int) -> tuple[float, float]:
    """Seconds from the start of the process to its end, and those that it computed."""
    command = [str(Path(sys.executable).with_name("topicwire")), "diff", "--json", "old", name]
    before = os.times()
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    took_s, after = time.perf_counter() - started, os.times()
    assert json.loads(done.stdout)["summary"]["breaking"] == expected, done.stdout + done.stderr
    computed_s = after.children_user - before.children_user
    return took_s, computed_s + after.children_system - before.children_system


def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Each comparison, several times."""
    old = document()
    (folder / "old").write_text(json.dumps(old))
    found: dict[str, dict[str, float]] = {}
    for what, routes in CHANGED.items():
        (folder / what).write_text(json.dumps(changed(old, routes)))
        timed(folder, what, 3 * routes)  # Python compiles the tool's modules once
        runs = [timed(folder, what, 3 * routes) for _ in range(RUNS)]
        took, computed = zip(*runs, strict=True)
        found[what] = {
            "median_s": round(statistics.median(took), 3),
            "fastest_s": round(min(took), 3),
            "slowest_s": round(max(took), 3),
            "median_computed_s": round(statistics.median(computed), 3),
        }
    return found


def main() -> int:
    """Measures, prints, records; 1 when a median is over its bound."""
    with TemporaryDirectory() as folder:
        found = measure(Path(folder))
    result = {
        "what": f"topicwire diff of two documents of {ROUTES} routes in which nothing, one route "
        "or every route has changed, process start included; medians of the runs",
        "command": "python bench/diff.py",
        "runs": RUNS,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "bound_s": BOUND_S,
        "found": found,
    }
    RESULTS.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(found, indent=2))
    return int(any(one["median_computed_s"] > BOUND_S for one in found.values()))


if __name__ == "__main__":
    raise SystemExit(main())
