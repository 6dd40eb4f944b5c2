"""`topicwire serve`, as a shell starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from packages.topicwire.tests.forked import topicwire
from websockets.sync.client import connect

from topicwire.asgi.served import THRESHOLDS

PATIENCE_S = 60.0
"""A guard against hanging, not a measure."""

SERVED = """
import gc

from pydantic import BaseModel
from starlette.applications import Starlette
from topicwire import FastWSAdapter, WsRouter


class Ask(BaseModel):
    symbol: str


class Collector(BaseModel):
    frozen: int
    thresholds: tuple[int, int, int]
    socket: bool


router = WsRouter[Ask, Ask](route="quotes")


@router.send("collector", reply="collector.response")
def collector() -> Collector:
    connection, = ws._hub._connections
    return Collector(
        frozen=gc.get_freeze_count(),
        thresholds=gc.get_threshold(),
        socket=connection._transport.direct is not None,
    )


ws = FastWSAdapter(title="Served", version="1", path="/ws")
ws.include_router(router)
app = Starlette()
ws.setup(app)
text = "no application"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(SERVED, encoding="utf-8")
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    (tmp_path / "stops.py").write_text(
        "async def app(scope, receive, send):\n"
        "    await receive()\n"
        "    await send({'type': 'lifespan.startup.failed', 'message': 'not today'})\n",
        encoding="utf-8",
    )
    return tmp_path


@contextmanager
def started(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "topicwire.cli", "serve", "main:app", "--port", "0", *options],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        said = process.stderr.readline()
        port = re.fullmatch(r"serving main:app on http://127\.0\.0\.1:(\d+)\n", said)
        assert port is not None, said
        for line in process.stderr:
            if "Application startup complete" in line:
                break
        yield process, int(port[1])
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("options", [(), ("--reload",), ("--workers", "1", "--compress")], ids=str)
def test_it_is_served_with_the_sockets_and_a_collector_that_rests(
    folder: Path, options: tuple[str, ...]
) -> None:
    with (
        started(folder, *options) as (process, port),
        connect(f"ws://127.0.0.1:{port}/ws", open_timeout=PATIENCE_S) as client,
    ):
        assert client.response is not None
        assert ("Sec-WebSocket-Extensions" in client.response.headers) == ("--compress" in options)
        client.send(json.dumps({"type": "quotes.collector"}))
        found = json.loads(client.recv(PATIENCE_S))["payload"]
        assert found["frozen"] > 10_000
        assert found["thresholds"] == list(THRESHOLDS)
        assert found["socket"]
        client.send(json.dumps({"type": "quotes.subscribe", "payload": {"symbol": "IBM"}}))
        assert json.loads(client.recv(PATIENCE_S))["payload"]["status"] == "ok"
        if not options:
            process.terminate()
            assert process.wait(PATIENCE_S) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nope:app",), "nope:app: there is no module 'nope'."),
        (("main:nope",), "main:nope: main has no 'nope'."),
        (("main:text",), "main:text is of type str: it is to be an ASGI application"),
        (("main",), "'main' is to be `module:app`, such as `main:app`."),
        (("main:app", "--workers", "2"), "--workers 2: an application is served by one process"),
        (("main:app", "--workers", "0"), "--workers is to be 1"),
    ],
)
def test_what_cannot_be_served_is_said(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = topicwire(folder, "serve", *words)
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


def test_the_number_of_processes_may_be_in_the_environment(folder: Path) -> None:
    environment = {**os.environ, "WEB_CONCURRENCY": "4"}
    done = topicwire(folder, "serve", "main:app", environment=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("WEB_CONCURRENCY 4: an application is served by one process")


def test_what_the_module_fails_to_import_is_its_own_error(folder: Path) -> None:
    done = topicwire(folder, "serve", "broken:app")
    assert "broken.py" in done.stderr
    assert "No module named 'nowhere_to_be_found'" in done.stderr


def test_a_taken_port_is_said(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = topicwire(folder, "serve", "main:app", "--port", str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"127.0.0.1:{port} cannot be listened on: ")


def test_one_that_does_not_start_is_a_failure(folder: Path) -> None:
    done = topicwire(folder, "serve", "stops:app", "--port", "0")
    assert done.returncode == 1
    assert "not today" in done.stderr
