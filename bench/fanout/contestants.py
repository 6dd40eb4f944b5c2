"""Who is measured: how each is started, and how its clients subscribe.

Each peer is set up the way its own documentation says: `servers/` has the programs.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.fanout import environments
from bench.fanout.generator import Dialect
from bench.fanout.native import Programs
from bench.fanout.places import ROOT, SERVERS

NATS: Final = ("github.com/nats-io/nats-server/v2", "v2.15.2")

PLAINEST: Final = Dialect()

OURS: Final = Dialect(
    protocol="topicwire.v1+json",
    header="Authorization: Bearer u{i}",
    steps=("?hello", '!{"type":"quotes.subscribe","payload":{}}', '?"status":"ok"'),
    ping='{"type":"ping"}',
    refusal='"status":"error"',
    pong='{"type":"pong"}',
)


@dataclass(frozen=True)
class Contestant:
    """One server.

    Attributes:
        name: on the command line and in results.
        label: in tables and plots.
        about: what it is, and how it is set up.
        command: makes its environment where it is missing, and says how to start it.
        dialect: of its clients.
        has_tls: it can be measured with TLS: `BENCH_CERTIFICATE` and `BENCH_KEY` name its files.
    """

    name: str
    label: str
    about: str
    command: Callable[[Programs], list[str]]
    dialect: Dialect = PLAINEST
    has_tls: bool = False


def _python(name: str, module: str) -> Callable[[Programs], list[str]]:
    def command(_: Programs) -> list[str]:
        return [str(environments.python(name)), "-m", f"bench.fanout.servers.{module}"]

    return command


def _node(script: str) -> Callable[[Programs], list[str]]:
    def command(_: Programs) -> list[str]:
        folder = environments.node()
        return ["node", str(SERVERS / script), str(folder / "node_modules")]

    return command


def _nats(_: Programs) -> list[str]:
    program = environments.go_install(*NATS) / "nats-server"
    return [str(environments.ours()), "-m", "bench.fanout.servers.nats", str(program)]


CONTESTANTS: Final = (
    Contestant(
        "c",
        "C send() loop",
        "ours: one frame, one send() for each subscriber, ten updates of a tick in one",
        lambda programs: [str(programs.loop)],
        has_tls=True,
    ),
    Contestant(
        "ours",
        "Topicwire",
        "lossless route with numbers, ring, metrics, authentication and authorization; uvicorn "
        "with topicwire.asgi.uvicorn:WebSocketProtocol and uvicorn_http:HttpProtocol",
        lambda _: [str(environments.ours()), "-m", "bench.fanout.servers.ours"],
        OURS,
        has_tls=True,
    ),
    Contestant(
        "pure",
        "Topicwire, Python alone",
        "the same without the send loop in C, as where there was no compiler",
        lambda _: [str(environments.ours()), "-m", "bench.fanout.servers.ours", "--python"],
        OURS,
    ),
    Contestant(
        "fastapi",
        "FastAPI",
        "await send_text to one after another, as in its documentation; uvicorn, uvloop",
        _python("fastapi", "fastapi_loop"),
        has_tls=True,
    ),
    Contestant(
        "fastws",
        "FastWS",
        "server_send to a topic; uvicorn, uvloop",
        _python("fastws", "fastws_app"),
        Dialect(steps=('!{"type":"quotes.subscribe","payload":{}}', "?subscribed")),
    ),
    Contestant(
        "chanx",
        "chanx",
        "broadcast_event to a group of the in-memory channel layer; uvicorn, uvloop",
        _python("chanx", "chanx_app"),
        Dialect(steps=('!{"action":"subscribe","payload":{}}', "?subscribed")),
    ),
    Contestant(
        "socketio",
        "python-socketio",
        "emit to a room, WebSocket transport; uvicorn, uvloop",
        _python("socketio", "socketio_app"),
        Dialect(
            path="/socket.io/?EIO=4&transport=websocket",
            steps=('?0{"sid"', "!40", "?40{", '!42["subscribe"]', "?subscribed"),
            ping="2",
            pong="3",
        ),
    ),
    Contestant(
        "picows",
        "picows",
        "transport.send to one after another; uvloop",
        _python("picows", "picows_server"),
    ),
    Contestant(
        "socketify",
        "socketify",
        "app.publish to a topic (uWebSockets' C++ from Python); its loop polls, and what "
        "that takes of the core while it waits counts against it",
        _python("socketify", "socketify_server"),
    ),
    Contestant(
        "ws",
        "node ws",
        "client.send to each of wss.clients",
        _node("ws_server.mjs"),
        has_tls=True,
    ),
    Contestant(
        "uws",
        "uWebSockets.js",
        "app.publish to a topic; the npm package @trufflesuite/uws-js-unofficial, which carries "
        "the project's own binary (20.30.0): the project itself is not in the npm registry",
        _node("uws_server.mjs"),
    ),
    Contestant(
        "nats",
        "nats-server",
        "its WebSocket listener; updates are published over NATS' own protocol",
        _nats,
        Dialect(
            path="/",
            steps=(
                '?"server_id"',
                '!CONNECT {"verbose":false}\r\nSUB quotes 1\r\nPING\r\n',
                "?PONG",
            ),
            frames="binary",
            ping="PING\r\n",
            pong="PONG\r\n",
            control="--nats",
        ),
    ),
    Contestant(
        "centrifuge",
        "centrifuge (Go)",
        "node.Publish to a channel, JSON protocol: the library that Centrifugo is built on. The Go "
        "module proxy does not serve Centrifugo's own module",
        lambda _: [str(environments.go_build("centrifuge_go") / "server")],
        Dialect(
            path="/connection/websocket",
            steps=(
                '!{"id":1,"connect":{}}',
                '?"connect"',
                '!{"id":2,"subscribe":{"channel":"quotes"}}',
                '?"subscribe"',
            ),
            ping="{}",
            pong="{}",
        ),
    ),
)

PLAIN: Final = Contestant(
    "starlette",
    "Starlette",
    "plain uvicorn, uvloop: accepts, and answers one message; nothing else",
    _python("fastapi", "starlette_plain"),
)
"""What connects and subscribes are compared with."""

BY_NAME: Final = {one.name: one for one in (*CONTESTANTS, PLAIN)}


def environment(
    contestant: Contestant, certificate: tuple[Path, Path] | None = None
) -> dict[str, str]:
    """The environment variables of a server. Peers find `bench`, and none of our packages."""
    sources = [
        ROOT,
        *([ROOT / "packages/topicwire/src"] if contestant.name in {"ours", "pure"} else []),
    ]
    made = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources))}
    if certificate is not None:
        made["BENCH_CERTIFICATE"], made["BENCH_KEY"] = map(str, certificate)
    return made


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own, and its key, by the `openssl` program."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
