"""What the hub counts, for OpenTelemetry. Needs `topicwire[opentelemetry]`: the API alone.

    instrument(ws_app)

The application chooses the SDK and its exporter; without one this does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter

from topicwire.errors import DeclarationError
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


def instrument(*apps: App, meter: Meter | None = None) -> None:
    """Report the counters of apps through observable instruments: read when they are exported.

    Names are `topicwire.` and what Prometheus calls them without prefix and suffix; attributes are
    Prometheus' labels. The API has no observable histogram, so the lag is three counters:
    `topicwire.send_lag.bucket` (cumulative, attribute `le` in seconds), `.count` and `.sum`.

    Call it once with all apps: a meter has one instrument of a name.

    Args:
        apps: one or more `FastWSAdapter`.
        meter: where the instruments are made; by default the global provider's, `topicwire`.

    Raises:
        DeclarationError: there is no app, or two have the same title.
    """
    if not apps:
        raise DeclarationError("instrument() needs an app: instrument(ws_app).")
    check_titles(apps)
    meter = meter or get_meter(PREFIX)
    for family in FAMILIES:
        _create(meter, family, apps)
    _create_lag(meter, apps)


def _create(meter: Meter, family: Family, apps: Sequence[App]) -> None:
    create = {
        Kind.COUNTER: meter.create_observable_counter,
        Kind.LEVEL: meter.create_observable_up_down_counter,
        Kind.LARGEST: meter.create_observable_gauge,
    }[family.kind]

    def observe(_: CallbackOptions) -> Iterable[Observation]:
        for app in apps:
            for values, number in family.read(app.metrics):
                labels = dict(zip(family.labels, values, strict=True))
                yield Observation(number, {"app": app.title, **labels})

    unit = "By" if family.unit == "bytes" else "1"
    create(f"{PREFIX}.{family.name}", [observe], unit=unit, description=family.help)


def _create_lag(meter: Meter, apps: Sequence[App]) -> None:
    def buckets(app: App) -> Iterable[Observation]:
        for route, numbers, _ in lags(app):
            for bound, number in numbers:
                yield Observation(number, {"app": app.title, "route": route, "le": bound})

    def count(app: App) -> Iterable[Observation]:
        for route, numbers, _ in lags(app):
            yield Observation(numbers[-1][1], {"app": app.title, "route": route})

    def total(app: App) -> Iterable[Observation]:
        for route, _, total_s in lags(app):
            yield Observation(total_s, {"app": app.title, "route": route})

    for suffix, unit, read in (
        ("bucket", "1", buckets),
        ("count", "1", count),
        ("sum", "s", total),
    ):
        meter.create_observable_counter(
            f"{PREFIX}.{LAG_NAME}.{suffix}",
            [_over(apps, read)],
            unit=unit,
            description=LAG_HELP,
        )


def _over(
    apps: Sequence[App], read: Callable[[App], Iterable[Observation]]
) -> Callable[[CallbackOptions], Iterable[Observation]]:
    return lambda _: [one for app in apps for one in read(app)]
