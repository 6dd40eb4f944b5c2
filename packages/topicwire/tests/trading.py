"""Models, a service that a test drives, and an app around them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.applications import Starlette

from topicwire import FastWSAdapter, Settings, WsRouter, WsRouterInterface, WsRouteService
from topicwire.testing import ManualClock
from topicwire.types import TopicId


class TradeRequest(BaseModel):
    symbol: str
    depth: int = 1


class TradesRequest(BaseModel):
    symbols: list[str]


class Trade(BaseModel):
    price: float


class DrivenService(WsRouteService):
    """Notes every call. Starts and stops wait for the test where it says so."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.feeds: dict[str, Callable[[Any], None]] = {}
        self.start_gate: asyncio.Event | None = None
        self.stop_gate: asyncio.Event | None = None
        self.start_error: Exception | None = None
        self.stop_error: Exception | None = None
        self.first: Trade | None = None
        self.started = asyncio.Event()
        self.stopping = asyncio.Event()

    async def create_topic(self, topic: str, topic_update: Callable[[Trade], None]) -> None:
        self.calls.append(("create", topic))
        self.started.set()
        if self.first is not None:
            topic_update(self.first)
        if self.start_gate is not None:
            await self.start_gate.wait()
        if self.start_error is not None:
            raise self.start_error
        self.feeds[topic] = topic_update

    async def remove_topic(self, topic: str) -> None:
        self.calls.append(("remove", topic))
        self.stopping.set()
        if self.stop_gate is not None:
            await self.stop_gate.wait()
        if self.stop_error is not None:
            raise self.stop_error
        del self.feeds[topic]

    def count(self, call: str) -> int:
        return sum(name == call for name, _ in self.calls)


class App:
    """A Starlette application with an adapter, and time that the test lets pass."""

    def __init__(
        self,
        *routers: WsRouterInterface,
        metrics_path: str | None = None,
        authenticate: Any = None,
        allowed_origins: Sequence[str] = (),
        **settings: Any,
    ) -> None:
        self.clock = ManualClock()
        self.adapter = FastWSAdapter(
            title="Trading",
            version="1",
            settings=Settings(**settings),
            clock=self.clock,
            metrics_path=metrics_path,
            authenticate=authenticate,
            allowed_origins=allowed_origins,
        )
        for router in routers:
            self.adapter.include_router(router)
        self.asgi = Starlette()
        self.adapter.setup(self.asgi)
        self._forgotten = asyncio.Event()
        forget = self.hub.forget

        def forget_and_tell(topic: TopicId) -> None:
            forget(topic)
            self._forgotten.set()

        self.hub.forget = forget_and_tell
        retain = self.hub.retain

        def retain_and_tell(topic: Any) -> None:
            retain(topic)
            self._forgotten.set()

        self.hub.retain = retain_and_tell

    @property
    def hub(self) -> Any:
        return self.adapter._hub

    async def idle(self) -> None:
        """Wait until nothing is held, started, lingering or being stopped; rings may be kept."""
        async with asyncio.timeout(10):
            while self.hub.topics:
                self._forgotten.clear()
                await self._forgotten.wait()


def trades(service: WsRouteService | None = None, **options: Any) -> WsRouter[TradeRequest, Trade]:
    options.setdefault("linger_s", 0.0)
    return WsRouter[TradeRequest, Trade](route="trades", service=service, **options)


AAPL = {"symbol": "AAPL"}
AAPL_TOPIC = 'trades:{"depth":1,"symbol":"AAPL"}'
IBM = {"symbol": "IBM"}
IBM_TOPIC = 'trades:{"depth":1,"symbol":"IBM"}'


def update(topic: str, seq: int, price: float) -> dict[str, Any]:
    payload = {"topic": topic, "seq": seq, "payload": {"price": price}}
    return {"type": "trades.update", "payload": payload}
