"""Streamlit's own chrome, tuned down to what serves."""

from __future__ import annotations

import functools
from importlib.resources import files
from urllib.parse import quote

import streamlit as st


def apply() -> None:
    """Put the page's style sheet in force."""
    st.html(f"<style>{_sheet()}</style>")


@functools.cache
def icon() -> str:
    """The tab's icon as an address that holds it: a browser asks anew for any other when the page's own changes."""
    return f"data:image/svg+xml,{quote(_read('icon.svg'))}"


@functools.cache
def _sheet() -> str:
    return _read("page.css")


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
