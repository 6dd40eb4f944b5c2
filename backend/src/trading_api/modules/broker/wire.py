"""From the broker's integers to the models of the wire. Pure."""

from typing import NamedTuple

from trading_api.models import AccountPosition, Order, Side
from trading_api.modules.broker.engine import OrderState
from trading_api.modules.broker.holding import Holding
from trading_api.shared.decimals import average_text, decimal_text
from trading_api.shared.market import instrument


def order(state: OrderState) -> Order:
    """The order as its account sees it."""
    request = state.request
    scale = instrument(request.symbol).price_scale
    return Order(
        id=state.id,
        version=state.version,
        account_id=request.account_id,
        client_order_id=request.client_order_id,
        symbol=request.symbol,
        side=request.side,
        type=request.type,
        status=state.status,
        qty=str(request.qty),
        limit_price=None if request.limit is None else decimal_text(request.limit, scale),
        filled_qty=str(state.filled),
        leaves_qty=str(state.leaves),
        avg_price=average_text(state.cost, state.filled, scale) if state.filled else None,
        reason=state.reason,
        placed_time=state.placed_ms,
        updated_time=state.updated_ms,
    )


class PositionState(NamedTuple):
    """A holding with what a position tells beside it."""

    account_id: str
    symbol: str
    side: Side
    holding: Holding
    updated_ms: int


def position(state: PositionState, mark: int) -> AccountPosition:
    """The position as its account sees it, valued at `mark`."""
    scale = instrument(state.symbol).price_scale
    held = state.holding
    return AccountPosition(
        id=state.symbol,
        account_id=state.account_id,
        symbol=state.symbol,
        side=state.side,
        qty=str(abs(held.qty)),
        avg_price=average_text(abs(held.cost), abs(held.qty), scale) if held.qty else None,
        mark=decimal_text(mark, scale),
        realized=decimal_text(held.realized, scale),
        unrealized=decimal_text(held.unrealized(mark), scale),
        updated_time=state.updated_ms,
    )
