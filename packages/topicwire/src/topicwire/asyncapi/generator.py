"""Pydantic's JSON Schema generator, made to say what travels.

Pydantic describes a model; here each difference between that and the messages themselves is set
right: fields that are left out, keys and numbers that travel as strings, tuples that are always
whole.
"""

# ruff: noqa: D102 - each method is documented where it is overridden
from __future__ import annotations

import json
from enum import Enum, Flag
from typing import Any, Final

from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import MISSING, to_jsonable_python

from topicwire.asyncapi.same_types import LOCAL
from topicwire.integers import BIG_INTEGER_FORMAT
from topicwire.replies import SubscriptionResponse
from topicwire.types import Direction

_NOT_FINITE: Final = {"type": "string", "enum": ["NaN", "Infinity", "-Infinity"]}


class IndescribableError(PydanticInvalidForJsonSchema):
    """A part of a type has no JSON form.

    Attributes:
        part: the node of the core schema.
        seen: what Pydantic calls it.
    """

    def __init__(self, part: Any, seen: str) -> None:
        super().__init__(f"Cannot generate a JsonSchema for {seen}")
        self.part = part
        self.seen = seen


class _OtherModeError(Exception):
    """A model's config has part of a type described in the other mode."""


class SchemaGenerator(GenerateJsonSchema):
    """Pydantic's generator, with keys that tell which type a definition was made from."""

    def __init__(
        self, keys: dict[str, str], direction: Direction, *, compares: bool = False
    ) -> None:
        # What is sent is validated as the model's own config says; what is received is always
        # written by aliases.
        by_alias = None if direction == "to_server" else True
        super().__init__(by_alias=by_alias, ref_template=f"{LOCAL}{{model}}")
        self.keys = keys
        self._direction: Direction = direction
        self._compares = compares

    def get_defs_ref(self, core_mode_ref: Any) -> Any:
        # One key per type, the same in both directions.
        core_ref, mode = core_mode_ref
        key = self.keys.setdefault(core_ref, f"t{len(self.keys)}")
        if self._compares:
            # Pydantic shortens and merges names; a key without dots or brackets comes through.
            return super().get_defs_ref((key, mode))  # type: ignore[arg-type]  # NewTypes of str
        if mode != self._mode:
            raise _OtherModeError
        return key

    def generate_definitions(self, inputs: Any) -> Any:
        # Pydantic gives each definition six names, and compares all that could share one, to find
        # the shortest: most of the time that a schema takes. A key is of one type already, and of
        # one mode, unless a model's config overrides that.
        if self._compares:
            return super().generate_definitions(inputs)
        described = {}
        try:
            for key, mode, core_schema in inputs:
                self._mode = mode
                described[key, mode] = self.generate_inner(core_schema)
        except _OtherModeError:
            comparing = SchemaGenerator(self.keys, self._direction, compares=True)
            return comparing.generate_definitions(inputs)
        definitions: Any = self.definitions  # their keys are a NewType of str
        return described, self.sort(definitions)

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Any:
        raise IndescribableError(schema, error_info)

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False  # "Symbol" for `symbol` says nothing

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: FBT001 (Pydantic's)
        if self.mode == "validation" or field["type"] == "typed-dict-field":
            return super().field_is_required(field, total)
        # A serialized field with a default is there all the same.
        default = field["schema"].get("default") if field["schema"]["type"] == "default" else None
        return field.get("serialization_exclude_if") is None and default is not MISSING

    def model_schema(self, schema: Any) -> Any:
        described = super().model_schema(schema)
        if self.mode == "serialization" and issubclass(schema["cls"], SubscriptionResponse):
            # The engine answers with the base class when a subscription fails.
            known = SubscriptionResponse.model_fields
            described["required"] = [name for name in described["required"] if name in known]
        return described

    def model_field_schema(self, schema: Any) -> Any:
        return self._without_excluded_null(schema, super().model_field_schema(schema))

    def dataclass_field_schema(self, schema: Any) -> Any:
        return self._without_excluded_null(schema, super().dataclass_field_schema(schema))

    def field_is_present(self, field: Any) -> bool:
        if self.mode == "serialization" and field.get("init_only"):
            return False  # a parameter of `__init__` alone
        if self.mode == "validation" and field.get("init") is False:
            return False
        return super().field_is_present(field)

    def enum_schema(self, schema: Any) -> Any:
        described = super().enum_schema(schema)
        if issubclass(schema["cls"], Flag):
            del described["enum"]
            every = sum({int(one.value) for one in schema["members"]})
            described |= {"type": "integer", "minimum": 0, "maximum": every}
        return described

    def float_schema(self, schema: Any) -> Any:
        described = super().float_schema(schema)
        finite = schema.get("allow_inf_nan", self._config.allow_inf_nan) is False
        if finite or self._config.ser_json_inf_nan != "strings":
            return described
        return {"anyOf": [described, _NOT_FINITE]}

    def decimal_schema(self, schema: Any) -> Any:
        described = super().decimal_schema(schema)
        for one in (described, *described.get("anyOf", ())):
            if one.get("type") == "string":
                one["format"] = "decimal"
        return described

    def uuid_schema(self, schema: Any) -> Any:
        return {**super().uuid_schema(schema), "format": "uuid"}  # "uuid4" is no format

    def timedelta_schema(self, schema: Any) -> Any:
        described = super().timedelta_schema(schema)
        in_seconds = self._config.ser_json_timedelta == "float"
        if self.mode == "validation" and in_seconds:
            return {"anyOf": [{"type": "number"}, described]}  # what is received may be sent
        return described

    def tagged_union_schema(self, schema: Any) -> Any:
        described = super().tagged_union_schema(schema)
        if callable(schema["discriminator"]):  # nothing in the data keeps the members apart
            described["anyOf"] = described.pop("oneOf")
        return described

    def named_tuple_schema(self, schema: Any) -> Any:
        described = super().named_tuple_schema(schema)
        if self.mode == "serialization" and described["maxItems"]:
            described["minItems"] = described["maxItems"]
        return described

    def dict_schema(self, schema: Any) -> Any:
        described = super().dict_schema(schema)
        keys = schema.get("keys_schema", {})
        if keys.get("type") == "bool":
            described["propertyNames"] = {"enum": ["true", "false"]}
        elif keys.get("type") == "enum" and not issubclass(keys["cls"], Flag):
            values = [one.value for one in keys["members"]]
            if not all(isinstance(one, str) for one in values):
                described["propertyNames"] = {"enum": _as_keys(keys["members"])}
        return described

    def default_schema(self, schema: Any) -> Any:
        described = super().default_schema(schema)
        if "default" not in described:
            return described
        if described.get("format") == BIG_INTEGER_FORMAT:
            described["default"] = str(described["default"])
        try:
            json.dumps(described["default"], allow_nan=False)
        except ValueError:  # NaN and infinities: a document cannot say them
            del described["default"]
        return described

    def _without_excluded_null(self, field: Any, schema: Any) -> Any:
        """A field that is left out when it is None is optional, and never null."""
        left_out = field.get("serialization_exclude_if")
        if self.mode == "validation" or left_out is None or not _is_true_of_none(left_out):
            return schema
        schema = dict(schema)
        members = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
        if schema.get("default", ...) is None:
            del schema["default"]
        if len(members) == 1:
            del schema["anyOf"]
            return {**members[0], **schema}
        return {**schema, "anyOf": members} if members else schema


def _is_true_of_none(predicate: Any) -> bool:
    try:
        return predicate(None) is True
    except Exception:  # noqa: BLE001 (the application's own function; any failure means no)
        return False


def _as_keys(members: list[Enum]) -> list[str]:
    """Return what stands for each member where it is a key: every key is a string."""
    return [*to_jsonable_python(dict.fromkeys(members, 0))]
