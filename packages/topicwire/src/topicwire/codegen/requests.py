"""A request is an object: what it asks for has names, and a topic is made of them.

Read from the text, so what cannot be told from it passes: the document's rules look at the schema.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from topicwire.codegen.bindings import Module
from topicwire.codegen.modules import Definition
from topicwire.codegen.source import parse_expression
from topicwire.codegen.typeargs import Scope

CURE = (
    "Make a model of it, with a field for what is asked: "
    "`class TradeRequest(BaseModel): symbols: list[str]`."
)
_LISTS = frozenset(
    {
        *("list", "tuple", "set", "frozenset", "List", "Tuple", "Set", "FrozenSet", "deque"),
        *("Sequence", "MutableSequence", "Iterable", "Collection", "Literal"),
    }
)
_VALUES = frozenset({"int", "float", "str", "bool", "bytes", "bytearray", "complex"})
_VALUE_MODULES = frozenset({"datetime", "decimal", "uuid", "ipaddress", "pathlib"})
_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"})
_ONE_OF = frozenset({"Union", "Optional"})


def request_parameters(node: ast.ClassDef, parameters: tuple[str, ...]) -> frozenset[int]:
    """Which type parameters of a template are what clients send, by their place."""
    return frozenset(
        parameters.index(argument.annotation.id)
        for function in ast.walk(node)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(_is_send(one) for one in function.decorator_list)
        for argument in function.args.args
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id in parameters
    )


def _is_send(decorator: ast.expr) -> bool:
    function = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(function, ast.Attribute) and function.attr == "send"


def no_object(scope: Scope, node: ast.expr) -> str | None:
    """Return what of a type is no object, as it is written there; None where all of it may be."""
    return next(_no_objects(scope, node, frozenset()), None)


def _no_objects(scope: Scope, node: ast.expr, seen: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Constant):
        quoted = parse_expression(node.value) if isinstance(node.value, str) else None
        if quoted is not None:
            yield from _no_objects(scope, quoted, seen)
        elif node.value is None:
            yield "None"
    elif isinstance(node, ast.BinOp):
        yield from _no_objects(scope, node.left, seen)
        yield from _no_objects(scope, node.right, seen)
    elif isinstance(node, ast.Subscript):
        yield from _in_subscript(scope, node, seen)
    elif isinstance(node, ast.Name | ast.Attribute):
        yield from _in_name(scope, node, seen)


def _in_subscript(scope: Scope, node: ast.Subscript, seen: frozenset[str]) -> Iterator[str]:
    form = ast.unparse(node.value).rpartition(".")[2]
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if form in _LISTS:
        yield ast.unparse(node)
    elif form == "Optional":
        yield "None"
    elif form in _ONE_OF or form == "RootModel":
        for one in inner:
            yield from _no_objects(scope, one, seen)
    elif form == "Annotated":
        yield from _no_objects(scope, inner[0], seen)


def _in_name(scope: Scope, node: ast.Name | ast.Attribute, seen: frozenset[str]) -> Iterator[str]:
    written = ast.unparse(node)
    found = scope.definition(node)
    if found is None and written in _VALUES | _LISTS:
        yield written
    if not isinstance(found, tuple):
        return
    definition, rest = found
    name = f"{definition.module}.{definition.name}"
    if definition.kind == "external" and definition.module in _VALUE_MODULES:
        yield written
    module = scope.index.load(definition.module)
    if rest or module is None or name in seen:
        return
    inside = Scope(module, scope.index, scope.package)
    seen |= {name}
    for one in _meant(definition, module):
        # Whatever it is there, the file that is read here says this name.
        if next(_no_objects(inside, one, seen), None) is not None:
            yield written
    bases = definition.node.bases if isinstance(definition.node, ast.ClassDef) else []
    if any(ast.unparse(base).rpartition(".")[2] in _ENUMS for base in bases):
        yield written


def _meant(definition: Definition, module: Module) -> Iterator[ast.expr]:
    """What an alias stands for; of a class, the bases that make it something else."""
    if isinstance(definition.node, ast.ClassDef):
        yield from definition.node.bases
    elif definition.kind == "alias":
        for binding in module.bindings.get(definition.name, ()):
            if binding.value is not None:
                yield binding.value
