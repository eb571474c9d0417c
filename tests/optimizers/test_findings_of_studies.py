"""The sentences that studies compute from their results, on small studies and on results with known numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizers.studies import STUDIES
from optimizers.studies.catalogue import depth
from optimizers.studies.tuned_steps import spelled_ends
from surfaces.digits import short


def _found(key: str, **parameters: Any) -> tuple[Any, Any]:
    """A small study and its result."""
    study = STUDIES[key](**parameters)
    *_, last = study.run(0)
    return study, last.found


def test_depth_names_the_pairs_with_the_smallest_and_the_largest_ratio() -> None:
    study = STUDIES["depth"](layers=2, seeds=1)
    gradients = np.ones((len(depth.KINDS), len(depth.SCHEMES), 1, 2))
    gradients[0, depth.SCHEMES.index("zeros")] = 0
    gradients[depth.KINDS.index("sigmoid"), depth.SCHEMES.index("small"), 0, 0] = 1e-4
    gradients[depth.KINDS.index("tanh"), depth.SCHEMES.index("large"), 0, 0] = 50
    words = study.finding(depth.Found(gradients, gradients))
    pairs = len(depth.KINDS) * len(depth.SCHEMES)
    assert words.startswith(f"With {pairs - 3} of {pairs} pairs")
    assert words.endswith("smallest, 0.0001, with sigmoid and σ = 0.01, and largest, 50, with tanh and σ = 1.")
    assert study.finding(depth.Found(gradients * np.nan, gradients)) == ""


def test_linear_stacks_are_compared_with_least_squares() -> None:
    study, found = _found("linear_stack", depth=2, steps=100, seeds=1)
    loss, other = found.losses[..., -1].min(axis=(1, 2))
    words = study.finding(found)
    assert f"the lowest loss is {short(loss, 3)}, and least squares give {short(found.linear_loss, 3)}" in words
    assert f"With tanh the lowest loss is {short(other, 3)}" in words
    assert study.finding(found._replace(losses=np.full_like(found.losses, np.nan))) == ""


def test_the_shares_of_minima_and_maxima_have_their_dimensions() -> None:
    study, found = _found("dimension_saddles", largest=4, samples=1000)
    two, most = (short(float(found.extrema[k]), 2) for k in (1, -1))
    words = study.finding(found)
    assert words.startswith(f"In 2 dimensions the share of minima and maxima among critical points is {two} (")
    assert f"in 4 dimensions {most} (95 % interval {short(float(found.extrema_low[-1]), 2)} to" in words


def test_medians_of_runs_that_did_not_arrive_have_a_bound() -> None:
    words = spelled_ends(["SGD", "Adam"], np.array([[1200.0, 5, np.inf], [7, 5, 9]]), 2000)
    assert words == "SGD 1,200 and over 2,000, Adam 7 and 9"
