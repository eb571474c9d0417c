"""The scale of a map: what it is called, and that it orders losses as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from app.common.digits import parsed
from app.figures.levels import Levels, choose

LINEAR = np.linspace(0, 2, 400)
RAVINE = np.geomspace(1e-6, 100, 400)  # half of the ground lies below 0.01
SIGNED = np.concatenate([np.linspace(-1, 0, 40), np.geomspace(0.01, 50, 360)])
CASES = {"linear": (LINEAR, 0.0), "log": (RAVINE, 0.0), "signed log": (SIGNED, -1.0)}


@pytest.mark.parametrize("kind", CASES)
def test_the_range_of_the_losses_chooses_the_scale(kind: str) -> None:
    scale = choose(*CASES[kind])
    assert scale.kind == kind
    assert ("log scale" in scale.title) == (kind != "linear")
    assert scale.height(CASES[kind][0].min()) >= scale.low
    assert scale.height(CASES[kind][0].max()) == pytest.approx(scale.high)


def test_a_minimum_between_the_grid_lines_is_still_the_lower_end() -> None:
    scale = choose(RAVINE + 5, 5.0)
    assert scale.kind == "log" and scale.low == pytest.approx(float(scale.height(5.0)))


def test_what_is_not_finite_does_not_stretch_the_scale() -> None:
    assert choose(np.append(RAVINE, [np.inf, np.nan]), 0.0) == choose(RAVINE, 0.0)


@pytest.mark.parametrize("kind", CASES)
@given(losses=st.lists(st.floats(-1, 1e6), min_size=2, max_size=20))
@bounded(max_examples=40, deadline=None, derandomize=True)
def test_higher_ground_is_higher(kind: str, losses: list[float]) -> None:
    heights = choose(*CASES[kind]).height(np.sort(losses))
    assert (np.diff(heights) >= 0).all()
    apart = np.diff(np.sort(np.maximum(losses, CASES[kind][1]))) > 1e-3
    assert (np.diff(heights)[apart] > 0).all()


def test_a_signed_scale_passes_zero_at_zero_and_mirrors() -> None:
    scale = choose(*CASES["signed log"])
    assert scale.height(0.0) == 0
    assert scale.height(-0.7) == -scale.height(0.7)
    assert scale.zero is not None and 0 < scale.zero < 1
    assert scale.low + scale.zero * (scale.high - scale.low) == pytest.approx(0)
    assert choose(*CASES["linear"]).zero is None and choose(*CASES["log"]).zero is None


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e4])
def test_ticks_stand_inside_at_the_loss_they_name(kind: str, factor: float) -> None:
    losses, lowest = CASES[kind]
    scale = choose(losses * factor, lowest * factor)
    heights, texts = scale.ticks()
    assert 1 <= len(heights) <= 6
    assert heights == sorted(heights) and len(set(texts)) == len(texts)
    assert all(scale.low < height < scale.high for height in heights)
    named = [float(scale.height(parsed(text))) for text in texts]
    assert named == pytest.approx(heights)


def test_a_flat_surface_has_a_scale_too() -> None:
    scale = choose(np.full(9, 3.0), 3.0)
    assert np.isfinite(scale.height(3.0)) and isinstance(scale, Levels)


def test_what_lies_below_the_scale_is_told() -> None:
    """A log scale is flat at and below its base; what is exactly its lowest ground is not below it."""
    for losses in (np.geomspace(1e-4, 100, 300), np.linspace(-1, 3, 300), np.linspace(0, 1, 300)):
        levels = choose(losses, None)
        assert not levels.below(losses).any()
        assert levels.below(losses.min() - 1.0)
