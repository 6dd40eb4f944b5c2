"""Bars from ticks, and longer bars from shorter ones.

Pure: time comes in with the ticks and with `advance`. History and the live feed use the same
builder.
"""

from collections.abc import Iterable, Sequence

from trading_api.shared.market.types import Candle, Range, Tick


def fold(parts: Sequence[Range | Candle | Tick]) -> Range:
    """What consecutive parts (ticks or bars) traded together.

    Raises:
        ValueError: There are none.
    """
    if not parts:
        raise ValueError("there is nothing to fold: a bar holds one tick at least")
    ranges = [
        Range(p.price, p.price, p.price, p.price, p.size) if isinstance(p, Tick) else p
        for p in parts
    ]
    return Range(
        open=ranges[0].open,
        high=max(part.high for part in ranges),
        low=min(part.low for part in ranges),
        close=ranges[-1].close,
        volume=sum(part.volume for part in ranges),
    )


class LateTickError(ValueError):
    """A tick of a bar that is closed already."""

    def __init__(self, tick: Tick, closed_until_ms: int) -> None:
        super().__init__(
            f"tick {tick.id} of {tick.time} ms comes after its bar was closed: bars are closed "
            f"until {closed_until_ms} ms. Pass ticks in order, and do not `advance` past them."
        )
        self.tick = tick
        self.closed_until_ms = closed_until_ms


class CandleBuilder:
    """Folds ticks into bars of one length, aligned to the Unix epoch.

    Guarantee: every bar in which something traded is closed once, and a bar is closed when time has
    reached its end (`advance`), or by a tick of a later bar, whichever comes first.
    """

    def __init__(self, step_ms: int) -> None:
        self.step_ms = step_ms
        self.forming: Candle | None = None
        """The bar that is still open, None between bars."""
        self.closed: Candle | None = None
        """The latest closed bar."""
        self._closed_until_ms = 0

    def begin(self, time_ms: int, traded: Range, ticks: int, last_tick_id: int) -> None:
        """Start from a bar of which `ticks` ticks are folded already."""
        self.forming = Candle(
            time_ms, *traded, closed=False, revision=ticks, last_tick_id=last_tick_id
        )

    def add(self, tick: Tick) -> list[Candle]:
        """The bars that this tick changes, oldest first: one that it closes, then the one it is in.

        Raises:
            LateTickError: Its bar is closed.
        """
        time_ms = tick.time - tick.time % self.step_ms
        if time_ms < self._closed_until_ms:
            raise LateTickError(tick, self._closed_until_ms)
        changed = self.advance(tick.time)
        bar = self.forming
        if bar is None:
            self.forming = Candle(
                time=time_ms,
                open=tick.price,
                high=tick.price,
                low=tick.price,
                close=tick.price,
                volume=tick.size,
                closed=False,
                revision=1,
                last_tick_id=tick.id,
            )
        else:
            self.forming = Candle(
                time=bar.time,
                open=bar.open,
                high=max(bar.high, tick.price),
                low=min(bar.low, tick.price),
                close=tick.price,
                volume=bar.volume + tick.size,
                closed=False,
                revision=bar.revision + 1,
                last_tick_id=tick.id,
            )
        return [*changed, self.forming]

    def add_all(self, ticks: Iterable[Tick]) -> list[Candle]:
        """The same for several, told once: each closed bar, then the forming one if it changed."""
        changed = [candle for tick in ticks for candle in self.add(tick)]
        return [c for c in changed if c.closed] + (
            [self.forming] if changed and self.forming else []
        )

    def advance(self, now_ms: int) -> list[Candle]:
        """Close the bar whose end `now_ms` has reached. Nothing older may come after."""
        bar = self.forming
        if bar is None or now_ms < bar.time + self.step_ms:
            return []
        self._closed_until_ms = bar.time + self.step_ms
        self.closed = bar._replace(closed=True, revision=bar.revision + 1)
        self.forming = None
        return [self.closed]
