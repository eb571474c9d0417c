"""The runs of a race, cached, and what they cost."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from app.common import budget
from app.common.names import titles
from app.common.racers import Racer
from app.race.settings import Settings, seeds_computed
from optimizers import Optimizer, Trace, trace
from optimizers.cost import Cost, estimate
from optimizers.engine import RECORDS
from optimizers.sensitivity import nudged, sensitive
from surfaces import Rotated
from surfaces.caching import Cache, cached
from surfaces.parameter import map_parameters, runs_of

PATHS = ("positions", "losses")
"""What is recorded of a run to draw it; its states and steps only where a view asks for them."""
RUNS: Cache[Any] = Cache(budget.MOST_KEPT * 5 // 4)
"""The runs of the races looked at last; those of one race always fit, with what its small arrays share."""


@cached(RUNS)
def run(settings: Settings, racer: Racer) -> Trace:
    """One racer's run; `settings` without racers, so that moving one slider reruns one racer."""
    return traced(settings, settings.rule(racer), record=PATHS)


@cached(64 * 2**20)
def whole(settings: Settings, racer: Racer) -> Trace:
    """One racer's run with its states and steps; `settings` without racers."""
    return traced(settings, settings.rule(racer))


@cached(RUNS)
def seeded(settings: Settings, racer: Racer, count: int) -> tuple[Trace, ...]:
    """One racer's runs under `count` seeds, the settings' own first; `settings` bare of racers."""
    # few numbers of seeds are compiled for, and what is more than asked for is left aside
    seeds = settings.seed + np.arange(seeds_computed(count))
    each = itertools.chain.from_iterable(blocks(settings, settings.rule(racer), seeds))
    return tuple(itertools.islice(each, count))


@cached(2**18)
def rounded(settings: Settings, racer: Racer) -> bool:
    """Whether rounding decides where a racer's run goes; `settings` bare of racers."""
    return bool(sensitive(run(settings, racer), shadow(settings, settings.rule(racer))))


def shadow(settings: Settings, rule: Optimizer) -> Trace:
    """The run that begins within rounding of a rule's run in a race."""
    surface, changed, start = nudged(settings.built_surface(), rule, settings.built_start())
    return traced(settings, changed, surface=surface, start=start, record=PATHS)


def traced(settings: Settings, rule: Optimizer, **options: Any) -> Trace:
    """A rule's run in a race; all that `trace` records, from the race's start and under its seed, unless the options
    say otherwise.

    Raises:
        NoRoom: if there is too little memory for it now.
    """
    noise = settings.built_noise()
    surface = options.pop("surface", None) or settings.built_surface()
    options = {"start": settings.built_start(), "seed": settings.seed, **options}
    runs = len(options["seed"]) if np.ndim(options["seed"]) else runs_of(rule)
    record = options.setdefault("record", RECORDS)
    with budget.room(estimate(surface, _one_of(rule, 0), settings.steps, noise=noise, runs=runs, record=record).peak):
        try:
            return trace(surface, rule, steps=settings.steps, noise=noise, **options)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise budget.NoRoom(budget.SHORT) from None
            raise


def cost(settings: Settings, rule: Optimizer, runs: int | None = None, record: tuple[str, ...] = PATHS) -> Cost:
    """The cost of runs of one rule in a race."""
    surface, noise = settings.built_surface(), settings.built_noise()
    return estimate(surface, rule, settings.steps, noise=noise, runs=runs, record=record)


def blocks(settings: Settings, rule: Optimizer, seeds: Any = None, **options: Any) -> Iterator[list[Trace]]:
    """The runs of a batch, of the rule's parameters or of seeds: all in one call where they fit into a block, else one
    after the other, so that a caller that keeps less of each run than it holds never holds them all.

    Args:
        options: another surface or another start than those of the race, as for `traced`.
    """
    options["record"] = PATHS
    count = (len(seeds) if seeds is not None else runs_of(rule)) or 0
    if cost(settings, _one_of(rule, 0), count).peak <= budget.BLOCK:
        batch = traced(settings, rule, seed=settings.seed if seeds is None else seeds, **options)
        yield [batch[k] for k in range(count)]
        return
    for k in range(count):
        seed = settings.seed if seeds is None else int(seeds[k])
        yield [traced(settings, _one_of(rule, k), seed=seed, **options)]


def _one_of(rule: Optimizer, k: int) -> Optimizer:
    """Rule k of a batch of its parameters, which a single rule is by itself."""
    return map_parameters(lambda value: float(np.ravel(value)[k]) if np.ndim(value) else value, rule)


@dataclasses.dataclass(frozen=True, eq=False)
class Race:
    """A race with all that follows from its settings. Each part is computed once, when it is first needed; those that
    belong to racers stand in their order.
    """

    settings: Settings

    @functools.cached_property
    def surface(self) -> Rotated:
        return self.settings.built_surface()

    @functools.cached_property
    def start(self) -> tuple[float, ...]:
        """The start in all coordinates."""
        return self.settings.built_start()

    @functools.cached_property
    def titles(self) -> list[str]:
        return titles(self.settings)

    @functools.cached_property
    def runs(self) -> list[Trace]:
        """Points and losses of every racer."""
        return runs(self.settings)

    @functools.cached_property
    def whole_runs(self) -> list[Trace]:
        """Every racer's run with its states and steps."""
        return runs(self.settings, whole)

    @functools.cached_property
    def sensitive(self) -> list[bool]:
        """Whether rounding decides where a racer's run goes."""
        bare = self.settings.bare()
        return [rounded(bare, racer.bare()) for racer in self.settings.racers]

    @functools.cached_property
    def seeds(self) -> list[tuple[Trace, ...]]:
        """Every racer's runs under the seeds of the bundle; none where one seed is shown."""
        if not self.settings.bundled:
            return [()] * len(self.settings.racers)
        return [strands(self.settings, racer) for racer in self.settings.racers]

    @functools.cached_property
    def paces(self) -> list[int]:
        """What the clock counts for one step of a racer."""
        return [pace(self.settings, one) for one in self.runs]

    @functools.cached_property
    def duration(self) -> int:
        """Where the clock ends: with the last step of the racer whose steps cost most."""
        return self.settings.steps * max(self.paces, default=1)

    @functools.cached_property
    def second(self) -> Race | None:
        """The race beside this one, if there is one."""
        settings = self.settings.second()
        return None if settings is None else Race(settings)

    @property
    def shown(self) -> list[int]:
        """The places of the racers that are not hidden."""
        return [k for k, racer in enumerate(self.settings.racers) if not racer.hidden]


def runs(settings: Settings, compute: Callable[[Settings, Racer], Trace] = run) -> list[Trace]:
    """Every racer's run, in order."""
    bare = settings.bare()
    return [compute(bare, racer.bare()) for racer in settings.racers]


def pace(settings: Settings, run: Trace) -> int:
    """What the clock counts for one step of a run: one, or the gradient evaluations that it costs."""
    return 1 if settings.axis == "steps" else run.cost


def strands(settings: Settings, racer: Racer) -> tuple[Trace, ...]:
    """One racer's runs under every seed of the bundle."""
    return seeded(settings.bare(), racer.bare(), settings.seeds)
