"""The Race page."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from app import controls, race, racers
from app import settings as change
from app.charts import VIEWS
from app.digits import short
from app.export import race as export
from app.export.data import fits, from_json
from app.export.making import Order
from app.export.options import Cut, Look
from app.figures.plane import extent
from app.player import Event
from app.player.component import play
from app.settings import Settings
from app.views.export import Page, panel
from app.views.parts import base, device, explain, masthead, react, restore, results, schedule_of, write
from optimizers import NOISES, OPTIMIZERS, SCHEDULES
from surfaces import SURFACES, Parameter, Rotated


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter("settings")
    restore("settings", change.parse)
    _toolbar()
    _stage()


@st.fragment
def _stage() -> None:
    """Player and results: a moved slider of a card reruns these alone, not the widgets above."""
    settings = controls.hold()
    if "player" in st.session_state:
        scene = race.scene(settings)
    else:  # a first visit may have to wait for programs to be compiled
        with st.spinner("Compiling the update rules …"):
            scene = race.scene(settings)
    play(scene, key="player", react=_react, refusal=controls.refused("player"))
    if explained := st.session_state.pop("explained", None):
        explain(explained)
    st.html(_results(settings))
    if remarks := race.remarks(settings):
        st.caption("  \n".join(remarks))
    write(change.query(settings))
    if st.session_state.pop("stale", False):
        st.rerun()


def _react(event: Event) -> None:
    react(
        event,
        "player",
        {
            "start": lambda s: change.set_start(s, *_readable(event.point, s)),
            "add": lambda s: change.add_racer(s, event.name),
            "view": lambda s: change.set_view(s, event.slot, event.name),
        },
    )


def _readable(point: tuple[float, float], settings: Settings) -> tuple[float, float]:
    """A clicked point without the digits below a hundredth of a pixel, for the sake of the link."""
    (x0, x1), _ = extent(settings.built_surface())
    digits = 5 - math.ceil(math.log10(x1 - x0))
    return round(point[0], digits), round(point[1], digits)


def _toolbar() -> None:
    settings = controls.current()
    own = SURFACES[settings.surface.key].parameters()
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center"):
        masthead("Race")
        with st.container(width=262):
            controls.choice(
                "Surface",
                list(SURFACES),
                settings.surface.key,
                "surface",
                change.choose_surface,
                names=lambda key: f"{SURFACES[key].name} · {SURFACES[key].theme}",
                visible=False,
            )
        if own:
            spelled = [f"{p.symbol} {short(settings.surface.get(p.name, p.default))}" for p in own.values()]
            label = ", ".join([*spelled[:2], *("…" for _ in spelled[2:3])])
            with st.popover(label, key="surface-popover", width="content"):
                _parameters("surface", own, settings.surface)
        with st.popover(f"rotation {settings.rotation:g}°", key="rotation-popover", width="content"):
            _rotation(settings)
        with st.popover(" · ".join(["More", *_unusual(settings)]), key="more-popover", width="content"):
            _more(settings)
        panel(_exports())
        st.html(f"<div class='device'>{device()}</div>", width="stretch")


def _exports() -> Page:
    """What the Export panel needs of this race; it is asked when a file is, so that nothing waits for it."""

    held, place = controls.held(), base()

    def order(kind: str, look: Look, cut: Cut, step: int | None) -> Order:
        return export.order(held["settings"], kind, look, cut, step, place)

    def contents(name: str) -> bytes:
        return export.numbers(held["settings"], name)

    def fit() -> None:
        fits(held["settings"])

    settings: Settings = controls.current()
    shown = {key: f"{VIEWS[key].name} alone" for key in settings.views}
    parts = {"all": "everything", "map": "the map alone", "loss": "the losses alone", **shown}
    return Page(f"{settings.surface.key}-race", order, contents, from_json, fit, settings.steps, parts)


def _unusual(settings: Settings) -> list[str]:
    """What is set under "More" beyond the plain race, in words for its button."""
    said = [f"{settings.steps:,} steps"]
    if settings.noise.key != "none":
        said.append(f"{NOISES[settings.noise.key].name} noise")
    if settings.schedule.key != "constant":
        said.append(f"{SCHEDULES[settings.schedule.key].name} schedule")
    return said


def _rotation(settings: Settings) -> None:
    spec = Rotated.parameters()["angle"]
    controls.parameter(spec, settings.rotation, "rotation", lambda s, v: change.set_rotation(s, v))
    st.caption("Coordinate-wise rules profit from ravines along the axes. Turn the ravine, and compare again.")


def _parameters(part: str, specs: Mapping[str, Parameter], values: racers.Choice) -> None:
    controls.parameters(specs, values, part, lambda s, name, v: change.set_parameter(s, part, name, v))


def _more(settings: Settings) -> None:
    run, noise, schedule, rules, about = st.tabs(["Run", "Noise", "Schedule", "Racers", "Surface"])
    with run:
        x, y, *_ = settings.built_start()
        controls.field(
            "Start (or click on the map)",
            f"{x:.6g}, {y:.6g}",
            "start",
            controls.set_start_text,
            "Two numbers: x, y.",
        )
        controls.field(
            "Steps",
            str(settings.steps),
            "steps",
            racers.set_steps,
            f"A whole number from 1 to {settings.most_steps:,}.",
        )
        controls.field("Seed of the noise", str(settings.seed), "seed", racers.set_seed, "A whole number from 0.")
    with noise:
        controls.registered(
            "Noise of the gradient",
            NOISES,
            settings.noise,
            "noise",
            change.choose_noise,
            lambda s, name, v: change.set_parameter(s, "noise", name, v),
        )
    with schedule:
        schedule_of(settings, "schedule")
    with rules:
        _racers(settings)
    with about:
        surface = SURFACES[settings.surface.key]
        st.latex(surface.formula)
        st.markdown(f"{surface.teaches}")
        st.caption(surface.source)


def _racers(settings: Settings) -> None:
    st.caption("Learning rate and momentum are on the cards; here is the rest.")
    for racer, title in zip(settings.racers, race.titles(settings), strict=True):
        rule = OPTIMIZERS[racer.rule.key]
        rest = {name: p for name, p in rule.parameters().items() if name not in race.ON_CARD}
        if not rest:
            continue
        st.markdown(f"**{title}**")
        controls.parameters(
            rest,
            racer.rule,
            racer.id,
            lambda s, name, v, id=racer.id: racers.set_racer(s, id, name, v),  # type: ignore[misc]
        )


def _results(settings: Settings) -> str:
    """The table of results in HTML: a native table takes ten times as long, for each move of a slider."""
    return results(race.heads(), race.cells(settings))
