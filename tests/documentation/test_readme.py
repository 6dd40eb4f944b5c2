"""README.md: its Python runs, its links lead somewhere, its commands are targets."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import BaseModel
from websockets.asyncio.client import connect

from tests.documentation.server import serving
from tests.quickstart.specification import blocks, under
from topicwire import FastWSAdapter, Principal, Rejected, WsRouter
from topicwire.close_codes import UNAUTHENTICATED

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PROSE = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))


class TradeSubscriptionRequest(BaseModel):
    symbols: list[str]


class Trade(BaseModel):
    symbol: str
    price: float


async def test_the_frameworks_examples_serve_and_read_trades() -> None:
    server, guarded, client = blocks(ROOT / "packages/topicwire/README.md")
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(server.text, "README.md", "exec"), names)  # noqa: S102 - our own README
    exec(compile(guarded.text, "README.md", "exec"), names)  # noqa: S102
    exec(compile(client.text, "README.md", "exec"), names)  # noqa: S102
    app = names["app"]
    assert isinstance(app, FastAPI)
    async with serving(app) as port:
        url = f"ws://127.0.0.1:{port}/ws"
        async with connect(url) as socket:
            await socket.send('{"type": "trades.subscribe", "payload": {"symbol": "AAPL"}}')
            assert json.loads(await socket.recv())["payload"]["status"] == "ok"
            update = json.loads(await socket.recv())["payload"]
            assert (update["seq"], update["payload"]) == (1, {"symbol": "AAPL", "price": 189.5})
        assert await names["first_price"](url) == 189.5
        async with connect(f"ws://127.0.0.1:{port}/private") as socket:
            await socket.send('{"type": "auth", "payload": {"token": "nobody\'s"}}')
            assert json.loads(await socket.recv())["payload"]["code"] == "unauthenticated"
            await socket.wait_closed()
            assert socket.close_code == UNAUTHENTICATED
    allowed = Principal("ann", claims={"symbols": ["AAPL"]})
    names["own_symbols"](allowed, names["TradeSubscriptionRequest"](symbol="AAPL"), "topic")
    with pytest.raises(Rejected):
        names["own_symbols"](allowed, names["TradeSubscriptionRequest"](symbol="IBM"), "topic")


async def test_the_server_example_runs() -> None:
    [example] = under(README, "In your own application")
    request = {"symbols": ["AAPL"]}
    trades = WsRouter[TradeSubscriptionRequest, Trade](route="trades")
    names: dict[str, object] = {
        "FastAPI": FastAPI,
        "FastWSAdapter": FastWSAdapter,
        "trades": trades,
        "topic": trades.topic_builder(TradeSubscriptionRequest(**request)),
        "trade": Trade(symbol="AAPL", price=189.5),
    }
    exec(compile(example.text, README, "exec"), names)  # noqa: S102 - our own README
    app = names["app"]
    assert isinstance(app, FastAPI)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        document = json.loads((await client.get("/api/v1/ws/asyncapi.json")).text)
    assert (document["info"]["title"], document["info"]["version"]) == ("Trading", "1.0.0")
    assert set(document["channels"]) == {"trades", "connection"}


def test_the_commands_are_targets() -> None:
    [block] = under(README, "Try it")
    for command in block.commands:
        name = command.split("#")[0].split()
        assert name[0] == "make"
        dry_run = ["make", "--dry-run", *name[1:]]
        assert subprocess.run(dry_run, cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("page", PROSE, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(
        r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", prose):
        if "://" not in target:
            assert (page.parent / target).exists(), target
