"""Types of the corpus that are one value: numbers, strings, moments, members of an enumeration."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import Enum, IntFlag, StrEnum
from fractions import Fraction
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from re import Pattern
from typing import Annotated, Literal, NewType

from packages.topicwire.tests.corpus.models import Level
from pydantic import (
    AwareDatetime,
    Base64Bytes,
    BaseModel,
    ByteSize,
    ConfigDict,
    Field,
    HttpUrl,
    NaiveDatetime,
    NonNegativeFloat,
    PositiveInt,
    StrictInt,
    StringConstraints,
)

from topicwire import BigInt


class Bounded(BaseModel):
    """Numbers with limits."""

    percent: Annotated[int, Field(ge=0, le=100)]
    even: Annotated[int, Field(multiple_of=2, gt=-1000, lt=1000)]
    positive: PositiveInt
    exact: StrictInt
    share: Annotated[float, Field(ge=0, le=1)]
    weight: NonNegativeFloat


class BigIntegers(BaseModel):
    """Integers that travel as strings, whatever their size."""

    order_id: BigInt
    positions: list[BigInt]
    limited: Annotated[BigInt, Field(ge=0)] = 0


class NotFinite(BaseModel):
    """NaN and the infinities travel, because the model says how."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    ratio: float
    many: list[float]


class Strings(BaseModel):
    symbol: Annotated[str, StringConstraints(pattern=r"^[A-Z]{1,5}$")]
    note: Annotated[str, Field(max_length=20)]
    image: Base64Bytes
    tag: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2)]


class Hosts(BaseModel):
    v4: IPv4Address
    v6: IPv6Address
    path: Path
    pattern: Pattern[str]
    page: HttpUrl


class Encoded(BaseModel):
    """Bytes of any value, as base64."""

    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")

    body: bytes


class OtherNumbers(BaseModel):
    size: ByteSize
    point: complex
    part: Fraction
    fixed: Annotated[Decimal, Field(max_digits=12, decimal_places=4)]


class Moments(BaseModel):
    zoned: AwareDatetime
    local: NaiveDatetime


class Seconds(BaseModel):
    """A span as a number of seconds."""

    model_config = ConfigDict(ser_json_timedelta="float")

    span: Annotated[timedelta, Field(description="Seconds")]


class Status(StrEnum):
    """What has become of an order."""

    OPEN = "open"
    DONE = "done"


class Permission(IntFlag):
    READ = 1
    WRITE = 2
    RUN = 4


class Mixed(Enum):
    NUMBER = 1
    TEXT = "text"
    NOTHING = None


class Half(Enum):
    HALF = 0.5
    WHOLE = 1.0


class Enumerations(BaseModel):
    status: Status
    permission: Permission
    mixed: Mixed
    half: Half


class EnumMembers(BaseModel):
    """Some members of an enumeration alone."""

    status: Literal[Status.OPEN]
    level: Literal[Level.LOW, Level.HIGH]


AccountId = NewType("AccountId", int)
Symbol = NewType("Symbol", str)


class NewTypes(BaseModel):
    account: AccountId
    symbol: Symbol


class NumberUnions(BaseModel):
    """JSON has one kind of number, and a switch is no number."""

    switch_or_number: bool | int
    text_or_number: Annotated[int | str, Field(union_mode="left_to_right")]
    exact_or_text: Decimal | None
