"""Where the page asks for runs while something is dragged. Light, for the server imports it before JAX."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.player.routes import base_path

WHAT = "WHAT"
"""Stands in an address where the word for what is wanted belongs: "sweep" or "start"."""
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_busy = threading.BoundedSemaphore(2)


def routes() -> list[Route]:
    """The routes for `streamlit.App`."""
    return [Route(f"{_folder()}/{{what}}", _answer, name="live")]


def address(query: str) -> str:
    """Where runs at the settings of a query are asked for."""
    return f"{_folder()}/{WHAT}?{query}"


def _folder() -> str:
    return f"{base_path()}/live"


def _answer(request: Request) -> Response:
    """Runs as bytes. Not a coroutine: it computes in a thread, of which two may at a time."""
    from app import live
    from app.racers import Refused

    given = parse_qs(request.url.query, keep_blank_values=True)
    asked = {key.removeprefix("live."): given.pop(key)[-1] for key in list(given) if key.startswith("live.")}
    try:
        with _busy:
            body = live.answer(request.path_params["what"], given, asked)
    except Refused as refusal:
        return Response(str(refusal), status_code=400, media_type="text/plain", headers=_HEADERS)
    return Response(body, media_type="application/octet-stream", headers=_HEADERS)
