"""Bias, variance and noise of fits, from narrow to wide networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

import numpy as np

from optimizers.studies import curves, declared
from optimizers.studies.curves import Floats
from optimizers.studies.study import Preset, Progress, Study, Table
from surfaces.digits import short
from surfaces.parameter import parameter

TRAINED = (1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128)
"""The widths of trained networks."""
FEATURES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128, 256, 512, 1024)
"""The numbers of random features, besides the number of samples."""
PEAK = 1.25
"""An error that is higher than one before it and one after it by this factor is a peak."""


class Found(NamedTuple):
    """The result so far, NaN where it is missing.

    Attributes:
        widths: (k,), the numbers of hidden neurons.
        error: (k,), the mean squared error over all fits and all test samples.
        errors: (k, data sets), that of each fit.
        bias: (k,), the mean over the test places of the squared difference between mean fit and curve.
        variance: (k,), the mean squared difference between a fit and the mean fit.
        noise: (), the mean square of the noise of the test samples.
        training: (k,), the mean squared error on the training samples.
        grid, truth: (points,), the places of the fits, and the curve without noise.
        fits: (k, data sets, points).
        x, y: (samples,), the training samples of the first data set.
    """

    widths: np.ndarray
    error: Floats
    errors: Floats
    bias: Floats
    variance: Floats
    noise: Floats
    training: Floats
    grid: Floats
    truth: Floats
    fits: Floats
    x: Floats
    y: Floats


class BiasVariance(Study):
    r"""Fits to many data sets, and the parts of their error (Geman, Bienenstock & Doursat 1992).

    With the mean $\bar f$ of the fits $f_r$ to R data sets, the true curve f and targets $y = f + \varepsilon$,

    $$ \mathbb E (y - f_r)^2 = \underbrace{(\bar f - f)^2}_{\text{bias}^2}
       + \underbrace{\tfrac1R \textstyle\sum_r (f_r - \bar f)^2}_{\text{variance}}
       + \underbrace{\sigma^2}_{\text{noise}}. $$

    The data sets have the same evenly spaced inputs and different noise. At each test place there are two targets,
    $f + \varepsilon$ and $f - \varepsilon$, so that the three parts add up exactly in the sample, too.

    The fits are trained networks with one hidden layer, or random features: the hidden neurons keep their random
    weights, and the output weights are the least-squares solution of least norm, to which gradient descent from zero
    converges.
    """

    name = "Bias and variance"
    group = "Generalisation"
    rows = ("N15", "N9")
    about = (
        "Narrow networks have a large bias, and all their fits are alike; wide ones have a large variance. The error "
        "is lowest between them, at 3 to 8 neurons depending on the seed, and 5 to 20 % higher at 32 neurons or more, "
        "where it levels off without a second descent. All widths are trained for the same number of steps, too few "
        "for the training error of the widest to fall further."
    )
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType(
        {
            "double_descent": Preset(
                "Double descent",
                "Double descent",
                "Hidden neurons stay random, and the output weights are solved for. With about as many neurons as "
                "samples, where fits begin to pass through their samples, the error peaks; with more neurons it falls "
                "again, below the error of narrow networks.",
                {"fit": "features"},
            )
        }
    )
    source = (
        "S. Geman, E. Bienenstock & R. Doursat (1992), Neural networks and the bias/variance dilemma; "
        "M. Belkin et al. (2019), Reconciling modern machine-learning practice and the bias-variance trade-off"
    )
    seconds = 6.0

    fit: str = parameter(
        "fit",
        default="trained",
        choices={"trained": "trained networks", "features": "random features"},
        tuned=False,
        doc="Whether all weights are trained, or only the output weights are solved for.",
    )
    samples: int = declared.samples(20, high=100)
    noise: float = declared.noise(0.4)
    data_sets: int = declared.whole("R", 30, 2, 60, "Number of data sets, each with one fit for each width.")
    steps: int = declared.steps(2000)
    learning_rate: float = declared.learning_rate()

    @property
    def widths(self) -> tuple[int, ...]:
        """The numbers of hidden neurons; of random features, the number of samples is among them."""
        return tuple(sorted({*FEATURES, self.samples})) if self.fit == "features" else TRAINED

    def run(self, seed: int = 0) -> Iterator[Progress]:
        r, points, widths = self.data_sets, len(curves.GRID), self.widths
        rng = np.random.default_rng([seed, 0])
        x = np.tile(np.linspace(curves.LOW, curves.HIGH, self.samples), (r, 1))
        y = curves.truth(x) + self.noise * rng.standard_normal(x.shape)
        test_x, test_y = curves.draw(rng, curves.TEST, self.noise)
        truth = curves.truth(test_x)
        places = np.concatenate([test_x, curves.GRID])
        missing = np.full(len(widths), np.nan)
        found = Found(
            widths=np.array(widths),
            error=missing,
            errors=np.full((len(widths), r), np.nan),
            bias=missing,
            variance=missing,
            noise=np.square(test_y - truth).mean(),
            training=missing,
            grid=curves.GRID,
            truth=curves.truth(curves.GRID),
            fits=np.full((len(widths), r, points), np.nan),
            x=x[0],
            y=y[0],
        )
        for k, width in enumerate(widths):
            rng = np.random.default_rng([seed, 1, width])
            if self.fit == "features":
                values, trained = random_features(width, x, y, places, rng)
            else:
                model = curves.with_room(width)
                starts = curves.starts_within(model, width, rng, r)
                for part in curves.fits(model, x, y, starts, self.steps, self.learning_rate):
                    if part.step < self.steps:
                        yield Progress((k + part.step / self.steps) / len(widths), found)
                everywhere = np.concatenate([np.tile(places, (r, 1)), x], axis=1)
                values, trained = np.split(curves.values_of(model, part.weights, everywhere), [len(places)], axis=1)
            fits = values[:, : curves.TEST]
            found = Found(*map(np.copy, found))
            found.fits[k] = values[:, curves.TEST :]
            found.training[k] = np.square(trained - y).mean()
            found.bias[k], found.variance[k] = parts(fits, truth)
            mirrored = 2 * truth - test_y
            found.errors[k] = 0.5 * (np.square(fits - test_y) + np.square(fits - mirrored)).mean(axis=1)
            found.error[k] = found.errors[k].mean()
            yield Progress((k + 1) / len(widths), found)

    def table(self, found: Found) -> Table:
        columns = ("width", "error", "bias²", "variance", "noise", "training error")
        noise = np.full(len(found.widths), found.noise)
        values = np.stack([found.error, found.bias, found.variance, noise, found.training], axis=1)
        known = np.isfinite(values).all(axis=1)
        rows = [(int(width), *map(float, row)) for width, row in zip(found.widths[known], values[known], strict=True)]
        return Table(columns, rows)

    def finding(self, found: Found) -> str:
        """Where the error is lowest, and whether it falls a second time after a peak."""
        best = int(np.argmin(found.error))
        words = (
            f"From width {found.widths[0]} to {found.widths[-1]}, bias² goes from {short(found.bias[0], 3)} to "
            f"{short(found.bias[-1], 3)}, and the variance from {short(found.variance[0], 3)} to "
            f"{short(found.variance[-1], 3)}. The lowest error, {short(found.error[best], 3)}, is at width "
            f"{found.widths[best]}. "
        )
        if (top := peak(found.error)) is None:
            return words + "The error has no second descent."
        high = f"{short(found.error[top], 3)} at width {found.widths[top]}"
        return words + f"The error falls a second time after a peak of {high}."


def peak(errors: Floats) -> int | None:
    """The place of the highest error between two that are lower by the factor `PEAK`; None if there is none."""
    before, after = np.minimum.accumulate(errors), np.minimum.accumulate(errors[::-1])[::-1]
    inside = errors > PEAK * np.maximum(before, after)
    return int(np.argmax(np.where(inside, errors, -np.inf))) if inside.any() else None


def parts(fits: Floats, truth: Floats) -> tuple[float, float]:
    """Bias² and variance of fits (fits, places) to a curve (places,)."""
    mean = fits.mean(axis=0)
    return float(np.square(mean - truth).mean()), float(np.square(fits - mean).mean())


def random_features(
    width: int, x: Floats, y: Floats, places: Floats, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """The fits of least norm by ReLU neurons with slopes ±1 and random kinks, for each data set.

    Args:
        width: the number of neurons.
        x, y: (data sets, samples).
        places: (points,).

    Returns:
        The values of the fits at the places, (data sets, points), and at their training samples.
    """
    values, trained = np.empty((len(x), len(places))), np.empty(x.shape)
    for k, (inputs, targets) in enumerate(zip(x, y, strict=True)):
        slopes, kinks = rng.choice([-1.0, 1.0], width), rng.uniform(curves.LOW, curves.HIGH, width)
        features, elsewhere = (np.maximum(slopes * (v[:, None] - kinks), 0) for v in (inputs, places))
        weights = np.linalg.lstsq(features, targets, rcond=None)[0]
        values[k], trained[k] = elsewhere @ weights, features @ weights
    return values, trained
