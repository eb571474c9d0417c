"""JavaScript and Python format and parse numbers in the same way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from app.common.digits import exact, parsed, percent, short

pytestmark = pytest.mark.browser

SOURCE = files("app.player").joinpath("web/core/digits.js").read_text("utf-8")
SPECIAL = [
    *(0.0, -0.0, 1.0, -1.0, 10.0, 0.1, 0.5, 1e-4, 9.9995e-5, 9.99e-5, 1e7, 9999999.5, 999.5, 99.995, 1e4, 12345.678),
    *(0.125, 2.5, 0.375, 1.0005, 4.07e-5, 1.7e-16, 1e-300, 1.5e300, 5e-324, 1.7976931348623157e308, 123456789.0),
]


def values() -> list[float]:
    """Numbers of all sizes, numbers halfway between two texts, and those at which the format changes."""
    rng = np.random.default_rng(0)
    wide = rng.uniform(-1, 1, 4000) * 10 ** rng.uniform(-12, 12, 4000)
    near = rng.integers(-99_999, 99_999, 3000) * 10.0 ** rng.integers(-9, 5, 3000)
    halves = rng.integers(1, 4096, 1000) / 2.0 ** rng.integers(0, 24, 1000)
    return [*SPECIAL, *(-value for value in SPECIAL), *wide, *near, *halves]


@pytest.fixture(scope="module")
def digits(chromium: Any) -> Iterator[Any]:
    """A function that evaluates an expression in which `digits` is the module and `given` the argument."""
    page = chromium.new_page()
    source = f"data:text/javascript;charset=utf-8,{SOURCE.replace('%', '%25').replace('#', '%23')}"
    page.evaluate("async (source) => { window.digits = await import(source); }", source)
    yield lambda expression, given: page.evaluate(f"(given) => {expression}", given)
    page.close()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 12, 15])
def test_python_and_javascript_format_numbers_alike(digits: Any, count: int) -> None:
    found = digits(f"given.map((value) => digits.short(value, {count}))", values())
    assert found == [short(value, count) for value in values()]


def test_python_and_javascript_format_percentages_and_nan_alike(digits: Any) -> None:
    shares = [0.0, 0.15249, 0.00178, 1.0, 1e120, 0.999, 0.9996]
    assert digits("given.map((share) => digits.percent(share))", shares) == [percent(share) for share in shares]
    none = "[NaN, Infinity, -Infinity].map((value) => digits.short(value))"
    assert digits(none, None) == [short(value) for value in (math.nan, math.inf, -math.inf)]


def test_padded_numbers_keep_trailing_zeros(digits: Any) -> None:
    padded = digits("given.map((value) => digits.short(value, 4, true))", values())
    for value, text in zip(values(), padded, strict=True):
        mantissa, times, power = text.partition("·")
        trimmed = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        plain = trimmed + times + power
        assert plain.replace("1·10", "10", 1) if trimmed in ("1", "−1") else plain == short(value, 4)


def test_python_and_javascript_parse_each_others_numbers(digits: Any) -> None:
    some = values()[::7]
    texts = [exact(value) for value in some]
    assert [parsed(text) for text in texts] == some
    assert digits("given.map(digits.parsed)", texts) == some
    typed = {"0.05": 0.05, " 1e-3 ": 1e-3, "−2": -2.0, "0,05": 0.05, "1,234.5": 1234.5, "12,345": 12345.0}
    assert digits("given.map(digits.parsed)", list(typed)) == list(typed.values())
    assert [parsed(text) for text in typed] == list(typed.values())
    assert digits("given.every((text) => Number.isNaN(digits.parsed(text)))", ["", "fast", "10⁻", "0.1.2", "·10⁻⁵"])
