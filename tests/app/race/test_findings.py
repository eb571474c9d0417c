"""Findings: every number and every word of a title is true for the very race that it is the title of."""

from __future__ import annotations

import dataclasses
import re
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest

from app.common import racers
from app.common.digits import parsed
from app.race import changes, findings, link, presets
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import Trace
from surfaces import SURFACES
from surfaces.calculus import expand


def race_of(spelled: str) -> Race:
    settings, notices = link.parse(parse_qs(spelled))
    assert not notices
    return Race(settings)


def named(race: Race) -> dict[str, Trace]:
    """The runs by their titles in small letters."""
    return {title.lower(): run for title, run in zip(race.titles, race.runs, strict=True)}


def first_below(run: Trace, share: float) -> int:
    """The first step at which the loss above the lowest minimum is at most a share of the initial one."""
    losses = run.losses - (run.surface.lowest() or 0.0)
    return int(np.flatnonzero(losses <= share * losses[0])[0])


def beyond(run: Trace, minimum: Any) -> float:
    """How far a run goes past a minimum, as a share of the way from the start to it."""
    way = np.asarray(minimum) - run.positions[0]
    return float((((run.positions - minimum) @ way) / (way @ way)).max())


def holds(race: Race, sentence: str) -> None:
    """Check a sentence against the runs, clause by clause."""
    runs = named(race)
    text = sentence.lower()
    reaching = "reaches 1 % of the initial loss|gets 99 % of the way down"
    if found := re.fullmatch(rf"(.+) (?:{reaching}) in (\d+) steps(.*)", text):
        first, least, rest = found.groups()
        assert (
            first_below(runs[first], 0.01)
            == int(least)
            == min(first_below(run, 0.01) for run in runs.values() if (_height(run) <= 0.01).any())
        )
        if other := re.fullmatch(r", (.+) in (\d+)", rest):
            assert first_below(runs[other[1]], 0.01) == int(other[2])
        elif other := re.fullmatch(r"; (.+) (?:does|do) not in (\d+)", rest):
            assert int(other[2]) == race.settings.steps
            assert all((_height(runs[name]) > 0.01).all() for name in _names(other[1]))
        else:
            raise AssertionError(rest)
    elif found := re.fullmatch(r"(.+?) overshoots?((?:, .+ (?:less|not at all))*)", text):
        (minimum,) = race.surface.minima()
        shares = {name: beyond(run, minimum) for name, run in runs.items()}
        most = max(shares.values())
        assert all(shares[name] > 0.8 * most >= 0.016 for name in _names(found[1]))
        for names, word in re.findall(r", (.+?) (less|not at all)", found[2]):
            for name in _names(names):
                assert shares[name] <= 5e-4 if word == "not at all" else 5e-4 < shares[name] <= 0.8 * most
    elif found := re.fullmatch(
        r"after (\d+) steps, (.+) has the lowest loss(?: above the minimum)?, (\S+); (.+) has (\S+)", text
    ):
        steps, best, low, worst, high = found.groups()
        ends = {name: float(run.losses[-1]) - (run.surface.lowest() or 0.0) for name, run in runs.items()}
        assert int(steps) == race.settings.steps
        assert ends[best] == min(ends.values()) == pytest.approx(parsed(low), rel=0.05)
        assert ends[worst] == max(ends.values()) == pytest.approx(parsed(high), rel=0.05)
    else:
        for clause in text.split("; "):
            place = re.fullmatch(r"(.+?) (stops?|reach(?:es)?|escapes?)(?: (?:at )?(.+))?", clause)
            assert place, f"nothing checks the clause {clause!r}"
            for name in _names(place[1]):
                _ends(runs[name], place[2], place[3] or "")


def _height(run: Trace) -> np.ndarray:
    losses = run.losses - (run.surface.lowest() or 0.0)
    return np.asarray(losses / losses[0])


def _names(listed: str) -> list[str]:
    return re.split(r", | and ", listed)


def _ends(run: Trace, verb: str, place: str) -> None:
    """Check from gradient, Hessian and loss that a run ends at such a place."""
    loss, gradient, hessian = expand(run.surface, run.positions[-1])
    eigenvalues = np.linalg.eigvalsh(hessian)
    lowest = run.surface.lowest()
    assert lowest is not None
    height = (loss - lowest) / (run.losses[0] - lowest)
    if verb.startswith("stop"):
        assert np.linalg.norm(gradient) < 0.05 * np.abs(eigenvalues).max()
        assert (eigenvalues[0] < 0) == ("saddle" in place) and height > 1e-4
    elif verb.startswith("reach"):
        assert "minimum" in place and height <= 1e-4
    else:
        assert eigenvalues[0] > 0 or height < 0.5


EXPECTED = {
    "zigzag": "Momentum reaches 1 % of the initial loss in 17 steps, SGD in 80",
    "local": "SGD stops at a local minimum; momentum reaches the global minimum",
    "saddle": "SGD stops at a saddle; momentum and Adam escape",
    "noise": "",
    "overshoot": "Momentum overshoots, Nesterov less, SGD not at all",
    "trap": "Momentum stops at a local minimum; SGD reaches the global minimum",
    "freezing": "",
    "drop": "SGD reaches 1 % of the initial loss in 10 steps, Adam in 37",
    "regression": "Momentum gets 99 % of the way down in 14 steps, SGD in 21",
    "standardising": "",
}


@pytest.mark.parametrize("key", presets.PRESETS)
def test_a_preset_s_finding_is_what_a_lecturer_would_write_and_true(key: str) -> None:
    race = Race(presets.preset(key))
    found = findings.finding(race)
    assert found == EXPECTED[key]
    if found:
        holds(race, found)


@pytest.mark.parametrize("key", SURFACES)
@pytest.mark.thinned(4)
def test_the_findings_of_a_surface_s_first_race_are_true(key: str) -> None:
    race = Race(changes.choose_surface(changes.first(), key))
    for found in {findings.finding(race), findings.of_panel(race, "loss")} - {""}:
        holds(race, found)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.8, 0.95])
def test_a_finding_follows_the_values_of_the_race(momentum: float) -> None:
    settings = presets.preset("zigzag")
    race = Race(racers.set_racer(settings, settings.racers[1].id, "momentum", momentum))
    for found in {findings.finding(race), findings.of_panel(race, "map")} - {""}:
        if "crosses" not in found:
            holds(race, found)


def test_crossings_are_changes_of_the_side_of_the_valley() -> None:
    race = Race(presets.preset("zigzag"))
    said = "SGD crosses the valley 80 times until 1 % of the initial loss, momentum 8 times"
    assert findings.of_panel(race, "map") == said
    angle = np.radians(18.0)
    for name, count in (("sgd", 80), ("momentum", 8)):
        run = named(race)[name]
        across = run.positions @ [-np.sin(angle), np.cos(angle)]  # the steep direction of the turned ravine
        sides = np.sign(across[: first_below(run, 0.01) + 1])
        assert int((sides[1:] != sides[:-1]).sum()) == count


def test_a_loss_that_a_run_only_touches_is_not_reached() -> None:
    """Momentum with β = 0.99 passes 1 % of the initial loss at step 45, and ends at a tenth of it."""
    settings, _ = link.parse(
        {
            "surface": ["quadratic_ravine"],
            "surface.condition_number": ["1000"],
            "start": ["-3.13,-0.39"],
            "steps": ["150"],
            "racer": [
                "sgd:learning_rate=0.0005",
                "momentum:learning_rate=0.0005,momentum=0.99",
                "adam:learning_rate=0.068",
            ],
        }
    )
    race = Race(settings)
    touching = named(race)["momentum"]
    assert first_below(touching, 0.01) < 50 and _height(touching)[-1] > 0.05
    assert "reaches" not in findings.finding(race) and "reaches" not in findings.of_panel(race, "loss")
    holds(race, findings.finding(race))


def test_divergence_comes_first() -> None:
    race = race_of("surface=quadratic_ravine&racer=sgd:learning_rate=1&racer=adam:learning_rate=0.1&steps=1500")
    assert findings.finding(race) == findings.of_panel(race, "loss") == "SGD diverges; Adam converges"
    both = race_of("surface=quadratic_ravine&racer=sgd:learning_rate=1&racer=momentum:learning_rate=1&steps=1500")
    assert findings.finding(both) == "Both optimizers diverge"
    slow = race_of("surface=quadratic_ravine&racer=sgd:learning_rate=0.068&steps=100")
    assert named(slow)["sgd"].status.kind == "growing"
    assert findings.finding(slow) == "The loss of SGD grows"


NEUTRAL = [
    "surface=rosenbrock&racer=sgd:learning_rate=0.001&racer=sgd:learning_rate=0.001&steps=50",
    "surface=rosenbrock&racer=sgd:learning_rate=0.001,hidden=1&steps=50",
    "surface=linear_regression&racer=sgd&racer=momentum&noise=isotropic&bundle=spaghetti&steps=50",
]


@pytest.mark.parametrize("spelled", NEUTRAL)
def test_there_is_no_finding_where_nothing_stands_out(spelled: str) -> None:
    race = race_of(spelled)
    assert findings.finding(race) == "" and all(findings.of_panel(race, key) == "" for key in ("map", "loss", "rates"))


def test_two_races_beside_each_other_have_no_common_finding() -> None:
    settings: Settings = presets.preset("zigzag")
    assert findings.finding(Race(settings)) and not findings.finding(Race(changes.set_beside(settings, True)))
    hidden = dataclasses.replace(settings, racers=tuple(dataclasses.replace(r, hidden=True) for r in settings.racers))
    assert findings.finding(Race(hidden)) == ""
