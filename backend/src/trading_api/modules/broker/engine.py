"""Orders against the market's quotes. Pure: quotes and times come in, changed orders come out.

A paper market: an order takes what the quote shows, up to its size, and does not move it. Orders
share that size: first the better price, then the older order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

from trading_api.models import OrderStatus, OrderType, Side
from trading_api.shared.market import Tick

MAX_WORKING = 500
MAX_KEPT = 10_000
MAX_QTY = 100_000
_BAND_PERCENT = 20


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """A valid order: quantities and prices are positive integers."""

    account_id: str
    symbol: str
    side: Side
    type: OrderType
    qty: int
    limit: int | None
    client_order_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderState:
    """An order at one version."""

    id: str
    request: OrderRequest
    placed_ms: int
    updated_ms: int
    status: OrderStatus = OrderStatus.WORKING
    version: int = 1
    filled: int = 0
    cost: int = 0
    """What was filled, price times quantity."""
    reason: str | None = None

    @property
    def leaves(self) -> int:
        """What may still be filled."""
        return self.request.qty - self.filled if self.status is OrderStatus.WORKING else 0


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution of an order."""

    qty: int
    price: int


@dataclass(frozen=True, slots=True)
class Change:
    """An order that has changed, and the fill that changed it."""

    order: OrderState
    fill: Fill | None = None


class UnknownOrderError(LookupError):
    """No order has this id."""


class NotWorkingError(ValueError):
    """The order has ended: it can be neither filled nor canceled."""

    def __init__(self, order: OrderState) -> None:
        super().__init__(
            f"order {order.id} is {order.status.name.lower()}: only a working order can be canceled"
        )
        self.order = order


class Engine:
    """Every order of every account.

    Guarantee: an order is never filled beyond its quantity or its limit price, never after it has
    ended, and each change has the next version. The ended orders that are kept are the latest ones.
    """

    def __init__(self) -> None:
        self._orders: dict[str, OrderState] = {}
        self._working: dict[str, dict[str, OrderState]] = {}
        self._ids = count(1)
        # What is left of the sizes of each symbol's latest quote: [for sellers, for buyers].
        self._left: dict[str, tuple[int, dict[Side, int]]] = {}

    def orders(self) -> Iterator[OrderState]:
        """Every order that is kept, oldest first."""
        return iter(self._orders.values())

    def order(self, order_id: str) -> OrderState:
        """An order as it stands.

        Raises:
            UnknownOrderError: There is none, or it ended long ago.
        """
        found = self._orders.get(order_id)
        if found is None:
            raise UnknownOrderError(f"there is no order {order_id[:40]!r}: GET orders lists them")
        return found

    def has_working(self, symbol: str) -> bool:
        """Whether a tick of the symbol could fill something."""
        return bool(self._working.get(symbol))

    def place(self, request: OrderRequest, tick: Tick, now_ms: int) -> list[Change]:
        """Take an order: rejected, or working and filled with what the quote has left for it."""
        order = OrderState(f"O{next(self._ids):06d}", request, placed_ms=now_ms, updated_ms=now_ms)
        reason = self._objection(request, tick)
        if reason is not None:
            order = replace(order, status=OrderStatus.REJECTED, reason=reason)
            self._keep(order)
            return [Change(order)]
        self._keep(order)
        return [Change(order), *self._match([order], tick, now_ms)]

    def cancel(self, order_id: str, now_ms: int) -> Change:
        """End a working order.

        Raises:
            UnknownOrderError: There is no such order.
            NotWorkingError: It has ended already.
        """
        order = self.order(order_id)
        if order.status is not OrderStatus.WORKING:
            raise NotWorkingError(order)
        order = replace(
            order,
            status=OrderStatus.CANCELED,
            reason="canceled on request",
            version=order.version + 1,
            updated_ms=now_ms,
        )
        self._keep(order)
        return Change(order)

    def on_tick(self, symbol: str, tick: Tick) -> list[Change]:
        """What the working orders of a symbol take from a new quote."""
        waiting = sorted(self._working.get(symbol, {}).values(), key=_priority)
        return self._match(waiting, tick, tick.time)

    def _match(self, orders: list[OrderState], tick: Tick, now_ms: int) -> list[Change]:
        changes: list[Change] = []
        for order in orders:
            request = order.request
            price = tick.ask if request.side is Side.BUY else tick.bid
            if request.limit is not None and (request.limit - price) * request.side < 0:
                continue
            left = self._liquidity(request.symbol, tick)
            qty = min(order.leaves, left[request.side])
            if qty:
                left[request.side] -= qty
                changes.append(self._fill(order, Fill(qty, price), now_ms))
        return changes

    def _fill(self, order: OrderState, fill: Fill, now_ms: int) -> Change:
        filled = order.filled + fill.qty
        whole = filled == order.request.qty
        order = replace(
            order,
            filled=filled,
            cost=order.cost + fill.qty * fill.price,
            status=OrderStatus.FILLED if whole else OrderStatus.WORKING,
            version=order.version + 1,
            updated_ms=now_ms,
        )
        self._keep(order)
        return Change(order, fill)

    def _liquidity(self, symbol: str, tick: Tick) -> dict[Side, int]:
        seen = self._left.get(symbol)
        if seen is None or seen[0] != tick.id:
            seen = (tick.id, {Side.BUY: tick.ask_size, Side.SELL: tick.bid_size})
            self._left[symbol] = seen
        return seen[1]

    def _keep(self, order: OrderState) -> None:
        self._orders[order.id] = order
        working = self._working.setdefault(order.request.symbol, {})
        if order.status is OrderStatus.WORKING:
            working[order.id] = order
            return
        working.pop(order.id, None)
        if len(self._orders) > MAX_KEPT:
            ended = (o.id for o in self._orders.values() if o.status is not OrderStatus.WORKING)
            del self._orders[next(ended)]

    def _objection(self, request: OrderRequest, tick: Tick) -> str | None:
        if request.qty > MAX_QTY:
            return f"quantity exceeds limit: at most {MAX_QTY} shares an order"
        if sum(map(len, self._working.values())) >= MAX_WORKING:
            return f"too many working orders: at most {MAX_WORKING}, cancel some"
        if request.limit is not None:
            through = (request.limit - tick.price) * request.side
            if 100 * through > _BAND_PERCENT * tick.price:
                return f"price band: the limit is more than {_BAND_PERCENT} % through the market"
        return None


def _priority(order: OrderState) -> tuple[int, int]:
    """Market orders first, then the better limit; sorting leaves equals in order of age."""
    limit = order.request.limit
    return (0, 0) if limit is None else (1, -limit * order.request.side)
