"""The driver, from the command line to the record: ours beside the C loop, in the small."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bench.fanout import __main__ as driver
from bench.fanout import comparison
from bench.fanout.contestants import BY_NAME, Contestant
from bench.fanout.environments import UnavailableError
from bench.fanout.generator import GeneratorError
from bench.fanout.native import Programs


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, programs: Programs) -> None:
    monkeypatch.setattr(driver, "compiled", lambda: programs)
    monkeypatch.setattr(comparison, "WORKLOADS", ((10, 1), (20, 10)))
    monkeypatch.setattr(comparison, "LATENCY_CLIENTS", 10)
    monkeypatch.setattr(comparison, "LATENCY_HZ", 500.0)
    monkeypatch.setattr(comparison, "LATENCY_TICKS", 5)


def run(output: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    rounds = ["--rounds", "3", "--round-s", "0.002", "--output", str(output)]
    code = driver.main([*arguments, *rounds])
    return code, json.loads(output.read_text("utf-8"))


def test_ours_runs_beside_the_loop(tmp_path: Path) -> None:
    code, record = run(tmp_path / "fanout.json", "--only", "ours", "--parts", "throughput")
    assert code == 0
    seen = record["servers"]["ours"]["throughput"]
    assert set(seen) == {"10x1", "20x10", "latency"}
    for name in ("10x1", "20x10"):
        one = seen[name]
        assert one["rounds"] == 3
        for ratio in (one["ratio"], one["wall_ratio"]):
            assert 0 < ratio["low"] <= ratio["value"] <= ratio["high"]
        assert 190 < one["bytes_a_message"] < 215
        assert one["messages_a_round"] % int(name.partition("x")[0]) == 0
    assert 0 < seen["latency"]["p50_ms"] <= seen["latency"]["p99_ms"]
    assert record["command"].startswith('make bench ARGS="--only ours')
    assert record["versions"]["pins"]["node"]["ws"]


def test_a_peer_that_is_not_to_be_had_says_why_and_keeps_nobody_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Programs) -> list[str]:
        raise UnavailableError("there is no such module")

    gone = Contestant("gone", "Gone", "a peer", refuse)
    broken = Contestant("broken", "Broken", "a peer", lambda _: ["false"])
    monkeypatch.setattr(driver, "CONTESTANTS", (BY_NAME["c"], gone, broken))
    output = tmp_path / "fanout.json"
    kept = {"label": "Gone", "about": "as it was", "memory": {"pss_kib": 1.0}}
    output.write_text(json.dumps({"servers": {"gone": kept}, "own": {"nobody": 1}}), "utf-8")
    code, record = run(output, "--parts", "throughput", "--merge")
    assert code == 1
    assert record["servers"]["gone"] == {
        "label": "Gone",
        "about": "a peer",
        "memory": {"pss_kib": 1.0},
        "unavailable": "there is no such module",
    }
    assert "has ended" in record["servers"]["broken"]["throughput"]["failed"]
    assert record["own"] == {"nobody": 1}


def test_what_was_seen_before_a_failure_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(*_: object) -> dict[str, Any]:
        raise GeneratorError("paced: 3 of 10 messages came")

    monkeypatch.setattr(comparison, "latency", lose)
    code, record = run(tmp_path / "fanout.json", "--only", "ours", "--parts", "throughput")
    assert code == 1
    assert set(record["servers"]["ours"]["throughput"]) == {"10x1", "failed"}


@pytest.mark.parametrize(
    "arguments",
    [["--only", "nobody"], ["--parts", "everything"], ["--rounds", "0"], ["--round-s", "0"]],
)
def test_what_is_not_known_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        driver.main(arguments)
    assert refused.value.code == 2
