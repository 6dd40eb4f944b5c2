from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trading_api.models import Side
from trading_api.modules.broker.holding import Holding

fills = st.lists(
    st.tuples(st.sampled_from(Side), st.integers(1, 500), st.integers(1, 100_000)), max_size=30
)


@given(fills=fills, mark=st.integers(1, 100_000))
def test_not_a_cent_is_made_or_lost(fills: list[tuple[Side, int, int]], mark: int) -> None:
    """Profit is what was taken in, less what was paid, and what is held at the mark."""
    holding, cash, held = Holding(), 0, 0
    for side, qty, price in fills:
        holding = holding.after(side, qty, price)
        cash -= side * qty * price
        held += side * qty
        assert holding.qty == held
        assert holding.realized - holding.cost == cash
        assert holding.realized + holding.unrealized(mark) == cash + held * mark
        assert holding.qty * holding.cost >= 0
        assert holding.qty != 0 or holding.cost == 0


def test_a_flip_closes_and_opens() -> None:
    long = Holding().after(Side.BUY, 10, 100)
    short = long.after(Side.SELL, 15, 110)
    assert short == Holding(qty=-5, cost=-550, realized=100)
    assert short.after(Side.BUY, 5, 90) == Holding(qty=0, cost=0, realized=200)


def test_closing_a_part_releases_its_part_of_the_cost() -> None:
    assert Holding(3, 100, 0).after(Side.SELL, 1, 50) == Holding(2, 67, 17)
