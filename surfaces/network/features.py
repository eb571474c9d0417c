"""Functions of the inputs that a network receives as further inputs."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_INPUTS = 20
"""The most inputs of which features are computed: 20 inputs have 190 products."""


@dataclasses.dataclass(frozen=True)
class Feature:
    """A function of the inputs.

    Attributes:
        name: the formula, as a page shows it.
        function: from inputs (N, d) to further columns (N, k).
    """

    name: str
    function: Callable[[NDArray[Any]], NDArray[Any]]


def _products(x: NDArray[Any]) -> NDArray[Any]:
    pairs = list(itertools.combinations(range(x.shape[1]), 2))
    return np.stack([x[:, i] * x[:, j] for i, j in pairs], axis=1) if pairs else x[:, :0]


FEATURES: Mapping[str, Feature] = MappingProxyType(
    {
        "squares": Feature("xᵢ²", np.square),
        "products": Feature("xᵢxⱼ", _products),
        "sines": Feature("sin πxᵢ", lambda x: np.sin(np.pi * x)),
    }
)
"""Every feature by its key."""


def expanded(x: NDArray[Any], features: Sequence[str]) -> NDArray[Any]:
    """The inputs (N, d) followed by the columns of these features, (N, d + …).

    Raises:
        ValueError: if there are more than `MOST_INPUTS` inputs, or no such feature.
    """
    if not features:
        return x
    if unknown := [key for key in features if key not in FEATURES]:
        raise ValueError(f"unknown feature {unknown[0]!r}; choose from {', '.join(FEATURES)}")
    if x.shape[1] > MOST_INPUTS:
        raise ValueError(f"features are for data with at most {MOST_INPUTS} inputs; these have {x.shape[1]:,}")
    return np.concatenate([x, *(FEATURES[key].function(x) for key in features)], axis=1)
