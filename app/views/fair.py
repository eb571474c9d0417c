"""The fair race on the Race page: its computation, which belongs to the session, and its verdict."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Callable

import streamlit as st

from app.player import FairRace
from app.race import changes, scene, verdict
from app.race.job import Job, Now
from app.race.runs import Race
from app.race.settings import Settings
from app.race.tuning import Fair
from app.views.parts import results
from app.views.sessions import end_with_session

ENDED = (
    "A value was changed, so the verdict no longer holds. The racers keep their tuned values; press Fair race to tune "
    "them again."
)
"""What the player says when a change has ended the fair race."""


def changed(settings: Settings, change: Callable[[Settings], Settings]) -> Settings:
    """Apply a change to a race; one that concerns the verdict of a fair race ends it."""
    after, ended = changes.in_fair(shown(settings), change)
    st.session_state["fair-ended"] = ended
    return after


def job_of(settings: Settings) -> Job | None:
    """The computation of the fair race, which begins when it is needed first."""
    job: Job | None = st.session_state.get("fair-job")
    if job and not (settings.fair and job.covers(settings)):
        job.stop()
        st.session_state["fair-known"] = job.known
        job = st.session_state["fair-job"] = None
    if not settings.fair:
        return None
    job = job or _begun(settings)
    job.follow(settings)
    if job.is_busy != st.session_state.get("fair-busy", False):  # the widgets above show the tuned values, too
        st.session_state["fair-busy"] = job.is_busy
        st.session_state["stale"] = True
    return job


def _begun(settings: Settings) -> Job:
    """A computation that begins with the racers of the last one."""
    job = st.session_state["fair-job"] = Job(settings, st.session_state.get("fair-known"))
    end_with_session(job.stop)
    return job


def go_on(goes_on: bool) -> None:
    """Stop tuning, or go on with it."""
    job: Job | None = st.session_state.get("fair-job")
    if job and goes_on and job.now().is_stopped:
        st.session_state["fair-known"] = job.known
        _begun(job.settings)
    elif job and not goes_on:
        job.stop()


def as_played(race: Race, now: Now | None) -> FairRace:
    """The fair race as the player shows it."""
    played = scene.fair_race(race)
    if now is None:
        ended = st.session_state.get("fair-ended", False)
        return dataclasses.replace(played, words=ENDED) if ended else played
    words = " ".join(filter(None, [now.problem, played.words]))
    return dataclasses.replace(played, words=words, progress=now.progress, stopped=now.is_stopped)


def shown(settings: Settings) -> Settings:
    """The settings that are shown: in a fair race, those with the tuned values."""
    job: Job | None = st.session_state.get("fair-job")
    return job.fair.shown if settings.fair and job and job.covers(settings) else settings


def tables(fair: Fair) -> str:
    """The verdict of a fair race in HTML: its sentences, and the tables of its pairs and of its racers."""
    pairs = results(verdict.PAIR_HEADS, verdict.pair_rows(fair), verdict.TIPS, "verdict") if fair.verdicts else ""
    racers = results(verdict.racer_heads(fair), verdict.racer_rows(fair), verdict.TIPS, "tuning")
    notes = "".join(f"<p>{html.escape(remark)}</p>" for remark in verdict.remarks(fair))
    return f"<div class='verdict'><h2>Verdict</h2>{pairs}{racers}{notes}</div>"
