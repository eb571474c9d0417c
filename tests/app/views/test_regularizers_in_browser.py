"""The studies of regularizers and norms in a browser, with few seeds and steps."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from optimizers.studies import STUDIES
from optimizers.studies.catalogue.norms import KINDS, RATES
from tests.app.driving import Race
from tests.app.studying import check, panels, studied

METHODS: dict[str, str] = STUDIES["regularizers"]().methods  # type: ignore[attr-defined]

# each compiles eight or nine programs
pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_regularizers_are_compared_drawn_and_saved(fresh: Callable[..., Race]) -> None:
    race = studied(fresh, "study=regularizers&study.seeds=6&study.steps=60&study.samples=50&study.width=8")
    assert [panel["key"] for panel in panels(race)] == ["differences", "accuracy", "gap"]
    rows = check(race)
    assert [row[0] for row in rows[1:]] == list(METHODS.values())
    assert {row[5] for row in rows[2:]} <= {"better", "worse", "cannot tell"}


def test_norms_are_compared_drawn_and_saved(fresh: Callable[..., Race]) -> None:
    race = studied(fresh, "study=norms&study.seeds=2&study.steps=50&study.deep=5&study.width=8")
    assert [panel["key"] for panel in panels(race)] == ["depth-0", "depth-1", "steps"]
    assert len(check(race)) == 1 + 2 * len(KINDS) * len(RATES)
