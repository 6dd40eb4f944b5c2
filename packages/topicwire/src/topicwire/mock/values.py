"""Values that a schema allows and a person believes: the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

from topicwire.asyncapi.errors import DocumentError
from topicwire.asyncapi.pointers import follow
from topicwire.mock.moment import Topic
from topicwire.mock.numbers import integer, number
from topicwire.mock.texts import proposals

_URI = "urn:topicwire:mock"
_DEEP = 5  # below that, a recursive type ends as soon as it can
_TRIES = 30
_OFTEN = 0.85
_KEPT = 2048  # validators


class Values:
    """Makes values of the schemas in one document.

    Args:
        document: its references are followed.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._registry: Registry[Any] = Registry().with_resource(
            _URI, DRAFT7.create_resource(document)
        )
        self._validators: dict[int, tuple[Any, Draft7Validator]] = {}

    def make(self, schema: Any, topic: Topic, where: str) -> Any:
        """Return a value that the schema allows.

        Raises:
            DocumentError: none was found: the message names the schema's place, and the cure.
        """
        value: Any = None
        for _ in range(_TRIES):
            value = self._any(schema, topic, "", 0)
            if self.allows(schema, value):
                return value
        for example in self._examples(schema):
            if self.allows(schema, example):
                return example
        fault = next(self.validator(schema).iter_errors(value))
        place = "/".join(map(str, fault.absolute_path)) or "the value itself"
        raise DocumentError(
            f"{where}: no value was found that its schema allows: {fault.message} ({place}). Give "
            "the field examples: `Field(examples=[...])`."
        )

    def allows(self, schema: Any, value: Any) -> bool:
        """Whether a schema allows a value."""
        return bool(self.validator(schema).is_valid(value))

    def validator(self, schema: Any) -> Draft7Validator:
        """Return the validator of a schema, made once."""
        known = self._validators.get(id(schema))
        if known is None or known[0] is not schema:
            if len(self._validators) >= _KEPT:
                self._validators.clear()
            made = Draft7Validator(_anchored(schema), registry=self._registry)
            known = self._validators[id(schema)] = (schema, made)
        return known[1]

    def _examples(self, schema: Any) -> Iterable[Any]:
        found = follow(self.document, schema)
        return found.get("examples", ()) if isinstance(found, dict) else ()

    def _any(self, schema: Any, topic: Topic, name: str, depth: int) -> Any:
        schema = self._merged(follow(self.document, schema))
        if not isinstance(schema, dict):
            return name
        chosen = [schema["const"]] if "const" in schema else schema.get("enum")
        if chosen is not None:
            return topic.random.choice(chosen)
        members = schema.get("oneOf", schema.get("anyOf"))
        if members is not None:
            return self._any(self._choice(members, topic, depth), topic, name, depth)
        return self._typed(_kind(schema, topic), schema, topic, name, depth)

    def _typed(
        self, kind: str | None, schema: Mapping[str, Any], topic: Topic, name: str, depth: int
    ) -> Any:
        if kind == "object":
            return self._object(schema, topic, depth)
        if kind == "array":
            return self._array(schema, topic, name, depth)
        simple: Mapping[str | None, Callable[[], Any]] = {
            "string": lambda: self._text(schema, topic, name),
            "integer": lambda: integer(schema, name, topic),
            "number": lambda: number(schema, name, topic),
            "boolean": lambda: topic.random.choice((False, True)),
            "null": lambda: None,
        }
        # a schema that says no type allows any value
        return simple.get(kind, lambda: topic.random.choice(schema.get("examples") or [name]))()

    def _merged(self, schema: Any) -> Any:
        """Return a schema with the parts of its `allOf` in it."""
        if not isinstance(schema, dict) or "allOf" not in schema:
            return schema
        merged = {key: one for key, one in schema.items() if key != "allOf"}
        for part in schema["allOf"]:
            inner = self._merged(follow(self.document, part))
            if not isinstance(inner, dict):
                continue
            properties = {**inner.get("properties", {}), **merged.get("properties", {})}
            required = [*inner.get("required", ()), *merged.get("required", ())]
            merged = {**inner, **merged}
            if properties:
                merged["properties"] = properties
            if required:
                merged["required"] = list(dict.fromkeys(required))
        return merged

    def _choice(self, members: list[Any], topic: Topic, depth: int) -> Any:
        followed = [(one, follow(self.document, one)) for one in members]
        flat = [one for one, found in followed if _is_flat(found)]
        if depth >= _DEEP and flat:
            return topic.random.choice(flat)
        said = [one for one, found in followed if found != {"type": "null"}]
        return topic.random.choice(said if said and topic.random.random() < _OFTEN else members)

    def _object(self, schema: Mapping[str, Any], topic: Topic, depth: int) -> dict[str, Any]:
        required = schema.get("required", ())
        made: dict[str, Any] = {}
        for name, one in schema.get("properties", {}).items():
            if name in required or (depth < _DEEP and topic.random.random() < _OFTEN):
                made[name] = self._field(name, one, topic, depth)
        others = schema.get("additionalProperties")
        patterns = schema.get("patternProperties", {})
        wanted = int(schema.get("minProperties", 0))
        if (isinstance(others, dict) or patterns) and not schema.get("properties"):
            wanted = max(wanted, 2 if depth < _DEEP else 0)
        wanted = min(wanted, int(schema.get("maxProperties", wanted)))
        value_schema: Any = next(iter(patterns.values()), others)
        for _ in range(_TRIES):
            if len(made) >= wanted:
                break
            key = self._key(schema, patterns, topic)
            made[key] = self._any(value_schema or {}, topic, key, depth + 1)
        return made

    def _key(self, schema: Mapping[str, Any], patterns: Mapping[str, Any], topic: Topic) -> str:
        keys = schema.get("propertyNames") or {}
        if patterns:
            keys = {"pattern": next(iter(patterns))}
        if isinstance(keys, dict) and keys:
            return str(
                self._any({"type": "string", **follow(self.document, keys)}, topic, "key", 0)
            )
        return f"key{topic.random.randint(1, 99)}"

    def _field(self, name: str, schema: Any, topic: Topic, depth: int) -> Any:
        """Return a field's value: that of the request's field of its name, where there is one."""
        asked = topic.request
        if name in asked and self.allows(schema, asked[name]):
            return asked[name]
        several = asked.get(f"{name}s")
        if isinstance(several, list) and several:
            turn = several[(topic.number - 1) % len(several)]
            if self.allows(schema, turn):
                return turn
        return self._any(schema, topic, name, depth + 1)

    def _array(self, schema: Mapping[str, Any], topic: Topic, name: str, depth: int) -> list[Any]:
        items = schema.get("items", {})
        least = int(schema.get("minItems", 0))
        if isinstance(items, list):
            made = [self._any(one, topic, name, depth + 1) for one in items]
            rest = schema.get("additionalItems", False)
            made += [self._any(rest, topic, name, depth + 1) for _ in range(least - len(items))]
            return made[: schema.get("maxItems", len(made))]
        usual = 0 if depth >= _DEEP else topic.random.randint(1, 3)
        wanted = min(max(least, usual), int(schema.get("maxItems", max(least, usual))))
        made = []
        called = name.removesuffix("s")
        for _ in range(_TRIES + wanted):
            if len(made) >= wanted:
                break
            one = self._any(items, topic, called, depth + 1)
            if not schema.get("uniqueItems") or one not in made:
                made.append(one)
            else:
                called = ""  # values of that name repeat themselves
        return made

    def _text(self, schema: Mapping[str, Any], topic: Topic, name: str) -> str:
        validator = self.validator(schema)
        proposal = ""
        for proposal in proposals(schema, name, topic):
            if validator.is_valid(proposal):
                return proposal
        return proposal


def _anchored(schema: Any) -> Any:
    """Return a schema whose references are into the document, wherever it stands."""
    if isinstance(schema, dict):
        return {
            key: f"{_URI}{one}"
            if key == "$ref" and isinstance(one, str) and one.startswith("#")
            else _anchored(one)
            for key, one in schema.items()
        }
    return [_anchored(one) for one in schema] if isinstance(schema, list) else schema


def _kind(schema: Mapping[str, Any], topic: Topic) -> str | None:
    kind: str | list[str] | None = schema.get("type", _implied(schema))
    if not isinstance(kind, list):
        return kind
    several = [one for one in kind if one != "null"] or kind
    return topic.random.choice(several if topic.random.random() < _OFTEN else kind)


def _implied(schema: Mapping[str, Any]) -> str | None:
    if "properties" in schema or "required" in schema or "additionalProperties" in schema:
        return "object"
    return "array" if "items" in schema else None


def _is_flat(schema: Any) -> bool:
    return isinstance(schema, dict) and (
        schema.get("type") in {"null", "string", "number", "integer", "boolean"}
        or "const" in schema
        or "enum" in schema
    )
