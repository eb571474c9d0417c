"""Films in the formats of `FILMS`, encoded from a sequence of pictures."""

from __future__ import annotations

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
from app.export.reel import Reel

COLORS = 255
"""The number of colours in a GIF's palette. The last index, 255, means that a pixel has not changed."""
QUEUE = 4
"""The number of pictures that may wait to be encoded."""
EXACT = 48
"""The number of colours of the palette that are the film's most frequent colours, unchanged."""
Picture = NDArray[np.uint8]
Progress = Callable[[float], None]


def moments(drawing: Drawing | Reel, cut: Cut) -> list[int]:
    """The step that each moving frame shows, from 0 to the last step."""
    shares = np.linspace(0, 1, cut.moving)
    if cut.time != "length":
        return [int(step) for step in np.rint(shares * drawing.steps)]
    lengths = np.maximum.accumulate(drawing.lengths())
    steps = np.interp(shares * lengths[-1], lengths, np.arange(len(lengths)))
    return [int(step) for step in np.rint(steps)]


def film(drawing: Drawing | Reel, kind: str, cut: Cut, about: About, report: Progress) -> bytes:
    """Encode a film of a drawing, or of scenes one after the other, and return its bytes.

    Args:
        kind: a key of `FILMS`.
        about: the version, settings and link that are stored in the file.
        report: called with the fraction that is done, from 0 to 1.
    """
    cut = cut.limited(kind)
    steps = moments(drawing, cut)
    pictures = _reported(_prefetched(drawing.frames(steps)), len(steps), report)
    if not FILMS[kind].codec:
        sample = drawing.frames([steps[0], steps[len(steps) // 2], steps[-1]])
        return _gif(pictures, _palette([_packed(picture) for picture in sample]), cut, about)
    return _video(pictures, kind, FILMS[kind], cut, about)


def _prefetched(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """Yield the same pictures, but draw them in a thread while earlier ones are encoded.

    Ctrl+C at any moment leaves a `SimpleQueue` usable, whereas it may leave a `queue.Queue` locked.
    """
    drawn: queue.SimpleQueue[Picture | BaseException | None] = queue.SimpleQueue()
    room: queue.SimpleQueue[None] = queue.SimpleQueue()  # an entry for each picture that may be drawn ahead
    running = True

    def draw() -> None:
        try:
            for picture in pictures:
                drawn.put(picture)
                room.get()
                if not running:
                    return
            drawn.put(None)
        except BaseException as error:  # raised again in the thread that consumes the pictures
            drawn.put(error)

    for _ in range(QUEUE):
        room.put(None)
    thread = threading.Thread(target=draw, daemon=True)
    thread.start()
    try:
        while (picture := drawn.get()) is not None:
            if isinstance(picture, BaseException):
                raise picture
            room.put(None)
            yield picture
    finally:
        running = False
        room.put(None)  # the thread may be waiting for it
        thread.join()


def _reported(pictures: Iterable[Picture], count: int, report: Progress) -> Iterator[Picture]:
    """Yield the same pictures, and report the fraction of `count` that has been consumed."""
    for k, picture in enumerate(pictures):
        yield picture
        report((k + 1) / count)


# GIF: all frames share a palette, and each frame stores only the pixels that differ from the frame before.


def _gif(pictures: Iterator[Picture], palette: NDArray[np.uint8], cut: Cut, about: About) -> bytes:
    images: list[Image.Image] = []
    durations: list[int] = []
    nearest = np.full(1 << 24, COLORS, np.uint8)  # the palette index nearest to each colour that has occurred
    before = None  # only one frame is in memory, because all frames of a long film would not fit
    for frame, delay in zip(map(_packed, pictures), delays(cut), strict=True):
        changed = np.ones(frame.shape, bool) if before is None else frame != before
        before = frame
        if not changed.any():
            durations[-1] += delay  # show the previous frame for longer
            continue
        indices = np.full(frame.shape, COLORS, np.uint8)
        indices[changed] = _palette_indices(frame[changed], palette, nearest)
        image = Image.fromarray(indices, mode="P")
        image.putpalette(palette.ravel().tolist())
        images.append(image)
        durations.append(delay)
    durations[-1] += 10 * round(100 * cut.duration) - sum(durations)
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
    """How long each moving frame of a GIF is shown, in milliseconds.

    GIF counts in hundredths of a second. The start of each frame is rounded, not its duration, so that rounding errors
    do not add up.
    """
    return [int(10 * delay) for delay in np.diff(np.rint(100 * np.arange(cut.moving + 1) / cut.rate))]


def _palette(frames: list[NDArray[np.uint32]]) -> NDArray[np.uint8]:
    """Choose `COLORS` colours (colours, 3) from a few frames of a film.

    The most frequent colours are taken unchanged, so that white paper stays white. Median cut chooses the others.
    """
    sample = np.concatenate([frame[::2] for frame in frames])
    colors, counts = np.unique(sample, return_counts=True)
    common = _channels(colors[np.argsort(counts)[::-1][:EXACT]])
    quantized = Image.fromarray(_channels(sample)).quantize(
        COLORS - len(common), method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    others = np.array(quantized.getpalette(), np.uint8).reshape(-1, 3)[: COLORS - len(common)]
    return np.concatenate([common, others])


def _packed(picture: Picture) -> NDArray[np.uint32]:
    """The colour of each pixel as an integer, without its opacity."""
    return np.ascontiguousarray(picture).view(np.uint32)[..., 0] & np.uint32(0xFFFFFF)


def _channels(packed: NDArray[np.uint32]) -> NDArray[np.uint8]:
    return np.stack([packed & 255, packed >> 8 & 255, packed >> 16 & 255], axis=-1).astype(np.uint8)


def _palette_indices(
    packed: NDArray[np.uint32], palette: NDArray[np.uint8], nearest: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The index of the palette's nearest colour for each pixel. The cache `nearest` is extended in place."""
    indices = nearest[packed]
    if (new := indices == COLORS).any():
        colors = np.unique(packed[new])
        difference = _channels(colors)[:, None].astype(np.int32) - palette[None]
        nearest[colors] = np.einsum("ijk,ijk->ij", difference, difference).argmin(axis=1)
        indices[new] = nearest[packed[new]]
    return indices


# MP4 and WebM.


def _video(pictures: Iterator[Picture], kind: str, form: Film, cut: Cut, about: About) -> bytes:
    out = io.BytesIO()
    file = av.open(out, "w", kind, container_options=dict(form.container), io_open=lambda *_: _Reader(out))
    with file as container:
        _encode(container, pictures, form, cut, about)
    return out.getvalue()


class _Reader:
    """Reads from a buffer while a film is written to it.

    The index of an MP4 is known last, and "faststart" moves it to the front, for which the muxer reads the file again.
    The file is in memory, so that no temporary file is left behind when the process is killed.
    """

    def __init__(self, buffer: io.BytesIO) -> None:
        self._buffer = buffer
        self._position = 0

    def read(self, size: int) -> bytes:
        with self._buffer.getbuffer() as view:
            part = bytes(view[self._position : self._position + size])
        self._position += len(part)
        return part

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        size = self._buffer.getbuffer().nbytes
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: size}[whence]
        self._position = origin + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def close(self) -> None: ...


def _encode(container: Any, pictures: Iterator[Picture], form: Film, cut: Cut, about: About) -> None:
    container.metadata["comment"] = about.text
    container.metadata["title"] = about.title
    rate = Fraction(cut.rate).limit_denominator(1000)
    stream = container.add_stream(form.codec, rate=rate, options=dict(form.options))
    stream.pix_fmt = "yuv420p"
    last: Any = None
    for picture in pictures:
        height, width = (size - size % 2 for size in picture.shape[:2])  # H.264 with yuv420p needs even sizes
        if last is None:
            stream.width, stream.height = width, height
        last = np.ascontiguousarray(picture[:height, :width])
        container.mux(stream.encode(av.VideoFrame.from_ndarray(last, format="rgba")))
    for _ in range(cut.frames - cut.moving):
        container.mux(stream.encode(av.VideoFrame.from_ndarray(last, format="rgba")))
    container.mux(stream.encode())
