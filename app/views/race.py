"""The Race page."""

from __future__ import annotations

import math
from typing import Any

import streamlit as st

from app import controls, race, racers
from app import settings as change
from app.figures.numbers import short
from app.figures.race import extent
from app.player import Event, play
from app.settings import MAX_STEPS, Settings
from app.views.parts import device, explain, masthead, notices, results
from optimizers import NOISES, OPTIMIZERS, SCHEDULES
from surfaces import SURFACES, Rotated

# What the page's other widgets show too: after these events they are drawn again.
_SHOWN_ELSEWHERE = ("start", "add", "remove", "duplicate")


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter("settings")
    _restore()
    _toolbar()
    _stage()


@st.fragment
def _stage() -> None:
    """Player and results: a moved slider of a card reruns these alone, not the widgets above."""
    settings = controls.current()
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
    query = change.query(settings)
    if query != st.session_state.get("written"):
        st.query_params.from_dict(query)
        st.session_state["written"] = query
    if st.session_state.pop("stale", False):
        st.rerun()


def _restore() -> None:
    """Read the address bar on a first visit, and whenever someone else than this page has written it."""
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    if "settings" not in st.session_state or (given and given != st.session_state.get("written")):
        st.session_state["settings"], st.session_state["notices"] = change.parse(given)
        st.session_state["refusals"] = {}
    st.session_state["written"] = given
    notices("notices")


def _react(event: Event) -> None:
    """Carry out what the user did in the player; the script that draws it runs right after."""
    if event.kind == "explain":
        racer = next((r for r in controls.current().racers if r.id == event.racer), None)
        st.session_state["explained"] = racer.rule if racer else None
        return
    actions: dict[str, Any] = {
        "start": lambda s: change.set_start(s, *_readable(event.point, s)),
        "parameter": lambda s: racers.set_racer(s, event.racer, event.name, event.value),
        "add": lambda s: change.add_racer(s, event.name),
        "remove": lambda s: racers.remove_racer(s, event.racer),
        "duplicate": lambda s: racers.duplicate_racer(s, event.racer),
        "hide": lambda s: racers.hide_racer(s, event.racer, event.hidden),
    }
    controls.commit(actions[event.kind], "player")
    st.session_state["stale"] = event.kind in _SHOWN_ELSEWHERE


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
        st.html(f"<div class='device'>{device()}</div>", width="stretch")


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


def _parameters(part: str, specs: Any, choice: racers.Choice) -> None:
    for spec in specs.values():
        controls.parameter(
            spec,
            choice.get(spec.name, spec.default),
            f"{part}-{choice.key}-{spec.name}",
            lambda s, v, name=spec.name: change.set_parameter(s, part, name, v),  # type: ignore[misc]
        )


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
            change.set_steps,
            f"A whole number from 1 to {MAX_STEPS:,}.",
        )
        controls.field("Seed of the noise", str(settings.seed), "seed", change.set_seed, "A whole number from 0.")
    with noise:
        _registered(settings, "noise", NOISES, "Noise of the gradient")
    with schedule:
        _registered(settings, "schedule", SCHEDULES, "Schedule of the learning rate")
    with rules:
        _racers(settings)
    with about:
        surface = SURFACES[settings.surface.key]
        st.latex(surface.formula)
        st.markdown(f"{surface.teaches}")
        st.caption(surface.source)


def _registered(settings: Settings, part: str, registry: Any, label: str) -> None:
    choice: racers.Choice = getattr(settings, part)
    controls.choice(
        label,
        list(registry),
        choice.key,
        part,
        lambda s, key: change.choose(s, part, key),
        lambda k: registry[k].name,
    )
    record = registry[choice.key]
    if record.parameters():
        st.latex(record.formula)
    _parameters(part, record.parameters(), choice)


def _racers(settings: Settings) -> None:
    st.caption("Learning rate and momentum are on the cards; here is the rest.")
    for racer, title in zip(settings.racers, race.titles(settings), strict=True):
        rule = OPTIMIZERS[racer.rule.key]
        rest = [p for name, p in rule.parameters().items() if name not in race.ON_CARD]
        if not rest:
            continue
        st.markdown(f"**{title}**")
        for spec in rest:
            controls.parameter(
                spec,
                racer.rule.get(spec.name, spec.default),
                f"{racer.id}-{racer.rule.key}-{spec.name}",
                lambda s, v, id=racer.id, name=spec.name: racers.set_racer(s, id, name, v),  # type: ignore[misc]
            )


def _results(settings: Settings) -> str:
    """The table of results in HTML: a native table takes ten times as long, for each move of a slider."""
    rows = [
        [
            row.title,
            row.status,
            short(row.loss, 4),
            "–" if row.reached is None else f"{row.reached:,}",
            f"{row.evaluations:,}",
        ]
        for row in race.table(settings)
    ]
    reached = f"Steps to {race.SHARE:.0%} of the start's height"
    return results(["Racer", "Status", "Final loss", reached, "Gradient evaluations"], rows)
