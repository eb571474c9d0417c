"""The player's files over HTTP: its own modules, and plotly.js out of the installed package.

Every address carries a hash or a version of what it serves, so that browsers may keep it for good and an
upgrade is never stale.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import plotly
import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

__all__ = ["index_path", "plotly_path", "routes"]

WEB = Path(__file__).parent / "web"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"


def routes() -> list[Route]:
    """Routes for ``streamlit.App(script, routes=routes())``, below ``server.baseUrlPath`` if one is set."""
    return [Route(f"{base_path()}/player/{{version}}/{{file}}", _serve, name="player")]


def base_path() -> str:
    """``server.baseUrlPath`` as a prefix: empty, or with a leading slash and none at the end."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def index_path() -> str:
    """Where the browser finds the player's entry module."""
    return f"{base_path()}/player/{version()}/index.js"


def plotly_path() -> str:
    """Where the browser finds plotly.js."""
    return f"{base_path()}/player/{plotly_version()}/plotly.min.js"


@cache
def version() -> str:
    """Hash over names and contents of all web files."""
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted(WEB.iterdir()):
        if path.suffix in KINDS:
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def plotly_version() -> str:
    return f"plotly-{plotly.__version__}"


@cache
def _files() -> dict[tuple[str, str], Path]:
    """What may be asked for, by version and name: no path is ever made of what a browser sends."""
    own = {(version(), path.name): path for path in WEB.iterdir() if path.suffix in KINDS}
    return own | {(plotly_version(), PLOTLY.name): PLOTLY}


@cache
def _body(path: Path, zipped: bool) -> bytes:
    body = path.read_bytes()
    return gzip.compress(body, compresslevel=6, mtime=0) if zipped else body


def compress() -> None:
    """Zip plotly.js ahead of the first request for it."""
    _body(PLOTLY, True)


def _serve(request: Request) -> Response:
    """Answer one file. Not a coroutine: zipping plotly.js takes a third of a second, once, in a thread."""
    path = _files().get((request.path_params["version"], request.path_params["file"]))
    if path is None:
        return Response("not found", status_code=404, headers={"cache-control": "no-store"})
    zipped = _accepts_gzip(request.headers.get("accept-encoding", ""))
    headers = {
        "cache-control": FOREVER,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
        "content-type": KINDS[path.suffix],
    }
    if zipped:
        headers["content-encoding"] = "gzip"
    return Response(_body(path, zipped), headers=headers)


def _accepts_gzip(header: str) -> bool:
    for part in header.lower().split(","):
        name, _, rest = part.partition(";")
        if name.strip() in ("gzip", "*"):
            quality = rest.strip().removeprefix("q=").strip() or "1"
            return quality.strip("0.") != ""
    return False
