"""Opens the pages of the app in Chromium, for pictures and screenshots."""

from typing import Any

from benchmarks import serving

DRAWN = '[data-settled="true"]'
"""The player at rest."""


def chromium() -> str:
    """The path of Chromium.

    Raises:
        RuntimeError: if it is not installed.
    """
    path = serving.chromium()
    if path is None:
        raise RuntimeError("Chromium is not installed. Install it, or put it on the PATH.")
    return path


def opened(page: Any, address: str, drawn: str = DRAWN) -> None:
    """Open a page, and wait until it is drawn, which an element shows."""
    page.goto(address)
    page.wait_for_selector(drawn, timeout=120_000)
    page.mouse.move(5, 5)
    page.wait_for_timeout(600)


def computed(page: Any) -> None:
    """Wait until the map of the page is as fine as it gets."""
    page.wait_for_function("() => !window.optiscope.scenes()[0].busy", timeout=300_000)
    page.wait_for_timeout(900)


def studied(page: Any) -> None:
    """Compute the study of the page, if it waits for that, and wait until it is complete."""
    words = "document.querySelector('.progress span')?.textContent"
    if "press Run" in page.evaluate(words):
        page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(f"() => /^computed/.test({words})", timeout=300_000)
    page.wait_for_selector('[data-settled="true"]')
    page.wait_for_timeout(900)


def counted(page: Any) -> None:
    """Compute all cells of the Tests page, if some are missing."""
    run = page.get_by_role("button", name="Run", exact=True)
    if run.is_enabled():
        run.click()
    complete = r"() => /^([\d,]+) of \1 cells/.test(document.querySelector('.progress span')?.textContent)"
    page.wait_for_function(complete, timeout=240_000)
    page.mouse.move(5, 790)
    page.wait_for_timeout(900)


def trained(page: Any) -> None:
    """Train the networks of the page, and wait until all views are drawn."""
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("() => /trained in/.test(document.querySelector('.progress span')?.textContent)")
    page.wait_for_function(
        """() => ![...document.querySelectorAll('.slot .body')].some((body) => body.dataset.type === 'message')"""
    )
    page.mouse.move(640, 790)
    page.wait_for_timeout(2500)
