"""GIFs at the level of their pixels: one palette for all frames, and an index for pixels that have not changed."""

from __future__ import annotations

import io
import textwrap
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.export import films
from app.export.about import About
from app.export.options import Cut
from tests.apart import run_apart

ABOUT = About("Squares", "race", {}, "")
CUT = Cut(seconds=0.6, rate=10, hold=0.2)


class Squares:
    """A drawing without matplotlib: a square that moves across a background of many colours."""

    steps = 37

    def __init__(self, colors: int) -> None:
        rng = np.random.default_rng(7)
        self.ground = rng.integers(0, 256, (colors, 3), dtype=np.uint8)[rng.integers(0, colors, (48, 64))]

    def picture(self, step: int) -> np.ndarray:
        picture = np.full((48, 64, 4), 255, np.uint8)
        picture[..., :3] = self.ground
        picture[10:20, step : step + 10, :3] = (200, 30, 40)
        return picture

    def frames(self, steps: list[int]) -> Iterator[np.ndarray]:
        return (self.picture(step) for step in steps)


def _gif(drawing: Squares) -> Image.Image:
    content = films.film(drawing, "gif", CUT, ABOUT, lambda share: None)  # type: ignore[arg-type]
    return Image.open(io.BytesIO(content))


def _frames(image: Image.Image) -> list[np.ndarray]:
    shown = []
    for k in range(image.n_frames):  # type: ignore[attr-defined]
        image.seek(k)
        shown.append(np.asarray(image.convert("RGB")).astype(int))
    return shown


@pytest.mark.parametrize("colors", [40, 3000])
def test_frames_add_up_to_the_pictures(colors: int) -> None:
    """Up to 48 colours are exact. With 3,000 random colours, each is as near as a palette of 255 allows."""
    drawing = Squares(colors)
    image = _gif(drawing)
    pictures = [drawing.picture(step)[..., :3].astype(int) for step in films.moments(drawing, CUT)]  # type: ignore[arg-type]
    for frame, picture in zip(_frames(image), pictures, strict=True):
        if colors == 40:
            np.testing.assert_array_equal(frame, picture)
        else:
            assert np.linalg.norm(frame - picture, axis=-1).max() < 110
            assert np.linalg.norm(frame - picture, axis=-1).mean() < 25


def test_the_first_frame_of_a_gif_is_complete() -> None:
    """The index for unchanged pixels follows those of all colours, and the first frame does not use it."""
    image = _gif(Squares(40))
    first = np.asarray(image)
    transparent = image.info["transparency"]
    assert transparent == 255 and first.max() < transparent
    assert len(np.unique(first)) == 41  # 40 colours of the ground and that of the square


def test_each_colour_becomes_the_nearest_one_of_the_palette() -> None:
    """Compare with a search of the whole palette, for the first lookup and for a repeated one."""
    rng = np.random.default_rng(3)
    palette = rng.integers(0, 256, (films.COLORS, 3), dtype=np.uint8)
    packed = rng.integers(0, 1 << 24, 500, dtype=np.uint32)
    channels = np.stack([packed % 256, packed // 256 % 256, packed // 65536], axis=-1).astype(int)
    known = np.full(1 << 24, films.COLORS, np.uint8)
    for _ in range(2):
        found = films._palette_indices(packed, palette, known)
        gaps = ((channels[:, None] - palette.astype(int)) ** 2).sum(axis=-1)
        np.testing.assert_array_equal(gaps[np.arange(500), found], gaps.min(axis=1))


def test_an_interrupt_at_any_moment_ends_a_film() -> None:
    """Here 400 films are interrupted at random moments; if one hangs, the script ends after a minute."""
    script = """
        import faulthandler, random, signal
        from app.export.films import _prefetched

        class Interrupted(BaseException): pass

        def interrupt(*_):
            raise Interrupted

        faulthandler.dump_traceback_later(60, exit=True)
        signal.signal(signal.SIGALRM, interrupt)
        moments, interrupted = random.Random(0), 0
        for _ in range(400):
            try:
                signal.setitimer(signal.ITIMER_REAL, moments.uniform(1e-4, 3e-3))
                for picture in _prefetched(iter(range(1, 10**6))):
                    pass
            except Interrupted:
                interrupted += 1
        print(interrupted)
    """
    assert run_apart(textwrap.dedent(script)) == "400"


def test_few_pictures_are_drawn_before_they_are_encoded() -> None:
    drawn = 0

    def pictures() -> Iterator[Any]:
        nonlocal drawn
        for picture in range(1, 51):
            drawn = picture
            yield picture

    for taken, picture in enumerate(films._prefetched(pictures()), start=1):
        time.sleep(0.002)  # in which the thread could draw all of them
        assert picture == taken and drawn - taken <= films.QUEUE + 1
    assert taken == 50
