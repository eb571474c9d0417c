"""The Studies page: experiments over many runs."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import Any

import streamlit as st

from app.common.digits import percent, short
from app.common.phrases import counted
from app.player import Event
from app.player.component import play
from app.studies import captions, changes, export, link, results
from app.studies import scene as scenes
from app.studies.changes import SETTINGS
from app.studies.job import Job
from app.studies.settings import Settings
from app.studies.views import MOST
from app.views import controls, sessions
from app.views import export as exporting
from app.views.parts import base, device, masthead, progress, react, restore, run_button, write
from app.views.parts import results as result_table
from optimizers.studies import STUDIES

PAGE = "studies"
PLAYER = "studies-player"
FORMULA = re.compile(r"\$\$.+?\$\$", re.DOTALL)
"""A formula in a docstring. On the page it has a single line: Markdown takes a line that begins with − for a list."""
SHORT = 10.0
"""Studies that take at most this many seconds start by themselves, like a map; longer studies wait for Run."""


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter(PAGE)
    restore(PAGE, link.parse)
    _toolbar()
    _stage()


def _job() -> Job:
    """The job of the current settings; a new job if the settings need another result."""
    settings: Settings = controls.current()
    job: Job | None = st.session_state.get("study-job")
    if job is None or job.settings.drawn != settings.drawn:
        job = sessions.replace_job("study-job", Job(settings))
        if settings.declared.seconds <= SHORT:
            job.begin()
    return job


def _toolbar() -> None:
    settings: Settings = controls.current()
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="xsmall"):
        masthead("Studies")
        job = _job()
        said = "The result is complete." if job.complete else "Compute the study."
        run_button("study", job, _run, said, disabled=job.complete)
        with st.container(width=262):
            names = {key: study.name for key, study in STUDIES.items()}
            choose = changes.choose_study
            here = settings.study.key
            controls.choice("Study", list(STUDIES), here, "study", choose, names=names.__getitem__, visible=False)
        with st.popover("Parameters", key="study-popover", width="content"):
            _parameters(settings)
        st.html(f"<div class='device'>{device()}</div>", width="stretch")


def _parameters(settings: Settings) -> None:
    """The widgets of the study's parameters and of the seed, and what the study computes."""
    controls.parameters(settings.declared.parameters(), settings.study, "study-parameter", changes.set_parameter)
    for spec in SETTINGS.values():
        if spec.tab == "Run":
            value = getattr(settings, spec.name)
            controls.setting(
                spec,
                value,
                lambda s, v, name=spec.name: changes.change(s, name, v),  # type: ignore[misc]
                key=f"study-{spec.name}",
            )
    st.markdown(FORMULA.sub(lambda formula: formula[0].replace("\n", " "), settings.declared.prose))
    st.caption(settings.declared.source)


def _run() -> None:
    """Compute what is set now, which may have changed since the button was drawn."""
    _job().begin()


@st.fragment
def _stage() -> None:
    """Progress, player and table: only these are drawn again while results come in, when the player asks."""
    settings, job = controls.hold(), _job()
    controls.held()["study-job"] = job
    scene = scenes.scene(settings, job)
    st.html(_progress(job))
    scene = dataclasses.replace(scene, guide=scenes.guide(settings))
    again = st.session_state.get("stale", False) or st.session_state["study-button"] != job.running
    play(scene, key=PLAYER, react=_react, refusal=controls.refused(PLAYER), again=again)
    if not again:
        exporting.panel(_exports)
    _results(settings, job)
    write(link.query(settings))
    if again:
        st.session_state["stale"] = False
        st.rerun()


def _progress(job: Job) -> str:
    """The share of the study that is computed."""
    share = percent(round(job.share, 2))
    if job.error:
        words = job.error
    elif job.running:
        words = f"{share} · {'stopping after this part' if job.stopping else 'computing'} …"
    elif job.complete:
        words = f"computed in {short(job.seconds, 2)} s" if job.seconds else "computed"
    elif job.share:
        words = f"stopped at {share}: press Run to compute it from the beginning"
    else:
        words = f"press Run: about {counted(round(job.settings.declared.seconds), 'second')}"
    return progress("Study", job.share, words)


def _react(event: Event) -> None:
    react(event, PLAYER, {"preset": lambda s: changes.reset(s, event.name)})


def _results(settings: Settings, job: Job) -> None:
    """What the study shows, in words, and its table."""
    numbers = results.table(settings, job)
    if numbers is None:
        return
    if found := captions.finding(settings, job):
        st.html(f"<p class='about' data-testid='finding'>{html.escape(found)}</p>")
    rows = results.texts(numbers)
    st.html(result_table(numbers.columns, rows[: results.MOST_ROWS]))
    if len(rows) > results.MOST_ROWS:
        st.caption(f"The first {results.MOST_ROWS} of {counted(len(rows), 'row')}. Files of data contain all rows.")


def _exports() -> exporting.Page:
    """What the Export panel needs of this study; it is computed only when a file is requested."""
    held = controls.held()
    settings, job = controls.current(), _job()
    shown = scenes.scene(settings, job)
    parts = {"all": "Everything"}
    if len(shown.panels) > 1:
        parts |= {panel.key: f"{panel.title} only" for panel in shown.panels[:MOST]}
    more: Any = {"scripts": ("py",), "holds": "The table below the picture (CSV, Parquet), or all arrays (NPZ)."}
    name = export.file_name(settings)
    last = shown.clock.end
    return exporting.Page(
        export, lambda: (held[PAGE], held["study-job"]), name, export.from_json, base(), last, parts, **more
    )
