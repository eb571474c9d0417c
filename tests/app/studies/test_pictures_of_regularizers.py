"""The pictures of the studies of regularizers and norms: what is drawn are the numbers of the result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.figures.marks import Dots, Line, Text
from app.studies import pictures
from optimizers.studies import STUDIES
from optimizers.studies.catalogue import norms
from optimizers.studies.catalogue.regularizers import Found, ends

RNG = np.random.default_rng(0)
METHODS: dict[str, str] = STUDIES["regularizers"]().methods  # type: ignore[attr-defined]


def _regularizers() -> tuple[Any, Found]:
    shape = (len(METHODS), 10, 5)
    found = Found(np.arange(5) * 10, RNG.random(shape), 1 + RNG.random(shape), 0.7 + 0.1 * RNG.random(shape))
    found.test[list(METHODS).index("dropout")] += 0.2
    return STUDIES["regularizers"](seeds=10), found  # type: ignore[call-arg]


def test_differences_and_curves_of_regularizers_are_the_numbers_of_the_result() -> None:
    study, found = _regularizers()
    differences, accuracy, gap = pictures.of("regularizers").panels(study, found)
    judged = study.verdicts(found)
    dots = {mark.name: mark for mark in differences.marks if isinstance(mark, Dots)}
    lines = {mark.name: mark for mark in differences.marks if isinstance(mark, Line)}
    words = [mark.words[0] for mark in differences.marks if isinstance(mark, Text)]
    for key, one in judged.items():
        np.testing.assert_allclose(dots[METHODS[key]].x, [100 * one.effect])
        np.testing.assert_allclose(lines[METHODS[key]].x, 100 * np.array(one.interval))
        assert (
            differences.axes[0].x.low < lines[METHODS[key]].x[0] < lines[METHODS[key]].x[1] < differences.axes[0].x.high
        )
    assert "dropout: better" in words and len(words) == len(METHODS) - 1
    names = [mark for mark in differences.marks if isinstance(mark, Text)]
    zero = next(mark for mark in differences.marks if isinstance(mark, Line) and not mark.name)
    for name in names:  # from the left end of the panel, above its interval, and not crossed by the line at zero
        key = name.words[0].split(":")[0]
        assert name.x == differences.axes[0].x.low and name.y > lines[key].y[0]
        assert not any(low - 0.15 < name.y < high + 0.15 for low, high in np.reshape(zero.y, (-1, 3))[:, :2])
    for panel in (accuracy, gap):
        dashed = [mark.name for mark in panel.marks if isinstance(mark, Line) and mark.dash != "solid"]
        assert dashed == ["none"], "in the dark its colour is close to that of the last method"
    assert accuracy.legend is not None and len({color for _, color in accuracy.legend.keys}) == len(METHODS)
    for panel, values in ((accuracy, found.test), (gap, found.validation - found.training)):
        curves = {mark.name: mark for mark in panel.marks if isinstance(mark, Line)}
        assert set(curves) == set(METHODS.values()) - {"early stopping"}
        np.testing.assert_allclose(curves["dropout"].y, values[list(METHODS).index("dropout")].mean(axis=0))
        (stopped,) = (mark for mark in panel.marks if isinstance(mark, Dots))
        end = ends(found)
        assert stopped.x == pytest.approx(end.step[1].mean()) and stopped.color not in {
            one.color for one in curves.values()
        }
        assert stopped.y == pytest.approx((end.accuracy if panel is accuracy else end.gap)[1].mean())
        assert "10 seeds, 1,500 steps" in panel.note[0].text


def test_an_interval_without_an_end_reaches_over_the_axis() -> None:
    """Six pairs cannot tell nine methods apart: 2/2⁶ is above 0.05/9, so no interval has ends."""
    _, found = _regularizers()
    study: Any = STUDIES["regularizers"](seeds=6)  # type: ignore[call-arg]
    found = Found(found.steps, *(values[:, :6] for values in found[1:]))
    panel = pictures.of("regularizers").panels(study, found)[0]
    x = panel.axes[0].x
    lines = [mark for mark in panel.marks if isinstance(mark, Line) and mark.name]
    assert len(lines) == len(METHODS) - 1 and all(line.x[0] == x.low and line.x[1] < x.high for line in lines)


def test_a_curve_below_half_is_in_sight() -> None:
    study, found = _regularizers()
    found.test[2] = 0.27
    accuracy = pictures.of("regularizers").panels(study, found)[1]
    assert accuracy.axes[0].y.low == 0.2 and accuracy.note[0].text.startswith(
        "means; dashed: none; dot: early stopping; the axis starts at 20\N{NO-BREAK SPACE}%;"
    )


def test_what_is_missing_is_not_drawn() -> None:
    study, found = _regularizers()
    for values in found[1:]:
        values[1:] = np.nan
        values[0, :, 2:] = np.nan
    differences, accuracy, _ = pictures.of("regularizers").panels(study, found)
    assert not any(isinstance(mark, Dots | Text) for mark in differences.marks)
    plain = next(mark for mark in accuracy.marks if isinstance(mark, Line) and mark.name == "none")
    assert np.isfinite(plain.y).tolist() == [True, True, False, False, False]


def test_losses_of_norms_have_a_gap_where_networks_diverged() -> None:
    losses = 0.1 + RNG.random((2, len(norms.KINDS), len(norms.RATES), 3, 4))
    losses[1, 0, -1, :2] = np.inf
    losses[1, 3] = np.nan
    found = norms.Found(np.array([2, 10]), norms.RATES, np.arange(4) * 10, losses)
    shallow, deep, steps = pictures.of("norms").panels(STUDIES["norms"](seeds=3), found)  # type: ignore[call-arg]
    for row, panel in enumerate((shallow, deep)):
        threshold, *curves = [mark for mark in panel.marks if isinstance(mark, Line)]
        assert threshold.y.tolist() == [0.5, 0.5] and "dashed: 0.5," in panel.note[0].text
        expected = np.median(losses[row, ..., -1], axis=2)
        np.testing.assert_allclose(curves[1].y, expected[1])
        assert np.isnan(curves[0].y[-1]) == (row == 1)
    names = [mark.name for mark in steps.marks if isinstance(mark, Line)]
    assert names == ["no norm", "batch norm", "layer norm"]
