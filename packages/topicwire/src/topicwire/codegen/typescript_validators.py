"""Validators of what a client receives: the document's own schemas, a module for each.

A module holds data alone, so a bundler leaves out those that nobody imports. The entry
`@topicwire/client/validation` runs them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from topicwire.asyncapi.contract import Contract, RouteContract, read_contract
from topicwire.asyncapi.draft07 import Schema, map_subschemas, subschemas
from topicwire.asyncapi.pointers import follow
from topicwire.asyncapi.shapes import COMPONENTS, Docs
from topicwire.codegen.typescript import header_of
from topicwire.codegen.typescript_data import literal
from topicwire.codegen.typescript_syntax import RESERVED, WIDTH, comment, string, type_names

VALIDATION = "@topicwire/client/validation"
_WORDS = (
    "$ref additionalItems additionalProperties allOf anyOf const contains dependencies else enum "
    "exclusiveMaximum exclusiveMinimum if items maxItems maxLength maxProperties maximum minItems "
    "minLength minProperties minimum multipleOf not oneOf pattern patternProperties properties "
    "propertyNames required then type uniqueItems"
)
_KEYWORDS = frozenset(_WORDS.split())
"""What is checked. `format` is not: Python's datetimes without a zone and its durations are valid
here, but not by the formats that they are announced with."""


def validator_files(document: Any, command: str = "topicwire client typescript") -> dict[str, str]:
    """Return the text of each module by its path below the folder of the validators.

    `index.ts` exports them all, `routes/` has one for each route that something is received of,
    `models/` one for each named schema that those reach.

    Args:
        document: an AsyncAPI document of ours, as parsed JSON.
        command: how the header says the files are made again.

    Raises:
        DocumentError: the document is not ours, or a reference in it leads nowhere.
    """
    contract = read_contract(document)
    return _Validators(document, contract, header_of(contract, command)).files()


class _Validators:
    def __init__(self, document: Mapping[str, Any], contract: Contract, header: str) -> None:
        self._document = document
        self._contract = contract
        self._header = header
        self._names = type_names(one.name for one in contract.types)
        self._modules = _distinct(self._names.values())

    def files(self) -> dict[str, str]:
        routes = {
            route.name: received
            for route in self._contract.routes
            if (received := dict(self._received(route)))
        }
        modules = _distinct(routes)
        files = {
            f"routes/{modules[name]}.ts": self._route(name, received)
            for name, received in routes.items()
        }
        for name in self._reached(schema for one in routes.values() for schema in one.values()):
            files[f"models/{self._modules[self._names[name]]}.ts"] = self._model(name)
        exports = "".join(
            f"export {{ {_value_name(name)} }} from './routes/{modules[name]}.js'\n"
            for name in routes
        )
        files["index.ts"] = f"{self._header}\n{exports or 'export {}' + chr(10)}"
        return dict(sorted(files.items()))

    def _received(self, route: RouteContract) -> Iterator[tuple[str, Any]]:
        """Yield what the server sends of a route: the message's type, and its data's schema."""
        update = self._payload(f"{route.name}.update")
        if update is not None:
            yield f"{route.name}.update", update.get("properties", {}).get("payload", True)
        operations = self._document.get("operations", {})
        for one in route.operations:
            messages = operations[f"{route.name}.{one.name}"]["reply"].get("messages", ())
            for reference in messages[:1]:
                reply = self._payload_of(follow(self._document, reference))
                if reply is not None:
                    yield f"{route.name}.{one.name}", reply

    def _payload(self, message: str) -> Any:
        messages = self._document["components"].get("messages", {})
        return self._payload_of(messages[message]) if message in messages else None

    def _payload_of(self, message: Any) -> Any:
        envelope = follow(self._document, message.get("payload", {}))
        return envelope.get("properties", {}).get("payload")

    def _reached(self, schemas: Iterable[Any]) -> list[str]:
        """Return the named schemas inside `schemas`, inside those, and so on."""
        found: set[str] = set()
        pending = [name for schema in schemas for name in _references(schema)]
        while pending:
            name = pending.pop()
            if name not in found:
                found.add(name)
                pending += _references(self._document["components"]["schemas"][name])
        return sorted(found)

    def _model(self, name: str) -> str:
        own = self._names[name]
        schema = self._document["components"]["schemas"][name]
        used = [one for one in self._used_by(schema) if one != own]
        kind = _free("NamedSchema", {own, *used})
        imports = _import_type("NamedSchema", kind) + self._imports(
            {one: one for one in used}, "./"
        )
        body = self._named(own, schema, used, "")
        return f"{self._header}{imports}\nexport const {own}: {kind} = {body}\n"

    def _used_by(self, schema: Any) -> list[str]:
        return sorted({self._names[one] for one in _references(schema)})

    def _route(self, route: str, received: Mapping[str, Any]) -> str:
        own = _value_name(route)
        used = sorted({one for schema in received.values() for one in self._used_by(schema)})
        local = {one: _free(one, {own}) for one in used}
        kind = _free("Validators", {own, *local.values()})
        lines = []
        for message, schema in received.items():
            if schema.keys() == {"$ref"}:
                (value,) = (local[one] for one in self._used_by(schema))
            else:
                mine = [local[one] for one in self._used_by(schema)]
                value = self._named(message, schema, mine, "  ")
            lines.append(f"  {string(message)}: {value},\n")
        says = Docs(f"What the server sends of `{route}`: `validated({{ ...{own} }})`.")
        imports = _import_type("Validators", kind) + self._imports(local, "../models/")
        return (
            f"{self._header}{imports}\n{comment(says, '')}"
            f"export const {own}: {kind} = {{\n{''.join(lines)}}}\n"
        )

    def _named(self, name: str, schema: Any, used: list[str], indent: str) -> str:
        """Return a `NamedSchema` as an expression."""
        deeper = f"{indent}  "
        text = f"{{\n{deeper}name: {string(name)},\n"
        checked = _checked(schema, self._names)
        head = f"{deeper}schema: "
        text += f"{head}{literal(checked, deeper, len(head) + 1)},\n"
        if used:
            head = f"{deeper}uses: () => ["
            line = f"{head}{', '.join(used)}],\n"
            if len(line) > WIDTH + 1:
                line = (
                    f"{head}\n" + "".join(f"{deeper}  {one},\n" for one in used) + f"{deeper}],\n"
                )
            text += line
        return f"{text}{indent}}}"

    def _imports(self, local: Mapping[str, str], folder: str) -> str:
        return "".join(
            f"import {{ {own if own == name else f'{own} as {name}'} }} "
            f"from {string(f'{folder}{self._modules[own]}.js')}\n"
            for own, name in local.items()
        )


def _import_type(runtime: str, local: str) -> str:
    name = runtime if runtime == local else f"{runtime} as {local}"
    return f"import type {{ {name} }} from {string(VALIDATION)}\n"


def _references(schema: Any) -> list[str]:
    """Return the names that a schema refers to, those inside others not included."""
    if not isinstance(schema, dict):
        return []
    if "$ref" in schema:
        return [str(schema["$ref"]).removeprefix(COMPONENTS)]
    return [name for inner in subschemas(schema) for name in _references(inner)]


def _checked(schema: Any, names: Mapping[str, str]) -> Any:
    """Return what of a schema is checked, its references as a validator's module has them."""
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {"$ref": f"#/definitions/{names[str(schema['$ref']).removeprefix(COMPONENTS)]}"}
    keys = sorted(schema.keys() & _KEYWORDS, key=lambda key: (key != "type", key))
    kept: Schema = {key: schema[key] for key in keys}
    return map_subschemas(kept, lambda one: _checked(one, names))


def _distinct(names: Iterable[str]) -> dict[str, str]:
    """Return a file name for each name: some file systems take `Page` and `page` for one."""
    taken: dict[str, str] = {}
    for name in names:
        file = name
        while file.casefold() in {one.casefold() for one in taken.values()}:
            file += "_"
        taken[name] = file
    return taken


def _free(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _value_name(route: str) -> str:
    return f"{route}_" if route in RESERVED else route
