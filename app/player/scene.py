"""The records that the player plays and reports, and the bytes in which they are sent.

Nothing here knows about optimizers or pages. A `Scene` consists of panels made of marks, cards and a clock, and is the
same record for every page. It is sent as one envelope of bytes, because a component accepts either JSON or a single
bytes object, and arrays as JSON would cost a hundred times more.

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
``again``     whether another scene follows without an event
``answered``  the number of the last event that was carried out before the scene was made, 0 before the first
``strokes``   `app.figures.strokes.TABLE`: widths, sizes, dashes, opacities and the colours of the themes
``defaults``  by the type of a record, the fields that may be left out, with their values
``arrays``    for each array its ``dtype``, its ``shape``, and the ``offset`` of its body from the first body

A record becomes ``{"type": "line", …}``: its class in lower case, and its fields by name. Fields with their default
values are left out. An array is replaced by ``{"array": k}``, where k is its index in ``arrays``; identical arrays are
stored once. An array of numbers in arithmetic progression (times, steps, the ticks of a grid) is replaced by
``{"range": [start, step, count]}``. A float that JSON does not have (NaN, an infinity) becomes null. An array keeps its
element type, except that integers of 64 bits become ``i4``, or ``f8`` if they are large. By convention, paths and grids
are ``f4``, losses and measures ``f8``, and shares of tiles ``u1``.

Every panel has two more fields. Its ``id`` changes if and only if something in it changes. Its ``ground`` changes with
its axes and its marks of the layer "ground", so that the still part is drawn again only when necessary.

`Runs` are sent in the same envelope. Their header has ``positions`` (runs, kept, 2), ``losses`` (runs, kept), ``steps``
(kept,), ``values`` (runs,) and ``statuses``, the fields of the card for each run with the numbers of points of its
path and of its losses that are drawn, ``leaves`` + 1 and ``last`` + 1. While a racer is dragged, its lines that follow
a "path" take ``x`` and ``y`` from the positions, and those that follow a "loss" take ``y`` from the losses; the time
and the ``x`` of a loss are steps times the `Scene.pace` of the card. Other marks of that racer belong to another run
and are not drawn.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from app.figures import strokes
from app.figures.marks import (
    MARKS,
    Axes,
    Axis,
    Button,
    Dash,
    Field,
    Head,
    Legend,
    Mark,
    Note,
    Option,
    Panel,
    Sign,
    Symbol,
)
from app.player.screen import Screen, Window, finite, read_screen
from surfaces.digits import short

__all__ = [
    "AXES",
    "HEIGHTS",
    "PICTURES",
    "Card",
    "Clock",
    "Event",
    "FairRace",
    "Guide",
    "Kind",
    "Relief",
    "Runs",
    "Scene",
    "Slider",
    "number_of",
    "pack",
    "pack_runs",
    "read",
]

Kind = Literal[
    "start",
    "cell",
    "window",
    "parameter",
    "slide",
    "add",
    "remove",
    "duplicate",
    "hide",
    "reset",
    "suggest",
    "explain",
    "inspect",
    "view",
    "option",
    "press",
    "axis",
    "picture",
    "poll",
    "heights",
    "beside",
    "preset",
    "fair",
    "export",
]
KINDS = get_args(Kind)

AXES = ("steps", "evaluations")
PICTURES = ("map", "surface", "panels")
HEIGHTS = ("log", "linear")
BESIDE = ("off", "on", "apart", "linked")
FAIR = ("off", "stop", "resume")
"""What a fair race can be asked for besides its budgets: to end, to stop tuning, and to go on."""

DASHES = ("solid", "dash", "dot", "dashdot")
SHAPES = ("circle", "square", "diamond", "triangle-up")


@dataclass(frozen=True, eq=False)
class Slider:
    """A slider of a card, for one number.

    ``symbol`` is the letter that is shown (η), and ``label`` is the text for screen readers. ``stops`` are the values
    to which the slider can be dragged, in ascending order. Any other value from ``low`` to ``high`` can be typed, where
    None is no limit; ``allowed`` describes these values in words, and ``help`` explains the number. ``sweep``
    identifies the runs at the stops: they are the same as long as it stays the same. ``live`` says whether the picture
    can follow while the slider is dragged, and ``suggested`` is a value that suits the surface, None where none is
    known.
    """

    name: str
    symbol: str
    label: str
    value: float
    stops: NDArray[np.floating[Any]]
    sweep: str = ""
    low: float | None = None
    high: float | None = None
    allowed: str = ""
    help: str = ""
    live: bool = True
    suggested: float | None = None

    def __post_init__(self) -> None:
        if self.stops.ndim != 1 or len(self.stops) < 2 or not (np.diff(self.stops) > 0).all():
            raise ValueError(f"stops of {self.name} must be two or more ascending numbers; got {self.stops}")

    def __contains__(self, value: float) -> bool:
        """Whether the slider can be set to a value."""
        return (self.low is None or self.low <= value) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Card:
    """The card of a racer: how the racer is drawn, its status, and its sliders.

    ``status`` is short ("converged @ 141"), and ``why`` is a sentence that explains it. The card shows both from the
    step ``settled`` on. ``caution`` warns of a value that is too large. ``gone`` marks a run that grows without bound
    or has diverged. ``cost`` is the number of gradient evaluations of a step. ``suggests`` says what learning rate the
    page sets when it is asked for one, because measuring it takes long; empty if it sets none, or if a slider has one.
    """

    id: str
    title: str
    color: str
    dash: Dash = "solid"
    shape: Symbol = "circle"
    hidden: bool = False
    status: str = ""
    why: str = ""
    caution: str = ""
    gone: bool = False
    settled: int = 0
    cost: int = 1
    suggests: str = ""
    sliders: tuple[Slider, ...] = ()

    def __post_init__(self) -> None:
        if self.dash not in DASHES:
            raise ValueError(f"dash of card {self.id} must be one of {', '.join(DASHES)}; got {self.dash!r}")
        if self.shape not in SHAPES:
            choices = ", ".join(SHAPES)
            raise ValueError(f"shape of card {self.id} must be one of {choices}; got {self.shape!r}")


@dataclass(frozen=True)
class Clock:
    """The clock of a scene, which counts from 0 to ``end``.

    ``counts`` is "steps" or "evaluations" of the gradient on a page that offers both, and empty on a page that counts
    only one thing, whose singular is ``unit``. ``epoch`` is the number of steps of an epoch if the clock is read in
    epochs, else 0.
    """

    end: int
    counts: Literal["", "steps", "evaluations"] = ""
    epoch: float = 0.0
    unit: str = "step"

    def __post_init__(self) -> None:
        if self.counts not in ("", *AXES):
            raise ValueError(f"counts must be one of {', '.join(AXES)}, or empty; got {self.counts!r}")

    def words(self, time: float) -> str:
        """A time of the clock and its end, such as "step 12 of 300" or "epoch 1.5 of 10"."""
        if self.epoch:
            return f"epoch {short(round(time / self.epoch, 2))} of {short(round(self.end / self.epoch, 2))}"
        unit = "evaluation" if self.counts == "evaluations" else self.unit
        return f"{unit} {time:,.0f} of {self.end:,}"

    def note(self, step: int | None) -> str:
        """What a caption adds for a picture of a step: its words, unless it is the last one, which None stands for."""
        return "" if step is None or step >= self.end else f" · shown at {self.words(step)}"


@dataclass(frozen=True, kw_only=True)
class Relief:
    """The scale of heights of a map in three dimensions.

    ``kind`` ("linear", "log" or "signed log"), ``base`` and ``unit`` define the height of a loss. The loss of a line is
    its height plus ``offset``. ``floor`` says that ground below the scale is drawn at the scale's lower end.
    ``heights`` is "log" for this scale, "linear" for the plain loss, or empty for the scale of the map.
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


@dataclass(frozen=True, kw_only=True)
class Guide:
    """What a page is for, and the presets that it offers.

    ``purpose`` is one line. ``presets`` are the key, the label and the name of each. ``shown`` is the key of the preset
    that the scene began as, empty without one, and ``about`` what to look at in it. ``changes`` is a sentence on what
    was changed since, empty as long as the runs are those of the preset. ``opening`` numbers the scenes that begin by
    themselves: a scene with a higher number than any before is played once, from its start. ``without`` stands in the
    place of a preset's sentence where none is shown.
    """

    purpose: str
    presets: tuple[tuple[str, str, str], ...]
    shown: str = ""
    about: str = ""
    changes: str = ""
    opening: int = 0
    without: str = "Choose a preset, or set up a race: click on the map for a start, drag a slider, or add a racer."

    def __post_init__(self) -> None:
        if self.shown and self.shown not in (keys := [key for key, *_ in self.presets]):
            raise ValueError(f"the preset shown must be one of {', '.join(keys)}; got {self.shown!r}")

    @classmethod
    def of(cls, key: str, name: str, about: str, changes: str) -> Guide:
        """The guide that shows one preset and offers no others."""
        return cls(purpose="", presets=((key, name, name),), shown=key, about=about, changes=changes)


@dataclass(frozen=True, kw_only=True)
class FairRace:
    """The fair race of a page, in which all racers are tuned with the same budget.

    ``trials`` is the budget, 0 if there is no fair race, and ``budgets`` are those that the page offers, ``usual`` the
    first of them to be taken. ``words`` is the verdict or, if there is no fair race, why it ended. ``progress`` is the
    share that is computed, and ``stopped`` says that no more will be.
    """

    trials: int = 0
    budgets: tuple[int, ...] = ()
    usual: int = 64
    words: str = ""
    progress: float = 1.0
    stopped: bool = False


@dataclass(frozen=True, eq=False, kw_only=True)
class Scene:
    """Everything that a rerun of the page passes to the player.

    ``arrangement`` places the panels: "one above" shows the first panel large above all others, "two below" shows it
    above the other two, "one beside" shows it large beside the other two, and "side by side" shows up to three panels
    in a row, for a scene without cards, whose clock is hidden if it has no time. ``choices`` are the racers that can be
    added, as pairs of key and name, and ``addable`` are the views that a further panel could show. ``sliders`` are
    those of the scene as a whole, and ``subject`` names what they belong to. ``busy`` says that the scene is still
    growing, so that the player polls.

    The other fields are for some pages only. ``picture`` says how the first panel is shown: as the "map", as the
    "surface" in three dimensions with the heights of ``relief``, or as "panels", a small map for each racer. If it is
    empty, the panel offers no choice, and the scene cannot have a second race. ``beside`` is the scene of the second
    race, with the same racers on the same clock, and ``linked`` says whether its sliders have the same values.
    ``inspected`` explains the steps of one racer: its id, lines of MathML with slots, and the values for the slots.
    ``live`` is the address that answers with other runs while something is dragged (see `Runs`); it is empty if there
    is none. ``guide`` offers the presets of the page, and ``fair`` its fair race. ``fixed`` says that no racer can be
    added, changed or removed.
    """

    panels: tuple[Panel, ...]
    cards: tuple[Card, ...]
    clock: Clock
    arrangement: Literal["one above", "two below", "one beside", "side by side"] = "two below"
    choices: tuple[tuple[str, str], ...] = ()
    addable: tuple[tuple[str, str], ...] = ()
    sliders: tuple[Slider, ...] = ()
    subject: str = ""
    caption: str = ""
    description: str = ""
    busy: bool = False
    picture: str = ""
    relief: Relief | None = None
    beside: Scene | None = None
    linked: bool = True
    inspected: Mapping[str, Any] | None = None
    live: str = ""
    guide: Guide | None = None
    fair: FairRace | None = None
    fixed: bool = False

    def __post_init__(self) -> None:
        ids = [card.id for card in self.cards]
        if self.picture not in ("", *PICTURES):
            raise ValueError(f"picture must be one of {', '.join(PICTURES)}, or empty; got {self.picture!r}")
        if len(set(ids)) < len(ids):
            raise ValueError(f"cards must have different ids; got {ids}")
        for panel in self.panels:
            for mark in panel.marks:
                if mark.racer and mark.racer not in ids:
                    raise ValueError(f"a mark of panel {panel.key!r} belongs to {mark.racer!r}, which has no card")
                if not 0 <= mark.axes < len(panel.axes):
                    raise ValueError(f"panel {panel.key!r} has {len(panel.axes)} pairs of axes; got {mark.axes}")
        if self.beside and [card.id for card in self.beside.cards] != ids:
            raise ValueError("the scene of the second race must have cards with the same ids")

    def pace(self, card: Card) -> int:
        """The number by which the clock advances in a step of a racer."""
        return card.cost if self.clock.counts == "evaluations" else 1

    @property
    def kind(self) -> str:
        """The kind of player that plays it, which follows from the arrangement."""
        kinds = {"one above": "race", "two below": "board", "one beside": "maps", "side by side": "row"}
        return kinds[self.arrangement]

    def panel(self, key: str) -> Panel:
        """The panel with a key."""
        return next(panel for panel in self.panels if panel.key == key)

    @property
    def slots(self) -> tuple[Panel, ...]:
        """The panels that can be exchanged for others."""
        return tuple(panel for panel in self.panels if panel.choices)

    @property
    def movable(self) -> bool:
        """Whether the start can be dragged."""
        return any(isinstance(mark, Sign) and mark.handle for panel in self.panels for mark in panel.marks)


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs that the player shows instead of those of its scene while something is dragged.

    ``positions`` (runs, kept, 2) are sent as float32 and ``losses`` (runs, kept) as float64. ``steps`` (kept,) are the
    steps at which they are recorded. ``statuses`` has the fields of each run's `Card`, with ``leaves`` and ``last``:
    the indices of the last point and of the last loss that are drawn. ``values`` are those of the slider, if a slider
    is dragged.
    """

    positions: NDArray[np.floating[Any]]
    losses: NDArray[np.floating[Any]]
    steps: NDArray[np.integer[Any]]
    statuses: tuple[Mapping[str, Any], ...]
    values: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Event:
    """An action of the user in the player.

    ========== =============================================================
    start      moves the start to ``point``, (x, y)
    cell       chooses the cell at ``point``, in the units of the axes of the first panel
    window     shows the part of the first panel between the corners ``window``; all of it if that is None
    parameter  sets the parameter ``name`` of ``racer`` to ``value``
    slide      sets the slider ``name`` of the scene to ``value``
    add        adds the racer of the choice ``name``
    remove, duplicate, explain, reset, suggest   concerns ``racer``
    hide       hides ``racer`` if ``hidden``, else shows it
    inspect    explains the steps of ``racer``; closes the inspector if that is empty
    view       shows ``name`` in ``slot``, an index of `Scene.slots`; removes the slot if ``name`` is empty, and adds a
               slot if the index is that of the next one
    axis       lets the clock count ``name``, one of `AXES`
    beside     shows, hides, links or unlinks the second race: ``name`` is one of `BESIDE`
    option     sets the option of the panel in ``slot`` to ``name``
    press      presses the button ``name`` of the panel in ``slot``
    picture    shows ``name``, one of `PICTURES`, in the big panel
    heights    sets the heights of the surface to ``name``, one of `HEIGHTS`
    preset     begins the preset ``name``
    fair       begins a fair race with ``name`` trials for each racer, or does one of `FAIR`
    poll       is no action; the scene may have grown
    export     requests a file of what is on the ``screen``
    ========== ======================================================
    """

    kind: Kind
    racer: str = ""
    name: str = ""
    value: float = math.nan
    point: tuple[float, float] = (math.nan, math.nan)
    window: Window | None = None
    hidden: bool = False
    slot: int = -1
    beside: bool = False
    screen: Screen | None = None


def number_of(message: object) -> int:
    """The number of an event, by which the browser recognizes its answer; 0 of one that has none."""
    number = message.get("number") if isinstance(message, Mapping) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**53 else 0


def read(message: object, scene: Scene) -> Event | None:
    """Read an event from a browser's message; return None if it is malformed or does not fit the scene.

    A browser can send anything: racers, sliders and choices must exist in the scene, and numbers must be finite and
    within the range of their slider.
    """
    if not isinstance(message, Mapping):
        return None
    kind = message.get("kind")
    if kind not in KINDS:
        return None
    if kind == "poll":
        return Event("poll") if scene.busy else None
    if kind == "export":
        screen = read_screen(message, scene.clock.end, PICTURES if scene.picture else (), _map_limits(scene))
        return Event("export", screen=screen) if screen else None
    if kind in ("cell", "window"):
        return _on_cells(cast(Kind, kind), message, scene)
    if kind in ("view", "option", "press"):
        return _chosen(cast(Kind, kind), message, scene)
    if kind in ("axis", "picture", "heights", "beside", "preset", "fair"):
        word = message.get("name")
        return Event(cast(Kind, kind), name=word) if isinstance(word, str) and word in _offered(kind, scene) else None
    second = message.get("beside") is True
    if second:
        if kind not in ("start", "parameter", "slide") or scene.beside is None:
            return None
        scene = scene.beside
    if kind == "start":
        x, y = finite(message.get("x")), finite(message.get("y"))
        return None if x is None or y is None or not scene.movable else Event("start", point=(x, y), beside=second)
    if kind == "slide":
        found = _slid(message, scene.sliders)
        return Event("slide", name=found[0], value=found[1], beside=second) if found else None
    if kind == "add":
        name = message.get("name")
        return Event("add", name=name) if isinstance(name, str) and name in dict(scene.choices) else None
    if kind == "inspect" and message.get("racer") == "":
        return Event("inspect")
    card = next((card for card in scene.cards if card.id == message.get("racer")), None)
    if card is None:
        return None
    if kind == "parameter":
        found = _slid(message, card.sliders)
        return Event("parameter", racer=card.id, name=found[0], value=found[1], beside=second) if found else None
    if kind == "hide":
        hidden = message.get("hidden")
        return Event("hide", racer=card.id, hidden=hidden) if isinstance(hidden, bool) else None
    return Event(cast(Kind, kind), racer=card.id)


def _on_cells(kind: Kind, message: Mapping[str, Any], scene: Scene) -> Event | None:
    """Read an event of the kind "cell" or "window", for a scene whose first panel has cells."""
    if scene.arrangement != "one beside" or not scene.panels[0].axes:
        return None
    if kind == "cell":
        x, y = finite(message.get("x")), finite(message.get("y"))
        return None if x is None or y is None else Event(kind, point=(x, y))
    if message.get("whole") is True:
        return Event(kind)
    left, right, bottom, top = (finite(message.get(side)) for side in ("left", "right", "bottom", "top"))
    if left is None or right is None or bottom is None or top is None or not (left < right and bottom < top):
        return None
    return Event(kind, window=((left, right), (bottom, top)))


def _slid(message: Mapping[str, Any], sliders: Sequence[Slider]) -> tuple[str, float] | None:
    """Return the name of the slider that a message names, and the value to which it sets it."""
    slider = next((slider for slider in sliders if slider.name == message.get("name")), None)
    value = finite(message.get("value"))
    return None if slider is None or value is None or value not in slider else (slider.name, value)


def _map_limits(scene: Scene) -> list[Window]:
    """The limits of the scene's map and of the second race's map; empty for a scene without a map."""
    if not scene.picture:
        return []
    maps = [race.panels[0].axes[0] for race in (scene, scene.beside) if race]
    return [(x.limits or (x.low, x.high), y.limits or (y.low, y.high)) for x, y in ((pair.x, pair.y) for pair in maps)]


def _offered(kind: str, scene: Scene) -> tuple[str, ...]:
    """The names that an event of a kind may have."""
    return {
        "axis": AXES if scene.clock.counts else (),
        "picture": PICTURES if scene.picture else (),
        "heights": HEIGHTS if scene.relief else (),
        "beside": BESIDE if scene.picture else (),
        "preset": tuple(key for key, *_ in scene.guide.presets) if scene.guide else (),
        "fair": (*FAIR, *map(str, scene.fair.budgets)) if scene.fair else (),
    }[kind]


def _chosen(kind: Kind, message: Mapping[str, Any], scene: Scene) -> Event | None:
    """Read an event of the kind "view", "option" or "press"."""
    slots, more = scene.slots, scene.addable
    slot, name = message.get("slot"), message.get("name")
    if isinstance(slot, bool) or not isinstance(slot, int) or not 0 <= slot < len(slots) + bool(more):
        return None
    if slot == len(slots):
        choices = more if kind == "view" else ()
    elif kind == "view":
        choices = slots[slot].choices
    elif kind == "press":
        choices = tuple((button.name, button.label) for button in slots[slot].buttons if button.enabled)
    else:
        option = slots[slot].option
        choices = option.choices if option else ()
    return Event(kind, name=name, slot=slot) if isinstance(name, str) and name in dict(choices) else None


RECORDS: tuple[type[Any], ...] = (
    *(*MARKS, Head, Axis, Axes, Button, Legend, Note, Option, Panel),
    *(Card, Slider, Clock, Relief, Guide, FairRace, Scene),
)
"""All records that are sent."""
SHORTEST = 3
"""The smallest number of elements for which a progression is shorter than its array."""
EXACT = 1e-15
"""The largest deviation from a progression, as a fraction of the largest element: a few rounding errors."""


def pack(scene: Scene, refusal: str = "", again: bool = False, answered: int = 0) -> bytes:
    """Pack a scene into an envelope, whose format is described above."""
    packer = _Packer()
    header = {
        "scene": packer.plain(scene),
        "refusal": refusal,
        "again": again,
        "answered": answered,
        "strokes": packer.plain(strokes.TABLE),
        "defaults": defaults(),
        "arrays": packer.table,
    }
    return packer.envelope(header)


def pack_runs(runs: Runs) -> bytes:
    """Pack runs into an envelope."""
    packer = _Packer()
    with np.errstate(over="ignore"):  # so far outside the axes, infinity is drawn like 1e39
        positions = runs.positions.astype("<f4")
    header = {
        "positions": packer.add(positions),
        "losses": packer.add(runs.losses.astype("<f8")),
        "steps": packer.add(runs.steps.astype("<i4")),
        "statuses": packer.plain(runs.statuses),
        "values": packer.add(runs.values.astype("<f8")),
        "arrays": packer.table,
    }
    return packer.envelope(header)


def pack_ground(field: Field) -> bytes:
    """Pack the grid of a field into an envelope, without its levels and colours."""
    packer = _Packer()
    header = {name: packer.plain(getattr(field, name)) for name in ("x", "y", "z")}
    return packer.envelope({**header, "arrays": packer.table})


@cache
def defaults() -> dict[str, dict[str, Any]]:
    """The packed default values of fields, by the type of the record and the name of the field."""
    plain = _Packer().plain
    return {
        _type(record): {name: plain(value) for name, value in values.items()} for record, values in DEFAULTS.items()
    }


def _defaults(record: type[Any]) -> dict[str, Any]:
    """The default values of a record's fields by name."""
    values = {}
    for field in fields(record):
        if field.default is not MISSING:
            values[field.name] = field.default
        elif field.default_factory is not MISSING:
            values[field.name] = field.default_factory()
    return values


DEFAULTS = {record: _defaults(record) for record in RECORDS}


def _type(record: type[Any]) -> str:
    return record.__name__.lower()


@dataclass(frozen=True)
class _Body:
    """A reference to an array in a packed tree: its index in the envelope, and a digest of its contents."""

    index: int
    digest: str


class _Packer:
    """Packs a tree of records and plain values, and collects its arrays. Identical arrays are stored once."""

    def __init__(self) -> None:
        self.table: list[dict[str, Any]] = []
        self._bodies: list[bytes] = []
        self._references: dict[str, _Body] = {}
        self._size = 0

    def envelope(self, header: dict[str, Any]) -> bytes:
        """The bytes of an envelope with a header and all arrays."""
        text = _json(header, lambda body: {"array": body.index}).encode()
        return b"".join([len(text).to_bytes(4, "little"), text, b"\0" * (-(4 + len(text)) % 8), *self._bodies])

    def add(self, array: NDArray[Any]) -> _Body:
        """Add an array, and return the reference that replaces it."""
        contents = np.ascontiguousarray(array).tobytes()
        kind = array.dtype.str.lstrip("<|")
        digest = hashlib.blake2b(contents, digest_size=8, key=f"{kind} {array.shape}".encode()[:64]).hexdigest()
        if digest not in self._references:
            self.table.append({"dtype": kind, "shape": array.shape, "offset": self._size})
            padding = -len(contents) % 8
            self._bodies.append(contents + b"\0" * padding)
            self._size += len(contents) + padding
            self._references[digest] = _Body(len(self.table) - 1, digest)
        return self._references[digest]

    def plain(self, value: Any) -> Any:
        """``value`` as JSON types, with references instead of arrays."""
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
        raise TypeError(f"a scene may contain records, numbers, texts, lists, mappings and arrays; got {kind}")

    def _record(self, record: Any) -> dict[str, Any]:
        known = DEFAULTS[type(record)]
        packed = {"type": _type(type(record))}
        for field in fields(record):
            value = getattr(record, field.name)
            if field.name not in known or not _same(value, known[field.name]):
                packed[field.name] = self.plain(value)
        if isinstance(record, Panel):
            still = [plain for plain, mark in zip(packed.get("marks", ()), record.marks, strict=True) if _still(mark)]
            packed |= {"id": _digest(packed), "ground": _digest([packed.get("axes"), packed.get("spread"), still])}
        return packed

    def _array(self, array: NDArray[Any]) -> Any:
        if array.ndim == 0 or array.dtype.kind not in "fiu":
            return self.plain(array.tolist())
        if array.ndim == 1 and (progression := _progression(array)):
            return {"range": progression}
        if array.dtype.kind in "iu" and array.dtype.itemsize == 8:
            # JavaScript would read 64-bit integers as BigInt, which cannot be drawn.
            small = not array.size or max(abs(int(array.min())), abs(int(array.max()))) < 2**31
            array = array.astype("<i4" if small else "<f8")
        return self.add(array.astype(array.dtype.newbyteorder("<"), copy=False))


def _same(value: Any, default: Any) -> bool:
    """Whether a field has its default value, which is never an array."""
    return value is default or (type(value) is type(default) and value == default)


def _still(mark: Mark) -> bool:
    return mark.layer == "ground"


def _progression(array: NDArray[Any]) -> list[float] | None:
    """The start, step and count of an arithmetic progression; None for other arrays."""
    if array.size < SHORTEST or not np.isfinite(array[[0, -1]]).all():
        return None
    start, end = array[0].item(), array[-1].item()
    step = (end - start) / (array.size - 1)
    most = EXACT * max(abs(start), abs(end))
    if not abs(array[1].item() - start - step) <= most:  # rejects nearly all other arrays quickly
        return None
    exact = (np.abs(array - (start + step * np.arange(array.size))) <= most).all()
    return [start, int(step) if step == int(step) else step, array.size] if exact else None


def _digest(tree: Any) -> str:
    """A hash of a packed tree that depends on its values and the contents of its arrays, not on their indices."""
    return hashlib.blake2b(_json(tree, lambda body: body.digest).encode(), digest_size=8).hexdigest()


def _json(tree: Any, reference: Any) -> str:
    return json.dumps(tree, default=reference, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
