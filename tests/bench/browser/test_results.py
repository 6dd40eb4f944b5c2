"""What the windows in the browser say together, and the page that is written from it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bench.browser.page import PAGE, text
from bench.browser.results import CASES, IDLE, RESULTS, Case, summary, verdict


def window(case: Case, **changes: float) -> dict[str, Any]:
    seen = {
        "busy": 0.4,
        "cpu": 0.35,
        "cpu_of_page": 0.5,
        "arrived_per_s": 50_000.0,
        "calls_per_s": 60.0,
        "frames_per_s": 60.0,
        "longest_frame_ms": 16.7,
        "longest_task_ms": 0.0,
        "heap_growth_bytes": 1_000,
        "published": 200_000,
        "arrived": 200_000,
        "wrong": 0,
    }
    return case._asdict() | seen | changes


def rows(**changes: float) -> list[dict[str, Any]]:
    """Of two windows of each case; the changes are of one that is conflated, through a worker."""
    changed = Case("conflated, worker", "prebuilt", 1, 10)
    seen: list[dict[str, Any]] = []
    for case in CASES:
        usual = {"cpu": 0.05, "arrived_per_s": 0.0} if case.way == IDLE else {}
        seen += [window(case, **usual, **(changes if case == changed else {}))] * 2
    return summary(seen)


def test_a_row_is_the_median_of_its_windows_and_sums_what_is_counted() -> None:
    case = Case("conflated", "prebuilt", 1, 10)
    idle = window(Case(IDLE, "prebuilt", 1, 10), cpu=0.05, arrived_per_s=0.0)
    seen = [window(case, busy=busy, cpu=busy, wrong=1) for busy in (0.9, 0.3, 0.4)]
    _, row = summary([idle, *seen])
    assert (row["windows"], row["busy"], row["wrong"]) == (3, 0.4, 3)
    assert (row["published"], row["missing"]) == (600_000, 0)
    assert row["us_per_update"] == 7.0


def test_what_is_asked_for_holds() -> None:
    assert set(verdict(rows()).values()) == {True}


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({"wrong": 1}, "every update arrives"),
        ({"arrived": 199_999}, "every update arrives"),
        ({"arrived_per_s": 40_000.0}, "50,000 updates a second"),
        ({"busy": 0.5}, "the main thread is under half busy"),
        ({"calls_per_s": 120.0}, "a listener of one topic is called"),
        ({"heap_growth_bytes": 1 << 24}, "memory does not grow"),
    ],
)
def test_one_case_that_fails_is_seen(changes: dict[str, float], failing: str) -> None:
    holds = verdict(rows(**changes))
    [found] = [name for name, it_holds in holds.items() if not it_holds]
    assert found.startswith(failing)


def test_how_busy_a_page_with_the_socket_on_it_is_is_told_and_not_judged() -> None:
    on_page = Case("conflated", "prebuilt", 1, 10)
    seen = [window(case, busy=0.7 if case == on_page else 0.3) for case in CASES]
    holds = verdict(summary([one | {"calls_per_s": 60.0} for one in seen]))
    assert set(holds.values()) == {True}
    assert next(row["busy"] for row in summary(seen) if row["way"] == "conflated") == 0.7


def test_the_page_says_what_the_results_say() -> None:
    record = json.loads(RESULTS.read_text(encoding="utf-8"))
    written = PAGE.read_text(encoding="utf-8")
    assert written == text(record)
    assert record["rows"] == summary(record["windows"])
    assert record["holds"] == verdict(record["rows"])
    assert {Case(*(row[name] for name in Case._fields)) for row in record["rows"]} == set(CASES)
