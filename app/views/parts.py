"""The parts that several pages share: the masthead, notices, the equations of a rule, and the table of results."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import jax
import streamlit as st

from app.common import racers, workers
from app.common.digits import short
from app.common.phrases import counted
from app.common.racers import Choice, Lineup
from app.common.setting import declared
from app.player import Event
from app.views import controls, export
from app.views.pages import ADDRESSES
from optimizers import RULES, SCHEDULES
from optimizers.equations import TEXTBOOK, latex

# These events change values that other widgets of the page show too, so that these are drawn again.
_SHOWN_ELSEWHERE = ("start", "slide", "reset", "add", "remove", "duplicate", "beside", "preset", "fair")


def masthead(here: str) -> None:
    """Show the app's name and links to its pages. `here` is the title of the current page."""
    st.html("<h1 class='wordmark'>Optiscope</h1>", width="content")
    with st.container(horizontal=True, key="pages", width="content"):
        for page in st.session_state.get("pages", ()):
            if page.title == here:
                st.html(f"<span class='here' aria-current='page'>{page.title}</span>", width="content")
            else:
                st.page_link(page, width="content")


def restore(page: str, parse: Callable[[Mapping[str, list[str]]], tuple[Any, list[str]]]) -> None:
    """Read the settings from the address bar on a first visit, and whenever the user has changed the address.

    Notices on parts of the link that were dropped remain until the user dismisses them.
    """
    query = {key: st.query_params.get_all(key) for key in st.query_params}
    key = f"{page}-notices"
    if page not in st.session_state or (query and query != st.session_state.get("written")):
        st.session_state[page], st.session_state[key] = parse(query)
        st.session_state["refusals"] = {}
    st.session_state["written"] = query
    if notices := st.session_state.get(key):
        with st.container(key="notices", horizontal=True, vertical_alignment="center"):
            st.warning("\n".join(f"- {notice}" for notice in notices) if len(notices) > 1 else notices[0])
            st.button("Dismiss", on_click=lambda: st.session_state.pop(key))


def base() -> str:
    """The address at which the app is served, with a slash at the end; empty without a server."""
    return base_of(st.context.url or "")


def base_of(address: str) -> str:
    """The address at which the app is served, from the address of one of its pages."""
    url = urlsplit(address)
    folder, _, name = url.path.rstrip("/").rpartition("/")
    path = folder if name in ADDRESSES else url.path.rstrip("/")
    return f"{url.scheme}://{url.netloc}{path}/" if url.netloc else ""


def write(query: dict[str, list[str]]) -> None:
    """Write the settings into the address bar."""
    if query != st.session_state.get("written"):
        st.query_params.from_dict(query)
        st.session_state["written"] = query


def react(event: Event, where: str, page_changes: Mapping[str, Callable[[Any], Any]]) -> None:
    """Carry out an event of the player. Streamlit runs the script right afterwards, which draws the result.

    Args:
        where: the control at which a refusal is shown.
        page_changes: changes for the events that only this page knows or handles differently.
    """
    if event.kind == "poll":
        return
    if event.kind == "export":
        export.ask(event)
        return
    if event.kind == "explain":
        racer = next((r for r in controls.current().racers if r.id == event.racer), None)
        st.session_state["explained"] = racer.rule if racer else None
        return
    actions: dict[str, Callable[[Any], Any]] = {
        "parameter": lambda s: racers.set_racer(s, event.racer, event.name, event.value),
        "remove": lambda s: racers.remove_racer(s, event.racer),
        "duplicate": lambda s: racers.duplicate_racer(s, event.racer),
        "hide": lambda s: racers.hide_racer(s, event.racer, event.hidden),
        **page_changes,
    }
    if event.kind in actions:
        controls.commit(actions[event.kind], where)
    st.session_state["stale"] = event.kind in _SHOWN_ELSEWHERE


def schedule_of(settings: Lineup, key: str) -> None:
    """Show the widgets of the schedule of the learning rate."""
    controls.registered(
        declared(type(settings))["schedule"].label,
        SCHEDULES,
        settings.schedule,
        key,
        racers.choose_schedule,
        racers.set_schedule,
    )


def explain(choice: Choice, start: str = "") -> None:
    """Open the dialog on a racer's rule, with its equations in the chosen convention and what to watch for.

    Args:
        start: a sentence on how the initial learning rate is chosen.
    """
    rule = RULES[choice.key]
    chosen = rule.parameters().get("convention")
    convention = str(choice.get("convention", chosen.default)) if chosen else TEXTBOOK

    @st.dialog(f"{rule.name}, {chosen.label(convention)} convention" if chosen else rule.name)
    def dialog() -> None:
        for line in latex(rule, convention):
            st.latex(line)
        if not rule.equations:
            st.markdown(
                "This rule comes from optax unchanged. Its state is shown, but its equations are not written out here."
            )
        st.markdown(f"{rule.watch} {rule.beginning}")
        for name, spec in rule.parameters().items():
            if spec.choices:
                st.markdown(f"{name.capitalize()}: {', '.join(spec.labels)}. {spec.doc}")
                continue
            st.markdown(f"*{spec.symbol}* — {name.replace('_', ' ')}, {short(spec.default)} by default. {spec.doc}")
        if start:
            st.markdown(start)
        if "learning_rate" not in rule.parameters():
            st.markdown("It has no learning rate to schedule.")
        st.caption(rule.source)

    dialog()


def results(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    tips: Mapping[str, str] | None = None,
    name: str = "results",
) -> str:
    """The HTML of a table of results. A native table would take ten times as long, for each move of a slider.

    Args:
        heads, rows: the text of the headings and of the cells.
        tips: the meanings of columns by their headings.
        name: the word by which tests find the table.
    """
    head = "".join(f"<th scope='col'{_tip((tips or {}).get(h, ''))}>{html.escape(h)}</th>" for h in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table class='results' data-testid='{name}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    # in a narrow window the table scrolls, also by the arrow keys
    return f"<div class='results-box' role='region' aria-label='{name.capitalize()}' tabindex='0'>{table}</div>"


def _tip(words: str) -> str:
    return f" title='{html.escape(words)}'" if words else ""


def progress(name: str, share: float, words: str, end: str = "") -> str:
    """The HTML of a progress bar with words beside it.

    Args:
        name: what progresses, for screen readers.
        share: the share that is done, from 0 to 1.
        end: further words, at the right end.
    """
    attributes = f"role='progressbar' aria-valuenow='{100 * share:.0f}' aria-valuemin='0' aria-valuemax='100'"
    last = f"<span class='device'>{html.escape(end)}</span>" if end else ""
    return (
        f"<div class='progress' data-testid='progress' aria-label='{name}' {attributes}>"
        f"<div class='rail'><div class='bar' style='width:{100 * share:.1f}%'></div></div>"
        f"<span>{html.escape(words)}</span>{last}</div>"
    )


def run_button(page: str, job: workers.Job, run: Callable[[], None], said: str, disabled: bool = False) -> None:
    """Show the button that runs a job, or stops it while it runs.

    The state of the session keeps what the button showed, as "PAGE-button".

    Args:
        said: what running does.
    """
    st.session_state[f"{page}-button"] = job.running
    options: Any
    with st.container(width=92):
        if job.running:
            options = {"width": "stretch", "disabled": job.stopping}
            st.button("Stop", key=f"{page}-stop", type="primary", on_click=job.stop, **options)
        else:
            options = {"help": said, "width": "stretch", "disabled": disabled}
            st.button("Run", key=f"{page}-run", type="primary", on_click=run, **options)


@functools.cache
def device() -> str:
    """The name of the device that computes the runs, and the number of devices."""
    devices = jax.devices()
    kind = "CPU" if devices[0].platform == "cpu" else devices[0].device_kind
    return f"{kind} · {counted(len(devices), 'device')}"
