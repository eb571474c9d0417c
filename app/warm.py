"""Programs are compiled before they are asked for, in threads of their own, once a server."""

from __future__ import annotations

import functools
import logging
import threading
import time

REST = 6.0
"""Seconds for which the first page has the machine to itself."""


@functools.cache
def start() -> threading.Thread:
    """Start warming up; a second call returns the same thread."""
    thread = threading.Thread(target=_warm, name="warm", daemon=True)
    thread.start()
    return thread


def _warm() -> None:
    """The first page at once, on two threads; then, once a browser has had the time to draw it, other surfaces
    and rules, one at a time.

    JAX itself is imported here, so that the server answers before that is done.
    """
    try:
        from app.player.routes import compress

        compress()
        from app import race, settings
        from optimizers import OPTIMIZERS
        from surfaces import SURFACES

        first = settings.first()
        runs = threading.Thread(target=race.runs, args=(first,), name="warm-runs", daemon=True)
        runs.start()
        race.mapped(first.surface, first.rotation)
        runs.join()
        race.scene(first)
        race.table(first)
        time.sleep(REST)
        for key in SURFACES:
            race.scene(settings.choose_surface(first, key))
        for key in OPTIMIZERS:
            race.scene(settings.add_racer(settings.Settings(), key))
    except Exception:  # a page will compile for itself what was not compiled here, and show its own error
        logging.getLogger(__name__).exception("warming up failed")
