"""What every study has to do: it grows, can be left at any part, and can be drawn and tabled then."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from app.export.drawing import Drawing
from app.export.options import Look
from app.player import pack
from app.studies import results, scene
from app.studies.job import Job
from app.studies.settings import Settings
from app.studies.views import MOST
from optimizers.studies import STUDIES
from tests.app.envelope import opened
from tests.app.studies.test_settings import parsed

PARTS = 2
SMALLER = dict.fromkeys(("rotation", "dimension_steps"), "&study.starts=5&study.steps=200")
"""Parameters of studies whose parts take long here, where sweeps are compiled without optimisation."""


def _arrays(found: Any) -> list[np.ndarray]:
    """All arrays of a result, those of nested tuples too."""
    parts = itertools.chain.from_iterable(_arrays(value) if isinstance(value, tuple) else [value] for value in found)
    return [np.asarray(part) for part in parts]


@pytest.mark.long
@pytest.mark.parametrize("key", STUDIES)
def test_the_first_parts_of_a_study_can_be_repeated_drawn_and_tabled(key: str) -> None:
    settings: Settings = parsed(f"study={key}{SMALLER.get(key, '')}")
    parts = list(itertools.islice(settings.built().run(3), PARTS))
    shares = [share for share, _ in parts]
    assert shares == sorted(set(shares)) and shares[0] >= 0 and shares[-1] <= 1
    _, again = next(settings.built().run(3))
    for one, other in zip(_arrays(parts[0].found), _arrays(again), strict=True):
        np.testing.assert_array_equal(one, other)
    job = Job(settings)
    for progress in parts:
        job.take(*progress)
        shown = scene.scene(settings, job)
        assert 1 <= len(shown.panels) <= MOST and len({panel.key for panel in shown.panels}) == len(shown.panels)
        for panel in shown.panels:
            assert panel.title and (panel.message or (panel.axes and panel.note)), panel.key
        header, _ = opened(pack(shown))
        assert len(header["scene"]["panels"]) == len(shown.panels)
        Drawing(shown, Look(width=1200, height=600))
        numbers = results.table(settings, job)
        assert numbers is not None and len(set(numbers.columns)) == len(numbers.columns)
        assert {len(row) for row in numbers.rows} <= {len(numbers.columns)}
        assert results.to_csv(numbers).decode().splitlines()[0] == ",".join(
            f'"{name}"' if "," in name else name for name in numbers.columns
        )
