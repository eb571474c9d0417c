"""One HTTP request, as a browser asks, through Starlette and no network."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import Any, TypeVar

from starlette.applications import Starlette

from app.player.routes import routes

T = TypeVar("T")


Answer = tuple[int, dict[str, str], bytes]
"""Status, headers and body."""


async def ask(
    app: Any,
    path: str,
    query: str = "",
    method: str = "GET",
    headers: Mapping[str, str] = MappingProxyType({}),
    gone: asyncio.Event | None = None,
) -> Answer:
    """One request to an app; a client that is `gone` says so. Of no answer at all the status is 0."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[dict[str, Any]] = []
    request = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not request:
            await (gone or asyncio.Event()).wait()  # without one, a client that stays
            return {"type": "http.disconnect"}
        return request.pop()

    async def send(message: Any) -> None:
        sent.append(dict(message))

    await app(scope, receive, send)
    if not sent:
        return 0, {}, b""
    head = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], head, b"".join(m.get("body", b"") for m in sent[1:])


def get(path: str, app: Any = None, method: str = "GET", query: str = "", **headers: str) -> Answer:
    """One request by itself, to the player's routes unless an app is given."""
    return run(ask(app or Starlette(routes=routes()), path, query, method, headers))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns. In a thread: where a test before has left a loop running, this one may start none."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
