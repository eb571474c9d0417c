"""Folds of a data set for cross-validation: each sample validates once, and trains in all other folds."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np

from surfaces.network.data import DataSet, Samples

LEAST = 2
"""The smallest number of folds: with one fold, no sample would train."""


def folds(data: DataSet, count: int = 5, *, seed: int = 0, standardised: bool = True) -> Iterator[DataSet]:
    """The folds of all samples that are not test samples, one after the other; see `fold`."""
    return (fold(data, k, count, seed=seed, standardised=standardised) for k in range(max(count, 1)))


def fold(data: DataSet, k: int, count: int = 5, *, seed: int = 0, standardised: bool = True) -> DataSet:
    """Fold `k` of all samples that are not test samples, in a random order.

    It is a data set whose validation part is the k-th of `count` equal parts, and whose training part is the rest. If
    the samples cannot be divided equally, fewer than `count` of them train in every fold and never validate, so that
    all folds have the same size and share their compiled programs.

    Args:
        data: the data set, standardised or not.
        k: the number of the fold, from 0.
        count: the number of folds.
        seed: the seed of the order.
        standardised: whether the inputs of the fold are standardised, by the mean and deviation of its training part.

    Raises:
        ValueError: if the number of folds is below 2 or above the number of samples.
    """
    known = _plain(data)
    samples = known.train
    if not LEAST <= count <= len(samples):
        raise ValueError(f"folds must be a whole number from {LEAST} to the {len(samples):,} samples; got {count}")
    order = np.random.default_rng(seed).permutation(len(samples))
    size = len(samples) // count
    held_out = order[k * size : (k + 1) * size]
    rest = np.setdiff1d(order, held_out)
    train, validation = (Samples(samples.x[rows], samples.y[rows]) for rows in (rest, held_out))
    divided = dataclasses.replace(known, train=train, validation=validation)
    return divided.standardised() if standardised else divided


def without_validation(data: DataSet, *, standardised: bool = True) -> DataSet:
    """The data set whose training part has the validation samples as well, for the final training of a winner."""
    known = _plain(data)
    return known.standardised() if standardised else known


def _plain(data: DataSet) -> DataSet:
    """The data set before it was standardised, all of whose samples train that are not test samples."""

    def restored(part: Samples) -> Samples:
        return Samples(np.asarray(part.x * data.deviation + data.mean, dtype=np.float32), part.y)

    parts = [data.train] if data.held_out == "test" else [data.train, data.validation]
    x, y = (np.concatenate([getattr(part, name) for part in map(restored, parts)]) for name in ("x", "y"))
    test = restored(data.test)
    return dataclasses.replace(data, train=Samples(x, y), validation=test, test=test, mean=0.0, deviation=1.0)
