"""Whether what an application declares is a number at all: a `bool` and "5" are none."""

from __future__ import annotations

import math
from numbers import Integral, Real


def is_count(value: object) -> bool:
    """Say whether a value is a whole number."""
    return not isinstance(value, bool) and isinstance(value, Integral)


def is_finite(value: object) -> bool:
    """Say whether a value is a number, neither infinite nor NaN."""
    if isinstance(value, Integral):  # also one that no float can hold
        return is_count(value)
    return isinstance(value, Real) and math.isfinite(value)
