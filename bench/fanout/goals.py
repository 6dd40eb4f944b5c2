"""What Topicwire is to reach, beside what a record says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Row: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """One measure.

    Attributes:
        measure: what is measured.
        bar: what it is to be.
        better: what it had better be; None for nothing more.
        found: reads it; a KeyError where the record has it not.
        unit: after each number.
        most_is_best: more is better.
    """

    measure: str
    bar: float
    better: float | None
    found: Callable[[Row], float]
    unit: str = ""
    most_is_best: bool = True

    def row(self, record: Row) -> list[str] | None:
        """The cells of a table: measure, bar, better, found; None where it was not measured."""
        try:
            found = self.found(record)
        except (KeyError, TypeError):
            return None
        sign = "≥" if self.most_is_best else "≤"
        limits = [self._shown(sign, limit) for limit in (self.bar, self.better)]
        is_met = [
            limit is not None and (found >= limit if self.most_is_best else found <= limit)
            for limit in (self.bar, self.better)
        ]
        verdict = "beyond" if is_met[1] else "yes" if is_met[0] else "no"
        return [self.measure, *limits, f"{found:,.3g}{self.unit}", verdict]

    def _shown(self, sign: str, limit: float | None) -> str:
        return "" if limit is None else f"{sign} {limit:,.3g}{self.unit}"


def _to_loop(workload: str) -> Callable[[Row], float]:
    def found(record: Row) -> float:
        value: float = record["servers"]["ours"]["throughput"][workload]["ratio"]["value"]
        return value

    return found


def _to(name: str, workload: str) -> Callable[[Row], float]:
    def found(record: Row) -> float:
        theirs: float = record["servers"][name]["throughput"][workload]["ratio"]["value"]
        return _to_loop(workload)(record) / theirs

    return found


def _of(*path: str, scale: float = 1.0) -> Callable[[Row], float]:
    def found(record: Row) -> float:
        one: Any = record
        for name in path:
            one = one[name]
        return float(one) * scale

    return found


def _of_ours(*path: str) -> Callable[[Row], float]:
    return _of("servers", "ours", *path)


def _user_ns(workload: str) -> Callable[[Row], float]:
    return _of_ours("throughput", workload, "user_ns", "value")


GOALS: Final = (
    Goal("one update to 100, to the C loop", 0.85, 0.95, _to_loop("100x1")),
    Goal("one update to 1,000, to the C loop", 0.85, 0.95, _to_loop("1000x1")),
    Goal("the same, to uWebSockets", 1.0, None, _to("uws", "1000x1")),
    Goal("one update to 5,000, to the C loop", 0.85, 0.95, _to_loop("5000x1")),
    Goal("ten a tick to 1,000, to the C loop", 0.80, 0.92, _to_loop("1000x10")),
    Goal("the same, to uWebSockets", 1.0, None, _to("uws", "1000x10")),
    Goal("one update to 1,000, to FastWS", 4, None, _to("fastws", "1000x1")),
    Goal("ten a tick to 1,000, to FastWS", 45, None, _to("fastws", "1000x10")),
    Goal("user ns a message, N=1000", 800, 500, _user_ns("1000x1"), " ns", most_is_best=False),
    Goal("the same, ten a tick", 120, 80, _user_ns("1000x10"), " ns", most_is_best=False),
    Goal(
        "the loop is held by one update to 10,000, at most",
        *(5, 2),
        _of("own", "held", "collector frozen", "longest_ms"),
        " ms",
        most_is_best=False,
    ),
    Goal(
        "p99 latency, 1,000 at 20 a second, to the C loop's",
        *(1.3, 1.1),
        _of_ours("throughput", "latency", "p99_ratio", "value"),
        most_is_best=False,
    ),
    Goal(
        "memory of an idle subscribed connection",
        *(10, 6),
        _of_ours("memory", "pss_kib"),
        " KiB",
        most_is_best=False,
    ),
    Goal(
        "connect and subscribe, to plain Starlette",
        *(1.5, 2.5),
        _of_ours("connects", "ratio", "value"),
    ),
    Goal(
        "publish to nobody",
        *(2, 1),
        _of("own", "nobody", "ns", "value", scale=1e-3),
        " µs",
        most_is_best=False,
    ),
    Goal(
        "an update to 10 beside 100,000 other topics, to that without them",
        *(1.1, None),
        _of("own", "others", "ratio", "value"),
        most_is_best=False,
    ),
)


def reached(record: Row) -> list[list[str]]:
    """The rows of what was measured."""
    rows = [goal.row(record) for goal in GOALS]
    return [row for row in rows if row is not None]
