"""Data sets: separate parts, reproducible samples, and standardisation by the training part alone."""

from __future__ import annotations

import numpy as np
import pytest

from surfaces.network import DATASETS
from surfaces.network.data import one_hot, split

every = pytest.mark.parametrize("key", DATASETS)


@every
def test_parts_are_complete_finite_and_disjoint(key: str) -> None:
    data = DATASETS[key]().make(3)
    parts = (data.train, data.validation, data.test)
    for part in parts:
        assert part.x.shape == (len(part), data.inputs) and part.y.shape == (len(part), data.outputs)
        assert part.x.dtype == part.y.dtype == np.float32
        assert np.isfinite(part.x).all() and np.isfinite(part.y).all()
        if data.task == "classes":
            assert (part.y.sum(axis=1) == 1).all() and data.outputs == len(data.names)
    rows = np.concatenate([np.hstack([p.x, p.y]) for p in parts])
    if key != "digits":  # in which two people can write the same digit
        assert len(np.unique(rows, axis=0)) == len(rows)
    assert len(data.train) >= len(data.validation) > 0 and len(data.test) > 0


@every
def test_the_seed_determines_the_data(key: str) -> None:
    source = DATASETS[key]()
    data, again, other = source.make(1), source.make(1), source.make(2)
    np.testing.assert_array_equal(data.train.x, again.train.x)
    np.testing.assert_array_equal(data.test.y, again.test.y)
    if key != "chebyshev":  # which is not random
        assert data.train.x.shape == other.train.x.shape and (data.train.x != other.train.x).any()


@every
def test_standardisation_is_fitted_on_the_training_part(key: str) -> None:
    raw = DATASETS[key]().make(0)
    data = raw.standardised()
    varies = raw.train.x.std(axis=0) > 0
    np.testing.assert_allclose(data.train.x.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(data.train.x.std(axis=0)[varies], 1, atol=1e-4)  # a thousand float32 summed
    np.testing.assert_allclose(data.test.x, (raw.test.x - data.mean) / data.deviation, atol=1e-5)
    np.testing.assert_array_equal(data.test.y, raw.test.y)


def test_classes_are_balanced_and_parameters_take_effect() -> None:
    data = DATASETS["blobs"](samples=120, classes=3).make()  # type: ignore[call-arg]
    assert data.outputs == 3
    counts = sum(part.y.sum(axis=0) for part in (data.train, data.validation, data.test))
    assert counts.tolist() == [40, 40, 40]


def test_digits_have_the_published_counts() -> None:
    data = DATASETS["digits"]().make()
    total = sum(len(p) for p in (data.train, data.validation, data.test))
    counts = sum(part.y.sum(axis=0) for part in (data.train, data.validation, data.test))
    assert total == 1797 and counts.tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert data.train.x.min() == 0 and data.train.x.max() == 1


def test_outliers_are_in_the_training_part_only() -> None:
    clean, dirty = (DATASETS["curve"](outliers=k).make() for k in (0, 2))  # type: ignore[call-arg]
    np.testing.assert_array_equal(clean.validation.y, dirty.validation.y)
    np.testing.assert_array_equal(clean.test.y, dirty.test.y)
    far = np.abs(clean.train.y - dirty.train.y)[:, 0] > 3
    assert far.sum() == 2 and np.abs(dirty.train.x[far, 0]).min() < 0.2


def test_too_few_and_broken_samples_are_rejected_with_a_reason() -> None:
    with pytest.raises(ValueError, match=r"has 2 samples; .* need at least three"):
        split("mine", "values", np.zeros((2, 1)), np.zeros((2, 1), "f"), ("y",), 0)
    x = np.zeros((5, 2))
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match="mine: the inputs of sample 4 contain a value that is not a finite number"):
        split("mine", "values", x, np.zeros((5, 1), "f"), ("y",), 0)
    np.testing.assert_array_equal(one_hot([2, 0], 3), [[0, 0, 1], [1, 0, 0]])
