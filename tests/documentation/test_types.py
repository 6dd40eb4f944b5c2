"""docs/types.md is what the corpus says, and what was recorded of other tools is of this corpus."""

from __future__ import annotations

import json

from packages.topicwire.tests.corpus import CONSTRUCTS
from scripts.types_table import PAGE, RECORD, page


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m scripts.types_table`"


def test_every_construct_has_been_given_to_every_other_tool() -> None:
    tools = json.loads(RECORD.read_text(encoding="utf-8"))["tools"]
    for tool in ("chanx", "Modelina", "FastWS"):
        assert tools[tool]["constructs"].keys() == {one.name for one in CONSTRUCTS}, tool
