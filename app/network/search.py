"""A search of two hyperparameters of a training, scored by cross-validation, with its projection on each axis.

The settings train in the trainer, one fold after the other, so that the panel fills while a user looks at it. A grid
and random search have the same number of trials, but not of values of each hyperparameter (Bergstra & Bengio 2012).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common.digits import percent, short
from app.common.racers import Choice, Racer
from app.figures.marks import AnyMark, Axes, Axis, Dots, Note, Option, Panel, Sign
from app.figures.panels import Shown, finite, linear_axis, log_axis, message
from app.network.job import Job
from app.network.run import Run
from app.network.settings import SECOND, Training
from optimizers import RULES
from optimizers.axes import on_scale
from optimizers.validation import Search, plan_search
from surfaces.parameter import Scale

SIDE, FOLDS = 6, 5
"""The values of each hyperparameter on a grid, and the folds."""
TRIALS = SIDE**2
RATES = (1e-4, 10.0)
"""The range of the learning rate, within that of the rule."""
L2 = "surface.decay"
"""The axis of the L2 penalty in `plan_search`."""
PENALTIES = (1e-5, 0.1)
"""The range of the L2 penalty λ, on a log scale."""
MOST_SECONDS = 60.0
STEP = 2e-6
"""Seconds that a step of a small network takes at least."""
SEARCHES: Mapping[str, str] = MappingProxyType(
    {
        "random": "at random: η and the rule's second parameter",
        "grid": "on a grid: η and the rule's second parameter",
        "random_l2": "at random: η and the L2 penalty",
        "grid_l2": "on a grid: η and the L2 penalty",
    }
)
"""What is searched, and how."""
PALETTE = ("#00204d", "#31446b", "#666970", "#958f78", "#cbba69", "#ffea46")
"""Colours from the lowest loss to the highest: six of cividis (Nuñez, Anderton & Renslow 2018)."""
MAIN, TOP, RIGHT = (0.0, 0.0, 0.74, 0.58), (0.0, 0.7, 0.74, 1.0), (0.8, 0.0, 1.0, 0.58)
"""The places of the settings, and of the losses against each hyperparameter."""


@dataclasses.dataclass(frozen=True)
class Values:
    """One hyperparameter of a search: its axis in `plan_search`, its symbol, its range and scale."""

    axis: str
    symbol: str
    low: float
    high: float
    scale: Scale

    def spread(self, shares: Any) -> NDArray[Any]:
        """The values at shares of the way from low to high."""
        return on_scale(shares, self.low, self.high, self.scale)

    @property
    def title(self) -> str:
        """What the axis of the picture shows: 1 − value where the values lie close to 1."""
        return f"1 − {self.symbol}" if self.scale == "one_minus_log" else self.symbol

    def drawn(self, values: NDArray[Any]) -> NDArray[Any]:
        """The places of values on that axis."""
        return 1 - values if self.scale == "one_minus_log" else values


@dataclasses.dataclass(frozen=True)
class Trials:
    """What the trainer needs to train the settings of a search in the place of a racer's.

    Attributes:
        x, y: the two hyperparameters.
        random: whether the settings are drawn at random, or lie on a grid.
        steps, seed, standardised, initialization, sigma: those of the training.
    """

    x: Values
    y: Values
    random: bool
    steps: int
    seed: int
    standardised: bool
    initialization: str
    sigma: float

    @property
    def settings(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The values of both hyperparameters in every trial, (trials,) each."""
        if self.random:
            shares = np.random.default_rng(self.seed).random((2, TRIALS))
        else:
            side = np.linspace(0, 1, SIDE)
            shares = np.stack([np.tile(side, SIDE), np.repeat(side, SIDE)])
        return self.x.spread(shares[0]), self.y.spread(shares[1])

    def search(self, run: Run) -> Search:
        """The search before its first fold, for the network, the data and the rule of a run."""
        return plan_search(
            run.network,
            run.data,
            run.rule,
            over={(self.x.axis, self.y.axis): self.settings},
            count=FOLDS,
            steps=self.steps,
            batch_size=run.batch_size,
            seed=self.seed,
            initialization=self.initialization,
            sigma=self.sigma,
            standardised=self.standardised,
        )


@dataclasses.dataclass(frozen=True)
class Outcome:
    """The scores of a search on the folds so far, (folds, trials), and the index of the racer that is searched."""

    racer: int
    trials: Trials
    losses: NDArray[Any]
    accuracies: NDArray[Any]

    @property
    def scores(self) -> NDArray[Any]:
        return np.asarray(self.losses.mean(axis=0))

    @property
    def best(self) -> int | None:
        """The index of the trial with the lowest mean loss, if all folds are there and a trial has one."""
        scores = self.scores
        return int(np.argmin(scores)) if len(self.losses) == FOLDS and np.isfinite(scores).any() else None


def fold(runs: Sequence[Run], trials: Trials, k: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The losses and accuracies of all trials on a fold; called in the trainer."""
    return trials.search(runs[0]).fold(k)


def tested(runs: Sequence[Run], outcome: Outcome) -> tuple[float, float]:
    """The loss and the accuracy of the best setting on the test samples; called in the trainer."""
    search = outcome.trials.search(runs[0])
    return search.with_scores([*outcome.losses], [*outcome.accuracies]).test()


def trials_of(training: Training, racer: Racer) -> Trials:
    """What is searched for a racer.

    Raises:
        ValueError: if its rule has no learning rate, or no second parameter where that is searched.
    """
    specs = {n: p for n, p in RULES[racer.rule.key].parameters().items() if not p.static}
    name = RULES[racer.rule.key].name
    if (rate := specs.pop("learning_rate", None)) is None:
        raise ValueError(f"{name} has no learning rate to search.")
    x = Values("optimizer.learning_rate", "η", max(rate.low, RATES[0]), min(rate.high, RATES[1]), "log")
    if training.search.endswith("l2"):
        y = Values(L2, "λ", *PENALTIES, "log")
    else:
        second = next((spec for spec in specs.values() if spec.tuned), None)
        if second is None:
            raise ValueError(f"{name} has no second parameter. Search η and the L2 penalty.")
        y = Values(f"optimizer.{second.name}", second.symbol, second.low, second.high, second.scale)
    return Trials(
        x,
        y,
        training.search.startswith("random"),
        training.steps,
        training.seed,
        training.standardised,
        training.of(racer, "initialization"),
        float(training.of(racer, "sigma")),
    )


def seconds(training: Training, run: Run) -> float:
    """About how long a search takes."""
    size = run.network.model.size
    step = max(6 * size * (run.batch_size or len(run.data.train)) / SECOND, STEP)
    return TRIALS * FOLDS * training.steps * step


def searched(training: Training) -> tuple[int, Trials]:
    """The index of the racer that is searched, the first that is shown and has the parameters, and its trials.

    Raises:
        ValueError: if there is none.
    """
    problems = []
    for k, racer in enumerate(training.racers):
        try:
            if not racer.hidden:
                return k, trials_of(training, racer)
        except ValueError as error:
            problems.append(str(error))
    raise ValueError(problems[0] if problems else "No optimizers to show: add one, or show one that is hidden.")


def outcome(training: Training, job: Job) -> Outcome | str:
    """The scores of a search so far, or a sentence on why there are none.

    A fold is requested when the one before it has arrived, so that a search that nobody looks at any more ends.
    """
    try:
        k, trials = searched(training)
    except ValueError as error:
        return str(error)
    if (estimate := seconds(training, job.runs[k])) > MOST_SECONDS:
        return (
            f"This search trains {TRIALS} settings on {FOLDS} folds, which would take {estimate / MOST_SECONDS:.1f} "
            "times as long as the limit allows. Reduce the steps, the batch size or the network."
        )
    parts = []
    for number in range(FOLDS):
        part = job.ask(_key(job.runs[k], trials, number), fold, [k], trials, number, lasting=True)
        if isinstance(part, Exception):
            return str(part)
        if part is None:
            break
        parts.append(part)
    if not parts:
        return f"Training {TRIALS} settings on the first of {FOLDS} folds …"
    losses, accuracies = zip(*parts, strict=True)
    return Outcome(k, trials, np.stack(losses), np.stack(accuracies))


def test(training: Training, job: Job) -> tuple[float, float]:
    """The loss and the accuracy of the best setting on the test samples, after training on all others.

    Raises:
        ValueError: if the search is not complete, or if every setting diverged.
    """
    found = _complete(training, job)
    loss, accuracy = job.answer("search-test", tested, [found.racer], found)
    return loss, accuracy


def best(training: Training, job: Job) -> tuple[str, dict[str, float]]:
    """The id of the racer that was searched, and the values of its best setting, rounded to three digits.

    Raises:
        ValueError: if the search is not complete, or if every setting diverged.
    """
    found = _complete(training, job)
    values = {}
    for axis, column in zip((found.trials.x, found.trials.y), found.trials.settings, strict=True):
        name = "l2" if axis.axis == L2 else axis.axis.removeprefix("optimizer.")
        values[name] = float(f"{column[found.best]:.3g}")
    return training.racers[found.racer].id, values


def _complete(training: Training, job: Job) -> Outcome:
    found = outcome(training, job)
    if isinstance(found, str):
        raise ValueError(found)
    if found.best is None:
        raise ValueError("The search has no best setting yet.")
    return found


def _key(run: Run, trials: Trials, number: int) -> str:
    """The name of a fold: all that its scores depend on, which are not the values that are searched."""
    shared, racer, token = run.key
    names = [axis.axis.removeprefix("optimizer.") for axis in (trials.x, trials.y)]
    rule = Choice(racer.rule.key, tuple((n, v) for n, v in racer.rule.values if n not in names))
    rest = tuple((n, v) for n, v in racer.own if n != "l2" or L2 not in names)
    return repr((shared, dataclasses.replace(racer, rule=rule, own=rest), token, trials, number))


def panel(job: Job, shown: Sequence[Shown], training: Training) -> Panel:
    """The settings of a search in the colour of their held-out loss, and that loss against each hyperparameter."""
    option = Option(name="search", value=training.search, choices=tuple(SEARCHES.items()))
    found = outcome(training, job)
    if isinstance(found, str):
        return dataclasses.replace(message(found), option=option)
    racer = next(one for one in shown if one.id == training.racers[found.racer].id)
    return dataclasses.replace(_panel(found, racer, job.data.task == "classes"), option=option)


def _panel(found: Outcome, racer: Shown, classes: bool) -> Panel:
    values = found.trials.settings
    x, y = found.trials.x.drawn(values[0]), found.trials.y.drawn(values[1])
    scores = found.scores
    known = np.isfinite(scores)
    if not known.any():
        return message("Every setting diverged. Choose a lower learning rate, and search around it.")
    losses = log_axis([scores[known]]) if (scores[known] > 0).all() else linear_axis([scores[known]])
    losses = dataclasses.replace(_roomy(losses), title="held-out loss")
    across, upward = _axis(found.trials.x), _axis(found.trials.y)
    axes = (
        Axes(x=across, y=upward, place=MAIN, title=racer.title, color=racer.color),
        Axes(x=dataclasses.replace(across, title="", numbers=False), y=losses, place=TOP),
        Axes(x=losses, y=dataclasses.replace(upward, title="", numbers=False), place=RIGHT),
    )
    rows = [(found.trials.x.symbol, values[0]), (found.trials.y.symbol, values[1]), ("held-out loss", finite(scores))]
    if classes:
        rows.append(("held-out accuracy", finite(found.accuracies.mean(axis=0))))
    order = np.argsort(np.argsort(scores[known]))
    common: Any = {
        "colors": (order * len(PALETTE) // len(order)).astype(np.uint8),
        "palette": PALETTE,
        "edge": "muted",
        "name": racer.title,
        "hover": tuple((word, values[known]) for word, values in rows),
    }
    marks: list[AnyMark] = [
        Dots(x=x[known], y=y[known], size="large", **common),
        Dots(axes=1, x=x[known], y=scores[known], **common),
        Dots(axes=2, x=scores[known], y=y[known], **common),
    ]
    if not known.all():
        marks.append(Sign(x=x[~known], y=y[~known], symbol="cross", name="diverged"))
    if (best := found.best) is not None:
        marks.append(Sign(x=x[[best]], y=y[[best]], symbol="circle-open", name="best"))
    return Panel(axes=axes, marks=tuple(marks), note=(Note(text=_note(found, classes)),))


def _axis(values: Values) -> Axis:
    low, high = sorted(values.drawn(np.array([values.low, values.high])))
    return _roomy(Axis(scale="linear" if values.scale == "linear" else "log", low=low, high=high, title=values.title))


def _roomy(axis: Axis) -> Axis:
    """An axis with room for the dots at its ends."""
    if axis.scale == "log":
        factor = (axis.high / axis.low) ** 0.05
        return dataclasses.replace(axis, low=axis.low / factor, high=axis.high * factor)
    room = 0.05 * (axis.high - axis.low)
    return dataclasses.replace(axis, low=axis.low - room, high=axis.high + room)


def _note(found: Outcome, classes: bool) -> str:
    done = len(found.losses)
    x, y = found.trials.settings
    different = len(np.unique(x))
    how = f"{TRIALS} settings with {different} values of {found.trials.x.symbol}, {FOLDS}-fold cross-validation"
    if done < FOLDS:
        return f"{how}: {done} of {FOLDS} folds so far"
    if (best := found.best) is None:
        return f"{how}: every setting diverged on some fold"
    words = f"loss {short(float(found.scores[best]), 3)}"
    share = float(found.accuracies[:, best].mean())
    if classes and not math.isnan(share):
        words += f", accuracy {percent(share, 3)}"
    at = f"{found.trials.x.symbol} = {short(float(x[best]), 2)}, {found.trials.y.symbol} = {short(float(y[best]), 2)}"
    return f"{how}; dark: low held-out loss; best: {at} ({words})"
