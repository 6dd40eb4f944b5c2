"""`topicwire mock`: a document's routes, served without the backend that they are of."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

from topicwire.cli.console import add_command, add_json, refusals, refuse, say
from topicwire.cli.listening import add_address, listener

if TYPE_CHECKING:
    from topicwire.cli.console import Commands


def add_mock(commands: Commands) -> None:
    """Adds `topicwire mock`."""
    parser = add_command(
        commands,
        "mock",
        mock,
        "serve a document's routes with made-up data",
        checks=False,
        in_project=False,
    )
    parser.add_argument(
        "document", metavar="FILE_OR_ADDRESS", help="asyncapi.json, or where a server has it"
    )
    add_address(parser)
    parser.add_argument(
        "--seed", type=int, default=0, help="the same seed, the same data (default: 0)"
    )
    parser.add_argument(
        "--rate",
        type=_rate,
        default=1.0,
        metavar="HZ",
        help="updates a second of each topic (default: 1)",
    )
    parser.add_argument(
        "--start",
        type=_moment,
        metavar="TIME",
        help="when the data's time begins: an ISO time, or now (default: 2026-01-01)",
    )
    add_json(parser)


def mock(
    *,
    document: str,
    host: str,
    port: int,
    seed: int,
    rate: float,
    start: int | None,
    as_json: bool,
) -> None:
    """Serve the routes of an AsyncAPI document over a real WebSocket, until Ctrl-C.

    Updates and replies are made of the document's schemas: they respect names, formats, limits and
    examples, prices walk, times advance, ids count, and what was asked for is echoed. Each topic
    has the same data in every run with the same seed.

    Example: `topicwire mock generated/asyncapi.json --port 8001 --rate 5`.
    """
    with refusals(as_json=as_json):
        from topicwire.codegen.documents import read_document  # noqa: PLC0415 - start-up time
        from topicwire.mock.app import START_MS, mock_app  # noqa: PLC0415

        content = read_document(document)
        start_ms = START_MS if start is None else start
        app = mock_app(content, seed=seed, rate_hz=rate, start_ms=start_ms)
    try:
        import uvicorn  # noqa: PLC0415 - an extra
    except ImportError:
        refuse("A mock is served by uvicorn: pip install 'topicwire[uvicorn]'", as_json=as_json)
    bound = listener(host, port, as_json=as_json)
    shown = f"{host}:{bound.getsockname()[1]}"
    path = next(iter(content["channels"].values()))["address"].rstrip("/")
    addresses = {
        "WebSocket": f"ws://{shown}{path or '/'}",
        "document": f"http://{shown}{path}/asyncapi.json",
        "page": f"http://{shown}{path}/asyncapi",
    }
    routes = [one for one, has in content["channels"].items() if "x-topicwire-route" in has]
    if as_json:
        # One line: whoever started it reads that, and goes on while it runs.
        say(json.dumps({"ok": True, **addresses, "routes": routes, "seed": seed, "rate": rate}))
    else:
        for what, address in addresses.items():
            say(f"{what.ljust(9)}  {address}")
        say(f"routes     {', '.join(routes)} (seed {seed}, {rate:g} updates a second)")
    config = uvicorn.Config(
        app,
        ws="topicwire.asgi.uvicorn:WebSocketProtocol",
        http="topicwire.asgi.uvicorn_http:HttpProtocol",
        log_level="warning",
        lifespan="on",
    )
    uvicorn.Server(config).run(sockets=[bound])


def _rate(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and 0 < value <= 1000):  # noqa: PLR2004 - a mock, not a load test
        raise argparse.ArgumentTypeError("updates a second: more than 0, at most 1000")
    return value


def _moment(text: str) -> int:
    from datetime import UTC, datetime  # noqa: PLC0415 - start-up time

    try:
        at = datetime.now(UTC) if text == "now" else datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("an ISO time, such as 2026-01-01T09:00, or now") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
