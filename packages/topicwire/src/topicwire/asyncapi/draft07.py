"""Pydantic's schemas (JSON Schema 2020-12 with OpenAPI's discriminator) in AsyncAPI's dialect.

AsyncAPI's Schema Object is a superset of JSON Schema draft-07, which differs in three ways that
matter here: a tuple is `items: [...]`, keywords beside a `$ref` are ignored, and there is no
`discriminator` object (AsyncAPI's keyword of that name is a string with another meaning).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Schema = dict[str, Any]

# Keywords whose value is one schema, a list of schemas, or a mapping of names to schemas.
_ONE = (
    "additionalItems",
    "additionalProperties",
    "contains",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
)
_MANY = ("allOf", "anyOf", "oneOf")
_NAMED = ("definitions", "patternProperties", "properties")

ANNOTATIONS = frozenset(
    {
        "$comment",
        "default",
        "deprecated",
        "description",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)


def map_subschemas(schema: Schema, change: Callable[[Any], Any]) -> Schema:
    """Return a copy of `schema` with every schema directly inside it replaced by `change` of it.

    Values that only look like schemas (`default`, `const`, `enum`, `examples`, extensions) are
    left alone.
    """
    copy = dict(schema)
    for key in _ONE:
        if isinstance(copy.get(key), (dict, bool)):
            copy[key] = change(copy[key])
    for key in _MANY:
        if isinstance(copy.get(key), list):
            copy[key] = [change(one) for one in copy[key]]
    for key in _NAMED:
        if isinstance(copy.get(key), dict):
            copy[key] = {name: change(one) for name, one in copy[key].items()}
    items = copy.get("items")
    if isinstance(items, list):
        copy["items"] = [change(one) for one in items]
    elif isinstance(items, (dict, bool)):
        copy["items"] = change(items)
    return copy


def subschemas(schema: Schema) -> list[Any]:
    """Return every schema directly inside `schema`."""
    found: list[Any] = []

    def keep(one: Any) -> Any:
        found.append(one)
        return one

    map_subschemas(schema, keep)
    return found


def to_draft07(schema: Any, definitions: Mapping[str, Schema]) -> Any:
    """Return `schema` as draft-07, leaving its `$ref`s as they are.

    Args:
        schema: what Pydantic generated.
        definitions: the schemas that its references name, also as Pydantic generated them: the
            members of a discriminated union are looked up there.
    """
    if not isinstance(schema, dict):
        return schema
    schema = dict(schema)
    if "prefixItems" in schema:
        schema["additionalItems"] = schema.pop("items", False)
        schema["items"] = schema.pop("prefixItems")
    if isinstance(schema.get("discriminator"), dict):
        tag = schema.pop("discriminator")["propertyName"]
        schema["oneOf"] = [_tagged(member, tag, definitions) for member in schema["oneOf"]]
    schema.pop("contentSchema", None)  # 2019-09; an annotation alone
    schema = map_subschemas(schema, lambda one: to_draft07(one, definitions))
    if "$ref" in schema and len(schema) > 1:
        schema["allOf"] = [{"$ref": schema.pop("$ref")}, *schema.get("allOf", [])]
    return schema


def _tagged(member: Any, tag: str, definitions: Mapping[str, Schema]) -> Any:
    """Make the tag required: Pydantic demands it in a tagged union even where it has a default."""
    target = definitions.get(str(member.get("$ref", "")), member)
    value = target.get("properties", {}).get(tag)
    if value is None or tag in target.get("required", ()):
        return member
    bare = {key: one for key, one in value.items() if key not in ANNOTATIONS}
    required = {"type": "object", "required": [tag], "properties": {tag: bare}}
    return {"allOf": [member, required]}
