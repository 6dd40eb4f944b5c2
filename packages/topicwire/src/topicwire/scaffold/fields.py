"""`symbol:str price:float=0`: the fields of a model, as they are typed on a command line."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from pydantic import BaseModel, TypeAdapter, ValidationError

from topicwire.scaffold.errors import ScaffoldError
from topicwire.scaffold.names import check_field_name

_NAMED = re.compile(r"(\S+?)\s*:(?!:)")
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""

IMPORTED: Mapping[str, str] = {
    "Annotated": "typing",
    "Decimal": "decimal",
    "Field": "pydantic",
    "Literal": "typing",
    "UUID": "uuid",
    "date": "datetime",
    "datetime": "datetime",
    "time": "datetime",
    "timedelta": "datetime",
}
"""The types that may be named without being the application's, and where they are from."""

BUILT_IN = frozenset(
    {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model.

    Attributes:
        type_text: its type as Python.
        default: its default as Python; None where it is required.
        imports: the names that the type needs, and their modules.
    """

    name: str
    type_text: str
    default: str | None
    imports: Mapping[str, str]

    @property
    def line(self) -> str:
        """The field in a class body."""
        default = "" if self.default is None else f" = {self.default}"
        return f"{self.name}: {self.type_text}{default}"

    @property
    def tree(self) -> ast.expr:
        """Its type, parsed."""
        return ast.parse(self.type_text, mode="eval").body


Resolve = Callable[[str], str | None]
"""From the name of a class to the module of the application to import it from, if there is one."""


def read_fields(option: str, text: str, resolve: Resolve) -> tuple[Field, ...]:
    """Read a list of fields, separated by white space or commas.

    Args:
        option: how messages call the list: `--payload`.
        text: `symbol:str price:float=0`.
        resolve: finds the application's own classes.

    Raises:
        ScaffoldError: with everything that is wrong in the list.
    """
    faults: list[str] = []
    fields: list[Field] = []
    for name, type_text, default in _split(option, text):
        fault = check_field_name(name) or _shadowed(name)
        if not fault and any(one.name == name for one in fields):
            fault = "it is there already. Leave one out."
        if fault:
            faults.append(f"{option}: the field {name!r}: {fault}")
            continue
        try:
            imports = _imports(name, type_text, resolve)
            _check(type_text, default, imports)
        except ScaffoldError as error:
            faults.append(f"{option}: the field {name!r}: {error}")
        else:
            fields.append(Field(name, ast.unparse(_parsed(type_text)), default, imports))
    faults += [
        f"{option}: the field {one.name!r} is called as a type is: Python would take the one for "
        "the other. Give it another name."
        for one in fields
        if any(one.name in other.imports or one.name in _names(other.tree) for other in fields)
    ]
    if faults:
        raise ScaffoldError("\n".join(faults))
    return tuple(fields)


def _split(option: str, text: str) -> Iterator[tuple[str, str, str | None]]:
    starts = list(_starts(text))
    if not starts:
        if text.strip():
            raise ScaffoldError(
                f"{option}: {text.strip()!r} is no list of fields. Each is a name, a colon and a "
                f"type: {option} 'symbol:str price:float'"
            )
        return
    head = text[: starts[0][0]].strip(" \t\n,")
    if head:
        raise ScaffoldError(
            f"{option}: {head!r} has no type. Each field is a name, a colon and a type: "
            f"'{head.split()[0]}:str'"
        )
    for at, (_, name, begin) in enumerate(starts):
        end = starts[at + 1][0] if at + 1 < len(starts) else len(text)
        body = text[begin:end].strip().rstrip(",").strip()
        type_text, default = _halves(body)
        if not type_text:
            raise ScaffoldError(f"{option}: the field {name!r} has no type. Example: '{name}:str'")
        yield name, type_text, default


def _starts(text: str) -> Iterator[tuple[int, str, int]]:
    """Yield where a field begins, its name, and where its type begins; outside of brackets."""
    at = 0
    while at < len(text):
        outside = _depth(text[:at]) == 0
        match = _NAMED.match(text, at)
        if outside and match and not set(match[1]) & set(_OPENING + _CLOSING + _QUOTES + ",="):
            yield at, match[1], match.end()
            at = match.end()
            continue
        following = re.compile(r"[\s,]+").search(text, at)
        if following is None:
            return
        at = following.end()


def _depth(text: str) -> int:
    depth, quote = 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        else:
            depth += (character in _OPENING) - (character in _CLOSING)
    return depth + bool(quote)


def _halves(body: str) -> tuple[str, str | None]:
    for at, character in enumerate(body):
        if character == "=" and _depth(body[:at]) == 0:
            return body[:at].strip(), body[at + 1 :].strip()
    return body, None


def _shadowed(name: str) -> str:
    if hasattr(BaseModel, name):
        return f"Pydantic's models have a {name!r} of their own. Give the field another name."
    if name.startswith("model_"):
        return "Pydantic keeps names that begin with `model_` for itself. Choose another."
    return ""


def _parsed(type_text: str) -> ast.expr:
    try:
        return ast.parse(type_text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ScaffoldError(
            f"{type_text!r} is not a type: {error.msg}. Examples: str, list[str], "
            "Literal['buy', 'sell'], datetime | None"
        ) from error


def _names(node: ast.expr) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


_ALLOWED = (
    ast.Name, ast.Subscript, ast.Constant, ast.Tuple, ast.List, ast.BinOp, ast.BitOr, ast.Load,
    ast.UnaryOp, ast.USub, ast.Call, ast.keyword,
)  # fmt: skip


def _imports(field: str, type_text: str, resolve: Resolve) -> dict[str, str]:
    tree = _parsed(type_text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not (
            isinstance(node.func, ast.Name) and node.func.id == "Field"
        ):
            raise ScaffoldError(f"{type_text!r} calls something: a type is a name, or names in [].")
        if not isinstance(node, _ALLOWED):
            raise ScaffoldError(
                f"{type_text!r} is no type that can be written here: name the class alone, "
                "without its module."
            )
    if isinstance(tree, ast.Constant) and tree.value is not None:
        raise ScaffoldError(f"{type_text!r} is a value. Its type? Literal[{type_text}], say.")
    if isinstance(tree, ast.Tuple):
        raise ScaffoldError(f"{type_text!r} are several types. Join them: `{field}:str | None`.")
    imports: dict[str, str] = {}
    for name in sorted(_names(tree) - BUILT_IN):
        module = resolve(name) or IMPORTED.get(name)
        if module is None:
            raise ScaffoldError(_unknown(name))
        imports[name] = module
    return imports


def _unknown(name: str) -> str:
    known = sorted(BUILT_IN | IMPORTED.keys())
    meant = {"string": "str", "number": "float", "boolean": "bool", "integer": "int"}
    near = [meant[name.lower()]] if name.lower() in meant else []
    near = near or difflib.get_close_matches(name, known, n=1)
    if name in {"Any", "object"}:
        return (
            f"{name!r} says nothing, and clients would be told nothing. Say what it is: a union, "
            "or a model of yours."
        )
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return (
        f"there is no type {name!r}.{hint} Known: {', '.join(known)}, and the classes that your "
        "package defines in its models."
    )


def _check(type_text: str, default: str | None, imports: Mapping[str, str]) -> None:
    """Try the type and its default, where neither needs a class of the application."""
    value: object = None
    if default is not None:
        try:
            value = ast.literal_eval(default)
        except (ValueError, SyntaxError, TypeError) as error:
            raise ScaffoldError(
                f"the default {default!r} is not a literal of Python: text stands in quotes, "
                "`symbol:str='AAPL'`."
            ) from error
    if any(IMPORTED.get(name) != module for name, module in imports.items()):
        return
    known = {name: getattr(import_module(module), name) for name, module in imports.items()}
    try:
        # names, subscripts and literals alone: `_imports` has looked
        adapter = TypeAdapter[object](eval(type_text, {**known}))  # noqa: S307
    except Exception as error:
        raise ScaffoldError(
            f"{type_text!r} is not a type that Pydantic can read: {str(error).splitlines()[0]}"
        ) from error
    if default is not None:
        try:
            adapter.validate_python(value, strict=True)
        except ValidationError as error:
            raise ScaffoldError(
                f"the default {default} is no {type_text}: {error.errors()[0]['msg']}."
            ) from error
