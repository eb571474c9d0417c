"""The heights of a map and its legend, compared with their formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.common.digits import parsed
from app.figures.levels import Levels, choose

LINEAR = np.linspace(1.2, 2.7, 400)
RAVINE = 2.3 + np.geomspace(3e-6, 140, 400)
SIGNED = np.concatenate([np.linspace(-1.7, 0, 40), np.geomspace(0.013, 57, 360)])
CASES = {"linear": (LINEAR, 0.4), "log": (RAVINE, 2.3), "signed log": (SIGNED, -1.7)}
FACTORS = (3e-3, 0.7, 43.0, 6e4)


def _round(low: float, high: float) -> list[float]:
    """Zero and every number 1, 2, 3 or 5 times a power of ten between two numbers, by its decimal digits."""
    sizes = [float(f"{m}e{p}") for p in range(-12, 9) for m in (1, 2, 3, 5)]
    return [v for v in (0.0, *sizes, *(-size for size in sizes)) if low < v < high]


def test_heights_follow_their_formulas() -> None:
    log = Levels("log", base=2.3, unit=0.07, low=-1.0, high=2.0)
    signed = Levels("signed log", base=0.0, unit=0.07, low=-1.0, high=2.0)
    linear = Levels("linear", base=0.0, unit=0.0, low=-1.0, high=2.0)
    for loss in (2.31, 4.0, 170.0):
        assert 10 ** log.height(loss) == pytest.approx(loss - 2.3 + 0.07)
        assert 10 ** signed.height(loss) == pytest.approx(1 + loss / 0.07)
        assert 10 ** -signed.height(-loss) == pytest.approx(1 + loss / 0.07)
        assert linear.height(loss) == loss
    assert log.height(1.9) == log.height(2.3) == pytest.approx(math.log10(0.07))


@pytest.mark.parametrize("factor", FACTORS)
def test_the_unit_of_a_scale_follows_its_formula(factor: float) -> None:
    """A log scale spans four decades, or what the grid resolves; a signed one has a unit of a tenth of its depth."""
    log = choose(RAVINE * factor, 2.3 * factor)
    span = (RAVINE.max() - 2.3) * factor
    assert log.base == pytest.approx(2.3 * factor) and log.unit == pytest.approx(1e-4 * span)
    assert log.high - log.low == pytest.approx(4, abs=1e-3)
    assert choose(RAVINE * factor, 2.3 * factor, 7e-3 * span).unit == pytest.approx(7e-3 * span)
    signed = choose(SIGNED * factor, -1.7 * factor)
    assert signed.base == 0.0 and signed.unit == pytest.approx(0.17 * factor)
    assert signed.low == pytest.approx(-math.log10(11)) and signed.high == pytest.approx(math.log10(1 + 57 / 0.17))


def test_the_share_of_low_ground_decides_between_linear_and_log() -> None:
    """Half of the ground within a sixth of the span makes a scale logarithmic."""
    for middle, kind in ((0.15, "log"), (0.18, "linear")):
        losses = 0.6 + np.concatenate([np.linspace(0, middle, 201), np.linspace(middle, 1.0, 200)[1:]])
        assert np.quantile(losses, 0.5) - 0.6 == pytest.approx(middle, abs=0.005)
        assert choose(losses, 0.6).kind == kind
    # of a large span it is enough that the lowest twentieth lies within a third of the way to the middle
    for low, kind in ((0.30, "log"), (0.36, "linear")):
        shares = np.linspace(0, 1, 401)
        losses = 0.6 + np.interp(shares, [0, 0.05, 0.5, 1], [0, low, 1.0, 3.5])
        assert choose(losses, 0.6).kind == kind
        assert choose(0.6 + (losses - 0.6) * 2.9 / 3.5, 0.6).kind == "linear"


def test_ground_a_hundredth_of_the_span_below_zero_makes_a_scale_signed() -> None:
    for depth, kind in ((0.012, "signed log"), (0.008, "linear")):
        assert choose(np.linspace(-depth, 1 - depth, 400), None).kind == kind
    assert choose(np.linspace(-2.0, -0.3, 400), None).kind == "linear"


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("factor", FACTORS)
def test_a_legend_is_as_full_as_its_texts_leave_room_for(kind: str, factor: float) -> None:
    losses, lowest = CASES[kind]
    scale = choose(losses * factor, lowest * factor)
    assert scale.kind == kind
    heights, texts = scale.ticks()
    values = [parsed(text) for text in texts]
    gap = 0.17 * (scale.high - scale.low)
    assert (np.diff(heights) >= gap).all() and 2 <= len(heights) <= 6
    allowed = _round(-1e9, 1e9)
    if kind == "linear":
        step = values[1] - values[0]
        assert any(step == pytest.approx(v) for v in allowed) and gap <= step <= 2.51 * gap
        assert values == pytest.approx([step * k for k in range(round(values[0] / step), round(values[-1] / step) + 1)])
        assert values[0] - step <= scale.low and values[-1] + step >= scale.high
        return
    assert all(any(value == pytest.approx(v) for v in allowed) for value in values)

    def place(value: float) -> float:
        return float(scale.height(value))

    def near(value: float, others: list[float]) -> bool:
        return any(abs(place(value) - place(other)) < gap for other in others)

    candidates = [
        v for v in allowed if scale.low < place(v) < scale.high and (v == 0 or abs(v - scale.base) >= scale.unit)
    ]
    if len(values) < 6:
        assert all(near(v, values) for v in candidates)
    # a power of ten gives way only to zero or to another power of ten
    tens = [v for v in candidates if v and f"{abs(v):e}".startswith("1.0")]
    taken = [v for v in values if v == 0 or f"{abs(v):e}".startswith("1.0")]
    assert len(values) == 6 or all(near(v, taken) for v in tens)
    assert not tens or any(v in taken for v in (max(tens), min(tens)))


@pytest.mark.parametrize("kind", CASES)
def test_only_losses_clearly_below_the_scale_count_as_below(kind: str) -> None:
    """The margin is a thousandth of the unit of a log scale, and a millionth of the length of another scale."""
    losses, lowest = CASES[kind]
    scale = choose(losses * 43, lowest * 43)
    span = scale.high - scale.low
    if kind == "log":
        below, at = scale.base - 1.5e-3 * scale.unit, scale.base - 0.5e-3 * scale.unit
    elif kind == "linear":
        below, at = scale.low - 1.5e-6 * span, scale.low - 0.5e-6 * span
    else:
        below, at = (-scale.unit * (10 ** (share * span - scale.low) - 1) for share in (1.5e-6, 0.5e-6))
    assert scale.below(below) and not scale.below(at)
