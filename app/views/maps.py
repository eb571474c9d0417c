"""The Maps page."""

from __future__ import annotations

import dataclasses
import html
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.common import budget, cards, names, racers
from app.maps import changes, export, jobs, link, presets, zoom
from app.maps import results as standings
from app.maps import scene as scenes
from app.maps.changes import SETTINGS
from app.maps.choices import CELLS, offered
from app.maps.data import from_json
from app.maps.job import Job
from app.maps.settings import MAPPED, Settings
from app.maps.views import VIEWS
from app.player import Event, Guide
from app.player.component import play
from app.views import controls, sessions
from app.views import export as exporting
from app.views.parts import base, device, explain, masthead, progress, react, restore, results, schedule_of, write
from optimizers import NOISES, OPTIMIZERS

PAGE = "maps"
PRESET = "preset:"
WITHOUT = "Choose a preset, or set up a map: choose a surface and what varies, drag a slider, or add a racer."
PURPOSE = "See what becomes of thousands of runs at once."
WAIT = 0.4
"""The seconds for which a first, coarse map is waited for before the page is shown without it."""


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter(PAGE)
    restore(PAGE, link.parse)
    _toolbar()
    _stage()


def _job() -> Job:
    """The job of the settings in hand, which is another one when its results would be others."""
    settings: Settings = controls.current()
    there: Job | None = st.session_state.get("map-job")
    job = jobs.job_for(settings, there, WAIT)
    return job if job is there else sessions.replace_job("map-job", job)


@st.fragment
def _stage() -> None:
    """Progress, player and results: they alone are drawn again while the map becomes finer."""
    settings = controls.hold()
    try:
        if "map-player" in st.session_state:
            job = _job()
            scene = scenes.scene(settings, job)
        else:  # a first visit may have to wait for programs to be compiled
            with st.spinner("Compiling the update rules …"):
                job = _job()
                scene = scenes.scene(settings, job)
    except (budget.NoRoom, MemoryError) as problem:
        st.error(str(problem) if isinstance(problem, budget.NoRoom) else budget.SHORT)
        return
    controls.held()["map-job"] = job
    _progress(job, settings)
    scene = dataclasses.replace(scene, guide=_guide(settings))
    again = st.session_state.get("stale", False)
    play(scene, key="map-player", react=_react, refusal=controls.refused("map-player"), again=again)
    if explained := st.session_state.pop("explained", None):
        explain(explained, changes.starting_reason(settings, explained))
    else:
        exporting.panel(_exports)
    st.html(results(standings.heads(settings), standings.cells(settings, job), standings.tips()))
    write(link.query(settings))
    if again:
        st.session_state["stale"] = False
        st.rerun()


def _react(event: Event) -> None:
    react(
        event,
        "map-player",
        {
            "start": lambda s: changes.set_start(s, *event.point),
            "cell": lambda s: changes.choose_cell(s, event.point),
            "window": lambda s: changes.set_window(s, event.window and [*event.window[0], *event.window[1]]),
            "view": lambda s: changes.choose_view(s, event.name),
            "option": lambda s: changes.change(s, "color", event.name),
            "reset": lambda s: changes.reset_racer(s, event.racer),
            "add": lambda s: changes.add_racer(s, event.name),
            "duplicate": lambda s: changes.duplicate_racer(s, event.racer),
            "preset": lambda s: presets.preset(event.name),
        },
    )
    if event.kind in ("view", "cell"):  # other widgets show these as well
        st.session_state["stale"] = True


def _progress(job: Job, settings: Settings) -> None:
    """The bar with the share of the cells that are computed, the button that stops the work, and a link to the race."""
    share = job.progress
    if job.error:
        words = job.error
    elif job.stopped:
        words = "stopped; what was computed is shown"
    elif job.busy:
        words = f"{share:.0%}" + (f" · {job.size}² cells are shown" if job.size else "")
    else:
        words = f"{job.cells:,} runs" if job.cells else "computed"
    with st.container(key="map-progress", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(progress("Map", share, words, device()))
        if job.busy:
            st.button("Stop", key="map-stop", type="tertiary", on_click=job.stop)
        elif job.stopped:
            st.button("Continue", key="map-continue", type="tertiary", on_click=_again)
        if query := link.race(settings):
            address = html.escape(f"{base()}?{urlencode(query, doseq=True)}")
            words = "The race of the runs that are played"
            st.html(
                f"<a class='quiet' data-testid='open-race' href='{address}' target='_self' title='{words}'>"
                "Open in Race</a>",
                width="content",
            )


def _again() -> None:
    st.session_state.pop("map-job", None)


def _guide(settings: Settings) -> Guide:
    """The presets, and the sentence of the one that the map began as."""
    return Guide(
        purpose=PURPOSE,
        presets=tuple((key, preset.label, preset.name) for key, preset in presets.PRESETS.items()),
        shown=settings.preset,
        about=presets.shown_by(settings),
        changes=presets.changes(settings),
        without=WITHOUT,
    )


def _toolbar() -> None:
    settings: Settings = controls.current()
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="xsmall"):
        masthead("Maps")
        with st.container(width=230):
            controls.choice(
                "Surface or preset",
                [*(PRESET + name for name in presets.PRESETS), *MAPPED],
                settings.surface.key,
                "map-surface",
                _chosen,
                names=_named,
                visible=False,
            )
        if settings.view in ("stability", "flat"):
            _axes(settings)
        with st.popover(f"More · {settings.steps:,} steps", key="map-more", width="content"):
            _more(settings)


def _axes(settings: Settings) -> None:
    """The choices of what varies along the axes."""
    labels = offered(settings)
    for letter, name in (("x", "Horizontal axis"), ("y", "Vertical axis"))[: 2 if settings.view in CELLS else 1]:
        with st.container(width=180):
            controls.choice(
                name,
                list(labels),
                getattr(settings, letter),
                f"map-{letter}-{','.join(labels)}",  # another list is another widget
                lambda s, v, letter=letter: changes.set_axis(s, letter, v),  # type: ignore[misc]
                names=lambda key, letter=letter: f"{letter}: {labels.get(key, key)}",  # type: ignore[misc]
                visible=False,
            )


def _chosen(settings: Settings, option: str) -> Settings:
    if option.startswith(PRESET):
        return presets.preset(option.removeprefix(PRESET))
    return changes.choose_surface(settings, option)


def _named(option: str) -> str:
    if option.startswith(PRESET):
        return f"{presets.PRESETS[option.removeprefix(PRESET)].name} · preset"
    return MAPPED[option].name


def _setting(name: str, value: Any) -> None:
    """The widget of a declared setting."""
    controls.setting(SETTINGS[name], value, lambda s, v: changes.change(s, name, v), f"map-{name}")


def _more(settings: Settings) -> None:
    run, surface, noise, schedule, rules = st.tabs(["Run", "Surface", "Noise", "Schedule", "Racers"])
    with run:
        x, y, *_ = settings.built_start()
        _setting("start", (x, y))
        for spec in SETTINGS.values():
            if spec.tab == "Run":
                _setting(spec.name, getattr(settings, spec.name))
    with surface:
        chosen = MAPPED[settings.surface.key]
        st.latex(chosen.formula)
        controls.parameters(
            {n: p for n, p in chosen.parameters().items() if not p.choices},
            settings.surface,
            "map-parameters",
            lambda s, n, v: changes.set_parameter(s, "surface", n, v),
        )
        st.markdown(chosen.teaches)
        st.caption(chosen.source)
    with noise:
        controls.registered(
            SETTINGS["noise"].label,
            NOISES,
            settings.noise,
            "map-noise",
            changes.choose_noise,
            lambda s, n, v: changes.set_parameter(s, "noise", n, v),
        )
    with schedule:
        schedule_of(settings, "map-schedule")
    with rules:
        _racers(settings)


def _racers(settings: Settings) -> None:
    st.caption("Learning rate and momentum are on the cards. The other parameters are here.")
    for racer, title in zip(settings.racers, names.titles(settings), strict=True):
        rest = {n: p for n, p in OPTIMIZERS[racer.rule.key].parameters().items() if n not in cards.ON_CARD}
        if rest:
            st.markdown(f"**{title}**")
            controls.parameters(
                rest,
                racer.rule,
                f"map-{racer.id}",
                lambda s, n, v, id=racer.id: racers.set_racer(s, id, n, v),  # type: ignore[misc]
            )


def _exports() -> exporting.Page:
    """What the Export panel needs of this map; it is asked when a file is, so that nothing waits for it."""
    held = controls.held()
    settings: Settings = controls.current()
    parts = {"all": "Everything", settings.view: f"{VIEWS[settings.view].name} only", "map": "Paths only"}
    parts |= {"loss": "Losses only"}
    holds = "What became of every run of the map: a line for each cell of each racer."
    more: Any = {
        "zoomed": zoom.zoomed(settings),
        "scaled": True,
        "tables": ("csv", "parquet"),
        "scripts": ("py",),
        "holds": holds,
    }
    name = export.file_name(settings)
    return exporting.Page(
        export, lambda: (held[PAGE], held["map-job"]), name, from_json, base(), settings.steps, parts, **more
    )
