"""Bars: what a period traded."""

from typing import Literal

from pydantic import BaseModel, Field

from trading_api.models.common import SymbolName

Resolution = Literal["1", "5", "15", "60", "1D"]


class BarsSubscriptionRequest(BaseModel):
    """Which bars to follow."""

    symbol: SymbolName
    resolution: Resolution = Field(default="1", description="Minutes, or `1D` for a day")


class Bar(BaseModel):
    """What a symbol traded in one period.

    Of two with the same `time` the one with the higher `revision` is the newer.
    """

    time: int = Field(description="Opening instant, ms since the Unix epoch")
    open: float
    high: float
    low: float
    close: float
    volume: float = Field(description="Shares")
    closed: bool = Field(description="The period is over: the bar will not change")
    revision: int = Field(description="One higher with each change; alike in history and live")
    last_trade_id: int = Field(description="The latest execution in it; ids count up by one")


class History(BaseModel):
    """Bars from oldest to newest, without gaps."""

    bars: list[Bar]
    no_data: bool = Field(description="Nothing was traded in the asked period")
    next_time: int | None = Field(
        description=(
            "Where there is no data: the opening of the newest bar before the period, in seconds"
        )
    )
