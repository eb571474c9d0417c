"""What the player plays and what it reports: records, and the bytes they travel in.

Nothing here knows of optimizers or of a page. A `Scene` is panels made of marks, cards and a clock, the same for every
page. It travels as one envelope of bytes, because a component carries either JSON or a single bytes object, and arrays
as JSON cost a hundred times more.

The envelope
------------

========= =====================================================================
4 bytes   length of the header, uint32
header    JSON, in UTF-8
padding   to a multiple of 8
bodies    of the arrays, each padded to a multiple of 8
========= =====================================================================

Everything is little-endian. The header of a scene has

``scene``     the scene, its records packed as described below
``refusal``   why the last change was refused, or an empty text
``again``     whether another scene follows without being asked for
``strokes``   `app.figures.strokes.TABLE`: widths, sizes, dashes, opacities and the colours of the themes
``defaults``  by the type of a record, the fields that may be left out, with their values
``arrays``    for each array its ``dtype``, its ``shape``, and the ``offset`` of its body from the first body

A record becomes ``{"type": "line", …}``: its class in small letters, and its fields by name. Fields that have their
default value are left out. In place of an array stands ``{"array": k}``, the k-th of ``arrays``; identical arrays are
stored once. In place of an array of numbers in arithmetic progression (times, steps, the ticks of a grid) stands
``{"range": [start, step, count]}``. A float that JSON cannot carry (NaN, an infinity) becomes null. The type of an
array is that of the view that made it, except that integers of 64 bits become ``i4``, or ``f8`` where they are large:
by convention paths and grids are ``f4``, losses and measures ``f8``, shares of tiles ``u1``.

Every panel has two more fields: its ``id`` changes with anything in it, and with nothing else; its ``ground`` changes
with its axes and its marks of the layer "ground", so that what stands still is drawn again only when it must.

`Runs` travel in the same envelope. Their header has ``positions`` (runs, kept, 2), ``losses`` (runs, kept), ``steps``
(kept,), ``values`` (runs,) and ``told``: for each run what its card says, and the numbers of points of its path and of
its losses that are drawn, ``leaves`` + 1 and ``last`` + 1. While a racer is dragged, its lines that follow a "path"
take ``x`` and ``y`` from the positions, those that follow a "loss" take ``y`` from the losses; time and ``x`` of a loss
are steps times the `Scene.pace` of the card. Other marks of that racer are of another run, and are not drawn.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from app.figures import strokes
from app.figures.marks import MARKS, Axes, Axis, Dash, Head, Mark, Note, Option, Panel, Sign, Symbol
from app.player.screen import Screen, Window, finite, read_screen

__all__ = [
    "AXES",
    "HEIGHTS",
    "PICTURES",
    "Card",
    "Clock",
    "Event",
    "Kind",
    "Relief",
    "Runs",
    "Scene",
    "Slider",
    "pack",
    "pack_runs",
    "read",
]

Kind = Literal[
    "start",
    "parameter",
    "add",
    "remove",
    "duplicate",
    "hide",
    "explain",
    "inspect",
    "view",
    "option",
    "axis",
    "picture",
    "poll",
    "heights",
    "beside",
    "export",
]
KINDS = get_args(Kind)

AXES = ("steps", "evaluations")
PICTURES = ("map", "surface", "panels")
HEIGHTS = ("log", "linear")
BESIDE = ("off", "on", "apart", "linked")

DASHES = ("solid", "dash", "dot", "dashdot")
SHAPES = ("circle", "square", "diamond", "triangle-up")


@dataclass(frozen=True, eq=False)
class Slider:
    """One adjustable number of a card.

    ``symbol`` is the letter shown (η), ``label`` the words a screen reader says. ``stops`` are the values that the
    slider is dragged to, in ascending order; its value may also lie between two of them. ``sweep`` names the runs at
    the stops: as long as it stays, so do they.
    """

    name: str
    symbol: str
    label: str
    value: float
    stops: NDArray[np.floating[Any]]
    sweep: str = ""

    def __post_init__(self) -> None:
        if self.stops.ndim != 1 or len(self.stops) < 2 or not (np.diff(self.stops) > 0).all():
            raise ValueError(f"stops of {self.name} must be two numbers or more, ascending; got {self.stops}")

    def __contains__(self, value: float) -> bool:
        """Whether a value lies in the range of the slider."""
        return bool(self.stops[0] <= value <= self.stops[-1])


@dataclass(frozen=True)
class Card:
    """One racer: how it is drawn, what is said of it, and the sliders it offers.

    ``status`` is short ("converged @ 141"), ``why`` one sentence that explains it, ``settled`` the step from which it
    holds: the card says it when the clock is there. ``gone`` marks a run that grows without bound or diverged. ``cost``
    is the number of gradient evaluations of one step.
    """

    id: str
    title: str
    color: str
    dash: Dash = "solid"
    shape: Symbol = "circle"
    hidden: bool = False
    status: str = ""
    why: str = ""
    gone: bool = False
    settled: int = 0
    cost: int = 1
    sliders: tuple[Slider, ...] = ()

    def __post_init__(self) -> None:
        if self.dash not in DASHES:
            raise ValueError(f"dash of card {self.id} must be one of {', '.join(DASHES)}; got {self.dash!r}")
        if self.shape not in SHAPES:
            choices = ", ".join(SHAPES)
            raise ValueError(f"shape of card {self.id} must be one of {choices}; got {self.shape!r}")


@dataclass(frozen=True)
class Clock:
    """What the clock of a scene counts, from 0 to ``end``.

    ``counts`` is "steps" or gradient "evaluations" where the page offers both, and empty where steps are all it counts.
    """

    end: int
    counts: Literal["", "steps", "evaluations"] = ""

    def __post_init__(self) -> None:
        if self.counts not in ("", *AXES):
            raise ValueError(f"counts must be one of {', '.join(AXES)}, or empty; got {self.counts!r}")

    @property
    def unit(self) -> str:
        """The word for one of what it counts."""
        return "evaluation" if self.counts == "evaluations" else "step"


@dataclass(frozen=True, kw_only=True)
class Relief:
    """How the map is drawn in three dimensions.

    A loss becomes a height by ``kind`` ("linear", "log" or "signed log"), ``base`` and ``unit``; ``offset`` is added to
    the heights of lines to have the plain loss, and ``floor`` says that ground below the scale is drawn at its lower
    end. ``heights`` are "log" for that scale, "linear" for the plain loss, or empty for the map's own.
    """

    kind: Literal["linear", "log", "signed log"]
    base: float
    unit: float
    offset: float = 0.0
    floor: bool = False
    heights: str = ""

    def __post_init__(self) -> None:
        if self.heights not in ("", *HEIGHTS):
            raise ValueError(f"heights must be one of {', '.join(HEIGHTS)}, or empty; got {self.heights!r}")


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """Everything that one rerun hands to the player.

    ``arrangement`` places the panels: "one above" has the first one large over all others side by side, "two above" has
    two side by side over the third. ``choices`` are the racers that can be added, by key and name, ``addable`` the
    views that one more panel could show. ``busy`` says that the scene grows, so that the player asks for news.

    What only some pages have: ``picture`` says how the first panel is shown, as the "map", as the "surface" in three
    dimensions, whose heights are those of ``relief``, or as "panels", a small map a racer; where it is empty the panel
    is shown as it is, and none can stand beside it. ``beside`` is another scene of the same racers on the same clock,
    ``linked`` whether its sliders have the same values. ``inspected`` explains the steps of one racer: its id, lines in
    MathML with slots, and the values that belong there. ``live`` is the address under which other runs are asked for
    while something is dragged (see `Runs`), empty where nobody answers.
    """

    panels: tuple[Panel, ...]
    cards: tuple[Card, ...]
    clock: Clock
    arrangement: Literal["one above", "two above"] = "two above"
    choices: tuple[tuple[str, str], ...] = ()
    addable: tuple[tuple[str, str], ...] = ()
    caption: str = ""
    description: str = ""
    busy: bool = False
    picture: str = ""
    relief: Relief | None = None
    beside: Scene | None = None
    linked: bool = True
    inspected: Mapping[str, Any] | None = None
    live: str = ""

    def __post_init__(self) -> None:
        ids = [card.id for card in self.cards]
        if self.picture not in ("", *PICTURES):
            raise ValueError(f"picture must be one of {', '.join(PICTURES)}, or empty; got {self.picture!r}")
        if len(set(ids)) < len(ids):
            raise ValueError(f"cards must have different ids; got {ids}")
        for panel in self.panels:
            for mark in panel.marks:
                if mark.racer and mark.racer not in ids:
                    raise ValueError(f"a mark of panel {panel.key!r} belongs to {mark.racer!r}, which is no card")
                if not 0 <= mark.axes < len(panel.axes):
                    raise ValueError(f"panel {panel.key!r} has {len(panel.axes)} pairs of axes; got {mark.axes}")
        if self.beside and [card.id for card in self.beside.cards] != ids:
            raise ValueError("the scene beside must have cards with the same ids")

    def pace(self, card: Card) -> int:
        """What the clock counts for one step of a racer."""
        return card.cost if self.clock.counts == "evaluations" else 1

    def panel(self, key: str) -> Panel:
        """The panel of that key."""
        return next(panel for panel in self.panels if panel.key == key)

    @property
    def slots(self) -> tuple[Panel, ...]:
        """The panels that can be exchanged for others."""
        return tuple(panel for panel in self.panels if panel.choices)

    @property
    def movable(self) -> bool:
        """Whether there is a start to be dragged."""
        return any(isinstance(mark, Sign) and mark.handle for panel in self.panels for mark in panel.marks)


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs that the player may show in the place of those of its scene, while something is dragged.

    Shapes: ``positions`` (runs, kept, 2), sent as float32, ``losses`` (runs, kept) as float64; ``steps`` (kept,) says
    which steps those are. ``told`` has of each run what a `Card` says of it, with ``leaves`` and ``last``, the indices
    of the last point and of the last loss that are drawn. ``values`` are those of the slider, if it is a slider that is
    dragged.
    """

    positions: NDArray[np.floating[Any]]
    losses: NDArray[np.floating[Any]]
    steps: NDArray[np.integer[Any]]
    told: tuple[Mapping[str, Any], ...]
    values: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Event:
    """What the user did in the player.

    ========== =============================================================
    start      ``point`` is the new start, (x, y)
    parameter  ``name`` of ``racer`` becomes ``value``
    add        ``name`` is the key of the choice
    remove, duplicate, explain   ``racer``
    hide       ``racer`` is hidden if ``hidden``, else shown
    inspect    the steps of ``racer`` are explained, or of none where that is empty
    view       ``slot``, counted among `Scene.slots`, shows ``name``, or goes where that is empty; a slot that is not
               there yet comes
    axis       the clock counts ``name``, one of `AXES`
    beside     a race beside this one is shown if ``name`` is "on"; it has values of its own if it is "apart"
    option     the choice that the panel of ``slot`` offers becomes ``name``
    picture    the big panel shows ``name``, one of `PICTURES`
    heights    the surface's heights are ``name``, one of `HEIGHTS`
    poll       nothing was done: what is drawn may have grown
    export     a file is wanted of what is on the ``screen``
    ========== =============================================================

    ``beside`` says of start and parameter that they are those of the race beside.
    """

    kind: Kind
    racer: str = ""
    name: str = ""
    value: float = math.nan
    point: tuple[float, float] = (math.nan, math.nan)
    hidden: bool = False
    slot: int = -1
    beside: bool = False
    screen: Screen | None = None


def read(message: object, scene: Scene) -> Event | None:
    """The event that a browser's message spells, or None where it is malformed or names what the scene has not.

    A browser can send anything: racers, sliders and choices must be those of the scene, numbers finite and within the
    slider's range.
    """
    if not isinstance(message, Mapping):
        return None
    kind = message.get("kind")
    if kind not in KINDS:
        return None
    if kind == "poll":
        return Event("poll") if scene.busy else None
    if kind == "export":
        screen = read_screen(message, scene.clock.end, PICTURES if scene.picture else (), _reaches(scene))
        return Event("export", screen=screen) if screen else None
    if kind in ("view", "option"):
        return _chosen(cast(Kind, kind), message, scene)
    if kind in ("axis", "picture", "heights", "beside"):
        word = message.get("name")
        return Event(cast(Kind, kind), name=word) if isinstance(word, str) and word in _offered(kind, scene) else None
    second = message.get("beside") is True
    if second:
        if kind not in ("start", "parameter") or scene.beside is None:
            return None
        scene = scene.beside
    if kind == "start":
        x, y = finite(message.get("x")), finite(message.get("y"))
        return None if x is None or y is None or not scene.movable else Event("start", point=(x, y), beside=second)
    if kind == "add":
        name = message.get("name")
        return Event("add", name=name) if isinstance(name, str) and name in dict(scene.choices) else None
    if kind == "inspect" and message.get("racer") == "":
        return Event("inspect")
    card = next((card for card in scene.cards if card.id == message.get("racer")), None)
    if card is None:
        return None
    if kind == "parameter":
        slider = next((slider for slider in card.sliders if slider.name == message.get("name")), None)
        value = finite(message.get("value"))
        if slider is None or value is None or value not in slider:
            return None
        return Event("parameter", racer=card.id, name=slider.name, value=value, beside=second)
    if kind == "hide":
        hidden = message.get("hidden")
        return Event("hide", racer=card.id, hidden=hidden) if isinstance(hidden, bool) else None
    return Event(cast(Kind, kind), racer=card.id)


def _reaches(scene: Scene) -> list[Window]:
    """How far the map reaches that a scene can be shown as, and the one beside it."""
    if not scene.picture:
        return []
    maps = [one.panels[0].axes[0] for one in (scene, scene.beside) if one]
    return [(x.limits or (x.low, x.high), y.limits or (y.low, y.high)) for x, y in ((pair.x, pair.y) for pair in maps)]


def _offered(kind: str, scene: Scene) -> tuple[str, ...]:
    """The words that an event of a kind may name."""
    return {
        "axis": AXES if scene.clock.counts else (),
        "picture": PICTURES if scene.picture else (),
        "heights": HEIGHTS if scene.relief else (),
        "beside": BESIDE if scene.picture else (),
    }[kind]


def _chosen(kind: Kind, message: Mapping[str, Any], scene: Scene) -> Event | None:
    slots, more = scene.slots, scene.addable
    slot, name = message.get("slot"), message.get("name")
    if isinstance(slot, bool) or not isinstance(slot, int) or not 0 <= slot < len(slots) + bool(more):
        return None
    if slot == len(slots):
        choices = more if kind == "view" else ()
    elif kind == "view":
        choices = slots[slot].choices
    else:
        option = slots[slot].option
        choices = option.choices if option else ()
    return Event(kind, name=name, slot=slot) if isinstance(name, str) and name in dict(choices) else None


RECORDS: tuple[type[Any], ...] = (*MARKS, Head, Axis, Axes, Note, Option, Panel, Card, Slider, Clock, Relief, Scene)
"""All records that travel."""
SHORTEST = 3
"""Numbers from which on a progression is shorter than its array."""
EXACT = 1e-15
"""How far a number may be off its progression, as a share of the largest: a few roundings."""


def pack(scene: Scene, refusal: str = "", again: bool = False) -> bytes:
    """The scene in its envelope, whose form is described above."""
    packer = _Packer()
    header = {
        "scene": packer.plain(scene),
        "refusal": refusal,
        "again": again,
        "strokes": packer.plain(strokes.TABLE),
        "defaults": defaults(),
        "arrays": packer.table,
    }
    return packer.envelope(header)


def pack_runs(runs: Runs) -> bytes:
    """The runs in the same envelope."""
    packer = _Packer()
    with np.errstate(over="ignore"):  # far outside any frame, infinity draws as well as 1e39
        positions = runs.positions.astype("<f4")
    header = {
        "positions": packer.add(positions),
        "losses": packer.add(runs.losses.astype("<f8")),
        "steps": packer.add(runs.steps.astype("<i4")),
        "told": packer.plain(runs.told),
        "values": packer.add(runs.values.astype("<f8")),
        "arrays": packer.table,
    }
    return packer.envelope(header)


@cache
def defaults() -> dict[str, dict[str, Any]]:
    """By the type of a record, the fields that may be left out, with their values."""
    plain = _Packer().plain
    return {_type(one): {name: plain(value) for name, value in values.items()} for one, values in DEFAULTS.items()}


def _defaults(record: type[Any]) -> dict[str, Any]:
    values = {}
    for one in fields(record):
        if one.default is not MISSING:
            values[one.name] = one.default
        elif one.default_factory is not MISSING:
            values[one.name] = one.default_factory()
    return values


DEFAULTS = {record: _defaults(record) for record in RECORDS}


def _type(record: type[Any]) -> str:
    return record.__name__.lower()


@dataclass(frozen=True)
class _Body:
    """An array in a packed tree: its place in the envelope, and a digest of its contents."""

    place: int
    digest: str


class _Packer:
    """Takes the arrays out of a tree of records and plain values; identical ones are stored once."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._bodies: list[bytes] = []
        self._places: dict[str, _Body] = {}
        self._size = 0

    def envelope(self, header: dict[str, Any]) -> bytes:
        text = _json(header, lambda body: {"array": body.place}).encode()
        return b"".join([len(text).to_bytes(4, "little"), text, b"\0" * (-(4 + len(text)) % 8), *self._bodies])

    def add(self, array: NDArray[Any]) -> _Body:
        """The reference that stands in the place of an array."""
        contents = np.ascontiguousarray(array).tobytes()
        kind = array.dtype.str.lstrip("<|")
        digest = hashlib.blake2b(contents, digest_size=8, key=f"{kind} {array.shape}".encode()[:64]).hexdigest()
        if digest not in self._places:
            self.table.append({"dtype": kind, "shape": array.shape, "offset": self._size})
            padding = -len(contents) % 8
            self._bodies.append(contents + b"\0" * padding)
            self._size += len(contents) + padding
            self._places[digest] = _Body(len(self.table) - 1, digest)
        return self._places[digest]

    def plain(self, value: Any) -> Any:
        """``value`` with references in the place of arrays, and otherwise only what JSON knows."""
        match value:
            case None | bool() | int() | str():
                return value
            case float():
                return value if math.isfinite(value) else None
            case np.ndarray():
                return self._array(value)
            case np.generic():
                return self.plain(value.item())
            case Mapping():
                return {str(key): self.plain(item) for key, item in value.items()}
            case list() | tuple():
                return [self.plain(item) for item in value]
            case _ if type(value) in DEFAULTS:
                return self._record(value)
        kind = type(value).__name__
        raise TypeError(f"a scene carries records, numbers, texts, lists, mappings and arrays; got {kind}")

    def _record(self, record: Any) -> dict[str, Any]:
        known = DEFAULTS[type(record)]
        packed = {"type": _type(type(record))}
        for one in fields(record):
            value = getattr(record, one.name)
            if one.name not in known or not _same(value, known[one.name]):
                packed[one.name] = self.plain(value)
        if isinstance(record, Panel):
            still = [mark for mark, one in zip(packed.get("marks", ()), record.marks, strict=True) if _still(one)]
            packed |= {"id": _digest(packed), "ground": _digest([packed.get("axes"), packed.get("spread"), still])}
        return packed

    def _array(self, array: NDArray[Any]) -> Any:
        if array.ndim == 0 or array.dtype.kind not in "fiu":
            return self.plain(array.tolist())
        if array.ndim == 1 and (progression := _progression(array)):
            return {"range": progression}
        if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
            # A browser reads 64-bit integers as a type of their own, which nothing draws.
            small = not array.size or max(abs(int(array.min())), abs(int(array.max()))) < 2**31
            array = array.astype("<i4" if small else "<f8")
        return self.add(array.astype(array.dtype.newbyteorder("<"), copy=False))


def _same(value: Any, default: Any) -> bool:
    """Whether a field has its default, which is never an array."""
    return value is default or (type(value) is type(default) and value == default)


def _still(mark: Mark) -> bool:
    return mark.layer == "ground"


def _progression(array: NDArray[Any]) -> list[float] | None:
    """Start, step and count of an arithmetic progression; None of other arrays."""
    if array.size < SHORTEST or not np.isfinite(array[[0, -1]]).all():
        return None
    start, end = array[0].item(), array[-1].item()
    step = (end - start) / (array.size - 1)
    most = EXACT * max(abs(start), abs(end))
    if not abs(array[1].item() - start - step) <= most:  # nearly all arrays end here
        return None
    exact = (np.abs(array - (start + step * np.arange(array.size))) <= most).all()
    return [start, int(step) if step == int(step) else step, array.size] if exact else None


def _digest(tree: Any) -> str:
    """A name for a packed tree that changes with its values and with those of its arrays, wherever these are stored."""
    return hashlib.blake2b(_json(tree, lambda body: body.digest).encode(), digest_size=8).hexdigest()


def _json(tree: Any, reference: Any) -> str:
    return json.dumps(tree, default=reference, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
