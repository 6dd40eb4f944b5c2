"""docs/observability.md lists what the collector exports, no more and no less."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client.metrics_core import Metric

from topicwire import FastWSAdapter
from topicwire.metrics.families import FAMILIES, LAG_HELP
from topicwire.metrics.prometheus import TopicwireCollector

PAGE = Path(__file__).parents[2] / "docs/observability.md"
ROW = re.compile(r"\| `(\w+)` \| (\w+) \| ([\w, ]*) ?\| (.+) \|")


def exposed(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def test_the_table_is_what_is_exported() -> None:
    collector = TopicwireCollector(FastWSAdapter(title="Trading", version="1"))
    labels = {family.help: ", ".join(family.labels) for family in FAMILIES}
    labels[LAG_HELP] = "route"
    exported = [
        (exposed(one), one.type, labels.get(one.documentation, ""), one.documentation)
        for one in collector.describe()
    ]
    rows = [match.groups() for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    assert [(name, kind, given.strip(), text) for name, kind, given, text in rows] == exported
