"""Visitors without a browser, which exchange the same messages with the server as Streamlit's front end.

The front end opens a WebSocket at `/_stcore/stream`. It sends a `BackMsg` with the states of the widgets to request a
run of the script, and receives `ForwardMsg`s with elements to draw and a message when a run has finished.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

PATIENCE = 120.0
"""The default number of seconds to wait for a run. Callers may pass None to wait forever."""


@dataclasses.dataclass(frozen=True)
class Widget:
    """An element of the page that can report events.

    Attributes:
        kind: the name of its message, such as "button" or "bidi_component".
        proto: its last message from the server.
        fragment: the fragment that drew it and runs when it reports an event; empty for the whole script.
    """

    kind: str
    proto: Any
    fragment: str


class Visitor:
    """An open page, the result of `async with visitor(address) as page:`.

    Attributes:
        socket: the connection to the server.
        query: the query string of the page's address.
        widgets: the elements of the page that can report events, by their ids.
        drawn: the number of times that elements of each kind have been drawn.
    """

    def __init__(self, socket: ClientConnection, url: str, page: str, query: str) -> None:
        self.socket = socket
        self._url = url
        self._page = page
        self.query = query
        self._script = ""
        self._states: dict[str, WidgetState] = {}
        self._refreshed: set[str] = set()
        self.drawn: Counter[str] = Counter()
        self.widgets: dict[str, Widget] = {}

    async def open(self, patience: float | None = PATIENCE) -> float:
        """Run the script for the first time, and return the seconds until the page is complete."""
        return await self._rerun("", {}, patience)

    async def press(self, label: str, patience: float | None = PATIENCE) -> float:
        """Press the button with a label, and return the seconds until the run has finished."""
        button = self.find("button", label)
        return await self._rerun(
            button.fragment, {button.proto.id: WidgetState(id=button.proto.id, trigger_value=True)}, patience
        )

    async def set(self, widget: Widget, patience: float | None = PATIENCE, **value: Any) -> float:
        """Set a widget to a value, named as in `WidgetState`, and return the seconds until the run has finished."""
        state = WidgetState(id=widget.proto.id)
        for name, content in value.items():
            if isinstance(content, list):
                getattr(state, name).data.extend(content)
            else:
                setattr(state, name, content)
        self._states[state.id] = state
        return await self._rerun(widget.fragment, {}, patience)

    async def send(self, event: dict[str, Any], patience: float | None = PATIENCE) -> float:
        """Report an event of the player, and return the seconds until the run has finished."""
        player = self.player()
        # the internal key under which Streamlit collects the triggers of a component
        id = f"$$STREAMLIT_INTERNAL_KEY_{player.proto.id}__events"
        trigger = WidgetState(id=id, json_trigger_value=json.dumps([{"event": "event", "value": event}]))
        return await self._rerun(player.fragment, {id: trigger}, patience)

    async def refresh(self, patience: float | None = PATIENCE) -> None:
        """Run the fragments that a browser would run every few seconds."""
        for fragment in sorted(self._refreshed):
            await self._rerun(fragment, {}, patience)

    async def until(self, condition: Callable[[Visitor], bool], patience: float | None = PATIENCE) -> None:
        """Receive messages until a condition on this page is true, which is checked after each run."""
        async with asyncio.timeout(patience):
            while not condition(self):
                await self._receive()

    def find(self, kind: str, label: str) -> Widget:
        """The widget of a kind with a label."""
        for widget in self.widgets.values():
            if widget.kind == kind and widget.proto.label == label:
                return widget
        raise LookupError(f"the page has no {kind} {label!r}")

    def offers(self, kind: str, label: str) -> bool:
        """Whether the page has a widget of a kind with a label."""
        return any(widget.kind == kind and widget.proto.label == label for widget in self.widgets.values())

    def only(self, kind: str) -> Widget:
        """The only widget of a kind."""
        (only,) = (widget for widget in self.widgets.values() if widget.kind == kind)
        return only

    def player(self) -> Widget:
        """The player of the page."""
        return self.only("bidi_component")

    def scene(self) -> dict[str, Any]:
        """The scene of the player, without its arrays and default values."""
        envelope: bytes = self.player().proto.bytes
        size = int.from_bytes(envelope[:4], "little")
        scene: dict[str, Any] = json.loads(envelope[4 : 4 + size])["scene"]
        return scene

    async def _rerun(self, fragment: str, triggers: dict[str, WidgetState], patience: float | None) -> float:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string = self.query
        rerun.fragment_id = fragment
        if self._script:
            rerun.page_script_hash = self._script
        else:
            rerun.page_name = self._page
        rerun.context_info.url = self._url
        rerun.widget_states.widgets.extend({**self._states, **triggers}.values())
        began = time.perf_counter()
        async with asyncio.timeout(patience):
            await self.socket.send(message.SerializeToString())
            await self._receive()
        return time.perf_counter() - began

    async def _receive(self) -> None:
        """Receive messages until the end of a run."""
        while not self._finished(await self.socket.recv()):
            pass

    def _finished(self, data: str | bytes) -> bool:
        """Process a message, and return whether it says that a run has finished and no other follows."""
        assert isinstance(data, bytes)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "new_session" and not message.metadata.run.fragment_ids:
            self.widgets.clear()
            self._refreshed.clear()
        elif kind == "navigation":
            self._script = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._refreshed.add(message.auto_rerun.fragment_id)
        elif kind == "session_event" and message.session_event.WhichOneof("type") == "script_compilation_exception":
            raise RuntimeError(message.session_event.script_compilation_exception.message)
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._draw(message.delta.new_element, message.delta.fragment_id)
        return kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def _draw(self, element: Element, fragment: str) -> None:
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise RuntimeError(f"the page shows an error: {element.exception.message}")
        if kind is None:
            return
        self.drawn[kind] += 1
        proto = getattr(element, kind)
        if getattr(proto, "id", ""):
            self.widgets[proto.id] = Widget(kind, proto, fragment)
            if kind == "bidi_component":  # the front end reports the state of a component as soon as it is mounted
                self._states.setdefault(proto.id, WidgetState(id=proto.id, json_value="{}"))


@asynccontextmanager
async def visitor(address: str, page: str = "", query: str = "") -> AsyncIterator[Visitor]:
    """Connect a visitor to a page at an address such as "http://127.0.0.1:8501/", without running its script yet."""
    async with connection(address) as socket:
        yield Visitor(socket, f"{address}{page}", page, query)


def connection(address: str) -> connect:
    """The WebSocket between a page and the server at an address, to be opened by `async with`."""
    host = urlsplit(address).netloc
    return connect(
        f"ws://{host}/_stcore/stream",
        origin=Origin(f"http://{host}"),
        subprotocols=[Subprotocol("streamlit")],
        compression=None,  # off by default in Streamlit's server
        max_size=None,
        proxy=None,
        open_timeout=PATIENCE,
        ping_timeout=None,
    )


def sliders(scene: dict[str, Any]) -> dict[tuple[str, str], float]:
    """The values of a scene's sliders, by the id of the racer and the name of the slider."""
    return {(card["id"], slider["name"]): slider["value"] for card in scene["cards"] for slider in card["sliders"]}
