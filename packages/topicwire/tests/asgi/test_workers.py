"""One process serves an application: servers that were told to run several do not start."""

from __future__ import annotations

import subprocess
import sys

import pytest
from packages.topicwire.tests.asgi.servers import APP, GUNICORN, GUNICORN_WORKER

PATIENCE_S = 60.0
SEVERAL = "served by 2 worker processes, and can be by 1"


def served(*words: str) -> str:
    """Return what a server has said until it ended, as it has to by itself."""
    done = subprocess.run(
        [sys.executable, "-m", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
    return done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("uvicorn", APP, "--port", "0", "--workers", "2"),
        ("hypercorn", APP, "--bind", "127.0.0.1:0", "--workers", "2"),
        ("granian", APP, "--interface", "asgi", "--port", "0", "--workers", "2"),
        (*GUNICORN, "--workers", "2", "--worker-class", GUNICORN_WORKER),
        (*GUNICORN, "--workers", "2", "--worker-class", "asgi"),
    ],
    ids=lambda words: f"{words[0]} {words[-1].rpartition('.')[2]}",
)
def test_a_server_of_several_processes_ends_and_says_why(words: tuple[str, ...]) -> None:
    said = served(*words)
    assert SEVERAL in said, said
    assert "running on" not in said.split(SEVERAL)[-1], said
    assert "startup complete" not in said, said
