"""Every line of the specification has a test that carries its number, and the table lists them."""

from __future__ import annotations

import re

import pytest

from tests.specification import (
    LINES,
    PITFALLS,
    RELIABILITY,
    TABLE,
    TRAPS,
    carried,
    rendered,
    rendered_reliability,
    trapped,
)


@pytest.mark.parametrize("number", LINES)
def test_each_line_has_a_test(number: int) -> None:
    assert carried("checklist")[number], f"no test's docstring says `checklist {number}`"


@pytest.mark.parametrize("number", PITFALLS)
def test_each_pitfall_has_a_test(number: int) -> None:
    assert carried("pitfall")[number], f"no test's docstring says `pitfall {number}`"


def test_the_table_is_fresh() -> None:
    document = TABLE.read_text(encoding="utf-8")
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", document, re.MULTILINE)]
    assert rows == list(LINES)
    assert document == rendered(document), "write it anew: python -m tests.specification"


@pytest.mark.parametrize("number", range(1, len(TRAPS) + 1))
def test_each_trap_has_a_test(number: int) -> None:
    assert trapped()[number], f"no test's docstring says `trap: {TRAPS[number - 1]}`"


def test_the_tables_of_reliability_are_fresh() -> None:
    document = RELIABILITY.read_text(encoding="utf-8")
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", document, re.MULTILINE)]
    assert rows == [*PITFALLS, *range(1, len(TRAPS) + 1)]
    assert document == rendered_reliability(document), (
        "write it anew: python -m tests.specification"
    )
