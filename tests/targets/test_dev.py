"""`make dev` for real: what it serves, how it follows changes, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socket import create_connection, create_server

import pytest
from tests.quickstart.checkout import Checkout, environment, fetched, free_port
from websockets.sync.client import connect

DOCUMENT = "/api/v1/ws/asyncapi.json"
TEMPLATE = "backend/src/trading_api/shared/ws/generic_route.py"
MODELS = "backend/src/trading_api/models/market/quotes.py"


class Running:
    """A `make dev` under way: where it serves and what it said so far."""

    def __init__(
        self, checkout: Checkout, host: str, ports: tuple[int, int], said: Callable[[], str]
    ) -> None:
        self.checkout = checkout
        self.ports = ports
        self.api, self.page = (f"http://{host}:{port}" for port in ports)
        self.said = said

    def fetch(self, url: str, holds: Callable[[str], bool] = bool) -> str:
        return fetched(url, holds, self.said)

    def says(self, text: str) -> None:
        """Waits until it was said; the page must answer then."""
        self.fetch(self.page + "/", lambda _: text in self.said())


@pytest.fixture
def host() -> str:
    return "127.0.0.1"


@pytest.fixture
def running(checkout: Checkout, host: str) -> Iterator[Running]:
    api, page = free_port(), free_port()
    variables = {
        "HOST": host,
        "BACKEND_PORT": str(api),
        "FRONTEND_PORT": str(page),
        "UVICORN_LOG_LEVEL": "debug",
    }
    with checkout.serving("dev", ".", **variables) as said:
        started = Running(checkout, host, (api, page), said)
        started.says("Ctrl-C stops everything")
        yield started
    assert _processes(checkout.path) == []


def _processes(folder: Path) -> list[tuple[int, str]]:
    """The processes that run in this folder: process id and command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            where = (entry / "cwd").readlink()
        except OSError:  # it ended meanwhile
            continue
        if where.is_relative_to(folder) and command:
            found.append((int(entry.name), command.replace("\0", " ")))
    return found


def _edit(checkout: Checkout, name: str, old: str, new: str) -> None:
    path = checkout.path / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_serves_what_it_says_and_follows_changes(running: Running) -> None:
    """checklist 9, 19, 36: page, documents and debug log; edits good and bad; nothing left over."""
    said = running.said()
    for port, path in zip(running.ports, ("/api/v1/ws/asyncapi", "/"), strict=True):
        assert f"http://localhost:{port}{path}" in said
    assert '<div id="app"' in running.fetch(running.page + "/")
    assert "<html" in running.fetch(running.api + "/api/v1/ws/asyncapi")
    assert "<html" in running.fetch(running.api + "/api/v1/docs")
    through_the_page = json.loads(running.fetch(running.page + DOCUMENT))["channels"]
    assert through_the_page == json.loads(running.fetch(running.api + DOCUMENT))["channels"]
    _subscribes(running)
    running.fetch(running.page + "/", lambda _: "DEBUG" in running.said())
    assert running.checkout.changed() == set()  # what is committed is what is generated

    _a_changed_model_reaches_server_and_page(running)
    _a_half_written_file_leaves_the_servers_as_they_were(running)
    _a_backend_that_dies_is_told_and_comes_back(running)


def _subscribes(running: Running) -> None:
    with connect(f"{running.page.replace('http', 'ws')}/api/v1/ws") as socket:
        socket.send('{"type":"quotes.subscribe","id":1,"payload":{"symbol":"AAPL"}}')
        assert json.loads(socket.recv(timeout=30))["payload"]["status"] == "ok"
        assert json.loads(socket.recv(timeout=30))["type"] == "quotes.update"


def _a_changed_model_reaches_server_and_page(running: Running) -> None:
    optional = "    venue: str | None = None\n"
    _edit(running.checkout, MODELS, "    bid: float\n", f"{optional}    bid: float\n")
    types = running.checkout.path / "frontend/src/clients/ws-types-generated/index.ts"
    running.fetch(running.api + DOCUMENT, lambda body: '"venue"' in body)
    running.fetch(running.page + "/", lambda _: "venue" in types.read_text())


def _a_half_written_file_leaves_the_servers_as_they_were(running: Running) -> None:
    before = running.fetch(running.api + DOCUMENT)
    template = (running.checkout.path / TEMPLATE).read_text()
    (running.checkout.path / TEMPLATE).write_text(template[: len(template) // 2] + "\n    def (")
    running.says("the previous ones stay")
    running.says("the backend goes on as it was")
    assert running.fetch(running.api + DOCUMENT) == before
    (running.checkout.path / TEMPLATE).write_text(template)
    running.says("backend restarted")


def _a_backend_that_dies_is_told_and_comes_back(running: Running) -> None:
    (backend,) = (
        pid for pid, command in _processes(running.checkout.path) if "-m trading_api" in command
    )
    os.kill(backend, signal.SIGKILL)
    running.says("the backend ended by itself (signal SIGKILL)")
    _edit(running.checkout, TEMPLATE, '"Subscribed"', '"Welcome"')
    running.fetch(running.api + "/api/v1/health")


@pytest.mark.parametrize("host", ["127.0.0.2"])
def test_serves_at_another_host_alone(running: Running, host: str) -> None:
    """The page's server asks the backend at the host that was chosen."""
    assert f"http://{host}:{running.ports[1]}/" in running.said()
    assert "bars" in json.loads(running.fetch(running.page + DOCUMENT))["channels"]
    for port in running.ports:
        with pytest.raises(ConnectionRefusedError):
            create_connection(("127.0.0.1", port))


@pytest.mark.parametrize("variable", ["BACKEND_PORT", "FRONTEND_PORT"])
def test_a_taken_port_starts_nothing(checkout: Checkout, variable: str) -> None:
    with closing(create_server(("127.0.0.1", 0))) as server:
        taken = server.getsockname()[1]
        ports = {"BACKEND_PORT": str(free_port()), "FRONTEND_PORT": str(free_port())}
        done = subprocess.run(
            ["make", "dev"],
            cwd=checkout.path,
            env=environment() | ports | {variable: str(taken)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert f"Port {taken} on 127.0.0.1 is taken" in done.stderr
    assert f"{variable}=" in done.stderr
    assert "generat" not in done.stdout
    (other,) = (int(port) for name, port in ports.items() if name != variable)
    with pytest.raises(ConnectionRefusedError):
        create_connection(("127.0.0.1", other))
