"""One HTTP request, as a browser asks, through Starlette and no network."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.applications import Starlette

from app.player.routes import routes


def get(
    path: str, app: Any = None, method: str = "GET", query: str = "", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one request, to the player's routes unless an app is given."""
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
            await asyncio.Event().wait()  # a client that stays
        return request.pop()

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def ask() -> None:
        await (app or Starlette(routes=routes()))(scope, receive, send)

    # in a thread: where a test before has left Playwright's loop running, this one may start none
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, ask()).result()
    head = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], head, b"".join(m.get("body", b"") for m in sent[1:])
