"""ASGI servers of every kind, each a process of its own that serves `served_app`."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

APP = "packages.topicwire.tests.asgi.served_app:app"
GUNICORN = ("gunicorn", APP, "--bind", "127.0.0.1:0", "--no-control-socket")
GUNICORN_WORKER = "packages.topicwire.tests.asgi.gunicorn_worker.Worker"
END_S = 30.0
"""A guard against hanging, not a measure."""


@dataclass(frozen=True)
class Kind:
    """A server, and how it differs where a client can tell.

    Attributes:
        words: its command line; `{port}` is a port that is free.
        ready: what it says when it listens, with its port where it was not told one.
        hands_over_signals: SIGTERM drains: it takes signals as `signal.signal` does.
    """

    words: tuple[str, ...]
    ready: str
    hands_over_signals: bool = True


def _uvicorn(implementation: str) -> Kind:
    words = ("uvicorn", APP, "--port", "0", "--ws", implementation)
    return Kind(words, r"running on http://127\.0\.0\.1:(\d+)")


def _gunicorn(worker: str, *, hands_over_signals: bool) -> Kind:
    words = (*GUNICORN, "--worker-class", worker)
    ready = r"Listening at: http://127\.0\.0\.1:(\d+)"
    return Kind(words, ready, hands_over_signals=hands_over_signals)


KINDS = {
    "ours": _uvicorn("topicwire.asgi.uvicorn:WebSocketProtocol"),
    "uvicorn websockets-sansio": _uvicorn("websockets-sansio"),
    "uvicorn websockets": _uvicorn("websockets"),
    "uvicorn wsproto": _uvicorn("wsproto"),
    "hypercorn": Kind(
        ("hypercorn", APP, "--bind", "127.0.0.1:0"),
        r"Running on http://127\.0\.0\.1:(\d+)",
        hands_over_signals=False,
    ),
    "granian": Kind(
        ("granian", APP, "--interface", "asgi", "--port", "{port}"),
        r"Started worker-1",
        hands_over_signals=False,
    ),
    "gunicorn, uvicorn's worker": _gunicorn(GUNICORN_WORKER, hands_over_signals=True),
    "gunicorn": _gunicorn("asgi", hands_over_signals=False),
}


@dataclass
class Served:
    """A server that listens."""

    kind: Kind
    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        """Of its WebSocket."""
        return f"ws://127.0.0.1:{self.port}/api/v1/ws"

    def end(self) -> str:
        """Wait for its end, which a test has brought about; return what it said."""
        return self.process.communicate(timeout=END_S)[0]


@contextmanager
def served(kind: Kind) -> Iterator[Served]:
    """Start a server; it is killed afterwards if it still runs."""
    with _free_port() as port:
        process = subprocess.Popen(
            [sys.executable, "-m", *(word.format(port=port) for word in kind.words)],
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,  # to end what it starts, too
        )
        try:
            server = Served(kind, process, _ready(process, kind.ready) or port)
            _let_in(server)
            yield server
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def _ready(process: subprocess.Popen[str], ready: str) -> int:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        found = re.search(ready, line)
        if found is not None:
            return int(found[1]) if found.groups() else 0
    raise AssertionError(said)


def _let_in(server: Served) -> None:
    """Ask until it listens: granian says nothing of that."""
    while server.process.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", server.port)) == 0:
                return
    raise AssertionError(server.end())


@contextmanager
def _free_port() -> Iterator[int]:
    """Hold a port that a server which shares its port with others (SO_REUSEPORT) can listen on."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
