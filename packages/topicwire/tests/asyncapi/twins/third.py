from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel
from typing_extensions import TypedDict

Item = TypeVar("Item")


class Trade(BaseModel):
    count: float


class Side(StrEnum):
    BID = "BID"


class Note(TypedDict):
    count_text: str


@dataclass
class Point:
    count: int


@dataclass
class Box(Generic[Item]):
    count: Item


class Order(BaseModel):
    """What is sent differs from what is received, and from the twin's."""

    class Leg(BaseModel):
        count: int = 1

    leg: Leg
    side: Side = Side.BID
    count: str = ""


class Quote(BaseModel):
    class Leg(BaseModel):
        quoted_count: int

    leg: Leg
    trade: Trade
