"""Decimal text on the wire, integers inside. Pure; nothing here passes through a binary float."""

from decimal import Decimal

from trading_api.shared.errors import RefusedError

_AVERAGE_DECIMALS = 4


def parse_units(text: str, scale: int, name: str) -> int:
    """A positive decimal as whole units of `1/scale`.

    Raises:
        RefusedError: It is not positive, or lies between two units.
    """
    units = Decimal(text) * scale
    if units <= 0:
        raise RefusedError("not_positive", f"{name} is {text}: it must be more than 0")
    if units != units.to_integral_value():
        step = decimal_text(1, scale)
        raise RefusedError("off_tick", f"{name} is {text}: it must be a whole multiple of {step}")
    return int(units)


def decimal_text(units: int, scale: int) -> str:
    """Units of `1/scale` (a power of ten) as a decimal: `-123`, 100 → `-1.23`."""
    decimals = len(str(scale)) - 1
    whole, rest = divmod(abs(units), scale)
    sign = "-" if units < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"


def average_text(total: int, count: int, scale: int) -> str:
    """`total / count` units of `1/scale`, to a ten-thousandth, a half to the even side."""
    finest = 10**_AVERAGE_DECIMALS
    return decimal_text(half_even(total * finest, count * scale), finest)


def half_even(numerator: int, denominator: int) -> int:
    """The nearest integer to a quotient with a positive denominator; of two, the even one."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        quotient += 1
    return quotient
