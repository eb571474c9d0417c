"""Studies of networks in a browser: each is computed at a small size, drawn, and saved as a picture and as data."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.app.driving import Race
from tests.app.studying import check, panels, studied

pytestmark = pytest.mark.browser

SMALL = {
    "autoencoder": "study.steps=200&study.code=4&study.corruption=noise",
    "linear_stack": "study.depth=2&study.steps=200&study.seeds=1",
    "batch_size": "study.loss=0.5&study.most=1000&study.seeds=2",
    "depth": "study.layers=3&study.width=8&study.seeds=1",
    "stacked_autoencoder": "study.first=8&study.second=4&study.pretraining=100&study.steps=100&study.seeds=2",
    "transfer": "study.width=8&study.steps=20&study.seeds=2",
}
KEYS = {
    "autoencoder": ["images", "errors", "rates"],
    "depth": ["ratios", "gradients", "spreads"],
    "linear_stack": ["outputs", "depths", "losses"],
    "batch_size": ["line", "sharpness", "accuracy"],
    "stacked_autoencoder": ["codes", "accuracy", "errors"],
    "transfer": ["accuracy", "differences", "features"],
}
TIMED = {"autoencoder": 200, "linear_stack": 200, "stacked_autoencoder": 100}
"""The last step of the studies with a clock."""


@pytest.mark.thinned(18)
@pytest.mark.parametrize("key", SMALL)
def test_a_study_is_computed_drawn_and_saved(key: str, fresh: Callable[..., Race]) -> None:
    race = studied(fresh, f"study={key}&{SMALL[key]}")
    assert [panel["key"] for panel in panels(race)] == KEYS[key]
    rows = check(race)
    table = race.table()
    assert table and set(table) <= {row[0] for row in rows[1:]}
    transport = race.page.locator(".transport")
    assert transport.is_visible() == (key in TIMED)
    if key in TIMED:
        assert f"{TIMED[key]} / {TIMED[key]}" in transport.inner_text()
