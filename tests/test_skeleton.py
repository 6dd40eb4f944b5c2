"""The template that `topicwire init` writes is the one that this repository's application uses."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
WRITTEN = "packages/topicwire/src/topicwire/scaffold/skeleton/shared/ws/generic_route.py"
USED = "backend/src/trading_api/shared/ws/generic_route.py"


def test_a_new_project_gets_the_template_that_is_in_use() -> None:
    written = (ROOT / WRITTEN).read_text(encoding="utf-8")
    used = (ROOT / USED).read_text(encoding="utf-8")
    assert written == used.replace("`make generate-ws-routers`", "`topicwire generate`")
