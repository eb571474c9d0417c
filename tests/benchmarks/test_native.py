"""The page of native plotly charts that the player is compared with."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.race import changes
from app.race.runs import Race

PAGE = Path(__file__).parents[2] / "benchmarks" / "native.py"


@pytest.mark.parametrize(("view", "kind"), [("", "scatter"), ("3d", "scatter3d")])
def test_it_draws_the_runs_of_the_first_race(view: str, kind: str) -> None:
    test = AppTest.from_file(str(PAGE), default_timeout=60)
    test.query_params["view"] = view
    test.run()
    assert not test.exception
    (chart,) = test.get("plotly_chart")
    race = Race(changes.first())
    paths = [trace["x"] for trace in json.loads(chart.proto.spec)["data"] if trace["type"] == kind]
    drawn = np.frombuffer(base64.b64decode(paths[1]["bdata"]), paths[1]["dtype"])
    assert drawn[:5] == pytest.approx(race.runs[1].positions[:5, 0], rel=1e-6)
