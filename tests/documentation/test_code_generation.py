"""docs/code-generation.md: its table of settings is the code's."""

from __future__ import annotations

import re
from pathlib import Path

from topicwire.codegen.app_settings import DEFAULTS, PYTHON_KEYS, TYPESCRIPT_KEYS
from topicwire.codegen.config import bare_config
from topicwire.doctor.examine import examine
from topicwire.doctor.live import Trial
from topicwire.doctor.updates import Wanted

PAGE = Path(__file__).parents[2] / "docs/code-generation.md"


def test_the_table_has_every_setting_with_its_default() -> None:
    section = PAGE.read_text(encoding="utf-8").partition("## Settings")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([\w.]+)` \| (.+?) \| .+ \|$", section, re.MULTILINE)
    told = ("needed by ", "after the document", "none")
    documented = {key: default for key, default in rows if not default.startswith(told)}
    assert documented == {key: f"`{default}`" for key, default in DEFAULTS.items() if default}
    assert [key for key, _ in rows] == [
        *DEFAULTS,
        *(f"typescript.{key}" for key in TYPESCRIPT_KEYS),
        *(f"python.{key}" for key in PYTHON_KEYS),
    ]


def test_the_table_of_the_doctor_has_every_check() -> None:
    title = "## What keeps a route from working"
    section = PAGE.read_text(encoding="utf-8").partition(title)[2].partition("\n## ")[0]
    first = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    named = [name for cell in first for name in re.findall(r"`([a-z ]+)`", cell)]
    config = bare_config(PAGE.parent)
    trial = Trial([Wanted("trades", {})], "http://127.0.0.1:9", wait_s=0.1)
    assert sorted(named) == sorted(examine(config, trial).checks)
