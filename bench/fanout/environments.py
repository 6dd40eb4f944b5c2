"""The peers' environments, made from the registries under the cache folder, once for each pin.

Python: `environments/NAME.txt`, every version pinned. Node: `environments/node.json`. Go: the
module and version in its contestant, or a program of ours with its own go.mod and go.sum.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.fanout.places import CACHE, SERVERS

PINS: Final = Path(__file__).parent / "environments"


class UnavailableError(RuntimeError):
    """An environment cannot be made on this machine; the message says why."""


def ours() -> Path:
    """The Python that runs this: the repository's own environment."""
    return Path(sys.executable)


def python(name: str) -> Path:
    """The Python of a peer.

    Raises:
        UnavailableError: pip refuses.
    """
    pins = PINS / f"{name}.txt"

    def make(folder: Path) -> None:
        venv.create(folder, with_pip=True)
        pip = [folder / "bin/python", "-m", "pip", "install", "--disable-pip-version-check"]
        _run([*map(str, pip), "--quiet", "-r", str(pins)])

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return _made(f"python-{name}", [version, pins.read_text("utf-8")], make) / "bin/python"


def node() -> Path:
    """The folder that has the Node peers' `node_modules`.

    Raises:
        UnavailableError: there is no Node, or npm refuses.
    """
    pins = PINS / "node.json"

    def make(folder: Path) -> None:
        folder.mkdir()
        shutil.copy(pins, folder / "package.json")
        options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        _run(["npm", "install", "--silent", *options], folder=folder)

    return _made("node", [pins.read_text("utf-8")], make)


def go_install(module: str, version: str) -> Path:
    """The folder with a Go program, built from its module.

    Raises:
        UnavailableError: there is no Go, or the module is not to be had.
    """

    def make(folder: Path) -> None:
        folder.mkdir()
        _run(["go", "install", f"{module}@{version}"], GOBIN=str(folder))

    return _made(f"go-{Path(module).parent.name}", [module, version], make)


def go_build(name: str) -> Path:
    """The folder with a Go program of ours, from `servers/NAME`.

    Raises:
        UnavailableError: there is no Go, or it does not build.
    """
    source = SERVERS / name

    def make(folder: Path) -> None:
        folder.mkdir()
        _run(["go", "build", "-o", str(folder / "server"), "."], folder=source)

    return _made(name, [one.read_text("utf-8") for one in sorted(source.iterdir())], make)


def _made(name: str, parts: Sequence[str], make: Callable[[Path], None]) -> Path:
    """Make a folder, unless it is there: named by what it is made from, whole or not at all."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    folder = CACHE / f"{name}-{digest}"
    whole = folder / "whole.json"
    if not whole.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        print(f"making {folder}", flush=True)
        make(folder)
        whole.write_text(json.dumps(name), encoding="utf-8")
    return folder


def _run(command: Sequence[str], folder: Path | None = None, **environment: str) -> None:
    # a GOBIN or PYTHONPATH of the person's own would be in the way
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**kept, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise UnavailableError(f"{command[0]} is not installed") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise UnavailableError(f"{' '.join(command[:3])}: {said[-1][:300] if said else 'failed'}")
