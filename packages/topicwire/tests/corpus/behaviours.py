"""Types of the corpus that change what travels: aliases, defaults, validators, serializers."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Any, ClassVar
from uuid import UUID

from packages.topicwire.tests.corpus.models import Plain, Side
from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Json,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    WrapSerializer,
    WrapValidator,
    computed_field,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic.alias_generators import to_pascal
from pydantic_core import MISSING
from pydantic_core.core_schema import SerializerFunctionWrapHandler, ValidatorFunctionWrapHandler


class SidedAliases(BaseModel):
    """Called one thing where it is sent, and another where it is received."""

    model_config = ConfigDict(populate_by_name=True)

    sent_as: int = Field(validation_alias="sentAs")
    received_as: int = Field(serialization_alias="receivedAs")
    several: str = Field(validation_alias=AliasChoices("first", "second"))


class Pascal(BaseModel):
    model_config = ConfigDict(alias_generator=to_pascal, populate_by_name=True)

    order_id: int
    limit_price: float | None = None


class ByName(BaseModel):
    """Is sent by its names and received by its aliases."""

    model_config = ConfigDict(validate_by_alias=False, validate_by_name=True)

    amount: int = Field(alias="amt")


class Defaults(BaseModel):
    items: list[int] = Field(default_factory=list)
    model: Plain = Plain(name="x", count=1, ratio=0.5, active=True)
    price: Decimal = Decimal("1.50")
    day: date = date(2020, 1, 31)
    span: timedelta = timedelta(seconds=90)
    id: UUID = UUID(int=7)
    side: Side = Side.SELL
    pair: tuple[int, str] = (1, "a")
    tags: frozenset[str] = frozenset({"a"})
    raw: bytes = b"ab"


def _upper(text: str) -> str:
    return text.upper()


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _no_more_than_ten(value: Any, handler: ValidatorFunctionWrapHandler) -> int:
    number: int = handler(value)
    return min(number, 10)


def _from_text(value: str) -> int:
    return int(value)


class Validators(BaseModel):
    after: Annotated[str, AfterValidator(_upper)]
    before: Annotated[str, BeforeValidator(_as_text)]
    wrapped: Annotated[int, WrapValidator(_no_more_than_ten)]
    both: str

    @field_validator("both")
    @classmethod
    def not_blank(cls, text: str) -> str:
        if not text.strip():
            raise ValueError("is blank")
        return text

    @model_validator(mode="after")
    def different(self) -> Validators:
        if self.both == self.after:
            raise ValueError("`both` and `after` are alike")
        return self


class TakesText(BaseModel):
    """A number that is sent as text."""

    number: Annotated[int, PlainValidator(_from_text, json_schema_input_type=str)]


def _hexadecimal(number: int) -> str:
    return hex(number)


def _doubled(number: int, handler: SerializerFunctionWrapHandler) -> list[int]:
    return [handler(number), handler(number)]


class Serializers(BaseModel):
    plain: Annotated[int, PlainSerializer(_hexadecimal, return_type=str)]
    wrapped: Annotated[int, WrapSerializer(_doubled, return_type=list[int])]
    in_json: Annotated[int, PlainSerializer(_hexadecimal, return_type=str, when_used="json")]


class Flattened(BaseModel):
    """Writes itself in a form of its own."""

    x: int = Field(ge=-1_000_000, le=1_000_000)
    y: int = Field(ge=-1_000_000, le=1_000_000)

    @model_serializer
    def as_numbers(self) -> dict[str, int]:
        return {"x": self.x, "y": self.y, "sum": self.x + self.y}


class ComputedMore(BaseModel):
    net: int = Field(ge=-1_000_000, le=1_000_000)

    @computed_field(alias="grossAmount", description="With tax")  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def gross(self) -> int | None:
        return self.net * 2

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @cached_property
    def words(self) -> list[str]:
        return ["net", str(self.net)]


class AttributeDocs(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, title="Told by its attributes")

    price: float
    """What it costs, in dollars."""

    size: int = Field(
        default=1, title="Size", examples=[1, 100], json_schema_extra={"x-unit": "lot"}
    )


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    count: int
    day: date
    at: datetime


class Absent(BaseModel):
    """A field that is left out, which is not the same as null."""

    always: int
    sometimes: int | MISSING = MISSING
    nullable: int | MISSING | None = MISSING


class Hidden(BaseModel):
    """What is not a field does not travel."""

    shown: int
    constant: ClassVar[int] = 3
    _private: int = PrivateAttr(default=1)


@dataclass
class InitOnly:
    """A parameter is no field, and a field may be no parameter."""

    base: int
    factor: InitVar[int]
    label: str = field(default="computed", init=False)


class Embedded(BaseModel):
    """JSON in a string where it is sent, a model where it is received."""

    plain: Json[Plain]
