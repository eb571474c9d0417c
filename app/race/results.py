"""The table of results: what became of every racer, in numbers and in words."""

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
"""Of the start's height above the lowest minimum: what a racer is timed to."""


@dataclasses.dataclass(frozen=True)
class Measure:
    """A column that says something on some surfaces alone.

    Attributes:
        key: its name where it is no word for people.
        head: what stands above it.
        tip: what it means, in a sentence.
        of: a run's number.
        spelled: that number in words.
        themes: of the surfaces on which it says something; all where there are none.
    """

    key: str
    head: str
    tip: str
    of: Callable[[Trace], float | None]
    spelled: Callable[[Any], str]
    themes: tuple[str, ...] = ()


MEASURES = (
    Measure(
        "crossings",
        "Valley crossings",
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
"""How a racer got where it is, in numbers."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the table of results; of a bundle the medians over its seeds, with the band of the loss; of a single
    run what `measures` of its surface say.
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
    """What became of every racer that is shown."""
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
        measured={one.key: one.of(run) for one in measures(race)},
    )


def measures(race: Race) -> tuple[Measure, ...]:
    """The columns that say something on the surface of a race; of a bundle none, whose seeds differ."""
    theme = SURFACES[race.settings.surface.key].theme
    if race.settings.bundled:
        return ()
    known = race.surface.lowest() is not None
    return tuple(one for one in MEASURES if (theme in one.themes if one.themes else known))


def _bundled(title: str, seeds: Sequence[Trace]) -> Row:
    half = bundles.middle(seeds, SHARE)
    reaching = f"{half.reaching} of {len(seeds)}"
    cost = max(run.evaluations for run in seeds)
    return Row(title, bundles.outcome(seeds)[0], half.loss, half.reached, cost, (half.low, half.high), reaching)


def cells(race: Race) -> list[list[str]]:
    """The table of results in words: racer, status, final loss, steps to `SHARE`, gradient evaluations, and what the
    measures of the surface say; of two races, the rows of both.
    """
    if race.second is None:
        return _cells(race)
    columns = heads(race)
    both = [
        (name, dict(zip(_heads(one), row, strict=True)))
        for name, one in (("A", race), ("B", race.second))
        for row in _cells(one)
    ]
    return [[f"{name} · {row['Racer']}", *(row.get(head, "–") for head in columns[1:])] for name, row in both]


def _cells(race: Race) -> list[list[str]]:
    taken = measures(race)
    return [
        [
            row.title,
            row.status,
            short(row.loss, 4) + (f" ({short(row.band[0], 3)} to {short(row.band[1], 3)})" if row.band else ""),
            ("–" if row.reached is None else f"{row.reached:,}") + (f" ({row.reaching})" if row.reaching else ""),
            f"{row.evaluations:,}",
            *("–" if (found := row.measured[one.key]) is None else one.spelled(found) for one in taken),
        ]
        for row in table(race)
    ]


def heads(race: Race) -> list[str]:
    """What stands above those columns; of two races, the columns of either."""
    first, second = _heads(race), _heads(race.second) if race.second else []
    return [*first, *(head for head in second if head not in first)]


def _heads(race: Race) -> list[str]:
    loss, reached = "Final loss", f"Steps to {percent(SHARE)} of the initial loss"
    if race.settings.bundled:
        loss, reached = "Final loss, median (10 to 90 %)", f"{reached}, median (seeds that reached it)"
    return ["Racer", "Status", loss, reached, "Gradient evaluations", *(one.head for one in measures(race))]


def tips() -> dict[str, str]:
    """What columns mean, by their heads."""
    reached = f"Steps to {percent(SHARE)} of the initial loss"
    tip = "Steps until the loss, measured above the lowest minimum, has fallen to this share of its initial value"
    return {reached: tip, **{one.head: one.tip for one in MEASURES}}
