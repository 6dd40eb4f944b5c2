"""How the set-up talks: a line for each thing it does, a command's output only when it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scripts.repository import ROOT


class SetupError(Exception):
    """The set-up cannot go on; the message says what to do."""


@contextmanager
def doing(title: str) -> Generator[None]:
    """Names what is under way, and how long it took once it is done."""
    started = time.monotonic()
    print(f"set-up: {title} ...", file=sys.stderr, flush=True)
    yield
    took = time.monotonic() - started
    print(f"set-up: {title}: done in {took:.1f} s", file=sys.stderr, flush=True)


def run(
    *command: str | Path, cure: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> str:
    """Runs the command quietly and returns its output.

    Raises:
        SetupError: The command failed or is not there; carries its output and `cure`.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        message = f"`{' '.join(words)}` could not be started: {error}\n{cure}"
        raise SetupError(message) from error
    if done.returncode != 0:
        message = f"`{' '.join(words)}` failed (exit {done.returncode}):\n{done.stdout}\n{cure}"
        raise SetupError(message)
    return done.stdout
