"""The command line, and programs, each in a process of its own that has its imports already.

Starting Python and importing the framework takes longer than most commands themselves: tests of
what a command does run it here; those of how the program starts, is ended, or looks on a terminal
start it as a shell does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from packages.topicwire.tests.asking import ask

SERVER = Path(__file__).with_name("forking_server.py")


def topicwire(
    folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `topicwire`, whatever its exit code."""
    return _run(folder, None, arguments, environment)


def python(
    folder: Path, code: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `python -c code`, whatever its exit code."""
    return _run(folder, code, arguments, environment)


def _run(
    folder: Path,
    program: str | None,
    arguments: tuple[str, ...],
    environment: Mapping[str, str] | None,
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory() as written:
        output = [Path(written) / name for name in ("stdout", "stderr")]
        for file in output:
            file.touch()
        asked = {
            "folder": str(folder),
            "code": program,
            "arguments": arguments,
            "environment": dict(os.environ if environment is None else environment),
            "output": [str(file) for file in output],
        }
        code: int = ask(sys.executable, SERVER, asked)
        said = [file.read_text(encoding="utf-8") for file in output]
    return subprocess.CompletedProcess(["topicwire", *arguments], code, *said)
