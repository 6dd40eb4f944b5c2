"""Finds the declarations in the modules' `ws.py`.

`X: TypeAlias = WsRouter[A, B]`, `type X = …` and `X = …`, on one line or many, at module level or
inside `if` and `try` there, wherever `WsRouter` was imported from and whatever it is called here.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from topicwire.codegen import suggest
from topicwire.codegen.bindings import Module, read_module, statements, type_statement_name
from topicwire.codegen.config import AppConfig
from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.model import Declaration
from topicwire.codegen.modules import Missing, ModuleIndex
from topicwire.codegen.requests import CURE, no_object
from topicwire.codegen.source import TOO_DEEP, parse_expression, read_source
from topicwire.codegen.template import Template
from topicwire.codegen.typeargs import Scope, UnresolvedError, dotted, resolve_argument
from topicwire.errors import DeclarationError
from topicwire.wire.names import check_route_name

RESERVED_MODULES = ("__init__", "_conformance")
_EMPTY = (
    "this file is empty, and routers were generated from it: half-written?",
    "",
    "Save it again. To be rid of its routers, delete the file, or leave a comment in it.",
)


@dataclass(frozen=True, slots=True)
class _Found:
    """An assignment whose value is `WsRouter[...]`, before its arguments are resolved."""

    name: str
    node: ast.stmt
    value: ast.expr
    is_type_statement: bool


@dataclass(slots=True)
class _Reader:
    """Reads one declaring file; collects problems instead of stopping at the first."""

    scope: Scope
    template: Template
    config: AppConfig
    problems: list[Problem] = field(default_factory=list)

    @property
    def module(self) -> Module:
        return self.scope.module

    def declarations(self) -> list[Declaration]:
        found = [
            one for node in statements(self.module.file.tree.body) for one in self._found(node)
        ]
        self._refuse_uses_of_type_statements(found)
        self._refuse_route_names({one.name for one in found})
        declarations = [one for one in map(self._declaration, found) if one is not None]
        if not self.problems:  # otherwise what is missing may be the declaration refused above
            self._refuse_undeclared_imports({one.name for one in found})
        return declarations

    def _found(self, node: ast.stmt) -> Iterator[_Found]:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            targets: list[ast.expr] = [node.target]
        elif isinstance(node, ast.Assign):
            targets = node.targets
        else:
            return
        value = node.value
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            value = _quoted(value) or value
        if not isinstance(value, ast.Subscript) or not self._is_router(value.value):
            return
        for target in targets:
            alias = type_statement_name(target)
            if alias is not None:
                if isinstance(target, ast.Subscript):
                    self._refuse(
                        node,
                        f"{alias!r} has type parameters of its own.",
                        f"A router is for one request and one payload: `{alias}: TypeAlias = …`.",
                    )
                    continue
                yield _Found(alias, node, value, is_type_statement=True)
            elif isinstance(target, ast.Name):
                yield _Found(target.id, node, value, is_type_statement=False)

    def _is_router(self, node: ast.expr) -> bool:
        parts = dotted(node)
        if parts is None:
            return False
        found = self.scope.definition(node)
        if isinstance(found, tuple):
            definition, rest = found
            return (
                not rest
                and definition.module == self.template.module
                and definition.name == self.template.class_name
            )
        if parts[-1] != self.template.class_name:
            return False
        if isinstance(found, Missing):
            message, cure = suggest.missing(self.scope.index, self.config.package, found)
        else:
            message = f"{parts[0]!r} is not defined here."
            cure = f"Add `from {self.template.module} import {self.template.class_name}`."
        self._refuse(node, message, cure)
        return False

    def _declaration(self, found: _Found) -> Declaration | None:
        file = self.module.file
        if not isinstance(found.value, ast.Subscript):
            return None
        self._refuse_name(found)
        inner = found.value.slice
        nodes = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        parameters = self.template.parameters
        if len(nodes) != len(parameters):
            names = ", ".join(name.lstrip("_") for name in parameters)
            self._refuse(
                found.value,
                f"{self.template.class_name} takes {len(parameters)} types ({names}), "
                f"not {len(nodes)}.",
                f"{found.name}: TypeAlias = {self.template.class_name}[{names}]",
            )
            return None
        arguments = []
        for node in nodes:
            try:
                arguments.append(resolve_argument(self.scope, node))
            except UnresolvedError as error:
                self.problems.append(error.problem)
        if len(arguments) < len(nodes) or self._refuse_requests(found, nodes):
            return None
        return Declaration(
            name=found.name,
            arguments=tuple(arguments),
            module=self.module.name,
            path=file.path,
            shown=file.shown,
            line=found.node.lineno,
        )

    def _refuse_requests(self, found: _Found, nodes: list[ast.expr]) -> bool:
        """Whether a request is something else than an object."""
        before = len(self.problems)
        for at in sorted(self.template.requests):
            wrong = no_object(self.scope, nodes[at])
            if wrong is not None:
                self._refuse(
                    nodes[at],
                    f"{found.name!r} is asked by `{wrong}`, which is no object.",
                    CURE,
                )
        return len(self.problems) > before

    def _refuse_name(self, found: _Found) -> None:
        lower = found.name.lower()
        if lower in RESERVED_MODULES or keyword.iskeyword(lower):
            self._refuse(
                found.node,
                f"{found.name!r} would be generated as {lower}.py, which is not possible: "
                f"{lower!r} is reserved.",
                f"Choose another name, such as {found.name.strip('_')}WsRouter.",
            )
        if found.name == self.template.class_name:
            self._refuse(
                found.node,
                f"{found.name!r} is the template's own name.",
                "Name the router after what it carries, such as TradeWsRouter.",
            )

    def _refuse_uses_of_type_statements(self, found: list[_Found]) -> None:
        statements_ = {one.name: one for one in found if one.is_type_statement}
        if not statements_:
            return
        for node in ast.walk(self.module.file.tree):
            used: list[ast.expr] = []
            if isinstance(node, ast.Call):
                used = [node.func]
            elif isinstance(node, ast.ClassDef):
                used = node.bases
            for expression in used:
                name = expression.id if isinstance(expression, ast.Name) else ""
                if name in statements_:
                    one = statements_.pop(name)
                    what = "subclasses" if isinstance(node, ast.ClassDef) else "calls"
                    arguments = ast.unparse(one.value)
                    self._refuse(
                        one.node,
                        f"`type {name} = …` makes an alias that cannot be called or subclassed, "
                        f"and line {expression.lineno} {what} it.",
                        f"Write `{name}: TypeAlias = {arguments}`.",
                    )

    def _refuse_route_names(self, declared: set[str]) -> None:
        """`TradeWsRouter(route="constructor")`: an app would refuse it when it starts."""
        for node in ast.walk(self.module.file.tree):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in declared:
                continue
            for keyword_ in node.keywords:
                name = keyword_.value.value if isinstance(keyword_.value, ast.Constant) else None
                if keyword_.arg != "route" or not isinstance(name, str) or not name:
                    continue
                try:
                    check_route_name(name)
                except DeclarationError as error:
                    message, _, cure = str(error).partition(". ")
                    self._refuse(keyword_.value, f"{message}.", cure)

    def _refuse_undeclared_imports(self, declared: set[str]) -> None:
        """`from .ws_generated import X` of an X that nothing declares: it would not be there."""
        generated = f"{self.module.name.rpartition('.')[0]}.{self.config.output}"
        for name, bindings in self.module.bindings.items():
            for binding in bindings:
                if binding.module != generated or binding.name in (None, *declared):
                    continue
                near = suggest.nearest(str(binding.name), declared)
                cure = (
                    f"Did you mean {near!r}?"
                    if near
                    else f"Declare it under `if TYPE_CHECKING:`: "
                    f"`{name}: TypeAlias = {self.template.class_name}[Request, Data]`,\n"
                    f"with {self.template.class_name} imported from {self.template.module}."
                )
                self._refuse(
                    binding.node,
                    f"{binding.name!r} is imported from {self.config.output}, "
                    "but no declaration makes it.",
                    cure,
                )

    def _refuse(self, node: ast.expr | ast.stmt, message: str, cure: str) -> None:
        self.problems.append(self.module.file.problem(node, message, cure))


def _quoted(node: ast.Constant) -> ast.expr | None:
    """`"WsRouter[A, B]"`, with every node at the place of the string."""
    parsed = parse_expression(str(node.value))
    if parsed is None:
        return None
    for inner in ast.walk(parsed):
        if isinstance(inner, ast.expr):
            ast.copy_location(inner, node)
    return parsed


def declaring_files(config: AppConfig) -> list[Path]:
    """What may hold declarations, by path; the template's folder never does.

    Whatever has the name is meant, a link that leads nowhere too: to take it for no file would
    remove what was generated from it.
    """
    pattern = PurePosixPath(config.declarations)
    folders = (
        config.package_dir.glob(str(pattern.parent))
        if pattern.parent.name
        else [config.package_dir]
    )
    return sorted(
        path
        for folder in folders
        if folder.is_dir() and folder != config.template.parent
        for path in folder.iterdir()
        if fnmatchcase(path.name, pattern.name)
    )


def discover(config: AppConfig, index: ModuleIndex, template: Template) -> list[Declaration]:
    """Every declaration of the application, by file and line.

    Raises:
        GenerationError: with all that is wrong in all files.
    """
    declarations: list[Declaration] = []
    problems: list[Problem] = []
    for path in declaring_files(config):
        name = index.name_of(path)
        try:
            file = read_source(path, index.shown(path))
        except GenerationError as error:
            problems += error.problems
            continue
        if not file.text and (path.parent / config.output).is_dir():
            problems.append(Problem(file.shown, 1, 0, 0, *_EMPTY))
            continue
        scope = Scope(read_module(name, file), index, config.package)
        reader = _Reader(scope, template, config)
        try:
            declarations += reader.declarations()
        except GenerationError as error:  # a module that was followed is not Python
            problems += error.problems
        except RecursionError:
            message, cure = TOO_DEEP
            problems.append(Problem(file.shown, 0, 0, 0, message, cure=cure))
        problems += reader.problems
    problems += _clashes(declarations)
    if problems:
        raise GenerationError(list(dict.fromkeys(problems)))
    return declarations


def _clashes(declarations: list[Declaration]) -> Iterator[Problem]:
    seen: dict[tuple[Path, str], Declaration] = {}
    for declaration in declarations:
        key = (declaration.path.parent, declaration.module_name)
        first = seen.setdefault(key, declaration)
        if first is declaration:
            continue
        where = f"{first.shown}:{first.line}"
        if first.name == declaration.name:
            message = f"{declaration.name!r} is declared twice: first at {where}."
            cure = "Remove one of them, or give it another name."
        else:
            message = (
                f"{declaration.name!r} and {first.name!r} ({where}) would both be generated "
                f"as {declaration.file_name}."
            )
            cure = "Give one of them a name that differs in more than its capitals."
        yield Problem(declaration.shown, declaration.line, 0, 0, message, cure=cure)
