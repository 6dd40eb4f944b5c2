"""Integers that a JSON number carries without loss, and those that travel as strings."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from pydantic import PlainSerializer, WithJsonSchema

SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that every JSON reader takes for what it is: JavaScript has doubles."""

BIG_INTEGER_FORMAT: Final = "bigint"

BigInt: TypeAlias = Annotated[
    int,
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "format": BIG_INTEGER_FORMAT, "pattern": r"^[+-]?[0-9]{1,4300}$"}
    ),
]
"""An `int` of any size, exactly: it travels as a string of digits, `"9007199254740993"`.

A plain `int` travels as a JSON number, and is refused outside of ±(2^53 - 1), because a browser
would round it unseen. In Python both are an `int`.
"""
