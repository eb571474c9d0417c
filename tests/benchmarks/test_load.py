"""The visitor without a browser, which opens pages and changes settings, and the statistics of waits."""

from __future__ import annotations

import asyncio
import math
import random

import pytest

from app.race import changes
from benchmarks import load
from benchmarks.serving import Serving, app, script
from benchmarks.visitor import sliders, visitor
from tests.app.asking import run


def test_the_visitor_opens_the_race_and_moves_a_slider() -> None:
    wanted = {"kind": "parameter", "racer": "racer-1", "name": "learning_rate", "value": 0.0123}

    async def visit(address: str) -> tuple[float, float, dict[tuple[str, str], float], str]:
        async with visitor(address, query=load.RACE) as page:
            waits = await page.open(), await page.send(wanted)
            return *waits, sliders(page.scene()), page.query

    with app() as served:
        opened, moved, found, query = run(visit(served.address))
    first = changes.first()
    assert found[("racer-1", "learning_rate")] == 0.0123
    assert found[("racer-0", "learning_rate")] == first.racers[0].rule.get("learning_rate", math.nan)
    assert opened > 0 and moved > 0 and "learning_rate%3D0.0123" in query


@pytest.mark.long
def test_the_plain_app_draws_the_same_race_and_another_for_a_moved_slider() -> None:
    async def visit(address: str) -> list[bytes]:
        async with visitor(address) as page:
            await page.open()
            charts = [page.only("plotly_chart").proto.spec]
            await load._Plain(None, 1.0).change(page, random.Random(0))  # type: ignore[arg-type]
            return [*charts, page.only("plotly_chart").proto.spec]

    with script("plain.py") as served:
        before, after = run(visit(served.address))
    assert before != after


@pytest.mark.long
def test_a_visitor_of_the_app_begins_a_film() -> None:
    async def visit(served: Serving) -> bool:
        begun = asyncio.Event()
        work = asyncio.ensure_future(load._App(served, 1.0).films()[0](begun))
        done, _ = await asyncio.wait((work, asyncio.ensure_future(begun.wait())), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()  # an error of the visitor
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return begun.is_set()

    with app() as served:
        assert run(visit(served))


def test_the_training_is_the_one_that_the_page_has() -> None:
    network, start, rules = load.problem(load.NETWORK)
    assert network.model.widths == (64, 1024, 1024, 10) and start.shape == (network.model.size,)
    assert [rule.name for rule in rules] == ["SGD", "Momentum", "Adam"]


@pytest.mark.parametrize(
    ("waits", "spread"),
    [
        ([0.1], "100 ms / 100 ms of 1"),
        ([0.01 * k for k in range(1, 101)], "500 ms / 950 ms of 100"),
        ([1.0, 2.0, math.inf], "2 s / over 240 s of 3"),
        ([], "over 240 s / over 240 s of 0"),
    ],
)
def test_waits_are_summed_up_by_values_that_were_waited(waits: list[float], spread: str) -> None:
    assert load._spread(waits, 240.0) == spread
