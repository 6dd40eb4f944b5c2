"""The types of the corpus, one for each thing that Pydantic can say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from uuid import UUID

from pydantic import (
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    computed_field,
    field_serializer,
)
from pydantic.alias_generators import to_camel
from typing_extensions import TypeAliasType, TypedDict, deprecated

T = TypeVar("T")


class Plain(BaseModel):
    """Only the plainest types."""

    name: str
    count: int
    ratio: float
    active: bool


class Described(BaseModel):
    """A model with much to say.

    In several paragraphs, one of which ends a comment: */ early.
    """

    symbol: str = Field(description="What is traded", examples=["AAPL"])
    qty: Annotated[int, Field(ge=1, le=1000)] = 1
    code: Annotated[str, Field(min_length=1, max_length=8, pattern=r"^[A-Z]*$")] = "A"


class Optionals(BaseModel):
    required_nullable: str | None
    optional: int = 3
    optional_nullable: float | None = None


class Side(Enum):
    BUY = "buy"
    SELL = "sell"


class Level(IntEnum):
    LOW = 1
    HIGH = -2


class Enums(BaseModel):
    side: Side
    level: Level
    preferred: Side = Side.BUY


class Literals(BaseModel):
    text: Literal["a", "it's", 'say "so"']
    number: Literal[1, 2]
    mixed: Literal["x", 1, True] | None
    single: Literal["only"]


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(BaseModel):
    kind: Literal["dog", "wolf"]
    name: str


class Tagged(BaseModel):
    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    others: list[Annotated[Cat | Dog, Field(discriminator="kind")]] = []


class PlainUnion(BaseModel):
    value: int | str | Plain
    many: list[int | None]


class Tree(BaseModel):
    label: str
    children: list[Tree] = []
    parent: Tree | None = None


class Chicken(BaseModel):
    egg: Egg | None = None


class Egg(BaseModel):
    chicken: Chicken | None = None


class Page(BaseModel, Generic[T]):
    """One page of many."""

    items: list[T]
    total: int


class Pages(BaseModel):
    plain: Page[Plain]
    numbers: Page[int]
    nested: Page[Page[Plain]]
    maybe: Page[Plain | None]


class PlainList(RootModel[list[Plain]]):
    """A list with a name."""


class Names(RootModel[dict[str, str]]):
    pass


class Roots(BaseModel):
    plains: PlainList
    names: Names


class Point(NamedTuple):
    x: float
    y: float


class Tuples(BaseModel):
    pair: tuple[int, str]
    many: tuple[int, ...]
    empty: tuple[()]
    point: Point
    nested: tuple[tuple[int, int], list[str | None]]


class Dicts(BaseModel):
    plain: dict[str, int]
    by_number: dict[int, str]
    by_side: dict[Side, float]
    nested: dict[str, dict[str, list[Plain]]]
    anything: dict[str, Any]


class Sets(BaseModel):
    tags: set[str]
    frozen: frozenset[int]


class Times(BaseModel):
    at: datetime
    day: date
    clock: time
    span: timedelta


class Decimals(BaseModel):
    price: Decimal
    rounded: Annotated[Decimal, Field(max_digits=8, decimal_places=2)]


class Identifiers(BaseModel):
    id: UUID
    link: AnyUrl
    raw: bytes


class Aliased(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    first_name: str
    date_of_birth: date | None = None


class OddNames(BaseModel):
    class_: str = Field(alias="class")
    with_dash: int = Field(alias="with-dash")
    with_space: int = Field(alias="with space", default=1)
    digits: int = Field(alias="1st")
    umlaut: str = Field(alias="größe")
    constructor: str
    quote: str = Field(alias="it's")


class Computed(BaseModel):
    width: int = Field(ge=0, le=10_000)
    height: int = Field(ge=0, le=10_000)

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def area(self) -> int:
        """Width times height."""
        return self.width * self.height


class CustomSerializer(BaseModel):
    at: int

    @field_serializer("at")
    def in_words(self, at: int) -> str:
        return f"{at} ms"


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    known: int


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    known: int
    sometimes: str | None = None


class OpenOf(BaseModel):
    # The base declares it wider, and mutable. Pydantic reads the annotation all the same.
    __pydantic_extra__: dict[str, int] = Field(init=False)  # pyright: ignore[reportIncompatibleVariableOverride]
    model_config = ConfigDict(extra="allow")

    known: str


class Empty(BaseModel):
    """Nothing to ask for."""


class Base(BaseModel):
    id: str


class Derived(Base):
    """Has what its base has."""

    extra: int | None = None


@deprecated("use Plain")
class Deprecated(BaseModel):
    old: int = Field(deprecated=True)


@dataclass
class DataClass:
    """Not a model."""

    name: str
    size: int = 1


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Partial(TypedDict, total=False):
    a: int
    b: list[str]


class OtherForms(BaseModel):
    data: DataClass
    movie: Movie
    partial: Partial


Json = TypeAliasType("Json", "dict[str, Json] | list[Json] | str | int | float | bool | None")


class Recursive(BaseModel):
    value: Json


class Anything(BaseModel):
    free: Any
    items: list[Any]
    nothing: None


class ExcludedFields(BaseModel):
    shown: int
    hidden: int = Field(default=0, exclude=True)
    unless_none: int | None = Field(default=None, exclude_if=lambda value: value is None)


class TakesReserved(BaseModel):
    """Has members of types whose names TypeScript keeps for itself."""

    text: string
    array: Array
    record: Record


class string(BaseModel):  # noqa: N801 - a name that TypeScript reserves
    value: str


class Array(BaseModel):
    length: int


class Record(BaseModel):
    entries: dict[str, int]


class Route(BaseModel):
    """Has the name of a type of the client's runtime."""

    stops: list[str]


class LongUnion(BaseModel):
    choice: Literal[
        "first-of-many-choices",
        "second-of-many-choices",
        "third-of-many-choices",
        "fourth-of-many-choices",
        "fifth-of-many-choices",
    ]
    several: list[
        Literal[
            "first-of-many-choices",
            "second-of-many-choices",
            "third-of-many-choices",
            "fourth-of-many-choices",
            "fifth-of-many-choices",
        ]
    ]
    by_name: dict[
        str,
        Literal[
            "first-of-many-choices",
            "second-of-many-choices",
            "third-of-many-choices",
            "fourth-of-many-choices",
            "fifth-of-many-choices",
        ],
    ]
    tuple: tuple[
        Plain, Described, Optionals, Enums, Literals, Tagged, PlainUnion, Tree, Chicken, Pages
    ]
