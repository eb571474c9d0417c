"""Fair races that several tests use."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.common import racers
from app.race import changes
from app.race.settings import Settings

STEPS, BUDGET = 60, 16


def fair_race(*keys: str, fair: int = BUDGET, **options: Any) -> Settings:
    """The settings of a fair race of some rules on the ravine; `fair` of 0 is none."""
    settings = racers.set_steps(Settings(**options), STEPS)
    for key in keys:
        settings = changes.add_racer(settings, key)
    return changes.set_fair(settings, fair) if fair else settings


PAIR = fair_race("sgd", "momentum")
NOISY = dataclasses.replace(
    changes.choose_noise(fair_race("sgd", "sam"), "isotropic"), seed=3, axis="evaluations", start=(1.0, 0.5)
)
SCHEDULED = racers.set_schedule(racers.choose_schedule(PAIR, "step_decay"), "every", 20)
