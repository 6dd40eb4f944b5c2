"""What OpenTelemetry's own SDK reads."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Gauge, InMemoryMetricReader, Sum
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, TradeRequest, trades

from topicwire import DeclarationError, FastWSAdapter, WsRouter
from topicwire.metrics.families import FAMILIES
from topicwire.metrics.families import App as CountedApp
from topicwire.metrics.opentelemetry import instrument
from topicwire.testing import connect

Points = dict[tuple[str, ...], float]


def read(*apps: CountedApp) -> tuple[dict[str, Points], dict[str, Sum | Gauge]]:
    """Return the points by metric and sorted attributes, and the metrics' data."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    instrument(*apps, meter=provider.get_meter("test"))
    exported = reader.get_metrics_data()
    assert exported is not None
    points: dict[str, Points] = {}
    kinds: dict[str, Sum | Gauge] = {}
    for metric in exported.resource_metrics[0].scope_metrics[0].metrics:
        data = metric.data
        assert isinstance(data, Sum | Gauge)
        kinds[metric.name] = data
        points[metric.name] = {
            tuple(sorted(str(value) for value in (one.attributes or {}).values())): one.value
            for one in data.data_points
        }
    provider.shutdown()
    return points, kinds


@pytest.mark.anyio
async def test_the_sdk_reads_what_was_counted() -> None:
    router = trades()
    app = App(router)
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        await client.settle()
        await client.unsubscribe("trades", {"symbol": "IBM"})
        points, kinds = read(app.adapter)
    assert points["topicwire.connections"] == {("Trading",): 1}
    assert points["topicwire.updates_sent"] == {("Trading", "trades"): 1}
    assert points["topicwire.refusals"] == {("Trading", "not_subscribed", "trades"): 1}
    lag = app.adapter.metrics.send_lag
    assert points["topicwire.send_lag.count"] == {("Trading", "trades"): lag.count}
    assert points["topicwire.send_lag.sum"] == {("Trading", "trades"): lag.total_s}
    assert points["topicwire.send_lag.bucket"]["+Inf", "Trading", "trades"] == lag.count
    sent, subscriptions = kinds["topicwire.updates_sent"], kinds["topicwire.subscriptions"]
    assert isinstance(sent, Sum)
    assert sent.is_monotonic
    assert isinstance(subscriptions, Sum)
    assert not subscriptions.is_monotonic
    assert isinstance(kinds["topicwire.queue_largest"], Gauge)
    # what has never happened has no code to be shown with
    silent = {"topicwire.closes", "topicwire.logins_refused"}
    assert {f"topicwire.{family.name}" for family in FAMILIES} - points.keys() == silent


def test_two_adapters_are_two_apps() -> None:
    apps = [FastWSAdapter(title=title, version="1") for title in ("First", "Second")]
    for app in apps:
        app.include_router(WsRouter[TradeRequest, Trade](route="trades"))
    apps[0].metrics.routes["trades"].updates_sent = 3
    points, _ = read(*apps)
    assert points["topicwire.updates_sent"] == {("First", "trades"): 3, ("Second", "trades"): 0}


def test_apps_that_cannot_be_told_apart_are_refused() -> None:
    app = FastWSAdapter(title="First", version="1")
    with pytest.raises(DeclarationError, match="two apps are called 'First'"):
        instrument(app, app)
    with pytest.raises(DeclarationError, match="needs an app"):
        instrument()
