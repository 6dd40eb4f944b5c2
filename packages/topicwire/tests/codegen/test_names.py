"""Which names of a template's class are its module's: Python's scoping, construct by construct."""

from __future__ import annotations

import ast
import textwrap

import pytest

from topicwire.codegen.names import ClassNames


def names(body: str) -> dict[str, str]:
    """How `T` and others are used that a class with this body takes from its module."""
    text = f"class X(Base):\n{textwrap.indent(textwrap.dedent(body), '    ')}"
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.ClassDef)
    return {one.node.id: one.use for one in ClassNames(node).names if one.node.id != "Base"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("class Inner(T):\n    x: U\n", {"T": "value", "U": "type"}),
        ("@decorated\nclass Inner(metaclass=T): ...\n", {"decorated": "value", "T": "value"}),
        ("def f(self):\n    class Own(T): ...\n    return Own\n", {"T": "value"}),
        ("def f(self):\n    global T\n    T = 1\n    return T\n", {"T": "value"}),
        ("def f(self):\n    T = 1\n    return T\n", {}),
        ("def f(self, T): return T\n", {}),
        ("def f(self, *T, **U): return T, U\n", {}),
        ("def f(self, x=T): return x\n", {"T": "value"}),
        ("def f(self):\n    import T\n    return T\n", {}),
        ("def f(self):\n    from a import b as T\n    return T\n", {}),
        ("def f(self):\n    for T in U: return T\n", {"U": "value"}),
        ("def f(self):\n    with U as T: return T\n", {"U": "value"}),
        ("def f(self):\n    try: ...\n    except U as T: return T\n", {"U": "value"}),
        ("def f(self):\n    return [x for x in U if (T := x)], T\n", {"U": "value"}),
        ("def f(self):\n    return {T: U for T in V}\n", {"U": "value", "V": "value"}),
        ("def f(self):\n    return lambda T=U: T\n", {"U": "value"}),
        (
            "def f(self, x):\n    match x:\n        case T(): return U\n",
            {"T": "value", "U": "value"},
        ),
        ("def f(self, x):\n    match x:\n        case [T, *U]: return T, U\n", {}),
        ("def f(self, x):\n    match x:\n        case {'a': 1, **T}: return T\n", {}),
        ("def f(self, x):\n    match x:\n        case int() as T: return T\n", {"int": "value"}),
        ("async def f(self) -> T: ...\n", {"T": "type"}),
        ("x: Annotated[T, U(1)]\n", {"Annotated": "type", "T": "type", "U": "value"}),
        ("x: Literal['T', 'U']\n", {"Literal": "type"}),
        ("def f(self): return cast(T, U)\n", {"cast": "value", "T": "type", "U": "value"}),
        ("def f(self): return self.items[T]\n", {"T": "value"}),
        # A method does not see the names of the class around it.
        ("T = 1\ndef f(self): return T\n", {"T": "value"}),
        ("T = 1\nx = T\n", {}),
    ],
)
def test_what_is_taken_from_the_module(body: str, expected: dict[str, str]) -> None:
    """checklist 14"""
    assert names(body) == expected


def test_what_is_quoted_is_read_too() -> None:
    (node,) = ast.parse(
        "class X:\n    def f(self, x: 'list[T]') -> 'U': return cast('V', x)\n"
    ).body
    assert isinstance(node, ast.ClassDef)
    quoted = [ast.unparse(one.parsed) for one in ClassNames(node).quoted]
    assert quoted == ["list[T]", "U", "V"]
