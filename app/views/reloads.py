"""The work of a session whose page was reloaded, for the session that follows it in the same browser."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.views import sessions

COOKIE = "_streamlit_xsrf"
"""A random word that Streamlit gives to every browser, and by which no visitor gets the work of another."""


@dataclasses.dataclass(eq=False)
class Work:
    """What a session holds, under the keys of its state."""

    session: str
    browser: str
    state: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def drop(self) -> None:
        """Forget the work, some time after its browser has left."""
        with _lock:
            _works.pop(self.session, None)


_works: dict[str, Work] = {}
_lock = threading.Lock()


def keep(keys: Iterable[str]) -> None:
    """Keep these entries of the session's state for a session that follows it."""
    session, browser = _here()
    if not browser:
        return
    with _lock:
        work = _works.get(session)
        new = work is None
        if work is None:
            work = _works[session] = Work(session, browser)
        work.state = {key: st.session_state[key] for key in keys if key in st.session_state}
    if new:
        sessions.end_with_session(work.drop)


def take_up() -> None:
    """Put the work of a session of this browser that has ended into the state of this session, once.

    If there is such work, the entry "reloaded" of the state is true.
    """
    if st.session_state.get("taken-up"):
        return
    st.session_state["taken-up"] = True
    session, browser = _here()
    if browser and (work := latest(browser, runtime.get_instance().is_active_session)):
        for key, value in work.state.items():
            st.session_state.setdefault(key, value)
        st.session_state["reloaded"] = True
        sessions.hand_over(work.session, session)


def latest(browser: str, active: Callable[[str], bool]) -> Work | None:
    """Return the latest work of a browser whose session is not active, and forget it."""
    with _lock:
        for session, work in reversed(_works.items()):
            if work.browser == browser and not active(session):
                return _works.pop(session)
    return None


def _here() -> tuple[str, str]:
    """The session of this script, and the word for its browser; empty if there is none."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():  # a test of the page without a server
        return "", ""
    cookie = st.context.cookies.get(COOKIE, "")
    return context.session_id, unmasked(cookie) if isinstance(cookie, str) else ""  # Streamlit's tests have a mock


def unmasked(cookie: str) -> str:
    """Return the word in a browser's cookie, or an empty string.

    Each response masks the word anew: "2|mask|masked word|time", the first two in hexadecimal digits (Tornado's
    `xsrf_token`, which Streamlit follows).
    """
    version, *parts = cookie.split("|")
    if version != "2" or len(parts) != 3:
        return cookie
    try:
        mask, word = map(bytes.fromhex, parts[:2])
    except ValueError:
        return ""
    return bytes(byte ^ mask[k % len(mask)] for k, byte in enumerate(word)).hex() if mask else ""
