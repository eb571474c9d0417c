"""The Race page."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from app.common import budget, cards, names, racers
from app.figures.map import extent
from app.player import Event, Guide
from app.player.component import play
from app.race import captions, changes, export, link, live, presets
from app.race import results as standings
from app.race import scene as scenes
from app.race.changes import SETTINGS
from app.race.data import from_json
from app.race.runs import Race, race_of
from app.race.settings import Settings
from app.race.views import VIEWS
from app.views import controls, fair
from app.views import export as exporting
from app.views.parts import base, device, explain, masthead, react, restore, results, schedule_of, write
from optimizers import NOISES, OPTIMIZERS, SCHEDULES
from surfaces import SURFACES

PRESET = "preset:"
PURPOSE = "Watch optimizers race down loss surfaces."
PICTURES = {"map": "One map", "surface": "3-D", "panels": "One for each racer"}


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter("settings", fair.changed)
    if "settings" not in st.session_state and link.opens(
        {key: st.query_params.get_all(key) for key in st.query_params}
    ):
        _open()
    restore("settings", link.parse)
    _toolbar()
    _stage()


@st.fragment
def _stage() -> None:
    """Player and results: a moved slider of a card reruns these alone, not the widgets above."""
    settings = controls.hold()
    job = fair.job_of(settings)
    now = job.now() if job else None
    race = Race(now.fair.shown, now.fair) if now else Race(settings)
    try:
        if "player" in st.session_state:
            scene = scenes.scene(race)
        else:  # a first visit may have to wait for programs to be compiled
            with st.spinner("Compiling the update rules …"):
                scene = scenes.scene(race)
    except (budget.NoRoom, MemoryError) as problem:
        st.error(str(problem) if isinstance(problem, budget.NoRoom) else budget.SHORT)
        return
    scene = live.connected(scene, race)
    scene = dataclasses.replace(scene, busy=now is not None and now.busy)
    scene = dataclasses.replace(scene, guide=_guide(race.settings), fair=fair.as_played(race, now))
    again = st.session_state.get("stale", False)
    play(scene, key="player", react=_react, refusal=controls.refused("player"), again=again)
    if explained := st.session_state.pop("explained", None):
        explain(explained, changes.starting_reason(settings, explained))
    else:
        exporting.panel(_exports)
    if race.fair and race.fair.names:
        st.html(fair.tables(race.fair))
    st.html(_results(race))
    if remarks := captions.remarks(settings):
        st.caption("  \n".join(remarks))
    write(link.query(settings))
    if again:
        st.session_state["stale"] = False
        st.rerun()


def _react(event: Event) -> None:
    if event.kind == "fair" and event.name in ("stop", "resume"):
        fair.go_on(event.name == "resume")
        return
    react(
        event,
        "player",
        {
            "start": lambda s: _moved(s, event),
            "parameter": lambda s: _turned(s, event),
            "slide": lambda s: _slid(s, event),
            "beside": lambda s: _beside(s, event.name),
            "reset": lambda s: changes.reset_racer(s, event.racer),
            "add": lambda s: changes.add_racer(s, event.name),
            "view": lambda s: changes.set_view(s, event.slot, event.name),
            "axis": lambda s: changes.change(s, "axis", event.name),
            "inspect": lambda s: changes.inspect(s, event.racer),
            "picture": lambda s: changes.change(s, "picture", event.name),
            "heights": lambda s: changes.change(s, "heights", event.name),
            "preset": lambda s: _preset(event.name),
            "fair": lambda s: changes.set_fair(s, 0 if event.name == "off" else event.name),
        },
    )


def _moved(settings: Settings, event: Event) -> Settings:
    def move(one: Settings) -> Settings:
        return changes.set_start(one, *_readable(event.point, one))

    return changes.in_second(settings, move) if event.beside else move(settings)


def _turned(settings: Settings, event: Event) -> Settings:
    given = (event.racer, event.name, event.value)
    linked = settings.beside is None or settings.beside.linked
    if event.beside and not linked:
        return changes.in_second(settings, racers.set_racer, *given)
    return racers.set_racer(settings, *given)


def _slid(settings: Settings, event: Event) -> Settings:
    if event.beside:
        return changes.in_second(settings, changes.slide, event.name, event.value)
    return changes.slide(settings, event.name, event.value)


def _beside(settings: Settings, word: str) -> Settings:
    if word in ("on", "off"):
        return changes.set_beside(settings, word == "on")
    return changes.set_linked(settings, word == "linked")


def _setting(name: str, value: Any) -> None:
    """The widget of a declared setting."""
    controls.setting(SETTINGS[name], value, lambda s, v: changes.change(s, name, v))


def _readable(point: tuple[float, float], settings: Settings) -> tuple[float, float]:
    """A clicked point without the digits below a hundredth of a pixel, for the sake of the link."""
    (x0, x1), _ = extent(settings.built_surface())
    digits = 5 - math.ceil(math.log10(x1 - x0))
    return round(point[0], digits), round(point[1], digits)


def _toolbar() -> None:
    settings = controls.current()
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="xsmall"):
        masthead("Race")
        _ground(settings, "", lambda do: do)
        with st.popover(" · ".join(["More", *_unusual(settings)]), key="more-popover", width="content"):
            _more(settings)
        st.html(f"<div class='device'>{device()}</div>", width="stretch")
    if second := settings.second():
        with st.container(horizontal=True, key="toolbar-second", vertical_alignment="center"):
            st.html("<span class='second'>Race <b>B</b></span>", width="content")
            _ground(second, "second-", lambda do: lambda s, *v: changes.in_second(s, do, *v))


def _ground(settings: Settings, key: str, placed: Callable[[Any], Any]) -> None:
    """The choice of a surface, of the race or, with a `key` of its own, of the one beside."""
    with st.container(width=262):
        controls.choice(
            "Surface of race B" if key else "Surface or preset",
            list(SURFACES) if key else [*(PRESET + name for name in presets.PRESETS), *SURFACES],
            settings.surface.key,
            f"{key}surface",
            placed(_chosen),
            names=_named,
            visible=False,
        )


def _chosen(settings: Settings, option: str) -> Settings:
    if option.startswith(PRESET):
        return _preset(option.removeprefix(PRESET))
    return changes.choose_surface(settings, option)


def _preset(key: str) -> Settings:
    settings = presets.preset(key)
    _open()
    return settings


def _open() -> None:
    """Let the player play the next scene from its start."""
    st.session_state["opening"] = st.session_state.get("opening", 0) + 1


def _guide(settings: Settings) -> Guide:
    """The presets, and the sentence of the one that the race began as."""
    return Guide(
        purpose=PURPOSE,
        presets=tuple((key, preset.label, preset.name) for key, preset in presets.PRESETS.items()),
        shown=settings.preset,
        about=presets.shown_by(settings),
        changes=presets.changes(settings),
        opening=st.session_state.get("opening", 0),
    )


def _named(option: str) -> str:
    if option.startswith(PRESET):
        return f"{presets.PRESETS[option.removeprefix(PRESET)].name} · preset"
    name, theme = SURFACES[option].name, SURFACES[option].theme
    words = name.lower().split()
    redundant = words[0] in theme or words[-1] in theme  # "Ravine" is clearly one of the ravines
    return name if redundant else f"{name} · {theme}"


def _exports() -> exporting.Page:
    """What the Export panel needs of this race; it is asked when a file is, so that nothing waits for it."""

    held = controls.held()
    settings: Settings = controls.current()
    parts = {"all": "Everything", "map": "Map only", "loss": "Losses only"}
    parts |= {key: f"{VIEWS[key].name} only" for key in settings.views}
    pictures = {} if settings.beside or settings.fair else PICTURES
    name, note = export.file_name(settings), _left_out(settings)
    more: Any = {"scaled": True, "note": note}
    if settings.fair:
        more["tables"] = (*exporting.TABLES, "verdict.csv")
    return exporting.Page(
        export, lambda: (race_of(held["settings"]),), name, from_json, base(), settings.steps, parts, pictures, **more
    )


def _left_out(settings: Settings) -> str:
    """What numbers and scripts do not hold of what the page shows."""
    of = [*(["race A"] if settings.beside or settings.fair else []), *(["the first seed"] if settings.bundled else [])]
    return f"Data and scripts contain only {' and '.join(of)}." if of else ""


def _unusual(settings: Settings) -> list[str]:
    """What is set under "More" beyond the plain race, in words for its button."""
    said = [f"{settings.steps:,} steps"]
    if settings.noise.key != "none":
        seeds = f", {settings.seeds} seeds" if settings.bundled else ""
        said.append(f"{NOISES[settings.noise.key].name} noise{seeds}")
    if settings.schedule.key != "constant":
        said.append(f"{SCHEDULES[settings.schedule.key].name} schedule")
    return said


def _more(settings: Settings) -> None:
    run, noise, schedule, rules, about = st.tabs(["Run", "Noise", "Schedule", "Racers", "Surface"])
    with run:
        x, y, *_ = settings.built_start()
        _setting("start", (x, y))
        for spec in SETTINGS.values():
            if spec.tab == "Run":
                _setting(spec.name, getattr(settings, spec.name))
    with noise:
        controls.registered(
            SETTINGS["noise"].label,
            NOISES,
            settings.noise,
            "noise",
            changes.choose_noise,
            lambda s, name, v: changes.set_parameter(s, "noise", name, v),
        )
        _setting("bundle", settings.bundle)
        if settings.bundle != "one":
            _setting("seeds", settings.seeds)
        if settings.bundle != "one" and not settings.bundled:
            st.caption("Without noise, all seeds follow the same path, so only one is drawn.")
    with schedule:
        schedule_of(settings, "schedule")
    with rules:
        _racers(fair.shown(settings))
    with about:
        surface = SURFACES[settings.surface.key]
        st.latex(surface.formula)
        st.markdown(f"{surface.teaches}")
        st.caption(surface.source)


def _racers(settings: Settings) -> None:
    st.caption("Learning rate and momentum are on the cards. The other parameters are here.")
    for racer, title in zip(settings.racers, names.titles(settings), strict=True):
        rule = OPTIMIZERS[racer.rule.key]
        rest = {name: p for name, p in rule.parameters().items() if name not in cards.ON_CARD}
        if not rest:
            continue
        st.markdown(f"**{title}**")
        controls.parameters(
            rest,
            racer.rule,
            racer.id,
            lambda s, name, v, id=racer.id: racers.set_racer(s, id, name, v),  # type: ignore[misc]
        )


def _results(race: Race) -> str:
    """The table of results in HTML: a native table takes ten times as long, for each move of a slider."""
    return results(standings.heads(race), standings.cells(race), standings.tips())
