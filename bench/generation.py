"""How long generating 100 routes takes: routers, document and clients, once and while editing.

`python bench/generation.py` makes an application of 100 declarations in 20 modules, each of two
models of its own, with the template of this repository, and runs the commands as a person does,
process start included. Cold: nothing generated, nothing cached, and no module of the application
compiled; of the tool itself and what is installed, Python's compiled files are there, as after the
first run ever, in a folder of the measurement's own: whatever the environment says of them
(`PYTHONDONTWRITEBYTECODE`, say) decides nothing. Checks are of what is fresh: of documents and
clients where they were found right before, and with `--anew`, which makes them in any case.
Watching: from a save to the new types on disk, by turns of a model and a `ws.py`. It writes
`results/generation.json`, and fails when a bound does not hold.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "backend/src/trading_api/shared/ws/generic_route.py"
RESULTS = ROOT / "bench/results/generation.json"

MODULES = 20
ROUTERS_PER_MODULE = 5
RUNS = 11
SAVES = 21
PATIENCE_S = 60.0
POLL_S = 0.004  # looking more often would take a processor from what is measured
BOUNDS_S = {
    "generate": 1.5,
    "document": 1.0,
    "typescript": 1.0,
    "python client": 1.0,
    "generate --check": 0.3,
    "document --check": 0.3,
    "typescript --check": 0.3,
    "python client --check": 0.3,
    "watch, a model saved": 1.0,
    "watch, a ws.py saved": 1.0,
}
"""Of the medians. With `--anew` there are none: a check then makes all that the command does."""

COMMANDS = {
    "generate": ("generate",),
    "document": ("spec",),
    "typescript": ("client", "typescript"),
    "python client": ("client", "python", "--folder", "python"),
}
MAIN = """\
from fastapi import FastAPI

from topicwire import FastWSAdapter, OperationRouter
{imports}

def create_app() -> tuple[FastAPI, FastWSAdapter]:
    api = FastAPI(title="Acme")
    ws = FastWSAdapter(title="Acme", version="1.0.0")
    for module in ({modules}):
        for value in vars(module).values():
            if isinstance(value, OperationRouter):
                ws.include_router(value)
    ws.setup(api)
    return api, ws
"""
SETTINGS = """\
[tool.topicwire]
package = "acme"
app = "acme.main:create_app"

[tool.topicwire.typescript]
types = "page/types"
client = "page/client"

[tool.ruff]
line-length = 100
"""


@dataclass(slots=True)
class Row:
    """The runs of one measurement: seconds by the clock, and of the processors."""

    took_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    @property
    def median_s(self) -> float:
        """By the clock."""
        return statistics.median(self.took_s)

    def summary(self) -> dict[str, float]:
        """The spread of the runs."""
        row = {
            "median_s": round(self.median_s, 3),
            "fastest_s": round(min(self.took_s), 3),
            "slowest_s": round(max(self.took_s), 3),
        }
        return row | ({"cpu_s": round(statistics.median(self.cpu_s), 3)} if self.cpu_s else {})


def application(root: Path) -> None:
    """Writes the application's files below `root`."""
    package = root / "src/acme"
    (package / "shared/ws").mkdir(parents=True)
    shutil.copy(TEMPLATE, package / "shared/ws/generic_route.py")
    (root / "pyproject.toml").write_text(SETTINGS)
    modules = [f"m{number}" for number in range(MODULES)]
    imports = "".join(f"from acme.modules.{one} import ws as {one}\n" for one in modules)
    main = MAIN.format(imports=imports, modules=", ".join(modules))
    (package / "main.py").write_text(main)
    for name in ("", "models", "modules", "shared", "shared/ws"):
        folder = package / name
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    for number in range(MODULES):
        names = [f"M{number}R{router}" for router in range(ROUTERS_PER_MODULE)]
        models = [model for name in names for model in (f"{name}Request", f"{name}Data")]
        fields = "\n    symbol: str\n    price: float\n    quantity: float\n    time: int\n\n"
        classes = "\n".join(f"class {model}(BaseModel):{fields}" for model in models)
        (package / f"models/m{number}.py").write_text(
            f"from pydantic import BaseModel\n\n\n{classes}"
        )
        declared = "\n".join(
            f"    {name}WsRouter: TypeAlias = WsRouter[{name}Request, {name}Data]" for name in names
        )
        imported = ", ".join(models)
        generated = ", ".join(f"{name}WsRouter" for name in names)
        made = "\n".join(
            f'{name.lower()} = {name}WsRouter(route="{name.lower()}")' for name in names
        )
        folder = package / f"modules/m{number}"
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "ws.py").write_text(
            "from typing import TYPE_CHECKING, TypeAlias\n\n"
            f"from acme.models.m{number} import {imported}\n"
            "from acme.shared.ws.generic_route import WsRouter\n\n"
            f"if TYPE_CHECKING:\n{declared}\n"
            f"else:\n    from .ws_generated import {generated}\n\n{made}\n"
        )


def clear(root: Path, what: str) -> None:
    """Removes what the command writes, every cache, and the application's compiled modules."""
    shutil.rmtree(root / ".topicwire_cache", ignore_errors=True)
    folders = [root.parent / "compiled" / root.relative_to(root.anchor)]
    if what == "generate":
        folders += root.glob("src/acme/modules/*/ws_generated")
        (root / "generated/topicwire.json").unlink(missing_ok=True)
    elif what == "document":
        (root / "generated/asyncapi.json").unlink(missing_ok=True)
    else:
        folders.append(root / ("page" if what == "typescript" else "python"))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def environment(root: Path) -> dict[str, str]:
    """Of every command: Python keeps what it compiles, beside the application's folder."""
    kept = {name: one for name, one in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(root.parent / "compiled")}


def topicwire(*arguments: str) -> list[str]:
    """The command line, as it is installed."""
    return [str(Path(sys.executable).with_name("topicwire")), *arguments]


def run(root: Path, row: Row, *arguments: str) -> None:
    """From the start of the process to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    command = topicwire(*arguments)
    subprocess.run(command, cwd=root, check=True, capture_output=True, env=environment(root))
    row.took_s.append(time.perf_counter() - started)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    row.cpu_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def commands(root: Path) -> dict[str, Row]:
    """Each command from cold, and its `--check` of what is fresh."""
    rows: dict[str, Row] = {}
    for name, words in COMMANDS.items():
        run(root, Row(), *words)  # Python compiles the tool's modules once
        cold, check = Row(), Row()
        for _ in range(RUNS):
            clear(root, name)
            run(root, cold, *words)
        run(root, Row(), *words, "--check")  # notes what a cold run could not
        for _ in range(RUNS):
            run(root, check, *words, "--check")
        rows |= {name: cold, f"{name} --check": check}
        if name != "generate":
            rows[f"{name} --check --anew"] = anew = Row()
            for _ in range(RUNS):
                run(root, anew, *words, "--check", "--anew")
        print(f"{name}: {cold.median_s:.3f} s, --check: {check.median_s:.3f} s", file=sys.stderr)
    written = list(root.glob("src/acme/modules/*/ws_generated/*wsrouter.py"))
    assert len(written) == MODULES * ROUTERS_PER_MODULE
    return rows


@contextmanager
def watching(root: Path) -> Iterator[None]:
    """A watcher that has generated once."""
    words = topicwire("generate", "--watch", "--json")
    with subprocess.Popen(
        words, cwd=root, stdout=subprocess.PIPE, text=True, env=environment(root)
    ) as process:
        assert process.stdout is not None
        events = (json.loads(line)["event"] for line in process.stdout)
        assert "generated" in events
        try:
            yield
        finally:
            process.terminate()


def saved(path: Path, text: str, types: Path, shown: str) -> float:
    """Seconds from saving a file, as editors do, until the types on disk show it."""
    staged = path.with_suffix(".new")
    staged.write_text(text)
    started = time.perf_counter()
    staged.replace(path)
    while shown not in types.read_text():
        if time.perf_counter() - started > PATIENCE_S:
            message = f"{path} was saved, and {PATIENCE_S:.0f} s later its types are not there"
            raise TimeoutError(message)
        threading.Event().wait(POLL_S)
    return time.perf_counter() - started


def watch(root: Path) -> dict[str, Row]:
    """By turns, a field is added to a model, and a router is declared for another payload."""
    model, ws = root / "src/acme/models/m3.py", root / "src/acme/modules/m3/ws.py"
    fields, declared = model.read_text(), ws.read_text()
    types, client = root / "page/types/index.ts", root / "page/client/index.ts"
    rows = {name: Row() for name in BOUNDS_S if name.startswith("watch")}
    of_model, of_ws = rows.values()
    with watching(root):
        for number in range(SAVES):
            added = fields.replace("symbol: str", f"symbol: str\n    extra_{number}: int", 1)
            of_model.took_s.append(saved(model, added, types, f"extra_{number}:"))
            other = "M3R1Data" if number % 2 == 0 else "M3R0Data"
            text = declared.replace("[M3R0Request, M3R0Data]", f"[M3R0Request, {other}]")
            route = f"m3r0: Route<M3R0Request, {other},"
            of_ws.took_s.append(saved(ws, text, client, route))
    return rows


def main() -> int:
    """Measures, prints, records; 1 when a median is over its bound."""
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        root = Path(folder) / "acme"
        root.mkdir()
        application(root)
        rows = commands(root) | watch(root)
    result = {
        "what": f"{MODULES * ROUTERS_PER_MODULE} routes in {MODULES} modules, two models each, "
        "process start included, nothing cached; medians of the runs",
        "command": "python bench/generation.py",
        "runs": RUNS,
        "saves": SAVES,
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("ruff", "fastapi", "pydantic")},
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load_before": round(load, 2),
        "bounds_s": BOUNDS_S,
        "results": {name: row.summary() for name, row in rows.items()},
    }
    print(json.dumps(result, indent=2))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    over = [name for name, bound in BOUNDS_S.items() if rows[name].median_s >= bound]
    for name in over:
        print(f"{name}: over the bound of {BOUNDS_S[name]} s", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
