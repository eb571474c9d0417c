"""The route from which the page fetches runs while something is dragged. The server imports it before JAX."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.common.addresses import live_folder

PLACES, WAITING = 2, 16
"""How many requests are computed at the same time, and how many more may wait."""
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_BUSY = "The server is busy with other users' runs. Yours are computed when you let go; or try again in a moment."
_SHORT = "The server is low on memory. The runs are computed when you let go; or try again in a moment."
_FAILED = "The runs could not be computed. The server's log says why."


def routes() -> list[Route]:
    """Return the routes for `streamlit.App`."""
    return [Route(f"{live_folder()}/{{what}}", _answer, name="live")]


class Queue:
    """A few threads that compute requests, with a limit on the number of requests that wait.

    They are separate from the threads that serve files, so a request that waits here delays nobody else.
    """

    def __init__(self, places: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(places, thread_name_prefix="live")
        self._free = threading.BoundedSemaphore(places + waiting)

    async def answer(self, request: Request) -> Response:
        """Return the runs, or a sentence: status 400 if they are refused, 503 if there is no free place or no memory,
        500 if they fail. The place of a client that disconnects is free for the next one.
        """
        if not self._free.acquire(blocking=False):
            return _sentence(_BUSY, 503)
        gone = threading.Event()
        try:
            work = self._pool.submit(_compute, request.path_params["what"], request.url.query, gone)
        except BaseException:
            self._free.release()
            raise
        work.add_done_callback(lambda _: self._free.release())  # cancelled, failed or done
        try:
            return await _whichever_comes_first(request, work)
        finally:
            gone.set()
            work.cancel()


_queue = Queue(PLACES, WAITING)


async def _answer(request: Request) -> Response:
    return await _queue.answer(request)


async def _whichever_comes_first(request: Request, work: Future[Response]) -> Response:
    """Return the response, or an empty one if the client disconnects first."""
    left: asyncio.Future[Any] = asyncio.ensure_future(_left(request))
    result: asyncio.Future[Any] = asyncio.wrap_future(work)
    try:
        await asyncio.wait({left, result}, return_when=asyncio.FIRST_COMPLETED)
        return cast(Response, result.result()) if result.done() else Response(status_code=499)
    finally:
        left.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await left


async def _left(request: Request) -> None:
    """Return when the client has disconnected."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _compute(what: str, query: str, gone: threading.Event) -> Response:
    """Return the runs as bytes, or a sentence on why there are none."""
    if gone.is_set():
        return Response(status_code=499)
    from app.common.budget import NoRoom
    from app.common.racers import Refused
    from app.race import live

    settings = parse_qs(query, keep_blank_values=True)
    request = {key.removeprefix("live."): settings.pop(key)[-1] for key in list(settings) if key.startswith("live.")}
    try:
        body = live.answer(what, settings, request, lambda: not gone.is_set())
    except NoRoom as refusal:
        return _sentence(str(refusal), 503)
    except Refused as refusal:
        return _sentence(str(refusal), 400)
    except live.Abandoned:
        return Response(status_code=499)
    except MemoryError:
        return _sentence(_SHORT, 503)
    except Exception:
        logging.getLogger(__name__).exception("runs could not be computed")
        return _sentence(_FAILED, 500)
    return Response(body, media_type="application/octet-stream", headers=_HEADERS)


def _sentence(words: str, status: int) -> Response:
    headers = {**_HEADERS, "retry-after": "1"} if status == 503 else _HEADERS
    return Response(words, status_code=status, media_type="text/plain", headers=headers)
