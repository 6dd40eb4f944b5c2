"""What the template's class needs of its module, as import statements for another module."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from topicwire.codegen.bindings import Binding, Module, absolute, statements
from topicwire.codegen.errors import GenerationError, Problem
from topicwire.codegen.rewrite import Edit, TemplateClass

_MODULE_NAMES = ("__name__", "__file__", "__doc__", "__package__", "__spec__", "__debug__")


@dataclass(frozen=True, slots=True)
class ImportStatement:
    """One statement; `guarded` stands under `if TYPE_CHECKING:`."""

    text: str
    guarded: bool = False


def template_imports(
    router: TemplateClass, module: Module, edits: Sequence[Edit]
) -> tuple[ImportStatement, ...]:
    """Every name that is left in the class, imported from where the template has it from.

    What the template defines itself is imported from the template.

    Raises:
        GenerationError: a name is not defined there.
    """
    finder = _Finder(router, module)
    found: list[ImportStatement] = []
    for name, node in _wanted(router, edits).items():
        found += finder.statements(name, node)
    if finder.problems:
        raise GenerationError(finder.problems)
    return tuple(dict.fromkeys(found))


def _wanted(router: TemplateClass, edits: Sequence[Edit]) -> dict[str, ast.expr]:
    wanted: dict[str, ast.expr] = {}
    for name in router.names.names:
        start, _ = router.file.span(name.node)
        if not any(edit.start <= start < edit.end for edit in edits):
            wanted.setdefault(name.node.id, name.node)
    for quoted in router.names.quoted:
        for node in ast.walk(quoted.parsed):
            if isinstance(node, ast.Name) and not _is_replaced(router, quoted.parsed, node):
                wanted.setdefault(node.id, quoted.node)
    return wanted


def _is_replaced(router: TemplateClass, root: ast.expr, node: ast.Name) -> bool:
    """The quoted annotation's tree has its placeholders already, but for its root."""
    own = (*router.parameters, router.node.name)
    return "\0" in node.id or (node is root and node.id in own)


class _Finder:
    def __init__(self, router: TemplateClass, module: Module) -> None:
        self._router = router
        self._module = module
        self._guarded: set[int] = set()
        self._conditional: dict[int, ast.stmt] = {}
        for node in module.file.tree.body:
            if isinstance(node, ast.If) and _is_type_checking(node.test) and not node.orelse:
                self._guarded.update(id(inner) for inner in node.body)
            elif isinstance(node, ast.If | ast.Try) and _has_imports_alone(node):
                self._conditional.update((id(inner), node) for inner in ast.walk(node))
        self.problems: list[Problem] = []

    def statements(self, name: str, node: ast.expr) -> Iterator[ImportStatement]:
        bindings = self._module.bindings.get(name, ())
        if not bindings:
            if not hasattr(builtins, name) and name not in _MODULE_NAMES:
                self._refuse(name, node)
            return
        for binding in bindings:
            guarded = id(binding.node) in self._guarded
            if binding.kind is not None:
                yield ImportStatement(f"from {self._module.name} import {name}")
                return
            conditional = self._conditional.get(id(binding.node))
            if conditional is not None:
                yield ImportStatement(self._copied(conditional))
                return
            yield from (ImportStatement(text, guarded) for text in self._imported(name, binding))
            if binding.name is not None:
                return

    def _imported(self, name: str, binding: Binding) -> Iterator[str]:
        if binding.name is not None:
            renamed = "" if binding.name == name else f" as {name}"
            yield f"from {binding.module} import {binding.name}{renamed}"
        elif isinstance(binding.node, ast.Import):
            for alias in binding.node.names:
                if (alias.asname or alias.name.partition(".")[0]) == name:
                    yield f"import {alias.name}" + (f" as {name}" if alias.asname else "")

    def _copied(self, node: ast.stmt) -> str:
        """`try: … except ImportError: …` and the like, with absolute imports."""
        for inner in ast.walk(node):
            if isinstance(inner, ast.ImportFrom) and inner.level:
                inner.module = absolute(self._module.name, self._module.file, inner)
                inner.level = 0
        return ast.unparse(node)

    def _refuse(self, name: str, node: ast.expr) -> None:
        cure = "Define or import it in the template."
        if self._module.stars:
            cure = f"Import it by name: `from {self._module.stars[0]} import {name}`."
        message = f"{name!r} is not defined here."
        self.problems.append(self._router.file.problem(node, message, cure))


def _has_imports_alone(node: ast.stmt) -> bool:
    return all(isinstance(one, ast.Import | ast.ImportFrom) for one in statements([node]))


def _is_type_checking(test: ast.expr) -> bool:
    return ast.unparse(test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
