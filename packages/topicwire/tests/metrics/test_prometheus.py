"""What Prometheus reads, by its own parsers."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import httpx
import pytest
from packages.topicwire.tests.trading import AAPL, AAPL_TOPIC, App, Trade, TradeRequest, trades
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text
from starlette.applications import Starlette

from topicwire import DeclarationError, FastWSAdapter, WsRouter
from topicwire.hub.metrics import Metrics, RouteMetrics
from topicwire.metrics.families import FAMILIES
from topicwire.metrics.prometheus import TopicwireCollector
from topicwire.testing import connect

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def adapter(title: str = "Trading", metrics_path: str | None = "/metrics") -> FastWSAdapter:
    return FastWSAdapter(title=title, version="1", metrics_path=metrics_path)


async def scraped(app: Starlette, path: str = "/metrics", accept: str = "") -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers={"accept": accept})


def numbers(families: list[Metric]) -> dict[str, float]:
    return {
        f"{sample.name}{sorted(sample.labels.values())}": sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.anyio
async def test_the_exposition_says_what_was_counted() -> None:
    router = trades()
    app = App(router, metrics_path="/metrics")
    async with connect(app.asgi) as client:
        await client.subscribe("trades", AAPL)
        router.publish(AAPL_TOPIC, Trade(price=1))
        router.publish(AAPL_TOPIC, Trade(price=2))
        await client.settle()
        await client.unsubscribe("trades", {"symbol": "IBM"})
        response = await scraped(app.asgi)
        sample = numbers(list(parse_text(response.text)))
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert sample["topicwire_connections['Trading']"] == 1
    assert sample["topicwire_subscriptions['Trading', 'trades']"] == 1
    assert sample["topicwire_updates_sent_total['Trading', 'trades']"] == 2
    assert sample["topicwire_sent_bytes_total['Trading', 'trades']"] > 0
    assert sample["topicwire_refusals_total['Trading', 'not_subscribed', 'trades']"] == 1
    assert sample["topicwire_recoveries_total['Trading', 'recovered', 'trades']"] == 0
    lag = app.adapter.metrics.send_lag
    assert sample["topicwire_send_lag_seconds_count['Trading', 'trades']"] == lag.count > 0
    assert sample["topicwire_send_lag_seconds_bucket['+Inf', 'Trading', 'trades']"] == lag.count


@pytest.mark.parametrize("name", sorted(RouteMetrics.__dataclass_fields__.keys() - {"send_lag"}))
def test_whatever_is_counted_of_a_route_is_exported(name: str) -> None:
    counted = RouteMetrics()
    setattr(counted, name, Counter(internal=7) if name == "refusals" else 7)
    metrics = Metrics()
    metrics.include("trades", counted)
    assert 7 in [number for family in FAMILIES for _, number in family.read(metrics)]


@pytest.mark.parametrize(
    "name", [name for name in vars(Metrics()) if not name.startswith("_") and name != "send_lag"]
)
def test_whatever_is_counted_of_an_app_is_exported(name: str) -> None:
    metrics = Metrics()
    value = Counter(internal=7) if isinstance(getattr(metrics, name), Counter) else 7
    setattr(metrics, name, value)
    assert 7 in [number for family in FAMILIES for _, number in family.read(metrics)]


@pytest.mark.anyio
async def test_openmetrics_is_spoken_to_who_asks_for_it() -> None:
    app = Starlette()
    adapter().setup(app)
    response = await scraped(app, accept=OPENMETRICS)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    families = parse_openmetrics(response.text)  # type: ignore[no-untyped-call]  # its author's
    names = {family.name for family in families}
    assert "topicwire_send_lag_seconds" in names
    assert len(names) == len(FAMILIES) + 1


@pytest.mark.anyio
async def test_there_is_no_endpoint_unless_it_is_asked_for() -> None:
    app = Starlette()
    adapter(metrics_path=None).setup(app)
    assert (await scraped(app)).status_code == 404


@pytest.mark.anyio
async def test_two_adapters_are_two_apps_of_one_collector() -> None:
    first, second = adapter("First", None), adapter("Second", None)
    for one in (first, second):
        one.include_router(WsRouter[TradeRequest, Trade](route="trades"))
    first.metrics.routes["trades"].updates_sent = 3
    registry = CollectorRegistry()
    registry.register(TopicwireCollector(first, second))
    value = registry.get_sample_value
    labels = {"route": "trades"}
    assert value("topicwire_updates_sent_total", {"app": "First", **labels}) == 3
    assert value("topicwire_updates_sent_total", {"app": "Second", **labels}) == 0


def test_what_would_collide_is_refused() -> None:
    first, second = adapter("First", None), adapter("Second", None)
    registry = CollectorRegistry()
    registry.register(TopicwireCollector(first))
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(TopicwireCollector(second))
    with pytest.raises(DeclarationError, match="two apps are called 'First'"):
        TopicwireCollector(first, adapter("First", None))


def test_endpoints_have_paths_of_their_own() -> None:
    app = Starlette()
    adapter("First").setup(app)
    with pytest.raises(DeclarationError, match="route at metrics_path='/metrics' already"):
        adapter("Second").setup(app)
    with pytest.raises(DeclarationError, match="must begin with a slash"):
        adapter(metrics_path="metrics")


def test_the_framework_runs_without_the_libraries() -> None:
    program = """
import sys
sys.modules["prometheus_client"] = sys.modules["opentelemetry"] = None
from topicwire import DeclarationError, FastWSAdapter
FastWSAdapter(title="t", version="1")
try:
    FastWSAdapter(title="t", version="1", metrics_path="/metrics")
except DeclarationError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install topicwire[prometheus]" in done.stdout
