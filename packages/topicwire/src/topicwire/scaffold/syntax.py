"""Edits of a Python file by its syntax: whatever else is in it stays as it is, to the byte.

Every function is from text to text. One that finds no place for what it is to add returns None.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from topicwire.codegen.source import SourceFile, parse_source

_Sequence = ast.List | ast.Tuple


def reparsed(file: SourceFile, text: str) -> SourceFile:
    """Return the same file with the text that an edit made of it."""
    return parse_source(text, file.path, file.shown)


def binds(file: SourceFile, name: str) -> bool:
    """Whether the file imports or assigns the name at its top, under a guard too."""
    return any(name in _bound(node) for node in ast.walk(file.tree) if isinstance(node, ast.stmt))


def add_lines_after_imports(file: SourceFile, lines: Sequence[str]) -> str:
    """Put statements after the last import at the top level, or after the docstring."""
    last = 0
    for at, node in enumerate(file.tree.body):
        is_docstring = at == 0 and isinstance(node, ast.Expr) and _is_text(node.value)
        if is_docstring or isinstance(node, ast.Import | ast.ImportFrom):
            last = node.end_lineno or node.lineno
    block = "".join(f"{line}\n" for line in lines)
    if last == 0:
        return block + (f"\n{file.text}" if file.text.strip() else "")
    at = file.line_start(last) + len(file.lines[last - 1])
    after_docstring = len(file.tree.body) == 1 and isinstance(file.tree.body[0], ast.Expr)
    gap = "\n\n" if after_docstring else "\n"
    rest = file.text[at + 1 :] if at < len(file.text) else ""
    return f"{file.text[:at]}{gap}{block}{rest}"


def add_to_sequence(file: SourceFile, variable: str, elements: Iterable[str]) -> str | None:
    """Add elements to the list or tuple that `variable` is at the top level."""
    for node in file.tree.body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if isinstance(value, _Sequence) and variable in _bound(node):
            return _extended(file, value, elements)
    return None


def add_to_returned(
    file: SourceFile, method: str, element: str, aliases: Iterable[str] = ()
) -> str | None:
    """Add an element to the list that a class's method returns.

    Returns the text as it is where the method returns one of `aliases`: it has the element already.
    """
    for node in file.tree.body:
        for one in node.body if isinstance(node, ast.ClassDef) else ():
            if not isinstance(one, ast.FunctionDef) or one.name != method:
                continue
            returns = [inner for inner in ast.walk(one) if isinstance(inner, ast.Return)]
            if len(returns) != 1:
                return None
            value = returns[0].value
            if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
                value = value.args[0] if _named(value.func) in {"list", "tuple"} else value
            if isinstance(value, ast.Name) and value.id in set(aliases):
                return file.text
            return _extended(file, value, [element]) if isinstance(value, _Sequence) else None
    return None


def add_guarded(file: SourceFile, line: str, name: str, generated: str) -> str:
    """Declare `line` under `if TYPE_CHECKING:` and import `name` from `.generated` otherwise.

    In the guard that is there; in one of its own at the end of the declarations where there is
    none that has both.
    """
    for node in file.tree.body:
        if not isinstance(node, ast.If) or _named(node.test) != "TYPE_CHECKING":
            continue
        imports = [
            one
            for one in node.orelse
            if isinstance(one, ast.ImportFrom) and one.level == 1 and one.module == generated
        ]
        if not imports or not node.body:
            continue
        last, given = node.body[-1], imports[-1]
        names = [*(ast.unparse(alias) for alias in given.names), name]
        start, end = file.span(given)
        text = file.text[:start] + f"from .{generated} import {', '.join(names)}" + file.text[end:]
        at = _line_end(text, file.span(last)[1])
        return f"{text[:at]}\n    {line}{text[at:]}"
    guard = [
        "",
        "if TYPE_CHECKING:",
        f"    {line}",
        "else:",
        f"    from .{generated} import {name}",
    ]
    return add_lines_after_imports(file, guard)


def insert_before(file: SourceFile, variable: str, lines: Sequence[str]) -> str | None:
    """Put statements before the one that assigns `variable` at the top level, and an empty line."""
    for node in file.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and variable in _bound(node):
            at = file.line_start(node.lineno)
            block = "".join(f"{line}\n" for line in lines)
            return f"{file.text[:at]}{block}\n{file.text[at:]}"
    return None


def _extended(file: SourceFile, value: _Sequence, elements: Iterable[str]) -> str:
    present = {ast.unparse(one) for one in value.elts}
    new = [one for one in elements if ast.unparse(ast.parse(one, mode="eval").body) not in present]
    if not new:
        return file.text
    start, end = file.span(value)
    if not value.elts:
        return f"{file.text[: start + 1]}{', '.join(new)}{file.text[end - 1 :]}"
    at = file.span(value.elts[-1])[1]
    tail = file.text[at:end]
    comment = tail.find("#")
    if comment >= 0:  # of the last element: it stays there
        comma = "" if "," in tail[:comment] else ","
        rest = _line_end(file.text, at)
        indent = " " * file.column(value.elts[-1].lineno, value.elts[-1].col_offset)
        lines = "".join(f"\n{indent}{one}," for one in new)
        return f"{file.text[:at]}{comma}{file.text[at:rest]}{lines}{file.text[rest:]}"
    one_a_line = "\n" in file.text[start:at]
    if not one_a_line:
        return f"{file.text[:at]}, {', '.join(new)}{file.text[at:]}"
    first = value.elts[-1]
    indent = " " * file.column(first.lineno, first.col_offset)
    lines = "".join(f",\n{indent}{one}" for one in new)
    comma = "" if tail.lstrip().startswith(",") else ","
    return f"{file.text[:at]}{lines}{comma}{file.text[at:]}"


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {one.id for one in node.targets if isinstance(one, ast.Name)}
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return {node.target.id}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name for alias in node.names}
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return {node.name}
    return set()


def _named(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
