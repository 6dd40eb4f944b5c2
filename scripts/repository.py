"""Where things are in this repository."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BACKEND = ROOT / "backend"
FRONTEND = ROOT / "frontend"
BIN = BACKEND / ".venv/bin"
TOOLS = ROOT / ".tools"


def tool_path() -> str:
    """The PATH with the repository's own tools first, however a program of scripts/ is started."""
    return os.pathsep.join([str(BIN), str(TOOLS / "bin"), os.environ.get("PATH", os.defpath)])
