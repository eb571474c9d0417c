"""Random links of both pages are restored, within the limits on their costs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from app.common.link import MOST_CHARACTERS, MOST_NOTICES
from app.common.racers import MAX_RACERS
from app.network import changes, files
from app.network import link as network_link
from app.race import link as race_link
from optimizers import OPTIMIZERS, starting
from tests.app.links import Link, random_race_link, random_training_link

Parse = Callable[[Link], tuple[Any, list[str]]]
parse_training = functools.partial(network_link.parse, brought=lambda training: files.find(training, {}))
PAGES: dict[str, tuple[Callable[[int], Link], Parse, Callable[[Any], Link]]] = {
    "race": (random_race_link, race_link.parse, race_link.query),
    "network": (random_training_link, parse_training, network_link.query),
}


def _come_back(page: str, seeds: range) -> None:
    link, parse, query = PAGES[page]
    for seed in seeds:
        settings, notices = parse(link(seed))
        assert parse(query(settings)) == (settings, []), seed
        assert len(notices) <= MOST_NOTICES + 1 and all(len(notice) < 900 for notice in notices), seed


@pytest.mark.parametrize(("page", "count"), [("race", 100), ("network", 40)])
def test_random_links_are_restored(page: str, count: int) -> None:
    _come_back(page, range(count))


@pytest.mark.long
@pytest.mark.parametrize("part", range(4))
@pytest.mark.parametrize(("page", "count"), [("race", 2_000), ("network", 200)])
def test_very_many_random_links_are_restored(page: str, count: int, part: int) -> None:
    _come_back(page, range(part * count, (part + 1) * count))


@pytest.mark.parametrize("depth", [2, 3, 50, 5000])
def test_a_second_race_has_no_second_race(depth: int) -> None:
    nested = {f"{'b.' * depth}surface": ["booth"], "b.surface": ["beale"]}
    settings, notices = race_link.parse(nested)
    assert settings.beside is not None and settings.beside.surface.key == "beale"
    assert notices == [
        "Dropped from the link: race B cannot have a second race itself, so b.b settings have no effect."
    ]


def test_a_notice_names_settings_that_a_second_race_cannot_have() -> None:
    _, notices = race_link.parse({"b.surface": ["booth"], "b.steps": ["7"]})
    assert notices == ["Race B: Dropped from the link: there is no setting called 'steps'."]


def test_racers_of_the_second_race_must_fit_its_surface() -> None:
    settings, notices = race_link.parse(
        {"racer": ["newton"], "b.surface": ["ravine_nd"], "b.surface.dimension": ["1000"]}
    )
    assert settings.beside is None and "whole Hessian" in notices[0]


@pytest.mark.parametrize("page", PAGES)
def test_a_link_that_is_too_long_is_ignored_with_a_sentence(page: str) -> None:
    _, parse, _ = PAGES[page]
    plain = parse({"v": ["1"]})[0]
    for link in ({"steps": ["1" * 60_000]}, {"racer": ["sgd:a=1"] * 9000}, {f"k{k}": ["1"] for k in range(20_000)}):
        settings, notices = parse(link)
        assert settings == plain and len(notices) == 1
        assert f"the limit is {MOST_CHARACTERS:,}" in notices[0]


@pytest.mark.parametrize("page", PAGES)
def test_endless_numbers_and_lists_are_limited(page: str) -> None:
    _, parse, _ = PAGES[page]
    settings, notices = parse({"steps": ["1" * 5000], "seed": ["1" * 64]})
    assert settings.steps == parse({"v": ["1"]})[0].steps and "at most 64 characters" in notices[0]
    assert "seed must be a whole number" in notices[1]
    settings, notices = parse({"racer": [f"sgd:learning_rate=0.0{k:03}" for k in range(1, 900)]})
    assert len(settings.racers) == MAX_RACERS and notices == [
        "Dropped from the link: racers beyond the 16 that a race can have (883 more)."
    ]
    _, notices = parse({f"k{k}": ["1"] for k in range(3000)})
    assert len(notices) == MOST_NOTICES + 1 and "2,980 more" in notices[-1]


def test_a_link_computes_the_curvature_once_and_only_if_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Count the calls of the expensive part of a link, because seconds would measure the machine."""
    starting.largest_curvature.cache_clear()
    spelled = list(OPTIMIZERS)[1:MAX_RACERS]
    settings, _ = race_link.parse({"surface": ["rosenbrock"], "surface.steepness": ["31"], "racer": spelled})
    assert starting.largest_curvature.cache_info().misses == 1
    starting.largest_curvature.cache_clear()
    assert race_link.parse(race_link.query(settings)) == (settings, [])
    assert starting.largest_curvature.cache_info().misses == 0

    measured: list[str] = []

    def counted(name: str) -> Callable[..., float]:
        original: Callable[..., float] = getattr(changes, name)

        def count(*arguments: Any) -> float:
            measured.append(name)
            return original(*arguments)

        return count

    for name in ("_largest_eigenvalue", "_root_mean_square"):
        monkeypatch.setattr(changes, name, counted(name))
    training, _ = parse_training({"racer": spelled, "widths": ["3"], "seed": ["77"]})
    assert sorted(measured) == ["_largest_eigenvalue", "_root_mean_square"]
    measured.clear()
    assert parse_training(network_link.query(training)) == (training, [])
    assert measured == []


def test_a_schedule_ends_with_the_longest_training() -> None:
    link = {"schedule": ["cosine"], "steps": ["35253"], "schedule.horizon": ["35253"]}
    training, notices = parse_training(link)
    assert notices == [] and training.schedule.get("horizon", 0) == training.steps == 35_253
    _, notices = parse_training({**link, "schedule.horizon": ["35254"]})
    assert "horizon must lie in the range from 1 to 20,000" in notices[0]
