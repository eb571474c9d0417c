"""The page that says where the app shows each statement of the lecture notes: `docs/lectures.md`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from app.maps.presets import PRESETS as MAPS
from app.matrix.presets import PRESETS as MATRIX
from app.network.presets import PRESETS as NETWORK
from app.race.presets import PRESETS as RACE
from app.studies.presets import PRESETS as STUDIES
from app.views.pages import PAGES
from optimizers import OPTIMIZERS

ADDRESS = "http://localhost:8501/"
"""The address of the app on the reader's machine, where `make run` serves it."""
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {"race": RACE, "maps": MAPS, "network": NETWORK, "studies": STUDIES, "matrix": MATRIX}
)
"""The presets of each page."""

RULES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "U1": ("Gradient descent: a step against the gradient, w ← w − η g.", ("sgd",)),
        "U2": ("Momentum: a ← β a + g, w ← w − η a.", ("momentum",)),
        "U3": ("Nesterov: momentum whose gradient is taken at the look-ahead point w − η β a.", ("nesterov",)),
        "U3b": (
            "Nesterov in the variable of the look-ahead point: the same method with another variable.",
            ("nesterov", "nesterov_velocity"),
        ),
        "U4": ("Adagrad: divide by the root of the sum of all squared gradients.", ("adagrad",)),
        "U5": ("Adadelta: divide by the RMS of recent gradients, multiply by the RMS of recent steps.", ("adadelta",)),
        "U6": ("RMSprop: Adagrad with a moving average in place of the sum.", ("rmsprop",)),
        "U7": ("Adam: momentum divided as in RMSprop, with bias correction.", ("adam",)),
        "U8": ("RAdam: Adam with rectified steps while the variance of its rate is large.", ("radam", "adam")),
    }
)
"""The update rules, each with the optimizers of its race."""
STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "P1": "SGD zigzags across an ill-conditioned ravine and crawls along it, more so for larger κ.",
        "P2": "SGD stops in a local minimum.",
        "P3": "SGD stalls near saddles, which are the more common problem in high dimension.",
        "P4": "Gradients of mini-batches are noisy, and paths wander.",
        "P5": "Momentum overshoots and turns back; Nesterov overshoots less.",
        "P6": "Momentum can fly over a narrow, deep minimum.",
        "P7": "Adagrad's steps shrink to a standstill; RMSprop and Adadelta keep moving.",
        "P8": "Adam works almost anywhere at its defaults.",
        "P9": "RAdam is less sensitive to the learning rate than Adam.",
        "P10": "Where training has levelled off, a drop of the learning rate gives a drop of the loss.",
        "P11": "The learning rate matters most; search it on a grid or at random.",
        "P12": "Large batches end in sharp minima, small ones in flat minima, which generalise better.",
        "N1": "Linear regression is already a loss surface of two parameters.",
        "N2": "Without a non-linearity a stack of layers is one linear map.",
        "N3": "Exercise: a network 784-256-10 is trained on MNIST for ten epochs.",
        "N4": "The derivative of the sigmoid is at most 1/4, so gradients vanish with depth.",
        "N5": "Zero weights never break the symmetry; with the wrong scale of weights, signals vanish or explode.",
        "N6": "One outlier wrecks the mean squared error.",
        "N7": "A step of SGD uses one sample, a mini-batch, or all samples.",
        "N8": "Regularisation: early stopping, penalties on weights, augmentation, noise, dropout, and more.",
        "N9": "Past a certain point, the training error keeps falling while the test error rises.",
        "N10": "Average the predictions of several networks or of snapshots, or average the weights.",
        "N11": "An autoencoder's target is its input; it can be stacked layer by layer, and can remove noise.",
        "N12": "Cross-validation chooses hyperparameters; the test set never does.",
        "N13": "Features of zero mean and unit variance make training easier.",
        "N14": "Bagging averages networks on resampled data; boosting adds small networks trained on the residuals.",
        "N15": "The expected error is the sum of squared bias, variance and noise.",
        "N16": "Some network with one hidden layer fits any continuous function; the theorem does not cover training.",
        "N17": "Minimising the cross-entropy is minimising the Kullback–Leibler divergence.",
    }
)
"""The statements on what optimizers meet, and on networks."""


class Place(NamedTuple):
    """Where a statement can be seen: the page's title, the preset's name, and its address after that of the app."""

    page: str
    name: str
    address: str


def places(row: str) -> Iterator[Place]:
    """The presets that show a statement, page by page."""
    for page, presets in PRESETS.items():
        for key, preset in presets.items():
            if row in preset.rows:
                name = "" if page == "race" else page
                yield Place(PAGES[page], preset.name, f"{name}?preset={key}")


def page() -> str:
    """The text of the page."""
    lines = [
        "# The lectures in the app",
        "",
        "Optiscope grew out of lecture notes on the optimization of neural networks. This page lists their statements, "
        f"and where to see each. The links open the app on your machine, at {ADDRESS}; `make docs` generates the page "
        "from the presets.",
        "",
        "## Update rules",
        "",
        "| | rule | documentation | race |",
        "| --- | --- | --- | --- |",
    ]
    for row, (words, keys) in RULES.items():
        beside = keys if len(keys) > 1 else dict.fromkeys([*keys, "sgd", "momentum"][:3])
        racing = "&".join(f"racer={key}" for key in beside)
        pages = ", ".join(f"[{OPTIMIZERS[key].name}](rules/{key}.md)" for key in keys)
        race = f"[{' and '.join(OPTIMIZERS[key].name for key in keys)}]({ADDRESS}?{racing})"
        lines.append(f"| {row} | {words} | {pages} | {', '.join([race, *_links(row)])} |")
    for heading, first in (("What optimizers meet", "P"), ("Networks", "N")):
        lines += ["", f"## {heading}", "", "| | statement | where |", "| --- | --- | --- |"]
        for row, words in STATEMENTS.items():
            if row.startswith(first):
                lines.append(f"| {row} | {words} | {', '.join(_links(row))} |")
    return "\n".join([*lines, ""])


def _links(row: str) -> list[str]:
    return [f"[{place.page}: {place.name}]({ADDRESS}{place.address})" for place in places(row)]
