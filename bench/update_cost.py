"""What encoding one update costs, by the way the router was made.

`python bench/update_cost.py` encodes the same bar in several ways, in turns within one process, and
writes `results/update_cost.json`. The first two are the routers as an app has them, generic and
generated; the others are what a first attempt writes. A router refuses a bar whose fields are not
of their types, so there is a row that does so too. Ratios are taken round by round: machines drift.
It is this thread's own time on a core, so that whatever else the machine does is not counted.
"""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from topicwire import WsRouter
from topicwire.asgi.commands import RouteCommands
from topicwire.wire.codec import CarriedTypes, JsonEncoder
from trading_api.models import Bar, BarsSubscriptionRequest
from trading_api.modules.datafeed.ws_generated import BarWsRouter

RESULTS = Path(__file__).parent / "results/update_cost.json"
ROUNDS = 101
UPDATES = 2_000

BAR = Bar(
    time=1_700_000_000_000,
    open=189.41,
    high=189.62,
    low=189.37,
    close=189.55,
    volume=48_210.0,
    closed=False,
    revision=12,
    last_trade_id=9_113_204,
)


def ways() -> dict[str, Callable[[Bar], bytes]]:
    """Name → what encodes a bar. The first one is what the others are compared with."""
    generic = WsRouter[BarsSubscriptionRequest, Bar](route="bars")
    generated = BarWsRouter(route="bars")
    return {
        "generic router": RouteCommands(generic, CarriedTypes()).route.encode,
        "generated router": RouteCommands(generated, CarriedTypes()).route.encode,
        "model_dump_json(warnings='error')": (
            lambda bar: bar.model_dump_json(warnings="error").encode()
        ),
        "model_dump_json(), unchecked": lambda bar: bar.model_dump_json().encode(),
        "a TypeAdapter for each call": lambda bar: TypeAdapter(Bar).dump_json(bar),
    }


class Level(BaseModel):
    """An update without an integer that nothing bounds: there is nothing to look for."""

    symbol: str
    price: float
    size: Annotated[int, Field(ge=0, le=1_000_000)]


LEVEL = Level(symbol="AAPL", price=189.41, size=300)


def checks() -> dict[str, tuple[Callable[[Any], bytes], Callable[[Any], bytes], Any]]:
    """Name → an encoder that looks for integers beyond 2^53 - 1, one that does not, and a value."""
    found: dict[str, tuple[Callable[[Any], bytes], Callable[[Any], bytes], Any]] = {}
    values: dict[str, BaseModel] = {"a bar, three integers": BAR, "a level, none": LEVEL}
    for name, value in values.items():
        looking, blind = (JsonEncoder(type(value), "bench") for _ in range(2))
        blind._counts = False  # noqa: SLF001 - what is measured
        found[name] = (looking, blind, value)
    return found


def nanoseconds(encode: Callable[[Any], bytes], value: BaseModel = BAR) -> float:
    """The cost of one call, over a round."""
    started = time.thread_time_ns()
    for _ in range(UPDATES):
        encode(value)
    return (time.thread_time_ns() - started) / UPDATES


def looking_for_integers() -> dict[str, float]:
    """What the look for integers beyond 2^53 - 1 adds to an encoding: the median ratio."""
    ratios: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for name, (looking, blind, value) in checks().items():
            pair = nanoseconds(looking, value), nanoseconds(blind, value)
            ratios.setdefault(name, []).append(pair[0] / pair[1])
    return {name: round(statistics.median(found), 3) for name, found in ratios.items()}


def main() -> None:
    """Measure, print and record."""
    encoders = ways()
    encoded = {encode(BAR) for encode in encoders.values()}
    assert len(encoded) == 1, encoded
    rounds: dict[str, list[float]] = {name: [] for name in encoders}
    for _ in range(ROUNDS):
        for name, encode in encoders.items():
            rounds[name].append(nanoseconds(encode))
    base = next(iter(rounds.values()))
    rows = {
        name: {
            "median_ns": round(statistics.median(costs)),
            "median_ratio": round(
                statistics.median(cost / first for cost, first in zip(costs, base, strict=True)), 3
            ),
        }
        for name, costs in rounds.items()
    }
    for name, row in rows.items():
        print(f"{name:34} {row['median_ns']:>8} ns   x {row['median_ratio']}")
    looks = looking_for_integers()
    for name, ratio in looks.items():
        print(f"looking for unsafe integers in {name:28} x {ratio}")
    record = {
        "what": "encoding one update (a bar), a thread's time: medians of rounds, ratios in one",
        "command": "python bench/update_cost.py",
        "rounds": ROUNDS,
        "updates_a_round": UPDATES,
        "python": platform.python_version(),
        "pydantic": version("pydantic"),
        "machine": f"{platform.system()} {platform.machine()}",
        "results": rows,
        "looking_for_unsafe_integers": looks,
    }
    RESULTS.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
