"""From the market's integers to the models of the wire. Pure."""

from datetime import UTC, datetime, timedelta

from trading_api.models import (
    Bar,
    DatafeedConfig,
    MarketAnchor,
    QuoteData,
    Resolution,
    SymbolInfo,
    SymbolMatch,
)
from trading_api.modules.datafeed.history import MAX_BARS
from trading_api.shared.market import INSTRUMENTS, RESOLUTION_MS, Candle, Instrument, Market, Tick

TIMEZONE = "Etc/UTC"
SESSION = "24x7"
EXCHANGE = "SIM"
_RESOLUTIONS: list[Resolution] = list(RESOLUTION_MS)


def bar(instrument: Instrument, candle: Candle) -> Bar:
    """The bar of a candle: prices as floats, for charts."""
    scale = instrument.price_scale
    return Bar(
        time=candle.time,
        open=candle.open / scale,
        high=candle.high / scale,
        low=candle.low / scale,
        close=candle.close / scale,
        volume=float(candle.volume),
        closed=candle.closed,
        revision=candle.revision,
        last_trade_id=candle.last_tick_id,
    )


def quote(instrument: Instrument, tick: Tick, day: Candle, prev_close: int) -> QuoteData:
    """The quote after a tick, with the day that it belongs to and the close of the day before."""
    scale = instrument.price_scale
    return QuoteData(
        symbol=instrument.symbol,
        bid=tick.bid / scale,
        ask=tick.ask / scale,
        bid_size=float(tick.bid_size),
        ask_size=float(tick.ask_size),
        last=tick.price / scale,
        change=(tick.price - prev_close) / scale,
        change_percent=round(100 * (tick.price - prev_close) / prev_close, 4),
        day_open=day.open / scale,
        day_high=day.high / scale,
        day_low=day.low / scale,
        prev_close=prev_close / scale,
        volume=float(day.volume),
        time=tick.time,
    )


def symbol_match(instrument: Instrument) -> SymbolMatch:
    """An instrument as a search tells it."""
    return SymbolMatch(
        symbol=instrument.symbol, description=instrument.name, exchange=EXCHANGE, type="stock"
    )


def symbol_info(instrument: Instrument, market: Market) -> SymbolInfo:
    """All there is to know of an instrument."""
    decimals = len(str(instrument.price_scale)) - 1
    return SymbolInfo(
        **symbol_match(instrument).model_dump(),
        currency="USD",
        timezone=TIMEZONE,
        session=SESSION,
        tick_size=f"{1 / instrument.price_scale:.{decimals}f}",
        lot_size="1",
        price_decimals=decimals,
        supported_resolutions=_RESOLUTIONS,
        first_time=market.first_ms(instrument.symbol),
        simulated=True,
    )


def config(market: Market) -> DatafeedConfig:
    """What the datafeed offers, and what its market rests on."""
    opened = datetime.fromtimestamp(market.opened_ms / 1000, UTC).date()
    return DatafeedConfig(
        symbols=list(INSTRUMENTS),
        supported_resolutions=_RESOLUTIONS,
        max_history_bars=MAX_BARS,
        timezone=TIMEZONE,
        session=SESSION,
        simulated=True,
        anchor=MarketAnchor(
            source="bokeh_sampledata stocks, 2000-03-01 to 2013-03-01",
            description=(
                "The day bars are real, adjusted for splits and moved in time so that the last one "
                "lies on the day before this server started. What happens within a day, and every "
                "day since, is simulated around the clock from a seed. Orders do not move it."
            ),
            last_real_day=(opened - timedelta(days=1)).isoformat(),
            seed=market.seed,
        ),
    )
