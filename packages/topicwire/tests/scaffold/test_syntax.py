"""Edits by syntax: what was there stays, to the byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from topicwire.codegen.source import SourceFile, parse_source
from topicwire.scaffold.syntax import (
    add_guarded,
    add_lines_after_imports,
    add_to_returned,
    add_to_sequence,
    insert_before,
)


def source(text: str) -> SourceFile:
    return parse_source(text, Path("x.py"), "x.py")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('__all__ = ["A"]\n', '__all__ = ["A", "B"]\n'),
        ("__all__ = []\n", '__all__ = ["B"]\n'),
        ('__all__ = ["A",]\n', '__all__ = ["A", "B",]\n'),
        ('__all__ = [\n    "A"\n]\n', '__all__ = [\n    "A",\n    "B",\n]\n'),
        ('__all__ = [\n    "A",\n]\n', '__all__ = [\n    "A",\n    "B",\n]\n'),
        (
            '__all__ = [\n    # first\n    "A",  # an A\n    # the end\n]\n',
            '__all__ = [\n    # first\n    "A",  # an A\n    "B",\n    # the end\n]\n',
        ),
        (
            '__all__ = [\n    "A"  # an A\n]\n',
            '__all__ = [\n    "A",  # an A\n    "B",\n]\n',
        ),
        (
            'x = 1\n__all__: list[str] = ["é"]  # ü\n',
            'x = 1\n__all__: list[str] = ["é", "B"]  # ü\n',
        ),
        ('__all__ = ["B"]\n', '__all__ = ["B"]\n'),
        ("__all__ = sorted(x)\n", None),
        ("other = []\n", None),
    ],
)
def test_an_element_more(before: str, after: str | None) -> None:
    assert add_to_sequence(source(before), "__all__", ['"B"']) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "import b\n"),
        ("x = 1\n", "import b\n\nx = 1\n"),
        ('"""Text."""\n', '"""Text."""\n\nimport b\n'),
        ("import a  # why\n\nx = 1\n", "import a  # why\nimport b\n\nx = 1\n"),
        ("from a import (\n    c,\n)\nx = 1\n", "from a import (\n    c,\n)\nimport b\nx = 1\n"),
        ("import a", "import a\nimport b\n"),
    ],
)
def test_an_import_more(before: str, after: str) -> None:
    assert add_lines_after_imports(source(before), ["import b"]) == after


MODULE = """\
class M:
    def get(self):
        return {returned}
"""


@pytest.mark.parametrize(
    ("returned", "after"),
    [
        ("[a]", "[a, b]"),
        ("list([a])", "list([a, b])"),
        ("(a,)", "(a, b,)"),
        ("routers", "routers"),
        ("list(routers)", "list(routers)"),
        ("make()", None),
        ("[a] if x else []", None),
    ],
)
def test_what_a_method_returns(returned: str, after: str | None) -> None:
    edited = add_to_returned(source(MODULE.format(returned=returned)), "get", "b", ["routers"])
    assert edited == (None if after is None else MODULE.format(returned=after))


def test_a_method_with_two_returns_is_left_alone() -> None:
    text = (
        "class M:\n    def get(self):\n        if x:\n            return []\n        return [a]\n"
    )
    assert add_to_returned(source(text), "get", "b") is None
    assert add_to_returned(source("class M: pass\n"), "get", "b") is None


def test_the_guard_that_is_there_is_used() -> None:
    text = (
        "from typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    A: TypeAlias = W[X, Y]  # the first\n"
        "else:\n    from .gen import A\n\na = A()\n"
    )
    assert add_guarded(source(text), "B: TypeAlias = W[P, Q]", "B", "gen") == (
        "from typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    A: TypeAlias = W[X, Y]  # the first\n    B: TypeAlias = W[P, Q]\n"
        "else:\n    from .gen import A, B\n\na = A()\n"
    )


def test_without_a_guard_there_is_one_after_the_imports() -> None:
    text = "import x\n\na = 1\n"
    assert add_guarded(source(text), "B: T = W[P]", "B", "gen") == (
        "import x\n\nif TYPE_CHECKING:\n    B: T = W[P]\nelse:\n    from .gen import B\n\na = 1\n"
    )


def test_statements_before_another() -> None:
    assert insert_before(source("a = 1\nb = [a]\n"), "b", ["c = 2"]) == "a = 1\nc = 2\n\nb = [a]\n"
    assert insert_before(source("a = 1\n"), "b", ["c = 2"]) is None
