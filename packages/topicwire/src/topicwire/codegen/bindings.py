"""What one module binds at module level, read from its text."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from topicwire.codegen.source import TYPE_STATEMENT, SourceFile

Kind = Literal["class", "alias", "function", "value"]


@dataclass(frozen=True, slots=True)
class Binding:
    """One module-level statement that binds a name.

    Attributes:
        kind: what it defines; None for an import.
        module: for imports, the absolute module that is imported (from).
        name: for `from module import name`, the name; None for `import module`.
        explicit: the binding is part of the module's interface under strict type checking.
    """

    kind: Kind | None
    node: ast.stmt = field(repr=False)
    module: str = ""
    name: str | None = None
    explicit: bool = True
    value: ast.expr | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Module:
    """What one file says at module level, branches of `if` and `try` included."""

    name: str
    file: SourceFile
    bindings: Mapping[str, tuple[Binding, ...]]
    stars: tuple[str, ...]
    exported: frozenset[str] | None
    """`__all__`, when it is a plain list of strings."""

    @property
    def is_dynamic(self) -> bool:
        """It answers any attribute (a module-level `__getattr__`)."""
        return "__getattr__" in self.bindings

    def exports(self, name: str) -> bool:
        """Whether a strict type checker lets others import `name` from here."""
        if self.exported is not None and name in self.exported:
            return True
        return any(binding.explicit for binding in self.bindings.get(name, ()))


def read_module(name: str, file: SourceFile) -> Module:
    """What a file binds at module level."""
    bindings: dict[str, list[Binding]] = {}
    stars: list[str] = []
    exported: list[str] | None = None
    for node in statements(file.tree.body):
        if isinstance(node, ast.ImportFrom):
            source = absolute(name, file, node)
            for alias in node.names:
                if alias.name == "*":
                    stars.append(source)
                    continue
                explicit = alias.asname == alias.name
                bindings.setdefault(alias.asname or alias.name, []).append(
                    Binding(None, node, source, alias.name, explicit=explicit)
                )
        elif isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.partition(".")[0]
                target = alias.name if alias.asname else bound
                bindings.setdefault(bound, []).append(
                    Binding(None, node, target, explicit=alias.asname == alias.name)
                )
        else:
            for bound, binding in _definitions(node):
                bindings.setdefault(bound, []).append(binding)
            exported = _exported(node, exported)
    return Module(
        name=name,
        file=file,
        bindings={bound: tuple(found) for bound, found in bindings.items()},
        stars=tuple(stars),
        exported=None if exported is None else frozenset(exported),
    )


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Module-level statements in order, those inside `if`, `try` and `with` included."""
    for node in body:
        if isinstance(node, ast.If):
            yield from statements(node.body)
            yield from statements(node.orelse)
        elif isinstance(node, ast.Try):
            yield from statements(node.body)
            for handler in node.handlers:
                yield from statements(handler.body)
            yield from statements(node.orelse)
            yield from statements(node.finalbody)
        elif isinstance(node, ast.With):
            yield from statements(node.body)
        else:
            yield node


def absolute(module: str, file: SourceFile, node: ast.ImportFrom) -> str:
    """The module that `from … import` reads, relative ones made absolute."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    dropped = node.level - (1 if file.path.name == "__init__.py" else 0)
    base = parts[: len(parts) - dropped] if dropped else parts
    return ".".join([*base, node.module] if node.module else base)


def _definitions(node: ast.stmt) -> Iterator[tuple[str, Binding]]:
    if isinstance(node, ast.ClassDef):
        yield node.name, Binding("class", node)
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield node.name, Binding("function", node)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        kind: Kind = "alias" if _is_type_alias(node.annotation) else "value"
        yield node.target.id, Binding(kind, node, value=node.value)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _assigned(node, target)


def _assigned(node: ast.Assign, target: ast.expr) -> Iterator[tuple[str, Binding]]:
    alias = type_statement_name(target)
    if alias is not None:
        yield alias, Binding("alias", node, value=node.value)
    elif isinstance(target, ast.Name):
        kind: Kind = "alias" if _looks_like_a_type(node.value) else "value"
        yield target.id, Binding(kind, node, value=node.value)
    elif isinstance(target, ast.Tuple | ast.List):
        for element in target.elts:
            if isinstance(element, ast.Name):
                yield element.id, Binding("value", node)


def type_statement_name(target: ast.expr) -> str | None:
    """`X` of `type X = …` (parsed as `type.X = …`); None for anything else."""
    if isinstance(target, ast.Subscript):
        target = target.value
    if (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == TYPE_STATEMENT
    ):
        return target.attr
    return None


def _is_type_alias(annotation: ast.expr) -> bool:
    if isinstance(annotation, ast.Constant):
        return str(annotation.value).rpartition(".")[2] == "TypeAlias"
    name = annotation.attr if isinstance(annotation, ast.Attribute) else annotation
    return name == "TypeAlias" or (isinstance(name, ast.Name) and name.id == "TypeAlias")


def _looks_like_a_type(value: ast.expr) -> bool:
    """`Trades = list[Trade]`, `Either = A | B`, `NewName = Old`, `Id = NewType("Id", str)`."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id in (
            "NewType",
            "TypedDict",
            "NamedTuple",
            "create_model",
            "TypeVar",
            "Enum",
            "StrEnum",
            "IntEnum",
        )
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.BitOr)
    return isinstance(value, ast.Name | ast.Attribute | ast.Subscript)


def _exported(node: ast.stmt, so_far: list[str] | None) -> list[str] | None:
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            listed = node.value
            if isinstance(listed, ast.List | ast.Tuple):
                names = [e.value for e in listed.elts if isinstance(e, ast.Constant)]
                return [*(so_far or []), *map(str, names)]
    return so_far
