"""The server as it is started: `uvicorn trading_api.main:app` and `python -m trading_api`."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from trading_api import __version__
from trading_api.shared.logs import configure_logging

BACKEND = Path(__file__).parents[1]
PATIENCE_S = 60


def environment(**variables: str) -> dict[str, str]:
    dropped = {"ENABLED_MODULES", "BACKEND_PORT", "HOST", "UVICORN_LOG_LEVEL"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return kept | {"PYTHONUNBUFFERED": "1"} | variables


@contextmanager
def started(*command: str, **variables: str) -> Iterator[tuple[int, list[str]]]:
    """A server process: its port, and what it has logged so far."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=BACKEND,
        env=environment(**variables),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    assert process.stderr is not None
    try:
        for line in process.stderr:
            lines.append(line.rstrip())
            if running := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
                yield int(running[1]), lines
                break
        else:
            pytest.fail("the server ended:\n" + "\n".join(lines))
        process.send_signal(signal.SIGINT)
        lines += process.communicate(timeout=PATIENCE_S)[1].splitlines()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def follow_a_quote(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/api/v1/ws", open_timeout=PATIENCE_S) as connection:
        connection.send(json.dumps({"type": "quotes.subscribe", "payload": {"symbol": "IBM"}}))
        reply, *updates = (json.loads(connection.recv(PATIENCE_S)) for _ in range(3))
    assert reply["payload"]["status"] == "ok"
    assert [update["type"] for update in updates] == ["quotes.update"] * 2


def test_debug_shows_each_subscription_and_each_publish() -> None:
    """checklist 33, 36: UVICORN_LOG_LEVEL=debug shows what trading_api.ws does."""
    with started("trading_api", BACKEND_PORT="0", UVICORN_LOG_LEVEL="debug") as (port, lines):
        follow_a_quote(port)
    of_ws = [line for line in lines if "trading_api.ws" in line]
    topic = re.escape('quotes:{"symbol":"IBM"}')
    assert any(re.search(f"DEBUG.*subscri.*{topic}", line) for line in of_ws), "\n".join(of_ws)
    published = f"DEBUG.*publish.*{topic}.*subscribers 1"
    assert any(re.search(published, line) for line in of_ws), "\n".join(of_ws)


def test_without_debug_no_line_a_message() -> None:
    command = ("uvicorn", "trading_api.main:app", "--port", "0")
    with started(*command) as (port, lines):
        follow_a_quote(port)
        assert httpx.get(f"http://127.0.0.1:{port}/api/v1/health").status_code == 200
    assert not [line for line in lines if "DEBUG" in line]


def test_a_taken_port_is_said_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "trading_api"],
            env=environment(BACKEND_PORT=port),
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith(
        f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    )
    assert "set HOST or BACKEND_PORT" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_setting_that_cannot_be_used_is_named() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "trading_api"],
        env=environment(BACKEND_PORT="http"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("BACKEND_PORT is 'http'")


def test_the_version_is_that_of_the_package() -> None:
    assert f'version = "{__version__}"' in (BACKEND / "pyproject.toml").read_text()


@pytest.fixture
def loggers() -> Iterator[list[logging.Logger]]:
    """The loggers that `configure_logging` touches, put back afterwards."""
    touched = [logging.getLogger(name) for name in ("trading_api", "topicwire", "uvicorn.error")]
    before = [(logger.level, list(logger.handlers)) for logger in touched]
    yield touched
    for logger, (level, handlers) in zip(touched, before, strict=True):
        logger.setLevel(level)
        logger.handlers = handlers


def test_uvicorns_level_is_ours(
    loggers: list[logging.Logger], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, framework, uvicorn_logger = loggers
    uvicorn_logger.setLevel(logging.WARNING)
    configure_logging()
    assert (ours.level, framework.level) == (logging.WARNING, logging.WARNING)
    uvicorn_logger.setLevel(logging.NOTSET)
    monkeypatch.setenv("UVICORN_LOG_LEVEL", "DEBUG")
    configure_logging()
    assert ours.level == logging.DEBUG
    assert len(ours.handlers) == len(framework.handlers) == 1
