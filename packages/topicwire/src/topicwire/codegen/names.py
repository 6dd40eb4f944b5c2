"""Which names in a class are the module's, and how each is used: Python's scoping, in small."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Use = Literal["type", "value"]
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


@dataclass(frozen=True, slots=True)
class GlobalName:
    """A name that the module's globals answer.

    Attributes:
        use: "type" in annotations, casts and type subscripts; "value" where it is evaluated.
        within: the outermost node to replace with it: `WsRouter[...]` around a `WsRouter`,
            or None.
        in_body: it stands in the class's body, where `__names` are mangled.
        in_f_string: the tree's positions cannot be trusted there on every Python.
    """

    node: ast.Name
    use: Use
    within: ast.Subscript | None
    in_body: bool
    in_f_string: bool


@dataclass(frozen=True, slots=True)
class QuotedType:
    """A string that is an annotation, or the first argument of a cast: `"list[_TData]"`."""

    node: ast.Constant
    parsed: ast.expr


class ClassNames:
    """Everything in a class definition that refers to its module.

    Raises:
        SyntaxError: a quoted annotation is not Python.
    """

    def __init__(self, node: ast.ClassDef) -> None:
        self.names: list[GlobalName] = []
        self.quoted: list[QuotedType] = []
        self.identifiers = frozenset(_identifiers(node))
        self._scopes: list[frozenset[str]] = []
        self._in_body = False
        self._f_strings = 0
        for decorator in node.decorator_list:
            self._expression(decorator, "value")
        for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
            self._expression(base, "value")
        self._in_body = True
        self._class_body(node)
        for quoted in self.quoted:
            self.identifiers |= {
                inner.id for inner in ast.walk(quoted.parsed) if isinstance(inner, ast.Name)
            }

    def _class_body(self, node: ast.ClassDef) -> None:
        outer = self._scopes
        own = frozenset(_bound(node.body))
        for statement in node.body:
            self._scopes = [*outer, own]
            self._statement(statement, class_scope=outer)
        self._scopes = outer

    def _statement(self, node: ast.stmt, class_scope: list[frozenset[str]] | None = None) -> None:
        if isinstance(node, _Function):
            self._function(node, class_scope)
        elif isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                self._expression(decorator, "value")
            for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
                self._expression(base, "value")
            self._class_body(node)
        elif isinstance(node, ast.AnnAssign):
            self._expression(node.target, "value")
            self._expression(node.annotation, "type")
            if node.value is not None:
                self._expression(node.value, "value")
        else:
            for child in ast.iter_child_nodes(node):
                self._child(child, class_scope)

    def _child(self, node: ast.AST, class_scope: list[frozenset[str]] | None) -> None:
        if isinstance(node, ast.stmt):
            self._statement(node, class_scope)
        elif isinstance(node, ast.expr):
            self._expression(node, "value")
        else:  # handlers, with-items, match cases, arguments of calls
            for child in ast.iter_child_nodes(node):
                self._child(child, class_scope)

    def _function(self, node: _Function, class_scope: list[frozenset[str]] | None) -> None:
        for decorator in node.decorator_list:
            self._expression(decorator, "value")
        self._defaults(node.args)
        parameters = _parameters(node.args)
        for parameter in parameters:
            if parameter.annotation is not None:
                self._expression(parameter.annotation, "type")
        if node.returns is not None:
            self._expression(node.returns, "type")
        outer = self._scopes
        # A method does not see the names of the class around it.
        visible = outer if class_scope is None else class_scope
        own = frozenset(_bound(node.body)) | {parameter.arg for parameter in parameters}
        self._scopes = [*visible, own - _declared_global(node.body)]
        for statement in node.body:
            self._statement(statement)
        self._scopes = outer

    def _expression(self, node: ast.expr, use: Use, within: ast.Subscript | None = None) -> None:
        if isinstance(node, ast.Name):
            if not self._is_local(node.id):
                in_f_string = self._f_strings > 0
                self.names.append(GlobalName(node, use, within, self._in_body, in_f_string))
        elif isinstance(node, ast.Constant):
            if use == "type" and isinstance(node.value, str):
                parsed = ast.parse(node.value.strip(), mode="eval").body
                self.quoted.append(QuotedType(node, parsed))
        elif isinstance(node, ast.Subscript):
            self._subscript(node, use)
        elif isinstance(node, ast.BinOp | ast.Tuple | ast.List | ast.Starred):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self._expression(child, use)
        else:
            self._value(node)

    def _value(self, node: ast.expr) -> None:
        if isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, ast.Lambda):
            self._defaults(node.args)
            self._inside({parameter.arg for parameter in _parameters(node.args)}, [node.body])
        elif isinstance(node, _Comprehension):
            self._comprehension(node)
        else:
            is_f_string = isinstance(node, ast.JoinedStr)
            self._f_strings += is_f_string
            for child in ast.iter_child_nodes(node):
                self._child(child, None)
            self._f_strings -= is_f_string

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)

    def _defaults(self, arguments: ast.arguments) -> None:
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self._expression(default, "value")

    def _subscript(self, node: ast.Subscript, use: Use) -> None:
        """`list[_TData]` is a type wherever it stands; `self.x[key]` is not."""
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        is_global = isinstance(root, ast.Name) and not self._is_local(root.id)
        self._expression(node.value, use, within=node)
        last = ast.unparse(node.value).rpartition(".")[2]
        if last == "Literal":
            return
        if last == "Annotated" and isinstance(node.slice, ast.Tuple):
            first, *rest = node.slice.elts
            self._expression(first, "type")
            for extra in rest:
                self._expression(extra, "value")
            return
        self._expression(node.slice, "type" if is_global or use == "type" else "value")

    def _call(self, node: ast.Call) -> None:
        self._expression(node.func, "value")
        arguments = list(node.args)
        if arguments and ast.unparse(node.func).rpartition(".")[2] == "cast":
            self._expression(arguments.pop(0), "type")
        for argument in (*arguments, *(keyword.value for keyword in node.keywords)):
            self._expression(argument, "value")

    def _comprehension(self, node: _Comprehension) -> None:
        names: set[str] = set()
        for generator in node.generators:
            names.update(_stored(generator.target))
        first = node.generators[0].iter
        self._expression(first, "value")
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for at, generator in enumerate(node.generators):
            elements += [*([generator.iter] if at else []), *generator.ifs]
        self._inside(names, elements)

    def _inside(self, names: Iterable[str], nodes: Iterable[ast.expr]) -> None:
        outer = self._scopes
        self._scopes = [*outer, frozenset(names)]
        for node in nodes:
            self._expression(node, "value")
        self._scopes = outer


def _parameters(arguments: ast.arguments) -> list[ast.arg]:
    extra = [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def _bound(body: Iterable[ast.AST]) -> Iterator[str]:
    """The names that statements bind in their own scope."""
    for node in body:
        yield from _bound_by(node)
        if isinstance(node, _Comprehension):
            for inner in ast.walk(node):  # a walrus binds outside of its comprehension
                if isinstance(inner, ast.NamedExpr):
                    yield from _stored(inner.target)
        elif not isinstance(node, _Function | ast.ClassDef | ast.Lambda):
            yield from _bound(ast.iter_child_nodes(node))


def _bound_by(node: ast.AST) -> Iterator[str]:
    if isinstance(node, _Function | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
        yield from [node.name] if node.name else []
    elif isinstance(node, ast.MatchMapping):
        yield from [node.rest] if node.rest else []


def _declared_global(body: Iterable[ast.AST]) -> frozenset[str]:
    names: set[str] = set()
    for node in body:
        if isinstance(node, ast.Global):
            names.update(node.names)
        if not isinstance(node, _Function | ast.ClassDef):
            names.update(_declared_global(ast.iter_child_nodes(node)))
    return frozenset(names)


def _stored(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            yield node.id


def _identifiers(node: ast.ClassDef) -> Iterator[str]:
    """Every identifier in the class that an import could be mistaken for."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.arg):
            yield inner.arg
        elif isinstance(inner, _Function | ast.ClassDef):
            yield inner.name
        elif isinstance(inner, ast.alias):
            yield inner.asname or inner.name.partition(".")[0]
        elif isinstance(inner, ast.ExceptHandler) and inner.name:
            yield inner.name
