"""Bars and quotes on the wire: real server, independent client, and a clock that the test moves."""

from __future__ import annotations

from itertools import pairwise

import pytest
from backend.tests.conftest import NOW_MS
from backend.tests.manual_clock import ManualClock, turns
from backend.tests.serving import Served, Socket, serving
from fastapi import FastAPI

from topicwire import FastWSAdapter
from trading_api.models import Bar, BarsSubscriptionRequest, QuoteData
from trading_api.modules.datafeed import STALE_AFTER_S, DatafeedModule
from trading_api.modules.datafeed.service import DatafeedService
from trading_api.modules.datafeed.ws import bar_router, bars_topic_builder, ws_routers
from trading_api.shared.context import AppContext
from trading_api.shared.market import Market

AAPL = {"symbol": "AAPL", "resolution": "1"}
MINUTE_MS = 60_000
MARKET = Market("test", NOW_MS)
TOPIC = 'bars:{"resolution":"1","symbol":"AAPL"}'


def ticks_in(symbol: str, ms: int) -> int:
    """How many ticks fall in the next milliseconds."""
    return len(list(MARKET.ticks_between(symbol, NOW_MS, NOW_MS + ms)))


def service_of(served: Served) -> DatafeedService:
    (service,) = {
        router.service for router in served.ws_app.routers if router.route in {"bars", "quotes"}
    }
    assert isinstance(service, DatafeedService)
    return service


def test_routers_and_builders_have_their_names() -> None:
    """checklist 4, 16, 24: Pattern 1 gives bar_router, bars_topic_builder and ws_routers."""
    assert [router.route for router in ws_routers] == ["bars", "quotes"]
    assert bars_topic_builder is bar_router.topic_builder
    assert bars_topic_builder(BarsSubscriptionRequest(symbol="AAPL")) == TOPIC
    assert type(bar_router).__module__ == "trading_api.modules.datafeed.ws_generated.barwsrouter"


async def test_the_rate_that_is_promised_is_kept(served: Served) -> None:
    """pitfall 26: a topic that is silent for longer than it promised is stale"""
    times = [tick.time for tick in MARKET.ticks_between("AAPL", NOW_MS, NOW_MS + 10 * MINUTE_MS)]
    longest_ms = max(after - before for before, after in pairwise(times))
    assert longest_ms < STALE_AFTER_S * 1000 / 2
    async with served.socket() as socket:
        reply = await socket.call("bars.subscribe", AAPL)
        assert reply["stale_after_s"] == STALE_AFTER_S


async def test_the_generated_class_works_by_itself(clock: ManualClock) -> None:
    """checklist 16: Pattern 2, a direct import of the generated class."""
    from trading_api.modules.datafeed.ws_generated import BarWsRouter  # noqa: PLC0415

    router = BarWsRouter(route="bars", tags=["datafeed"])
    ws_app = FastWSAdapter(title="Direct", version="1")
    ws_app.include_router(router)
    api_app = FastAPI()
    ws_app.setup(api_app)
    bar = Bar.model_validate(dict.fromkeys(Bar.model_fields, 1) | {"closed": True})
    async with serving((api_app, ws_app), clock) as app, app.socket() as socket:
        assert (await socket.call("bars.subscribe", AAPL))["topic"] == TOPIC
        router.publish(router.topic_builder(BarsSubscriptionRequest(symbol="AAPL")), bar)
        assert Bar.model_validate(await socket.update("bars")) == bar


async def test_bars_flow_from_the_first_subscriber_to_the_last(served: Served) -> None:
    """checklist 11: the first subscriber starts the producer, the last one stops it."""
    service = service_of(served)
    async with served.socket() as one, served.socket() as other:
        assert service.producing == set()
        reply = await one.call("bars.subscribe", {"symbol": "AAPL"})
        assert (reply["status"], reply["topic"]) == ("ok", TOPIC)
        first = Bar.model_validate(await one.update("bars"))
        assert first.time == NOW_MS // MINUTE_MS * MINUTE_MS
        assert not first.closed
        # pitfall 23: who comes second sees the bar as it is, and need not wait for a tick
        await other.call("bars.subscribe", AAPL)
        assert Bar.model_validate(await other.update("bars")) == first
        assert service.producing == {TOPIC}

        await served.clock.advance(2_000)
        number = ticks_in("AAPL", 2_000)
        mine, theirs = await one.updates("bars", number), await other.updates("bars", number)
        assert mine == theirs
        revisions = [bar["revision"] for bar in mine]
        assert revisions == [first.revision + i for i in range(1, number + 1)]

        await one.call("bars.unsubscribe", AAPL)
        assert service.producing == {TOPIC}
        await other.call("bars.unsubscribe", AAPL)
        assert service.producing == set()
        await served.clock.advance(10_000)
        await one.silence()
        assert served.clock.sleepers == 0


async def test_the_producer_stops_when_the_last_subscriber_hangs_up(served: Served) -> None:
    """pitfall 1: a disconnect without unsubscribe leaves no producer behind."""
    async with served.socket() as socket:
        await socket.call("bars.subscribe", AAPL)
        await socket.update("bars")
        assert service_of(served).producing == {TOPIC}
    async with served.socket() as socket:
        # The server has seen the end of the first connection before the start of the second.
        await socket.silence()
        assert service_of(served).producing == set()


async def test_a_closed_bar_is_sent_when_its_minute_is_over(served: Served) -> None:
    async with served.socket() as socket:
        await socket.call("bars.subscribe", AAPL)
        await served.clock.advance(MINUTE_MS - NOW_MS % MINUTE_MS)
        told = [Bar.model_validate(await socket.update("bars"))]
        while not told[-1].closed:
            told.append(Bar.model_validate(await socket.update("bars")))
        assert {bar.time for bar in told} == {NOW_MS // MINUTE_MS * MINUTE_MS}
        assert [b.revision - a.revision for a, b in pairwise(told)] == [1] * (len(told) - 1)
        await served.clock.advance(1_000)
        following = Bar.model_validate(await socket.update("bars"))
        assert following.time == told[-1].time + MINUTE_MS
        assert following.revision == 1
        assert following.last_trade_id == told[-1].last_trade_id + 1


@pytest.mark.parametrize("resolution", ["1", "5", "60", "1D"])
async def test_history_and_live_join_by_time_and_revision(resolution: str, served: Served) -> None:
    async with served.socket() as socket:
        await socket.call("bars.subscribe", {"symbol": "IBM", "resolution": resolution})
        await served.clock.advance(1_000)
        number = 1 + ticks_in("IBM", 1_000)
        live = await socket.updates("bars", number)
        asked: dict[str, str | int] = {"symbol": "IBM", "resolution": resolution, "countback": 2}
        history = (await served.rest.get("/datafeed/history", params=asked)).json()["bars"]
        assert live[-1] == history[-1]
        assert [bar["time"] for bar in live] == [history[-1]["time"]] * number


async def quotes_until(socket: Socket, symbol: str, now_ms: int) -> list[QuoteData]:
    """All quotes sent up to the last one of an instant: some may give way to newer ones."""
    last_ms = MARKET.last_tick(symbol, now_ms).time
    told = [QuoteData.model_validate(await socket.update("quotes"))]
    while told[-1].time < last_ms:
        told.append(QuoteData.model_validate(await socket.update("quotes")))
    assert told[-1].time == last_ms
    return told


async def quotes_since(socket: Socket, seen: QuoteData, now_ms: int) -> list[QuoteData]:
    """The same, where perhaps none follows."""
    is_last = seen.time == MARKET.last_tick("FB", now_ms).time
    return [] if is_last else await quotes_until(socket, "FB", now_ms)


async def test_quotes_flow(served: Served) -> None:
    async with served.socket() as socket:
        reply = await socket.call("quotes.subscribe", {"symbol": "GOOG"})
        assert reply["topic"] == 'quotes:{"symbol":"GOOG"}'
        first = QuoteData.model_validate(await socket.update("quotes"))
        await served.clock.advance(2_000)
        told = await quotes_until(socket, "GOOG", served.clock.now_ms())
        for quote in told:
            assert quote.bid < quote.ask
            assert quote.day_low <= quote.last <= quote.day_high
            assert quote.time > first.time
            assert quote.prev_close == first.prev_close
            assert quote.change == pytest.approx(quote.last - quote.prev_close)
        [by_rest] = (await served.rest.get("/datafeed/quotes", params={"symbols": "GOOG"})).json()
        assert by_rest == told[-1].model_dump()


async def test_a_day_ends_and_the_next_begins(served: Served) -> None:
    day_ms = 24 * 60 * MINUTE_MS
    midnight = (NOW_MS // day_ms + 1) * day_ms
    served.clock.jump(midnight - NOW_MS - 500)
    async with served.socket() as socket:
        await socket.call("quotes.subscribe", {"symbol": "FB"})
        first = QuoteData.model_validate(await socket.update("quotes"))
        await served.clock.advance(499)
        [*_, before] = [first, *await quotes_since(socket, first, midnight - 1)]
        await served.clock.advance(MARKET.next_tick("FB", midnight - 1).time - midnight + 1)
        [last] = await quotes_until(socket, "FB", served.clock.now_ms())
        assert last.time >= midnight
        assert last.prev_close == before.last
        assert last.day_open == last.day_high == last.day_low == last.last


async def test_one_connection_may_follow_many_topics(served: Served) -> None:
    """checklist 26: each topic has its own producer and its own count."""
    async with served.socket() as socket:
        for symbol in ("AAPL", "IBM", "MSFT"):
            await socket.call("quotes.subscribe", {"symbol": symbol})
            assert (await socket.update("quotes"))["symbol"] == symbol
        await socket.call("quotes.unsubscribe", {"symbol": "IBM"})
        assert service_of(served).producing == {
            'quotes:{"symbol":"AAPL"}',
            'quotes:{"symbol":"MSFT"}',
        }


@pytest.mark.parametrize("route", ["bars", "quotes"])
@pytest.mark.parametrize(
    ("symbol", "told"),
    [("AAPLE", "unknown symbol 'AAPLE': did you mean 'AAPL'?"), ("", ""), ("A" * 21, "")],
)
async def test_an_unknown_symbol_is_an_error_reply_and_nothing_is_subscribed(
    route: str, symbol: str, told: str, served: Served
) -> None:
    """checklist 27: status="error" with a message, for invalid and unknown symbols."""
    async with served.socket() as socket:
        reply = await socket.call(f"{route}.subscribe", {"symbol": symbol})
        assert (reply["status"], reply["code"]) == ("error", "validation_error")
        assert told in reply["message"]
        assert service_of(served).producing == set()
        left = await socket.call(f"{route}.unsubscribe", {"symbol": symbol})
        assert left["status"] == "error"
        await socket.silence()


async def test_an_unknown_resolution_is_an_error_reply(served: Served) -> None:
    """checklist 27."""
    async with served.socket() as socket:
        reply = await socket.call("bars.subscribe", {"symbol": "AAPL", "resolution": "3"})
        assert (reply["status"], reply["code"]) == ("error", "validation_error")
        assert reply["details"][0]["path"] == "resolution"


async def test_a_message_of_no_route_names_the_nearest(served: Served) -> None:
    """checklist 32: "No matching type" says what there is."""
    async with served.socket() as socket:
        await socket.send("bar.subscribe", AAPL)
        error = await socket.receive()
        assert (error["type"], error["payload"]["code"]) == ("error", "no_matching_type")
        assert "bars.subscribe" in error["payload"]["message"]


async def test_stopping_the_module_stops_what_it_produces(served: Served) -> None:
    service = service_of(served)
    async with served.socket() as socket:
        await socket.call("bars.subscribe", AAPL)
        await socket.update("bars")
        module = DatafeedModule()
        module.__dict__["service"] = service
        await module.stop()
        assert service.producing == set()


async def test_a_producer_that_has_ended_is_started_anew(context: AppContext) -> None:
    service, told = DatafeedService(context), list[Bar]()
    ended = await service.create_topic(TOPIC, told.append)
    ended.cancel()
    await turns()
    running = await service.create_topic(TOPIC, told.append)
    await turns()
    assert not running.done()
    assert len(told) == 1
    service.remove_topic(TOPIC)
    await turns()
    assert running.cancelled()
