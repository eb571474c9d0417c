"""Learning rates that a surface suggests, and the word on those at which no minimum is stable."""

from __future__ import annotations

import dataclasses

import pytest

from app.common import racers
from app.common.racers import Choice, Racer
from app.race import changes, rates, runs
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS

RAVINE = Choice("quadratic_ravine", (("condition_number", 50.0),))


def word(surface: Choice, key: str, **values: float) -> str:
    return rates.caution(surface, OPTIMIZERS[key](**values))


# Where gradient steps stop to shrink, from the recursions on ½λx²: |1 − ηλ| < 1 for SGD, and for momentum and Nesterov
# the roots of z² − (1 + β − ηλ)z + β and of z² − (1 + β)(1 − ηλ)z + β(1 − ηλ) on the unit circle at z = −1.
LIMITS = [
    ("sgd", {}, 2.0, "2/λ = 0.04"),
    ("momentum", {"momentum": 0.5}, 3.0, "3/λ = 0.06"),
    ("nesterov", {"momentum": 0.5}, 1.5, "1.5/λ = 0.03"),
]


@pytest.mark.parametrize(("key", "values", "product", "words"), LIMITS, ids=[key for key, *_ in LIMITS])
def test_a_word_appears_at_the_rate_from_which_steps_grow(
    key: str, values: dict[str, float], product: float, words: str
) -> None:
    limit = product / 50
    assert word(RAVINE, key, learning_rate=limit * 0.999, **values) == ""
    assert word(RAVINE, key, learning_rate=limit * 1.001, **values) == f"η > {words}: no minimum is stable"
    for rate, gone in ((0.98 * limit, False), (1.02 * limit, True)):
        racer = Racer(Choice(key, (("learning_rate", rate), *values.items())), 0)
        settings = Settings(surface=RAVINE, steps=2000, racers=(racer,))
        assert (runs.runs(settings)[0].status.kind in ("growing", "diverged")) == gone


def test_a_minimum_that_is_flat_enough_is_stable() -> None:
    wells = Choice("sharp_and_flat", (("sharp_curvature", 80.0), ("flat_curvature", 4.0)))
    assert word(wells, "sgd", learning_rate=0.1) == ""  # above 2/80, where the sharp one is not
    assert word(wells, "sgd", learning_rate=0.51).startswith("η > 2/λ = 0.5")


@pytest.mark.parametrize(
    ("surface", "key", "rate"),
    [
        ("quadratic_ravine", "adam", 10.0),  # its limit is that of the preconditioned curvature
        ("quadratic_ravine", "newton", 10.0),  # none is known
        ("quadratic_ravine", "sgd", 0.0),
        ("plateau", "lion", 10.0),
    ],
)
def test_without_a_limit_there_is_no_word(surface: str, key: str, rate: float) -> None:
    assert word(Choice(surface), key, learning_rate=rate) == ""


def test_the_card_says_it_whatever_the_rotation_and_the_schedule() -> None:
    settings = racers.set_racer(changes.first(), "racer-0", "learning_rate", 0.07)  # κ = 30
    settings = changes.set_rotation(racers.choose_schedule(settings, "cosine"), 33)
    said = [card.caution for card in race.scene(Race(settings)).cards]
    assert said == ["η > 2/λ = 0.0667: no minimum is stable", "", ""]


def test_what_is_suggested_follows_the_surface_and_a_reset_takes_it_and_the_defaults() -> None:
    settings = racers.set_racer(changes.first(), "racer-1", "momentum", 0.5)
    settings = changes.slide(settings, "condition_number", 1000)
    assert settings.racers[1].rule.get("learning_rate", 0) == 0.017  # as it was at κ = 30
    (rate, beta) = race.scene(Race(settings)).cards[1].sliders
    assert (rate.value, rate.suggested, beta.suggested) == (0.017, 0.0005, None)  # 0.5/κ
    reset = changes.reset_racer(settings, "racer-1")
    assert dict(reset.racers[1].rule.values) == {"learning_rate": 0.0005}
    assert reset.racers[::2] == settings.racers[::2]
    hidden = racers.hide_racer(settings, "racer-1", True)
    assert changes.reset_racer(hidden, "racer-1").racers[1] == dataclasses.replace(reset.racers[1], hidden=True)
    newcomer = changes.add_racer(settings, "nesterov").racers[-1]
    assert newcomer.rule == reset.racers[1].rule
