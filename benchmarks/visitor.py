"""A visitor without a browser: what Streamlit's front end says to its server, and what it waits for.

The front end opens a WebSocket at `/_stcore/stream`. It sends a `BackMsg` for each run of the script that it wants,
with the states of the widgets, and receives `ForwardMsg`s: elements to draw, and the word that a run is finished.
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
"""Seconds to wait for a run, unless the caller says otherwise; None is for ever."""


@dataclasses.dataclass(frozen=True)
class Widget:
    """One element on the page that can report something.

    Attributes:
        kind: the name of its message, such as "button" or "bidi_component".
        proto: what the server sent of it last.
        fragment: the fragment that drew it, which is all that runs when it reports; empty for the whole script.
    """

    kind: str
    proto: Any
    fragment: str


class Visitor:
    """One open page, as `async with visitor(address) as page:` gives it.

    Attributes:
        socket: the connection to the server.
        query: what stands in the address bar behind the question mark.
        widgets: what is on the page and can report something, by its id.
        drawn: how often elements of each kind have been drawn.
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
        """Run the script for the first time; returns the seconds until the page is complete."""
        return await self._rerun("", {}, patience)

    async def press(self, label: str, patience: float | None = PATIENCE) -> float:
        """Press the button with this label; returns the seconds until its run is finished."""
        button = self.find("button", label)
        return await self._rerun(
            button.fragment, {button.proto.id: WidgetState(id=button.proto.id, trigger_value=True)}, patience
        )

    async def set(self, widget: Widget, patience: float | None = PATIENCE, **value: Any) -> float:
        """Leave a widget at a value, named as in `WidgetState`; returns the seconds until its run is finished."""
        state = WidgetState(id=widget.proto.id)
        for name, given in value.items():
            if isinstance(given, list):
                getattr(state, name).data.extend(given)
            else:
                setattr(state, name, given)
        self._states[state.id] = state
        return await self._rerun(widget.fragment, {}, patience)

    async def send(self, event: dict[str, Any], patience: float | None = PATIENCE) -> float:
        """Report an event of the player; returns the seconds until its run is finished."""
        player = self.player()
        # Streamlit gathers the triggers of a component under a name of its own
        id = f"$$STREAMLIT_INTERNAL_KEY_{player.proto.id}__events"
        trigger = WidgetState(id=id, json_trigger_value=json.dumps([{"event": "event", "value": event}]))
        return await self._rerun(player.fragment, {id: trigger}, patience)

    async def refresh(self, patience: float | None = PATIENCE) -> None:
        """Run the fragments that are to run every few seconds."""
        for fragment in sorted(self._refreshed):
            await self._rerun(fragment, {}, patience)

    async def until(self, condition: Callable[[Visitor], bool], patience: float | None = PATIENCE) -> None:
        """Take in what the server sends until a condition on this page, which is looked at between runs, is true."""
        async with asyncio.timeout(patience):
            while not condition(self):
                await self._receive()

    def find(self, kind: str, label: str) -> Widget:
        """The widget of a kind with this label."""
        for widget in self.widgets.values():
            if widget.kind == kind and widget.proto.label == label:
                return widget
        raise LookupError(f"the page has no {kind} {label!r}")

    def offers(self, kind: str, label: str) -> bool:
        """Whether there is a widget of a kind with this label."""
        return any(widget.kind == kind and widget.proto.label == label for widget in self.widgets.values())

    def only(self, kind: str) -> Widget:
        """The one widget of a kind."""
        (found,) = (widget for widget in self.widgets.values() if widget.kind == kind)
        return found

    def player(self) -> Widget:
        """The player, which every page has once."""
        return self.only("bidi_component")

    def scene(self) -> dict[str, Any]:
        """The scene that the player shows, without its arrays and defaults."""
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
        """Take in what the server sends up to the end of a run."""
        while not self._finished(await self.socket.recv()):
            pass

    def _finished(self, data: str | bytes) -> bool:
        """Take in a message; True where it says that a run is finished and none follows."""
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
            if kind == "bidi_component":  # the front end reports the state of a component as soon as it is there
                self._states.setdefault(proto.id, WidgetState(id=proto.id, json_value="{}"))


@asynccontextmanager
async def visitor(address: str, page: str = "", query: str = "") -> AsyncIterator[Visitor]:
    """A visitor of a page at an address such as "http://127.0.0.1:8501/", who has not asked for anything yet."""
    async with connection(address) as socket:
        yield Visitor(socket, f"{address}{page}", page, query)


def connection(address: str) -> connect:
    """The WebSocket between a page and the server at an address, to be opened by `async with`."""
    host = urlsplit(address).netloc
    return connect(
        f"ws://{host}/_stcore/stream",
        origin=Origin(f"http://{host}"),
        subprotocols=[Subprotocol("streamlit")],
        compression=None,  # which Streamlit's server has off by default
        max_size=None,
        proxy=None,
        open_timeout=PATIENCE,
        ping_timeout=None,
    )


def sliders(scene: dict[str, Any]) -> dict[tuple[str, str], float]:
    """The value of each slider of a scene, by the id of its racer and its name."""
    return {(card["id"], slider["name"]): slider["value"] for card in scene["cards"] for slider in card["sliders"]}
