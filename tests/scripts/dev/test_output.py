"""One terminal for several servers."""

from __future__ import annotations

import io

import pytest
from scripts.dev.output import Output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_line_carries_its_source() -> None:
    stream = io.StringIO()
    output = Output(stream)
    output.relay("frontend", "one\ntwo")
    output.say("three")
    assert stream.getvalue() == "frontend | one\nfrontend | two\ndev      | three\n"


def test_in_colour_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert Output(Terminal()).coloured
    assert not Output(io.StringIO()).coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert not Output(Terminal()).coloured
