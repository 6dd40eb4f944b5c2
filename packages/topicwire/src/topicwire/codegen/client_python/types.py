"""What annotations refer to: the types of a document, and where in it each of them stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from topicwire.asyncapi.shapes import (
    NEVER,
    STRING,
    NamedShape,
    ObjectOf,
    RecordOf,
    Reference,
    Shape,
    Told,
)
from topicwire.codegen.client_python.names import pascal


@dataclass(frozen=True, slots=True)
class Annotation:
    """A type as source text, and the arguments of `Field` that say what is checked of it."""

    text: str
    checks: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an annotation stands: names what has none of its own.

    Attributes:
        name: for a class that is made here.
        is_sent: what the server checks is checked here, too.
    """

    name: str
    is_sent: bool

    def inside(self, part: str) -> Place:
        """Return a place in this one."""
        return Place(self.name + pascal(part), self.is_sent)


@dataclass(slots=True)
class Anonymous:
    """An object without a name of its own: the class that is made for it."""

    name: str
    shape: Shape
    place: Place
    base: str = ""
    """The class that it extends."""


@dataclass(slots=True)
class Types:
    """Everything that annotations may refer to.

    Attributes:
        named: the types of the document.
        names: the class of each.
        anonymous: classes that annotations have needed, in the order in which they did.
        used: the names that the text needs imported, or defined.
    """

    named: Mapping[str, NamedShape]
    names: Mapping[str, str]
    anonymous: list[Anonymous] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    """The attribute of each property, by class."""

    prefix: str = ""
    """Before each class: "models." outside of their module."""

    def resolved(self, shape: Shape) -> Shape:
        """Return what a reference leads to, without what is told of it."""
        while isinstance(shape, Reference | Told):
            shape = shape.shape if isinstance(shape, Told) else self.named[shape.name].shape
        return shape

    def names_class(self, shape: Shape) -> bool:
        """Say whether a shape is a reference to a class."""
        if not isinstance(shape, Reference):
            return False
        known = self.named[shape.name].shape
        return is_class(known.shape if isinstance(known, Told) else known)

    def elsewhere(self) -> Types:
        """Return the same types for another module."""
        return replace(self, used=set(), prefix="models.")


def is_class(shape: Shape) -> bool:
    """Say whether a shape becomes a model."""
    return isinstance(shape, ObjectOf) or is_empty(shape)


def is_empty(shape: Shape) -> bool:
    """Say whether a shape is an object that is known to have no properties."""
    return isinstance(shape, RecordOf) and shape.value == NEVER and shape.key == STRING
