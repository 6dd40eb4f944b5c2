"""The broker: one paper account, filled from the live quotes whether anybody looks or not."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from trading_api.models import (
    AccountPosition,
    Order,
    OrderSubscriptionRequest,
    PlaceOrder,
    PositionSubscriptionRequest,
    Side,
)
from trading_api.modules.broker import wire
from trading_api.modules.broker.engine import (
    MAX_KEPT,
    Change,
    Engine,
    Fill,
    NotWorkingError,
    OrderRequest,
    UnknownOrderError,
)
from trading_api.modules.broker.holding import Holding
from trading_api.modules.broker.validation import known_account, valid_order
from trading_api.modules.broker.wire import PositionState
from trading_api.shared.context import AppContext
from trading_api.shared.errors import RefusedError
from trading_api.shared.market.types import MINUTE_MS
from trading_api.shared.ws.router_interface import WsRouteService

logger = logging.getLogger(__name__)

TopicUpdate = Callable[[Any], None]

MARK_EVERY_MS = 1000
"""How often open positions are valued anew for those who follow them."""


class Listener(NamedTuple):
    """Somebody follows an account on a route."""

    route: str
    account_id: str
    update: TopicUpdate
    marking: asyncio.Task[None] | None


class BrokerService(WsRouteService):
    """Places, fills and cancels orders, and keeps the positions that come of them.

    Everything happens on the event loop. While a symbol has working orders, a task of its own feeds
    it the symbol's quotes; subscriptions have no part in that.
    """

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._engine = Engine()
        self._positions: dict[tuple[str, str], PositionState] = {}
        self._client_orders: dict[tuple[str, str], tuple[OrderRequest, str]] = {}
        self._listeners: dict[str, Listener] = {}
        self._seen_ms: dict[str, int] = {}
        self._watching: dict[str, asyncio.Task[None]] = {}

    # Requests

    def place(self, order: PlaceOrder) -> tuple[Order, bool]:
        """Take an order: it comes back rejected, working or filled. The flag says that it is new.

        With a `client_order_id` that was used before, the order placed then comes back, as it
        stands.

        Raises:
            RefusedError: The order cannot be, or its client id names another order (409).
            UnknownSymbolError: There is no such symbol.
        """
        request = valid_order(order)
        now_ms = self._context.clock.now_ms()
        self._catch_up(request.symbol, now_ms)
        earlier = self._placed_before(request)
        if earlier is not None:
            return earlier, False
        tick = self._context.market.last_tick(request.symbol, now_ms)
        changes = self._engine.place(request, tick, now_ms)
        if request.client_order_id is not None:
            key = (request.account_id, request.client_order_id)
            self._client_orders[key] = (request, changes[0].order.id)
            if len(self._client_orders) > MAX_KEPT:
                del self._client_orders[next(iter(self._client_orders))]
        self._tell(changes)
        if self._engine.has_working(request.symbol):
            self._watch(request.symbol)
        return wire.order(changes[-1].order), True

    def cancel(self, order_id: str) -> Order:
        """End a working order. What was filled stays.

        Raises:
            RefusedError: There is no such order (404), or it has ended (409).
        """
        now_ms = self._context.clock.now_ms()
        try:
            self._catch_up(self._engine.order(order_id).request.symbol, now_ms)
            change = self._engine.cancel(order_id, now_ms)
        except UnknownOrderError as error:
            raise RefusedError("unknown_order", str(error.args[0]), status=404) from error
        except NotWorkingError as error:
            raise RefusedError("not_working", str(error), status=409) from error
        self._tell([change])
        return wire.order(change.order)

    def orders(self, account_id: str) -> list[Order]:
        """The account's orders, oldest first.

        Raises:
            RefusedError: There is no such account.
        """
        known_account(account_id)
        now_ms = self._context.clock.now_ms()
        for symbol in list(self._watching):
            self._catch_up(symbol, now_ms)
        return [
            wire.order(order)
            for order in self._engine.orders()
            if order.request.account_id == account_id
        ]

    def positions(self, account_id: str) -> list[AccountPosition]:
        """What the account holds, and what it has held since the server started, at present marks.

        Raises:
            RefusedError: There is no such account.
        """
        known_account(account_id)
        now_ms = self._context.clock.now_ms()
        for symbol in list(self._watching):
            self._catch_up(symbol, now_ms)
        mine = [state for state in self._positions.values() if state.account_id == account_id]
        return [self._marked(state, now_ms) for state in mine]

    async def stop(self) -> None:
        """Stop every task. Orders stay as they are."""
        marking = [listener.marking for listener in self._listeners.values()]
        for task in (*self._watching.values(), *filter(None, marking)):
            task.cancel()
        self._watching.clear()

    # Topics

    def create_topic(self, topic: str, topic_update: TopicUpdate) -> asyncio.Task[None] | None:
        """Tell the changes of an account from now on; for positions, their present values too."""
        marking = None
        route, _, request = topic.partition(":")
        if route == "orders":
            account_id = OrderSubscriptionRequest.model_validate_json(request).account_id
        else:
            account_id = PositionSubscriptionRequest.model_validate_json(request).account_id
            marking = asyncio.create_task(self._mark(account_id, topic_update), name=topic)
        self._listeners[topic] = Listener(route, account_id, topic_update, marking)
        return marking

    def remove_topic(self, topic: str) -> None:
        """Stop telling. Nothing else stops."""
        listener = self._listeners.pop(topic, None)
        if listener is not None and listener.marking is not None:
            listener.marking.cancel()

    async def _mark(self, account_id: str, update: TopicUpdate) -> None:
        clock = self._context.clock
        told: dict[str, AccountPosition] = {}
        while True:
            for position in self.positions(account_id):
                if told.get(position.symbol) != position:
                    told[position.symbol] = position
                    update(position)
            await clock.sleep_until_ms(clock.now_ms() + MARK_EVERY_MS)

    # The market

    def _watch(self, symbol: str) -> None:
        watching = self._watching.get(symbol)
        if watching is not None and not watching.done():
            return
        task = asyncio.create_task(self._fill_working(symbol), name=f"broker {symbol}")
        self._watching[symbol] = task
        task.add_done_callback(lambda done: self._ended(symbol, done))

    async def _fill_working(self, symbol: str) -> None:
        market, clock = self._context.market, self._context.clock
        while self._engine.has_working(symbol):
            seen_ms = self._seen_ms[symbol]
            await clock.sleep_until_ms(market.next_tick(symbol, seen_ms).time)
            # After a standstill of the machine: a minute at a time, and others have their turn.
            self._catch_up(symbol, min(clock.now_ms(), seen_ms + MINUTE_MS))

    def _ended(self, symbol: str, task: asyncio.Task[None]) -> None:
        if self._watching.get(symbol) is task:
            del self._watching[symbol]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("orders of %s are no longer filled", symbol, exc_info=error)

    def _catch_up(self, symbol: str, now_ms: int) -> None:
        """Let working orders see every quote up to now: what is asked next comes after them."""
        seen_ms = self._seen_ms.get(symbol, now_ms)
        if self._engine.has_working(symbol):
            for tick in self._context.market.ticks_between(symbol, seen_ms, now_ms):
                self._tell(self._engine.on_tick(symbol, tick))
        self._seen_ms[symbol] = max(seen_ms, now_ms)

    # What changes

    def _placed_before(self, request: OrderRequest) -> Order | None:
        if request.client_order_id is None:
            return None
        earlier = self._client_orders.get((request.account_id, request.client_order_id))
        if earlier is None:
            return None
        placed, order_id = earlier
        if placed != request:
            raise RefusedError(
                "duplicate_client_order_id",
                f"client_order_id {request.client_order_id!r} names order {order_id}, which is "
                "another order: use a new id for a new order",
                status=409,
            )
        try:
            return wire.order(self._engine.order(order_id))
        except UnknownOrderError:  # it ended so long ago that it is no longer kept
            return None

    def _tell(self, changes: list[Change]) -> None:
        for change in changes:
            account_id = change.order.request.account_id
            self._publish("orders", account_id, wire.order(change.order))
            if change.fill is not None:
                state = self._book(change, change.fill)
                self._publish("positions", account_id, self._marked(state, state.updated_ms))

    def _book(self, change: Change, fill: Fill) -> PositionState:
        request = change.order.request
        key = (request.account_id, request.symbol)
        before = self._positions.get(key)
        holding = (before.holding if before else Holding()).after(
            request.side, fill.qty, fill.price
        )
        if holding.qty:
            side = Side.BUY if holding.qty > 0 else Side.SELL
        else:
            side = before.side if before else request.side
        state = PositionState(*key, side, holding, change.order.updated_ms)
        self._positions[key] = state
        return state

    def _marked(self, state: PositionState, now_ms: int) -> AccountPosition:
        return wire.position(state, self._context.market.last_tick(state.symbol, now_ms).price)

    def _publish(self, route: str, account_id: str, data: Order | AccountPosition) -> None:
        for listener in self._listeners.values():
            if (listener.route, listener.account_id) == (route, account_id):
                listener.update(data)
