"""Files that several visitors request at the same time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.testing.v1 import AppTest

from app.common import racers
from app.export.making import Order, make, make_apart, map_in_threads
from app.export.options import Cut, Look
from app.export.worker import Failed
from app.race import changes, export
from app.race import settings as change
from app.race.runs import Race
from app.views.export import CAPTIONS, FIELDS

KINDS = ("png", "svg", "pdf")
ROUTER = str(Path(change.__file__).parents[1] / "router.py")


def _orders() -> list[Order]:
    """Six orders with different formats and themes, so that mixed settings would be visible."""
    look = Look(width=400, height=300, part="map", caption=False)
    plain = export.order(Race(racers.set_steps(changes.first(), 40)), "png", look, Cut())
    looks = [look, dataclasses.replace(look, theme="dark")]
    return [dataclasses.replace(plain, kind=kind, look=look) for look in looks for kind in KINDS]


@pytest.mark.long
def test_files_made_in_four_threads_equal_those_made_one_by_one() -> None:
    orders = _orders()
    alone = [make(order) for order in orders]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(make_apart, orders * 2))
    assert together == alone * 2


@pytest.mark.long
def test_simultaneous_downloads_of_four_visitors_equal_single_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function that Streamlit calls in a thread of the server when a visitor presses the button of the page."""
    callables: dict[str, Callable[[], bytes]] = {}
    add = MediaFileManager.add_deferred

    def noted(self: MediaFileManager, data: Any, *arguments: Any, file_name: Any, **more: Any) -> str:
        callables[file_name] = data
        return add(self, data, *arguments, file_name=file_name, **more)

    monkeypatch.setattr(MediaFileManager, "add_deferred", noted)
    downloads: list[Callable[[], bytes]] = []
    for kind, theme in (("png", "light"), ("svg", "dark"), ("pdf", "light"), ("pdf", "dark")):
        page = AppTest.from_file(ROUTER, default_timeout=120)
        page.query_params["steps"] = "30"
        page.query_params["racer"] = "sgd:learning_rate=0.01"
        kept = {**FIELDS, "caption": CAPTIONS[0], "size": "column", "scale": 1, "format": kind, "theme": theme}
        shown = {"step": "30", "picture": "map", "axis": "log", "zoomed": True}
        state = {"export-kept": {**kept, **shown}, "exporting": "settings", "screens": 1}
        for key, value in state.items():
            page.session_state[key] = value
        page.run()
        assert not page.exception
        (name,) = (name for name in callables if name.endswith(f".{kind}"))
        downloads.append(callables.pop(name))
    alone = [download() for download in downloads]
    assert len(set(alone)) == 4
    with ThreadPoolExecutor(4) as pool:
        for _ in range(2):
            assert list(pool.map(lambda download: download(), downloads)) == alone


def test_map_in_threads_keeps_the_order_and_raises_the_first_error() -> None:
    assert map_in_threads(lambda n: n * n, range(7), 3) == [0, 1, 4, 9, 16, 25, 36]
    done: list[int] = []

    def work(n: int) -> None:
        done.append(n)
        if n == 1:
            raise Failed("no")

    with pytest.raises(Failed, match="no"):
        map_in_threads(work, range(50), 1)
    assert done == [0, 1]
