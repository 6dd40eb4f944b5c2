"""What is measured, and what the windows say together."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

RESULTS: Final = Path(__file__).parents[1] / "results/browser.json"
IDLE: Final = "nothing comes"
FLOOR: Final = "plain socket"
WORKER: Final = ("conflated, worker", "batched, worker")
WAYS: Final = (FLOOR, "every update", "conflated", "batched", *WORKER)
IN_FRAMES: Final = ("conflated", "batched", *WORKER)
MOST_BUSY: Final = 0.5
ENOUGH: Final = 0.98
"""Of the updates a second that were to come, in the windows that say how busy the thread is."""

MAX_HEAP_GROWTH: Final = 8 << 20


class Case(NamedTuple):
    """A page, and what it is sent."""

    way: str
    sender: str
    topics: int
    per_tick: int


CASES: Final = [
    Case(IDLE, "prebuilt", 1, 10),
    *(Case(way, "prebuilt", topics, 10) for topics in (1, 100, 1_000) for way in WAYS),
    *(
        Case(way, sender, topics, per_tick)
        for sender, topics, per_tick in (("prebuilt", 1, 1), ("hub", 1, 10), ("hub", 1_000, 10))
        for way in (FLOOR, "conflated", "conflated, worker")
    ),
]


def summary(windows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row for each case, medians of its windows.

    `us_per_update` is the main thread's CPU time for an update, without what the thread uses when
    nothing comes: it holds where a busy machine lets fewer arrive than were to.
    """
    cases: dict[Case, list[Mapping[str, Any]]] = {}
    for window in windows:
        case = Case(*(window[name] for name in Case._fields))
        cases.setdefault(case, []).append(window)
    idle = [window["cpu"] for case, those in cases.items() if case.way == IDLE for window in those]
    idle_cpu = statistics.median(idle) if idle else 0.0
    return [_row(case, those, idle_cpu) for case, those in cases.items()]


def _row(case: Case, windows: Sequence[Mapping[str, Any]], idle_cpu: float) -> dict[str, Any]:
    def median(name: str) -> float:
        values: list[float] = [window[name] for window in windows]
        return statistics.median(values)

    arriving = [window for window in windows if window["arrived_per_s"]]
    costs = [(one["cpu"] - idle_cpu) / one["arrived_per_s"] * 1e6 for one in arriving]
    return case._asdict() | {
        "windows": len(windows),
        "busy": round(median("busy"), 3),
        "cpu": round(median("cpu"), 3),
        "cpu_of_page": round(median("cpu_of_page"), 3),
        "us_per_update": round(statistics.median(costs), 2) if costs else 0.0,
        "arrived_per_s": round(median("arrived_per_s")),
        "calls_per_s": round(median("calls_per_s")),
        "frames_per_s": round(median("frames_per_s"), 1),
        "longest_frame_ms": round(median("longest_frame_ms"), 1),
        "longest_task_ms": round(max(window["longest_task_ms"] for window in windows)),
        "heap_growth_bytes": round(median("heap_growth_bytes")),
        "published": sum(window["published"] for window in windows),
        "missing": sum(window["published"] - window["arrived"] for window in windows),
        "wrong": sum(window["wrong"] for window in windows),
    }


def verdict(rows: Sequence[Mapping[str, Any]], per_s: int = 50_000) -> dict[str, bool]:
    """What is asked for, and whether it holds."""
    in_frames = [row for row in rows if row["way"] in IN_FRAMES]
    asked = [row for row in in_frames if row["sender"] == "prebuilt" and row["per_tick"] > 1]
    in_worker = [row for row in asked if row["way"] in WORKER]
    return {
        "every update arrives, in order": all(row["missing"] == row["wrong"] == 0 for row in rows),
        "50,000 updates a second arrive, ten in a frame, taken by frames": all(
            row["arrived_per_s"] >= ENOUGH * per_s for row in asked
        ),
        "the main thread is under half busy with them, where the socket is in a worker": all(
            row["busy"] < MOST_BUSY for row in in_worker
        ),
        "a listener of one topic is called at most once a frame": all(
            row["calls_per_s"] <= row["frames_per_s"] * 1.05
            for row in in_frames
            if row["topics"] == 1
        ),
        "memory does not grow": all(row["heap_growth_bytes"] < MAX_HEAP_GROWTH for row in rows),
    }
