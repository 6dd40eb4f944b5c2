"""Market data: bars and quotes, their history and their live feed."""

import asyncio
from collections.abc import Sequence
from functools import cached_property

from fastapi import APIRouter

from topicwire import latest
from trading_api.modules.datafeed.api import api_router
from trading_api.modules.datafeed.service import DatafeedService
from trading_api.modules.datafeed.ws import BarWsRouter, QuoteWsRouter, known_symbol
from trading_api.shared.context import AppContext
from trading_api.shared.ws.router_interface import WsRouterInterface

STALE_AFTER_S = 5.0
"""A tick comes in each 0.4 s of the simulated market: the promise leaves room for slow moments."""


class DatafeedModule:
    """The module datafeed. Its service is made when a router first asks for it."""

    name = "datafeed"

    def __init__(self) -> None:
        self._bound: AppContext | None = None

    def bind(self, context: AppContext) -> None:
        """Serve the market of `context`; without it, one of the module's own."""
        self._bound = context

    @cached_property
    def _context(self) -> AppContext:
        return self._bound or AppContext()

    @cached_property
    def service(self) -> DatafeedService:
        """What the routes serve. Making it opens nothing."""
        return DatafeedService(self._context)

    async def start(self) -> None:
        """Read the daily bars now, so that no subscriber has to wait for it."""
        await asyncio.to_thread(self._context.market.warm, self._context.clock.now_ms())

    async def stop(self) -> None:
        """Stop every topic that is still produced."""
        for topic in self.service.producing:
            self.service.remove_topic(topic)

    def get_api_routers(self) -> Sequence[APIRouter]:
        """The REST routes."""
        return [api_router(self.service)]

    def get_ws_routers(self) -> list[WsRouterInterface]:
        """The routes bars and quotes, of this app alone.

        Both are state: who comes back is given the present one. Nothing is replayed, since nothing
        is produced while nobody looks, and a replay would not say so. A forming bar gives way to
        its next revision; a closed one is history, of which none may be missing. Nobody reads more
        than ten prices a second.
        """
        return [
            BarWsRouter(
                route="bars",
                tags=["datafeed"],
                service=self.service,
                subscribe_request_handler=known_symbol,
                delivery=latest(key="time", lossless="closed"),
                linger_s=0,
                replay=None,
                stale_after_s=STALE_AFTER_S,
            ),
            QuoteWsRouter(
                route="quotes",
                tags=["datafeed"],
                service=self.service,
                subscribe_request_handler=known_symbol,
                delivery=latest(max_rate_hz=10),
                linger_s=0,
                replay=None,
                stale_after_s=STALE_AFTER_S,
            ),
        ]
