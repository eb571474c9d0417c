"""Benchmarks of simultaneous visitors, without a browser: the waits of eight users of the Race page for each change.

The waits are measured on a server without other work, and while other visitors train a network, make films or drag
sliders. They are compared with those of a plain Streamlit app. A user makes a change, waits until the run of the script
has ended, and makes the next change about a second later.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import math
import random
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from websockets.exceptions import ConnectionClosed

from benchmarks.measure import Result, seconds
from benchmarks.serving import ROOT, Serving, app, script
from benchmarks.visitor import Visitor, visitor

USERS = 8
PAUSE = (0.5, 1.5)
"""The range of the pause between an answer and the next change in seconds, drawn from a uniform distribution."""
FILMS = 6
EXPORT: dict[str, Any] = {
    "kind": "export",
    "step": 0,
    "picture": "map",
    "windows": [],
    "scale": "log",
    "theme": "light",
}
"""The event by which the player opens the Export panel."""
SECONDS = 20.0
"""The default length of each condition."""
PATIENCE = 12
"""The longest wait of a user, in multiples of the length of a condition."""
MOST = 2.0
"""The largest acceptable ratio of a 95th percentile to the undisturbed one."""
NETWORK = (
    "v=1&data=digits&widths=1024-1024&batch_size=512&steps=2000"
    "&racer=sgd:learning_rate=0.05&racer=momentum:learning_rate=0.05&racer=adam:learning_rate=0.001"
)
"""The query of a network 64-1024-1024-10 that classifies the digits."""
SURFACE, RULES = "quadratic_ravine", ("sgd", "nesterov", "adam")
RACE = f"surface={SURFACE}"
"""The query of the race of these rules, which is not that of a first visit."""
RACES = (("levy", "nadam"), ("griewank", "adabelief"))
"""The surface and the rule of two races, each of which needs a program that no other page needs."""
NETWORKS = (("moons", "12-12"), ("circles", "20-20"))
"""The data and the widths of two networks, each of which needs programs that no other page needs."""

SHOWN = {"train": "vega_lite_chart", "film": "progress", "sweep": "plotly_chart"}
"""The element that the plain app draws repeatedly during each kind of work."""

Waits = list[float]
Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""Endless work of another visitor, which sets the event once it has begun."""


def run(length: float = SECONDS, root: Path = ROOT) -> Iterator[Result]:
    """Yield the results of all comparisons of the app of a checkout with the plain app."""
    with tempfile.TemporaryDirectory() as cache, app(cache, root, quiet=True) as served:
        ours = asyncio.run(_App(served, length).measure())
    with tempfile.TemporaryDirectory() as cache, script("plain.py", cache, quiet=True) as served:
        theirs = asyncio.run(_Plain(served, length).measure())
    yield from _results(ours, theirs, _patience(length))


def problem(query: str) -> tuple[Any, Any, list[Any]]:
    """The network that a query of the Network page describes, its initial weights, and its rules."""
    from app.network import link, settings

    training, _ = link.parse(parse_qs(query), settings.generated)
    data = settings.generated(training)
    return training.network(None, data), training.start(None, data), [training.rule(r) for r in training.racers]


@dataclasses.dataclass
class _Load:
    """Eight users of an app, and other visitors. Subclasses define how an app is used."""

    served: Serving
    length: float

    async def measure(self) -> dict[str, Waits]:
        """The waits in seconds by condition."""
        waits = _PrintedWaits(type(self).__name__.strip("_").lower(), self.patience)
        async with contextlib.AsyncExitStack() as stack:
            pages = [await stack.enter_async_context(visitor(self.served.address, query=RACE)) for _ in range(USERS)]
            for page in pages:
                await page.open(self.patience)
            await self._rest(quiet=8.0)  # longer than the pause in the warm-up of a server
            waits["undisturbed"] = await self._all(pages)
            for name, wait in (await self._newcomers(0)).items():
                waits[f"{name}, alone"] = wait
            waits["sweep, alone"] = await self._sweeps()
            conditions = {"films": self.films, "sweeps": self.sweeps, "training": self.trains}
            for name, condition in conditions.items():
                await self._rest()
                async with _busy(condition, max(240.0, self.patience)):
                    waits[name] = await self._all(pages)
                    if name == "training":  # the last condition, because it may continue after its visitor has left
                        for newcomer, wait in (await self._newcomers(1)).items():
                            waits[newcomer] = wait
                        waits["sweep"] = await self._sweeps()
        return waits

    @property
    def patience(self) -> float:
        return _patience(self.length)

    async def _rest(self, quiet: float = 2.0) -> None:
        """Wait for the end of earlier work, such as the compilation of programs and abandoned films."""
        await asyncio.to_thread(self.served.rest, quiet, max(90.0, 3 * self.length))

    async def _all(self, pages: Sequence[Visitor]) -> Waits:
        """The waits of all users, who make changes at the same time."""
        end = time.monotonic() + self.length
        chance = random.Random(0)
        users = [self._changes(page, end, random.Random(chance.random())) for page in pages]
        return list(itertools.chain(*await asyncio.gather(*users)))

    async def _changes(self, page: Visitor, end: float, chance: random.Random) -> Waits:
        waits: Waits = []
        while True:
            await asyncio.sleep(chance.uniform(*PAUSE))
            if time.monotonic() >= end:
                return waits
            waits.append(await _timed(self.change(page, chance), self.patience))

    async def _newcomers(self, which: int) -> dict[str, Waits]:
        """The waits for pages that need new programs, which are opened one after another."""

        async def come(page: str, query: str) -> None:
            async with visitor(self.served.address, page, query) as newcomer:
                await newcomer.open(None)

        pages = self.new_pages(which)
        return {name: [await _timed(come(*where), self.patience)] for name, where in pages.items()}

    async def _sweeps(self) -> Waits:
        """The waits for all runs along a slider; empty if the app does not send them."""
        return []

    def new_pages(self, which: int) -> dict[str, tuple[str, str]]:
        """The page and the query of the first or second entry of `RACES` and, if the app has the page, `NETWORKS`."""
        raise NotImplementedError

    def change(self, page: Visitor, chance: random.Random) -> Awaitable[float]:
        """Set the learning rate of a random racer to a random value."""
        raise NotImplementedError

    def trains(self) -> list[Work]:
        """The work of a visitor who trains a network repeatedly."""
        raise NotImplementedError

    def films(self) -> list[Work]:
        """The work of visitors who make films repeatedly."""
        raise NotImplementedError

    def sweeps(self) -> list[Work]:
        """The work of a visitor who drags sliders repeatedly."""
        raise NotImplementedError


class _App(_Load):
    """Optiscope, whose player reports events, and whose live route answers sweeps."""

    def new_pages(self, which: int) -> dict[str, tuple[str, str]]:
        (surface, rule), (data, widths) = RACES[which], NETWORKS[which]
        return {
            "race": ("", f"v=1&surface={surface}&racer={rule}"),
            "network": ("network", f"v=1&data={data}&widths={widths}&racer=adam:learning_rate=0.01"),
        }

    def change(self, page: Visitor, chance: random.Random) -> Awaitable[float]:
        racer, value = f"racer-{chance.randrange(len(RULES))}", float(f"{10 ** chance.uniform(-3, -1.5):.6g}")
        return page.send({"kind": "parameter", "racer": racer, "name": "learning_rate", "value": value}, self.patience)

    def trains(self) -> list[Work]:
        async def train(begun: asyncio.Event) -> None:
            async with visitor(self.served.address, "network", NETWORK) as page:
                await page.open(None)
                while True:
                    if page.offers("button", "Train"):
                        await page.press("Train", None)
                    await asyncio.sleep(0.6)  # the interval at which the player polls
                    await page.send({"kind": "poll"}, None)
                    if any("loss" in card.get("status", "") for card in page.scene()["cards"]):
                        begun.set()

        return [train]

    def films(self) -> list[Work]:
        async def film(begun: asyncio.Event) -> None:
            async with visitor(self.served.address, query=RACE) as page:
                await page.open(None)
                await page.send(dict(EXPORT), None)
                await page.set(page.find("button_group", "What"), None, string_array_value=["Film"])
                while True:
                    await page.press("Make film", None)
                    begun.set()
                    while not page.offers("button", "Make film"):
                        await asyncio.sleep(2.0)
                        await page.refresh(None)

        return [film] * FILMS

    def sweeps(self) -> list[Work]:
        async def drag(begun: asyncio.Event) -> None:
            for rotation in itertools.count(100):
                await self._sweep(rotation)
                begun.set()

        return [drag]

    async def _sweeps(self) -> Waits:
        return [await _timed(self._sweep(rotation), self.patience) for rotation in range(5)]

    async def _sweep(self, turn: int) -> None:
        """Request all runs along a slider, each turn on a surface with another rotation, so that none are cached."""
        settings = f"v=1&surface={SURFACE}&rotation={20 + turn / 1000:.3f}&racer=adam:learning_rate=0.066"
        address = f"{self.served.address}live/sweep?{settings}&live.racer=racer-0&live.name=learning_rate"

        def get() -> None:
            with urllib.request.urlopen(address, timeout=self.patience) as answer:
                answer.read()

        await asyncio.to_thread(get)


class _Plain(_Load):
    """A plain app, which runs its whole script for each slider and does all work in its own process."""

    def new_pages(self, which: int) -> dict[str, tuple[str, str]]:
        surface, rule = RACES[which]
        return {"race": ("", f"surface={surface}&rule={rule}")}

    def change(self, page: Visitor, chance: random.Random) -> Awaitable[float]:
        slider = page.find("slider", chance.choice(RULES))
        return page.set(slider, self.patience, double_array_value=[round(chance.uniform(-3, -1.5), 3)])

    def trains(self) -> list[Work]:
        return [self._does("train")]

    def films(self) -> list[Work]:
        return [self._does("film")] * FILMS

    def sweeps(self) -> list[Work]:
        return [self._does("sweep")]

    def _does(self, what: str) -> Work:
        async def work(begun: asyncio.Event) -> None:
            async with visitor(self.served.address, query=f"do={what}") as page, asyncio.TaskGroup() as group:
                group.create_task(page.open(None))  # this run of the script does not end
                while page.drawn[SHOWN[what]] < 2:
                    await asyncio.sleep(0.1)
                begun.set()

        return work


class _PrintedWaits(dict[str, Waits]):
    """Waits by condition, which are printed to the standard error at once, because all conditions take minutes."""

    def __init__(self, server: str, patience: float) -> None:
        super().__init__()
        self.server = server
        self.patience = patience

    def __setitem__(self, condition: str, waits: Waits) -> None:
        super().__setitem__(condition, waits)
        if waits:
            print(f"{self.server}, {condition}: {_spread(waits, self.patience)}", file=sys.stderr, flush=True)


@contextlib.asynccontextmanager
async def _busy(works: Callable[[], Sequence[Work]], patience: float) -> AsyncIterator[None]:
    """Let other visitors work during the block, which is entered once all have begun. Their errors are raised here."""
    events = [(work, asyncio.Event()) for work in works()]
    tasks = [asyncio.create_task(work(begun)) for work, begun in events]
    all_begun = asyncio.gather(*(begun.wait() for _, begun in events))
    try:
        awaited: list[asyncio.Future[Any]] = [all_begun, *tasks]
        await asyncio.wait(awaited, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        _check(tasks)
        if not all_begun.done():
            raise TimeoutError(f"the work beside the users has not begun within {patience:.0f} s")
        yield
        _check(tasks)
    finally:
        all_begun.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(all_begun, *tasks, return_exceptions=True)


def _check(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        if task.done():
            task.result()


def _patience(length: float) -> float:
    return max(30.0, PATIENCE * length)


async def _timed(work: Awaitable[object], patience: float) -> float:
    """The seconds that some work took; infinite if it took longer than `patience` or the server dropped it."""
    began = time.perf_counter()
    try:
        async with asyncio.timeout(patience):
            await work
    except (TimeoutError, OSError, ConnectionClosed):
        return math.inf
    return time.perf_counter() - began


def _results(ours: dict[str, Waits], theirs: dict[str, Waits], patience: float) -> Iterator[Result]:
    alone, peer = _p95(ours["undisturbed"]), _p95(theirs["undisturbed"])
    what = f"{USERS} users, each with a change about once a second, p50 / p95: the app / a plain Streamlit app"
    yield Result(
        what,
        _spread(ours["undisturbed"], patience),
        _spread(theirs["undisturbed"], patience),
        f"{alone / peer:.2f}",
        "≤ 1",
        alone <= peer,
    )
    for name, words in (
        ("films", f"{FILMS} films"),
        ("sweeps", "a stream of sweeps"),
        ("training", "a training of 64-1024-1024-10, three rules"),
    ):
        factor, other = _p95(ours[name]) / alone, _p95(theirs[name]) / peer
        yield Result(
            f"the same beside {words}; p95 / p95 undisturbed",
            _spread(ours[name], patience),
            f"{_spread(theirs[name], patience)}, {_ratio(other)}×",
            _ratio(factor),
            f"≤ {MOST:g}",
            factor <= MOST,
        )
    for name, words in (
        ("race", "a newcomer's race that needs a new program, beside that training / undisturbed"),
        ("network", "a newcomer's network that needs new programs, beside that training / undisturbed"),
        ("sweep", "all runs along a slider, median, beside that training / undisturbed"),
    ):
        disturbed, before = (statistics.median(ours[key]) for key in (name, f"{name}, alone"))
        plain = ""
        if theirs.get(name):
            pair = [statistics.median(theirs[key]) for key in (name, f"{name}, alone")]
            plain = f"; plain {' / '.join(_duration(wait, patience) for wait in pair)}"
        yield Result(
            words,
            _duration(disturbed, patience),
            f"{_duration(before, patience)}{plain}",
            _ratio(disturbed / before),
            f"≤ {MOST:g}",
            disturbed / before <= MOST,
        )


def _p95(waits: Waits) -> float:
    return sorted(waits)[math.ceil(0.95 * len(waits)) - 1] if waits else math.inf


def _spread(waits: Waits, patience: float) -> str:
    middle = statistics.median_low(waits) if waits else math.inf
    return f"{_duration(middle, patience)} / {_duration(_p95(waits), patience)} of {len(waits)}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "–"


def _duration(wait: float, patience: float) -> str:
    return seconds(wait) if math.isfinite(wait) else f"over {patience:.0f} s"
