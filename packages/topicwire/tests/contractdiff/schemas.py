"""Random schemas of the subset that our documents use, small changes of them, and their values."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry

from topicwire.asyncapi.references import circles
from topicwire.contractdiff.containment.formats import FORMATS, WITHOUT_RULE

NAMES = ("a", "b", "c", "kind")
TAGS = ("cat", "dog", "cow")
PATTERNS = ("^a", "^[a-c]*$", "[0-9]", r"^-?\d+(\.\d+)?$", "^(?!x)[a-z]{1,3}$", "b$", r"^\w+$")
FORMATS_USED = ("date", "date-time", "uuid", "binary", "time", "duration")
VALUES = (None, True, False, 0, 1, 2, -1, 0.5, 1.0, "", "a", "b", "cat", "dog", "12", "abc")
COMPONENTS = "#/components/schemas/"
RECURSIVE = "Tree"

Schema = Any

# A format is held as strictly as the comparison may take it: it is what is surely of it.
CHECKER = FormatChecker(formats=())


def _holds(pattern: str) -> Callable[[object], bool]:
    judge = Draft7Validator({"pattern": pattern})
    return lambda value: not isinstance(value, str) or judge.is_valid(value)


for _name, _format in FORMATS.items():
    CHECKER.checks(_name)(_holds(_format.surely))
assert not WITHOUT_RULE & FORMATS.keys()


def validator(schema: Schema, components: Mapping[str, Any] | None = None) -> Draft7Validator:
    """The real one, with formats held."""
    whole = {"allOf": [schema], "components": {"schemas": components or {}}}
    return Draft7Validator(whole, registry=Registry(), format_checker=CHECKER)


def _some(**options: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=options)


_BOUND = st.integers(-3, 3) | st.sampled_from([0.5, -1.5])
_COUNT = st.integers(0, 3)
_NUMBERS = st.builds(
    lambda kind, said: {"type": kind, **said},
    st.sampled_from(["integer", "number"]),
    _some(
        minimum=_BOUND,
        maximum=_BOUND,
        exclusiveMinimum=_BOUND,
        exclusiveMaximum=_BOUND,
        multipleOf=st.sampled_from([1, 2, 3, 0.5, 0.25]),
    ),
)
_TEXTS = _some(minLength=_COUNT, maxLength=_COUNT).map(lambda said: {"type": "string", **said})
_PATTERNED = st.builds(
    lambda said, pattern: {**said, "pattern": pattern}, _TEXTS, st.sampled_from(PATTERNS)
)
_FORMATTED = st.sampled_from(FORMATS_USED).map(lambda one: {"type": "string", "format": one})
_LISTED = st.lists(st.sampled_from(VALUES), min_size=1, max_size=4).map(lambda of: {"enum": of})
_CONSTANT = st.sampled_from(VALUES).map(lambda one: {"const": one})
_PLAIN = st.sampled_from([{"type": "boolean"}, {"type": "null"}, {}, {"type": ["string", "null"]}])
LEAVES: st.SearchStrategy[Schema] = st.one_of(
    _NUMBERS, _TEXTS, _PATTERNED, _FORMATTED, _LISTED, _CONSTANT, _PLAIN
)
REFERENCE = st.just({"$ref": COMPONENTS + RECURSIVE})


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    found: dict[str, Any] = {"type": "object", "properties": {one: draw(inner) for one in names}}
    required = [one for one in names if draw(st.booleans())]
    if required:
        found["required"] = required
    others = draw(st.sampled_from(["not said", "not said", "none", "any", "some"]))
    if others != "not said":
        found["additionalProperties"] = {"none": False, "any": True}.get(others) or (
            False if others == "none" else draw(inner)
        )
    return found | draw(st.just({}) | _some(minProperties=_COUNT, maxProperties=_COUNT))


def _records(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.builds(
        lambda said: {"type": "object", **said},
        _some(
            additionalProperties=inner,
            propertyNames=_PATTERNED | _LISTED,
            minProperties=_COUNT,
            maxProperties=_COUNT,
            patternProperties=st.dictionaries(
                st.sampled_from(["^a", "^[ab]", "c$"]), inner, max_size=2
            ),
        ),
    )


def _arrays(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    bounds = _some(minItems=_COUNT, maxItems=_COUNT, uniqueItems=st.just(True), contains=inner)
    lists = st.builds(lambda items, said: {"type": "array", "items": items, **said}, inner, bounds)
    tuples = st.builds(
        lambda items, rest, said: {
            "type": "array",
            "items": items,
            "additionalItems": rest,
            **said,
        },
        st.lists(inner, min_size=1, max_size=3),
        st.just(False) | inner,
        bounds,
    )
    return lists | tuples


@st.composite
def _tagged(draw: st.DrawFn, inner: st.SearchStrategy[Schema]) -> Schema:
    tags = draw(st.lists(st.sampled_from(TAGS), unique=True, min_size=1))
    members = [
        {
            "type": "object",
            "required": ["kind"],
            "properties": {"kind": {"const": tag}, "a": draw(inner)},
        }
        for tag in tags
    ]
    return {"oneOf": members}


def _unions(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    members = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        members.map(lambda of: {"anyOf": of}),
        members.map(lambda of: {"oneOf": of}),
        st.lists(inner, min_size=1, max_size=2).map(lambda of: {"allOf": of}),
        inner.map(lambda one: {"not": one}),
        inner.map(lambda one: {"anyOf": [one, {"type": "null"}]}),
        _tagged(inner),
    )


@cache  # a strategy costs more to make than to draw from
def schemas(*, recursive: bool = False) -> st.SearchStrategy[Schema]:
    """Any schema; with references to `Tree` where it is `recursive`."""
    leaves = LEAVES | REFERENCE if recursive else LEAVES
    return st.recursive(
        leaves,
        lambda inner: st.one_of(_objects(inner), _records(inner), _arrays(inner), _unions(inner)),
        max_leaves=5,
    )


def places(schema: Schema, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where the schemas inside a schema stand, and the whole."""
    if not isinstance(schema, dict):
        return
    yield path
    for key, value in schema.items():
        if key in {"properties", "patternProperties"}:
            for name, one in value.items():
                yield from places(one, (*path, key, name))
        elif key in {"anyOf", "oneOf", "allOf"} or (key == "items" and isinstance(value, list)):
            for index, one in enumerate(value):
                yield from places(one, (*path, key, index))
        elif key in {"items", "additionalItems", "additionalProperties", "not", "contains"}:
            yield from places(value, (*path, key))


@st.composite
def changed(draw: st.DrawFn, schema: Schema, inner: st.SearchStrategy[Schema]) -> Schema:
    """`schema` with one small change somewhere."""
    where = draw(st.sampled_from(list(places(schema)) or [()]))
    whole = {"is": copy.deepcopy(schema)}
    holder, key = whole, "is"
    for step in where:
        holder, key = holder[key], step
    holder[key] = _change(draw, holder[key], inner)
    return whole["is"]


def _change(draw: st.DrawFn, schema: Schema, inner: st.SearchStrategy[Schema]) -> Schema:  # noqa: C901, PLR0911
    if not isinstance(schema, dict) or "$ref" in schema:
        return draw(inner)
    ways = ["replace", "nullable", "same words"]
    ways += ["drop a keyword"] if len(schema) > 1 else []
    ways += ["property"] if "properties" in schema else []
    ways += ["required"] if schema.get("properties") else []
    ways += ["member"] if isinstance(schema.get("anyOf", schema.get("oneOf")), list) else []
    ways += ["bound"] if schema.keys() & {"minimum", "maximum", "minLength", "maxItems"} else []
    ways += ["value"] if "enum" in schema else []
    match draw(st.sampled_from(ways)):
        case "replace":
            return draw(inner)
        case "nullable":
            return {"anyOf": [schema, {"type": "null"}]}
        case "same words":
            return {"allOf": [schema], "description": "the same"}
        case "drop a keyword":
            gone = draw(st.sampled_from(sorted(schema)))
            return {key: value for key, value in schema.items() if key != gone}
        case "property":
            name = draw(st.sampled_from(NAMES))
            rest = {key: one for key, one in schema["properties"].items() if key != name}
            if name not in schema["properties"]:
                rest[name] = draw(inner)
            kept = [one for one in schema.get("required", []) if one in rest]
            return {**schema, "properties": rest, "required": kept}
        case "required":
            name = draw(st.sampled_from(sorted(schema["properties"])))
            return {**schema, "required": sorted({name} ^ set(schema.get("required", [])))}
        case "member":
            key = "anyOf" if "anyOf" in schema else "oneOf"
            members = schema[key]
            more = [*members, draw(inner)] if draw(st.booleans()) else members[1:] or members
            return {**schema, key: more}
        case "bound":
            keys = schema.keys() & {"minimum", "maximum", "minLength", "maxItems"}
            key = draw(st.sampled_from(sorted(keys)))
            return {**schema, key: max(schema[key] + draw(st.sampled_from([-1, 1])), 0)}
        case _:
            more = [*schema["enum"], draw(st.sampled_from(VALUES))]
            return {**schema, "enum": more if draw(st.booleans()) else more[1:]}


def changed_tree(tree: Schema, inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    """`tree`, or `tree` with one small change, as the component `Tree`: never a circle.

    A component that is itself by references alone is no schema, and no document with one is
    compared: `test_compare.py` holds that.
    """
    return st.just(tree) | changed(tree, inner).filter(_is_no_circle)


def _is_no_circle(tree: Schema) -> bool:
    return not list(circles({"components": {"schemas": {RECURSIVE: tree}}}))


TEXTS = st.sampled_from(["", "a", "b", "ab", "abc", "0", "12", "x1", "2020-01-02", "PT5S", "cat"])
_SCALARS = st.sampled_from(VALUES) | TEXTS | _BOUND | st.integers(-6, 6)
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*NAMES, "ab", "d", ""]), inner, max_size=4)
    ),
    max_leaves=8,
)
_SOME_NUMBERS = st.integers(-6, 6) | st.sampled_from([0.5, 0.25, -1.5, 2.75])
_MORE_NAMES = st.lists(st.sampled_from([*NAMES, "ab", "d"]), max_size=2)


@st.composite
def near(draw: st.DrawFn, schema: Schema, components: Mapping[str, Any]) -> Any:
    """Values that `schema` mostly allows: whoever asks looks which."""
    return _near(draw, schema, components)


def _near(  # noqa: C901, PLR0911, PLR0912 (one way a keyword)
    draw: st.DrawFn, schema: Schema, components: Mapping[str, Any], depth: int = 0
) -> Any:
    if not isinstance(schema, dict) or depth > 4 or draw(st.integers(0, 9)) == 0:
        return draw(ANYTHING)
    if "$ref" in schema:
        target = components[schema["$ref"].removeprefix(COMPONENTS)]
        return _near(draw, target, components, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return _near(draw, draw(st.sampled_from(schema[key])), components, depth)
    match schema.get("type"):
        case "string":
            return draw(_text(schema.get("format"), schema.get("pattern")))
        case "integer":
            return draw(st.integers(-6, 6))
        case "number":
            return draw(_SOME_NUMBERS)
        case "array":
            items = schema.get("items", True)
            least = schema.get("minItems", 0)
            length = draw(st.integers(least, max(least, schema.get("maxItems", 3)) + 1))
            each = items if isinstance(items, list) else [items] * length
            rest = [schema.get("additionalItems", True)] * max(0, length - len(each))
            of = [*each, *rest][:length]
            return [_near(draw, one, components, depth + 1) for one in of]
        case "object":
            required = schema.get("required", ())
            named = schema.get("properties", {})
            found = {
                name: _near(draw, one, components, depth + 1)
                for name, one in named.items()
                if name in required or draw(st.booleans())
            }
            others = schema.get("additionalProperties", "not said")
            if others is not False and (not named or draw(st.integers(0, 2)) == 0):
                for name in draw(_MORE_NAMES):
                    found.setdefault(name, _near(draw, others, components, depth + 1))
            return found
        case _:
            return draw(ANYTHING)


@cache
def _text(form: str | None, pattern: str | None) -> st.SearchStrategy[str]:
    if form in FORMATS:
        return st.from_regex(FORMATS[form].surely, fullmatch=True)
    if pattern is not None:
        return st.from_regex(pattern).map(lambda one: one.rstrip("\n"))
    return st.text("abx0", max_size=4) | TEXTS
