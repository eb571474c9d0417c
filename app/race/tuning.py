"""The fair race: every visible racer is tuned with the same budget, and the racers are compared at their best.

`Settings.fair` is the budget. The racers of the settings keep their values; what is shown follows from them:
`Fair.shown` are settings in which the racers have their tuned values, with a second race at one common learning rate.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from app.common.names import titles
from app.common.phrases import counted
from app.common.racers import Choice, Racer, Value
from app.race import paired
from app.race.paired import RATES, Curve
from app.race.settings import PAIRS, Beside, Settings
from optimizers import RULES, Evaluation, Sweep, Tuned, Tuning, Verdict, plan_sweep, tune
from optimizers.summaries import levels_of
from surfaces.caching import Cache, cached
from surfaces.calculus import Floats

RANKED = (4, 16, 64, 256)
"""The budgets for which rankings are shown, and that the page offers."""
LEVEL = 0.05
"""The rate of false verdicts, over all pairs of racers."""
PARTS = 3
"""The parts of a racer's computation: tuning, comparison and learning-rate curve."""
CACHE: Cache[Any] = Cache(32 * 2**20)
"""The tunings of the last racers."""


@dataclasses.dataclass(frozen=True)
class Key:
    """What the tuning of a racer depends on: the race without racers, the racer without tuned values, the budget, and
    whether the horizon counts "steps" or "evaluations".
    """

    base: Settings
    racer: Racer
    budget: int
    clock: str


@dataclasses.dataclass(frozen=True, eq=False)
class Entrant:
    """A racer of a fair race: its tuning, its runs on fresh starts and seeds, and its learning-rate curve at its best.

    The tuning and the evaluation have this racer alone. `evaluation` is None if all trials diverged, so that there is
    no best one, and `curve` for a rule without a learning rate.
    """

    tuning: Tuning
    evaluation: Evaluation | None
    curve: Curve | None

    @property
    def tuned(self) -> Tuned:
        (only,) = self.tuning.tuned.values()
        return only

    @property
    def runs(self) -> Sweep | None:
        """The runs on fresh starts and seeds."""
        return next(iter(self.evaluation.sweeps.values())) if self.evaluation else None


@dataclasses.dataclass(frozen=True)
class Common:
    """The learning rate of the second race.

    Attributes:
        rate: the rate.
        place: the lowest place that any racer gives it, 1 for the best.
        among: the number of rates that were ranked.
    """

    rate: float
    place: int
    among: int


@dataclasses.dataclass(frozen=True, eq=False)
class Trials:
    """What the best of a smaller number of trials reaches, for a view.

    Attributes:
        budgets: (k,), numbers of trials of a rule with one gradient evaluation in a step.
        heights: (k,), the median of the best mean final loss, above the lowest minimum if it is known.
        most: the budget.
        words: the trials, in words.
    """

    budgets: Floats
    heights: Floats
    most: int
    words: str


def key(settings: Settings, racer: Racer) -> Key:
    """What the tuning of a racer in a race depends on."""
    names = paired.tuned_names(racer.rule)
    rest = tuple((name, value) for name, value in racer.rule.values if name not in names)
    alone = dataclasses.replace(racer.bare(), rule=Choice(racer.rule.key, rest))
    return Key(paired.base(settings), alone, settings.fair, settings.axis)


def entrant(key: Key) -> Iterator[Entrant | None]:
    """Compute a racer of a fair race part by part: yields None after each part, and at last the result."""
    found = Entrant(tuned(key), None, None)
    yield None
    has_best = not found.tuned.objection()
    evaluation = compared(key) if has_best else None
    yield None
    rule = with_best(key.racer.rule, found.tuned) if has_best else key.racer.rule
    curve = paired.curve(key.base, dataclasses.replace(key.racer, rule=rule))
    yield dataclasses.replace(found, evaluation=evaluation, curve=curve)


@cached(CACHE)
def tuned(key: Key) -> Tuning:
    """The tuning of a racer alone."""
    settings = key.base
    return tune(
        settings.built_surface(),
        {RULES[key.racer.rule.key].name: settings.rule(key.racer)},
        budget=key.budget,
        steps=settings.steps,
        clock="steps" if key.clock == "steps" else "evaluations",
        parameters=paired.tuned_names(key.racer.rule),
        starts=None if paired.is_quiet(settings) else [settings.built_start()],
        noise=settings.built_noise(),
        seed=paired.search_seed(settings),
        dtype="float64",
    )


@cached(CACHE)
def compared(key: Key) -> Evaluation:
    """The runs of a tuned racer on fresh starts and seeds."""
    return tuned(key).evaluate(PAIRS)


def with_best(rule: Choice, tuned: Tuned) -> Choice:
    """The rule of a racer at its best setting."""
    specs = RULES[rule.key].parameters()
    for name, value in tuned.best.items():
        exact: Value = int(value) if specs[name].integer else value
        rule = rule.having(name, exact)
    return rule


def taking_part(settings: Settings) -> tuple[Racer, ...]:
    """The racers that take part: those that are not hidden, and can afford a trial."""
    return tuple(racer for racer in settings.racers if not racer.hidden and not objection(settings, racer))


def objection(settings: Settings, racer: Racer) -> str:
    """The reason why a racer takes no part: a trial costs more than the budget. An empty string if it does."""
    cost = _cost(paired.base(settings), racer.bare())
    trials = settings.axis == "steps"
    if cost <= (settings.fair if trials else settings.steps):
        return ""
    limit = f"the budget of {counted(settings.fair, 'trial')}" if trials else f"the horizon of {settings.steps:,}"
    name = RULES[racer.rule.key].name
    return f"{name} takes no part, because one of its steps needs {cost:,} gradient evaluations, more than {limit}."


@cached(2**18)
def _cost(settings: Settings, racer: Racer) -> int:
    """The gradient evaluations of a step."""
    return plan_sweep(settings.built_surface(), settings.rule(racer), noise=settings.built_noise()).cost


def compute(settings: Settings) -> Fair:
    """The whole fair race."""
    found: dict[str, Entrant] = {}
    for racer in taking_part(settings):
        for part in entrant(key(settings, racer)):
            if part is not None:
                found[racer.id] = part
    return Fair(settings, found)


@dataclasses.dataclass(frozen=True, eq=False)
class Fair:
    """A fair race, with those racers that have been computed.

    Attributes:
        settings: the settings of the race, in which the racers have the values that they had before.
        entrants: the racers that have been computed, by their ids.
    """

    settings: Settings
    entrants: Mapping[str, Entrant]

    @property
    def is_complete(self) -> bool:
        """Whether all visible racers have been computed."""
        return all(racer.id in self.entrants for racer in taking_part(self.settings))

    @functools.cached_property
    def shown(self) -> Settings:
        """The settings that are shown: race A at the best values, and race B at the common learning rate."""
        racers = tuple(self._at_best(racer) for racer in self.settings.racers)
        shown = dataclasses.replace(self.settings, racers=racers, beside=None, source=self.settings)
        if self.common is None:
            return shown
        alike = tuple(_with_rate(racer, self.common.rate) if not racer.hidden else racer for racer in racers)
        beside = Beside(shown.surface, shown.rotation, shown.start, linked=False, racers=alike)
        return dataclasses.replace(shown, beside=beside)

    def _at_best(self, racer: Racer) -> Racer:
        known = self.entrants.get(racer.id)
        if racer.hidden or known is None or known.tuned.objection():
            return racer
        return dataclasses.replace(racer, rule=with_best(racer.rule, known.tuned))

    @functools.cached_property
    def common(self) -> Common | None:
        """The rate at which the racer that suits it least ranks highest; None before all racers are known, or if fewer
        than two have a learning rate.

        Each racer ranks the rates by its median final loss, and equal ones share the lower place.
        """
        curves = [one.curve for one in self.entrants.values() if one.evaluation and one.curve]
        if not self.is_complete or len(curves) < 2:
            return None
        rates = [rate for rate in RATES if all(rate in curve.rates for curve in curves)]
        medians = np.array([curve.medians[np.isin(curve.rates, rates)] for curve in curves])
        k, place = compromise(medians)
        return Common(float(rates[k]), place, len(rates))

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """The titles of the racers that have been computed, by their ids."""
        shown = zip(self.shown.racers, titles(self.shown), strict=True)
        return {racer.id: title for racer, title in shown if racer.id in self.entrants and not racer.hidden}

    @functools.cached_property
    def tuning(self) -> Tuning:
        """The trials of all racers that have been computed, as `tune` returns them."""
        first = next(iter(self.entrants.values())).tuning
        tuned = {title: dataclasses.replace(self.entrants[id].tuned, name=title) for id, title in self.names.items()}
        return dataclasses.replace(first, tuned=tuned)

    @property
    def compared(self) -> list[str]:
        """The titles of the racers that are compared: those with a best setting."""
        return [title for id, title in self.names.items() if self.entrants[id].evaluation]

    @functools.cached_property
    def evaluation(self) -> Evaluation:
        """The runs of all racers that have been computed, as `Tuning.evaluate` returns them."""
        first = next(one.evaluation for one in self.entrants.values() if one.evaluation)
        sweeps = {title: runs for id, title in self.names.items() if (runs := self.entrants[id].runs)}
        return Evaluation(self.tuning, first.starts, first.seeds, sweeps)

    @functools.cached_property
    def verdicts(self) -> list[Verdict]:
        """The verdicts on all pairs of the racers that are compared; empty for fewer than two."""
        return self.evaluation.verdicts(LEVEL) if len(self.compared) > 1 else []

    def trials(self, racer: Racer) -> Trials | None:
        """What a racer reaches with fewer trials; None if it has not been computed."""
        known = self.entrants.get(racer.id)
        if known is None:
            return None
        tuned, budget = known.tuned, self.settings.fair
        counts = np.unique(np.round(np.geomspace(1, tuned.trials, min(tuned.trials, 48))).astype(int))
        bottom, _, rounding = levels_of(known.tuning.surface)
        scores = np.array([tuned.best_of(int(count)) for count in counts])
        heights = scores if np.isnan(bottom) else np.maximum(scores - bottom, rounding)
        words = f"{budget} trials (seed {known.tuning.seed:,})"
        return Trials(counts * budget / max(tuned.trials, 1), heights, budget, words)


def compromise(medians: Floats) -> tuple[int, int]:
    """The column of (racers, rates) whose lowest place is best, and this place; of equal ones, the best mean place."""
    places = np.array([np.searchsorted(np.sort(row), row, side="right") for row in medians])
    k = min(range(places.shape[1]), key=lambda k: (places[:, k].max(), places[:, k].mean(), k))
    return k, int(places[:, k].max())


def _with_rate(racer: Racer, rate: float) -> Racer:
    """A racer with another learning rate, if it has one."""
    if "learning_rate" not in RULES[racer.rule.key].parameters():
        return racer
    return dataclasses.replace(racer, rule=racer.rule.having("learning_rate", rate))
