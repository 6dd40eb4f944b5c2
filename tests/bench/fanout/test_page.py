"""The page and its plots say what the results say."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from bench.fanout.comparison import summary, workload_name
from bench.fanout.page import drawings, text, write
from bench.fanout.places import PAGE, PLOTS, RESULTS
from bench.fanout.plots import bars, lines
from bench.fanout.running import Round


def row(share: float) -> dict[str, Any]:
    loop = Round(1000, 204_000, 1.0, 5_000_000, 0, 1)
    theirs = Round(1000, 210_000, 2.0, round(5_000_000 / share), 500_000, 1)
    one = summary([(theirs, loop)] * 3)
    latency = {"p50_ms": 3.0, "p99_ms": 9.0 / share, "loop_p50_ms": 3.0, "loop_p99_ms": 7.5}
    latency |= {"p99_ratio": one["ratio"], "p50_ratio": one["ratio"]}
    workloads = {workload_name(*of): one for of in ((100, 1), (1000, 1), (1000, 10), (5000, 1))}
    return {
        "throughput": {**workloads, "latency": latency},
        "memory": {"rss_kib": 9.0, "pss_kib": 8.0 / share},
        "connects": {"ratio": one["ratio"], "per_cpu_s": 4321.0},
    }


RECORD: dict[str, Any] = {
    "date": "2026-01-02",
    "command": "make bench",
    "rounds": 3,
    "machine": {"processor": "P", "cores": 2, "system": "S", "load_before": [0.1, 0.2, 0.3]},
    "versions": {"python": "3.11", "uvicorn": "0.54", "node": "v20"},
    "has_tls": False,
    "servers": {
        "ours": {"label": "Topicwire", "about": "everything on", **row(0.9)},
        "slow": {"label": "Slow & late", "about": "of test", **row(0.01)},
        "gone": {"label": "Gone", "about": "none", "unavailable": "no compiler"},
        "broken": {"label": "Broken", "about": "it", "throughput": {"failed": "lost an update"}},
    },
    "own": {"nobody": {"ns": {"value": 900.0}}, "held": {"failed": "lost"}},
}


def test_a_summary_is_of_the_core_and_of_the_clock() -> None:
    one = row(0.5)["throughput"]["1000x1"]
    assert (one["ratio"]["value"], one["wall_ratio"]["value"]) == (0.5, 0.5)
    assert (one["per_cpu_s"], one["loop_per_cpu_s"]) == (100_000, 200_000)
    assert (one["user_ns"]["value"], one["bytes_a_message"]) == (500, 210)
    assert one["over_loop_ns"]["value"] == 5_000


def test_the_page_has_everybody_and_why_not() -> None:
    page_text = text(RECORD)
    assert "| Topicwire | 0.9 (0.9 to 0.9) |" in page_text
    assert "Gone | none **Not measured**: no compiler." in page_text
    assert "Broken | it **throughput failed**: lost an update." in page_text
    assert "900 ns" in page_text
    assert "OpenSSL's headers were not at hand" in page_text
    assert "the loop is held" not in page_text
    throughput = page_text.partition("## Latency")[0]
    assert throughput.index("| Topicwire") < throughput.index("| Slow & late")
    assert "Broken" not in throughput


def test_what_is_to_be_reached_stands_beside_what_was_measured() -> None:
    record = copy.deepcopy(RECORD)
    record["servers"]["fastws"] = {"label": "FastWS", "about": "it", **row(0.009)}
    goals = text(record).partition("## What it is to reach")[2].partition("## ")[0]
    for line in (
        "| one update to 1,000, to the C loop | ≥ 0.85 | ≥ 0.95 | 0.9 | yes |",
        "| ten a tick to 1,000, to FastWS | ≥ 45 |  | 100 | yes |",
        "| memory of an idle subscribed connection | ≤ 10 KiB | ≤ 6 KiB | 8.89 KiB | yes |",
        "| connect and subscribe, to plain Starlette | ≥ 1.5 | ≥ 2.5 | 0.9 | no |",
        "| publish to nobody | ≤ 2 µs | ≤ 1 µs | 0.9 µs | beyond |",
    ):
        assert line in goals
    assert "uWebSockets" not in goals  # it was not measured
    assert "is held" not in goals  # it failed


def test_what_was_not_measured_is_left_out() -> None:
    record = copy.deepcopy(RECORD)
    record["servers"] = {"gone": record["servers"]["gone"]}
    record["own"] = {}
    assert drawings(record) == {}
    assert "## Throughput" not in text(record)


def test_each_plot_is_well_formed_and_named_on_the_page(tmp_path: Path) -> None:
    write(RECORD, tmp_path / "benchmarks.md", tmp_path)
    written = (tmp_path / "benchmarks.md").read_text("utf-8")
    plots = sorted(tmp_path.glob("*.svg"))
    assert len(plots) == 4
    for plot in plots:
        assert f"images/{plot.name}" in written
        ET.fromstring(plot.read_text("utf-8"))  # noqa: S314 - ours
        assert "prefers-color-scheme: dark" in plot.read_text("utf-8")


def test_names_of_lines_do_not_lie_on_each_other() -> None:
    same = {f"server {n}": [0.5, 0.5, 0.5] for n in range(12)}
    drawing = ET.fromstring(lines("title", ["1", "2", "3"], "x", same))  # noqa: S314 - ours
    ends = sorted(
        float(one.attrib["y"]) for one in drawing.iter() if (one.text or "").startswith("server")
    )
    assert len(ends) == 12
    assert min(after - before for before, after in itertools.pairwise(ends)) >= 16


def test_bars_are_as_long_as_their_values() -> None:
    drawing = ET.fromstring(bars("t", [("a", 1.0), ("b", 0.25)], most_is_best=True))  # noqa: S314
    widths = [float(one.attrib["width"]) for one in drawing.iter() if "rx" in one.attrib][1:]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.01)


def test_the_committed_page_is_of_the_committed_results() -> None:
    if not RESULTS.exists():
        assert not PAGE.exists()
        return
    record = json.loads(RESULTS.read_text("utf-8"))
    assert PAGE.read_text("utf-8") == text(record)
    for name, drawing in drawings(record).items():
        assert (PLOTS / f"{name}.svg").read_text("utf-8") == drawing
