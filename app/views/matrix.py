"""The Tests page: which optimizers cope with which difficulties."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st

from app.common.digits import short
from app.common.phrases import counted
from app.common.racers import Refused
from app.matrix import captions, changes, export, link, openings, presets, results
from app.matrix import scene as scenes
from app.matrix.changes import SETTINGS
from app.matrix.job import Job, Place
from app.matrix.settings import GROUP_NAMES, RULE_NAMES, Settings
from app.matrix.views import VIEWS
from app.player import Event
from app.player.component import play
from app.race import link as race_link
from app.views import controls, sessions
from app.views import export as exporting
from app.views.parts import base, device, explain, masthead, progress, react, restore, run_button, write
from app.views.parts import results as result_table
from optimizers import OPTIMIZERS
from optimizers.diagnostics import UNIT_TESTS

PAGE = "matrix"
PLAYER = "tests-player"
ALL = "all"


def show() -> None:
    """The whole page, top to bottom."""
    controls.enter(PAGE)
    restore(PAGE, link.parse)
    _toolbar()
    _stage()


def _job() -> Job:
    """The job of the settings in hand; another one where the trials or their seed changed."""
    settings: Settings = controls.current()
    job: Job | None = st.session_state.get("matrix-job")
    if job is None or (job.trials, job.seed) != settings.drawn:
        job = sessions.replace_job("matrix-job", Job(*settings.drawn))
    return job


def _toolbar() -> None:
    settings: Settings = controls.current()
    with st.container(horizontal=True, key="toolbar", vertical_alignment="center", gap="xsmall"):
        masthead("Tests")
        job = _job()
        complete = all(place in job.cells for place in _places(settings))
        said = "All cells that are shown are computed." if complete else "Compute the cells that are still missing."
        run_button("matrix", job, _run, said, disabled=complete)
        with st.container(width=262):
            options = [ALL, *presets.PRESETS]
            here = settings.preset or ALL
            controls.choice("Part of the matrix", options, here, "matrix-preset", _chosen, names=_named, visible=False)
        with st.popover(" · ".join(["Show", *_filtered(settings)]), key="show-popover", width="content"):
            _several("groups", GROUP_NAMES, settings.groups)
            _several("rules", RULE_NAMES, settings.rules)
            for name in ("numbers", "rows", "columns"):
                _setting(settings, name)
        with st.popover(f"{settings.trials} trials", key="trials-popover", width="content"):
            for spec in SETTINGS.values():
                if spec.tab == "Run":
                    _setting(settings, spec.name)
            st.caption(captions.HOW)
        st.html(f"<div class='device'>{device()}</div>", width="stretch")


def _filtered(settings: Settings) -> list[str]:
    """What is left out, in words for the button."""
    said = [counted(len(settings.groups), "group")] if settings.groups else []
    return said + ([counted(len(settings.rules), "optimizer")] if settings.rules else [])


def _named(option: str) -> str:
    return "All tests" if option == ALL else f"{presets.PRESETS[option].name} · preset"


def _chosen(settings: Settings, option: str) -> Settings:
    chosen, _ = link.parse({} if option == ALL else {"preset": [option]})
    return dataclasses.replace(chosen, trials=settings.trials, seed=settings.seed)


def _setting(settings: Settings, name: str) -> None:
    spec, value = SETTINGS[name], getattr(settings, name)
    controls.setting(spec, value, lambda s, v: changes.change(s, name, v), key=f"matrix-{name}")


def _several(name: str, choices: Mapping[str, str], value: tuple[str, ...]) -> None:
    """Show a choice of several keys; none of them stands for all."""
    key = f"matrix-{name}"
    shown = controls.widget(key, list(value))
    st.multiselect(
        SETTINGS[name].label,
        list(choices),
        default=list(value),
        key=shown,
        format_func=lambda k: choices.get(k, k),
        placeholder="All",
        help=SETTINGS[name].help,
        on_change=lambda: controls.take(key, shown, lambda s, v: changes.change(s, name, v), key),
    )
    controls.refusal(key)


def _run() -> None:
    settings: Settings = controls.current()
    _job().begin(settings.tests_shown, settings.rules_shown)


@st.fragment
def _stage() -> None:
    """Progress, table and player: they alone are drawn again while cells come in, when the player asks."""
    settings, job = controls.hold(), _job()
    controls.held()["matrix-job"] = job
    scene = scenes.scene(settings, job)
    if settings.preset:
        st.html(f"<div class='about'>{html.escape(presets.PRESETS[settings.preset].about)}</div>")
    st.html(_progress(settings, job))
    _table(settings, job)
    opening = st.session_state.get("opening", 0)
    scene = dataclasses.replace(scene, guide=dataclasses.replace(scenes.guide(settings, job), opening=opening))
    again = st.session_state.get("stale", False) or st.session_state["matrix-button"] != job.running
    play(scene, key=PLAYER, react=_react, refusal=controls.refused(PLAYER), again=again)
    if not again and (explained := st.session_state.pop("explained", None)):
        explain(explained)
    elif not again:
        exporting.panel(_exports)
    _runs(settings, job)
    write(link.query(settings))
    if again:
        st.session_state["stale"] = False
        st.rerun()


def _places(settings: Settings) -> list[Place]:
    """The places of the cells that are shown."""
    return [(test, rule) for test in settings.tests_shown for rule in settings.rules_shown]


def _progress(settings: Settings, job: Job) -> str:
    """The share of the cells shown that are there."""
    wanted = _places(settings)
    done, count = sum(place in job.cells for place in wanted), len(wanted)
    words = f"{done:,} of {count:,} cells"
    if job.running:
        words += " · stopping …" if job.stopping else " · computing …"
    elif job.error:
        words += f" · {job.error}"
    elif done == count:
        words += f" · computed in {short(job.seconds, 2)} s" if job.seconds else ""
    else:
        words += ": press Run to compute the rest" if done else ": press Run"
    return progress("Cells", done / max(1, count), words)


def _table(settings: Settings, job: Job) -> None:
    """The table of all cells that are shown. A click on a cell plays its runs; one on a heading sorts."""
    tests, rules = results.ordered(settings, job.cells)
    cells = [[job.cells.get((test, rule)) for rule in rules] for test in tests]
    data = {
        "head": captions.head(settings),
        "rows": [
            {
                "key": test,
                "name": UNIT_TESTS[test].name,
                "about": UNIT_TESTS[test].about,
                "group": "" if settings.rows else UNIT_TESTS[test].group,
            }
            for test in tests
        ],
        "columns": [{"key": rule, "name": OPTIMIZERS[rule].name} for rule in rules],
        "shares": [[-1 if cell is None else round(cell.share, 4) for cell in row] for row in cells],
        "texts": [[results.text(settings, cell) for cell in row] for row in cells],
        "words": [[results.words(cell) for cell in row] for row in cells],
        "picked": scenes.place_of(settings),
        "sorted": [settings.rows, settings.columns],
    }
    events = {f"on_{name}_change": lambda name=name: _clicked(name) for name in ("pick", "rows", "columns")}
    _component()(key="cells", data=data, **events)


def _clicked(name: str) -> None:
    """Carry out a click in the table. A browser can send anything."""
    message = st.session_state["cells"].get(name)
    if name == "pick":
        match message:
            case [str(test), str(rule)]:
                controls.commit(lambda s: changes.pick(s, test, rule), PLAYER)
                _open()
        return
    change = changes.sort_rows if name == "rows" else changes.sort_columns
    controls.commit(lambda s: change(s, str(message)), PLAYER)
    st.session_state["stale"] = True  # the toolbar shows the order as well


def _open() -> None:
    """Let the player play the next scene from its start."""
    st.session_state["opening"] = st.session_state.get("opening", 0) + 1


@cache
def _component() -> Any:
    folder = files(__package__)
    script, style = (folder.joinpath(f"table.{kind}").read_text(encoding="utf-8") for kind in ("js", "css"))
    return st.components.v2.component("optiscope_tests", html="", css=style, js=script, isolate_styles=False)


def _react(event: Event) -> None:
    if event.kind == "preset":  # the name of the cell
        _open()
    elif event.kind in ("poll", "export"):
        react(event, PLAYER, {})


def _runs(settings: Settings, job: Job) -> None:
    """The settings of the runs that are played, and the same runs on the Race page."""
    place, runs = scenes.place_of(settings), scenes.runs_of(settings, job)
    if not runs:
        return
    rows = [
        [one.title, results.spelled(place[1], one.setting), short(one.setting.height, 3), str(one.run.status)]
        for one in runs
    ]
    st.html(result_table(["Run", "Setting", "Final height / initial height", "Status"], rows))
    with st.container(horizontal=True, vertical_alignment="center"):
        try:
            query = openings.race_of(place, runs)
            _, notices = race_link.parse(query)
            if notices:
                raise Refused(notices[0].removeprefix("Dropped from the link: "))
            st.link_button("Open in Race", openings.address(base(), query))
        except Refused as refused:
            st.caption(f"This run cannot be opened on the Race page. {refused}")


def _exports() -> exporting.Page:
    """What the Export panel needs of this matrix; it is asked when a file is, so that nothing waits for it."""
    held = controls.held()
    settings, job = controls.current(), _job()
    last = max((one.run.steps for one in scenes.runs_of(settings, job)), default=0)
    parts = {"all": "Everything", **{key: f"{name} only" for key, name in VIEWS.items()}}
    more: Any = {"tables": ("csv",), "scripts": ("py",), "holds": "Every cell that is shown, one a line."}
    name = export.file_name(settings)
    return exporting.Page(
        export, lambda: (held[PAGE], held["matrix-job"]), name, export.from_json, base(), last, parts, **more
    )
