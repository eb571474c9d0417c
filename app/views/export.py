"""The Export panel: whatever is on the page leaves it as a file."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from app.common.digits import MOST_DIGITS, shortened
from app.common.racers import Refused
from app.export.formats import ENDINGS, FILMS, PICTURES, ending
from app.export.making import FILMERS, Order, make_apart
from app.export.options import DEFAULT_CAMERA, MOST_GIF_RATE, Cut, Look
from app.export.sizes import LAYOUTS, SIZES
from app.export.worker import Failed
from app.player import Event
from app.player.screen import Screen
from app.views import controls

POLL = 2.0
"""Seconds between two looks at a file on its way. Each is a rerun, and after two of them Streamlit lets go of a file
that was asked for: a browser that is slow to fetch it must not lose it.
"""
FIELDS: Mapping[str, Any] = {
    "size": "16:9",
    "part": "all",
    "paper_caption": "None",
    "title": "",
    "format": "png",
    "scale": 2,
    "paper_scale": 1,
    "film": "mp4",
    "seconds": 6.0,
    "rate": 25.0,
    "hold": 1.5,
    "time": "even",
    "loop": "forever",
}
"""What can be set here, and how it begins. What the screen shows begins as it is there."""
KINDS = ("Picture", "Film", "Slides and HTML", "Data", "Code")
CAPTIONS = ("Settings", "Settings and link", "Custom text", "None")
TABLES = ("csv", "parquet", "npz")
SCRIPTS = {"py": "With Optiscope", "optax.py": "With optax alone"}
_TIMES = {"even": "Equal time per step", "length": "Constant path speed: shows a fast start"}
_ZOOM = {"zoom": "Zoom from the whole map into this window"}
_THEMES = {"light": "Light", "dark": "Dark"}
_SCALES = {"log": "Logarithmic", "linear": "Linear"}
_LOOPS = {"forever": "Forever", "once": "Once"}


@dataclasses.dataclass(frozen=True)
class Page:
    """What a page gives the panel to make its files with.

    Attributes:
        export: the module of the page whose functions `order`, `numbers`, `heading`, `caption` and `fits` take the
            subject first.
        subject: what is exported at the time of a request: the settings and the job, or a race.
        name: what its files are called, without part and ending.
        open: settings out of a file that was made here, with notices.
        place: the address of the app, for links.
        last: the last step there is.
        parts: what can be drawn, "all" of the page or one view alone, in words.
        pictures: how the first panel can be drawn, in words, if there is a choice.
        zoomed: whether a film can zoom from a whole map into the window that is shown.
        scaled: whether the losses are drawn on a log or on a linear axis.
        tables: the endings of files of numbers.
        scripts: the endings of scripts, of `SCRIPTS`.
        holds: what the numbers are.
        note: what numbers and scripts leave out of what the page shows.
    """

    export: Any
    subject: Callable[[], tuple[Any, ...]]
    name: str
    open: Callable[[bytes], tuple[Any, list[str]]]
    place: str
    last: int
    parts: Mapping[str, str]
    pictures: Mapping[str, str] = dataclasses.field(default_factory=dict)
    zoomed: bool = False
    scaled: bool = False
    tables: Sequence[str] = TABLES
    scripts: Sequence[str] = tuple(SCRIPTS)
    holds: str = "Paths, losses, gradients and states of every racer shown, step by step."
    note: str = ""

    def order(self, kind: str, look: Look, cut: Cut, step: int | None) -> Order:
        """The order for a drawn file of a kind."""
        made: Order = self.export.order(*self.subject(), kind, look, cut, step, self.place)
        return made

    def contents(self, name: str) -> bytes:
        """The bytes of a file of data or code, by its name.

        Raises:
            Refused: if the file cannot be made.
        """
        content: bytes = self.export.numbers(*self.subject(), name)
        return content

    def heading(self, part: str) -> str:
        """The title of a slide that shows a part of the page: its finding, or a neutral title."""
        words: str = self.export.heading(*self.subject(), part)
        return words

    def caption(self, step: int | None) -> str:
        """The caption of a picture of a step, None for the last."""
        words: str = self.export.caption(*self.subject(), step)
        return words

    def fits(self) -> None:
        """Check that files of numbers can be made.

        Raises:
            Refused: if they cannot.
        """
        self.export.fits(*self.subject())


class Making:
    """A file on its way, made in another process."""

    def __init__(self, name: str, order: Order) -> None:
        self.name = name
        self.caption = order.scene.caption
        self.share = 0.0
        self.content = b""
        self.error = ""
        self.stop = threading.Event()
        self._thread = threading.Thread(target=self._make, args=(order,), daemon=True)
        self._thread.start()

    @property
    def busy(self) -> bool:
        return self._thread.is_alive()

    def _make(self, order: Order) -> None:
        try:
            self.content = make_apart(order, self._tell, self.stop)
        except (Failed, OSError) as error:
            self.error = str(error)

    def _tell(self, share: float) -> None:
        self.share = share


def ask(event: Event) -> None:
    """Have the panel opened by the next run of the page, for what is on the screen now."""
    state = st.session_state
    state["exporting"] = state["page"]
    state["screen"] = event.screen
    state["screens"] = state.get("screens", 0) + 1
    screen = _screen()
    shown = {"step": str(screen.step), "picture": screen.picture, "axis": screen.scale, "theme": screen.theme}
    _kept().update(shown, zoomed=True)


def close() -> None:
    """Close the panel; a file that is on its way is made nevertheless."""
    st.session_state.pop("exporting", None)


def panel(page: Callable[[], Page]) -> None:
    """The panel, in front of the page from the event that asks for it until it is closed."""
    if st.session_state.get("exporting") != st.session_state["page"]:
        close()
        return
    st.dialog("Export", width="medium", on_dismiss=close)(_panel)(page())


def _panel(page: Page) -> None:
    making: Making | None = st.session_state.get("making")
    st.fragment(_body)(page)
    # apart: a button made anew each moment would lose the file that was just asked for
    st.fragment(_made, run_every=POLL if making and making.busy else None)()


def _screen() -> Screen:
    """What was on the screen when a file was asked for."""
    screen: Screen | None = st.session_state.get("screen")
    return screen or Screen(0)


def _body(page: Page) -> None:
    kind = st.segmented_control(
        "What", KINDS, default=KINDS[0], key="export-kind", label_visibility="collapsed", required=True
    )
    if st.session_state.pop("export-opened", False):
        close()
        st.rerun()  # the whole page shows other settings
    sections = {
        "Picture": _picture,
        "Film": _film,
        "Slides and HTML": _slides,
        "Data": _data,
        "Code": _code,
    }
    try:
        sections[kind or KINDS[0]](page)
    except ValueError as error:  # a number that cannot be: said here, and nothing else is touched
        st.markdown(f":red[{error}.]")
    if st.session_state.pop("making-began", False):
        st.rerun()  # from here on the panel looks for the file by itself


def _kept() -> dict[str, Any]:
    """What was set here: Streamlit forgets what a section leaves unseen."""
    if "export-kept" not in st.session_state:
        st.session_state["export-kept"] = {**FIELDS, "caption": _first_caption()}
    kept: dict[str, Any] = st.session_state["export-kept"]
    return kept


def _put(name: str, value: Any) -> Any:
    _kept()[name] = value
    return value


def _key(name: str) -> str:
    """The name of a field. Those that show the screen are new ones whenever the panel opens."""
    return f"export-{name}" if name in FIELDS or name == "caption" else f"export-{name}-{st.session_state['screens']}"


def _choice(
    place: Any, label: str, name: str, options: Sequence[Any], named: Callable[[Any], str] = str, **more: Any
) -> Any:
    kept = _kept()[name]
    first = options.index(kept) if kept in options else 0
    return _put(name, place.selectbox(label, options, first, key=_key(name), format_func=named, **more))


def _number(place: Any, label: str, name: str, low: float, high: float, step: float) -> float:
    kept = _kept()[name]
    return float(_put(name, place.number_input(label, low, high, kept, step, key=_key(name), format="%g")))


def _first_caption() -> str:
    """A link to this very machine is of no use to those who see the picture."""
    local = urlsplit(st.context.url or "").hostname in ("localhost", "127.0.0.1", "::1", None)
    return CAPTIONS[0] if local else CAPTIONS[1]


def _look(page: Page, parts: Mapping[str, str], step: int | None = None) -> dict[str, Any]:
    """What all pictures are asked for: as on the screen, unless something else is chosen.

    Args:
        step: the step of a picture, which its caption names.
    """
    left, right = st.columns(2)
    part, size = "all", SIZES[FIELDS["size"]]
    theme = _choice(right, "Colours", "theme", list(_THEMES), _THEMES.__getitem__)
    if parts:
        size = SIZES[_choice(left, "Size", "size", list(SIZES), _sized)]
        part = _choice(left, "Content", "part", list(parts), lambda k: parts.get(k, k))
    paper = size.purpose == "paper"
    caption = _choice(right, "Caption", "paper_caption" if paper else "caption", CAPTIONS)
    screen = _screen()
    look: dict[str, Any] = {"camera": screen.camera or DEFAULT_CAMERA}
    if page.pictures:
        look["picture"] = _choice(left, "Map", "picture", list(page.pictures), lambda k: page.pictures.get(k, k))
    if page.scaled:
        look["axis"] = _choice(right, "Loss axis", "axis", list(_SCALES), _SCALES.__getitem__)
    if any(screen.windows) and look.get("picture") != "surface":
        help_ = "The part of the map that the page shows, or all of it."
        if _put("zoomed", st.toggle("Zoomed as on the page", _kept()["zoomed"], key=_key("zoomed"), help=help_)):
            look["windows"] = screen.windows
    heading = title = ""
    if size.purpose == "slide":
        heading = st.text_input("Title", page.heading(part), key=f"{_key('heading')}-{part}")
        heading = _drawable(heading, "The title is left out.")
    if caption == "Custom text":
        title = _put("title", st.text_input("Caption text", _kept()["title"], key=_key("title")))
        title = _drawable(title, "The caption will show the settings instead.")
    elif caption == "None" and paper:
        st.caption("The caption, for your manuscript:")
        st.code(page.caption(step), None, wrap_lines=True)
    return {
        **look,
        "width": size.width,
        "height": size.height,
        "purpose": size.purpose,
        "theme": theme,
        "part": part,
        "heading": heading,
        "caption": caption != "None",
        "title": title,
        "link": caption == "Settings and link",
    }


def _drawable(text: str, otherwise: str) -> str:
    """A typed text, or none where this server has no font for it, which the panel then says."""
    from app.export.look import drawable  # matplotlib: not before it is asked for

    if drawable(text):
        return text
    st.warning(f"This server has no font for these characters. {otherwise}")
    return ""


_SIZES = {
    "16:9": "16:9",
    "4:3": "4:3",
    "square": "Square",
    "slide": "Slide 16:9",
    "slide-4:3": "Slide 4:3",
    "column": "Paper, one column",
    "text": "Paper, width of the text",
    "page": "Paper, two columns",
}
"""What sizes are called."""


def _sized(key: str) -> str:
    return f"{_SIZES.get(key, key)}, {SIZES[key].words}"


def _picture(page: Page) -> None:
    typed = str(st.session_state.get(_key("step"), _kept()["step"]))
    look = _look(page, page.parts, _step(typed, page.last))
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    kind = _choice(left, "Format", "format", list(PICTURES), str.upper)
    form, dpi = PICTURES[kind], LAYOUTS[look["purpose"]].dpi
    paper = look["purpose"] == "paper"
    name = "paper_scale" if paper else "scale"
    scale = _choice(
        middle,
        "Resolution",
        name,
        [1, 2, 3, 4],
        lambda n: f"{n * dpi:g} dpi" if paper else f"{n}×",
        disabled=form.vector,
    )
    typed = _put("step", right.text_input("Step", _kept()["step"], key=_key("step"), placeholder="last"))
    empty = st.toggle("Transparent background", key="export-transparent", help="For placing the picture on a slide.")
    step = _step(typed, page.last)
    wanted = Look(**look, scale=float(scale), transparent=empty)
    name = _name(page, wanted, kind, step)
    _download(f"Download {kind.upper()}", name, lambda: make_apart(page.order(kind, wanted, Cut(), step)))


def _name(page: Page, look: Look, kind: str, step: int | None = None) -> str:
    """The name of a drawn file: what it is of, which part of it, at which step if that is not the last."""
    part = "" if look.part == "all" else f"-{look.part.replace('_', '-')}"
    at = "" if step is None or step == page.last else f"-step-{step}"
    return f"{page.name}{part}{at}.{kind}"


def _step(typed: str, last: int) -> int | None:
    if not typed.strip():
        return None
    word = typed.strip()
    if not word.isdecimal() or len(word) > MOST_DIGITS or int(word) > last:
        raise ValueError(f"The step must be a whole number from 0 to {last:,}; got {shortened(typed)!r}")
    return int(word)


def _film(page: Page) -> None:
    look = _look(page, page.parts)
    left, middle, right = st.columns(3)
    kind = _choice(left, "Format", "film", list(FILMS), str.upper)
    seconds = _number(middle, "Motion (seconds)", "seconds", 0.1, 600.0, 0.5)
    rate = _number(right, "Frames per second", "rate", 1.0, 60.0, 1.0)
    hold = _number(left, "Hold last frame (seconds)", "hold", 0.0, 60.0, 0.5)
    times = {**_TIMES, **(_ZOOM if page.zoomed else {})}
    time = _choice(middle, "Timing", "time", list(times), lambda k: times.get(k, k))
    loop = _choice(right, "Loop", "loop", list(_LOOPS), _LOOPS.__getitem__, disabled=kind != "gif")
    fits = min(rate, MOST_GIF_RATE) if kind == "gif" else rate
    cut = Cut(seconds=seconds, rate=fits, hold=hold, time=time, loop=loop == "forever")
    st.caption(
        f"{cut.frames:,} frames, {cut.duration:.2f} seconds in total: {cut.moving / cut.rate:.2f} seconds of motion, "
        "then the last frame. The film is made in the background: you can close this panel."
    )
    if fits < rate:
        st.caption(f"A GIF has at most {MOST_GIF_RATE:g} frames per second, because browsers slow faster ones down.")
    _start(page, "Make film", kind, Look(**look), cut)


def _slides(page: Page) -> None:
    look = _look(page, {})
    st.caption("Slides for PowerPoint, Keynote and LibreOffice: a film of each view, a table of results, and notes.")
    _start(page, "Make slides", "pptx", Look(**look), Cut(seconds=4.0, rate=20.0, hold=0.5))
    _html(page, Look(**look))


def _html(page: Page, look: Look) -> None:
    st.caption("A single HTML file that plays everything in any browser, without a server.")
    _download("Download HTML", f"{page.name}.html", lambda: make_apart(page.order("html", look, Cut(), None)))


def _start(page: Page, label: str, kind: str, look: Look, cut: Cut) -> None:
    making: Making | None = st.session_state.get("making")
    if making is not None and making.busy:
        return
    FILMERS.warm(2 if kind == "pptx" else 1)  # somebody is about to ask

    def begin() -> None:
        st.session_state["making"] = Making(_name(page, look, kind), page.order(kind, look, cut, None))
        st.session_state["making-began"] = True

    st.button(label, key=f"export-make-{kind}", type="primary", on_click=begin)


def _made() -> None:
    """How far a file on its way is, or the file."""
    making: Making | None = st.session_state.get("making")
    if making is None:
        return
    if making.busy:
        stopping = making.stop.is_set()
        st.progress(making.share, "Stopping …" if stopping else f"{making.name}: {making.share:.0%}")
        st.button("Stop", key="export-stop", on_click=making.stop.set, disabled=stopping)
        st.session_state["making-seen"] = making
        return
    if making.error:
        st.markdown(f":red[{making.name} could not be made: {making.error}]")
    else:
        size = len(making.content) / 1e6
        st.download_button(
            f"Download {making.name}, {size:.1f} MB",
            making.content,
            making.name,
            ENDINGS[ending(making.name)],
            key="export-made",
            on_click="ignore",
        )
        st.caption(f"Contents: {making.caption}")
    if st.session_state.pop("making-seen", None) is making:
        st.rerun()  # looking again ends here


def _download(label: str, name: str, content: Callable[[], bytes]) -> None:
    """A file that is made when it is asked for."""
    st.download_button(label, content, name, ENDINGS[ending(name)], key=f"export-{ending(name)}", on_click="ignore")


def _data(page: Page) -> None:
    st.caption(" ".join(filter(None, [page.holds, page.note])))
    try:
        page.fits()  # a file that is made when it is asked for has no place for a sentence
    except Refused as refused:
        st.markdown(f":red[{refused}]")
    else:
        with st.container(horizontal=True):
            for kind in page.tables:
                name = f"{page.name}.{kind}"
                _download(kind.upper(), name, lambda name=name: page.contents(name))  # type: ignore[misc]
    st.caption("Settings that this page can open again:")
    _download("Settings as JSON", f"{page.name}.json", lambda: page.contents(f"{page.name}.json"))
    st.file_uploader("Open settings (.json)", type="json", key="export-open", on_change=_opened, args=(page,))
    controls.refusal("export-open")


def _opened(page: Page) -> None:
    """Settings out of a file, in place of those on the page."""

    def apply(settings: Any) -> Any:
        file = st.session_state["export-open"]
        if file is None:
            return settings
        found, notices = page.open(file.getvalue())
        st.session_state[f"{st.session_state['page']}-notices"] = notices
        st.session_state["export-opened"] = True
        return found

    controls.commit(apply, "export-open")


def _code(page: Page) -> None:
    if page.note:
        st.caption(page.note)
    for kind in page.scripts:
        name = f"{page.name}.{kind}"
        st.markdown(f"**{SCRIPTS[kind]}**")
        try:
            text = page.contents(name).decode()
        except Refused as refused:
            st.caption(str(refused))
            continue
        st.code(text, "python", height=220)
        _download(f"Download {name}", name, text.encode)
