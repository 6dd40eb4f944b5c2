"""Bars and quotes: what they are now, and as they change."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from trading_api.models import (
    Bar,
    BarsSubscriptionRequest,
    DatafeedConfig,
    History,
    QuoteData,
    QuoteDataSubscriptionRequest,
    Resolution,
    SymbolInfo,
    SymbolMatch,
)
from trading_api.modules.datafeed import wire
from trading_api.modules.datafeed.history import Period, candles_of
from trading_api.modules.datafeed.search import search
from trading_api.shared.context import AppContext
from trading_api.shared.market import RESOLUTION_MS, Tick, follow, instrument
from trading_api.shared.market.types import DAY_MS
from trading_api.shared.ws.router_interface import WsRouteService

TopicUpdate = Callable[[Any], None]


class DatafeedService(WsRouteService):
    """Serves the simulated market. A topic has a task of its own while it has subscribers."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._producers: dict[str, asyncio.Task[None]] = {}

    @property
    def producing(self) -> frozenset[str]:
        """The topics that have a producer now."""
        return frozenset(self._producers)

    # Topics

    async def create_topic(self, topic: str, topic_update: TopicUpdate) -> asyncio.Task[None]:
        """Start to produce a topic: its present value at once, then each change.

        Raises:
            UnknownSymbolError: The topic's symbol does not exist.
        """
        producer = self._producers.get(topic)
        if producer is None or producer.done():
            producer = asyncio.create_task(self._producer(topic, topic_update), name=topic)
            self._producers[topic] = producer
        return producer

    def remove_topic(self, topic: str) -> None:
        """Stop producing the topic."""
        producer = self._producers.pop(topic, None)
        if producer is not None:
            producer.cancel()

    def get_snapshot(self, topic: str) -> Bar | QuoteData | None:
        """The forming bar, or the quote, as it is now; None before the first tick of a bar."""
        now_ms = self._context.clock.now_ms()
        route, _, request = topic.partition(":")
        if route == "quotes":
            quotes = QuoteDataSubscriptionRequest.model_validate_json(request)
            return self._quote(quotes.symbol, now_ms)
        bars = BarsSubscriptionRequest.model_validate_json(request)
        step_ms = RESOLUTION_MS[bars.resolution]
        start_ms = now_ms // step_ms * step_ms
        candle = self._context.market.candle(bars.symbol, bars.resolution, start_ms, now_ms)
        return None if candle is None else wire.bar(instrument(bars.symbol), candle)

    def _producer(self, topic: str, update: TopicUpdate) -> Coroutine[Any, Any, None]:
        route, _, request = topic.partition(":")
        if route == "bars":
            bars = BarsSubscriptionRequest.model_validate_json(request)
            instrument(bars.symbol)
            return self._bars(bars.symbol, bars.resolution, update)
        quotes = QuoteDataSubscriptionRequest.model_validate_json(request)
        instrument(quotes.symbol)
        return self._quotes(quotes.symbol, update)

    async def _bars(self, symbol: str, resolution: Resolution, update: TopicUpdate) -> None:
        """The forming bar at each tick, and every closed bar when its time is over."""
        context, traded = self._context, instrument(symbol)
        now_ms, step_ms = context.clock.now_ms(), RESOLUTION_MS[resolution]
        builder = context.market.builder(symbol, resolution, now_ms // step_ms * step_ms, now_ms)
        if builder.forming is not None:
            update(wire.bar(traded, builder.forming))
        async for passage in follow(context.market, context.clock, symbol, now_ms):
            for candle in [*builder.add_all(passage.ticks), *builder.advance(passage.until_ms)]:
                update(wire.bar(traded, candle))

    async def _quotes(self, symbol: str, update: TopicUpdate) -> None:
        """The quote at each tick; of several that have passed at once, the last."""
        context = self._context
        now_ms = context.clock.now_ms()
        day = context.market.builder(symbol, "1D", now_ms // DAY_MS * DAY_MS, now_ms)
        update(self._quote(symbol, now_ms))
        async for passage in follow(context.market, context.clock, symbol, now_ms):
            day.add_all(passage.ticks)
            if passage.ticks and day.forming is not None:
                close = self._close_before(symbol, passage.ticks[-1])
                update(wire.quote(instrument(symbol), passage.ticks[-1], day.forming, close))

    # Requests

    def config(self) -> DatafeedConfig:
        """What the datafeed offers."""
        return wire.config(self._context.market)

    def time_s(self) -> int:
        """The server's time, whole seconds since the Unix epoch."""
        return self._context.clock.now_ms() // 1000

    def search_symbols(self, query: str, limit: int) -> list[SymbolMatch]:
        """The symbols that a user might mean, best first."""
        return [wire.symbol_match(found) for found in search(query, limit)]

    def symbol(self, symbol: str) -> SymbolInfo:
        """All there is to know of a symbol.

        Raises:
            UnknownSymbolError: There is no such symbol.
        """
        return wire.symbol_info(instrument(symbol), self._context.market)

    def history(self, symbol: str, resolution: Resolution, period: Period) -> History:
        """The bars of a period, as they are now.

        Raises:
            UnknownSymbolError: There is no such symbol.
            RefusedError: The period means nothing, or too much.
        """
        traded = instrument(symbol)
        now_ms = self._context.clock.now_ms()
        found = candles_of(self._context.market, symbol, resolution, period, now_ms)
        return History(
            bars=[wire.bar(traded, candle) for candle in found.candles],
            no_data=not found.candles,
            next_time=None if found.next_ms is None else found.next_ms // 1000,
        )

    def quotes(self, symbols: Sequence[str]) -> list[QuoteData]:
        """The present quote of each symbol.

        Raises:
            UnknownSymbolError: There is no such symbol.
        """
        for symbol in symbols:
            instrument(symbol)
        now_ms = self._context.clock.now_ms()
        return [self._quote(symbol, now_ms) for symbol in symbols]

    def _quote(self, symbol: str, now_ms: int) -> QuoteData:
        market = self._context.market
        tick = market.last_tick(symbol, now_ms)
        # In the first moments of a day nothing has been traded yet: the quote is still yesterday's.
        day = market.candle(symbol, "1D", tick.time // DAY_MS * DAY_MS, now_ms)
        if day is None:
            raise AssertionError(f"{symbol}: a day with a tick has a bar")
        return wire.quote(instrument(symbol), tick, day, self._close_before(symbol, tick))

    def _close_before(self, symbol: str, tick: Tick) -> int:
        return self._context.market.day(symbol, tick.time // DAY_MS - 1).close
