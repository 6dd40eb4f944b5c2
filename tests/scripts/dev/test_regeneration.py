"""What `make dev` makes of what the generator says."""

from __future__ import annotations

import io
import json
from typing import Any

from scripts.dev.output import Output
from scripts.dev.regeneration import Outcome, Regeneration

GENERATED = {"event": "generated", "text": "wrote it", "written": ["a.py"], "removed": []}


class Heard:
    """A regeneration that is given lines, and what became of them."""

    def __init__(self) -> None:
        self.calls = 0
        self._stream = io.StringIO()
        self.regeneration = Regeneration(Output(self._stream), self._said, typescript=True)

    def _said(self) -> None:
        self.calls += 1

    def take(self, **event: Any) -> Outcome:
        self.regeneration.take(json.dumps(event))
        return self.regeneration.latest

    def lines(self) -> list[str]:
        return [line.partition(" | ")[2] for line in self._stream.getvalue().splitlines()]


def test_what_was_generated_is_told_and_passes() -> None:
    heard = Heard()
    assert heard.regeneration.latest == Outcome(0, passed=False)
    assert heard.take(**GENERATED, cured=False) == Outcome(1, passed=True)
    assert heard.calls == 1
    assert heard.lines() == ["wrote it"]


def test_a_failure_is_told_whole_and_does_not_pass() -> None:
    heard = Heard()
    heard.take(**GENERATED, cured=False)
    text = "ws.py:3: error: 'Trade' is not defined here.\nThe next save tries again."
    assert heard.take(event="failed", text=text) == Outcome(2, passed=False)
    assert heard.calls == 2
    assert heard.lines()[1:] == [
        "generating failed; the previous ones stay:",
        *text.splitlines(),
    ]


def test_a_save_that_changes_no_output_is_worth_no_line_but_a_cure_is() -> None:
    heard = Heard()
    nothing = {"event": "generated", "text": "nothing to write", "written": [], "removed": []}
    assert heard.take(**nothing, cured=False) == Outcome(1, passed=True)
    assert heard.lines() == []
    assert heard.take(**nothing, cured=True) == Outcome(2, passed=True)
    assert heard.lines() == ["nothing to write"]
    heard.take(**{**nothing, "text": "nothing\nnoted"}, cured=False, notes=["noted"])
    assert heard.lines()[1:] == ["nothing", "noted"]


def test_what_is_no_event_is_shown_and_decides_nothing() -> None:
    heard = Heard()
    for line in ("Traceback (most recent call last):", "[1, 2]", '{"other": 1}'):
        heard.regeneration.take(line)
    assert heard.take(event="watching", text="watching src") == Outcome()
    assert heard.calls == 0
    assert len(heard.lines()) == 4
