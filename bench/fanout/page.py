"""`docs/benchmarks.md` and its plots, from `bench/results/fanout.json`.

python -m bench.fanout.page [RESULTS]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.fanout.goals import reached
from bench.fanout.places import PAGE, PLOTS, RESULTS
from bench.fanout.plots import bars, lines

Row: TypeAlias = dict[str, Any]
SINGLE: Final = ("100x1", "1000x1", "5000x1")
TEN: Final = "1000x10"
LOOP: Final = "C send() loop"

HEAD: Final = Path(__file__).with_name("page.md")
"""How the page begins."""


def write(record: Row, page: Path = PAGE, plots: Path = PLOTS) -> None:
    """Write the page and its plots."""
    for name, drawing in drawings(record).items():
        (plots / f"{name}.svg").write_text(drawing, encoding="utf-8")
    page.write_text(text(record), encoding="utf-8")


def drawings(record: Row) -> dict[str, str]:
    """The plots, by name."""
    shown = _measured(record, "throughput")
    found: dict[str, str] = {}
    if shown:
        series = {
            row["label"]: [row["throughput"][name]["ratio"]["value"] for name in SINGLE]
            for row in _by(shown, lambda row: -row["throughput"]["1000x1"]["ratio"]["value"])
        }
        found["bench-throughput"] = lines(
            "Delivered messages a second of one core, C loop = 1",
            [name.partition("x")[0] for name in SINGLE],
            "subscribers",
            series,
        )
        found["bench-ten"] = bars(
            "Ten updates a tick to 1,000 subscribers, C loop = 1",
            [(row["label"], row["throughput"][TEN]["ratio"]["value"]) for row in shown],
            most_is_best=True,
        )
        loop = shown[0]["throughput"]["latency"]
        found["bench-latency"] = bars(
            "p99 latency, 1,000 subscribers, 20 updates a second, ms",
            [
                (LOOP, loop["loop_p99_ms"]),
                *((row["label"], row["throughput"]["latency"]["p99_ms"]) for row in shown),
            ],
            most_is_best=False,
        )
    held = _measured(record, "memory")
    if held:
        found["bench-memory"] = bars(
            "Memory of an idle subscribed connection, KiB",
            [(row["label"], row["memory"]["pss_kib"]) for row in held],
            most_is_best=False,
        )
    return found


def text(record: Row) -> str:
    """The page."""
    parts = [
        HEAD.read_text(encoding="utf-8"),
        _where(record),
        *_goals(record),
        *_throughput(record),
        *_latency(record),
        *_connections(record),
        *_tls(record),
        *_own(record),
        _who(record),
    ]
    return "\n".join(parts)


def _where(record: Row) -> str:
    machine, versions = record["machine"], record["versions"]
    return (
        f"Measured on {record['date']} by `{record['command']}`, {record['rounds']} pairs of "
        f"rounds: {machine['processor']}, {machine['cores']} cores,\n{machine['system']}; load "
        f"average before it {machine['load_before'][0]:.1f}. Python {versions['python']}, uvicorn "
        f"{versions['uvicorn']}, Node {versions['node']}.\nRepeat it: `make bench`; a quick look: "
        '`make bench ARGS="--only ours,fastapi --rounds 5"`.\n'
    )


def _goals(record: Row) -> list[str]:
    rows = reached(record)
    if not rows:
        return []
    return [
        "## What it is to reach\n",
        _table(["Topicwire", "bar", "better", "measured", "reached"], rows),
    ]


def _measured(record: Row, part: str) -> list[Row]:
    return [
        row
        for row in record["servers"].values()
        if isinstance(row.get(part), dict) and "failed" not in row[part]
    ]


def _by(rows: Iterable[Row], key: Callable[[Row], float]) -> list[Row]:
    return sorted(rows, key=key)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def _ratio(one: Row) -> str:
    return f"{one['value']:.3g} ({one['low']:.3g} to {one['high']:.3g})"


def _user_ns(one: Row) -> str:
    return f"{one['user_ns']['value']:.0f}"


def _throughput(record: Row) -> list[str]:
    rows = _by(
        _measured(record, "throughput"), lambda row: -row["throughput"]["1000x1"]["ratio"]["value"]
    )
    if not rows:
        return []
    loop = rows[0]["throughput"]
    table = _table(
        [
            "",
            *(f"N={name.partition('x')[0]}" for name in SINGLE),
            "ten a tick, N=1000",
            "user ns, N=1000",
            "user ns, ten a tick",
            "ns over the loop, N=1000",
        ],
        [
            [
                LOOP,
                *(f"1 ({loop[name]['loop_per_cpu_s'] / 1000:.0f} k/s)" for name in (*SINGLE, TEN)),
                *(f"{loop[name]['loop_user_ns']:.0f}" for name in ("1000x1", TEN)),
                "0",
            ],
            *(
                [
                    row["label"],
                    *(_ratio(row["throughput"][name]["ratio"]) for name in (*SINGLE, TEN)),
                    *(_user_ns(row["throughput"][name]) for name in ("1000x1", TEN)),
                    f"{row['throughput']['1000x1']['over_loop_ns']['value']:.0f}",
                ]
                for row in rows
            ),
        ],
    )
    return [
        "## Throughput, as a ratio to the C loop\n",
        "![Throughput by subscribers](images/bench-throughput.svg)\n",
        "![Ten updates a tick](images/bench-ten.svg)\n",
        table,
    ]


def _latency(record: Row) -> list[str]:
    rows = _by(_measured(record, "throughput"), lambda row: row["throughput"]["latency"]["p99_ms"])
    if not rows:
        return []
    seen = [(row["label"], row["throughput"]["latency"]) for row in rows]
    table = _table(
        ["", "p50 ms", "p99 ms", "p99, to the C loop's"],
        [
            [LOOP, f"{seen[0][1]['loop_p50_ms']:.2f}", f"{seen[0][1]['loop_p99_ms']:.2f}", "1"],
            *(
                [name, f"{one['p50_ms']:.2f}", f"{one['p99_ms']:.2f}", _ratio(one["p99_ratio"])]
                for name, one in seen
            ),
        ],
    )
    return [
        "## Latency\n",
        (
            "From the trigger of an update until a client has it: 1,000 subscribers, 20 updates a "
            "second.\n"
        ),
        "![Latency](images/bench-latency.svg)\n",
        table,
    ]


def _connections(record: Row) -> list[str]:
    found: list[str] = []
    held = _by(_measured(record, "memory"), lambda row: row["memory"]["pss_kib"])
    if held:
        rows = [[row["label"], f"{row['memory']['pss_kib']:.1f}"] for row in held]
        if "loop_memory" in record:
            rows.insert(0, [LOOP, f"{record['loop_memory']['pss_kib']:.1f}"])
        found += [
            "## Connections\n",
            (
                "Memory of the server's process (PSS) for each idle subscribed connection; what "
                "the kernel keeps for a socket comes on top.\n"
            ),
            "![Memory](images/bench-memory.svg)\n",
            _table(["", "KiB"], rows),
        ]
    come = _by(_measured(record, "connects"), lambda row: -row["connects"]["ratio"]["value"])
    if come:
        found += [
            (
                "Connect, subscribe and have the reply, beside plain uvicorn and Starlette, which "
                "accepts and answers one message.\n"
            ),
            _table(
                ["", "to plain Starlette", "for a second of the core"],
                [
                    [
                        row["label"],
                        _ratio(row["connects"]["ratio"]),
                        f"{row['connects']['per_cpu_s']:,.0f}",
                    ]
                    for row in come
                ],
            ),
        ]
    return found


def _tls(record: Row) -> list[str]:
    rows = _measured(record, "tls")
    if not record["has_tls"]:
        return ["## TLS\n", "Not measured: OpenSSL's headers were not at hand.\n"]
    if not rows:
        return []
    return [
        "## TLS\n",
        "The same over TLS, to the C loop over TLS (OpenSSL).\n",
        _table(
            ["", "N=1000", "ten a tick, N=1000"],
            [
                [row["label"], *(_ratio(row["tls"][name]["ratio"]) for name in ("1000x1", TEN))]
                for row in rows
            ],
        ),
    ]


def _own(record: Row) -> list[str]:
    own = {name: one for name, one in record["own"].items() if one and "failed" not in one}
    rows: list[list[str]] = []
    if "held" in own:
        held = own["held"]
        for name in ("as it is", "collector frozen"):
            one = held[name]
            measure = f"the loop is held by one update to {held['clients']:,} subscribers, {name}"
            seen = f"{one['median_ms']:.2f} ms, at most {one['longest_ms']:.2f} ms"
            rows.append([measure, seen])
    if "nobody" in own:
        measure = "publish to nobody, on a route without a ring"
        rows.append([measure, f"{own['nobody']['ns']['value']:,.0f} ns"])
    if "others" in own:
        one = own["others"]
        measure = (
            f"an update to {one['subscribers']}, with {one['other_topics']:,} other topics and "
            f"{one['other_connections']:,} other connections, to that without them"
        )
        rows.append([measure, _ratio(one["ratio"])])
    rows += _wide(own)
    return ["## Topicwire alone\n", _table(["", ""], rows)] if rows else []


def _wide(own: Row) -> list[list[str]]:
    rows: list[list[str]] = []
    if "topics" in own:
        one = own["topics"]
        each = one["topics_each"]
        whose = f"{one['clients']:,} connections with {each} topics each"
        rows += [
            [
                f"an update to {whose}, to that with one topic each",
                _ratio(one["1 a tick"]["ratio"]),
            ],
            [f"the same, {each} updates a tick", _ratio(one[f"{each} a tick"]["ratio"])],
            ["memory of a subscription", f"{one['bytes_a_subscription']:,.0f} bytes"],
        ]
    if "storms" in own:
        one = own["storms"]
        measure = f"a subscribe or unsubscribe, {one['commands_each']} in a row by each client"
        rows.append([measure, f"{one['command_ns']['value'] / 1000:.0f} µs"])
    if "conflated" in own:
        one = own["conflated"]
        measure = (
            f"{one['published_hz']:,} updates a second to {one['clients']:,} subscribers, "
            "conflated to 10 Hz, to 10 a second that are published"
        )
        rows.append([measure, _ratio(one["ratio"])])
    return rows


def _who(record: Row) -> str:
    rows = [[row["label"], " ".join([row["about"], *_excuses(row)])] for row in _all(record)]
    return "## Who was measured\n\n" + _table(["", "how"], rows)


def _all(record: Row) -> list[Row]:
    return list(record["servers"].values())


def _excuses(row: Row) -> list[str]:
    """Why something of a server is missing."""
    found = [f"**Not measured**: {row['unavailable']}."] if "unavailable" in row else []
    for part, one in row.items():
        if isinstance(one, dict) and "failed" in one:
            found.append(f"**{part} failed**: {one['failed']}.")
    return found


if __name__ == "__main__":
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULTS
    write(json.loads(source.read_text(encoding="utf-8")))
