"""The addresses of the app's routes. The code that answers them is in `app.server`."""

from __future__ import annotations

from app.player.routes import base_path

WHAT = "WHAT"
"""The placeholder in an address that the player replaces by "sweep" or "start"."""


def live(query: str) -> str:
    """The address that answers with runs at the settings of a query."""
    return f"{live_folder()}/{WHAT}?{query}"


def live_folder() -> str:
    """The path of the routes that compute runs."""
    return f"{base_path()}/live"
