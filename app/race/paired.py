"""The starts and seeds on which the racers of a race are tuned and compared, and their learning-rate curves.

Tuning has even seeds, and whatever compares racers has odd ones. The race that is drawn has neither: it has the start
and the seed of its settings.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.common import budget
from app.common.racers import Choice, Racer
from app.race.bundles import quantiles
from app.race.settings import PAIRS, RATES_EACH, Settings
from optimizers import RULES, sweep
from optimizers.search import draw_seeds, draw_starts
from optimizers.summaries import levels_of
from surfaces.caching import Cache, cached
from surfaces.calculus import Floats
from surfaces.calculus import values as values_of

RATES = np.array([float(f"{rate:.3g}") for rate in np.geomspace(1e-6, 10.0, RATES_EACH)])
"""The learning rates of curves, rounded to three digits."""


CURVES: Cache[Curve] = Cache(16 * 2**20)
"""The learning-rate curves of the last racers."""


@dataclasses.dataclass(frozen=True, eq=False)
class Curve:
    """What becomes of a racer at each learning rate, on the starts and seeds of the comparison.

    Attributes:
        rates: (k,), ascending.
        heights: (k, pairs), the final losses above the lowest minimum, at least the rounding of losses, or plain if no
            minimum is known; infinite for a run that diverged.
        start: the median height at the start.
        fresh: the starts or seeds, in words.
    """

    rates: Floats
    heights: Floats
    start: float
    fresh: str

    @functools.cached_property
    def quantiles(self) -> Floats:
        """The 10 % quantile, the median and the 90 % quantile of each rate, (3, k); NaN where it is infinite."""
        return quantiles(self.heights.T)

    @property
    def medians(self) -> Floats:
        """The median height of each rate, (k,); infinite where most runs diverged."""
        return np.where(np.isnan(self.quantiles[1]), np.inf, self.quantiles[1])


def base(settings: Settings) -> Settings:
    """The settings on which tuning and comparison depend: without racers, and without a start that they do not use."""
    bare = settings.bare()
    return dataclasses.replace(bare, start=None) if is_quiet(settings) else bare


def is_quiet(settings: Settings) -> bool:
    """Whether all seeds give the same run, so that runs differ by their starts."""
    return settings.built_noise().ignores_seed(settings.built_surface())


def search_seed(settings: Settings) -> int:
    """The seed of the search. The seeds that follow from it are far from the seeds of the noise that are drawn."""
    return settings.seed + 1


def fresh(settings: Settings) -> tuple[Floats, NDArray[Any]]:
    """The starts (pairs, n) and the seeds (pairs,) of the comparison, which are those of `Tuning.evaluate`."""
    surface, seed = settings.built_surface(), search_seed(settings)
    seeds = draw_seeds(PAIRS, seed, tuning=False)
    if is_quiet(settings):
        return draw_starts(surface, PAIRS, seed, tuning=False), seeds
    return np.broadcast_to(np.asarray(settings.built_start()), (PAIRS, len(surface.start))), seeds


def fresh_words(settings: Settings) -> str:
    """The starts or seeds of the comparison, in words."""
    seed = search_seed(settings)
    if is_quiet(settings):
        return f"{PAIRS} random starts (seed {seed:,})"
    first, *_, last = draw_seeds(PAIRS, seed, tuning=False)
    return f"{PAIRS} seeds (the odd ones from {first:,} to {last:,})"


def tuned_names(rule: Choice) -> tuple[str, ...]:
    """The parameters of a rule that are tuned."""
    return tuple(name for name, spec in RULES[rule.key].parameters().items() if spec.tuned and not spec.static)


def curve_objection(settings: Settings, racers: Sequence[Racer]) -> str:
    """The reason why learning-rate curves are not computed, or an empty string."""
    if settings.work_of(racers) * RATES_EACH * PAIRS > budget.MOST_WORK / 2:
        return "Learning-rate curves are not available for so many steps and coordinates. Choose fewer."
    return ""


def curve(settings: Settings, racer: Racer) -> Curve | None:
    """The learning-rate curve of a racer in a race; None for a rule without a learning rate."""
    spec = RULES[racer.rule.key].parameters().get("learning_rate")
    if spec is None:
        return None
    rest = tuple((name, value) for name, value in racer.rule.values if name != "learning_rate")
    return _curve(base(settings), dataclasses.replace(racer.bare(), rule=Choice(racer.rule.key, rest)))


@cached(CURVES)
def _curve(settings: Settings, racer: Racer) -> Curve:
    specs = RULES[racer.rule.key].parameters()
    low, high = specs["learning_rate"].low, specs["learning_rate"].high
    rates = RATES[(low <= RATES) & (high >= RATES)]
    starts, seeds = fresh(settings)
    # every tuned parameter is an axis, as in `tune`, so that both have the same compiled program
    values = {name: [float(racer.rule.get(name, specs[name].default))] for name in tuned_names(racer.rule)}
    over: dict[Any, Any] = {f"optimizer.{name}": one for name, one in values.items()}
    over |= {"optimizer.learning_rate": rates, ("start", "seed"): (starts, seeds)}
    surface = settings.built_surface()
    result = sweep(
        surface,
        settings.rule(racer),
        over=over,
        steps=settings.steps,
        noise=settings.built_noise(),
        record=("final",),
        dtype="float64",
    )
    final = np.asarray(result.final, dtype=float).reshape(len(rates), PAIRS)
    begin = float(np.median(values_of(surface, starts.T)))
    bottom, _, rounding = levels_of(surface)
    if math.isnan(bottom):
        return Curve(rates, final, begin, fresh_words(settings))
    return Curve(rates, np.maximum(final - bottom, rounding), begin - bottom, fresh_words(settings))
