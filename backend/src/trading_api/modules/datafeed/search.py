"""Finding a symbol by what somebody types. Pure."""

from trading_api.shared.market import INSTRUMENTS, Instrument


def search(query: str, limit: int) -> list[Instrument]:
    """Instruments, best first; all for an empty query.

    First the symbol itself, then symbols that begin so, names with a word that begins so, the rest.
    """
    wanted = query.strip().upper()
    ranked = [(rank, i) for i in INSTRUMENTS.values() if (rank := _rank(i, wanted)) is not None]
    return [found for _, found in sorted(ranked)][:limit]


def _rank(instrument: Instrument, wanted: str) -> int | None:
    name = instrument.name.upper()
    if instrument.symbol == wanted:
        return 0
    if instrument.symbol.startswith(wanted):
        return 1
    if any(word.startswith(wanted) for word in name.split()):
        return 2
    return 3 if wanted in instrument.symbol or wanted in name else None
