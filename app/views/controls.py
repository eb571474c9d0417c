"""Widgets of declared parameters and settings: a slider to play with, a field for the exact value, a sentence if it is
bad.

Nothing here knows an optimizer or a surface. Every widget hands what the user did to a `change`, a function
from settings to settings that may refuse; a refusal stands beside the control until it is mended, and nothing
else is touched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from app.common.digits import exact
from app.common.forms import Flag, OneOf
from app.common.racers import Choice, Refused, accepted
from app.common.setting import Setting
from app.common.stops import stops
from surfaces import Parameter

Change = Callable[[Any, Any], Any]


def enter(page: str) -> None:
    """From here on, controls are those of a page, whose settings the session keeps under that name."""
    st.session_state["page"] = page


def current() -> Any:
    """This session's settings of the page in hand."""
    return st.session_state[st.session_state["page"]]


def held() -> dict[str, Any]:
    """The settings of each page, and what else is drawn, as they were last: for what is done between two runs."""
    found: dict[str, Any] = st.session_state.setdefault("held", {})
    return found


def hold() -> Any:
    """The settings of the page in hand, which are about to be drawn."""
    held()[st.session_state["page"]] = current()
    return current()


def commit(change: Callable[[Any], Any], where: str) -> None:
    """Apply a change to this session's settings; a refusal is kept for the control it came from."""
    try:
        st.session_state[st.session_state["page"]] = accepted(change(current()))
        st.session_state.setdefault("refusals", {}).pop(where, None)
    except Refused as refusal:
        st.session_state.setdefault("refusals", {})[where] = str(refusal)


def refused(where: str) -> str:
    """Why a control's last value was refused, or nothing."""
    return str(st.session_state.get("refusals", {}).get(where, ""))


def refusal(where: str) -> None:
    """The sentence beside a control whose last value was refused, if it was."""
    if message := refused(where):
        st.markdown(f":red[{message}]")


def format_number(value: float) -> str:
    """Short and exact, and can be typed as it stands: what is shown is what is set."""
    return exact(value)


def parameter(spec: Parameter, value: Any, key: str, change: Change) -> None:
    """The widgets of one declared parameter, showing `value`."""
    if spec.choices:
        choice(_words(spec), list(spec.choices), value, key, change, names=spec.label, help=spec.doc)
        return
    slider, field = st.columns([3, 1.2], vertical_alignment="bottom")
    with slider:
        # stops that were typed once stay, for with other stops the browser would take it for another slider
        typed: list[float] = st.session_state.setdefault("typed", {}).setdefault(key, [])
        options = sorted({*map(float, stops(spec)), *typed})
        if float(value) not in options:
            typed.append(float(value))
            options = sorted({*options, float(value)})
        shown = widget(f"{key}-slider", float(value))
        st.select_slider(
            f"{spec.symbol} · {_words(spec)}",
            options,
            value=float(value),
            key=shown,
            format_func=format_number,
            help=spec.doc,
            on_change=lambda: take(f"{key}-slider", shown, change, key),
        )
    with field:
        _field(f"{_words(spec)}, exact value", format_number(value), key, change)
    refusal(key)


def parameters(
    specs: Mapping[str, Parameter], values: Choice, key: str, change: Callable[[Any, str, Any], Any]
) -> None:
    """The widgets of several declared parameters of one choice; `change` takes the settings, a name and a value."""
    for name, spec in specs.items():
        parameter(
            spec,
            values.get(name, spec.default),
            f"{key}-{values.key}-{name}",
            lambda s, v, name=name: change(s, name, v),  # type: ignore[misc]
        )


def registered(
    label: str,
    registry: Mapping[str, type[Any]],
    values: Choice,
    key: str,
    choose: Change,
    change: Callable[[Any, str, Any], Any],
) -> None:
    """A choice among declared records, the formula of the chosen one, and its parameters."""
    choice(label, list(registry), values.key, key, choose, lambda k: registry[k].name)
    record = registry[values.key]
    if record.parameters():
        st.latex(record.formula)
    parameters(record.parameters(), values, key, change)


def setting(spec: Setting, value: Any, change: Change, key: str = "") -> None:
    """The widget of a declared setting, showing `value`; its key in the session is the setting's name unless given."""
    key = key or spec.name
    match spec.form:
        case OneOf(choices):
            choice(spec.label, list(choices), value, key, change, choices.__getitem__)
        case Flag():
            toggle(spec.label, value, key, change, spec.help)
        case form:
            field(spec.label, form.typed(value), key, change, spec.explained)


def toggle(label: str, value: bool, key: str, change: Change, help: str) -> None:
    """A switch between yes and no."""
    shown = widget(key, value)
    st.toggle(label, value=value, key=shown, help=help, on_change=lambda: take(key, shown, change, key))
    refusal(key)


def field(label: str, text: str, key: str, change: Change, help: str | None = None) -> None:
    """A field that takes what is typed, with its refusal below."""
    _field(label, text, key, change, visible=True, help=help)
    refusal(key)


def choice(
    label: str,
    options: Sequence[str],
    value: str,
    key: str,
    change: Change,
    names: Callable[[str], str] = str,
    visible: bool = True,
    help: str | None = None,
) -> None:
    """A choice among keys, shown by their names."""
    shown = widget(key, value)
    st.selectbox(
        label,
        options,
        index=options.index(value),
        key=shown,
        format_func=names,
        help=help,
        label_visibility="visible" if visible else "collapsed",
        on_change=lambda: take(key, shown, change, key),
    )
    refusal(key)


def _field(label: str, text: str, key: str, change: Change, visible: bool = False, help: str | None = None) -> None:
    if key in st.session_state.get("refusals", {}):  # what was typed stays, to be mended
        text = st.session_state.get(_name(f"{key}-field"), text)
    shown = widget(f"{key}-field", text)
    st.text_input(
        label,
        text,
        key=shown,
        help=help,
        label_visibility="visible" if visible else "collapsed",
        on_change=lambda: take(f"{key}-field", shown, change, key),
    )


def widget(key: str, value: Any) -> str:
    """The name under which a widget shows a value: another one once the value was changed elsewhere.

    Never by writing the widget's state: what stands behind a button that is closed hears nothing of it, and reports
    what it showed last, or its default, as if a user had chosen it. A name of its own makes it a new widget, which
    begins with the value; under the old one it would also lose what is being typed or dragged.
    """
    if st.session_state.get(_name(key), value) != value:
        st.session_state.setdefault("renamed", Counter())[key] += 1
    return _name(key)


def take(key: str, shown: str, change: Change, where: str) -> None:
    """Commit what the widget of a key reports, if `shown` is still its name.

    While a long run of the script is cut short, browser and server do not agree on which widgets there are, and one
    that has been replaced may report its old value once more: nobody chose that.
    """
    if shown == _name(key):
        commit(lambda settings: change(settings, st.session_state[shown]), where)


def _name(key: str) -> str:
    count = st.session_state.get("renamed", {}).get(key, 0)
    return f"{key}-again-{count}" if count else key


def _words(spec: Parameter) -> str:
    return spec.name.replace("_", " ")
