from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading_api.shared.decimals import average_text, decimal_text, half_even, parse_units
from trading_api.shared.errors import RefusedError


@given(units=st.integers(1, 10**20), scale=st.sampled_from([1, 100, 10_000]))
def test_text_and_units_are_one_thing(units: int, scale: int) -> None:
    text = decimal_text(units, scale)
    assert parse_units(text, scale, "qty") == units
    assert Decimal(text) * scale == units
    assert decimal_text(-units, scale) == f"-{text}"


@given(numerator=st.integers(-(10**12), 10**12), denominator=st.integers(1, 10**6))
def test_half_goes_to_the_even_side(numerator: int, denominator: int) -> None:
    expected = (Decimal(numerator) / Decimal(denominator)).quantize(1, ROUND_HALF_EVEN)
    assert half_even(numerator, denominator) == expected


def test_an_average_has_four_decimals() -> None:
    assert average_text(total=3 * 10_001, count=4, scale=100) == "75.0075"
    assert average_text(total=43047, count=1, scale=100) == "430.4700"


@pytest.mark.parametrize(
    ("text", "scale", "code", "told"),
    [
        ("0", 1, "not_positive", "qty is 0: it must be more than 0"),
        ("-3", 1, "not_positive", "qty is -3"),
        ("0.000", 100, "not_positive", "more than 0"),
        ("1.5", 1, "off_tick", "qty is 1.5: it must be a whole multiple of 1"),
        ("189.505", 100, "off_tick", "a whole multiple of 0.01"),
    ],
)
def test_what_is_not_a_quantity_is_refused(text: str, scale: int, code: str, told: str) -> None:
    with pytest.raises(RefusedError, match=told) as caught:
        parse_units(text, scale, "qty")
    assert caught.value.code == code


def test_trailing_zeros_change_nothing() -> None:
    assert parse_units("10.000", 1, "qty") == 10
