"""The table of results: the status and the measures of every racer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.common.digits import percent, short
from app.race import bundles
from app.race.runs import Race
from optimizers import Trace, crossings, overshoot, steps_on_flat_ground, steps_to
from surfaces import SURFACES
from surfaces.caching import cached_with

SHARE = 0.01
"""The share of the initial loss, measured above the lowest minimum, to which the steps of a racer are counted."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """A column of the table that is meaningful only on some surfaces.

    Attributes:
        key: the name in code and data.
        head: the heading of the column.
        tip: the meaning, in a sentence.
        compute: the function that computes the value of a run.
        text: the function that formats the value.
        themes: the themes of the surfaces on which it is meaningful; empty for all surfaces with a known minimum.
    """

    key: str
    head: str
    tip: str
    compute: Callable[[Trace], float | None]
    text: Callable[[Any], str]
    themes: tuple[str, ...] = ()


MEASURES = (
    Measure(
        "crossings",
        f"Valley crossings until {percent(SHARE)} of the initial loss",
        f"How often the slope across the valley changed sign until the loss came within {percent(SHARE)} of its "
        "initial height above the minimum; points within 10⁻⁹ of the valley floor (relative to the initial "
        "loss) do not count",
        cached_with(crossings),
        lambda count: f"{count:,}",
        ("ravines", "models"),
    ),
    Measure(
        "overshoot",
        "Overshoot",
        "How far the racer went past the minimum (or the curve of minima), as a share of the way from the start to it",
        cached_with(overshoot),
        lambda share: percent(share) if share else "none",
    ),
    Measure(
        "steps_on_flat_ground",
        "Steps on flat ground",
        "Steps above the bottom where the gradient is below a fifth of the initial loss divided by the domain's "
        "diagonal",
        cached_with(steps_on_flat_ground),
        lambda count: f"{count:,}",
        ("saddles and plateaus",),
    ),
)
"""The measures of how a racer moved."""


@dataclasses.dataclass(frozen=True)
class Row:
    """A row of the table of results.

    For a bundle, the values are medians over its seeds, and ``band`` is the band of the final loss. For a single run,
    ``measured`` has the values of `measures`.
    """

    title: str
    status: str
    loss: float
    reached: int | None
    evaluations: int
    band: tuple[float, float] | None = None
    reaching: str = ""
    measured: Mapping[str, float | None] = dataclasses.field(default_factory=dict)


def table(race: Race) -> list[Row]:
    """The rows of all visible racers."""
    if race.settings.bundled:
        return [_bundled(race.titles[k], race.seeds[k]) for k in race.shown]
    return [_row(race, k) for k in race.shown]


def _row(race: Race, k: int) -> Row:
    run = race.runs[k]
    return Row(
        race.titles[k],
        f"{run.status}, sensitive to rounding" if race.sensitive[k] else str(run.status),
        float(run.losses[run.last]),
        steps_to(run, SHARE),
        run.evaluations,
        measured={measure.key: measure.compute(run) for measure in measures(race)},
    )


def measures(race: Race) -> tuple[Measure, ...]:
    """The measures that are meaningful on the surface of a race; none for a bundle, because its seeds differ."""
    theme = SURFACES[race.settings.surface.key].theme
    if race.settings.bundled:
        return ()
    known = race.surface.lowest() is not None
    return tuple(measure for measure in MEASURES if (theme in measure.themes if measure.themes else known))


def _bundled(title: str, seeds: Sequence[Trace]) -> Row:
    medians = bundles.medians(seeds, SHARE)
    reaching = f"{medians.reaching} of {len(seeds)}"
    cost = max(run.evaluations for run in seeds)
    band = (medians.low, medians.high)
    return Row(title, bundles.outcome(seeds)[0], medians.loss, medians.reached, cost, band, reaching)


def cells(race: Race) -> list[list[str]]:
    """The cells of the table of results as text, row by row, for both races if there are two.

    The columns are racer, status, final loss, steps to `SHARE`, gradient evaluations, and the measures of the surface.
    """
    if race.second is None:
        return _cells(race)
    columns = heads(race)
    both = [
        (name, dict(zip(_heads(which), row, strict=True)))
        for name, which in (("A", race), ("B", race.second))
        for row in _cells(which)
    ]
    return [[f"{name} · {row['Racer']}", *(row.get(head, "–") for head in columns[1:])] for name, row in both]


def _cells(race: Race) -> list[list[str]]:
    columns = measures(race)
    return [
        [
            row.title,
            row.status,
            short(row.loss, 4) + (f" ({short(row.band[0], 3)} to {short(row.band[1], 3)})" if row.band else ""),
            ("–" if row.reached is None else f"{row.reached:,}") + (f" ({row.reaching})" if row.reaching else ""),
            f"{row.evaluations:,}",
            *("–" if (value := row.measured[column.key]) is None else column.text(value) for column in columns),
        ]
        for row in table(race)
    ]


def heads(race: Race) -> list[str]:
    """The headings of the columns of `cells`. For two races, these are the columns of either."""
    first, second = _heads(race), _heads(race.second) if race.second else []
    return [*first, *(head for head in second if head not in first)]


def _heads(race: Race) -> list[str]:
    loss, reached = "Final loss", f"Steps to {percent(SHARE)} of the initial loss"
    if race.settings.bundled:
        loss, reached = "Final loss, median (10 to 90 %)", f"{reached}, median (seeds that reached it)"
    return ["Racer", "Status", loss, reached, "Gradient evaluations", *(measure.head for measure in measures(race))]


def tips() -> dict[str, str]:
    """The meanings of the columns by their headings."""
    reached = f"Steps to {percent(SHARE)} of the initial loss"
    tip = "Steps until the loss, measured above the lowest minimum, has fallen to this share of its initial value"
    return {reached: tip, **{measure.head: measure.tip for measure in MEASURES}}
