"""Views whose horizontal axis is not the clock: final losses against the learning rate, and against the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.figures.marks import AnyMark, Axes, Axis, Band, Dots, Line, Note, Numbers, Panel, Rule
from app.figures.panels import Shown, finite, linear_axis, log_axis, message
from app.race.paired import Curve
from surfaces.calculus import Floats

ABOVE = 10.0
"""Learning-rate curves are cropped at this multiple of the median height at the start."""


def sensitivity(shown: Sequence[Shown], x: Axis, bundle: str) -> Panel:
    """The final loss against the learning rate: the median and the 10–90 % band of each racer."""
    drawn: list[tuple[Shown, Curve]] = [(racer, racer.curve) for racer in shown if racer.curve is not None]
    if not drawn:
        return message("None of these racers has a learning rate.")
    marks: list[AnyMark] = []
    for racer, curve in drawn:
        low, middle, high = map(finite, curve.quantiles)
        common: Any = {"racer": racer.id, "x": curve.rates, "color": racer.color}
        marks.append(Band(low=low, high=high, layer="under", **common))
        marks.append(_line(racer, curve.rates, middle, (("η", curve.rates), ("median final loss", middle))))
        marks.append(Rule(racer=racer.id, x=_rate(racer), dash="dot", color=racer.color, layer="ground"))
    top = ABOVE * max(curve.start for _, curve in drawn)
    values = [one[one <= top] for _, curve in drawn for one in curve.quantiles[:2]]
    known = np.concatenate(values) if values else np.ones(1)
    y = log_axis([known]) if (known > 0).all() else linear_axis([known])
    rates = np.concatenate([curve.rates for _, curve in drawn])
    across = Axis(scale="log", low=float(rates.min()), high=float(rates.max()), title="learning rate η")
    note = f"final loss: median and 10–90 % of {drawn[0][1].fresh}; dotted: current η"
    missing = [racer.title for racer in shown if racer.curve is None]
    note += f"; {', '.join(missing)}: no learning rate" if missing else ""
    return Panel(axes=(Axes(x=across, y=y),), marks=tuple(marks), note=(Note(text=note),))


def budgets(shown: Sequence[Shown], x: Axis, bundle: str) -> Panel:
    """The loss that the best of a smaller number of trials reaches: who wins depends on the budget."""
    drawn = [racer for racer in shown if racer.trials is not None]
    if not drawn:
        return message("Press Fair race: this view shows what each racer reaches with fewer trials.")
    marks: list[AnyMark] = []
    for racer in drawn:
        trials = racer.trials
        rows = (("trials", trials.budgets), ("median of the best", trials.heights))
        marks.append(_line(racer, trials.budgets, finite(trials.heights), rows))
    most = max(racer.trials.most for racer in drawn)
    heights = [racer.trials.heights for racer in drawn]
    known = np.concatenate([values[np.isfinite(values)] for values in heights])
    y = log_axis([known]) if (known > 0).all() else linear_axis([known])
    ticks = tuple(float(4**k) for k in range(8) if 4**k <= most)
    across = Axis(scale="log", low=0.9, high=1.1 * most, title="trials", ticks=ticks)
    note = f"loss of the best trial: median over subsets of {drawn[0].trials.words}"
    return Panel(axes=(Axes(x=across, y=y),), marks=tuple(marks), note=(Note(text=note),))


def _line(racer: Shown, x: Floats, y: Floats, rows: tuple[tuple[str, Numbers], ...]) -> Line | Dots:
    """A curve that stands still; one point makes no line."""
    common: Any = {"racer": racer.id, "x": x, "y": y, "color": racer.color, "name": racer.title, "hover": rows}
    if np.count_nonzero(np.isfinite(y)) < 2:
        return Dots(size="large", **common)
    return Line(dash=racer.dash, **common)


def _rate(racer: Shown) -> float:
    """The learning rate of a racer, without its schedule."""
    rule = racer.run.optimizer
    return float(getattr(rule, "inner", rule).learning_rate)
