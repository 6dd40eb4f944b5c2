"""The arguments of `WsRouter[...]`: each name in them followed to what it is."""

from __future__ import annotations

import ast
import builtins
import copy
from dataclasses import dataclass

from topicwire.codegen import suggest
from topicwire.codegen.bindings import Module
from topicwire.codegen.errors import Problem
from topicwire.codegen.model import Reference, TypeArgument, placeholder
from topicwire.codegen.modules import Definition, Missing, ModuleIndex
from topicwire.codegen.source import parse_expression

_TYPING = ("typing", "typing_extensions")


class UnresolvedError(Exception):
    """A type argument cannot be used; carries the refusal."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


@dataclass(slots=True)
class Scope:
    """Resolves dotted names as a module sees them."""

    module: Module
    index: ModuleIndex
    package: str

    def definition(self, node: ast.expr) -> tuple[Definition, list[str]] | Missing | None:
        """What a name or dotted name is, and the attributes left over (nested classes).

        None: its first part is not bound in this module.
        """
        parts = dotted(node)
        if not parts:
            return None
        found = self._root(parts[0])
        rest = parts[1:]
        while isinstance(found, Definition) and found.kind == "module" and rest:
            step = self.index.find(found.module, rest[0])
            found, rest = step, rest[1:]
        if found is None or isinstance(found, Missing):
            return found
        if found.kind == "class" and isinstance(found.node, ast.ClassDef) and rest:
            inherits = any(ast.unparse(base) != "BaseModel" for base in found.node.bases)
            if not inherits and not _has_nested(found.node, rest):
                return Missing(f"{found.module}.{found.name}", rest[0])
        return found, rest

    def _root(self, name: str) -> Definition | Missing | None:
        bindings = self.module.bindings.get(name, ())
        missing: Missing | None = None
        for binding in bindings:
            if binding.kind is not None:
                return Definition(
                    binding.kind, self.module.name, self.module.name, name, binding.node
                )
            found = self.index.find(binding.module, binding.name)
            if isinstance(found, Definition):
                return found
            missing = missing or found
        if missing is not None:
            return missing
        for star in self.module.stars:
            if name in self.index.names(star):
                return self.index.find(star, name)
        return None


def dotted(node: ast.expr) -> list[str] | None:
    """`["models", "Bar"]` of `models.Bar`; None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    return [node.id, *reversed(parts)]


def _has_nested(node: ast.ClassDef, path: list[str]) -> bool:
    for name in path:
        inner = next((s for s in node.body if isinstance(s, ast.ClassDef) and s.name == name), None)
        if inner is None:
            return False
        node = inner
    return True


def resolve_argument(scope: Scope, node: ast.expr) -> TypeArgument:
    """One argument, with everything it names found.

    Raises:
        UnresolvedError: a name is not defined, not a type, or defined in this very file.
    """
    reading = _Reading(scope)
    expression = reading.type(node, node)
    text = ast.unparse(reading.display(node))
    return TypeArgument(
        text=text,
        expression=ast.unparse(ast.fix_missing_locations(expression)),
        references=tuple(reading.references),
        is_class=reading.is_class(node),
    )


class _Reading:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.references: list[Reference] = []

    def type(self, node: ast.expr, at: ast.expr) -> ast.expr:
        """A type expression; `at` is where a refusal points (a string's names have no place)."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self.type(self._parsed(node), at)
        if isinstance(node, ast.Name | ast.Attribute):
            return self.name(node, at, is_type=True)
        if isinstance(node, ast.Subscript):
            return self._subscript(node, at)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
            left = self.type(node.left, self.at(node.left, at))
            right = self.type(node.right, self.at(node.right, at))
            return ast.BinOp(left, node.op, right)
        if isinstance(node, ast.Tuple | ast.List):
            elements = [self.type(element, self.at(element, at)) for element in node.elts]
            return type(node)(elements, node.ctx)
        if isinstance(node, ast.Constant) and (node.value is None or node.value is Ellipsis):
            return node
        raise self.refusal(
            at,
            f"{ast.unparse(node)!r} is not a type.",
            "Allowed: a class, a dotted name, `list[X]` and other subscripts, `A | B`, None.",
        )

    def _subscript(self, node: ast.Subscript, at: ast.expr) -> ast.expr:
        base = self.type(node.value, self.at(node.value, at))
        form = self._typing_form(node.value)
        if form == "Literal":
            inner: ast.expr = self._values(node.slice, at)
        elif form == "Annotated" and isinstance(node.slice, ast.Tuple):
            first, *extra = node.slice.elts
            kept = [self._values(element, self.at(element, at)) for element in extra]
            inner = ast.Tuple([self.type(first, self.at(first, at)), *kept], ast.Load())
        else:
            inner = self.type(node.slice, self.at(node.slice, at))
        return ast.Subscript(base, inner, node.ctx)

    def _values(self, node: ast.expr, at: ast.expr) -> ast.expr:
        """An expression in which strings are strings: `Literal["a"]`, `Field(gt=0)`."""
        result: ast.expr = _Values(self, at).visit(copy.deepcopy(node))
        return result

    def name(self, node: ast.Name | ast.Attribute, at: ast.expr, *, is_type: bool) -> ast.expr:
        scope = self._scope
        found = scope.definition(node)
        written = ast.unparse(node)
        if found is None:
            parts = dotted(node)
            if parts is None:
                raise self.refusal(at, f"{written!r} is not a type.", "Name a class.")
            if len(parts) == 1 and hasattr(builtins, parts[0]):
                return node
            raise self.refusal(
                self._first(node, at),
                f"{parts[0]!r} is not defined here.",
                suggest.undefined(scope.index, scope.package, scope.module, parts[0]),
            )
        if isinstance(found, Missing):
            raise self.refusal(at, *suggest.missing(scope.index, scope.package, found))
        definition, rest = found
        if definition.module == scope.module.name and definition.kind != "module":
            raise self.refusal(
                at,
                f"{written!r} is defined in this file.",
                "The generated router would have to import it from here while this file imports "
                f"the router.\nMove it to a module of {scope.package}.models and import it.",
            )
        if is_type and definition.kind in ("module", "function", "value"):
            what = {"module": "a module", "function": "a function", "value": "a value"}
            raise self.refusal(
                at,
                f"{written!r} is {what[definition.kind]}, not a type.",
                "A request and a payload are types: a Pydantic model, `list[Model]`, `A | B`.",
            )
        return self._reference(node, definition, rest)

    def _reference(
        self, node: ast.Name | ast.Attribute, definition: Definition, rest: list[str]
    ) -> ast.expr:
        local = node.id if isinstance(node, ast.Name) else definition.name
        if definition.kind == "module":
            package, _, name = definition.module.rpartition(".")
            reference = Reference(package, name, local or name)
        else:
            reference = Reference(definition.source, definition.name, local)
        if reference not in self.references:
            self.references.append(reference)
        result: ast.expr = ast.Name(placeholder(self.references.index(reference)), ast.Load())
        for attribute in rest:
            result = ast.Attribute(result, attribute, ast.Load())
        return result

    def is_class(self, node: ast.expr) -> bool:
        """Whether the argument is a class, not an alias or a form such as `list[Bar]`."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node = self._parsed(node)
        if not isinstance(node, ast.Name | ast.Attribute):
            return False
        found = self._scope.definition(node)
        if found is None:
            return isinstance(getattr(builtins, ast.unparse(node), None), type)
        if isinstance(found, Missing):
            return False
        definition, _ = found
        if definition.kind == "external":
            return definition.module not in _TYPING
        return definition.kind == "class"

    def display(self, node: ast.expr) -> ast.expr:
        """The argument as people read it: a string annotation without its quotes."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return self._parsed(node)
        return node

    def _parsed(self, node: ast.Constant) -> ast.expr:
        parsed = parse_expression(str(node.value))
        if parsed is None:
            written = ascii(node.value)
            raise self.refusal(node, f"{written} is not a type.", "A quoted type is to be Python.")
        return parsed

    def _typing_form(self, node: ast.expr) -> str:
        found = self._scope.definition(node)
        if found is None or isinstance(found, Missing):
            return ""
        definition, _ = found
        return definition.name if definition.module in _TYPING else ""

    @staticmethod
    def at(node: ast.expr, at: ast.expr) -> ast.expr:
        """Inside a string, positions are the string's own."""
        return at if isinstance(at, ast.Constant) else node

    @staticmethod
    def _first(node: ast.expr, at: ast.expr) -> ast.expr:
        if isinstance(at, ast.Constant):
            return at
        while isinstance(node, ast.Attribute):
            node = node.value
        return node

    def refusal(self, at: ast.expr, message: str, cure: str) -> UnresolvedError:
        return UnresolvedError(self._scope.module.file.problem(at, message, cure))


class _Values(ast.NodeTransformer):
    """Follows the names of an expression that is no type."""

    def __init__(self, reading: _Reading, at: ast.expr) -> None:
        self._reading = reading
        self._at = at

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._reading.name(node, self._reading.at(node, self._at), is_type=False)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if dotted(node) is None:
            node.value = self.visit(node.value)
            return node
        return self._reading.name(node, self._reading.at(node, self._at), is_type=False)

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        raise self._reading.refusal(
            self._reading.at(node, self._at), "a lambda cannot be copied.", "Name a function."
        )
