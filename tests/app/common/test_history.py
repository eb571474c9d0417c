"""The history of the optimizers: every rule has its place, and every link opens a race that shows a difference."""

from __future__ import annotations

from urllib.parse import parse_qs

import numpy as np
import pytest

from app.common.history import Entry, Row, entries, family
from app.network import link as network_link
from app.network.settings import generated
from app.race import link as race_link
from app.race.runs import Race
from app.views.history import timeline
from optimizers import OPTIMIZERS, RULES

ORDERED = entries()
PLACES = {entry.key: place for place, entry in enumerate(ORDERED)}
FOLLOWING = [entry for entry in ORDERED if entry.predecessor]


def test_every_optimizer_has_its_place_and_an_idea() -> None:
    assert set(PLACES) == set(RULES)
    assert [entry.year for entry in ORDERED] == sorted(rule.year for rule in RULES.values())
    assert [entry.key for entry in ORDERED if not entry.predecessor] == ["newton", "sgd"]
    for entry in ORDERED:
        assert entry.idea.endswith(".") and entry.idea.count(". ") == 0 and 20 < len(entry.idea) <= 100, entry.key
        assert entry.year > 1700 and entry.source
    for entry in FOLLOWING:
        assert RULES[entry.predecessor].year <= entry.year and PLACES[entry.predecessor] < PLACES[entry.key]


@pytest.mark.parametrize("entry", FOLLOWING, ids=lambda entry: entry.key)
@pytest.mark.thinned(10)
def test_a_race_against_the_predecessor_shows_a_difference(entry: Entry) -> None:
    query = parse_qs(entry.query)
    if entry.key not in OPTIMIZERS:
        training, notices = network_link.parse(query, generated)
        assert (notices, [r.rule.key for r in training.racers]) == ([], [entry.predecessor, entry.key])
        return
    settings, notices = race_link.parse(query)
    assert notices == [] and [r.rule.key for r in settings.racers] == [entry.predecessor, entry.key]
    first, second = (run.positions for run in Race(settings).runs)
    (x0, x1), (y0, y1) = settings.built_surface().domain
    apart = np.abs(first - second) / [x1 - x0, y1 - y0]
    assert np.nanmax(apart) > 0.02, "the two paths look the same"


def test_lanes_lead_from_predecessor_to_successor() -> None:
    keys = [("a", ""), ("b", "a"), ("c", "a"), ("d", "b")]
    four = [Entry(key, key, 2000, "", "", before, "", "") for key, before in keys]
    assert family(four) == (
        Row(0, -1, (), True),
        Row(1, 0, (0,), True),  # a goes on to c
        Row(2, 0, (1,), False),  # the last of a; b passes on to d
        Row(2, 1, (), False),
    )


def test_the_page_has_a_link_for_every_race_and_no_markup_of_names() -> None:
    text = timeline(ORDERED)
    assert text.count("<li>") == len(RULES) and text.count("<a href=") == len(FOLLOWING)
    assert "./?surface=quadratic_ravine&amp;racer=sgd&amp;racer=momentum" in text
    assert "aria-label='Adam: race against RMSprop'" in text
    odd = Entry("x", "<b>", 1, "a < b", "&", "", "", "")
    assert "<h3>&lt;b&gt;</h3> <cite>&amp;</cite><p>a &lt; b " in timeline([odd])
