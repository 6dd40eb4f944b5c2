"""Poetry, for the specification's `poetry run ...` lines: pinned, in an environment of its own."""

from __future__ import annotations

import shutil

from scripts.repository import ROOT, TOOLS
from scripts.setup import node, python_env
from scripts.setup.console import doing, run
from scripts.setup.stamp import Stamp

LOCK = ROOT / "scripts/setup/poetry.lock"

_ENVIRONMENT = TOOLS / "poetry"


def ensure() -> None:
    """Leaves a `poetry` on the PATH of the make targets; the machine's own if it has one.

    It only runs commands in backend/.venv, which poetry.toml points at; it installs nothing there.
    """
    stamp = Stamp(_ENVIRONMENT / ".topicwire-stamp", LOCK)
    if stamp.is_current() or (not _ENVIRONMENT.exists() and shutil.which("poetry")):
        return
    python_env.ensure()
    with doing("Poetry, for `poetry run` in backend/"):
        python_env.create(_ENVIRONMENT, "--without-pip")
        python = _ENVIRONMENT / "bin/python"
        run(
            python_env.UV,
            *("pip", "sync", "--python", python, "--require-hashes", LOCK),
            cure="Look at the network and run the same again, or install Poetry yourself.",
        )
        node.link("poetry", _ENVIRONMENT / "bin/poetry")
        stamp.write()
