"""Reading Python's newest syntax on the oldest Python that we support."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topicwire.codegen.errors import GenerationError
from topicwire.codegen.source import SourceFile, parse_source


def source(text: str) -> SourceFile:
    return parse_source(text, Path("ws.py"), "modules/trading/ws.py")


@pytest.mark.parametrize(
    "text",
    [
        "type X = Router[A, B]",
        "type  X = Router[A, B]",
        "if True: type X = Router[A, B]",
        "if True:\n    type X = (\n        Router[A, B]\n    )",
        "a = 1; type X = Router[A, B]",
        "type X[T] = Router[A, T]",
    ],
)
def test_a_type_statement_keeps_its_positions(text: str) -> None:
    file = source(text)
    value = next(
        node.value
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Router"
    )
    start, end = file.span(value)
    assert file.text[start:end] == "Router"


@pytest.mark.parametrize(
    "text",
    [
        '"""type X = Router[A, B]"""',
        "type = 1",
        "type(x) == int",
        "x: type = int",
        "text = 'class X[T]: pass'",
        "kinds = [type for type in range(3)]",
    ],
)
def test_what_only_looks_like_new_syntax_stays(text: str) -> None:
    assert ast.dump(source(text).tree) == ast.dump(ast.parse(text))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("class Router[A, B](Base):\n    pass", ("A", "B")),
        ("class Router[A, B]:\n    pass", ("A", "B")),
        (
            "class Router[\n    A: Base,  # bound\n    B = dict[str, int],\n](Base):\n    x = 1",
            ("A", "B"),
        ),
        ("class Router[\n    A,\n    B,\n]:\n    x = 1", ("A", "B")),
        ("class Router[A: (int, str), *Ts, **P](Base): pass", ("A", "Ts", "P")),
    ],
)
def test_type_parameters_are_read_and_their_place_is_known(
    text: str, names: tuple[str, ...]
) -> None:
    file = source(text)
    (parameters,) = file.type_parameters.values()
    assert parameters.names == names
    assert file.text[parameters.start] == "["
    assert file.text[parameters.end - 1] == "]"
    (node,) = file.tree.body
    assert isinstance(node, ast.ClassDef)
    assert [ast.unparse(base) for base in node.bases] == (["Base"] if "(Base)" in text else [])


def test_generic_functions_are_understood() -> None:
    file = source(
        "class Router[A](Base):\n    def first[T](self, items: list[T]) -> T:\n        ..."
    )
    (node,) = file.tree.body
    assert isinstance(node, ast.ClassDef)
    assert isinstance(node.body[0], ast.FunctionDef)


@given(st.text(alphabet="aé漢😀 '", min_size=0, max_size=12))
def test_columns_count_characters(before: str) -> None:
    text = f"{before!r} + name"
    file = source(text)
    name = next(node for node in ast.walk(file.tree) if isinstance(node, ast.Name))
    start, end = file.span(name)
    assert file.text[start:end] == "name"


def test_a_syntax_error_names_file_line_and_column() -> None:
    with pytest.raises(GenerationError) as caught:
        source("x = 1\ny = (1,\n")
    (problem,) = caught.value.problems
    assert (problem.path, problem.line) == ("modules/trading/ws.py", 2)
    assert str(problem).splitlines()[:3] == [
        "modules/trading/ws.py:2: error: this is not Python: '(' was never closed.",
        "    y = (1,",
        "        ^",
    ]


def test_an_open_bracket_after_a_class_name_is_a_syntax_error() -> None:
    with pytest.raises(GenerationError, match=r"ws\.py:1: error: this is not Python"):
        source("class Router[A:\n    pass\n")
