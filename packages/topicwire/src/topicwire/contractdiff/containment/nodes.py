"""Schemas of two documents as interned nodes, each of one kind, without their annotations.

Equal schemas are the same node, also across the documents, so what has not changed is never
looked into. A node is one kind of thing (`plain` keywords, or one combinator), so that the search
for a value can take it apart by a table of rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from topicwire.asyncapi.draft07 import ANNOTATIONS, map_subschemas, subschemas
from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.pointers import resolve

Side: TypeAlias = Literal["old", "new"]
Kind: TypeAlias = Literal["true", "false", "plain", "ref", "all", "any", "one", "not"]

COMPONENTS = "#/components/schemas/"
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")

_ONE = ("additionalItems", "additionalProperties", "contains", "propertyNames")
_NAMED = ("patternProperties", "properties")
_PLAIN = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength",
    "maxLength", "pattern", "format", "minItems", "maxItems", "uniqueItems", "required",
    "minProperties", "maxProperties",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A schema, or a part of one. Two nodes are the same object when they say the same."""

    number: int
    kind: Kind
    parts: tuple[Node, ...] = ()
    """Of a combinator: what it combines."""

    side: Side = "old"
    target: str = ""
    """Of a reference: where it points in the document of `side`."""

    types: frozenset[str] = frozenset(TYPES)
    values: tuple[Any, ...] | None = None
    """Of a plain node: the only values that are allowed, if it lists them."""

    keywords: Mapping[str, Any] | None = None
    """Of a plain node: what else it says; schemas inside it are nodes."""

    def says(self, keyword: str, default: Any = None) -> Any:
        """Return the value of one keyword of a plain node."""
        return default if self.keywords is None else self.keywords.get(keyword, default)


def is_annotation(keyword: str) -> bool:
    """Say whether a keyword tells readers something and forbids no value."""
    return keyword in ANNOTATIONS or keyword.startswith("x-")


def frozen(value: Any) -> Any:
    """Return a JSON value as a hashable one; equal exactly where JSON Schema says equal."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ("object", tuple([(key, frozen(value[key])) for key in sorted(value)]))
    if isinstance(value, (list, tuple)):
        return ("array", tuple([frozen(one) for one in value]))
    if isinstance(value, Node):
        return ("node", value.number)
    # 1 and 1.0 are one number, True is none
    return (bool, value) if isinstance(value, bool) else (None, value)


class Universe:
    """Makes the nodes of two documents.

    Args:
        old: a document; references of the side `old` are looked up there.
        new: the other one.
    """

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self._documents: dict[Side, Mapping[str, Any]] = {"old": old, "new": new}
        self._known: dict[Any, Node] = {}
        self._targets: dict[tuple[Side, str], Node] = {}
        self._alike = _alike_components(old, new)
        self._made: dict[tuple[int, Side], tuple[Any, Node]] = {}
        self.true = self._intern(("true",), kind="true")
        self.false = self._intern(("false",), kind="false")

    def node(self, schema: Any, side: Side) -> Node:
        """Return the node of a schema of one document. Nodes inside it are left as they are."""
        if isinstance(schema, Node):
            return schema
        if isinstance(schema, bool):
            return self.true if schema else self.false
        if not isinstance(schema, Mapping):
            raise DocumentError(f"{schema!r} stands where a schema should.")
        # By identity: the schema is kept, so no other one can come to have its.
        known = self._made.get((id(schema), side))
        if known is None:
            known = self._made[id(schema), side] = schema, self._node(schema, side)
        return known[1]

    def _node(self, schema: Mapping[str, Any], side: Side) -> Node:
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema["$ref"], side)
        parts = [self._plain(schema, side), *self._combinators(schema, side)]
        return self.all_of(part for part in parts if part is not None)

    def target(self, node: Node) -> Node:
        """Return what a reference points at."""
        key = (node.side, node.target)
        if key not in self._targets:
            self._targets[key] = self.node(self.follow(node.target, node.side), node.side)
        return self._targets[key]

    def follow(self, reference: str, side: Side) -> Any:
        """Return the schema that a reference of one document points at.

        Raises:
            DocumentError: it leads nowhere.
        """
        try:
            return resolve(self._documents[side], reference)
        except LookupError:
            raise DocumentError(
                f"The reference {reference!r} of the {side} document leads nowhere. "
                "Export the document again."
            ) from None

    def all_of(self, parts: Iterable[Node]) -> Node:
        """Return a node of the values that all parts allow."""
        flat: dict[Node, None] = {}
        for part in parts:
            flat.update(dict.fromkeys(part.parts if part.kind == "all" else (part,)))
        flat.pop(self.true, None)
        if self.false in flat:
            return self.false
        return self._combined("all", tuple(flat)) if flat else self.true

    def any_of(self, parts: Iterable[Node]) -> Node:
        """Return a node of the values that some part allows."""
        flat: dict[Node, None] = {}
        for part in parts:
            flat.update(dict.fromkeys(part.parts if part.kind == "any" else (part,)))
        flat.pop(self.false, None)
        if self.true in flat:
            return self.true
        return self._combined("any", tuple(flat)) if flat else self.false

    def negated(self, part: Node) -> Node:
        """Return a node of the values that a part does not allow.

        Negated twice it is not the same node: its values are, but what stands below a `not` names
        no property that its sender sends.
        """
        return self._intern(("not", part.number), kind="not", parts=(part,))

    def constant(self, *values: Any) -> Node:
        """Return a node of the given values."""
        return self.node({"enum": list(values)}, "old")

    def _combined(self, kind: Kind, parts: tuple[Node, ...]) -> Node:
        if len(parts) == 1:
            return parts[0]
        key = (kind, frozenset(part.number for part in parts))
        return self._intern(key, kind=kind, parts=parts)

    def _reference(self, reference: str, side: Side) -> Node:
        name = reference.removeprefix(COMPONENTS)
        if name in self._alike:
            side = "old"  # the same on both sides
        return self._intern(("ref", side, reference), kind="ref", side=side, target=reference)

    def _combinators(self, schema: Mapping[str, Any], side: Side) -> Iterable[Node]:
        def nodes(key: str) -> list[Node]:
            return [self.node(one, side) for one in schema.get(key, ())]

        yield from nodes("allOf")
        if "anyOf" in schema:
            yield self.any_of(nodes("anyOf"))
        if "oneOf" in schema:
            members = tuple(nodes("oneOf"))
            yield (
                self._combined("one", members)
                if len(set(members)) == len(members)
                else self._intern(("one", tuple(one.number for one in members)), "one", members)
            )
        if "not" in schema:
            yield self.negated(self.node(schema["not"], side))
        if "if" in schema:
            asked = self.node(schema["if"], side)
            then = self.node(schema.get("then", True), side)
            otherwise = self.node(schema.get("else", True), side)
            yield self.any_of([self.negated(asked), then])
            # Twice: a condition names no property that its sender sends.
            yield self.any_of([self.negated(self.negated(asked)), otherwise])
        for name, needed in schema.get("dependencies", {}).items():
            has = self.node({"type": "object", "required": [name]}, side)
            needs = {"required": needed} if isinstance(needed, list) else needed
            yield self.any_of([self.negated(has), self.node(needs, side)])

    def _plain(self, schema: Mapping[str, Any], side: Side) -> Node | None:
        kinds = schema.get("type", TYPES)
        types = frozenset([kinds] if isinstance(kinds, str) else kinds)
        if "number" in types:
            types |= {"integer"}
        values = _listed(schema)
        keywords: dict[str, Any] = {key: schema[key] for key in _PLAIN if key in schema}
        if "required" in keywords:
            keywords["required"] = frozenset(keywords["required"])
            if not keywords["required"]:
                del keywords["required"]
        keywords |= {key: self.node(schema[key], side) for key in _ONE if key in schema}
        for key in _NAMED:
            if key in schema:
                keywords[key] = {name: self.node(one, side) for name, one in schema[key].items()}
        items = schema.get("items")
        if isinstance(items, list):
            keywords["items"] = tuple(self.node(one, side) for one in items)
        elif items is not None:
            keywords["items"] = self.node(items, side)
            keywords.pop("additionalItems", None)  # says nothing beside one schema for all
        if values is None and not keywords and types == frozenset(TYPES):
            return None
        shown = {**keywords, "required": sorted(keywords.get("required", ()))}
        told = None if values is None else frozen(values)
        mark = ("plain", types, told, frozen(shown))
        return self._intern(mark, "plain", types=types, values=values, keywords=keywords)

    def _intern(self, key: Any, kind: Kind, parts: tuple[Node, ...] = (), **rest: Any) -> Node:
        if key not in self._known:
            self._known[key] = Node(len(self._known), kind, parts, **rest)
        return self._known[key]


def _listed(schema: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Return the values that `const` and `enum` leave, in a canonical order."""
    if "const" not in schema and "enum" not in schema:
        return None
    listed = list(schema["enum"]) if "enum" in schema else [schema["const"]]
    if "const" in schema:
        listed = [one for one in listed if frozen(one) == frozen(schema["const"])]
    unique = {frozen(one): one for one in listed}
    return tuple(unique[key] for key in sorted(unique, key=repr))


def _alike_components(old: Mapping[str, Any], new: Mapping[str, Any]) -> frozenset[str]:
    """Return the components that mean the same in both documents, with all that they refer to."""
    olds = old.get("components", {}).get("schemas", {})
    news = new.get("components", {}).get("schemas", {})
    alike = {
        name
        for name in olds.keys() & news.keys()
        if frozen(stripped(olds[name])) == frozen(stripped(news[name]))
    }
    needs = {name: set(_references(olds[name])) for name in alike}
    while unlike := {name for name in alike if not needs[name] <= alike}:
        alike -= unlike
    return frozenset(alike)


def stripped(schema: Any) -> Any:
    """Return a schema without its annotations, at any depth."""
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    bare = {key: value for key, value in schema.items() if not is_annotation(key)}
    return map_subschemas(bare, stripped)


def _references(schema: Any) -> Iterable[str]:
    if isinstance(schema, Mapping):
        if "$ref" in schema:
            yield str(schema["$ref"]).removeprefix(COMPONENTS)
        for one in subschemas(dict(schema)):
            yield from _references(one)
