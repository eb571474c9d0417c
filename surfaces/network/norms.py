"""Normalisation layers: the groups of numbers whose mean and variance a hidden layer removes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from types import MappingProxyType

import jax.numpy as jnp
from jax import Array

EPSILON = 1e-5
"""Added to variances; the default of PyTorch."""


@dataclasses.dataclass(frozen=True)
class Norm:
    r"""A normalisation of the sums z (N, neurons) of a hidden layer, before its activation.

    $$ z \leftarrow \gamma\, \frac{z - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta $$

    Gain γ and shift β are learned, one of each for a neuron. The mean μ and the variance σ² are those of a set of
    numbers to which z belongs.

    Attributes:
        name: the name on the page.
        about: over which numbers the mean and the variance are taken.
        groups: neurons, number of groups asked for → the groups into which the neurons of a sample are divided; None
            if the mean and the variance of a neuron are those over samples.
        source: the authors, the year and the title.
    """

    name: str
    about: str
    groups: Callable[[int, int], int] | None
    source: str

    def objection(self, neurons: int, groups: int) -> str:
        """The reason why a hidden layer cannot be normalised in this way, or an empty string."""
        if self.groups is None:
            return ""
        count = self.groups(neurons, groups)
        if count < 1 or neurons % count:
            return f"group norm needs groups of equal size; got {groups} groups of {neurons} neurons"
        if neurons // count == 1:
            return (
                f"{neurons} groups of {neurons} neurons are instance norm, which makes every sum of a fully connected "
                "layer 0, because it subtracts each from itself. Choose fewer groups, layer norm or batch norm"
            )
        return ""

    def __call__(self, z: Array, groups: int, reference: Array | None = None) -> Array:
        """The normalised z (N, neurons), before gain and shift.

        Args:
            reference: (M, neurons), the samples over which batch norm takes mean and variance; those of z if None.
        """
        if self.groups is None:
            over = z if reference is None else reference
            return (z - over.mean(axis=0, keepdims=True)) / jnp.sqrt(over.var(axis=0, keepdims=True) + EPSILON)
        parts = z.reshape(len(z), self.groups(z.shape[1], groups), -1)
        mean, variance = parts.mean(axis=2, keepdims=True), parts.var(axis=2, keepdims=True)
        return ((parts - mean) / jnp.sqrt(variance + EPSILON)).reshape(z.shape)


NORMS: Mapping[str, Norm] = MappingProxyType(
    {
        "batch": Norm(
            "batch norm",
            "of each neuron over the samples of the batch; in evaluation, over all training samples",
            None,
            "S. Ioffe & C. Szegedy (2015), Batch normalization: accelerating deep network training by reducing "
            "internal covariate shift",
        ),
        "layer": Norm(
            "layer norm",
            "of each sample over all neurons of the layer",
            lambda neurons, groups: 1,
            "J. L. Ba, J. R. Kiros & G. E. Hinton (2016), Layer normalization",
        ),
        "group": Norm(
            "group norm",
            "of each sample over the neurons of a group",
            lambda neurons, groups: groups,
            "Y. Wu & K. He (2018), Group normalization",
        ),
        "instance": Norm(
            "instance norm",
            "of each sample over the positions of a channel, of which a fully connected layer has only one",
            lambda neurons, groups: neurons,
            "D. Ulyanov, A. Vedaldi & V. Lempitsky (2016), Instance normalization: the missing ingredient for fast "
            "stylization",
        ),
    }
)
"""Every normalisation by its key."""
