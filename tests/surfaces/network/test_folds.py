"""Folds of data sets, against the definition of cross-validation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from surfaces.network import DATASETS, DataSet, Samples
from surfaces.network.folds import folds, without_validation


def _data(samples: int = 100) -> DataSet:
    return DATASETS["moons"](samples=samples).make(3)  # type: ignore[call-arg]


def _rows(part: Samples) -> set[tuple[float, ...]]:
    return {tuple(np.round(row.astype(float), 4).tolist()) for row in part.x}


def test_every_sample_validates_once_and_trains_in_all_other_folds() -> None:
    data = _data()
    samples = _rows(data.train) | _rows(data.validation)
    parts = list(folds(data, 4, standardised=False))
    validated = [_rows(fold.validation) for fold in parts]
    assert [len(rows) for rows in validated] == [20] * 4 and set.union(*validated) == samples
    for fold, rows in zip(parts, validated, strict=True):
        assert _rows(fold.train) == samples - rows
        assert fold.held_out == "validation"


def test_samples_that_are_left_over_train_in_every_fold() -> None:
    """Of 80 samples, 7 folds of 11 leave 3."""
    parts = list(folds(_data(), 7, standardised=False))
    assert {(len(fold.train), len(fold.validation)) for fold in parts} == {(69, 11)}
    always = set.intersection(*(_rows(fold.train) for fold in parts))
    assert len(always) == 3


def test_targets_stay_with_their_inputs() -> None:
    data = _data()
    pairs = {
        (*np.round(x.astype(float), 4), *y)
        for part in (data.train, data.validation)
        for x, y in zip(part.x, part.y, strict=True)
    }
    for fold in folds(data, 3, standardised=False):
        for x, y in zip(fold.validation.x, fold.validation.y, strict=True):
            assert (*np.round(x.astype(float), 4), *y) in pairs


@pytest.mark.parametrize("known", ["plain", "standardised"])
def test_inputs_are_standardised_by_the_training_samples_of_each_fold(known: str) -> None:
    data = _data() if known == "plain" else _data().standardised()
    for fold, plain in zip(folds(data, 4), folds(_data(), 4, standardised=False), strict=True):
        mean, deviation = plain.train.x.mean(axis=0), plain.train.x.std(axis=0)
        for part in ("train", "validation", "test"):
            expected = (getattr(plain, part).x - mean) / deviation
            np.testing.assert_allclose(getattr(fold, part).x, expected, atol=2e-5)


def test_folds_depend_on_the_seed_alone() -> None:
    first, again, other = ([_rows(f.validation) for f in folds(_data(), 4, seed=s)] for s in (1, 1, 2))
    assert first == again != other


def test_the_final_training_has_all_samples_but_those_of_the_test() -> None:
    data = _data()
    whole = without_validation(data.standardised(), standardised=False)
    assert _rows(whole.train) == _rows(data.train) | _rows(data.validation)
    assert _rows(whole.test) == _rows(data.test) and whole.held_out == "test"
    tested = dataclasses.replace(data, validation=data.test)
    assert _rows(without_validation(tested, standardised=False).train) == _rows(data.train)


@pytest.mark.parametrize("count", [1, 81])
def test_folds_are_two_or_more_and_have_a_sample_each(count: int) -> None:
    with pytest.raises(ValueError, match=f"from 2 to the 80 samples; got {count}"):
        next(folds(_data(), count))
