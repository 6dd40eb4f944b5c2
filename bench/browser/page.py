"""`docs/browser.md`, from `bench/results/browser.json`.

python -m bench.browser.page
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from bench.browser.results import IDLE, RESULTS

PAGE: Final = Path(__file__).parents[2] / "docs/browser.md"
HEAD: Final = Path(__file__).with_name("head.md")
"""How the page begins."""

COLUMNS: Final = {
    "sent by": "{sender}",
    "topics": "{topics:,}",
    "at once": "{per_tick}",
    "taken by": "{way}",
    "arrived/s": "{arrived_per_s:,}",
    "calls/s": "{calls_per_s:,}",
    "busy": "{busy:.0%}",
    "CPU": "{cpu:.0%}",
    "CPU of the page": "{cpu_of_page:.0%}",
    "µs an update": "{us_per_update:.1f}",
    "frames/s": "{frames_per_s:.0f}",
    "longest task": "{task}",
}


def text(record: Mapping[str, Any]) -> str:
    """The page as text."""
    machine = record["machine"]
    before, after = machine["load_before"][0], machine["load_after"][0]
    shape = " | ".join(COLUMNS.values())
    table = [
        " | ".join(COLUMNS),
        "|".join("---" for _ in COLUMNS),
        *(shape.format(**row, task=_task(row)) for row in record["rows"] if row["way"] != IDLE),
    ]
    idle = [
        f"When nothing comes: busy {row['busy']:.0%}, CPU {row['cpu']:.0%}, "
        f"{row['frames_per_s']:.0f} frames a second."
        for row in record["rows"]
        if row["way"] == IDLE
    ]
    measured = (
        f"Medians of {record['rounds']} windows of {record['window_s']:g} s each, "
        f"{record['date']}, Chromium {record['chromium']}, {machine['cores']} cores; load "
        f"{before:.1f} before and {after:.1f} after. {record['updates_per_s']:,} updates a second "
        "were to come."
    )
    holds = [f"- {name}: {'yes' if it else '**no**'}" for name, it in record["holds"].items()]
    lines = [HEAD.read_text(encoding="utf-8"), *(f"| {row} |" for row in table), ""]
    return "\n".join([*lines, *idle, measured, "", *holds, ""])


def _task(row: Mapping[str, Any]) -> str:
    """Below 50 ms the browser does not tell."""
    return f"{row['longest_task_ms']:.0f} ms" if row["longest_task_ms"] else "< 50 ms"


if __name__ == "__main__":
    PAGE.write_text(text(json.loads(RESULTS.read_text(encoding="utf-8"))), encoding="utf-8")
