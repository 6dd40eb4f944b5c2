"""Which schemas are of one type, and which type that is.

Python may make a type twice: `Box[list[Trade]]`, written in two places, is two objects for
Pydantic. And two types may look alike by their names: `Page[Trade]` of two classes `Trade`.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from topicwire.asyncapi.draft07 import Schema, map_subschemas, subschemas
from topicwire.asyncapi.names import Argument, TypeIdentity

LOCAL = "#/$defs/"
"""What references to named types begin with."""

_OWN_ID = re.compile(r"^([^\[\]]*):(\d+)(?=\[|$)")

_Kind = tuple[str | None, ...]
"""How a schema looks in each direction; None in one in which it does not travel."""

Definitions = Mapping[str, Schema]
"""Schemas by key, of one direction."""


@dataclass(frozen=True, slots=True)
class SameTypes:
    """The types that there are.

    Attributes:
        identities: of each type, by the first of its keys.
        types: the type of each key.
        told_apart: what tells types of one identity from each other.
    """

    identities: Mapping[str, TypeIdentity]
    types: Mapping[str, str]
    told_apart: Mapping[str, str]


def same_types(core_refs: Mapping[str, str], sides: Sequence[Definitions]) -> SameTypes:
    """Find the types of all definitions.

    Args:
        core_refs: Pydantic's reference of each key; the keys are the same in every direction.
        sides: the definitions of each direction.
    """
    identities = _identities(core_refs, sides)
    groups: defaultdict[TypeIdentity, list[str]] = defaultdict(list)
    for key, identity in identities.items():
        groups[identity].append(key)
    types = {key: key for key in identities}
    told_apart: dict[str, str] = {}
    looks = _looks(groups, sides)
    for identity, keys in groups.items():
        kinds = _kinds(keys, looks)
        if identity.arguments:
            _join(kinds)
        for kind, members in kinds.items():
            types |= dict.fromkeys(members, members[0])
            if len(kinds) > 1:
                told_apart[members[0]] = repr(kind)
    return SameTypes({key: identities[key] for key in {*types.values()}}, types, told_apart)


def references(schema: Any) -> Iterable[str]:
    """Yield every `$ref` in a schema, in the order in which they stand."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        for one in subschemas(schema):
            yield from references(one)


def _identities(
    core_refs: Mapping[str, str], sides: Sequence[Definitions]
) -> dict[str, TypeIdentity]:
    paths: dict[str, str] = {}
    for core_ref in core_refs.values():
        if own := _OWN_ID.match(core_ref):
            paths[own[2]] = own[1]
    found = {key: TypeIdentity.of(core_ref, paths) for key, core_ref in core_refs.items()}
    asked: set[str] = set()

    def resolve(key: str) -> TypeIdentity:
        identity = found[key]
        if key not in asked and not all(one.path for one in identity.arguments):
            asked.add(key)
            inside = [
                resolve(reference.removeprefix(LOCAL))
                for definitions in sides
                for reference in references(definitions.get(key))
            ]
            found[key] = replace(identity, arguments=_resolved(identity.arguments, inside))
        return found[key]

    return {key: resolve(key) for key in core_refs}


def _resolved(
    arguments: Iterable[Argument], inside: Iterable[TypeIdentity]
) -> tuple[Argument, ...]:
    """Say of each argument which type it is, by the types inside of the definition."""
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for one in inside:
        for argument in arguments:
            if one.path.endswith(f".{argument.name}"):
                paths[argument.name].add(one.path)
        for name, path in one.arguments:
            paths[name] |= {path} - {""}
    return tuple(
        Argument(name, path or (min(paths[name]) if len(paths[name]) == 1 else ""))
        for name, path in arguments
    )


def _looks(
    groups: Mapping[TypeIdentity, Sequence[str]], sides: Sequence[Definitions]
) -> list[dict[str, str]]:
    """Return what the schema of each key says, in each direction, whatever its keys are called.

    References to other types count by what those say, and so on: two schemas that look alike but
    lead to different types are not one. Where no two have one identity, there is nothing to tell.
    """
    names = {key: repr(identity) for identity, keys in groups.items() for key in keys}
    doubted = [key for keys in groups.values() if len(keys) > 1 for key in keys]
    looks: list[dict[str, str]] = []
    for definitions in sides:
        known = dict(names)
        kinds = 0
        while doubted:
            seen = {
                key: _digest((known[key], _by_look(definitions[key], known)))
                for key in doubted
                if key in definitions
            }
            known |= seen
            if len({*seen.values()}) == kinds:
                break
            kinds = len({*seen.values()})
        looks.append({key: known[key] for key in doubted if key in definitions})
    return looks


def _by_look(schema: Any, known: Mapping[str, str]) -> Any:
    if not isinstance(schema, dict):
        return schema
    schema = map_subschemas(schema, lambda one: _by_look(one, known))
    if "$ref" in schema:
        schema["$ref"] = known[schema["$ref"].removeprefix(LOCAL)]
    return schema


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()


def _kinds(keys: Sequence[str], looks: Sequence[Mapping[str, str]]) -> dict[_Kind, list[str]]:
    """Group keys of one identity by how they look in each direction in which they travel."""
    kinds: defaultdict[_Kind, list[str]] = defaultdict(list)
    for key in keys:
        kinds[tuple(side.get(key) for side in looks)].append(key)
    return dict(kinds)


def _join(kinds: dict[_Kind, list[str]]) -> None:
    """Take `Box[list[Trade]]` that is sent and `Box[list[Trade]]` that is received for one type.

    That is where there is one that either can be: no other of a look of its own.
    """
    for kind in sorted((one for one in kinds if None in one), key=repr):
        fitting = [other for other in kinds if other != kind and _fit(kind, other)]
        if kind in kinds and len(fitting) == 1:
            (other,) = fitting
            members = kinds.pop(kind) + kinds.pop(other)
            kinds[tuple(a or b for a, b in zip(kind, other, strict=True))] = members


def _fit(kind: _Kind, other: _Kind) -> bool:
    return all(a is None or b is None or a == b for a, b in zip(kind, other, strict=True))
