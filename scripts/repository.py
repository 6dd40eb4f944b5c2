"""Where things are in this repository."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"
BIN = BACKEND / ".venv/bin"
TOOLS = ROOT / ".tools"


def tool_environment() -> dict[str, str]:
    """The environment for generators and checkers: ours first, and of the application all of it."""
    environment = {**os.environ, "PATH": tool_path()}
    # Generators run in backend/; a path that they print is opened from where the person is.
    environment.setdefault("TOPICWIRE_PATHS_FROM", str(Path.cwd()))
    # Chooses what a server serves; the committed documents are of every module.
    environment.pop("ENABLED_MODULES", None)
    return environment


def tool_path() -> str:
    """The PATH with the repository's own tools first, however a program of scripts/ is started."""
    return os.pathsep.join([str(BIN), str(TOOLS / "bin"), os.environ.get("PATH", os.defpath)])
