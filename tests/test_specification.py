"""Every line of the specification has a test that carries its number, and the table lists them."""

from __future__ import annotations

import re

import pytest

from tests.specification import LINES, TABLE, carried, rendered

PITFALLS_OF_THIS_RELEASE = (*range(1, 8), 10, *range(12, 16), *range(19, 22))


@pytest.mark.parametrize("number", LINES)
def test_each_line_has_a_test(number: int) -> None:
    assert carried("checklist")[number], f"no test's docstring says `checklist {number}`"


@pytest.mark.parametrize("number", PITFALLS_OF_THIS_RELEASE)
def test_each_pitfall_has_a_test(number: int) -> None:
    assert carried("pitfall")[number], f"no test's docstring says `pitfall {number}`"


def test_the_table_is_fresh() -> None:
    document = TABLE.read_text(encoding="utf-8")
    rows = [int(number) for number in re.findall(r"^\| (\d+) \|", document, re.MULTILINE)]
    assert rows == list(LINES)
    assert document == rendered(document), "write it anew: python -m tests.specification"
