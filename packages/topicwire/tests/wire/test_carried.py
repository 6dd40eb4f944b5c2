"""What does not arrive as it is, is refused where it is declared: which field, and the cure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from packages.topicwire.tests.corpus import CONSTRUCTS, Construct
from packages.topicwire.tests.corpus.routes import ListenRequest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    PlainSerializer,
    SecretStr,
    TypeAdapter,
    computed_field,
    field_serializer,
)
from typing_extensions import TypedDict

from topicwire.asgi.adapter import FastWSAdapter
from topicwire.errors import DeclarationError
from topicwire.routing.router import WsRouter
from topicwire.types import Direction
from topicwire.wire.carried import check_carried


class Point(BaseModel):
    x: int


class Size(Enum):
    SMALL = (1, 2)


class Side(Enum):
    BUY = "buy"


class Untyped(BaseModel):
    at: int

    @field_serializer("at")
    def in_words(self, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201 - what is refused
        return f"{at} ms"


class Callback(BaseModel):
    done: Callable[[int], int] | None = None


class Secret(BaseModel):
    password: SecretStr


class Path(BaseModel):
    first: int = Field(validation_alias=AliasPath("all", 0))


class Told(BaseModel):
    secret: Annotated[SecretStr, PlainSerializer(SecretStr.get_secret_value, return_type=str)]


class Choice(BaseModel):
    first: int = Field(validation_alias=AliasChoices("first", AliasPath("all", 0)))


class Owned(BaseModel):
    own: bool = Field(alias="hasOwnProperty")


class OwnedAtFirst(BaseModel):
    own: bool = Field(validation_alias=AliasChoices("hasOwnProperty", "own"))


class OwnedAtLast(BaseModel):
    own: bool = Field(validation_alias=AliasChoices("own", "hasOwnProperty"))


class OwnedByItself(TypedDict):
    hasOwnProperty: bool


class Computed(BaseModel):
    @computed_field
    def hasOwnProperty(self) -> bool:  # noqa: N802 - as above
        return True


class Inherited(BaseModel):
    """What every object has in JavaScript: all but one come through."""

    constructor: str
    toString: str  # noqa: N815 - as above
    valueOf: str  # noqa: N815 - as above
    isPrototypeOf: str  # noqa: N815 - as above
    prototype: str
    own: bool = Field(alias="has_own_property")


OWN = "the field {} travels as 'hasOwnProperty', .* Give it another name there: `Field"
REFUSED: list[tuple[Any, Direction, str]] = [
    (Owned, "to_server", r"Owned \(.*test_carried\.py:\d+\): " + OWN.format("own")),
    (list[Owned], "to_client", r"Owned \(.*test_carried\.py:\d+\): " + OWN.format("own")),
    (OwnedAtFirst, "to_server", OWN.format("own")),
    (OwnedByItself, "to_client", OWN.format("hasOwnProperty")),
    (Computed, "to_client", OWN.format("hasOwnProperty")),
    (
        Callback,
        "to_client",
        r"Callback\.done \(.*test_carried\.py:\d+\): a function does not travel",
    ),
    (type[Point], "to_client", "a class does not travel. Send its name"),
    (Iterable[int], "to_server", "an iterator can be read once.* Declare a `list`"),
    (dict[tuple[int, int], str], "to_client", "the keys are a tuple"),
    (dict[int | str, str], "to_server", "the keys are one of several types"),
    (dict[str | None, str], "to_client", "the keys are null or something"),
    (dict[Literal[1, 2], str], "to_server", "the key 1 is no string"),
    (set[Point], "to_server", "Point has no hash.* frozen"),
    (Size, "to_server", r"the value of Size\.SMALL is \(1, 2\)"),
    (Literal[Side.BUY], "to_server", "StrEnum"),
    (Literal[b"x"], "to_server", "no JSON is b'x'"),
    (Path, "to_server", r"Path\.first .*the path \['all', 0\]"),
    (Untyped, "to_client", r"Untyped\.at .*the serializer Untyped\.in_words does not say"),
    (list[Secret], "to_client", r"Secret\.password .*asterisks"),
]


@pytest.mark.parametrize(("kind", "direction", "message"), REFUSED, ids=str)
def test_it_is_refused_by_name(kind: Any, direction: Direction, message: str) -> None:
    with pytest.raises(DeclarationError, match=f"^r.update: {message}|^r.update: .*{message}"):
        check_carried(TypeAdapter(kind).core_schema, direction, "r.update")


@pytest.mark.parametrize(
    ("kind", "direction"),
    [
        (Inherited, "to_server"),
        (Inherited, "to_client"),
        (OwnedAtFirst, "to_client"),
        (OwnedAtLast, "to_server"),
        (Computed, "to_server"),
        (dict[Literal["hasOwnProperty"], int], "to_client"),
        (Secret, "to_server"),
        (Told, "to_client"),
        (Choice, "to_server"),
        (Literal[Side.BUY], "to_client"),
        (dict[Side, int], "to_server"),
        (complex, "to_client"),
    ],
)
def test_its_neighbours_are_not(kind: Any, direction: Direction) -> None:
    check_carried(TypeAdapter(kind).core_schema, direction, "r")


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda one: one.name)
def test_no_construct_is_refused(construct: Construct) -> None:
    schema = TypeAdapter(construct.payload_type).core_schema
    check_carried(schema, "to_server", construct.name)
    check_carried(schema, "to_client", construct.name)


def test_a_router_of_it_is_not_included() -> None:
    """The server does not start, and `topicwire spec` says the same: the route, the field, why."""
    router = WsRouter[ListenRequest, Untyped](route="times")
    with pytest.raises(DeclarationError) as caught:
        FastWSAdapter(title="t", version="1").include_router(router)
    assert re.match(r"times\.update: Untyped\.at \(.+test_carried\.py:\d+\): ", str(caught.value))
