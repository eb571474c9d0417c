"""Boosting: small networks, each of which is trained on the residuals of those before it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from optimizers.studies import curves, declared
from optimizers.studies.curves import Floats
from optimizers.studies.study import Progress, Study, Table
from surfaces.digits import short
from surfaces.network.mlp import MLP

STEEPNESS = 3.0
"""The initial slopes of a member's neurons are this many times those of He's initialisation."""


class Found(NamedTuple):
    """The result so far, NaN where it is missing.

    Attributes:
        x, y: (samples,), the training samples of the first data set.
        grid, truth: (points,), the places of the fits, and the curve without noise.
        sums: (members + 1, points), the sum of the first 0, 1, … members on the first data set.
        members: (members, points), each member times its factor c: its contribution without shrinkage.
        rests: (members + 1, samples), the residuals of the sum on the first data set.
        coefficients: (data sets, members), the factor c of each member before shrinkage.
        training_errors, test_errors: (data sets, members + 1), the mean squared error of the sum of the first 0, 1, …
            members.
    """

    x: Floats
    y: Floats
    grid: Floats
    truth: Floats
    sums: Floats
    members: Floats
    rests: Floats
    coefficients: Floats
    training_errors: Floats
    test_errors: Floats


class Boosting(Study):
    r"""A sum of small networks, each trained on the residuals of the sum before it (Friedman 2001).

    A member h is trained on the residuals r of the training samples. Its factor c minimises the squared error, and is
    shrunk by ν:

    $$ c = \frac{\langle r, h \rangle}{\langle h, h \rangle}, \qquad f \leftarrow f + \nu c\, h, $$
    $$ \lVert r \rVert^2 \leftarrow \lVert r \rVert^2
       - \nu (2 - \nu) \frac{\langle r, h \rangle^2}{\langle h, h \rangle} $$

    So for 0 < ν < 2 the training error falls with every member that is not orthogonal to the residuals, however badly
    it was trained. The test error can rise.

    The residuals of a good sum change sign within short distances. So that a member can follow them, its neurons are
    steep at the start, and have their zeros at random places between the ends of the inputs.
    """

    name = "Boosting"
    group = "Ensembles"
    rows = ("N14",)
    about = (
        "Each member has two neurons, too few to fit the curve. The sum of several members fits it, and its training "
        "error goes on falling. The test error is lowest with about 5 to 15 members, and 10 to 50 % higher with 40, "
        "because later members fit the noise in the training samples. Members that find nothing to fit stay flat."
    )
    source = "J. Friedman (2001), Greedy function approximation: a gradient boosting machine"
    seconds = 4.0

    members: int = declared.whole("M", 40, 2, 100, "Number of members.", log=True)
    width: int = declared.whole("n", 2, 1, 32, "Neurons in the hidden layer of a member.", log=True)
    shrinkage: float = declared.number(
        "ν", 0.5, 0.05, 1.0, "Factor by which each member is scaled, besides its best factor c."
    )
    samples: int = declared.samples(20, high=100)
    noise: float = declared.noise(0.4)
    steps: int = declared.steps(1000, high=2000)
    learning_rate: float = declared.learning_rate(3e-2)
    data_sets: int = declared.whole("R", 12, 1, 20, "Number of data sets.")

    @property
    def model(self) -> MLP:
        """The model of a member."""
        return curves.with_room(self.width)

    def _start(self, rng: np.random.Generator) -> Floats:
        """Initial weights (1, n) of a member: steep neurons whose zeros are spread over the inputs."""
        w = curves.starts_within(self.model, self.width, rng, 1)
        slopes, biases = (w[:, k * self.model.widths[1] :][:, : self.width] for k in (0, 1))
        slopes *= STEEPNESS
        biases[:] = -slopes * rng.uniform(curves.LOW, curves.HIGH, slopes.shape)
        return w

    def run(self, seed: int = 0) -> Iterator[Progress]:
        m, r, points = self.members, self.data_sets, len(curves.GRID)
        rngs = [np.random.default_rng([seed, k]) for k in range(r)]
        x, y = (np.stack(v) for v in zip(*(curves.draw(rng, self.samples, self.noise) for rng in rngs), strict=True))
        test = [curves.draw(rng, curves.TEST, self.noise) for rng in rngs]
        shapes = ((m + 1, points), (m, points), (m + 1, self.samples), (r, m), (r, m + 1), (r, m + 1))
        nothing = [np.full(shape, np.nan) for shape in shapes]
        found = Found(x[0], y[0], curves.GRID, curves.truth(curves.GRID), *nothing)
        sums = [np.zeros(self.samples + curves.TEST + points) for _ in range(r)]
        places = [np.concatenate([x[k], test[k][0], curves.GRID]) for k in range(r)]

        def enter(member: int) -> None:
            for k, total in enumerate(sums):
                fitted, tested, drawn = np.split(total, np.cumsum([self.samples, curves.TEST]))
                found.training_errors[k, member] = np.square(fitted - y[k]).mean()
                found.test_errors[k, member] = np.square(tested - test[k][1]).mean()
                if k == 0:
                    found.sums[member], found.rests[member] = drawn, y[k] - fitted

        enter(0)
        for member in range(m):
            rest = y - np.stack([total[: self.samples] for total in sums])
            starts = np.concatenate([self._start(rng) for rng in rngs])
            for part in curves.fits(self.model, x, rest, starts, self.steps, self.learning_rate):
                if part.step < self.steps:
                    yield Progress((member + part.step / self.steps) / m, found)
            found = Found(*map(np.copy, found))
            for k in range(r):
                values = curves.values_of(self.model, part.weights[k : k + 1], places[k])[0]
                h = values[: self.samples]
                found.coefficients[k, member] = factor(rest[k], h)
                scaled = found.coefficients[k, member] * values
                sums[k] = sums[k] + self.shrinkage * scaled
                if k == 0:
                    found.members[member] = scaled[-points:]
            enter(member + 1)
            yield Progress((member + 1) / m, found)

    def table(self, found: Found) -> Table:
        columns = ("members", "training error, median", "test error, median")
        known = np.isfinite(found.training_errors).all(axis=0)
        rows = [
            (k, float(np.median(found.training_errors[:, k])), float(np.median(found.test_errors[:, k])))
            for k in np.flatnonzero(known).tolist()
        ]
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """Where the test error is lowest, in a sentence."""
        training, test = (np.median(errors, axis=0) for errors in (found.training_errors, found.test_errors))
        best = int(np.argmin(test))
        words = (
            f"The training error falls to {short(training[-1], 3)} with {self.members} members (medians of "
            f"{self.data_sets} data set{'s' * (self.data_sets > 1)}). "
        )
        if best == self.members:
            return words + f"The test error is lowest with all of them: {short(test[-1], 3)}."
        lowest = f"{best} member{'s' if best != 1 else ''}: {short(test[best], 3)}"
        return words + f"The test error is lowest with {lowest}, against {short(test[-1], 3)} at the end."


def factor(rest: Floats, h: Floats) -> float:
    """The factor c that minimises ‖r − c h‖²; 0 for a member that is zero at all samples."""
    square = float(h @ h)
    return float(rest @ h) / square if square > 0 else 0.0
