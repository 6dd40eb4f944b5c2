"""What a delivery may say, and how the document shows it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from topicwire import DeclarationError, drop_oldest, latest, lossless, merge
from topicwire.routing.delivery import RouteDelivery, described


def wrong(declare: Callable[..., RouteDelivery], **options: Any) -> RouteDelivery:
    """Declare what a type checker would refuse."""
    return declare(**options)


def combined(older: Any, newer: Any) -> Any:
    return older or newer


@pytest.mark.parametrize(
    ("delivery", "shown"),
    [
        (lossless(), {"policy": "lossless"}),
        (lossless(max_queue_bytes=9), {"policy": "lossless", "maxQueueBytes": 9}),
        (latest(), {"policy": "latest"}),
        (
            latest("symbol", "closed", 2.5),
            {"policy": "latest", "key": "symbol", "lossless": "closed", "maxRateHz": 2.5},
        ),
        (
            latest(key=lambda bar: bar.time),
            {"policy": "latest", "key": "(computed)"},
        ),
        (drop_oldest(), {"policy": "drop_oldest", "maxQueue": 100}),
        (merge(combined, 10), {"policy": "merge", "maxRateHz": 10}),
    ],
)
def test_the_document_shows_what_was_declared(
    delivery: RouteDelivery, shown: dict[str, Any]
) -> None:
    assert described(delivery) == shown


def test_a_rate_on_a_lossless_route_is_refused_with_the_reason() -> None:
    refused: Any = lossless
    with pytest.raises(DeclarationError, match=r"a rate leaves updates out.*latest\(max_rate_hz=5"):
        refused(max_rate_hz=5)


@pytest.mark.parametrize(
    ("declare", "said"),
    [
        (lambda: lossless(max_queue_bytes=0), "lets nothing wait"),
        (lambda: latest(max_rate_hz=0), "more than 0"),
        (lambda: latest(max_rate_hz=math.inf), "more than 0"),
        (lambda: drop_oldest(max_rate_hz=math.nan), "more than 0"),
        (lambda: latest(key=""), "name of a field"),
        (lambda: latest(lossless=""), "name of a field"),
        (lambda: drop_oldest(0), "at least 1"),
        (lambda: wrong(drop_oldest, max_queue=2.5), "max_queue=2.5.*whole number"),
        (lambda: wrong(drop_oldest, max_queue=True), "whole number"),
        (lambda: wrong(lossless, max_queue_bytes="1"), "max_queue_bytes='1'"),
        (lambda: wrong(latest, max_rate_hz="10"), "max_rate_hz='10'"),
    ],
)
def test_what_cannot_hold_is_refused(declare: Callable[[], RouteDelivery], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        declare()


def test_a_merge_is_a_function() -> None:
    wrong: Any = "sum"
    with pytest.raises(DeclarationError, match="a function of two updates' data"):
        merge(wrong)
