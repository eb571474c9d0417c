"""Normalisation: how a shallow and a deep network train with and without it, at many learning rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import numpy as np
from jax import Array
from numpy.typing import NDArray

from optimizers.rules.sgd import SGD
from optimizers.studies import declared
from optimizers.studies.networks import seeds_of, starts_of, train_bundle
from optimizers.studies.study import Progress, Study, Table
from surfaces.compiled import compiled
from surfaces.network.datasets.digits import Digits
from surfaces.network.mlp import MLP
from surfaces.network.network import Network

Floats = NDArray[np.float64]
BATCH, SAMPLES = 32, 500
RATES = np.array([0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0])
"""The learning rates of SGD."""
RECORDS = 20
TRAINED = 0.5
"""Below this median loss a network counts as trained; that of guessing is ln 10 = 2.3."""
KINDS: Mapping[str, str] = MappingProxyType({"none": "no norm", **declared.NORM_NAMES})
"""The names of the norms that are compared, by their keys."""


class Found(NamedTuple):
    """The result so far, NaN where it is missing.

    Attributes:
        depths: (2,), the numbers of hidden layers.
        rates: (rates,), the learning rates.
        steps: (records,), the steps after which the loss was measured.
        losses: (depths, norms, rates, seeds, records), the training loss; infinite after a network diverged.
    """

    depths: NDArray[np.int64]
    rates: Floats
    steps: NDArray[np.int64]
    losses: Floats


class Norms(Study):
    """SGD trains a shallow and a deep network on handwritten digits, with each norm and at seven learning rates.

    All networks have ReLU, He's initialisation and hidden layers of the same width. For each seed, networks of the same
    depth see the same batches and have the same initial weights, with gain 1 and shift 0.
    """

    name = "Normalisation"
    group = "Generalisation"
    rows = ("N8",)
    about = (
        "A network counts as trained here if its median training loss is below 0.5 after 300 steps. Without a norm, "
        "ten hidden layers are trained at the learning rates 0.03 and 0.1, and diverge at 3 and 10. With batch norm, "
        "they are trained at 0.3 and 1 as well. Layer and group norm prevent divergence, but do not train them at "
        "these rates. Two hidden layers need no norm: at the best rate all losses are below 0.01."
    )
    source = "S. Ioffe & C. Szegedy (2015), Batch normalization; J. L. Ba et al. (2016), Layer normalization"

    seconds = 30.0

    shallow: int = declared.whole("d", 2, 1, 4, "Hidden layers of the shallow network.")
    deep: int = declared.whole("D", 10, 5, 20, "Hidden layers of the deep network.")
    width: int = declared.whole("n", 32, 8, 64, "Neurons in each hidden layer, in multiples of 4 for group norm.")
    steps: int = declared.steps(300, 1000)
    seeds: int = declared.seeds(5, high=10)

    def __post_init__(self) -> None:
        super().__post_init__()
        declared.check_groups(self.width)

    def run(self, seed: int = 0) -> Iterator[Progress]:
        data = Digits().make(seed).standardised()
        x, y = data.train.x[:SAMPLES], data.train.y[:SAMPLES]
        depths = np.array([self.shallow, self.deep])
        stride = -(-self.steps // RECORDS)
        steps = np.unique([*range(0, self.steps, stride), self.steps])
        losses = np.full((len(depths), len(KINDS), len(RATES), self.seeds, len(steps)), np.nan)
        seeds = seeds_of(self.seeds, seed)
        rules = [SGD(float(rate)) for rate in RATES for _ in seeds]
        cells = list(np.ndindex(losses.shape[:2]))
        for done, (row, column) in enumerate(cells):
            widths = (x.shape[1], *[self.width] * int(depths[row]), y.shape[1])
            model = MLP(widths, "relu", list(KINDS)[column], declared.NORM_GROUPS)
            network = Network(model, x, y)
            starts = np.tile(starts_of(model, seeds), (len(RATES), 1))
            options: dict[str, Any] = {"batch_size": BATCH, "seeds": seeds * len(RATES), "stride": stride}
            for k, bundle in enumerate(train_bundle(network, rules, starts, self.steps, **options)):
                found = np.asarray(_losses(network, bundle.weights), dtype=float)
                losses = losses.copy()
                losses[row, column, ..., k] = np.where(np.isfinite(found), found, np.inf).reshape(len(RATES), -1)
                share = (done + bundle.step / self.steps) / len(cells)
                yield Progress(share, Found(depths, RATES, steps, losses))

    def finding(self, found: Found) -> str:
        """The number of learning rates at which the deep network is trained, without a norm and with the best norm."""
        last = found.losses[-1, ..., -1]
        if np.isnan(last).any():
            return ""
        counts = (np.median(last, axis=2) < TRAINED).sum(axis=1)
        names, best = list(KINDS.values()), int(counts.argmax())
        words = (
            f"With {self.deep} hidden layers, the median training loss falls below {TRAINED:g} at {counts[0]} of "
            f"{len(RATES)} learning rates without a norm, and at "
        )
        if counts[best] == counts[0]:
            return words + "no more of them with any norm."
        return words + f"{counts[best]} of them with {names[best]}."

    def table(self, found: Found) -> Table:
        columns = ("hidden layers", "norm", "learning rate", "median training loss", "diverged", "seeds")
        rows = []
        for row, column, k in np.ndindex(found.losses.shape[:3]):
            last = found.losses[row, column, k, :, -1]
            if np.isnan(last).any():
                continue
            name = list(KINDS.values())[column]
            diverged = int(np.isinf(last).sum())
            rows.append(
                (int(found.depths[row]), name, float(found.rates[k]), float(np.median(last)), diverged, len(last))
            )
        return Table(columns, rows)


@compiled(network=True)
def _losses(network: Network, weights: Array) -> Array:
    return jax.lax.map(network, weights)
