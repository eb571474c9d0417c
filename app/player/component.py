"""The Streamlit component that plays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st

from .routes import index_path, plotly_path
from .scene import Event, Scene, pack, read

HTML = '<div class="optiscope-player optiscope-KIND" data-testid="player" data-kind="KIND"></div>'


def play(scene: Scene, key: str, react: Callable[[Event], None], refusal: str = "", again: bool = False) -> None:
    """Mount the player, or update it in place, and hand what the user does to ``react``.

    ``react`` is called before the script runs again, so that what it changes is drawn in that same run.
    ``key`` names the player: as long as it stays, the browser keeps zoom, playhead and playing state across
    scenes. Malformed messages are dropped. ``refusal`` says below the cards why the last change was refused, and
    ``again`` that the script will end with a rerun, for whose scene the player's next event waits.
    """

    def forward() -> None:
        event = read(st.session_state[key].get("event"), scene)
        if event is not None:
            react(event)

    kind = "race" if scene.arrangement == "one above" else "board"
    _component(kind)(key=key, data=pack(scene, refusal, again), on_event_change=forward)


@cache
def _component(kind: str) -> Any:
    """The component, made on first use: only then does the configuration say under which path we live.

    Its style sheet here only reserves the room, so that nothing moves when the rest arrives. Styles are not
    isolated, for plotly.js writes its own into the document's head.
    """
    loader = files(__package__).joinpath("loader.js").read_text(encoding="utf-8")
    script = loader.replace("INDEX", index_path()).replace("PLOTLY", plotly_path())
    above = {"race": 130, "board": 184}[kind]  # what the page has above and below
    room = f"height: var(--optiscope-player-height, clamp(560px, calc(100vh - {above}px), 1200px))"
    css = f".optiscope-{kind} {{ {room}; }}"
    html = HTML.replace("KIND", kind)
    return st.components.v2.component(f"optiscope_{kind}", html=html, css=css, js=script, isolate_styles=False)
