"""The numbers of logarithmic axes in pictures."""

from __future__ import annotations

import numpy as np
import pytest

from app.export.painter import _digits


@pytest.mark.parametrize(
    ("low", "high", "digits"), [(0.9, 6.0, (1.0, 2.0, 5.0)), (1.2, 4.8, (1.0, 1.5, 2.0, 3.0, 5.0, 7.0))]
)
def test_the_digits_of_ticks_are_few_where_they_suffice(low: float, high: float, digits: tuple[float, ...]) -> None:
    """Of 1, 2 and 5, only 2 lies between 1.2 and 4.8."""
    assert _digits(low, high) == digits


def test_every_axis_of_half_a_decade_or_more_has_two_ticks() -> None:
    for low in 10.0 ** np.arange(-3, 3, 0.037):
        for width in (0.5, 0.6, 0.9, 1.5):
            high = low * 10**width
            ticks = np.outer(10.0 ** np.arange(-5, 6), _digits(low, high))
            assert ((ticks >= low) & (ticks <= high)).sum() > 1, (low, width)
