"""Addresses of the app's routes, without what answers them."""

from __future__ import annotations

from app.player.routes import base_path

WHAT = "WHAT"
"""Stands in an address where the word for what is wanted belongs: "sweep" or "start"."""


def live(query: str) -> str:
    """The address of runs at the settings of a query."""
    return f"{live_folder()}/{WHAT}?{query}"


def live_folder() -> str:
    """The path below which runs are computed."""
    return f"{base_path()}/live"
