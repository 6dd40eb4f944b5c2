"""Steps 1 to 8 of the specification on a copy of the repository, while `make dev` runs in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.quickstart.checkout import Checkout, environment, fetched, free_port
from tests.quickstart.specification import blocks
from tests.quickstart.steps import QuickStart

REQUEST = {"symbols": ["AAPL", "GOOGL"]}
DOCUMENT = "/api/v1/ws/asyncapi.json"
FRAME_TIMEOUT_S = 30
README_PRELUDE = """import { WsAdapter } from '@/plugins/wsAdapter'
declare function draw(symbol: string, price: number): void
"""


PACKAGES = ["there", pytest.param("installed", marks=pytest.mark.long)]


@pytest.fixture(params=PACKAGES)
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    """A repository that nothing was set up in, with Node's packages or without."""
    made = Checkout(tmp_path / "repository")
    if request.param == "there":
        made.take_packages()
    return made


async def test_quick_start_to_the_letter(checkout: Checkout) -> None:
    """checklist 1, 2, 3, 4, 6, 8, 9, 10, 11, 17, 19: as printed, and nothing else touched."""
    page, api = free_port(), free_port()
    with checkout.serving("dev", ".", BACKEND_PORT=str(api), FRONTEND_PORT=str(page)) as running:
        fetched(f"http://127.0.0.1:{api}{DOCUMENT}", _has_routes("bars", "quotes"), running)
        assert "trades" not in _routes(f"http://127.0.0.1:{api}{DOCUMENT}")

        start = QuickStart(checkout)
        start.step_1_models()
        start.step_2_exports()
        start.step_3_router()
        start.step_4_generate()
        generated = checkout.path / "backend/src/trading_api/modules/trading/ws_generated"
        assert "class TradeWsRouter(" in (generated / "tradewsrouter.py").read_text()
        assert "TradeWsRouter" in (generated / "__init__.py").read_text()
        start.step_5_module()
        start.step_6_registration()
        await _step_7_serves_and_generates(checkout, start)
        snippet = start.step_8_page()
        _assert_typed(checkout, snippet)

        # The `make dev` that ran all the while serves the new route, by the page's address too.
        fetched(f"http://127.0.0.1:{page}{DOCUMENT}", _has_routes("bars", "trades"), running)
        await _assert_receives_trades(page)

    unexpected = {
        path
        for path in checkout.changed() - start.touched
        if not path.startswith(
            (
                "backend/src/trading_api/modules/trading/ws_generated/",
                "backend/generated/",
                "frontend/src/clients/",
            )
        )
    }
    assert not unexpected


async def _step_7_serves_and_generates(checkout: Checkout, start: QuickStart) -> None:
    port = free_port()
    with checkout.serving("dev", "backend", BACKEND_PORT=str(port)) as running:
        start.step_7_types()
        fetched(f"http://127.0.0.1:{port}{DOCUMENT}", _has_routes("trades"), running)
        await _assert_receives_trades(port)
    types = checkout.path / "frontend/src/clients/ws-types-generated/index.ts"
    assert "export interface Trade {" in types.read_text()
    assert "export interface TradeSubscriptionRequest {" in types.read_text()


async def _assert_receives_trades(port: int) -> None:
    """An independent client subscribes and receives two trades, in order, of the model's shape."""
    async with connect(f"ws://127.0.0.1:{port}/api/v1/ws", open_timeout=FRAME_TIMEOUT_S) as socket:
        await socket.send(json.dumps({"type": "trades.subscribe", "id": 1, "payload": REQUEST}))
        reply = json.loads(await socket.recv())
        assert (reply["type"], reply["id"]) == ("trades.subscribe.response", 1)
        assert reply["payload"]["status"] == "ok"
        topic = reply["payload"]["topic"]
        assert topic == 'trades:{"symbols":["AAPL","GOOGL"]}'
        for seq in (reply["payload"]["seq"] + 1, reply["payload"]["seq"] + 2):
            update = json.loads(await socket.recv())
            assert update["type"] == "trades.update"
            assert (update["payload"]["topic"], update["payload"]["seq"]) == (topic, seq)
            _assert_trade(update["payload"]["payload"])


def _assert_trade(payload: dict[str, Any]) -> None:
    kinds = {"symbol": str, "price": float, "quantity": float, "time": int, "side": str}
    assert {name: type(value) for name, value in payload.items()} == kinds


def _assert_typed(checkout: Checkout, snippet: Path) -> None:
    """Step 8's snippet passes `tsc --strict`; the same with a wrong symbol type does not."""
    readme = checkout.path / "frontend/src/readme.ts"
    [example] = [one for one in blocks(checkout.path / "README.md") if one.language == "ts"]
    readme.write_text(README_PRELUDE + example.text)
    assert _tsc(checkout) == ""
    readme.unlink()
    page = checkout.path / snippet
    right = page.read_text()
    page.write_text(right.replace('["AAPL", "GOOGL"]', "[1, 2]"))
    assert "Type 'number' is not assignable to type 'string'" in _tsc(checkout)
    page.write_text(right)


def _tsc(checkout: Checkout) -> str:
    done = subprocess.run(
        [checkout.path / "node_modules/.bin/vue-tsc", "--noEmit", "--strict"],
        cwd=checkout.path / "frontend",
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _has_routes(*names: str) -> Any:
    return lambda body: set(names) <= set(json.loads(body)["channels"])


def _routes(url: str) -> set[str]:
    return set(json.loads(fetched(url, bool, lambda: ""))["channels"])
