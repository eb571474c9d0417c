"""Ends the work of a session some time after its browser has disconnected."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable
from typing import Protocol, TypeVar

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

GRACE = 60.0
"""The number of seconds within which a browser may reconnect, after a reload or a lost connection."""
INTERVAL = 2.0


class Stoppable(Protocol):
    """A job, which can be stopped."""

    def stop(self) -> None: ...


J = TypeVar("J", bound=Stoppable)
_watched: list[tuple[str, weakref.WeakMethod[Callable[[], None]]]] = []
_lock = threading.Lock()
_thread: threading.Thread | None = None


def end_with_session(stop: Callable[[], None]) -> None:
    """Call `stop` once the browser of this script's session has been away for `GRACE` seconds.

    Args:
        stop: a bound method; its object is not kept alive.
    """
    global _thread
    context = get_script_run_ctx()
    if context is None or not runtime.exists():  # a test of the page without a server
        return
    with _lock:
        _watched.append((context.session_id, weakref.WeakMethod(stop)))
        if _thread is None:
            _thread = threading.Thread(target=_watch, name="sessions", daemon=True)
            _thread.start()


def replace_job(key: str, job: J) -> J:
    """Keep a job in the state of this session, with which it ends, and stop the one that was there."""
    there = st.session_state.get(key)
    if there is not None:
        there.stop()
    st.session_state[key] = job
    end_with_session(job.stop)
    return job


def hand_over(session: str, successor: str) -> None:
    """Let the work of a session end with the one that follows it."""
    with _lock:
        _watched[:] = [(successor if watched == session else watched, stop) for watched, stop in _watched]


def _watch() -> None:
    away: dict[str, float] = {}  # the time at which each session was first seen without a browser
    while True:
        time.sleep(INTERVAL)
        if runtime.exists():
            _end_abandoned(away, runtime.get_instance().is_active_session, time.monotonic())


def _end_abandoned(away: dict[str, float], active: Callable[[str], bool], now: float) -> None:
    with _lock:
        for session, reference in list(_watched):
            stop = reference()
            if stop is None:
                _watched.remove((session, reference))
            elif active(session):
                away.pop(session, None)
            elif now - away.setdefault(session, now) >= GRACE:
                _watched.remove((session, reference))
                stop()
