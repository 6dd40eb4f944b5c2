"""`codecs.ts`: what of each route is converted. A constant each: a bundle holds those in use."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topicwire.asyncapi.contract import Contract, RouteContract
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.shapes import Docs, Shape, Told, inner_shapes
from topicwire.codegen.scalars import TAKEN, Scalar
from topicwire.codegen.typescript_codecs import CodecNames, Codecs
from topicwire.codegen.typescript_data import literal
from topicwire.codegen.typescript_scalars import ScalarMap
from topicwire.codegen.typescript_syntax import RESERVED, comment, string

SCALARS = "@topicwire/client/scalars"
CODECS = "./codecs.js"
_NUMBERS = frozenset({"number", "integer"})


@dataclass(frozen=True, slots=True)
class CodecModule:
    """The file, and the constant of each route that it has one for."""

    text: str
    routes: Mapping[str, str]


def codec_module(
    contract: Contract, scalars: ScalarMap, type_names: Mapping[str, str], folder: Path
) -> CodecModule | None:
    """Write the codecs of every route in which something is mapped; None where nothing is.

    Args:
        contract: marked.
        scalars: the map.
        type_names: the TypeScript name of each type.
        folder: that the file is in.

    Raises:
        DocumentError: nothing tells a mapped scalar from what else may stand there, or one format
            is of strings and of numbers.
    """
    wires = _wires(contract)
    if not wires:
        return None
    taken = {*TAKEN, *RESERVED, *type_names.values()}
    taken |= {name for one in wires for name in scalars.scalars[one].names}
    names = CodecNames(
        {one: _claim(f"{_camel(one)}Scalar", taken) for one in wires},
        {name: _claim(f"{own}Codec", taken) for name, own in type_names.items()},
    )
    codecs = Codecs(contract.types, scalars, names)
    parts = [_scalar(scalars.scalars[one], names.scalars[one], wire) for one, wire in wires.items()]
    for one in contract.types:
        codec = codecs.of(one.shape, ("components", "schemas", one.name))
        if one.name in codecs.converted and codec is not None:
            parts.append(_constant(f"const {names.types[one.name]}: Codec", codec))
    routes: dict[str, str] = {}
    for route in contract.routes:
        entry = dict(_route(route, codecs))
        if any(key != "operations" or any(entry[key].values()) for key in entry):
            routes[route.name] = own = _claim(_identifier(route.name), taken)
            value = {"route": route.name, "operations": {}, **entry}
            says = Docs(f"What is converted in `{route.name}`.")
            head = f"export const {own}: RouteCodecs<{string(route.name)}>"
            parts.append(comment(says, "") + _constant(head, value))
    imports = sorted({one for name in wires for one in scalars.scalars[name].imports})
    text = "".join(one.statement(folder, is_type=False) for one in _used(imports, scalars, wires))
    kinds = ("Codec", "RouteCodecs", "Scalar") if codecs.converted else ("RouteCodecs", "Scalar")
    text += "".join(one.statement(folder, is_type=True) for one in _types(imports, scalars, wires))
    text += f"import type {{ {', '.join(kinds)} }} from {string(SCALARS)}\n"
    return CodecModule(text + "".join(f"\n{one}" for one in parts), routes)


def _used(imports: Collection[Any], scalars: ScalarMap, formats: Collection[str]) -> list[Any]:
    """Return the imports that are needed at run time."""
    chosen = [scalars.scalars[one] for one in formats]
    words = {word for one in chosen for word in one.used(one.decode, one.encode)}
    return [one for one in imports if one.local in words]


def _types(imports: Collection[Any], scalars: ScalarMap, formats: Collection[str]) -> list[Any]:
    """Return the imports that types alone need."""
    running = _used(imports, scalars, formats)
    words = {
        word for one in formats for word in scalars.scalars[one].used(scalars.scalars[one].type)
    }
    return [one for one in imports if one not in running and one.local in words]


def _wires(contract: Contract) -> dict[str, str]:
    """Return as what each mapped format that is there travels."""
    found: dict[str, str] = {}
    for one in _shapes(contract):
        wire = "number" if getattr(one.shape, "kind", "") in _NUMBERS else "string"
        name = str(one.fact("format"))
        if found.setdefault(name, wire) != wire:
            raise DocumentError(
                f"The format {name!r} is of strings in one place of the document and of numbers in "
                "another, so no one type can stand for it. Leave it out of the scalar map."
            )
    return dict(sorted(found.items()))


def _shapes(contract: Contract) -> Iterator[Told]:
    for one in contract.types:
        yield from _told(one.shape)
    for route in contract.routes:
        for shape in (*route.sent(), *route.received()):
            yield from _told(shape)


def _told(shape: Shape) -> Iterator[Told]:
    if isinstance(shape, Told):
        yield shape
    for inner in inner_shapes(shape):
        yield from _told(inner)


def _scalar(scalar: Scalar, name: str, wire: str) -> str:
    text = comment(Docs(f"The format `{scalar.format}`."), "")
    text += f"const {name}: Scalar<{scalar.type}, {wire}> = {{\n"
    return f"{text}  decode: {scalar.decode},\n  encode: {scalar.encode},\n}}\n"


def _route(route: RouteContract, codecs: Codecs) -> Iterator[tuple[str, Any]]:
    def payload(message: str, shape: Shape | None) -> Any:
        path = ("components", "messages", message, "payload", "properties", "payload")
        return None if shape is None else codecs.of(shape, path)

    name = route.name
    for key, message, shape in (
        ("request", f"{name}.subscribe", route.request),
        ("data", f"{name}.update", route.data),
    ):
        codec = payload(message, shape)
        if codec is not None:
            yield key, codec
    operations: dict[str, Any] = {}
    for one in route.operations:
        message = f"{name}.{one.name}"
        parts = {
            "request": payload(message, one.request),
            "reply": payload(f"{message}.response", one.reply),
        }
        operations[one.name] = {key: codec for key, codec in parts.items() if codec is not None}
    if operations:
        yield "operations", operations


def _constant(head: str, value: Any) -> str:
    line = f"{head} = "
    return f"{line}{literal(value, '', len(line))}\n"


def _claim(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _identifier(name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_$]", "_", name)
    return f"_{plain}" if plain[:1].isdigit() else plain


def _camel(name: str) -> str:
    first, *rest = re.split(r"[^A-Za-z0-9]+", name)
    plain = first.lower() + "".join(part[:1].upper() + part[1:] for part in rest)
    return plain if plain[:1].isalpha() else f"format{plain}"
