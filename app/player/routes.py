"""The routes that serve the player's files: its modules, and plotly.js from the installed package.

Every address contains a hash or a version, so that browsers may cache the files forever and still load new ones after
an upgrade.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cache
from pathlib import Path

import plotly
import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Preload", "index_path", "plotly_path", "routes"]

WEB = Path(__file__).parent / "web"
PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
FOREVER = "public, max-age=31536000, immutable"


def routes() -> list[Route]:
    """The routes for ``streamlit.App(script, routes=routes())``, below ``server.baseUrlPath`` if it is set."""
    paths = ("{version}/{file}", "{version}/{folder}/{file}")
    return [Route(f"{base_path()}/player/{path}", _serve, name="player") for path in paths]


def base_path() -> str:
    """``server.baseUrlPath`` as a prefix of addresses: empty, or with a leading slash and no trailing one."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def index_path() -> str:
    """The address of the player's entry module."""
    return f"{base_path()}/player/{version()}/index.js"


def plotly_path() -> str:
    """The address of plotly.js."""
    return f"{base_path()}/player/{plotly_version()}/plotly.min.js"


class Preload:
    """ASGI middleware that adds a script to every page, which loads the player while Python computes the first scene.

    The browser requests plotly.js and the player at once, and runs plotly.js as soon as Streamlit's front end has
    started.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, _Page(send) if scope["type"] == "http" else send)


class _Page:
    """Forwards a response, and adds the script to the head of an uncompressed HTML page."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            page = headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
            if page and message["status"] == 200:
                self.start = message
                return
        if self.start is None or message["type"] != "http.response.body":
            await self.send(message)
            return
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        body = self.body.replace(b"</head>", _script() + b"</head>", 1) if self.body else b""
        if body:  # the response to HEAD has no body and keeps its length
            MutableHeaders(scope=self.start)["content-length"] = str(len(body))
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": body})


@cache
def _script() -> bytes:
    folder = f"{base_path()}/player/{version()}"
    names = (name for name in _web_files() if name.endswith(".js"))
    modules = "".join(f'<link rel="modulepreload" href="{folder}/{name}">' for name in names)
    plotly = f'<link rel="preload" as="script" href="{plotly_path()}">'
    run = f"import('{index_path()}').then((player) => player.preload('{plotly_path()}'))"
    started = "document.querySelector('[data-testid=stApp]')"
    script = f"const preload = () => {started} ? {run} : setTimeout(preload, 20); preload();"
    return f"{plotly}{modules}<script>{script}</script>".encode()


@cache
def version() -> str:
    """A hash of the paths and contents of all files in the web folder."""
    digest = hashlib.blake2b(digest_size=8)
    for name, path in _web_files().items():
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _web_files() -> dict[str, Path]:
    """The modules and style sheets by their paths below the web folder, sorted."""
    paths = {path.relative_to(WEB).as_posix(): path for path in WEB.rglob("*") if path.suffix in KINDS}
    return dict(sorted(paths.items()))


def plotly_version() -> str:
    return f"plotly-{plotly.__version__}"


@cache
def _files() -> dict[tuple[str, str], Path]:
    """All served files by version and path. Requests are only looked up here and never used as paths themselves."""
    modules = {(version(), name): path for name, path in _web_files().items()}
    return modules | {(plotly_version(), PLOTLY.name): PLOTLY}


@cache
def _body(path: Path, zipped: bool) -> bytes:
    body = path.read_bytes()
    return gzip.compress(body, compresslevel=6, mtime=0) if zipped else body


def compress() -> None:
    """Compress plotly.js before it is requested for the first time."""
    _body(PLOTLY, True)


def _serve(request: Request) -> Response:
    """Respond with a file. This is not a coroutine, because compressing plotly.js takes a third of a second."""
    parameters = request.path_params
    name = "/".join(parameters[key] for key in ("folder", "file") if key in parameters)
    path = _files().get((parameters["version"], name))
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
