"""Drives the pages in a browser: the actions of a user, and what is visible on a page."""

from __future__ import annotations

import base64
import io
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from app.views.pages import ADDRESSES

# Messages of the browser that concern the machine and not the page.
# plotly.js reads letters back from a canvas to draw them in three dimensions, of which Chromium complains.
HARMLESS = ("GPU stall due to ReadPixels", "Multiple readback operations using getImageData")
# A page below the root first requests Streamlit's health check there.
PROBES = tuple(f"/{name}/_stcore/" for name in ADDRESSES)
PATIENCE = 30.0
# Python may have ended, and the address changed, some time before the player receives its scene. A scene of the Race
# page has the address of its live runs, which contains the same settings as the page's address. A scene of the Network
# page says whether it still grows, and so does one of the Maps page, whose live runs are those of a race.
SETTLED = """() => {
    const own = ([key]) => !key.startsWith('live.');
    const spelt = (query) => [...new URLSearchParams(query)].filter(own).sort().join('&');
    const { live, busy, again, arrangement } = window.optiscope?.scenes()[0] ?? {};
    const address = arrangement === 'one beside' ? '' : live;
    return document.querySelector('[data-testid=player]')?.dataset.settled === 'true'
      && document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
      && !busy && !again && (!address || spelt(address.split('?')[1]) === spelt(location.search));
}"""

# Waits long enough for a run of the script to begin.
RAN = """() => new Promise((done) => setTimeout(() => done(true), 400))"""

# The line of a racer on the map of the first or of the second race.
PATH = """([racer, beside]) => {
    const scene = window.optiscope.scenes()[0];
    const { panels, cards } = beside ? scene.beside : scene;
    const line = panels[0].marks.find((mark) => mark.follows === 'path' && mark.racer === cards[racer].id);
    return [Array.from(line.x), Array.from(line.y)];
}"""


def _probes(address: str) -> bool:
    return any(probe in address for probe in PROBES)


class Race:
    """A page of the app in a browser."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.url = url
        self._complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._complaints.append(f"error: {error}"))
        page.on("response", self._answered)

    def _hear(self, message: Any) -> None:
        probe = _probes(str(message.location.get("url", "")))
        if message.type in ("error", "warning") and not probe and not any(word in message.text for word in HARMLESS):
            self._complaints.append(f"{message.type}: {message.text}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400 and not _probes(response.url):
            self._complaints.append(f"{response.status}: {response.url}")

    def complaints(self) -> list[str]:
        """The errors of the page since the last call, and Python errors that it shows."""
        shown = [e.inner_text() for e in self.page.get_by_test_id("stException").all()]
        heard, self._complaints = self._complaints + shown, []
        return heard

    # Navigation.

    def load(self, query: str = "", page: str = "") -> Race:
        self.page.goto(self.url + page + (f"?{query}" if query else ""))
        return self.settle()

    def close(self) -> None:
        """Close the page, and remove all state except the scripts that the browser has compiled."""
        self.page.evaluate("localStorage.clear()")
        self.page.context.clear_cookies()  # a new visit then takes up no work of this one
        self.page.close()

    def pick(self, name: str) -> None:
        """Choose a surface or a preset by its name."""
        box = self.page.locator(".st-key-toolbar").get_by_role("combobox")
        box.click()
        box.fill(name)
        self.page.get_by_role("option").filter(has_text=name).first.click()

    def settle(self) -> Race:
        """Wait until Python, the clock and plotly rest, and the player shows the settings of the link."""
        self.page.wait_for_function(SETTLED)
        return self

    def until(self, condition: str, argument: Any = None) -> None:
        """Wait until a JavaScript function of an argument returns true."""
        self.page.wait_for_function(condition, arg=argument)

    def reset(self) -> Race:
        """Reset the player: at rest at the end, with speed 1, without loop, with a log axis, without focus."""
        self.page.mouse.move(640, 5)
        if self.loops():
            self.at("loop").click()
        self.at("speed").select_option("1")
        self.at("scale-log").click()
        self.at("to-end").click()
        self.page.evaluate("document.activeElement?.blur()")
        return self.settle()

    # What is visible.

    def at(self, testid: str) -> Any:
        return self.page.get_by_test_id(testid)

    @property
    def root(self) -> Any:
        return self.at("player")

    def step(self) -> int:
        return int(self.root.get_attribute("data-step"))

    def playing(self) -> bool:
        return bool(self.root.get_attribute("data-playing") == "true")

    def loops(self) -> bool:
        return bool(self.at("loop").get_attribute("aria-pressed") == "true")

    def titles(self) -> list[str]:
        return list(self.at("cards").locator("h3").all_inner_texts())

    def statuses(self) -> list[str]:
        return list(self.at("cards").locator(".status").all_inner_texts())

    def values(self) -> list[str]:
        """The texts of the number fields of the cards."""
        return [field.input_value() for field in self.at("cards").locator("input.value").all()]

    def card(self, racer: str) -> tuple[Any, ...]:
        card = self.at(f"card-{racer}")
        return (
            card.locator("h3").inner_text(),
            self.at(f"status-{racer}").inner_text(),
            *(field.input_value() for field in card.locator("input.value").all()),
        )

    def table(self) -> dict[str, list[str]]:
        """The rows of the table of results by racer, read at once after the page has drawn it."""
        rows = self.page.wait_for_function(
            """() => {
                const rows = document.querySelector('[data-testid=results]')?.querySelectorAll('tbody tr');
                return rows && [...rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim()));
            }"""
        ).json_value()
        return {row[0]: row[1:] for row in rows}

    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)

    def wait_query(self, key: str, value: str) -> None:
        """Wait until the address bar has a value of a key."""
        self.until(
            "([key, value]) => new URL(location.href).searchParams.getAll(key).some((one) => one.includes(value))",
            [key, value],
        )
        self.settle()

    def notices(self) -> list[str]:
        """The sentences of the notice above the page, without bullets."""
        lines = [line for e in self.page.get_by_test_id("stAlert").all() for line in e.inner_text().splitlines()]
        return [line.strip("•- ") for line in lines if line.strip("•- ")]

    def leave(self) -> Race:
        """Move the pointer away from the cards, which it would highlight, and the focus out of a field."""
        self.page.mouse.move(640, 5)
        self.page.evaluate("document.activeElement?.blur()")
        return self.settle()

    def said(self, text: str) -> Any:
        """Wait for the element with a text."""
        found = self.page.get_by_text(text).first
        found.wait_for()
        return found

    def pixels(self, selector: str) -> np.ndarray:
        """The pixels of an element (height, width, 3)."""
        return picture(self.page.locator(selector).first.screenshot())

    def trails(self) -> np.ndarray:
        """The pixels (height, width, 4) of the canvas with the trails, even if it is hidden."""
        return self.canvas(".map canvas.trails")

    def redrawn(self, before: np.ndarray) -> np.ndarray:
        """Wait until the trails have changed, which may happen after the address, and return them."""
        end = time.monotonic() + PATIENCE
        while np.array_equal(now := self.trails(), before):
            assert time.monotonic() < end, "the trails stay as they were"
            time.sleep(0.05)
        return now

    def path(self, racer: int, beside: bool = False) -> np.ndarray:
        """The points (k, 2) of a racer's run that the map draws."""
        return np.transpose(self.page.evaluate(PATH, [racer, beside]))

    def heads(self) -> np.ndarray:
        return self.canvas(".map canvas.heads")

    def canvas(self, selector: str) -> np.ndarray:
        # not getImageData, which makes the browser complain and move the canvas to other memory
        address = self.page.evaluate(
            "(selector) => document.querySelector(`.optiscope-player ${selector}`).toDataURL('image/png')", selector
        )
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2]))).convert("RGBA"))

    # The axes of the map, from plotly's layout.

    def frame(self) -> dict[str, Any]:
        """The box of the map on the page, and the ranges of its axes."""
        return dict(
            self.page.evaluate(
                """() => {
                  const plot = document.querySelector('[data-testid=map]');
                  const box = plot.getBoundingClientRect();
                  const { xaxis, yaxis } = plot._fullLayout;
                  return { left: box.left + xaxis._offset, top: box.top + yaxis._offset,
                           width: xaxis._length, height: yaxis._length,
                           x: xaxis.range.map(Number), y: yaxis.range.map(Number) };
                }"""
            )
        )

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        """The position of a point of the plane on the page."""
        f = self.frame()
        (x0, x1), (y0, y1) = f["x"], f["y"]
        return f["left"] + f["width"] * (x - x0) / (x1 - x0), f["top"] + f["height"] * (y1 - y) / (y1 - y0)

    def point(self, left: float, top: float) -> tuple[float, float]:
        """The point of the plane at a position on the page."""
        f = self.frame()
        (x0, x1), (y0, y1) = f["x"], f["y"]
        return x0 + (x1 - x0) * (left - f["left"]) / f["width"], y1 - (y1 - y0) * (top - f["top"]) / f["height"]

    # Actions.

    def slide(self, racer: str, name: str, share: float) -> None:
        """Drag a card's slider to a share of its range."""
        box = self.at(f"slider-{racer}-{name}").bounding_box()
        knob = 14  # the ends of the range are half a knob inside its box
        self.page.mouse.move(*self._knob(racer, name))
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + knob / 2 + share * (box["width"] - knob), box["y"] + box["height"] / 2, steps=4)
        self.page.mouse.up()

    def _knob(self, racer: str, name: str) -> tuple[float, float]:
        slider = self.at(f"slider-{racer}-{name}")
        box = slider.bounding_box()
        share = float(slider.input_value()) / float(slider.get_attribute("max"))
        return box["x"] + 7 + share * (box["width"] - 14), box["y"] + box["height"] / 2

    def type_value(self, racer: str, name: str, text: str) -> None:
        """Type an exact value into a card."""
        field = self.at(f"value-{racer}-{name}")
        field.click()
        field.fill(text)
        field.press("Enter")

    def more(self, tab: str) -> None:
        """Open the panel "More" at a tab."""
        if not self.page.get_by_role("tab", name=tab).is_visible():
            self.page.locator(".st-key-more-popover button").first.click()
        self.page.get_by_role("tab", name=tab).click()

    def fill(self, label: str, text: str) -> None:
        """Type into a field of Streamlit."""
        field = self.page.get_by_role("textbox", name=label, exact=True)
        field.fill(text)
        field.press("Enter")

    def export(self) -> Race:
        """Open the Export panel, and wait until Python has finished, because the panel may first show old fields."""
        self.at("export").click()
        self.page.get_by_role("button", name="Download PNG").wait_for()
        return self.settle()

    def download(self, name: str) -> tuple[str, bytes]:
        """Download the file of a button, and return its name and contents."""
        with self.page.expect_download() as found:
            self.page.get_by_role("button", name=name).first.click()
        with open(found.value.path(), "rb") as file:
            return found.value.suggested_filename, file.read()

    def choose(self, label: str, option: str) -> None:
        """Choose a value in a field of Streamlit, and wait until the page has been drawn."""
        self.page.get_by_role("combobox", name=label).click()
        self.page.get_by_test_id("stSelectboxVirtualDropdown").get_by_role("option", name=option, exact=True).click()
        self.until(RAN)
        self.settle()


def picture(data: bytes) -> np.ndarray:
    """The pixels (height, width, 3) of a picture file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def near(pixels: np.ndarray, color: str, tolerance: int = 24) -> np.ndarray:
    """A mask of the pixels with approximately a colour."""
    wanted = np.array([int(color[k : k + 2], 16) for k in (1, 3, 5)])
    return (np.abs(pixels[..., :3].astype(int) - wanted) <= tolerance).all(axis=-1)
