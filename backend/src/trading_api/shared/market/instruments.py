"""The symbols of the simulated market."""

from difflib import get_close_matches
from typing import NamedTuple


class Instrument(NamedTuple):
    """What can be traded. A price is `ticks / price_scale`; sizes are whole shares."""

    symbol: str
    name: str
    price_scale: int = 100


INSTRUMENTS: dict[str, Instrument] = {
    instrument.symbol: instrument
    for instrument in (
        Instrument("AAPL", "Apple Inc."),
        Instrument("FB", "Facebook, Inc."),
        Instrument("GOOG", "Google Inc."),
        Instrument("IBM", "International Business Machines Corporation"),
        Instrument("MSFT", "Microsoft Corporation"),
    )
}


class UnknownSymbolError(LookupError):
    """No such symbol on the simulated market."""

    def __init__(self, symbol: str) -> None:
        near = nearest(symbol)
        self.symbol = symbol
        self.nearest = near
        hint = f"did you mean {near!r}?" if near else f"known are {', '.join(INSTRUMENTS)}."
        super().__init__(f"unknown symbol {symbol[:40]!r}: {hint}")


def instrument(symbol: str) -> Instrument:
    """The instrument of a symbol, written exactly.

    Raises:
        UnknownSymbolError: There is none; the message names the nearest.
    """
    found = INSTRUMENTS.get(symbol)
    if found is None:
        raise UnknownSymbolError(symbol)
    return found


def nearest(symbol: str) -> str | None:
    """The known symbol that `symbol` was probably meant to be."""
    wanted = symbol.strip().upper()
    by_name = {i.name.upper(): i.symbol for i in INSTRUMENTS.values()}
    by_start = [s for name, s in by_name.items() if len(wanted) > 1 and name.startswith(wanted)]
    by_prefix = [
        s for s in INSTRUMENTS if wanted and (s.startswith(wanted) or wanted.startswith(s))
    ]
    alike = get_close_matches(wanted, INSTRUMENTS, n=1, cutoff=0.5)
    return next(iter([*by_prefix, *by_start, *alike]), None)
