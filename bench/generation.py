"""How long generating 100 routers takes, and how long checking them.

`python bench/generation.py` makes an application of 100 declarations in 20 modules, each of two
models of its own, with the template of this repository, and runs the command as a person does:
process start included, nothing generated and nothing cached before. It writes
`results/generation.json`, and fails when a bound does not hold.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "backend/src/trading_api/shared/ws/generic_route.py"
RESULTS = ROOT / "bench/results/generation.json"

MODULES = 20
ROUTERS_PER_MODULE = 5
RUNS = 11
BOUNDS_S = {"generate": 2.0, "check": 0.5}


def application(root: Path) -> None:
    """Writes the application's files below `root`."""
    package = root / "src/acme"
    (package / "shared/ws").mkdir(parents=True)
    shutil.copy(TEMPLATE, package / "shared/ws/generic_route.py")
    tool = '[tool.topicwire]\npackage = "acme"\n\n[tool.ruff]\nline-length = 100\n'
    (root / "pyproject.toml").write_text(tool)
    for folder in (package, package / "models", package / "shared", package / "shared/ws"):
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


def clear(root: Path) -> None:
    """Removes everything that a run leaves."""
    shutil.rmtree(root / ".topicwire_cache", ignore_errors=True)
    shutil.rmtree(root / "generated", ignore_errors=True)
    for folder in root.glob("src/acme/modules/*/ws_generated"):
        shutil.rmtree(folder)


def timed(root: Path, *arguments: str) -> float:
    """Seconds from the start of the process to its end."""
    command = [str(Path(sys.executable).with_name("topicwire")), "generate", *arguments]
    started = time.perf_counter()
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    return time.perf_counter() - started


def summary(runs: list[float]) -> dict[str, float]:
    """The spread of the runs, in seconds."""
    return {
        "median_s": round(statistics.median(runs), 3),
        "fastest_s": round(min(runs), 3),
        "slowest_s": round(max(runs), 3),
    }


def measure(root: Path) -> dict[str, dict[str, float]]:
    """Both commands, several times each."""
    application(root)
    timed(root)  # Python compiles the tool's modules once
    generating: list[float] = []
    for _ in range(RUNS):
        clear(root)
        generating.append(timed(root))
    written = list(root.glob("src/acme/modules/*/ws_generated/*wsrouter.py"))
    assert len(written) == MODULES * ROUTERS_PER_MODULE
    checking: list[float] = []
    for _ in range(RUNS):
        shutil.rmtree(root / ".topicwire_cache", ignore_errors=True)
        checking.append(timed(root, "--check"))
    return {"generate": summary(generating), "check": summary(checking)}


def main() -> int:
    """Measures, prints, records; 1 when a median is over its bound."""
    with TemporaryDirectory() as folder:
        found = measure(Path(folder))
    result = {
        "what": f"{MODULES * ROUTERS_PER_MODULE} routers in {MODULES} modules, process start "
        "included, nothing cached; medians of the runs",
        "command": "python bench/generation.py",
        "runs": RUNS,
        "python": platform.python_version(),
        "ruff": version("ruff"),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "bounds_s": BOUNDS_S,
        "results": found,
    }
    print(json.dumps(result, indent=2))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    over = [name for name, bound in BOUNDS_S.items() if found[name]["median_s"] >= bound]
    for name in over:
        print(f"{name}: over the bound of {BOUNDS_S[name]} s", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
