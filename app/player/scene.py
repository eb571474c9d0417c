"""What the player plays and what it reports: plain records, and the bytes they travel in.

Nothing here knows of optimizers or of a page. A scene is packed into one envelope of bytes, because a
component carries either JSON or a single bytes object, and arrays as JSON cost a hundred times more.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "AXES",
    "HEIGHTS",
    "PICTURES",
    "Board",
    "Card",
    "Event",
    "Kind",
    "Runs",
    "Scene",
    "Slider",
    "Slot",
    "pack",
    "pack_board",
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
]
KINDS = get_args(Kind)

AXES = ("steps", "evaluations")
PICTURES = ("map", "surface", "panels")
HEIGHTS = ("log", "linear")
BESIDE = ("off", "on", "apart", "linked")
OFFERED = {"axis": AXES, "picture": PICTURES, "heights": HEIGHTS, "beside": BESIDE}

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

    ``status`` is short ("converged @ 141"), ``why`` one sentence that explains it, ``settled`` the step from
    which it holds: the card says it when the clock is there. ``gone`` marks a run that grows without bound or
    diverged, ``last`` the index of its last loss, ``leaves`` that of the last point drawn on the map.
    ``cost`` is the number of gradient evaluations of one step.
    """

    id: str
    title: str
    color: str
    dash: str = "solid"
    shape: str = "circle"
    hidden: bool = False
    status: str = ""
    why: str = ""
    gone: bool = False
    last: int = -1
    leaves: int = -1
    settled: int = 0
    cost: int = 1
    sliders: tuple[Slider, ...] = ()

    def __post_init__(self) -> None:
        if self.dash not in DASHES:
            raise ValueError(f"dash of card {self.id} must be one of {', '.join(DASHES)}; got {self.dash!r}")
        if self.shape not in SHAPES:
            choices = ", ".join(SHAPES)
            raise ValueError(f"shape of card {self.id} must be one of {choices}; got {self.shape!r}")


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything one rerun hands to the player.

    Shapes: ``positions`` (racers, steps + 1, 2), sent as float32; ``losses`` (racers, steps + 1), sent as
    float64. ``map`` and ``curve`` are plotly figures as dictionaries; numpy arrays may stand anywhere in
    them. ``curve`` also carries ``"ranges"`` and ``"titles"``, each for ``"log"`` (in decades) and ``"linear"``.

    ``styles`` holds ``"light"`` and ``"dark"``, each with ``colorscale``, ``contour_line``, ``ink``,
    ``muted``, ``paper`` and ``grid``. In the figures a colour may be one of these words instead of a value.

    ``slots`` are panels beside the losses, ``views`` what one more of them could show. ``inspected`` explains the steps
    of one racer: its id, lines in MathML with slots, and the values that belong there. ``live`` is the address under
    which other runs are asked for while something is dragged (see `Runs`), empty where nobody answers.
    ``beside`` is another race of the same racers, on the same clock; ``linked`` whether it has the same values.
    ``bundle`` has further seeds of every racer, by its id: threads of paths and of losses, or a band of losses.
    ``axis`` is what the clock counts and curves are drawn against, ``"steps"`` or gradient ``"evaluations"``.

    ``window`` is the part of the plane wanted in view; the player widens one of its two ranges, so that a
    unit is as long on either axis.

    ``picture`` says what stands in the big panel: the ``"map"``, the ``"surface"`` in three dimensions, or
    ``"panels"``, a small map a racer. ``scale`` says how a loss becomes a height of the map, for whoever draws
    heights: ``kind`` ("linear", "log" or "signed log"), ``base`` and ``unit``, ``offset``, which is added to
    ``losses`` to have the plain loss, and ``floor``, whether ground below the scale is drawn at its lower end.
    ``heights`` are ``"log"`` for that scale, ``"linear"`` for the plain loss, or empty for the map's own.
    """

    map: dict[str, Any]
    curve: dict[str, Any]
    styles: dict[str, dict[str, Any]]
    cards: tuple[Card, ...]
    positions: NDArray[np.floating[Any]]
    losses: NDArray[np.floating[Any]]
    start: tuple[float, float]
    window: tuple[tuple[float, float], tuple[float, float]]
    choices: tuple[tuple[str, str], ...] = ()
    slots: tuple[Slot, ...] = ()
    inspected: Mapping[str, Any] | None = None
    bundle: Mapping[str, Any] | None = None
    views: tuple[tuple[str, str], ...] = ()
    axis: str = "steps"
    live: str = ""
    caption: str = ""
    description: str = ""
    picture: str = "map"
    heights: str = ""
    scale: Mapping[str, Any] = field(default_factory=dict)
    beside: Scene | None = None
    linked: bool = True

    def __post_init__(self) -> None:
        racers = len(self.cards)
        if self.picture not in PICTURES:
            raise ValueError(f"picture must be one of {', '.join(PICTURES)}; got {self.picture!r}")
        if self.heights not in ("", *HEIGHTS):
            raise ValueError(f"heights must be one of {', '.join(HEIGHTS)}, or empty; got {self.heights!r}")
        if len({card.id for card in self.cards}) < racers:
            raise ValueError(f"cards must have ids of their own; got {[card.id for card in self.cards]}")
        if self.positions.ndim != 3 or self.positions.shape[0] != racers or self.positions.shape[2] != 2:
            wanted = f"({racers}, steps + 1, 2)"
            raise ValueError(f"positions must have shape {wanted}; got {self.positions.shape}")
        if self.losses.shape != self.positions.shape[:2]:
            raise ValueError(f"losses must have shape {self.positions.shape[:2]}; got {self.losses.shape}")

        if self.beside and [c.id for c in self.beside.cards] != [c.id for c in self.cards]:
            raise ValueError("the scene beside must have cards of the same ids")

    def pace(self, card: Card) -> int:
        """What the clock counts for one step of a racer."""
        return card.cost if self.axis == "evaluations" else 1

    @property
    def duration(self) -> int:
        """Where the clock ends."""
        return (self.positions.shape[1] - 1) * max(map(self.pace, self.cards), default=1)


@dataclass(frozen=True, eq=False)
class Runs:
    """Runs that the player may show in the place of those of its scene, while something is dragged.

    Shapes: ``positions`` (runs, kept, 2), sent as float32, ``losses`` (runs, kept) as float64; ``steps`` (kept,) says
    which steps those are. ``told`` has of each run what a `Card` says of it, ``values`` the slider's value, if it is a
    slider that is dragged.
    """

    positions: NDArray[np.floating[Any]]
    losses: NDArray[np.floating[Any]]
    steps: NDArray[np.integer[Any]]
    told: tuple[Mapping[str, Any], ...]
    values: NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Slot:
    """One panel of a board: which of the `choices` (key, name) it shows, its plotly figure and what moves on it.

    ``panel["type"]`` says who draws it: ``"chart"`` (plotly, what is to come is veiled), ``"plane"`` (contours and
    paths), ``"fit"`` (points and moving curves), ``"tiles"`` (a picture a racer), ``"histograms"``, or ``"message"``.
    ``panel["options"]`` may offer one more choice, with ``name``, ``value`` and ``choices``.
    """

    key: str
    choices: tuple[tuple[str, str], ...]
    panel: Mapping[str, Any]
    title: str = ""


@dataclass(frozen=True, eq=False)
class Board:
    """Panels of any kind on one clock, with cards."""

    slots: tuple[Slot, ...]
    styles: dict[str, dict[str, Any]]
    cards: tuple[Card, ...]
    steps: int
    choices: tuple[tuple[str, str], ...] = ()
    caption: str = ""
    description: str = ""
    busy: bool = False
    """Whether it grows: the player then asks for news."""

    def __post_init__(self) -> None:
        if len({card.id for card in self.cards}) < len(self.cards):
            raise ValueError(f"cards must have ids of their own; got {[card.id for card in self.cards]}")


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
    view       ``slot`` shows ``name``, or goes where that is empty; a slot that is not there yet comes
    axis       the clock counts ``name``, one of `AXES`
    beside     a race beside this one is shown if ``name`` is "on"; it has values of its own if it is "apart"
    option     the choice that the panel of ``slot`` offers becomes ``name``
    picture    the big panel shows ``name``, one of `PICTURES`
    heights    the surface's heights are ``name``, one of `HEIGHTS`
    poll       nothing was done: what is drawn may have grown
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


def read(message: object, scene: Scene | Board) -> Event | None:
    """The event a browser's message spells, or None where it is malformed or names what the scene has not.

    A browser can send anything: racers, sliders and choices must be those of the scene, numbers finite and
    within the slider's range.
    """
    if not isinstance(message, Mapping):
        return None
    kind = message.get("kind")
    if kind not in KINDS:
        return None
    if kind == "poll":
        return Event("poll") if isinstance(scene, Board) and scene.busy else None
    if kind in ("view", "option"):
        return _chosen(cast(Kind, kind), message, scene)
    if kind in OFFERED:
        offered = OFFERED[kind] if isinstance(scene, Scene) else ()
        word = message.get("name")
        return Event(cast(Kind, kind), name=word) if isinstance(word, str) and word in offered else None
    second = message.get("beside") is True
    if second:
        if kind not in ("start", "parameter") or not isinstance(scene, Scene) or scene.beside is None:
            return None
        scene = scene.beside
    if kind == "start":
        x, y = _number(message.get("x")), _number(message.get("y"))
        return None if x is None or y is None else Event("start", point=(x, y), beside=second)
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
        value = _number(message.get("value"))
        if slider is None or value is None or value not in slider:
            return None
        return Event("parameter", racer=card.id, name=slider.name, value=value, beside=second)
    if kind == "hide":
        hidden = message.get("hidden")
        return Event("hide", racer=card.id, hidden=hidden) if isinstance(hidden, bool) else None
    return Event(cast(Kind, kind), racer=card.id)


def _chosen(kind: Kind, message: Mapping[str, Any], scene: Scene | Board) -> Event | None:
    slots, more = scene.slots, scene.views if isinstance(scene, Scene) else ()
    slot, name = message.get("slot"), message.get("name")
    if isinstance(slot, bool) or not isinstance(slot, int) or not 0 <= slot < len(slots) + bool(more):
        return None
    if slot == len(slots):
        choices = more if kind == "view" else ()
    elif kind == "view":
        choices = slots[slot].choices
    else:
        choices = slots[slot].panel.get("options", {}).get("choices", ())
    return Event(kind, name=name, slot=slot) if isinstance(name, str) and name in dict(choices) else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def pack(scene: Scene, refusal: str = "", again: bool = False) -> bytes:
    """The scene as one envelope: header length (uint32), JSON header, padding to 8, array blobs.

    Everything is little-endian. The header refers to a blob as ``{"array": k}``, and its own ``"arrays"``
    table gives dtype, shape and byte offset from the first blob, each a multiple of 8. What JSON cannot
    carry (NaN, infinities) becomes null. ``map_id`` and ``curve_id`` change with the figures alone, so that
    the browser redraws them only when it must.
    """
    blobs = _Blobs()
    header = {**_header(blobs, scene), "refusal": refusal, "again": again, "arrays": blobs.table}
    if scene.beside:
        header["beside"] = _header(blobs, scene.beside)
    return _envelope(header, blobs)


def _header(blobs: _Blobs, scene: Scene) -> dict[str, Any]:
    with np.errstate(over="ignore"):  # far outside any frame, infinity draws as well as 1e39
        positions = scene.positions.astype("<f4")
    figure = blobs.plain(scene.map)
    curve = blobs.plain(scene.curve)
    return {
        "map": figure,
        "map_id": blobs.digest(figure),
        "curve": curve,
        "curve_id": blobs.digest(curve),
        "styles": blobs.plain(scene.styles),
        "cards": blobs.plain([asdict(card) for card in scene.cards]),
        "positions": blobs.add(positions),
        "losses": blobs.add(scene.losses.astype("<f8")),
        "start": blobs.plain(scene.start),
        "window": blobs.plain(scene.window),
        "choices": blobs.plain(scene.choices),
        "slots": _slots(blobs, scene.slots),
        "inspected": blobs.plain(scene.inspected),
        "bundle": blobs.plain(scene.bundle),
        "views": blobs.plain(scene.views),
        "axis": scene.axis,
        "live": scene.live,
        "caption": scene.caption,
        "description": scene.description,
        "picture": scene.picture,
        "heights": scene.heights,
        "scale": blobs.plain(scene.scale),
        "linked": scene.linked,
    }


def pack_board(board: Board, refusal: str = "", again: bool = False) -> bytes:
    """The board in the same envelope; each slot has an ``id`` that changes with its panel alone."""
    blobs = _Blobs()
    header = {
        "slots": _slots(blobs, board.slots),
        "styles": blobs.plain(board.styles),
        "cards": blobs.plain([asdict(card) for card in board.cards]),
        "steps": board.steps,
        "choices": blobs.plain(board.choices),
        "caption": board.caption,
        "description": board.description,
        "busy": board.busy,
        "refusal": refusal,
        "again": again,
        "arrays": blobs.table,
    }
    return _envelope(header, blobs)


def pack_runs(runs: Runs) -> bytes:
    """The runs in the same envelope."""
    blobs = _Blobs()
    with np.errstate(over="ignore"):
        positions = runs.positions.astype("<f4")
    header = {
        "positions": blobs.add(positions),
        "losses": blobs.add(runs.losses.astype("<f8")),
        "steps": blobs.add(runs.steps.astype("<i4")),
        "told": blobs.plain(runs.told),
        "values": blobs.add(runs.values.astype("<f8")),
        "arrays": blobs.table,
    }
    return _envelope(header, blobs)


def _slots(blobs: _Blobs, slots: tuple[Slot, ...]) -> list[dict[str, Any]]:
    """Panels, each with an ``id`` that changes with it alone."""
    packed = []
    for slot in slots:
        panel = blobs.plain(slot.panel)
        spelled = {"key": slot.key, "choices": blobs.plain(slot.choices), "title": slot.title}
        packed.append({**spelled, "panel": panel, "id": blobs.digest(panel)})
    return packed


def _envelope(header: dict[str, Any], blobs: _Blobs) -> bytes:
    text = json.dumps(header, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    return b"".join(
        [len(text).to_bytes(4, "little"), text, b"\0" * (-(4 + len(text)) % 8), *blobs.bodies],
    )


class _Blobs:
    """Arrays taken out of a tree of plain values, each leaving a reference behind."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.table: list[dict[str, Any]] = []
        self._digests: list[str] = []
        self._size = 0

    def add(self, array: NDArray[Any]) -> dict[str, int]:
        body = np.ascontiguousarray(array).tobytes()
        entry = {"dtype": array.dtype.str.lstrip("<|"), "shape": array.shape, "offset": self._size}
        self.table.append(entry)
        self._digests.append(hashlib.blake2b(body, digest_size=8).hexdigest())
        padding = -len(body) % 8
        self.bodies.append(body + b"\0" * padding)
        self._size += len(body) + padding
        return {"array": len(self.table) - 1}

    def plain(self, value: Any) -> Any:
        """``value`` with arrays as references and only what JSON knows otherwise."""
        match value:
            case np.ndarray():
                return self._array(value)
            case np.generic():
                return self.plain(value.item())
            case float():
                return value if math.isfinite(value) else None
            case Mapping():
                return {str(key): self.plain(item) for key, item in value.items()}
            case list() | tuple():
                return [self.plain(item) for item in value]
            case None | bool() | int() | str():
                return value
        kind = type(value).__name__
        raise TypeError(f"a scene carries numbers, texts, lists, mappings and arrays; got {kind}")

    def digest(self, tree: Any) -> str:
        """A name for ``tree``, just packed, that changes with its values and with those of its arrays."""
        text = json.dumps([tree, self._digests], sort_keys=True)
        self._digests.clear()
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def _array(self, array: NDArray[Any]) -> Any:
        if array.ndim == 0 or array.dtype.kind not in "fiu":
            return self.plain(array.tolist())
        if array.dtype == np.uint8:
            return self.add(array)
        if array.dtype.kind in "iu":
            # A browser reads 64-bit integers as a type of their own, which plotly does not draw.
            return self.add(array.astype("<i4" if np.can_cast(array.dtype, np.int32) else "<f8"))
        # A grid is a picture, for which single precision is ample; an axis keeps its digits.
        return self.add(array.astype("<f4" if array.ndim > 1 or array.dtype.itemsize < 8 else "<f8"))
