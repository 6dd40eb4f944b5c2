"""Random values of the market's types."""

from __future__ import annotations

from hypothesis import strategies as st

from trading_api.shared.market import INSTRUMENTS, RESOLUTION_MS, Range, Tick

symbols = st.sampled_from(sorted(INSTRUMENTS))
resolutions = st.sampled_from(sorted(RESOLUTION_MS))


@st.composite
def ranges(draw: st.DrawFn) -> Range:
    """A period that does not contradict itself."""
    low = draw(st.integers(1, 100_000))
    high = low + draw(st.integers(0, 5_000))
    within = st.integers(low, high)
    return Range(draw(within), high, low, draw(within), draw(st.integers(0, 10**9)))


@st.composite
def tick_runs(draw: st.DrawFn, *, start_ms: int = 1_800_000_000_000) -> list[Tick]:
    """Ticks in order of time, minutes or hours apart now and then."""
    gaps = draw(st.lists(st.one_of(st.integers(0, 5_000), st.integers(0, 10**8)), max_size=40))
    ticks: list[Tick] = []
    time_ms = start_ms
    for number, gap_ms in enumerate(gaps, start=1):
        time_ms += gap_ms
        price, size = draw(st.integers(1, 10_000)), draw(st.integers(1, 500))
        ticks.append(Tick(number, time_ms, price, size, price, price + 1, 100, 100))
    return ticks
