"""Middleware for open pages whose session was lost, by a restart of the server or a long sleep of the browser.

Such a page stays as it was and connects again. Its next message asks for a run with the widgets of the lost session,
usually of a single fragment. The new session knows neither: Streamlit drops a run of an unknown fragment and calls no
callback of an unknown widget, so the first action of the user would be lost.
"""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

PATIENCE = 60.0
"""The number of seconds to wait for the end of a run, which may have to import JAX and compile."""


class WholeRunFirst:
    """ASGI middleware that runs the whole script first when an open page connects again."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            connection = _Connection(receive, send)
            receive, send = connection.receive, connection.send
        await self.app(scope, receive, send)


class _Connection:
    """Passes messages on, and holds the first rerun of an open page until a run of the whole script has ended."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._fresh = True
        self._held: deque[Message] = deque()
        self._ended: asyncio.Event | None = None

    async def receive(self) -> Message:
        if self._held:
            await self._end()
            return self._held.popleft()
        message = await self._receive()
        rerun = _rerun(message) if self._fresh else None
        if rerun is None:
            return message
        self._fresh = False
        if not (rerun.fragment_id or rerun.widget_states.widgets):  # a page that is being opened
            return message
        self._held.append(message)
        self._ended = asyncio.Event()
        return _whole(rerun)

    async def send(self, message: Message) -> None:
        try:
            await self._send(message)
        except BaseException:  # the page has disconnected, and no further message will be sent to it
            if self._ended is not None:
                self._ended.set()
            raise
        if self._ended is not None and _ends_a_run(message):
            self._ended.set()

    async def _end(self) -> None:
        """Wait until the run has ended and its last message has been sent."""
        assert self._ended is not None
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ended.wait()
        except TimeoutError:
            pass
        self._ended = None


def _rerun(message: Message) -> ClientState | None:
    """Return the rerun that a message from a page asks for, or None for other messages."""
    data = message.get("bytes")
    if not data:
        return None
    try:
        request = BackMsg.FromString(data)
    except Exception:  # Streamlit answers malformed messages
        return None
    return request.rerun_script if request.HasField("rerun_script") else None


def _whole(rerun: ClientState) -> Message:
    """Return a message that asks for the same page at the same address as a rerun, without its widgets."""
    plain = ClientState()
    plain.CopyFrom(rerun)
    plain.ClearField("fragment_id")
    plain.ClearField("widget_states")
    plain.ClearField("is_auto_rerun")
    return {"type": "websocket.receive", "bytes": BackMsg(rerun_script=plain).SerializeToString()}


def _ends_a_run(message: Message) -> bool:
    """Return whether a message to a page says that a run has ended and that no other run follows."""
    data = message.get("bytes")
    if not data:
        return False
    forwarded = ForwardMsg.FromString(data)
    ended = forwarded.HasField("script_finished")
    return ended and forwarded.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
