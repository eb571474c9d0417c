"""Findings: what a race shows, in a sentence for the title of a slide, computed from its runs.

A finding is a fact about this very race. Where nothing stands out, there is none, and a slide has the names as its
title.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from app.common.digits import percent, short
from app.common.phrases import agreeing, counted, listed, sentence_case, within
from app.race import verdict
from app.race.results import MEASURES, SHARE
from app.race.runs import Race
from optimizers import Trace, steps_to
from optimizers.status import FLAT
from surfaces import SURFACES
from surfaces.surface import CriticalPoint

APART = 1.5
"""The least ratio of two numbers of steps that is worth a title."""
TOUCHED = 3.0
"""A run that ends this many times above a loss has only touched it."""
LOSSES_APART = 2.0
"""The least ratio of two final losses that is worth a title."""
CROSSINGS, CROSSINGS_APART = 10, 3.0
"""The least number of valley crossings that is worth a title, and its least ratio to the smallest."""
OVERSHOT, LESS = 0.02, 0.8
"""The least overshoot that is worth a title, and the share of it from which on another one is less."""
ROUNDING = 1e-12
"""The largest lowest loss that counts as 0, so that a share of the loss is a share of the height."""
LEAVING = ("diverged", "growing")
_PLACES = {
    "local minimum": ("a local minimum", "local minima"),
    "saddle": ("a saddle", "saddles"),
    "degenerate": ("a degenerate saddle", "degenerate saddles"),
    "maximum": ("a maximum", "maxima"),
}
_MEASURES = {measure.key: measure.compute for measure in MEASURES}


@dataclasses.dataclass(frozen=True)
class _Entry:
    """A racer that is shown: its title and its run."""

    title: str
    run: Trace


Kind = Callable[[Race, list[_Entry]], str]
"""A kind of finding: a phrase, or an empty string where nothing of this kind stands out."""


def finding(race: Race) -> str:
    """The finding of a race as a whole; an empty string where nothing stands out."""
    if race.fair and race.fair.names:
        return verdict.headline(race.fair)
    entries = _entries(race)
    kinds = [_ends, _overshoots, _speeds] if "distance" in race.settings.views else [_ends, _speeds, _overshoots]
    return _first(race, entries, *kinds, _losses)


def of_panel(race: Race, key: str) -> str:
    """The finding that one panel of a race shows; an empty string where nothing stands out."""
    entries = _entries(race)
    match key:
        case "map":
            return _first(race, entries, _ends, _crosses, _overshoots)
        case "loss":
            return _first(race, entries, _diverges, _speeds, _losses)
        case "sensitivity" if race.fair and race.fair.names:
            return verdict.rate_finding(race.fair)
        case "budgets" if race.fair and race.fair.names:
            return verdict.budget_finding(race.fair)
        case "distance":
            return _first(race, entries, _overshoots)
    return ""


def _entries(race: Race) -> list[_Entry]:
    """The racers that findings are about: none where seeds or rounding would give others, or two races are shown."""
    if race.settings.bundled or race.second is not None or any(race.sensitive[k] for k in race.shown):
        return []
    return [_Entry(race.titles[k], race.runs[k]) for k in race.shown]


def _first(race: Race, entries: list[_Entry], *kinds: Kind) -> str:
    """The first finding of some kinds."""
    found = (kind(race, entries) for kind in kinds if entries)
    return sentence_case(next(filter(None, found), ""))


def _titles(entries: Iterable[_Entry]) -> list[str]:
    return [entry.title for entry in entries]


def _diverges(race: Race, entries: list[_Entry]) -> str:
    """Which racers diverge or grow, and which do not."""
    gone = [entry for entry in entries if entry.run.status.kind in LEAVING]
    diverged = [entry for entry in gone if entry.run.status.kind == "diverged"]
    if not gone:
        return ""
    if diverged and len(diverged) < len(gone):
        return f"{agreeing(_titles(diverged), 'diverges')}, and the loss of {_rest(gone, diverged)} grows"
    said = agreeing(_titles(gone), "diverges") if diverged else f"The loss of {listed(_titles(gone))} grows"
    if len(gone) == len(entries) and diverged and len(entries) > 1:
        return "Both optimizers diverge" if len(entries) == 2 else f"All {len(entries)} optimizers diverge"
    converged = [entry for entry in entries if entry.run.status.kind == "converged"]
    return f"{said}; {agreeing(_titles(converged), 'converges')}" if converged else said


def _rest(entries: list[_Entry], without: list[_Entry]) -> str:
    return listed(_titles(entry for entry in entries if entry not in without))


def _ends(race: Race, entries: list[_Entry]) -> str:
    """Where racers end, if that is not the same place for all."""
    if said := _diverges(race, entries):
        return said
    reached = [entry for entry in entries if entry.run.status.kind == "converged"]
    places: dict[str, list[tuple[_Entry, tuple[float, ...]]]] = {}
    for entry in entries:
        if point := _place(entry.run):
            places.setdefault(point.kind, []).append((entry, point.position))
    if not places:
        return f"{within(entries[0].title)} converges after {_steps(entries[0])}" if _alone(entries, reached) else ""
    phrases = []
    for kind, found in places.items():
        same = len({position for _, position in found}) == 1
        phrases.append(f"{agreeing(_titles(entry for entry, _ in found), 'stops')} at {_PLACES[kind][not same]}")
    away = [entry for entry in entries if _escaped(entry.run)]
    if {*places} <= {"saddle", "degenerate"} and away:
        phrases.append(agreeing(_titles(away), "escapes"))
    elif reached:
        lowest = "the global minimum" if "local minimum" in places else "the minimum"
        phrases.append(f"{agreeing(_titles(reached), 'reaches')} {lowest}")
    return "; ".join(phrases)


def _alone(entries: list[_Entry], reached: list[_Entry]) -> bool:
    return len(entries) == 1 == len(reached)


def _steps(entry: _Entry) -> str:
    return counted(entry.run.status.step or 0, "step")


def _place(run: Trace) -> CriticalPoint | None:
    """The critical point at which a run has stalled, if it is none of the lowest minima."""
    near = run.surface.nearest_critical_point(run.positions[-1]) if run.status.kind == "stalled" else None
    if near is None or near[1] > FLAT * run.surface.diagonal or near[0].kind not in _PLACES:
        return None
    return near[0]


def _escaped(run: Trace) -> bool:
    """Whether a run ends well below a saddle, and away from all of them."""
    points = [p.position for p in run.surface.critical_points() if p.kind in ("saddle", "degenerate")]
    away = min((float(np.linalg.norm(run.positions[-1] - point)) for point in points), default=0.0)
    return away > 10 * FLAT * run.surface.diagonal and bool(run.losses[-1] < run.losses[0])


def _speeds(race: Race, entries: list[_Entry]) -> str:
    """How many steps the fastest and the slowest racer take to a share of the initial loss, if all of them stay there.

    A run that oscillates may touch a low loss once and end far above it.
    """
    floor = race.surface.lowest()
    if len(entries) < 2 or floor is None:
        return ""
    counts = [(steps_to(entry.run, SHARE), entry) for entry in entries if entry.run.status.kind not in LEAVING]
    reached = sorted(((count, entry) for count, entry in counts if count), key=lambda pair: pair[0])
    if any(entry.run.losses[-1] - floor > TOUCHED * SHARE * (entry.run.losses[0] - floor) for _, entry in reached):
        return ""
    if not reached or (len(reached) > 1 and reached[0][0] == reached[1][0]):
        return ""
    (least, first), (most, last) = reached[0], reached[-1]
    plain = abs(floor) <= ROUNDING
    what = f"reaches {percent(SHARE)} of the initial loss" if plain else f"gets {percent(1 - SHARE)} of the way down"
    missing = [entry for count, entry in counts if count is None]
    begin = f"{within(first.title)} {what} in {least:,} steps"
    if missing:
        verb = "does" if len(missing) == 1 else "do"
        return f"{begin}; {listed(_titles(missing))} {verb} not in {race.settings.steps:,}"
    return f"{begin}, {within(last.title)} in {most:,}" if most >= APART * least else ""


def _losses(race: Race, entries: list[_Entry]) -> str:
    """The lowest and the highest final loss above the minimum."""
    kept = [entry for entry in entries if entry.run.status.kind not in LEAVING]
    floor = race.surface.lowest()
    if len(kept) < 2 or floor is None:
        return ""
    ends = sorted(((float(entry.run.losses[-1]) - floor, entry) for entry in kept), key=lambda pair: pair[0])
    (least, best), (most, worst) = ends[0], ends[-1]
    if not most >= LOSSES_APART * max(least, 0.0) or most <= 0 or ends[1][0] <= least:
        return ""
    word = "loss" if abs(floor) <= ROUNDING else "loss above the minimum"
    return (
        f"after {race.settings.steps:,} steps, {within(best.title)} has the lowest {word}, {short(least, 2)}; "
        f"{within(worst.title)} has {short(most, 2)}"
    )


def _crosses(race: Race, entries: list[_Entry]) -> str:
    """How often racers jump from one side of a valley to the other, on the way to `SHARE` of the initial loss."""
    if SURFACES[race.settings.surface.key].theme != "ravines":
        return ""
    counts = [(_MEASURES["crossings"](entry.run), entry) for entry in entries]
    if len(counts) < 2 or any(count is None for count, _ in counts):
        return ""
    ordered = sorted(((int(count or 0), entry) for count, entry in counts), key=lambda pair: -pair[0])
    (most, first), (least, last) = ordered[0], ordered[-1]
    if most < CROSSINGS or most < CROSSINGS_APART * max(least, 1) or ordered[1][0] == most:
        return ""
    times = {0: "never", 1: "once", 2: "twice"}.get(least, f"{least:,} times")
    plain = abs(race.surface.lowest() or 0.0) <= ROUNDING
    end = f"{percent(SHARE)} of the initial loss" if plain else f"{percent(1 - SHARE)} of the way down"
    return f"{within(first.title)} crosses the valley {most:,} times until {end}, {within(last.title)} {times}"


def _overshoots(race: Race, entries: list[_Entry]) -> str:
    """Which racer runs past the minimum furthest, and which less or not at all."""
    shares = [(_MEASURES["overshoot"](entry.run), entry) for entry in entries]
    if len(shares) < 2 or any(share is None for share, _ in shares):
        return ""
    ordered = sorted(((float(share or 0.0), entry) for share, entry in shares), key=lambda pair: -pair[0])
    most = ordered[0][0]
    far = [entry for share, entry in ordered if share > LESS * most]
    less = [entry for share, entry in ordered if 0 < share <= LESS * most]
    never = [entry for share, entry in ordered if share == 0]
    if most < OVERSHOT or not (less or never):
        return ""
    phrases = [agreeing(_titles(far), "overshoots")]
    phrases += [f"{listed(_titles(less))} less"] if less else []
    phrases += [f"{listed(_titles(never))} not at all"] if never else []
    return ", ".join(phrases)
