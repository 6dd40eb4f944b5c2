"""The engine against the market, and against what can never be."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from trading_api.models import OrderStatus, OrderType, Side
from trading_api.modules.broker import engine as engine_module
from trading_api.modules.broker.engine import (
    MAX_QTY,
    Change,
    Engine,
    NotWorkingError,
    OrderRequest,
    UnknownOrderError,
)
from trading_api.shared.market import Tick

SYMBOLS = ["AAPL", "IBM"]


def quote(bid: int, ask: int, size: int = 100, number: int = 1) -> Tick:
    return Tick(number, number * 400, bid, 1, bid, ask, size, size)


def order(
    side: Side = Side.BUY, qty: int = 10, limit: int | None = None, symbol: str = "AAPL"
) -> OrderRequest:
    kind = OrderType.MARKET if limit is None else OrderType.LIMIT
    return OrderRequest("demo", symbol, side, kind, qty, limit)


class EngineHolds(RuleBasedStateMachine):
    """Every change is watched by one who knows the rules and nothing of the engine."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.ticks = {symbol: quote(99, 101) for symbol in SYMBOLS}
        self.taken: dict[tuple[str, int, Side], int] = {}
        self.versions: dict[str, int] = {}
        self.ended: set[str] = set()
        self.filled: dict[str, int] = {}
        self.number = 1

    def watch(self, changes: list[Change]) -> None:
        for change in changes:
            state = change.order
            request = state.request
            assert state.id not in self.ended, "an order that has ended does not change"
            assert state.version == self.versions.get(state.id, 0) + 1
            self.versions[state.id] = state.version
            if change.fill is not None:
                self.check_fill(change)
            self.filled.setdefault(state.id, 0)
            assert state.filled == self.filled[state.id] <= request.qty
            assert (state.status is OrderStatus.FILLED) == (state.filled == request.qty)
            if state.status is OrderStatus.WORKING:
                assert state.filled + state.leaves == request.qty
            else:
                assert state.leaves == 0
                self.ended.add(state.id)

    def check_fill(self, change: Change) -> None:
        assert change.fill is not None
        request, fill = change.order.request, change.fill
        tick = self.ticks[request.symbol]
        assert fill.qty > 0
        assert fill.price == (tick.ask if request.side is Side.BUY else tick.bid)
        if request.limit is not None:
            assert fill.price * request.side <= request.limit * request.side
        key = (request.symbol, tick.id, request.side)
        self.taken[key] = self.taken.get(key, 0) + fill.qty
        assert self.taken[key] <= (tick.ask_size if request.side is Side.BUY else tick.bid_size)
        self.filled[change.order.id] = self.filled.get(change.order.id, 0) + fill.qty

    @rule(
        side=st.sampled_from(Side),
        qty=st.integers(1, 300),
        limit=st.one_of(st.none(), st.integers(80, 119)),
        symbol=st.sampled_from(SYMBOLS),
    )
    def place(self, side: Side, qty: int, limit: int | None, symbol: str) -> None:
        tick = self.ticks[symbol]
        self.watch(self.engine.place(order(side, qty, limit, symbol), tick, tick.time))

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        bid=st.integers(80, 118),
        spread=st.integers(1, 3),
        size=st.integers(1, 200),
    )
    def move(self, symbol: str, bid: int, spread: int, size: int) -> None:
        self.number += 1
        self.ticks[symbol] = quote(bid, bid + spread, size, self.number)
        self.watch(self.engine.on_tick(symbol, self.ticks[symbol]))

    @precondition(lambda self: self.versions)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(sorted(self.versions)))
        if order_id in self.ended:
            with pytest.raises(NotWorkingError, match=f"order {order_id} is"):
                self.engine.cancel(order_id, 1)
        else:
            self.watch([self.engine.cancel(order_id, 1)])

    @invariant()
    def nothing_that_could_be_filled_waits(self) -> None:
        for symbol, tick in self.ticks.items():
            for state in self.engine.orders():
                if state.status is not OrderStatus.WORKING or state.request.symbol != symbol:
                    continue
                side, limit = state.request.side, state.request.limit
                price = tick.ask if side is Side.BUY else tick.bid
                size = tick.ask_size if side is Side.BUY else tick.bid_size
                reaches = limit is None or price * side <= limit * side
                assert not reaches or self.taken.get((symbol, tick.id, side), 0) == size

    @invariant()
    def what_works_is_watched(self) -> None:
        working = {
            state.request.symbol
            for state in self.engine.orders()
            if state.status is OrderStatus.WORKING
        }
        assert working == {symbol for symbol in SYMBOLS if self.engine.has_working(symbol)}


TestEngineHolds = EngineHolds.TestCase


def test_a_market_order_larger_than_the_quote_takes_the_next_ones() -> None:
    engine = Engine()
    placed, first = engine.place(order(qty=250), quote(99, 101), 0)
    assert (placed.order.status, placed.fill) == (OrderStatus.WORKING, None)
    assert (first.order.filled, first.order.leaves) == (100, 150)
    [second] = engine.on_tick("AAPL", quote(100, 102, number=2))
    [third] = engine.on_tick("AAPL", quote(101, 103, number=3))
    assert (second.order.filled, third.order.filled) == (200, 250)
    assert third.order.status is OrderStatus.FILLED
    assert third.order.cost == 100 * 101 + 100 * 102 + 50 * 103


def test_the_better_price_comes_first_then_the_older_order() -> None:
    engine = Engine()
    placed = [
        engine.place(order(qty=60, limit=limit), quote(99, 120), 0)[0].order.id
        for limit in (110, 111, 111)
    ]
    changes = engine.on_tick("AAPL", quote(104, 105, number=2))
    assert [(change.order.id, change.order.filled) for change in changes] == [
        (placed[1], 60),
        (placed[2], 40),
    ]


def test_what_cannot_be_traded_is_rejected_with_the_reason() -> None:
    engine = Engine()
    for request, reason in (
        (order(qty=MAX_QTY + 1), "quantity exceeds limit"),
        (order(limit=122, side=Side.BUY), "price band"),
        (order(limit=78, side=Side.SELL), "price band"),
    ):
        [change] = engine.place(request, quote(99, 101), 0)
        assert change.order.status is OrderStatus.REJECTED
        assert reason in str(change.order.reason)
        with pytest.raises(NotWorkingError, match="is rejected: only a working order"):
            engine.cancel(change.order.id, 1)


def test_a_limit_far_on_the_patient_side_is_welcome() -> None:
    [change] = Engine().place(order(limit=1), quote(99, 101), 0)
    assert change.order.status is OrderStatus.WORKING


def test_working_orders_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "MAX_WORKING", 2)
    engine = Engine()
    changes = [engine.place(order(limit=1), quote(99, 101), 0)[0] for _ in range(3)]
    assert [c.order.status for c in changes[:2]] == [OrderStatus.WORKING] * 2
    assert "at most 2, cancel some" in str(changes[2].order.reason)


def test_the_oldest_ended_orders_are_forgotten_and_working_ones_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "MAX_KEPT", 3)
    engine = Engine()
    [resting] = engine.place(order(limit=1), quote(99, 101), 0)
    for _ in range(5):
        engine.place(order(qty=1), quote(99, 101), 0)
    assert [state.id for state in engine.orders()] == [resting.order.id, "O000005", "O000006"]
    with pytest.raises(UnknownOrderError, match="there is no order 'O000002'"):
        engine.order("O000002")
