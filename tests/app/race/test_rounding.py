"""Runs that differ between page, slider and file because of rounding are flagged everywhere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import numpy as np
import pytest

from app.common import racers
from app.figures import trails
from app.race import changes, data, live, results, script
from app.race import runs as race_runs
from app.race import scene as race
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS
from optimizers.sensitivity import SENTENCE, sensitive
from tests.app.drawn import positions

SWEPT = [key for key, rule in OPTIMIZERS.items() if "learning_rate" in rule.parameters()]
ROUGH = ("rastrigin", "beale", "himmelblau", "styblinski_tang", "griewank", "six_hump_camel", "levy", "ackley")


def _race(surface: str, key: str, steps: int = 300, **values: float) -> Settings:
    settings = changes.add_racer(racers.set_steps(changes.choose_surface(Settings(), surface), steps), key)
    for name, value in values.items():
        settings = racers.set_racer(settings, "racer-0", name, value)
    return settings


def _positions(surface: str, key: str, every: int) -> Iterator[tuple[bool, bool, bool]]:
    """At some positions of the slider of the learning rate: whether the picture, the slider's run and the file's differ
    visibly, and whether the card and the slider say that rounding decides.
    """
    settings = _race(surface, key)
    box = settings.built_surface().domain
    diagonal = float(np.hypot(*(high - low for low, high in box)))
    extent = race.background_of(settings).extent
    runs = live._runs(settings, "sweep", {"racer": "racer-0", "name": "learning_rate"})
    for k in range(0, len(runs.values), every):
        there = racers.set_racer(settings, "racer-0", "learning_rate", float(runs.values[k]))
        scene = race.scene(Race(there))
        ((_, whole),) = data.runs(Race(there))
        paths = [positions(scene)[0], runs.positions[k], trails.drawn([whole], 300, extent)[0][0]]
        # a difference is visible only if one of the runs is on the map
        low, high = np.array(box).T
        seen = np.any([((path >= low) & (path <= high)).all(axis=1) for path in paths], axis=0)
        gap = max(float(np.linalg.norm(paths[0] - other, axis=1)[seen].max()) for other in paths[1:])
        kinds = {scene.cards[0].status.split(" ")[0], runs.statuses[k]["status"].split(" ")[0], whole.status.kind}
        differs = gap > 1e-3 * diagonal or len(kinds) > 1
        yield differs, SENTENCE in scene.cards[0].why, SENTENCE in runs.statuses[k]["why"]


def test_each_run_along_a_slider_is_judged_by_itself() -> None:
    settings = _race("rastrigin", "adam")
    swept = live._runs(settings, "sweep", {"racer": "racer-0", "name": "learning_rate"})
    rule = settings.rule(settings.racers[0]).replace(learning_rate=np.asarray(swept.values))
    ((batch, shadows),) = live._with_shadows(settings, rule)
    alone = [bool(sensitive(batch[k], shadows[k])) for k in range(len(batch))]
    assert [SENTENCE in status["why"] for status in swept.statuses] == alone
    assert 0 < sum(alone) < len(alone) and alone != alone[::-1]


@pytest.mark.parametrize(
    ("surface", "key", "every"), [("rastrigin", "adam", 12), ("beale", "newton", 5), ("rastrigin", "nadam", 12)]
)
def test_runs_that_differ_between_programs_are_flagged(surface: str, key: str, every: int) -> None:
    found = np.array(list(_positions(surface, key, every)))
    differs, card, slider = found.T
    assert not (differs & ~card).any() and not (differs & ~slider).any()
    assert card.any() and not card.all()


@pytest.mark.long
@pytest.mark.parametrize("key", SWEPT)
@pytest.mark.parametrize("surface", ROUGH)
def test_runs_that_differ_between_programs_are_flagged_on_all_surfaces(surface: str, key: str) -> None:
    differs, card, slider = np.array(list(_positions(surface, key, 4))).T
    assert not (differs & ~card).any() and not (differs & ~slider).any()


@pytest.mark.parametrize(
    ("surface", "key"),
    [("quadratic_ravine", "sgd"), ("quadratic_ravine", "adam"), ("booth", "nesterov"), ("saddle", "momentum")],
)
def test_a_regular_run_is_not_flagged_as_sensitive(surface: str, key: str) -> None:
    """On a quadratic, a difference grows no faster than the run, whether it converges, oscillates or diverges."""
    for rate in (1e-4, 1e-3, 0.01, 0.05):
        settings = _race(surface, key, learning_rate=rate)
        assert not race_runs.is_sensitive(settings.bare(), settings.racers[0].bare())
    runs = live._runs(_race(surface, key), "sweep", {"racer": "racer-0", "name": "learning_rate"})
    flagged = [SENTENCE in said["why"] for said in runs.statuses]
    if surface != "saddle" and key != "adam":
        assert not any(flagged)


def test_card_caption_and_table_flag_a_sensitive_run() -> None:
    """Adam with η = 10 jumps between the minima of Rastrigin; with 0.01 it descends into one."""
    for rate, says in ((10.0, True), (0.01, False)):
        settings = _race("rastrigin", "adam", learning_rate=rate)
        assert race_runs.is_sensitive(settings.bare(), settings.racers[0].bare()) is says
        scene = race.scene(Race(settings))
        assert (SENTENCE in scene.cards[0].why) is says
        assert ("sensitive to rounding: Adam" in scene.caption) is says
        assert ("sensitive to rounding" in results.cells(Race(settings))[0][1]) is says
        assert ("sensitive to rounding: Adam" in " ".join(script.script(Race(settings)).split())) is says
        rows = list(csv.DictReader(io.StringIO(data.csv(Race(settings)).decode())))
        assert {row["sensitive"] for row in rows} == {str(says).lower()}
        with np.load(io.BytesIO(data.npz(Race(settings)))) as arrays:
            assert bool(arrays["racer-0/sensitive"]) is says
