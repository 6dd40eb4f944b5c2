"""What type checkers say about users' code: under mypy strict and pyright, on one file each."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

MODELS = """
import asyncio
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from topicwire import (
    FastWSAdapter, OperationRouter, RouterOf, TopicBuilder, WsRouter, WsRouterInterface,
    WsRouteService, by_symbol,
)
from topicwire.client import Client, ClientOptions, Gap, Route, Subscription, UpdateInfo
from typing_extensions import Unpack
from trading_api.modules.datafeed.ws_generated import BarWsRouter as Generated
from trading_api.models import Bar, BarsSubscriptionRequest
from trading_api.shared.ws import generic_route

class Request(BaseModel):
    symbol: str

class Trade(BaseModel):
    price: float

class MarketDataService(WsRouteService):
    async def create_topic(self, topic: str, topic_update: Callable[..., None]) -> None: ...
    def remove_topic(self, topic: str) -> None: ...

class TradeService(WsRouteService):
    def create_topic(
        self, topic: str, topic_update: Callable[[Trade], None]
    ) -> asyncio.Task[None] | None: ...

class Duck:
    def create_topic(self, topic: str, topic_update: Callable[[Trade], None]) -> None: ...
    async def remove_topic(self, topic: str) -> None: ...

class BarDuck:
    def create_topic(self, topic: str, topic_update: Callable[[Bar], None]) -> None: ...
    def remove_topic(self, topic: str) -> None: ...

def simple(symbol: str, params: dict[str, Any]) -> str:
    return symbol
def own(request: Request) -> list[str]:
    return [request.symbol]
def of_trade(trade: Trade) -> str:
    return str(trade.price)
def bars_feed(router: RouterOf[BarsSubscriptionRequest, Bar]) -> None: ...
def trades_feed(router: RouterOf[Request, Trade]) -> None: ...
class TradingClient(Client):
    def __init__(self, url: str, **options: Unpack[ClientOptions]) -> None:
        super().__init__(url, **options)
        self.trades: Route[Request, Trade] = self.route("trades", Request, Trade)
        self.tape = self.route("tape", Request, list[Trade])
def hear(trade: Trade, info: UpdateInfo) -> None: ...
def hear_requests(request: Request, info: UpdateInfo) -> None: ...
def prices(prices: list[float]) -> None: ...
Aliased = generic_route.WsRouter[BarsSubscriptionRequest, Bar]
"""

GOOD = """
trades = WsRouter[Request, Trade](route="trades", service=MarketDataService(), tags=["x"])
WsRouter[Request, Trade](service=TradeService(), topic_builder=simple)
WsRouter[Request, Trade](service=Duck(), topic_builder=own)
WsRouter[Request, Trade](topic_builder=by_symbol("symbols"))
WsRouter[Request, list[Trade]](topic_builder=lambda request: request.symbol)
ws_routers: list[WsRouterInterface] = [trades, Aliased(route="bars"), Generated(route="bars")]
adapter = FastWSAdapter(title="x", version="1")
for router in ws_routers:
    adapter.include_router(router)
bars_feed(Aliased(route="bars"))
bars_feed(Generated(route="bars"))
trades_feed(trades)
trades.publish(trades.topic_builder(Request(symbol="A")), Trade(price=1))
trades.publish("x", Trade(price=1))
builder = trades.topic_builder
print(builder("AAPL", {}))
service: WsRouteService = MarketDataService()
plain: OperationRouter = trades
async def reads() -> None:
    async def token() -> str:
        return "x"
    async with TradingClient("wss://x", token=token, timeout_s=5) as client:
        async for trade in client.trades.stream(Request(symbol="A")):
            prices([trade.price])
        async with client.tape.stream(Request(symbol="A"), on_gap=lambda gap: None) as tape:
            prices([trade.price for trade in await anext(tape)])
        held: Subscription = await client.trades.subscribe(Request(symbol="A"), hear)
        await held.unsubscribe()
        prices([(await client.trades.call("quote", Request(symbol="A"), Trade)).price])
        many = await client.trades.call("quotes", None, list[Trade])
        prices([trade.price for trade in many])
"""

BAD = {
    "wrong data": 'trades.publish("x", Request(symbol="A"))',
    "wrong request": "trades.topic_builder(Trade(price=1))",
    "wrong router": "bars_feed(trades)",
    "wrong generated router": 'trades_feed(Generated(route="bars"))',
    "wrong alias": 'trades_feed(Aliased(route="bars"))',
    "wrong service": "WsRouter[Request, Trade](service=BarDuck())",
    "no service": "WsRouter[Request, Trade](service=object())",
    "wrong builder": "WsRouter[Request, Trade](topic_builder=of_trade)",
    "wrong request of a client": """
async def asks(client: TradingClient) -> None:
    client.trades.stream(Trade(price=1))
""",
    "wrong listener of a client": """
async def listens(client: TradingClient) -> None:
    await client.trades.subscribe(Request(symbol="A"), hear_requests)
""",
    "wrong data of a client": """
async def takes(client: TradingClient) -> None:
    async for trade in client.trades.stream(Request(symbol="A")):
        prices(trade)
""",
    "wrong reply of a client": """
async def calls(client: TradingClient) -> None:
    prices(await client.trades.call("quote", None, Trade))
""",
    "wrong option of a client": 'TradingClient("wss://x", tokens="x")',
    "a service without create_topic": "class Half(WsRouteService): ...\nHalf()",
}


def program() -> tuple[str, dict[str, range]]:
    text = f"{MODELS}\n{GOOD}"
    lines = {}
    for name, code in BAD.items():
        first = text.count("\n") + 1
        text += f"{code}\n"
        lines[name] = range(first, first + code.count("\n") + 1)
    return text, lines


def mypy(path: Path) -> list[str]:
    return [sys.executable, "-m", "mypy", "--strict", "--config-file=pyproject.toml", str(path)]


def pyright(path: Path) -> list[str]:
    return [str(ROOT / "node_modules/.bin/pyright"), "--pythonpath", sys.executable, str(path)]


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_right_use_passes_and_each_wrong_one_is_seen(
    checker: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    """checklist 4"""
    text, wrong = program()
    path = tmp_path / "users.py"
    path.write_text(text)
    command = checker(path)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    errors = {
        int(number)
        for number in re.findall(r"users\.py:(\d+)(?::\d+)?(?: -)?:? error", done.stdout)
    }
    first_wrong = min(lines.start for lines in wrong.values())
    assert {one for one in errors if one < first_wrong} == set(), done.stdout
    unseen = [name for name, lines in wrong.items() if not errors & set(lines)]
    assert unseen == [], done.stdout + done.stderr
