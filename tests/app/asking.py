"""HTTP requests to a Starlette app without a network."""

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
"""The status, the headers and the body of a response."""


async def ask(
    app: Any,
    path: str,
    query: str = "",
    method: str = "GET",
    headers: Mapping[str, str] = MappingProxyType({}),
    gone: asyncio.Event | None = None,
) -> Answer:
    """Send a request to an app. The event `gone` disconnects the client. Without a response, the status is 0."""
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
            await (gone or asyncio.Event()).wait()  # without an event, the client stays connected
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
    """Send a single request, by default to the player's routes."""
    return run(ask(app or Starlette(routes=routes()), path, query, method, headers))


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread, because an earlier test may have left an event loop running here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
