"""The style sheet of the pages and the icon of the tab."""

from __future__ import annotations

import functools
from importlib.resources import files
from urllib.parse import quote

import streamlit as st


def apply() -> None:
    """Add the style sheet to the page."""
    st.html(f"<style>{_sheet()}</style>")


@functools.cache
def icon() -> str:
    """The tab's icon as a data URL. A browser would request another icon again whenever the page's address changes."""
    return f"data:image/svg+xml,{quote(_read('icon.svg'))}"


@functools.cache
def _sheet() -> str:
    return _read("page.css")


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
