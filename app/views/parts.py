"""What several pages show: the device, the equations of a rule, notices, and a table of results."""

from __future__ import annotations

import functools
import html
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import jax
import streamlit as st

from app.common import racers
from app.common.digits import short
from app.common.racers import Choice, Lineup
from app.common.setting import declared
from app.player import Event
from app.views import controls, export
from app.views.pages import PAGES
from optimizers import RULES, SCHEDULES
from optimizers.equations import TEXTBOOK, latex

# What other widgets of a page show too: after these events they are drawn again.
_SHOWN_ELSEWHERE = ("start", "add", "remove", "duplicate", "beside")


def masthead(here: str) -> None:
    """The app's name and the way to its pages, of which one is `here`."""
    st.html("<h1 class='wordmark'>Optiscope</h1>", width="content")
    with st.container(horizontal=True, key="pages", width="content"):
        for page in st.session_state.get("pages", ()):
            if page.title == here:
                st.html(f"<span class='here' aria-current='page'>{page.title}</span>", width="content")
            else:
                st.page_link(page, width="content")


def restore(page: str, parse: Callable[[Mapping[str, list[str]]], tuple[Any, list[str]]]) -> None:
    """Read the address bar on a first visit, and whenever someone else than the page has written it.

    What had to be dropped from the link is said until it is dismissed.
    """
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    key = f"{page}-notices"
    if page not in st.session_state or (given and given != st.session_state.get("written")):
        st.session_state[page], st.session_state[key] = parse(given)
        st.session_state["refusals"] = {}
    st.session_state["written"] = given
    if said := st.session_state.get(key):
        with st.container(key="notices", horizontal=True, vertical_alignment="center"):
            st.warning("\n".join(f"- {notice}" for notice in said) if len(said) > 1 else said[0])
            st.button("Dismiss", on_click=lambda: st.session_state.pop(key))


def base() -> str:
    """The address at which the app is served, with a slash at its end; empty where there is no server."""
    return base_of(st.context.url or "")


def base_of(address: str) -> str:
    """The address at which the app is served, from that of one of its pages."""
    url = urlsplit(address)
    folder, _, name = url.path.rstrip("/").rpartition("/")
    path = folder if name in PAGES else url.path.rstrip("/")
    return f"{url.scheme}://{url.netloc}{path}/" if url.netloc else ""


def write(query: dict[str, list[str]]) -> None:
    """Put the settings into the address bar."""
    if query != st.session_state.get("written"):
        st.query_params.from_dict(query)
        st.session_state["written"] = query


def react(event: Event, where: str, own: Mapping[str, Callable[[Any], Any]]) -> None:
    """Carry out what the user did in a player; the script that draws it runs right after. `own` is the page's own."""
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
        **own,
    }
    if event.kind in actions:
        controls.commit(actions[event.kind], where)
    st.session_state["stale"] = event.kind in _SHOWN_ELSEWHERE


def schedule_of(settings: Lineup, key: str) -> None:
    """The widgets of the schedule of the learning rate."""
    controls.registered(
        declared(type(settings))["schedule"].label,
        SCHEDULES,
        settings.schedule,
        key,
        racers.choose_schedule,
        racers.set_schedule,
    )


def explain(choice: Choice, start: str = "") -> None:
    """Open the dialog on a racer's rule: its equations in the convention it is set to, what to watch for, and `start`,
    a sentence on where its learning rate starts.
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


def results(heads: Sequence[str], rows: Sequence[Sequence[str]], tips: Mapping[str, str] | None = None) -> str:
    """A table of results in HTML: a native table takes ten times as long, for each move of a slider.

    Args:
        heads, rows: the words in it.
        tips: what a column means, by its head.
    """
    head = "".join(f"<th scope='col'{_tip((tips or {}).get(h, ''))}>{html.escape(h)}</th>" for h in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table class='results' data-testid='results'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _tip(words: str) -> str:
    return f" title='{html.escape(words)}'" if words else ""


@functools.cache
def device() -> str:
    """What the runs run on, in words."""
    devices = jax.devices()
    kind = "CPU" if devices[0].platform == "cpu" else devices[0].device_kind
    return f"{kind} · {len(devices)} device{'s' if len(devices) > 1 else ''}"
