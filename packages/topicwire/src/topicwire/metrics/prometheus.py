"""What the hub counts, for Prometheus. Needs `topicwire[prometheus]`.

    from prometheus_client import REGISTRY
    REGISTRY.register(TopicwireCollector(ws_app))

or, without a registry of one's own, `FastWSAdapter(..., metrics_path="/metrics")`.
"""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from topicwire.metrics.families import (
    FAMILIES,
    LAG_HELP,
    LAG_NAME,
    PREFIX,
    App,
    Family,
    Kind,
    check_titles,
    lags,
)


class TopicwireCollector(Collector):
    """Reads the counters of apps when Prometheus asks. Nothing is counted twice, or copied before.

    Guarantee: the labels are the app's title, its routes and the protocol's codes. Two apps in one
    registry are two arguments of one collector; registries apart never know of each other.

    Args:
        apps: one or more `FastWSAdapter`.

    Raises:
        DeclarationError: two have the same title.
    """

    def __init__(self, *apps: App) -> None:
        check_titles(apps)
        self._apps = apps

    def collect(self) -> Iterator[Metric]:
        """Return every metric, with the numbers that it has now."""
        for family in FAMILIES:
            metric = _metric(family)
            for app in self._apps:
                for labels, value in family.read(app.metrics):
                    metric.add_metric([app.title, *labels], value)
            yield metric
        yield self._lag()

    def describe(self) -> Iterator[Metric]:
        """Return the names alone: what a registry needs to refuse a second one like it."""
        yield from map(_metric, FAMILIES)
        yield _lag_metric()

    def _lag(self) -> Metric:
        metric = _lag_metric()
        for app in self._apps:
            for route, buckets, total_s in lags(app):
                metric.add_metric([app.title, route], buckets, total_s)
        return metric


def metrics_route(app: App, path: str) -> Route:
    """Return the endpoint of one app: its own metrics and no others, in the format asked for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(TopicwireCollector(app))

    async def metrics(request: Request) -> Response:
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        # content-type as a header: starlette would add a second charset
        headers = {"content-type": media_type, "cache-control": "no-store"}
        return Response(encode(registry), headers=headers)

    return Route(path, metrics, name="topicwire-metrics", include_in_schema=False)


def _metric(family: Family) -> CounterMetricFamily | GaugeMetricFamily:
    kind = CounterMetricFamily if family.kind is Kind.COUNTER else GaugeMetricFamily
    name = f"{PREFIX}_{family.name}"
    return kind(name, family.help, labels=["app", *family.labels], unit=family.unit)


def _lag_metric() -> HistogramMetricFamily:
    name = f"{PREFIX}_{LAG_NAME}"
    return HistogramMetricFamily(name, LAG_HELP, labels=["app", "route"], unit="seconds")
