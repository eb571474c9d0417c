"""Widgets for declared parameters and settings: a slider, a field for the exact value, and a sentence if it is refused.

Nothing here knows optimizers or surfaces. Every widget passes its value to a change, a function from settings to
settings that may raise `Refused`. The reason is then shown below the widget until its value is corrected.
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
Through = Callable[[Any, Callable[[Any], Any]], Any]


def enter(page: str, through: Through = lambda settings, change: change(settings)) -> None:
    """Make a page the current one. The session stores its settings under its name.

    Args:
        through: applies a change to the settings of the session; it may add what the page does with every change.
    """
    st.session_state["page"] = page
    st.session_state["through"] = through


def current() -> Any:
    """The session's settings of the current page."""
    return st.session_state[st.session_state["page"]]


def held() -> dict[str, Any]:
    """The settings of each page that were drawn last, for callbacks that run between two runs of the script."""
    settings: dict[str, Any] = st.session_state.setdefault("held", {})
    return settings


def hold() -> Any:
    """Remember the settings of the current page as those that are drawn, and return them."""
    held()[st.session_state["page"]] = current()
    return current()


def commit(change: Callable[[Any], Any], where: str) -> None:
    """Apply a change to the session's settings. If it is refused, store the reason for the control `where`."""
    try:
        st.session_state[st.session_state["page"]] = accepted(st.session_state["through"](current(), change))
        st.session_state.setdefault("refusals", {}).pop(where, None)
    except Refused as refusal:
        st.session_state.setdefault("refusals", {})[where] = str(refusal)


def refused(where: str) -> str:
    """The reason why the last value of a control was refused, or an empty string."""
    return str(st.session_state.get("refusals", {}).get(where, ""))


def refusal(where: str) -> None:
    """Show the reason why the last value of a control was refused, if it was."""
    if message := refused(where):
        st.markdown(f":red[{message}]")


def format_number(value: float) -> str:
    """A number as short text with all its digits, which can also be typed."""
    return exact(value)


def parameter(spec: Parameter, value: Any, key: str, change: Change) -> None:
    """Show the widgets of a declared parameter."""
    if spec.choices:
        choice(spec.labelled, list(spec.choices), value, key, change, names=spec.label, help=spec.doc)
        return
    slider, field = st.columns([3, 1.2], vertical_alignment="bottom")
    with slider:
        # values typed once remain stops, because a slider with other options would be a new widget for the browser
        typed: list[float] = st.session_state.setdefault("typed", {}).setdefault(key, [])
        options = sorted({*map(float, stops(spec)), *typed})
        if float(value) not in options:
            typed.append(float(value))
            options = sorted({*options, float(value)})
        shown = widget(f"{key}-slider", float(value))
        st.select_slider(
            spec.labelled,
            options,
            value=float(value),
            key=shown,
            format_func=format_number,
            help=spec.doc,
            on_change=lambda: take(f"{key}-slider", shown, change, key),
        )
    with field:
        _field(f"{spec.name.replace('_', ' ')}, exact value", format_number(value), key, change)
    refusal(key)


def parameters(
    specs: Mapping[str, Parameter], values: Choice, key: str, change: Callable[[Any, str, Any], Any]
) -> None:
    """Show the widgets of the parameters of a choice. `change` takes the settings, a name and a value."""
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
    """Show a choice among declared records, and the formula and the parameters of the chosen record."""
    choice(label, list(registry), values.key, key, choose, lambda k: registry[k].name)
    record = registry[values.key]
    if record.parameters():
        st.latex(record.formula)
    parameters(record.parameters(), values, key, change)


def setting(spec: Setting, value: Any, change: Change, key: str = "") -> None:
    """Show the widget of a declared setting. Its key in the session is the setting's name by default."""
    key = key or spec.name
    match spec.form:
        case OneOf(choices):
            choice(spec.label, list(choices), value, key, change, choices.__getitem__)
        case Flag():
            toggle(spec.label, value, key, change, spec.help)
        case form:
            field(spec.label, form.typed(value), key, change, spec.explained)


def toggle(label: str, value: bool, key: str, change: Change, help: str) -> None:
    """Show a switch."""
    shown = widget(key, value)
    st.toggle(label, value=value, key=shown, help=help, on_change=lambda: take(key, shown, change, key))
    refusal(key)


def field(label: str, text: str, key: str, change: Change, help: str | None = None) -> None:
    """Show a text field, and below it the reason if its text was refused."""
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
    explained: bool = True,
) -> None:
    """Show a choice among keys, which are displayed by their names.

    Args:
        explained: whether the reason of a refusal stands below it; otherwise the page calls `refusal` elsewhere.
    """
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
    if explained:
        refusal(key)


def _field(label: str, text: str, key: str, change: Change, visible: bool = False, help: str | None = None) -> None:
    if key in st.session_state.get("refusals", {}):  # keep the refused text, so that the user can correct it
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
    """The key of a widget in the session, which changes whenever the value was changed elsewhere.

    A new key makes a new widget, which starts with the value. Writing the state of the old widget would not do: a
    widget in a closed popover does not receive the new state, and later reports its old value as if a user had chosen
    it. While the key stays the same, a widget keeps what is being typed or dragged.
    """
    if st.session_state.get(_name(key), value) != value:
        st.session_state.setdefault("renamed", Counter())[key] += 1
    return _name(key)


def take(key: str, shown: str, change: Change, where: str) -> None:
    """Commit the value that a widget reports, if `shown` is still its key.

    After a run of the script was interrupted, browser and server may disagree about which widgets exist, and a widget
    that has been replaced may report its old value, which no user has chosen.
    """
    if shown == _name(key):
        commit(lambda settings: change(settings, st.session_state[shown]), where)


def _name(key: str) -> str:
    count = st.session_state.get("renamed", {}).get(key, 0)
    return f"{key}-again-{count}" if count else key
