"""Quotes: what a symbol costs now."""

from pydantic import BaseModel, Field

from trading_api.models.common import SymbolName


class QuoteDataSubscriptionRequest(BaseModel):
    """Whose quotes to follow."""

    symbol: SymbolName


class QuoteData(BaseModel):
    """The best bid and ask, the last price, and the day so far (UTC)."""

    symbol: str
    bid: float
    ask: float
    bid_size: float = Field(description="Shares wanted at the bid")
    ask_size: float = Field(description="Shares offered at the ask")
    last: float = Field(description="Price of the latest execution")
    change: float = Field(description="`last` less yesterday's close")
    change_percent: float = Field(description="`change` in percent of yesterday's close")
    day_open: float
    day_high: float
    day_low: float
    prev_close: float = Field(description="Yesterday's close")
    volume: float = Field(description="Shares traded today")
    time: int = Field(description="When it became so, ms since the Unix epoch")
