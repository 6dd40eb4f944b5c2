"""Limits are always on."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest

from topicwire import DeclarationError, Settings


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_a_limit_is_positive(field: str) -> None:
    negative: Any = {field: -1}
    with pytest.raises(DeclarationError, match=rf"Settings\.{field} is -1"):
        Settings(**negative)


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_only_retention_may_be_nothing(field: str) -> None:
    zero: Any = {field: 0}
    if "ret" in field.split("_", maxsplit=1)[0] or field == "max_retained_topics":
        assert getattr(Settings(**zero), field) == 0
    else:
        with pytest.raises(DeclarationError, match="more than zero"):
            Settings(**zero)


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
@pytest.mark.parametrize("value", ["1", None, True, math.nan, math.inf], ids=repr)
def test_a_limit_is_a_number(field: str, value: Any) -> None:
    with pytest.raises(DeclarationError, match=rf"Settings\.{field} is .*number"):
        Settings(**{field: value})


def test_what_is_counted_is_whole() -> None:
    halves: Any = {"max_topics": 2.5}
    with pytest.raises(DeclarationError, match=r"max_topics is 2\.5.*a whole number"):
        Settings(**halves)
    assert Settings(heartbeat_s=2.5).heartbeat_s == 2.5
