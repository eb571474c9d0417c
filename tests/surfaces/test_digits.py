"""The format of numbers, compared with examples and with the value of the text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surfaces.digits import decade, percent, short

LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(text: str) -> float:
    """The value of a text that `short` returned."""
    plain = text.replace("−", "-").replace(",", "").replace("∞", "inf")
    mantissa, times, power = plain.rpartition("·10")
    if times:
        return float(f"{mantissa}e{power.translate(LOWERED)}")
    sign = "-" if plain.startswith("-") else ""
    if plain.removeprefix("-").startswith("10") and plain[-1] in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹":
        return float(f"{sign}1e{plain.removeprefix('-')[2:].translate(LOWERED)}")
    return float(plain)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.05, 6, "0.05"),
        (0.0, 6, "0"),
        (-0.0, 6, "0"),
        (10_000, 4, "10,000"),
        (1234.5, 6, "1,234.5"),
        (1_234_567, 3, "1,230,000"),
        (9_999_999, 3, "10⁷"),
        (-1.2e-7, 6, "−1.2·10⁻⁷"),
        (-1e-8, 6, "−10⁻⁸"),
        (1e-4, 6, "0.0001"),
        (4.07e-5, 3, "4.07·10⁻⁵"),
        (0.99995, 4, "1"),
        (0.125, 2, "0.13"),
        (1.5e300, 3, "1.5·10³⁰⁰"),
        (math.inf, 3, "∞"),
        (-math.inf, 3, "−∞"),
        (math.nan, 3, "not a number"),
        ("none", 3, "none"),
    ],
)
def test_numbers_have_the_expected_texts(value: float | str, digits: int, text: str) -> None:
    assert short(value, digits) == text


_SIZES = st.floats(1e-290, 1e300)  # outside, reading the text rounds by more than its last digit


@given(value=st.one_of(_SIZES, _SIZES.map(lambda x: -x)), digits=st.integers(1, 15))
def test_a_text_is_short_and_close_to_its_number(value: float, digits: int) -> None:
    text = short(value, digits)
    assert len(text) <= digits + 14
    # half a unit of the last digit, which is at most 10^(1 − digits) of the value, plus the rounding of reading it
    assert abs(number(text) - value) <= (0.5000001 * 10.0 ** (1 - digits) + 1e-15) * abs(value)
    assert short(number(text), digits) == text


def test_shares_and_decades() -> None:
    assert percent(0.15249) == "15.2 %" and percent(1e120) == "10¹²² %" and percent(0) == "0 %"
    assert [decade(v) for v in (1e-5, 2e-4, 0.5, 1, 300, 5e3)] == ["10⁻⁵", "2·10⁻⁴", "0.5", "1", "300", "5·10³"]
