"""The runs of a race, which are cached, and their costs."""

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
from app.race import tuning
from app.race.settings import Settings, seeds_computed
from app.race.tuning import Fair
from optimizers import Optimizer, Trace, trace
from optimizers.cost import Cost, estimate
from optimizers.engine import RECORDS
from optimizers.sensitivity import nudged, sensitive
from surfaces import Rotated
from surfaces.caching import Cache, cached
from surfaces.parameter import map_parameters, runs_of

PATHS = ("positions", "losses")
"""The records of a run that is only drawn. Its states and steps are recorded only if a view needs them."""
RUNS: Cache[Any] = Cache(budget.MOST_KEPT * 5 // 4)
"""The runs of the last races. The runs of one race always fit, even with the overhead of small arrays."""


@cached(RUNS)
def run(settings: Settings, racer: Racer) -> Trace:
    """The run of one racer. `settings` have no racers, so that a moved slider recomputes only its own racer."""
    return traced(settings, settings.rule(racer), record=PATHS)


@cached(64 * 2**20)
def whole(settings: Settings, racer: Racer) -> Trace:
    """The run of one racer with its states and steps. `settings` have no racers."""
    return traced(settings, settings.rule(racer))


@cached(RUNS)
def seeded(settings: Settings, racer: Racer, count: int) -> tuple[Trace, ...]:
    """The runs of one racer under `count` seeds, from the seed of the settings on. `settings` have no racers."""
    # programs are compiled for few numbers of seeds only, so there may be more runs than needed
    seeds = settings.seed + np.arange(seeds_computed(count))
    computed = itertools.chain.from_iterable(map(members, blocks(settings, settings.rule(racer), seeds)))
    return tuple(itertools.islice(computed, count))


@cached(2**18)
def is_sensitive(settings: Settings, racer: Racer) -> bool:
    """Whether rounding decides where the run of a racer goes. `settings` have no racers."""
    return bool(sensitive(run(settings, racer), shadow(settings, settings.rule(racer))))


def shadow(settings: Settings, rule: Optimizer) -> Trace:
    """The shadow of the run of a rule in a race: it differs from that run by rounding only."""
    surface, changed, start = nudged(settings.built_surface(), rule, settings.built_start())
    return traced(settings, changed, surface=surface, start=start, record=PATHS)


def traced(settings: Settings, rule: Optimizer, **options: Any) -> Trace:
    """Compute the run of a rule in a race, by default with all records, from the race's start and with its seed.

    Args:
        options: arguments of `trace`, or a surface, that replace these defaults.

    Raises:
        NoRoom: if there is too little memory at the moment.
    """
    noise = settings.built_noise()
    surface = options.pop("surface", None) or settings.built_surface()
    options = {"start": settings.built_start(), "seed": settings.seed, **options}
    runs = len(options["seed"]) if np.ndim(options["seed"]) else runs_of(rule)
    record = options.setdefault("record", RECORDS)
    cost = estimate(surface, _member(rule, 0), settings.steps, noise=noise, runs=runs, record=record)
    with budget.room(cost.peak):
        try:
            return trace(surface, rule, steps=settings.steps, noise=noise, **options)
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise budget.NoRoom(budget.SHORT) from None
            raise


def cost(settings: Settings, rule: Optimizer, runs: int | None = None, record: tuple[str, ...] = PATHS) -> Cost:
    """Estimate the cost of runs of a rule in a race."""
    surface, noise = settings.built_surface(), settings.built_noise()
    return estimate(surface, rule, settings.steps, noise=noise, runs=runs, record=record)


def blocks(settings: Settings, rule: Optimizer, seeds: Any = None, **options: Any) -> Iterator[Trace]:
    """Yield the runs of a batch of parameters or of seeds.

    All runs are one batch if they fit into a block, else single runs. A caller that keeps only a part of each run then
    never holds all of them in memory.

    Args:
        options: a surface or a start that replaces that of the race, as for `traced`.
    """
    options["record"] = PATHS
    count = (len(seeds) if seeds is not None else runs_of(rule)) or 0
    if cost(settings, _member(rule, 0), count).peak <= budget.BLOCK:
        yield traced(settings, rule, seed=settings.seed if seeds is None else seeds, **options)
        return
    for k in range(count):
        seed = settings.seed if seeds is None else int(seeds[k])
        yield traced(settings, _member(rule, k), seed=seed, **options)


def members(block: Trace) -> list[Trace]:
    """The runs of a batch, or the single run."""
    return [block[k] for k in range(len(block))] if block.diverged.ndim else [block]


def _member(rule: Optimizer, k: int) -> Optimizer:
    """Rule k of a batch of rules; a single rule is returned unchanged."""
    return map_parameters(lambda value: float(np.ravel(value)[k]) if np.ndim(value) else value, rule)


@dataclasses.dataclass(frozen=True, eq=False)
class Race:
    """A race with everything that follows from its settings.

    Each part is computed once, when it is first needed. Lists are in the order of the racers. A fair race has the
    settings that are shown, with `fair`, from which they follow.
    """

    settings: Settings
    fair: Fair | None = None

    @functools.cached_property
    def surface(self) -> Rotated:
        """The surface under its rotation."""
        return self.settings.built_surface()

    @functools.cached_property
    def start(self) -> tuple[float, ...]:
        """The start with all its coordinates."""
        return self.settings.built_start()

    @functools.cached_property
    def titles(self) -> list[str]:
        """The title of every racer."""
        return titles(self.settings)

    @functools.cached_property
    def runs(self) -> list[Trace]:
        """The run of every racer with its points and losses."""
        return runs(self.settings)

    @functools.cached_property
    def whole_runs(self) -> list[Trace]:
        """The run of every racer with its states and steps."""
        return runs(self.settings, whole)

    @functools.cached_property
    def sensitive(self) -> list[bool]:
        """Whether rounding decides where the run of each racer goes."""
        bare = self.settings.bare()
        return [is_sensitive(bare, racer.bare()) for racer in self.settings.racers]

    @functools.cached_property
    def seeds(self) -> list[tuple[Trace, ...]]:
        """The runs of every racer under the seeds of the bundle; empty if only one seed is shown."""
        if not self.settings.bundled:
            return [()] * len(self.settings.racers)
        return [bundle(self.settings, racer) for racer in self.settings.racers]

    @functools.cached_property
    def paces(self) -> list[int]:
        """The number by which the clock advances in a step of each racer."""
        return [pace(self.settings, run) for run in self.runs]

    @functools.cached_property
    def duration(self) -> int:
        """The end of the clock: the last step of the racer with the most expensive steps."""
        return self.settings.steps * max(self.paces, default=1)

    @functools.cached_property
    def second(self) -> Race | None:
        """The second race, if there is one."""
        settings = self.settings.second()
        return None if settings is None else Race(settings)

    @property
    def shown(self) -> list[int]:
        """The indices of the racers that are not hidden."""
        return [k for k, racer in enumerate(self.settings.racers) if not racer.hidden]


def race_of(settings: Settings) -> Race:
    """The race that settings describe. The racers of a fair race are tuned first, which may take seconds."""
    if not settings.fair or settings.source is not None or not tuning.taking_part(settings):
        return Race(settings)
    fair = tuning.compute(settings)
    return Race(fair.shown, fair)


def runs(settings: Settings, compute: Callable[[Settings, Racer], Trace] = run) -> list[Trace]:
    """The runs of all racers, in order."""
    bare = settings.bare()
    return [compute(bare, racer.bare()) for racer in settings.racers]


def pace(settings: Settings, run: Trace) -> int:
    """The number by which the clock advances in a step of a run: one, or the number of its gradient evaluations."""
    return 1 if settings.axis == "steps" else run.cost


def bundle(settings: Settings, racer: Racer) -> tuple[Trace, ...]:
    """The runs of one racer under all seeds of the bundle."""
    return seeded(settings.bare(), racer.bare(), settings.seeds)
