"""The Streamlit component of the player."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st

from .routes import index_path, plotly_path
from .scene import Event, Scene, number_of, pack, read

HTML = '<div class="optiscope-player optiscope-KIND" data-testid="player" data-kind="KIND"></div>'


def play(scene: Scene, key: str, react: Callable[[Event], None], refusal: str = "", again: bool = False) -> None:
    """Mount the player, or update it in place, and pass the user's events to ``react``.

    Args:
        scene: the scene to play.
        key: the name of the player. While it stays the same, the browser keeps zoom, playhead and playing state.
        react: called with each event before the script runs again, so that the same run draws the result. Malformed
            messages are dropped.
        refusal: the reason why the last change was refused, which the player shows below the cards.
        again: whether the script will end with a rerun. The player then waits for that scene before its next event.
    """
    answered = f"{key}-answered"

    def forward() -> None:
        message = st.session_state[key].get("event")
        st.session_state[answered] = number_of(message) or st.session_state.get(answered, 0)
        event = read(message, scene)
        if event is not None:
            react(event)

    data = pack(scene, refusal, again, st.session_state.get(answered, 0))
    _component(scene.kind)(key=key, data=data, on_event_change=forward)


@cache
def _component(kind: str) -> Any:
    """The component of a kind, created on first use, when the configuration of the base path is known.

    This style sheet only reserves the space, so that nothing moves when the other style sheets arrive. Styles are not
    isolated, because plotly.js adds its styles to the document's head.
    """
    loader = files(__package__).joinpath("loader.js").read_text(encoding="utf-8")
    script = loader.replace("INDEX", index_path()).replace("PLOTLY", plotly_path())
    around = {"race": 104, "board": 184, "maps": 150, "row": 260}[
        kind
    ]  # the height of the page above and below the player
    height = f"height: var(--optiscope-player-height, clamp(560px, calc(100vh - {around}px), 1200px))"
    css = f".optiscope-{kind} {{ {height}; }}"
    html = HTML.replace("KIND", kind)
    return st.components.v2.component(f"optiscope_{kind}", html=html, css=css, js=script, isolate_styles=False)
