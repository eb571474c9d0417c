"""Builds the scene of a race, which the player and the export draw."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.common import budget
from app.common.cards import card, slider
from app.common.racers import Choice, built
from app.figures import map as maps
from app.figures import theme
from app.figures.loss import loss_line, loss_panel, losses_of
from app.figures.marks import AnyMark, Panel, Rule
from app.figures.panels import Shown, message, steps_axis
from app.figures.trails import GONE, trail
from app.player import Card, Clock, FairRace, Relief, Scene, Slider
from app.race import bundles, paired, rates, verdict
from app.race.captions import described, remarks_of
from app.race.inspector import inspected
from app.race.runs import Race, whole
from app.race.settings import MOST_WHOLE, Settings
from app.race.tuning import RANKED
from app.race.views import VIEWS, View
from optimizers import OPTIMIZERS, RULES, SCHEDULES, Optimizer, Trace
from optimizers.sensitivity import SENTENCE
from surfaces import SURFACES, Rotated
from surfaces.caching import cached

TURNED = "Coordinate-wise rules benefit from ravines along the axes. Rotate the surface, and compare again."
MOST_FOLLOWED = 50_000
"""Points of all runs that are sent again and again while the surface changes: about a megabyte."""
UNITS = {"steps": "step", "evaluations": "gradient evaluations"}
HIDE = ("", "Hide this view")
"""The choice that removes a view."""


@cached(48 * 2**20)
def mapped(surface: Choice, rotation: float, narrowest: float = maps.NARROWEST) -> maps.Map:
    """The map of a surface, which is computed only once."""
    return maps.map_of(Settings(surface=surface, rotation=rotation).built_surface(), narrowest)


def background_of(settings: Settings) -> maps.Map:
    """The map of a race, which is narrower if there is a second race."""
    return mapped(settings.surface, settings.rotation, maps.HALF if settings.half else maps.NARROWEST)


def _order(item: tuple[str, type[Optimizer]]) -> tuple[bool, bool]:
    """The sort key of a rule among the choices: elementwise rules, others, and finally those with a dense Hessian."""
    return item[1].dense, not item[1].elementwise


def scene(race: Race) -> Scene:
    """The scene of a race, with the second race if there is one."""
    first = dataclasses.replace(_scene(race), fair=fair_race(race))
    if race.second is None or race.settings.beside is None:
        return first
    other = _scene(race.second)
    clock = clock_of(race)
    other = dataclasses.replace(other, clock=clock)
    return dataclasses.replace(first, clock=clock, beside=other, linked=race.settings.beside.linked)


def fair_race(race: Race) -> FairRace:
    """The offer of a fair race, or its verdict."""
    if race.fair is None:
        return FairRace(budgets=RANKED)
    return FairRace(trials=race.settings.fair, budgets=RANKED, words=verdict.sentence(race.fair))


def clock_of(race: Race) -> Clock:
    """The clock of a race and of the one beside it."""
    end = max(one.duration for one in (race, race.second) if one is not None)
    return Clock(end, race.settings.axis)  # type: ignore[arg-type]


def _scene(race: Race) -> Scene:
    settings, traces, surface = race.settings, race.runs, race.surface
    background = background_of(settings)
    all_runs = [*traces, *(seed for seeds in race.seeds for seed in seeds)]
    losses = losses_of(all_runs, surface, bundles.title_suffix(settings) if settings.bundled else "")
    racers = _shown(race, traces)
    cards = tuple(_card(race, k) for k in range(len(racers)))
    # a run that leaves crosses the whole frame, so it is drawn below those that stay
    order = sorted(range(len(cards)), key=lambda k: not cards[k].gone)
    trails: list[AnyMark] = [
        trail(racers[k], losses.values[k], background.extent, status=cards[k].status, settled=cards[k].settled)
        for k in order
    ]
    curves: list[AnyMark] = []
    for k in order:
        word, values = "loss", losses.values[k, : traces[k].last + 1]
        if settings.bundled and settings.bundle == "band":
            word, values = f"median loss of {settings.seeds} seeds", bundles.median(settings, racers[k])
        curves.append(loss_line(racers[k], values, word))
    if settings.bundled:
        trails = bundles.on_map(settings, racers, background.extent) + trails
        curves = bundles.on_losses(settings, racers) + curves
    x, y, *_ = race.start
    words = "; ".join(f"{c.title}: {c.status}" for c in cards)
    return Scene(
        panels=(
            maps.map_panel(background, trails, [(x, y)], handle=True),
            loss_panel(losses.axis, _drops(settings) + curves, race.duration, UNITS[settings.axis]),
            *_views(race),
        ),
        cards=cards,
        clock=Clock(race.duration, settings.axis),  # type: ignore[arg-type]
        arrangement="one above",
        choices=tuple((key, rule.name) for key, rule in sorted(OPTIMIZERS.items(), key=_order)),
        addable=tuple((key, view.name) for key, view in VIEWS.items() if key not in settings.views),
        sliders=_sliders(settings),
        subject=surface.surface.name,
        caption=described(race),
        description=f"{surface.surface.name}: the paths of {len(cards)} optimizers over {settings.steps} steps. "
        f"{words}.",
        picture=settings.picture,
        relief=Relief(
            kind=background.levels.kind,
            base=background.levels.base,
            unit=background.levels.unit,
            offset=losses.offset,
            floor=background.floor,
            heights=settings.heights,
        ),
        inspected=_inspected(race),
    )


def _sliders(settings: Settings) -> tuple[Slider, ...]:
    """The numbers of the surface and its rotation."""
    specs = [spec for spec in SURFACES[settings.surface.key].parameters().values() if not spec.choices]
    live = followed(settings)
    own = [
        dataclasses.replace(slider(spec, settings.surface.get(spec.name, spec.default)), live=live and not spec.static)
        for spec in specs
    ]
    angle = slider(Rotated.parameters()["angle"], settings.rotation)
    return *own, dataclasses.replace(angle, name="rotation", label="rotation, degrees", help=TURNED, live=live)


def followed(settings: Settings) -> bool:
    """Whether a race is small enough to be drawn anew again and again while its surface changes."""
    races = [settings, *filter(None, [settings.second()])]
    points = sum(len(race.racers) * (race.steps + 1) * race.runs_each for race in races)
    return points <= MOST_FOLLOWED and sum(race.work for race in races) <= budget.MOST_LIVE / 10


def _shown(race: Race, traces: list[Trace]) -> list[Shown]:
    """The runs of all racers as they are drawn."""
    return [
        Shown(trace, racer.id, race.titles[k], *theme.mark(racer.slot), race.seeds[k], race.paces[k])
        for k, (racer, trace) in enumerate(zip(race.settings.racers, traces, strict=True))
    ]


def _drops(settings: Settings) -> list[AnyMark]:
    """Vertical lines at the steps at which the schedule drops the learning rate, if the clock counts steps."""
    if settings.axis != "steps" or settings.schedule.key == "constant":
        return []
    drops = built(SCHEDULES, settings.schedule).drops(settings.steps)
    return [Rule(x=float(at), dash="dot", label="" if k else "η drops", layer="ground") for k, at in enumerate(drops)]


def status_fields(run: Trace, sensitive: bool, pace: int) -> dict[str, Any]:
    """The fields of a card that depend on the status of a run, which may be sensitive to rounding."""
    # if the clock counts evaluations, a bare number would be mistaken for an evaluation
    status = str(run.status).replace("@ ", "@ step ") if pace > 1 else str(run.status)
    return {
        "status": status,
        "why": f"{run.status.why} {SENTENCE}" if sensitive else run.status.why,
        "gone": run.status.kind in GONE,
        "settled": run.steps if run.status.step is None else run.status.step,
    }


def _inspected(race: Race) -> dict[str, Any] | None:
    """The contents of the inspector, if a racer is inspected."""
    for racer, title in zip(race.settings.racers, race.titles, strict=True):
        if racer.id == race.settings.inspected:
            return inspected(whole(race.settings.bare(), racer.bare()), racer.id, title)
    return None


def _views(race: Race) -> list[Panel]:
    """The panels of the views beside the losses."""
    shown = race.settings.views
    panels = []
    for key in shown:
        others = [(other, view.name) for other, view in VIEWS.items() if other == key or other not in shown]
        panel = _view(race, VIEWS[key])
        panels.append(dataclasses.replace(panel, key=key, title=VIEWS[key].name, choices=(*others, HIDE)))
    return panels


def _view(race: Race, view: View) -> Panel:
    settings = race.settings
    if view.whole and len(settings.racers) * settings.steps * len(race.start) > MOST_WHOLE:
        return message("This view is not available for so many steps and coordinates. Choose fewer.")
    racers = _shown(race, race.whole_runs if view.whole else race.runs)
    if not race.shown:
        return message("No optimizers to show: add one, or show one that is hidden.")
    if view.curves:
        if problem := paired.curve_objection(settings, [settings.racers[k] for k in race.shown]):
            return message(problem)
        curves = [None if racer.hidden else paired.curve(settings, racer) for racer in settings.racers]
        racers = [shown._replace(curve=curve) for shown, curve in zip(racers, curves, strict=True)]
    if view.trials and race.fair:
        trials = [race.fair.trials(racer) for racer in settings.racers]
        racers = [shown._replace(trials=one) for shown, one in zip(racers, trials, strict=True)]
    axis = steps_axis(race.duration, UNITS[settings.axis])
    return view.panel([racers[k] for k in race.shown], axis, settings.bundle)


def _card(race: Race, k: int) -> Card:
    """The card of racer k."""
    settings, racer, run = race.settings, race.settings.racers[k], race.runs[k]
    words = status_fields(run, race.sensitive[k], race.paces[k])
    if settings.bundled:
        status, why = bundles.outcome(race.seeds[k])
        words = {**words, "status": status, "why": why, "settled": run.steps}
    why = " ".join([words["why"], *remarks_of(settings, RULES[racer.rule.key])])
    words |= {"why": why, "cost": run.cost, "caution": rates.caution(settings.surface, run.optimizer)}
    made = card(racer, race.titles[k], **words)
    rate = rates.suggested(settings.surface, racer.rule.key)
    sliders = (dataclasses.replace(s, suggested=rate) if s.name == "learning_rate" else s for s in made.sliders)
    return dataclasses.replace(made, sliders=tuple(sliders))
