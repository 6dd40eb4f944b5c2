from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel
from typing_extensions import TypedDict

Item = TypeVar("Item")


class Trade(BaseModel):
    price: float


class Side(StrEnum):
    BUY = "BUY"


class Note(TypedDict):
    price_text: str


@dataclass
class Point:
    price: int


@dataclass
class Box(Generic[Item]):
    price: Item


class Order(BaseModel):
    """What is sent differs from what is received, and from the twin's."""

    class Leg(BaseModel):
        price: int = 1

    leg: Leg
    side: Side = Side.BUY
    price: str = ""


class Quote(BaseModel):
    class Leg(BaseModel):
        quoted_price: int

    leg: Leg
    trade: Trade
