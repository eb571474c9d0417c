"""The first act of an open page whose session is gone, spoken to the server as a browser speaks to it.

A connection that names no session gets a new one, as every connection does after a restart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message, Receive, Scope, Send
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from app.player.reconnected import WholeRunFirst
from benchmarks.visitor import Visitor, connection, sliders, visitor
from tests.app.asking import run
from tests.app.conftest import Server

Act = Callable[[Visitor], Awaitable[object]]
RACE = "v=1&surface=saddle&racer=sgd:learning_rate=0.02&racer=adam:learning_rate=0.03"
PATIENCE = 30.0
NETWORK = "v=1&data=xor&widths=4&steps=60000&racer=sgd:learning_rate=0.2"
"""A training that takes seconds, so that the page offers to stop it."""


async def _reconnected(server: Server, page: str, query: str, act: Act, shows: Callable[[Visitor], bool]) -> Visitor:
    """A page that was opened in one session, acted in another, and then came to show something."""
    async with visitor(server.url, page, query) as someone:
        await someone.open()
        assert not shows(someone)
    async with connection(server.url) as someone.socket:
        await act(someone)
        await someone.until(shows, PATIENCE)
    return someone


def _offers(page: Visitor, label: str) -> bool:
    return any(widget.kind == "button" and widget.proto.label == label for widget in page.widgets.values())


async def _train(page: Visitor) -> None:
    """Train to the end, asking for news as the player does."""
    await page.press("Train", PATIENCE)
    async with asyncio.timeout(PATIENCE):
        while not _offers(page, "Train"):
            await asyncio.sleep(0.1)
            await page.send({"kind": "poll"}, PATIENCE)


def test_a_slider_works_in_a_session_that_has_not_drawn_it(server: Server) -> None:
    event = {"kind": "parameter", "racer": "racer-1", "name": "learning_rate", "value": 0.04}
    wanted = {("racer-0", "learning_rate"): 0.02, ("racer-1", "learning_rate"): 0.04}

    def shows(page: Visitor) -> bool:
        return wanted.items() <= sliders(page.scene()).items()

    page = run(_reconnected(server, "", RACE, lambda page: page.send(event, PATIENCE), shows))
    assert "adam%3Alearning_rate%3D0.04" in page.query and "surface=saddle" in page.query


def test_a_racer_is_duplicated_once(server: Server) -> None:
    event = {"kind": "duplicate", "racer": "racer-0"}

    async def twice(page: Visitor) -> None:
        """After the first act of a session the next are carried out as ever."""
        await page.send(event, PATIENCE)
        await page.until(lambda page: len(page.scene()["cards"]) == 3, PATIENCE)
        await page.send({"kind": "hide", "racer": "racer-1", "hidden": True})

    def shows(page: Visitor) -> bool:
        return [card.get("hidden", False) for card in page.scene()["cards"]] == [False, True, False]

    page = run(_reconnected(server, "", RACE, twice, shows))
    assert page.query.count("racer=sgd") == 2


def test_a_field_of_the_toolbar_works(server: Server) -> None:
    async def type_(page: Visitor) -> None:
        await page.set(page.find("text_input", "Steps"), patience=PATIENCE, string_value="123")

    page = run(_reconnected(server, "", RACE, type_, lambda page: "steps=123" in page.query))
    assert page.find("text_input", "Steps").proto.default == "123"


@pytest.mark.parametrize("before", [False, True])
def test_train_works(server: Server, before: bool) -> None:
    """Also where the lost session had trained these networks, and the button says to train them anew."""

    async def whole() -> Visitor:
        async with visitor(server.url, "network", NETWORK) as page:
            await page.open()
            if before:
                await _train(page)
        async with connection(server.url) as page.socket:
            await page.press("Train", PATIENCE)
            await page.until(lambda page: _offers(page, "Stop"), PATIENCE)
        return page

    run(whole())


def _rerun(**fields: str) -> Message:
    return {"type": "websocket.receive", "bytes": BackMsg(rerun_script=ClientState(**fields)).SerializeToString()}


def _heard(messages: list[Message], answers: list[ForwardMsg], gone: bool = False) -> list[ClientState]:
    """The reruns that a server hears of a page that sends messages; it gives the answers after the first of them."""
    heard: list[ClientState] = []

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return
            heard.append(BackMsg.FromString(message["bytes"]).rerun_script)
            for answer in answers if len(heard) == 1 else ():
                try:
                    await send({"type": "websocket.send", "bytes": answer.SerializeToString()})
                except OSError:
                    break

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "websocket.disconnect"}

    async def send(message: Message) -> None:
        if gone:
            raise OSError("the page has gone")

    run(WholeRunFirst(server)({"type": "websocket"}, receive, send))
    return heard


ENDED = ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY)
ENDED_EARLY = ForwardMsg(script_finished=ForwardMsg.FINISHED_EARLY_FOR_RERUN)


@pytest.mark.parametrize(("answers", "gone"), [([ENDED_EARLY, ENDED], False), ([ENDED_EARLY], True)])
def test_the_first_rerun_of_an_open_page_follows_a_run_of_the_whole_script(
    answers: list[ForwardMsg], gone: bool
) -> None:
    """Or the loss of the page, which nothing is sent to any more."""
    sent = [_rerun(fragment_id="a", query_string="v=1"), _rerun(fragment_id="b")]
    heard = _heard(sent, answers, gone)
    assert [(one.fragment_id, one.query_string) for one in heard] == [("", "v=1"), ("a", "v=1"), ("b", "")]


def test_a_page_that_is_being_opened_runs_once() -> None:
    heard = _heard([_rerun(query_string="v=1"), _rerun(fragment_id="a")], [ENDED])
    assert [one.fragment_id for one in heard] == ["", "a"]


def test_a_run_that_is_followed_by_another_is_not_the_last() -> None:
    done: list[bool] = []

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        held = asyncio.ensure_future(receive())
        for answer in (ENDED_EARLY, ENDED):
            await send({"type": "websocket.send", "bytes": answer.SerializeToString()})
            for _ in range(10):  # turns of the event loop, in which all tasks proceed as far as they can
                await asyncio.sleep(0)
            done.append(held.done())

    async def receive() -> Message:
        return _rerun(fragment_id="a")

    async def send(message: Message) -> None:
        pass

    run(WholeRunFirst(server)({"type": "websocket"}, receive, send))
    assert done == [False, True]
