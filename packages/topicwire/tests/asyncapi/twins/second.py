from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel
from typing_extensions import TypedDict

Item = TypeVar("Item")


class Trade(BaseModel):
    volume: float


class Side(StrEnum):
    LONG = "LONG"


class Note(TypedDict):
    volume_text: str


@dataclass
class Point:
    volume: int


@dataclass
class Box(Generic[Item]):
    volume: Item


class Order(BaseModel):
    """What is sent differs from what is received, and from the twin's."""

    class Leg(BaseModel):
        volume: int = 1

    leg: Leg
    side: Side = Side.LONG
    volume: str = ""


class Quote(BaseModel):
    class Leg(BaseModel):
        quoted_volume: int

    leg: Leg
    trade: Trade
