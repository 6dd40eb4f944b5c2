"""The broker: orders and positions of a paper account."""

import asyncio
from collections.abc import Sequence
from functools import cached_property

from fastapi import APIRouter

from topicwire import ReplayLimits, latest
from trading_api.modules.broker.api import api_router
from trading_api.modules.broker.service import BrokerService
from trading_api.modules.broker.ws import OrderWsRouter, PositionWsRouter, own_account
from trading_api.shared.context import AppContext
from trading_api.shared.ws.router_interface import WsRouterInterface

ORDERS_REPLAY = ReplayLimits()


class BrokerModule:
    """The module broker. Its service is made when a router first asks for it."""

    name = "broker"

    def __init__(self) -> None:
        self._bound: AppContext | None = None

    def bind(self, context: AppContext) -> None:
        """Trade on the market of `context`; without it, on one of the module's own."""
        self._bound = context

    @cached_property
    def _context(self) -> AppContext:
        return self._bound or AppContext()

    @cached_property
    def service(self) -> BrokerService:
        """What the routes serve. Making it opens nothing and starts no task."""
        return BrokerService(self._context)

    async def start(self) -> None:
        """Read the daily bars now. A symbol is watched from its first working order on."""
        await asyncio.to_thread(self._context.market.warm, self._context.clock.now_ms())

    async def stop(self) -> None:
        """Stop filling."""
        await self.service.stop()

    def get_api_routers(self) -> Sequence[APIRouter]:
        """The REST routes."""
        return [api_router(self.service)]

    def get_ws_routers(self) -> list[WsRouterInterface]:
        """The routes orders and positions, of this app alone."""
        return [
            OrderWsRouter(
                route="orders",
                tags=["broker"],
                service=self.service,
                subscribe_request_handler=own_account,
                # every change counts: the service goes on telling for as long as it is kept
                linger_s=ORDERS_REPLAY.max_age_s,
                replay=ORDERS_REPLAY,
            ),
            PositionWsRouter(
                route="positions",
                tags=["broker"],
                service=self.service,
                subscribe_request_handler=own_account,
                delivery=latest(key="symbol"),
                linger_s=0,
                replay=None,
            ),
        ]
