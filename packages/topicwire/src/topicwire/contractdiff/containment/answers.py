"""What a search for a value may answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Found:
    """There is a value, and this is one."""

    value: Any


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is none: this is proved."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither a value nor a proof was found."""

    why: str


Answer: TypeAlias = Found | Nothing | Unknown
NOTHING = Nothing()


def worse(one: Answer, other: Answer) -> Answer:
    """Return the answer to "either of them", where neither has found anything."""
    return one if isinstance(one, Unknown) else other
