"""The simulated market that every module reads: real daily bars, and all that lies between them."""

from trading_api.shared.market.bars import CandleBuilder, fold
from trading_api.shared.market.instruments import (
    INSTRUMENTS,
    Instrument,
    UnknownSymbolError,
    instrument,
)
from trading_api.shared.market.live import Passage, follow
from trading_api.shared.market.simulation import Market
from trading_api.shared.market.types import RESOLUTION_MS, Candle, Range, Tick

__all__ = [
    "INSTRUMENTS",
    "RESOLUTION_MS",
    "Candle",
    "CandleBuilder",
    "Instrument",
    "Market",
    "Passage",
    "Range",
    "Tick",
    "UnknownSymbolError",
    "fold",
    "follow",
    "instrument",
]
