"""Confidence intervals of means, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from optimizers.studies.intervals import mean_interval, t_quantile


@pytest.mark.parametrize("level", [0.05, 0.01])
def test_interval_is_that_of_student(level: float) -> None:
    values = np.random.default_rng(0).normal(3.0, 2.0, (4, 7))
    found = mean_interval(values, level=level)
    expected = stats.t.interval(1 - level, 6, values.mean(axis=1), stats.sem(values, axis=1))
    np.testing.assert_allclose(found.mean, values.mean(axis=1))
    np.testing.assert_allclose([found.low, found.high], expected, rtol=2e-3)


def test_quantiles_are_close_for_every_number_of_degrees_of_freedom() -> None:
    freedom = np.arange(1, 100)
    np.testing.assert_allclose(t_quantile(0.975, freedom), stats.t.ppf(0.975, freedom), rtol=2e-3)


def test_missing_values_do_not_count() -> None:
    values = np.array([[1.0, np.nan, 3.0, 5.0], [2.0, np.nan, np.nan, np.nan], [np.nan] * 4])
    found = mean_interval(values)
    whole = mean_interval([1.0, 3.0, 5.0])
    np.testing.assert_allclose([part[0] for part in found], list(whole))
    assert found.mean[1] == 2 and np.isnan([found.low[1], found.high[1], found.mean[2]]).all()


def test_seeds_may_lie_along_any_axis() -> None:
    values = np.random.default_rng(1).normal(size=(5, 3))
    for a, b in zip(mean_interval(values, axis=0), mean_interval(values.T), strict=True):
        np.testing.assert_array_equal(a, b)
