"""Films of a race, in the formats of `FILMS`."""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.export.about import About
from app.export.drawing import Drawing
from app.export.formats import FILMS, Film
from app.export.options import Cut

COLORS = 255
"""Of a GIF's palette: one more stands for what has not changed."""
AHEAD = 4
"""Pictures that may wait to be packed."""
EXACT = 48
"""Of these, the commonest of the film, kept as they are."""
Picture = NDArray[np.uint8]
Progress = Callable[[float], None]


def moments(drawing: Drawing, cut: Cut) -> list[int]:
    """The step of every frame until the last, from 0 to the end."""
    shares = np.linspace(0, 1, cut.moving)
    if cut.time == "even":
        return [int(step) for step in np.rint(shares * drawing.steps)]
    lengths = np.maximum.accumulate(drawing.lengths())
    steps = np.interp(shares * lengths[-1], lengths, np.arange(len(lengths)))
    return [int(step) for step in np.rint(steps)]


def film(drawing: Drawing, kind: str, cut: Cut, about: About, tell: Progress) -> bytes:
    """A film of a drawing, as bytes.

    Args:
        kind: one of `FILMS`.
        about: what made it, kept in the file.
        tell: is told the share that is done, now and then.
    """
    cut = cut.fitting(kind)
    steps = moments(drawing, cut)
    pictures = _told(_ahead(drawing.frames(steps)), len(steps), tell)
    if not FILMS[kind].codec:
        some = drawing.frames([steps[0], steps[len(steps) // 2], steps[-1]])
        return _gif(pictures, _palette([_packed(picture) for picture in some]), cut, about)
    return _video(pictures, kind, FILMS[kind], cut, about)


def _ahead(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """The same pictures, drawn by a thread of their own while those before them are packed."""
    drawn: queue.Queue[Picture | BaseException | None] = queue.Queue(AHEAD)
    wanted = True

    def draw() -> None:
        try:
            for picture in pictures:
                drawn.put(picture)
                if not wanted:
                    return
            drawn.put(None)
        except BaseException as error:  # it is raised where the pictures are asked for
            drawn.put(error)

    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        while (one := drawn.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        wanted = False
        while thread.is_alive():  # it may wait for room
            with contextlib.suppress(queue.Empty):
                drawn.get(timeout=0.05)


def _told(pictures: Iterable[Picture], count: int, tell: Progress) -> Iterator[Picture]:
    for k, picture in enumerate(pictures):
        yield picture
        tell((k + 1) / count)


# GIF: one palette for all, and of each frame what differs from the one before.


def _gif(pictures: Iterator[Picture], palette: NDArray[np.uint8], cut: Cut, about: About) -> bytes:
    images: list[Image.Image] = []
    durations: list[int] = []
    known = np.full(1 << 24, COLORS, np.uint8)  # of every colour that was met its nearest in the palette
    before = None  # one frame is held, not all: a long film would fill the memory
    for frame, lasting in zip(map(_packed, pictures), delays(cut), strict=True):
        changed = np.ones(frame.shape, bool) if before is None else frame != before
        before = frame
        if not changed.any():
            durations[-1] += lasting  # the frame before stands longer
            continue
        shown = np.full(frame.shape, COLORS, np.uint8)
        shown[changed] = _looked_up(frame[changed], palette, known)
        image = Image.fromarray(shown, mode="P")
        image.putpalette(palette.ravel().tolist())
        images.append(image)
        durations.append(lasting)
    durations[-1] += 10 * round(100 * cut.lasts) - sum(durations)
    out = io.BytesIO()
    options: dict[str, Any] = {"loop": 0} if cut.loop else {}
    images[0].save(
        out,
        "GIF",
        save_all=True,
        append_images=images[1:],
        duration=durations,
        transparency=COLORS,
        disposal=1,
        optimize=False,
        comment=about.text.encode(),
        **options,
    )
    return out.getvalue()


def delays(cut: Cut) -> list[int]:
    """How long each moving frame of a GIF stands, in milliseconds: whole hundredths of a second, of which each frame
    begins at the one nearest to its time, so that rounding does not add up.
    """
    return [int(10 * delay) for delay in np.diff(np.rint(100 * np.arange(cut.moving + 1) / cut.rate))]


def _palette(frames: list[NDArray[np.uint32]]) -> NDArray[np.uint8]:
    """`COLORS` colours for a film of which these are some frames, (colours, 3).

    The commonest as they are, so that paper stays white, and the rest by median cut.
    """
    some = np.concatenate([frame[::2] for frame in frames])
    kinds, counts = np.unique(some, return_counts=True)
    common = _channels(kinds[np.argsort(counts)[::-1][:EXACT]])
    rest = Image.fromarray(_channels(some)).quantize(
        COLORS - len(common), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    others = np.array(rest.getpalette(), np.uint8).reshape(-1, 3)[: COLORS - len(common)]
    return np.concatenate([common, others])


def _packed(picture: Picture) -> NDArray[np.uint32]:
    """Each pixel as one number, without its opacity."""
    return np.ascontiguousarray(picture).view(np.uint32)[..., 0] & np.uint32(0xFFFFFF)


def _channels(packed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.stack([packed & 255, packed >> 8 & 255, packed >> 16 & 255], axis=-1).astype(np.uint8)


def _looked_up(packed: NDArray[np.uint32], palette: NDArray[np.uint8], known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colour of the palette nearest to each; what is not `known` yet is worked out and kept there."""
    found = known[packed]
    if (new := found == COLORS).any():
        kinds = np.unique(packed[new])
        apart = _channels(kinds)[:, None].astype(np.int32) - palette[None]
        known[kinds] = np.einsum("ijk,ijk->ij", apart, apart).argmin(axis=1)
        found[new] = known[packed[new]]
    return found


# MP4 and WebM.


def _video(pictures: Iterator[Picture], kind: str, form: Film, cut: Cut, about: About) -> bytes:
    out = io.BytesIO()
    opened = av.open(out, "w", kind, container_options=dict(form.container), io_open=lambda *_: _Again(out))
    with opened as container:
        _encode(container, pictures, form, cut, about)
    return out.getvalue()


class _Again:
    """Reads what is being written: an MP4's head is made last, and its writer reads all of it to put the head first.

    In memory, so that a film needs no room in a temporary folder, and nothing stays there when its process is killed.
    """

    def __init__(self, written: io.BytesIO) -> None:
        self._written = written
        self._at = 0

    def read(self, size: int) -> bytes:
        with self._written.getbuffer() as buffer:
            part = bytes(buffer[self._at : self._at + size])
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._written.getbuffer().nbytes}[whence]
        self._at = origin + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None: ...


def _encode(container: Any, pictures: Iterator[Picture], form: Film, cut: Cut, about: About) -> None:
    container.metadata["comment"] = about.text
    container.metadata["title"] = about.title
    rate = Fraction(cut.rate).limit_denominator(1000)
    stream = container.add_stream(form.codec, rate=rate, options=dict(form.options))
    stream.pix_fmt = "yuv420p"
    last: Any = None
    for picture in pictures:
        height, width = (size - size % 2 for size in picture.shape[:2])  # H.264 has no odd sizes
        if last is None:
            stream.width, stream.height = width, height
        last = np.ascontiguousarray(picture[:height, :width])
        container.mux(stream.encode(av.VideoFrame.from_ndarray(last, format="rgba")))
    for _ in range(cut.frames - cut.moving):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(last, format="rgba")))
    container.mux(stream.encode())
