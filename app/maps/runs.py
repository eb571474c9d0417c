"""The runs that are played beside a map: those of the chosen cell, one for each racer."""

from __future__ import annotations

from app.common import budget
from app.common.racers import Racer
from app.maps.settings import Settings
from optimizers import Trace, trace
from optimizers.cost import estimate
from optimizers.sensitivity import nudged, sensitive
from surfaces.caching import Cache, cached

PATHS = ("positions", "losses")
RUNS: Cache[Trace] = Cache(64 * 2**20)
"""The last runs that were played."""


@cached(RUNS)
def run(settings: Settings, racer: Racer) -> Trace:
    """The run of one racer. `settings` have no racers.

    Raises:
        NoRoom: if there is too little memory at the moment.
    """
    return _traced(settings, settings.built_surface(), settings.rule(racer), settings.built_start())


@cached(2**18)
def is_sensitive(settings: Settings, racer: Racer) -> bool:
    """Whether rounding decides where the run of a racer goes."""
    surface, rule, start = nudged(settings.built_surface(), settings.rule(racer), settings.built_start())
    return bool(sensitive(run(settings, racer), _traced(settings, surface, rule, tuple(start))))


def _traced(settings: Settings, surface, rule, start) -> Trace:  # type: ignore[no-untyped-def]
    noise = settings.built_noise()
    cost = estimate(surface, rule, settings.steps, noise=noise, record=PATHS)
    with budget.room(cost.peak):
        return trace(surface, rule, start, settings.steps, noise=noise, seed=settings.seed, record=PATHS)


def runs(settings: Settings) -> list[Trace]:
    """The runs of all racers at their own values, in order."""
    bare = settings.bare()
    return [run(bare, racer.bare()) for racer in settings.racers]
