"""Symbols, and what the market is."""

from pydantic import BaseModel, Field

from trading_api.models.common import DecimalString
from trading_api.models.market.bars import Resolution


class SymbolMatch(BaseModel):
    """One answer to a search."""

    symbol: str
    description: str
    exchange: str
    type: str = Field(examples=["stock"])


class SymbolInfo(SymbolMatch):
    """How a symbol is traded and written."""

    currency: str
    timezone: str
    session: str = Field(description="When it trades", examples=["24x7"])
    tick_size: DecimalString = Field(description="Prices are whole multiples of it")
    lot_size: DecimalString = Field(description="Quantities are whole multiples of it")
    price_decimals: int
    supported_resolutions: list[Resolution]
    first_time: int = Field(description="Opening of its first day, ms since the Unix epoch")
    simulated: bool


class MarketAnchor(BaseModel):
    """What the simulated market rests on."""

    source: str
    description: str
    last_real_day: str = Field(
        description="The newest real day bar lies on this date", examples=["2026-01-31"]
    )
    seed: str


class DatafeedConfig(BaseModel):
    """What the datafeed offers."""

    symbols: list[str]
    supported_resolutions: list[Resolution]
    max_history_bars: int = Field(description="Most bars that one history request returns")
    timezone: str
    session: str
    simulated: bool = Field(
        description="The market is a simulation: nothing here is a real price of today"
    )
    anchor: MarketAnchor
