"""What has to change in the template's class to make a concrete one of it, by position."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.names import ClassNames, GlobalName, QuotedType
from topicwire.codegen.source import SourceFile

SELF = "\0self\0"


def parameter(at: int) -> str:
    """Stands for the argument of that number. No Python text contains it."""
    return f"\0p{at}\0"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `start:end`; `text` may have placeholders."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class ValueUse:
    """A parameter that is evaluated: an argument that is no class is refused with `problem`."""

    parameter: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class TemplateClass:
    """The class as it was read; `generic` is its base `Generic[...]`, if it has one."""

    file: SourceFile
    node: ast.ClassDef
    parameters: tuple[str, ...]
    generic: ast.expr | None
    names: ClassNames = field(repr=False)


def rewrite(router: TemplateClass) -> tuple[list[Edit], list[ValueUse]]:
    """The edits, by position in the file, none within another; and where classes are needed.

    Raises:
        GenerationError: a type parameter is used in a way that cannot be replaced, or that fails
            at run time.
    """
    rewriting = _Rewriting(router)
    edits = sorted(rewriting.edits(), key=lambda edit: (edit.start, -edit.end))
    if rewriting.problems:
        raise GenerationError(rewriting.problems)
    outermost: list[Edit] = []
    for edit in edits:
        if not outermost or edit.start >= outermost[-1].end:
            outermost.append(edit)
    return outermost, rewriting.value_uses


@dataclass(slots=True)
class _Rewriting:
    router: TemplateClass
    problems: list[Problem] = field(default_factory=list)
    value_uses: list[ValueUse] = field(default_factory=list)

    def edits(self) -> Iterator[Edit]:
        yield self._class_name()
        yield from self._without_generic()
        for name in self.router.names.names:
            yield from self._name(name)
        for quoted in self.router.names.quoted:
            yield from self._quoted(quoted)

    def _class_name(self) -> Edit:
        node = self.router.node
        start = self.router.file.span(node)[0]
        match = re.compile(r"class\s+").match(self.router.file.text, start)
        start = match.end() if match else start
        return Edit(start, start + len(node.name), SELF)

    def _without_generic(self) -> Iterator[Edit]:
        file, node = self.router.file, self.router.node
        declared = file.type_parameters.get(node.lineno)
        if declared is not None:
            yield Edit(declared.start, declared.end, "")
        if self.router.generic is None:
            return
        start, end = file.span(self.router.generic)
        at = node.bases.index(self.router.generic)
        if at > 0:
            yield Edit(file.span(node.bases[at - 1])[1], end, "")
        elif len(node.bases) > 1:
            yield Edit(start, file.span(node.bases[1])[0], "")
        elif node.keywords:
            yield Edit(start, file.text.index(",", end) + 1, "")
        else:
            opening = file.text.rindex("(", 0, start)
            yield Edit(opening, file.text.index(")", end) + 1, "")

    def _name(self, name: GlobalName) -> Iterator[Edit]:
        file, identifier = self.router.file, name.node.id
        if name.in_body and _is_mangled(identifier):
            self._refuse_mangled(name.node, identifier)
            return
        is_parameter = identifier in self.router.parameters
        if not is_parameter and identifier != self.router.node.name:
            return
        start, end = file.span(name.node)
        if file.text[start:end] != identifier:
            self.problems.append(
                file.problem(
                    name.node,
                    f"`{identifier}` stands in an f-string, where its place cannot be told.",
                    "Assign what it gives to a variable before the f-string.",
                )
            )
        elif is_parameter:
            at = self.router.parameters.index(identifier)
            if name.use == "value":
                self._note_value_use(name.node, at)
            yield Edit(start, end, parameter(at))
        elif name.within is None:
            yield Edit(start, end, SELF)
        elif _names_in(name.within.slice) == self.router.parameters:
            yield Edit(*file.span(name.within), SELF)

    def _note_value_use(self, node: ast.Name, at: int) -> None:
        problem = self.router.file.problem(
            node,
            f"the template evaluates `{node.id}` here, which needs a class.",
            "Declare a class (a RootModel for a list), or use the parameter in annotations, "
            "casts and subscripts alone.",
        )
        self.value_uses.append(ValueUse(at, problem))

    def _quoted(self, quoted: QuotedType) -> Iterator[Edit]:
        for node in ast.walk(quoted.parsed):
            if isinstance(node, ast.Name) and _is_mangled(node.id):
                self._refuse_mangled(quoted.node, node.id)
                return
        before = ast.unparse(quoted.parsed)
        renamed: ast.expr = _Renamed(self.router).visit(quoted.parsed)
        after = ast.unparse(renamed)
        if after != before:
            yield Edit(*self.router.file.span(quoted.node), f'"{after}"')

    def _refuse_mangled(self, node: ast.expr, name: str) -> None:
        mangled = f"_{self.router.node.name.lstrip('_')}{name}"
        self.problems.append(
            self.router.file.problem(
                node,
                f"inside a class Python reads `{name}` as `{mangled}`, which is not defined: "
                "NameError at run time.",
                f"Rename it to `{name[1:]}` everywhere in this file.",
            )
        )


class _Renamed(ast.NodeTransformer):
    """Type parameters and the class itself as placeholders, in a quoted annotation."""

    def __init__(self, router: TemplateClass) -> None:
        self._router = router

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        is_self = isinstance(node.value, ast.Name) and node.value.id == self._router.node.name
        if is_self:
            if _names_in(node.slice) == self._router.parameters:
                return ast.Name(SELF, ast.Load())
            node.slice = self.visit(node.slice)
            return node
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._router.parameters:
            return ast.Name(parameter(self._router.parameters.index(node.id)), ast.Load())
        if node.id == self._router.node.name:
            return ast.Name(SELF, ast.Load())
        return node


def _names_in(node: ast.expr) -> tuple[str, ...]:
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return tuple(one.id if isinstance(one, ast.Name) else "" for one in elements)


def _is_mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")
