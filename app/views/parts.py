"""What several pages show: the device, the equations of a rule, notices, and a table of results."""

from __future__ import annotations

import functools
import html
from collections.abc import Sequence

import jax
import streamlit as st

from app.figures.numbers import short
from app.racers import Choice
from optimizers import RULES
from optimizers.equations import TEXTBOOK, latex


def masthead(here: str) -> None:
    """The app's name and the way to its pages, of which one is `here`."""
    st.html("<h1 class='wordmark'>Optiscope</h1>", width="content")
    with st.container(horizontal=True, key="pages", width="content"):
        for page in st.session_state.get("pages", ()):
            if page.title == here:
                st.html(f"<span class='here' aria-current='page'>{page.title}</span>", width="content")
            else:
                st.page_link(page, width="content")


def notices(key: str) -> None:
    """What had to be dropped from a link, until it is dismissed."""
    if said := st.session_state.get(key):
        with st.container(key="notices", horizontal=True, vertical_alignment="center"):
            st.warning("\n".join(f"- {notice}" for notice in said) if len(said) > 1 else said[0])
            st.button("Dismiss", on_click=lambda: st.session_state.pop(key))


def explain(choice: Choice) -> None:
    """Open the dialog on a racer's rule: its equations in the convention it is set to, and what to watch for."""
    rule = RULES[choice.key]
    chosen = rule.parameters().get("convention")
    convention = str(choice.get("convention", chosen.default)) if chosen else TEXTBOOK

    @st.dialog(f"{rule.name}, {chosen.label(convention)} convention" if chosen else rule.name)
    def dialog() -> None:
        for line in latex(rule, convention):
            st.latex(line)
        if not rule.equations:
            st.markdown("Borrowed from optax as it stands; its state is drawn, its equations are not spelled out here.")
        st.markdown(f"{rule.watch} {rule.beginning}")
        for name, spec in rule.parameters().items():
            if spec.choices:
                st.markdown(f"{name.capitalize()}: {', '.join(spec.labels)}. {spec.doc}")
                continue
            st.markdown(
                f"*{spec.symbol}* — {name.replace('_', ' ')}, in the textbook {short(spec.default)}. {spec.doc}"
            )
        if "learning_rate" not in rule.parameters():
            st.markdown("It has no learning rate, so there is none to schedule.")
        st.caption(rule.source)

    dialog()


def results(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of results in HTML: a native table takes ten times as long, for each move of a slider."""
    head = "".join(f"<th scope='col'>{html.escape(h)}</th>" for h in heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table class='results' data-testid='results'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@functools.cache
def device() -> str:
    """What the runs run on, in words."""
    devices = jax.devices()
    kind = "CPU" if devices[0].platform == "cpu" else devices[0].device_kind
    return f"{kind} · {len(devices)} device{'s' if len(devices) > 1 else ''}"
