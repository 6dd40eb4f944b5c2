"""The application's template: its generic router class, ready to be written out for given types.

The class is edited in its text, at the positions of the syntax tree, so that what a person wrote
there (comments, docstrings, layout) is what the generated class has.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from topicwire.codegen.bindings import Module, read_module
from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.imports import ImportStatement, template_imports
from topicwire.codegen.modules import ModuleIndex
from topicwire.codegen.names import ClassNames
from topicwire.codegen.requests import request_parameters
from topicwire.codegen.rewrite import SELF, Edit, TemplateClass, ValueUse, parameter, rewrite
from topicwire.codegen.source import SourceFile, read_source, refuse_what_does_not_compile
from topicwire.codegen.typeargs import dotted

ROUTER = "WsRouter"
_PRAGMA = re.compile(r"# ?(?:ruff|flake8|mypy|pyright|pylint): ?\S")


@dataclass(frozen=True, slots=True)
class Template:
    """The router class of `generic_route.py`.

    Attributes:
        parameters: its type parameters, in order.
        edits: what to replace in `text`, by position.
        imports: what the class needs of its module.
        identifiers: every name in the class; nothing else may be imported under one of these.
        value_uses: where a parameter is evaluated, so that its argument has to be a class.
        requests: which parameters are what clients send, by their place.
        future_annotations: the file begins with `from __future__ import annotations`.
        pragmas: comment lines for whole files (`# mypy: …`), which generated files need too.
    """

    module: str
    shown: str
    class_name: str
    parameters: tuple[str, ...]
    text: str = field(repr=False)
    edits: tuple[Edit, ...] = field(repr=False)
    imports: tuple[ImportStatement, ...]
    identifiers: frozenset[str] = field(repr=False)
    value_uses: tuple[ValueUse, ...]
    requests: frozenset[int]
    future_annotations: bool
    pragmas: tuple[str, ...]

    def render(self, name: str, arguments: Sequence[str]) -> str:
        """The class under another name, with each type parameter replaced."""
        pieces: list[str] = []
        position = 0
        for edit in self.edits:
            text = edit.text.replace(SELF, name)
            for at, argument in enumerate(arguments):
                text = text.replace(parameter(at), argument)
            pieces += [self.text[position : edit.start], text]
            position = edit.end
        return "".join([*pieces, self.text[position:]])


def read_template(path: Path, index: ModuleIndex) -> Template:
    """Reads the template.

    Raises:
        GenerationError: it is not Python, has no generic `WsRouter`, or uses its type parameters
            in a way that fails at run time.
    """
    file = read_source(path, index.shown(path))
    refuse_what_does_not_compile(file)
    module = read_module(index.name_of(path), file)
    node = _router_class(file)
    parameters, generic = _type_parameters(file, module, node)
    try:
        names = ClassNames(node)
    except (SyntaxError, ValueError) as error:
        said = (error.text or error.msg) if isinstance(error, SyntaxError) else str(error)
        message = f"a quoted annotation is not Python: {said}."
        raise GenerationError([file.problem(node, message, "Correct it.")]) from error
    router = TemplateClass(file, node, parameters, generic, names)
    edits, value_uses = rewrite(router)
    start, end = _class_span(file, node)
    return Template(
        module=module.name,
        shown=file.shown,
        class_name=ROUTER,
        parameters=parameters,
        text=file.text[start:end],
        edits=tuple(Edit(edit.start - start, edit.end - start, edit.text) for edit in edits),
        imports=template_imports(router, module, edits),
        identifiers=names.identifiers,
        value_uses=tuple(value_uses),
        requests=request_parameters(node, parameters),
        future_annotations=_has_future_annotations(file),
        pragmas=_pragmas(file),
    )


def _router_class(file: SourceFile) -> ast.ClassDef:
    for node in file.tree.body:
        if isinstance(node, ast.ClassDef) and node.name == ROUTER:
            return node
    message = f"the template has no class {ROUTER}."
    cure = f"Define `class {ROUTER}(OperationRouter, Generic[_TRequest, _TData])` in it."
    raise GenerationError([Problem(file.shown, 1, 0, 0, message, cure=cure)])


def _type_parameters(
    file: SourceFile, module: Module, node: ast.ClassDef
) -> tuple[tuple[str, ...], ast.expr | None]:
    """The names, and the `Generic[...]` base that is to go (if there is one)."""
    declared = file.type_parameters.get(node.lineno)
    if declared is not None:
        return declared.names, None
    for base in node.bases:
        if isinstance(base, ast.Subscript) and _is_generic(module, base.value):
            inner = base.slice.elts if isinstance(base.slice, ast.Tuple) else [base.slice]
            return tuple(one.id for one in inner if isinstance(one, ast.Name)), base
    variables = {
        name
        for name, bindings in module.bindings.items()
        if any(_is_type_variable(binding.value) for binding in bindings)
    }
    in_bases = [
        name.id
        for base in node.bases
        for name in ast.walk(base)
        if isinstance(name, ast.Name) and name.id in variables
    ]
    if in_bases:
        return tuple(dict.fromkeys(in_bases)), None
    message = f"{ROUTER} has no type parameters."
    cure = f"Make it generic: `class {ROUTER}(OperationRouter, Generic[_TRequest, _TData])`."
    raise GenerationError([file.problem(node, message, cure)])


def _is_generic(module: Module, node: ast.expr) -> bool:
    parts = dotted(node) or [""]
    for binding in module.bindings.get(parts[0], ()):
        if binding.module in ("typing", "typing_extensions"):
            return (binding.name or parts[-1]) == "Generic"
    return False


def _is_type_variable(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and (dotted(value.func) or [""])[-1] == "TypeVar"


def _class_span(file: SourceFile, node: ast.ClassDef) -> tuple[int, int]:
    """From the first decorator to the last line of the body, trailing comments in it included."""
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    last = node.end_lineno or node.lineno
    for at, line in enumerate(file.lines[last:], start=last + 1):
        if line.strip() and not line.startswith((" ", "\t")):
            break
        if line.strip():
            last = at
    return file.line_start(first), file.line_start(last) + len(file.lines[last - 1])


def _has_future_annotations(file: SourceFile) -> bool:
    return any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in file.tree.body
    )


def _pragmas(file: SourceFile) -> tuple[str, ...]:
    first = file.tree.body[0].lineno if file.tree.body else len(file.lines)
    return tuple(line for line in file.lines[: first - 1] if _PRAGMA.match(line))
