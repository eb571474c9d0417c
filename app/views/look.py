"""Streamlit's own chrome, tuned down to what serves."""

from __future__ import annotations

import functools
from importlib.resources import files

import streamlit as st


def apply() -> None:
    """Put the page's style sheet in force."""
    st.html(f"<style>{_sheet()}</style>")


@functools.cache
def _sheet() -> str:
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")
