"""Where in the types of a document mapped scalars stand, as data that the client converts by."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topicwire.asyncapi.shapes import (
    NEVER,
    AllOf,
    Constant,
    ListOf,
    NamedShape,
    ObjectOf,
    Primitive,
    RecordOf,
    Reference,
    Shape,
    Told,
    TupleOf,
    UnionOf,
    inner_shapes,
    references_in,
)
from topicwire.codegen.scalars import Scalar
from topicwire.codegen.typescript_data import Source
from topicwire.codegen.typescript_members import (
    CLOSED,
    AmbiguousUnionError,
    Codec,
    Member,
    Path,
    constants,
    merged,
    tagged,
    untold,
)
from topicwire.codegen.typescript_scalars import ScalarMap

_NUMBERS = frozenset({"number", "integer"})
_TEXTS = frozenset({"string", "number", "boolean"})
_CURE = (
    "Tell them apart by an object with a constant of its own (a tagged union), give each a field "
    "of its own, or leave the format out of the scalar map."
)


@dataclass(frozen=True, slots=True)
class CodecNames:
    """What the constants of a module are called.

    Attributes:
        scalars: by format.
        types: by the name of a type.
    """

    scalars: Mapping[str, str]
    types: Mapping[str, str]


class Codecs:
    """Says how values of shapes are converted.

    Args:
        types: of the contract, marked.
        scalars: that are mapped.
        names: of the constants.
    """

    def __init__(self, types: Sequence[NamedShape], scalars: ScalarMap, names: CodecNames) -> None:
        self._types = {one.name: one.shape for one in types}
        self._scalars = scalars
        self._names = names
        self.converted = self._converted()
        """The names of types with mapped scalars inside."""

    def of(self, shape: Shape, path: Path) -> Codec | None:  # noqa: C901, PLR0911 (one return a kind)
        """Return how a value is converted; None where it is passed on as it is.

        Args:
            shape: of the value.
            path: where in the document it stands, for errors.

        Raises:
            AmbiguousUnionError: nothing tells which of a union's members a value is.
        """
        match shape:
            case Told():
                return Source(self._names.scalars[self._scalar(shape).format])
            case Reference(name):
                if name not in self.converted:
                    return None
                return {"named": Source(f"() => {self._names.types[name]}")}
            case ListOf(item):
                return _wrapped("list", self.of(item, (*path, "items")))
            case TupleOf(items, _, rest):
                codecs = [self.of(one, (*path, "items", at)) for at, one in enumerate(items)]
                more = None if rest is None else self.of(rest, (*path, "additionalItems"))
                if more is None and not any(codecs):
                    return None
                return {"items": codecs, **({} if more is None else {"rest": more})}
            case RecordOf(_, value):
                return _wrapped("record", self.of(value, (*path, "additionalProperties")))
            case AllOf(members) if self._kind(shape) != "object":
                found = (self.of(one, path) for one in members)
                return next((one for one in found if one is not None), None)
            case ObjectOf() | AllOf():
                return self._one_object([shape], path)
            case UnionOf():
                return self._either(shape, path)
            case _:
                return None

    def _scalar(self, shape: Shape) -> Scalar:
        scalar = self._scalars.of(shape)
        if scalar is None:
            raise TypeError(shape)
        return scalar

    def _converted(self) -> frozenset[str]:
        found = {name for name, shape in self._types.items() if _has_scalar(shape)}
        while more := {
            name
            for name, shape in self._types.items()
            if name not in found and found.intersection(references_in(shape))
        }:
            found |= more
        return frozenset(found)

    def _resolved(self, shape: Shape) -> Shape:
        seen: set[str] = set()
        while isinstance(shape, Reference) and shape.name not in seen:
            seen.add(shape.name)
            shape = self._types[shape.name]
        return shape

    def _alternatives(self, shape: Shape, seen: frozenset[str] = frozenset()) -> Iterator[Shape]:
        """Yield what a union is of, the members of unions in it instead of those."""
        if isinstance(shape, UnionOf):
            for one in shape.members:
                yield from self._alternatives(one, seen)
        elif isinstance(shape, Reference) and shape.name not in seen:
            resolved = self._resolved(shape)
            if isinstance(resolved, UnionOf):
                yield from self._alternatives(resolved, seen | {shape.name})
            else:
                yield resolved if isinstance(resolved, Told) else shape
        else:
            yield shape

    def _kind(self, shape: Shape) -> str:  # noqa: PLR0911 (as above)
        match self._resolved(shape):
            case Told(inner):
                return self._kind(inner)
            case Primitive(kind):
                return "number" if kind in _NUMBERS else kind
            case Constant(literal):
                value = json.loads(literal)
                if isinstance(value, bool):
                    return "boolean"
                kinds = {
                    str: "string",
                    int: "number",
                    float: "number",
                    list: "list",
                    dict: "object",
                }
                return kinds.get(type(value), "null")
            case ListOf() | TupleOf():
                return "list"
            case AllOf(members):
                return next((self._kind(one) for one in members), "unknown")
            case _:
                return "object"

    def _either(self, shape: UnionOf, path: Path) -> Codec | None:
        alternatives = list(dict.fromkeys(self._alternatives(shape)))
        if not any(self.of(one, path) for one in alternatives):
            return None
        kinds: dict[str, list[Shape]] = {}
        for one in alternatives:
            kinds.setdefault(self._kind(one), []).append(one)
        made: dict[str, Any] = {}
        lists, objects = kinds.get("list", []), kinds.get("object", [])
        if lists and (codec := self._one_list(lists, path)) is not None:
            made["list"] = codec
        if objects and (codec := self._one_object(objects, path)) is not None:
            made["object"] = codec
        scalars = [one for one in alternatives if isinstance(one, Told)]
        if not scalars:
            return next(iter(made.values())) if len(made) == 1 else {"either": made}
        scalar = self._only_scalar(scalars, kinds, path)
        values = [
            json.loads(one.literal)
            for one in alternatives
            if isinstance(one, Constant) and one.literal != "null"
        ]
        own = {
            kind
            for kind, members in kinds.items()
            if kind not in {"null", *made}
            and not any(isinstance(one, Told) for one in members)
            and not all(isinstance(one, Constant) and kind in _TEXTS for one in members)
        }
        made = {
            "scalar": Source(self._names.scalars[scalar.format]),
            "wire": self._kind(scalars[0]),
            **made,
            "values": values,
            "kinds": sorted(own),
        }
        return {"either": {key: value for key, value in made.items() if value}}

    def _only_scalar(
        self, scalars: Sequence[Shape], kinds: Mapping[str, Sequence[Shape]], path: Path
    ) -> Scalar:
        """Return the scalar of a union, where everything else can be told from it."""
        first, *others = scalars
        scalar = self._scalar(first)
        if others:
            formats = " and ".join(f"`{self._scalar(one).format}`" for one in scalars)
            raise AmbiguousUnionError(
                path,
                f"{formats} are mapped, and nothing tells which of them a value is.",
                _CURE,
            )
        wire = self._kind(first)
        beside = [one for one in kinds[wire] if one is not first and not isinstance(one, Constant)]
        if beside:
            raise AmbiguousUnionError(
                path,
                f"the format `{scalar.format}` is mapped to {scalar.type}, and nothing tells such "
                f"a {wire} from any other {wire} that may stand there.",
                _CURE,
            )
        if scalar.type in kinds and scalar.type != wire:
            raise AmbiguousUnionError(
                path,
                f"the format `{scalar.format}` is mapped to {scalar.type}, and a {scalar.type} may "
                "stand there too: nothing tells which of them one that is sent is.",
                "Map it to another type, or give each a field of its own.",
            )
        return scalar

    def _one_list(self, lists: Sequence[Shape], path: Path) -> Codec | None:
        codecs = [self.of(one, path) for one in lists]
        if all(one == codecs[0] for one in codecs):
            return codecs[0]
        raise AmbiguousUnionError(
            path, "nothing tells which of several lists a value is, and only one is mapped.", _CURE
        )

    def _one_object(self, objects: Sequence[Shape], path: Path) -> Codec | None:
        """Return one codec for what may be any of several objects."""
        if len(objects) == 1 and isinstance(objects[0], Reference | RecordOf):
            return self.of(objects[0], path)
        members = [self._member(one, path) for one in objects]
        if len(objects) > 1:
            codecs = [self._one_object([one], path) for one in objects]
            if all(one is None for one in codecs):
                return None
            if told := tagged(members, codecs):
                return told
        others = [one.others for one in members if one.others is not CLOSED]
        if any(one != others[0] for one in others):
            raise untold(path, "what is not declared")
        names = dict.fromkeys(name for one in members for name in one.fields)
        fields: dict[str, Codec | None] = {}
        for name in names:
            found = [
                one.fields.get(name, one.others)
                for one in members
                if name in one.fields or one.others is not CLOSED
            ]
            if any(one != found[0] for one in found):
                raise untold(path, f"`{name}`")
            fields[name] = found[0]
        more = others[0] if others else None
        if more is None:
            fields = {name: one for name, one in fields.items() if one is not None}
        if not fields and more is None:
            return None
        return {"fields": fields, **({} if more is None else {"others": more})}

    def _member(self, shape: Shape, path: Path) -> Member:
        match self._resolved(shape):
            case ObjectOf(fields, others):
                return Member(
                    {
                        one.name: self.of(one.shape, (*path, "properties", one.name))
                        for one in fields
                    },
                    CLOSED if others is None else self.of(others, (*path, "additionalProperties")),
                    {
                        one.name: values
                        for one in fields
                        if one.required and (values := constants(one.shape))
                    },
                )
            case RecordOf(_, value) if value != NEVER:
                return Member({}, self.of(value, (*path, "additionalProperties")), {})
            case AllOf(members):
                parts = [self._member(one, path) for one in members]
                return merged(parts, path)
            case UnionOf(members):
                codec = self._one_object(members, path)
                if codec is None or (isinstance(codec, dict) and "fields" in codec):
                    own = {} if codec is None else codec
                    return Member(own.get("fields", {}), own.get("others", CLOSED), {})
                raise untold(path, "something")
            case _:
                return Member({}, CLOSED, {})


def _wrapped(key: str, codec: Codec | None) -> Codec | None:
    return None if codec is None else {key: codec}


def _has_scalar(shape: Shape) -> bool:
    if isinstance(shape, RecordOf):
        return _has_scalar(shape.value)
    return isinstance(shape, Told) or any(map(_has_scalar, inner_shapes(shape)))
