"""Types of the corpus that hold others: collections, generics, unions, other kinds of classes."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Required, TypeVar
from uuid import UUID

import pydantic
from packages.topicwire.tests.corpus.models import Level, Page, Plain, Side
from packages.topicwire.tests.corpus.scalars import Status
from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag
from typing_extensions import TypeAliasType, TypedDict

T = TypeVar("T")
U = TypeVar("U")


class Abstract(BaseModel):
    """Collections by what they can do."""

    numbers: Sequence[int]
    queue: deque[str]
    by_name: Mapping[str, int]
    grouped: defaultdict[str, list[int]]


class KeyedDicts(BaseModel):
    """Keys that are no strings travel as strings."""

    by_id: dict[UUID, int]
    by_day: dict[date, int]
    by_switch: dict[bool, int]
    by_ratio: dict[float, int]
    by_level: dict[Level, int]
    by_code: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], int]


class LimitedCollections(BaseModel):
    some: Annotated[list[int], Field(min_length=1, max_length=3)]
    sides: Annotated[set[Side], Field(max_length=2)]
    pairs: Annotated[dict[str, int], Field(min_length=1)]


class Coin(BaseModel):
    model_config = ConfigDict(frozen=True)

    cents: int


class Purse(BaseModel):
    """Models that have a hash may be in a set."""

    coins: frozenset[Coin]


class Node(BaseModel, Generic[T]):
    value: T
    next: Node[T] | None = None


class Pair(BaseModel, Generic[T, U]):
    first: T
    second: U


class PlainPage(Page[Plain]):
    """A generic with its argument, and more."""

    cursor: str


class Generics(BaseModel):
    chain: Node[int]
    pair: Pair[str, Plain]
    swapped: Pair[Plain, str]
    page: PlainPage


Named = TypeAliasType("Named", dict[str, T], type_params=(T,))
Numbers = TypeAliasType("Numbers", list[int])


class Aliases(BaseModel):
    named: Named[int]
    numbers: Numbers


class Spot(NamedTuple):
    symbol: str
    price: float
    size: int = 1


class NamedTuples(BaseModel):
    spot: Spot
    spots: list[Spot]


@dataclass(frozen=True, slots=True)
class Leg:
    symbol: str
    qty: int = 1
    marks: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Spread:
    """Dataclasses in a dataclass."""

    legs: list[Leg]
    tags: dict[str, str] = field(default_factory=dict)
    best: Leg | None = None


@pydantic.dataclasses.dataclass
class Checked:
    """A dataclass of Pydantic's."""

    percent: Annotated[int, Field(ge=0, le=100)]
    label: str = Field(default="none", description="What is shown")


class Titled(TypedDict):
    title: Required[str]


class Film(Titled, total=False):
    """A TypedDict that extends another."""

    year: Required[int]
    rating: float
    seen: NotRequired[bool]


class Films(BaseModel):
    films: list[Film]


class Timed(BaseModel):
    at: int


class Sourced(BaseModel):
    source: str = "feed"


class Event(Timed, Sourced):
    """Has two bases."""

    name: str


class Alarm(Event):
    """Narrows what its base has."""

    name: Literal["high", "low"]  # pyright: ignore[reportIncompatibleVariableOverride]  # the case
    level: Level = Level.LOW


class Percent(RootModel[Annotated[int, Field(ge=0, le=100)]]):
    """A number with a name."""


class Either(RootModel[Plain | list[int]]):
    pass


class RootScalars(BaseModel):
    percent: Percent
    either: Either
    by_side: dict[Side, Percent]


class Limit(BaseModel):
    type: Literal["limit"]
    price: float


class Market(BaseModel):
    type: Literal["market"]


class Cancel(BaseModel):
    type: Literal["cancel"]
    id: int


class NestedTags(BaseModel):
    """A tagged union inside another."""

    command: Annotated[
        Annotated[Limit | Market, Field(discriminator="type")] | Cancel,
        Field(discriminator="type"),
    ]


class Waiting(BaseModel):
    status: Literal[Status.OPEN]
    cost: float


class Filled(BaseModel):
    status: Literal[Status.DONE]
    price: float


class EnumTags(BaseModel):
    order: Annotated[Waiting | Filled, Field(discriminator="status")]


class Short(BaseModel):
    text: str


class Long(BaseModel):
    text: str
    pages: int


def _which(value: Any) -> str:
    has_pages = "pages" in value if isinstance(value, dict) else hasattr(value, "pages")
    return "long" if has_pages else "short"


class ChosenUnion(BaseModel):
    """A function says which member it is."""

    value: Annotated[
        Annotated[Short, Tag("short")] | Annotated[Long, Tag("long")], Discriminator(_which)
    ]


class Deep(BaseModel):
    levels: list[dict[str, tuple[Plain | None, list[int | str]]]]
    maybe: list[dict[str, int]] | dict[str, list[int]] | None = None
