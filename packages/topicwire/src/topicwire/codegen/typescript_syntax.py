"""TypeScript source text: identifiers, literals, comments, and types laid out as Prettier would.

The layout is that of `semi: false, singleQuote: true, printWidth: 110`, so that a formatter run
over generated files changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from topicwire.asyncapi.shapes import (
    AllOf,
    Constant,
    Docs,
    Field,
    ListOf,
    ObjectOf,
    Primitive,
    RecordOf,
    Reference,
    Shape,
    Told,
    TupleOf,
    UnionOf,
)

WIDTH = 110

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
# What TypeScript does not take as the name of a type.
_WORDS = (
    "any as asserts async await bigint boolean break case catch class const continue debugger "
    "declare default delete do else enum export extends false finally for function if implements "
    "import in infer instanceof interface intrinsic is keyof let module namespace never new null "
    "number object of package private protected public readonly require return static string super "
    "switch symbol this throw true try type typeof undefined unique unknown var void while with "
    "yield"
)
RESERVED = frozenset(_WORDS.split())
# A type that needs no parentheses wherever it stands.
_WHOLE = re.compile(r"[\w$.]+(?:<[\w$., ]*>)?")
_PRIMITIVES = {"integer": "number"}
# Facts that tell what a value means; the others tell what is accepted.
_MEANINGS = frozenset({"format", "contentEncoding", "contentMediaType", "default", "examples"})


def type_names(names: Iterable[str], reserved: Collection[str] = ()) -> dict[str, str]:
    """Return a TypeScript name for each name of a document; no two are alike.

    One that TypeScript can have is kept as it is, whatever the others are.

    Args:
        names: of the document.
        reserved: names that something else has.
    """
    names = [*names]
    taken = {name: name for name in names if _is_usable(name) and name not in reserved}
    for name in names:
        if name not in taken:
            plain = re.sub(r"[^A-Za-z0-9_$]", "_", name)
            plain = f"_{plain}" if plain[:1].isdigit() else plain
            while not _is_usable(plain) or plain in reserved or plain in taken.values():
                plain += "_"
            taken[name] = plain
    return {name: taken[name] for name in names}


def _is_usable(name: str) -> bool:
    return _IDENTIFIER.fullmatch(name) is not None and name not in RESERVED


def property_key(name: str) -> str:
    """Return a property's name, quoted where it is not an identifier."""
    return name if name.replace("$", "_").isidentifier() else string(name)


def string(value: str) -> str:
    """Return a string literal, in the quotes that need fewer escapes."""
    body = json.dumps(value, ensure_ascii=False)[1:-1].replace('\\"', '"')
    body = body.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    quote = '"' if value.count("'") > value.count('"') else "'"
    return f"{quote}{body.replace(quote, chr(92) + quote)}{quote}"


def comment(docs: Docs, indent: str, *, checks: bool = True) -> str:
    """Return a doc comment on lines of its own, or nothing where there is nothing to say.

    Args:
        docs: what to say.
        indent: of the lines.
        checks: say what the server checks too; of no use where it is the one who sends.
    """
    lines = docs.text.splitlines()
    facts = [one for one in docs.facts if checks or one[0] in _MEANINGS]
    tags = [line for key, value in facts for line in _tag(key, value)]
    if docs.deprecated:
        tags.append("@deprecated")
    if lines and tags:
        lines.append("")
    # A comment must not end before its text does.
    lines = [line.rstrip().replace("*/", "*\\/") for line in [*lines, *tags]]
    if not lines:
        return ""
    if len(lines) == 1 and len(indent) + len(lines[0]) + 7 <= WIDTH:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def _tag(key: str, value: Any) -> list[str]:
    if key == "examples" and isinstance(value, list):
        return [f"@example {json.dumps(one, ensure_ascii=False)}" for one in value]
    if key in {"format", "pattern", "contentEncoding", "contentMediaType"}:
        return [f"@{key} {value}"]
    return [f"@{key} {json.dumps(value, ensure_ascii=False)}"]


class TypePrinter:
    """Prints shapes as types.

    Args:
        names: of the named types.
        scalars: types that stand for formats, where those are told.
    """

    def __init__(
        self, names: Mapping[str, str], scalars: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._names = names
        self._scalars = scalars

    def flat(self, shape: Shape) -> str:  # noqa: C901, PLR0911 (one return a kind)
        """Return the type on one line."""
        match shape:
            case Primitive(kind):
                return _PRIMITIVES.get(kind, kind)
            case Constant(literal):
                value = json.loads(literal)
                return string(value) if isinstance(value, str) else _value_type(value)
            case Reference(name):
                return self._names[name]
            case ListOf(item):
                return f"{self._element(item)}[]"
            case TupleOf():
                return f"[{', '.join(self._tuple_items(shape, self.flat))}]"
            case RecordOf():
                return f"{{ {self._record(shape, self.flat)} }}"
            case ObjectOf():
                return f"{{ {'; '.join(self._members(shape))} }}"
            case UnionOf(members):
                return " | ".join(dict.fromkeys(map(self._union_member, _open(members))))
            case AllOf(members):
                return " & ".join(self._intersection_member(one) for one in members)
            case Told(inner):
                return self._scalars.get(str(shape.fact("format"))) or self.flat(inner)

    def fit(self, shape: Shape, indent: str, column: int) -> str:  # noqa: PLR0911 (as above)
        """Return the type, on several lines where it would pass the width.

        Args:
            shape: what to print.
            indent: of the line that it begins in.
            column: where in that line it begins.
        """
        flat = self.flat(shape)
        if column + len(flat) <= WIDTH and not _has_docs(shape):
            return flat
        deeper = indent + "  "
        match shape:
            case UnionOf(members):
                parts = (self._fit_member(one, deeper) for one in _open(members))
                return "".join(f"\n{deeper}| {part}" for part in dict.fromkeys(parts))
            case ListOf(UnionOf() as item):
                inner = self.fit(item, indent, WIDTH)
                return f"({inner}\n{indent})[]"
            case ListOf(item):
                return f"{self.fit(item, indent, column)}[]"
            case TupleOf():
                items = self._tuple_items(shape, lambda one: self.fit(one, deeper, len(deeper)))
                return f"[\n{''.join(f'{deeper}{item},{chr(10)}' for item in items)}{indent}]"
            case ObjectOf():
                return f"{{\n{self.body(shape, deeper)}{indent}}}"
            case RecordOf():
                inner = self._record(shape, lambda one: self.fit(one, deeper, len(deeper) + 16))
                return f"{{\n{deeper}{inner}\n{indent}}}"
            case _:
                return flat

    def body(self, shape: ObjectOf | RecordOf, indent: str, *, checks: bool = True) -> str:
        """Return the members of an object, each on lines of its own, with their comments."""
        if isinstance(shape, RecordOf):
            return f"{indent}{self._record(shape, self.flat)}\n"
        text = ""
        for one in shape.fields:
            head = f"{indent}{_key(one)}:"
            value = self.fit(one.shape, indent, len(head) + 1)
            space = "" if value.startswith("\n") else " "
            text += f"{comment(one.docs, indent, checks=checks)}{head}{space}{value}\n"
        if shape.others is not None:
            text += f"{indent}{self._index(shape)}\n"
        return text

    def _fit_member(self, shape: Shape | str, indent: str) -> str:
        flat = self._union_member(shape)
        if len(indent) + 2 + len(flat) <= WIDTH or not isinstance(
            shape, ObjectOf | ListOf | TupleOf
        ):
            return flat
        return self.fit(shape, indent + "  ", len(indent) + 2)

    def _members(self, shape: ObjectOf) -> list[str]:
        members = [f"{_key(one)}: {self.flat(one.shape)}" for one in shape.fields]
        return [*members, self._index(shape)] if shape.others is not None else members

    def _index(self, shape: ObjectOf) -> str:
        # An index signature has to admit the named properties too.
        types = [shape.others or Primitive("unknown"), *(one.shape for one in shape.fields)]
        if Primitive("unknown") in types:
            return "[key: string]: unknown"
        members = list(dict.fromkeys(self._union_member(one) for one in types))
        if not all(one.required for one in shape.fields):
            members.append("undefined")
        return f"[key: string]: {' | '.join(members)}"

    def _record(self, shape: RecordOf, render: Callable[[Shape], str]) -> str:
        is_open = shape.key == Primitive("string")
        head = "[key: string]:" if is_open else f"[Key in {self.flat(shape.key)}]?:"
        value = render(shape.value)
        return f"{head}{value}" if value.startswith("\n") else f"{head} {value}"

    def _element(self, item: Shape) -> str:
        return f"({self.flat(item)})" if self._is_compound(item) else self.flat(item)

    def _is_compound(self, shape: Shape) -> bool:
        if isinstance(shape, Told):
            return _WHOLE.fullmatch(self.flat(shape)) is None
        return isinstance(shape, UnionOf | AllOf)

    def _union_member(self, one: Shape | str) -> str:
        if isinstance(one, str):
            return one
        compound = isinstance(one, AllOf | Told) and self._is_compound(one)
        return f"({self.flat(one)})" if compound else self.flat(one)

    def _intersection_member(self, one: Shape) -> str:
        return f"({self.flat(one)})" if isinstance(one, UnionOf) else self.flat(one)

    def _tuple_items(self, shape: TupleOf, render: Callable[[Shape], str]) -> list[str]:
        items = []
        for index, item in enumerate(shape.items):
            if index < shape.required:
                items.append(render(item))
            else:
                compound = self._is_compound(item)
                items.append(f"({self.flat(item)})?" if compound else f"{render(item)}?")
        if shape.rest is not None:
            items.append(f"...{self._element(shape.rest)}[]")
        return items


def _key(one: Field) -> str:
    return property_key(one.name) + ("" if one.required else "?")


def _has_docs(shape: Shape) -> bool:
    return isinstance(shape, ObjectOf) and any(comment(one.docs, "") for one in shape.fields)


def _value_type(value: Any) -> str:
    """Return the type of a constant that is not a string; a list or an object is widened."""
    if isinstance(value, list):
        return "unknown[]"
    return "{ [key: string]: unknown }" if isinstance(value, dict) else json.dumps(value)


def _open(members: tuple[Shape, ...]) -> tuple[Shape | str, ...]:
    """Keep the known strings of `'a' | 'b' | string` visible to an editor's completion."""
    literal = any(isinstance(one, Constant) and one.literal.startswith('"') for one in members)
    if literal and Primitive("string") in members:
        return tuple("(string & {})" if one == Primitive("string") else one for one in members)
    return members
