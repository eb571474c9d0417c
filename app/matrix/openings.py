"""The runs of a cell as a race: the query of the Race page, or the reason why there is none."""

from __future__ import annotations

from urllib.parse import urlencode

from app.common.forms import text
from app.common.racers import Refused
from app.common.setting import Query
from app.matrix.job import Place
from app.matrix.runs import SLOTS, Played
from optimizers import NOISES, OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS
from optimizers.diagnostics.unit_test import DECAY
from surfaces import SURFACES


def race_of(place: Place, runs: list[Played]) -> Query:
    """The query of a race of these runs, which start where the first of them starts.

    Raises:
        Refused: if the Race page cannot show the test.
    """
    test, rule = UNIT_TESTS[place[0]], OPTIMIZERS[place[1]]
    if test.delay or test.drift:
        raise Refused("The Race page has no delayed gradients and no moving landscapes.")
    if test.surface not in SURFACES:
        raise Refused("The Race page does not have this network.")
    first = runs[0]
    noise = next(key for key, kind in NOISES.items() if type(test.noise) is kind)
    query: Query = {"surface": [test.surface]}
    query |= {f"surface.{name}": [text(value)] for name, value in test.values.items()}
    start = ",".join(text(float(f"{value:.9g}")) for value in test.starts[first.setting.run][:2])
    query |= {"rotation": [text(test.angle)], "start": [start], "steps": [str(first.run.steps)], "noise": [noise]}
    query |= {f"noise.{name}": [text(getattr(test.noise, name))] for name in test.noise.parameters()}
    query["seed"] = [str(first.setting.run)]
    query["racer"] = []
    for one in runs:
        values = {**one.setting.values, **({DECAY: 0.0} if DECAY in rule.parameters() else {})}
        spelled = [f"{name}={text(value)}" for name, value in values.items()]
        query["racer"].append(f"{rule.key}:{','.join([*spelled, f'slot={SLOTS[one.kind]}'])}")
    return query


def address(base: str, query: Query) -> str:
    """The address of the Race page with a query."""
    return f"{base}?{urlencode(query, doseq=True)}"
