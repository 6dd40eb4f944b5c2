"""Numbers that look like what their names say, within what their schemas allow."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from topicwire.mock.moment import Topic

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TIMES = frozenset({"time", "timestamp", "ts", "at", "date", "created", "updated", "expires"})
_COUNTS = frozenset({"id", "number", "no", "seq", "sequence", "version", "revision", "index", "n"})
_SIZES = frozenset({"qty", "quantity", "size", "volume", "amount", "shares", "depth", "lots"})
_CHANGES = frozenset({"change", "delta", "pnl", "realized", "unrealized", "profit", "diff"})
_RATIOS = frozenset({"percent", "pct", "ratio", "share", "progress"})
_SHIFTS: Mapping[str, float] = {"bid": -0.0002, "ask": 0.0002, "low": -0.002, "high": 0.002}
_PRICES = frozenset(
    {"price", "bid", "ask", "last", "open", "high", "low", "close", "mark", "mid", "limit", "stop",
     "cost", "value", "px"}
)  # fmt: skip

AMOUNTS = _SIZES | _CHANGES | _RATIOS | _PRICES
"""The last word of a field that is an amount, as text too: a decimal travels so."""


def words(name: str) -> list[str]:
    """Return the words of a field's name, in lower case."""
    return [word.lower() for word in _SPLIT.findall(name)]


def integer(schema: Mapping[str, Any], name: str, topic: Topic) -> int:
    """Return a whole number for a field."""
    return int(_bounded(_integer(schema, name, topic), schema, 1))


def _integer(schema: Mapping[str, Any], name: str, topic: Topic) -> int:
    said, known = str(schema.get("description", "")).lower(), words(name)
    if _TIMES & set(known[-1:]) or "epoch" in said:
        seconds = "seconds" in said and "millisecond" not in said
        return topic.now_ms // (1000 if seconds else 1)
    if _COUNTS & set(known[-1:]):
        return topic.count(name) + _start(schema)
    if _SIZES & set(known):
        return topic.random.randint(1, 50) * 10
    if _PRICES & set(known):
        return round(price(schema, known, topic))
    low, high = (math.ceil(one) for one in _range(schema, 1, 100))
    return topic.random.randint(low, max(low, high))


def number(schema: Mapping[str, Any], name: str, topic: Topic) -> float:
    """Return a number for a field, with two decimals or so."""
    return _bounded(_number(schema, name, topic), schema, 0)


def _number(schema: Mapping[str, Any], name: str, topic: Topic) -> float:
    known = words(name)
    said = str(schema.get("description", "")).lower()
    if _TIMES & set(known[-1:]) and "epoch" in said:
        return topic.now_ms / 1000
    makers: tuple[tuple[frozenset[str], Callable[[], float]], ...] = (
        (_RATIOS, lambda: topic.random.uniform(0, 100)),
        (_CHANGES, lambda: topic.random.gauss(0, 1)),
        (_SIZES, lambda: float(topic.random.randint(1, 50) * 10)),
        (_PRICES, lambda: price(schema, known, topic)),
    )
    for kind, make in makers:
        if kind & set(known):
            return round(make(), 2)
    low, high = _range(schema, 0.0, 100.0)
    return round(topic.walk(name, _example(schema) or (low + high) / 2 or 1.0), 2)


def price(schema: Mapping[str, Any], known: list[str], topic: Topic) -> float:
    """Return a price: one walk a topic and update, with bid below ask, low below high."""
    now = topic.once("price", lambda: topic.walk("price", _example(schema) or _usual(topic)))
    shift = next((_SHIFTS[word] for word in known if word in _SHIFTS), 0.0)
    return now * (1 + shift)


def _usual(topic: Topic) -> float:
    return round(50 + 200 * topic.random.random(), 2)


def _start(schema: Mapping[str, Any]) -> int:
    return max(0, math.ceil(_range(schema, 0, 0)[0]) - 1)


def _example(schema: Mapping[str, Any]) -> float | None:
    for one in schema.get("examples", ()):
        if isinstance(one, int | float) and not isinstance(one, bool):
            return float(one)
    return None


def _range(schema: Mapping[str, Any], low: float, high: float) -> tuple[float, float]:
    """Return what the schema allows, and where it says nothing something wide enough."""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is None and most is None:
        return low, high
    if least is None:
        return min(low, most - abs(most) - 1), most
    if most is None:
        return least, max(high, least + abs(least) + 1)
    return least, most


def _bounded(value: float, schema: Mapping[str, Any], step: int) -> float:
    """Return the allowed value nearest to `value`."""
    unit: float = schema.get("multipleOf", 0)
    if unit:
        value = round(value / unit) * unit
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is not None and value < least:
        value = math.ceil(least / unit) * unit if unit else least
    if above is not None and value <= above:
        value = (math.floor(above / unit) + 1) * unit if unit else above + (step or _gap(schema))
    if most is not None and value > most:
        value = math.floor(most / unit) * unit if unit else most
    if below is not None and value >= below:
        value = (math.ceil(below / unit) - 1) * unit if unit else below - (step or _gap(schema))
    return value


def _gap(schema: Mapping[str, Any]) -> float:
    """Return a step from a bound that is not allowed itself: not as far as the other bound."""
    low, high = _range(schema, 0, 0)
    return min(0.01, (high - low) / 4) or 0.01
