"""Programs are compiled before they are asked for, in threads of their own, once a server."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor

REST = 6.0
"""Seconds for which the first page has the machine to itself."""


_stopping = threading.Event()


@functools.cache
def start() -> threading.Thread:
    """Start warming up; a second call returns the same thread."""
    thread = threading.Thread(target=_warm, name="warm", daemon=True)
    thread.start()
    # Python must not come to its end while XLA compiles: that aborts with a dump where Ctrl+C was meant
    atexit.register(_stop, thread)
    return thread


def _stop(thread: threading.Thread) -> None:
    _stopping.set()
    thread.join(timeout=20)


def _warm() -> None:
    """The first page at once, on two threads; then, once a browser has had the time to draw it, other surfaces
    and rules, one at a time.

    JAX itself is imported here, so that the server answers before that is done.
    """
    try:
        from app.player.routes import compress

        compress()
        import jax

        jax.devices()
        # what is registered last is called first: JAX drops its programs at exit, and must not while it compiles
        atexit.register(_stop, threading.current_thread())
        from app.network import process
        from app.race import changes, link, live, results, runs, scene, settings
        from optimizers import OPTIMIZERS
        from surfaces import SURFACES

        first = changes.first()
        racers = [dataclasses.replace(first, racers=(racer,)) for racer in first.racers]
        try:
            with ThreadPoolExecutor(2) as pool:
                pool.submit(scene.mapped, first.surface, first.rotation)
                for alone in racers:
                    pool.submit(runs.runs, alone)
        except RuntimeError:  # Ctrl+C came first: on its way out Python starts no more threads
            return
        if _stopping.is_set():
            return
        race = runs.Race(first)
        scene.scene(race)
        if _stopping.is_set():
            return
        results.table(race)
        others = [changes.choose_surface(first, key) for key in SURFACES]
        others += [changes.add_racer(settings.Settings(), key) for key in OPTIMIZERS]
        _settle()
        _stopping.wait(REST)
        if not _stopping.is_set():
            process.shared()  # it imports JAX while nobody waits for it
            from app.export.making import DRAWERS

            DRAWERS.warm()  # the first picture asked for comes as quickly as the others
        for racer in first.racers:  # what a first drag of a slider asks for
            if not _stopping.is_set():
                live.answer("sweep", link.query(first), {"racer": racer.id, "name": "learning_rate"})
        for other in others:
            if _stopping.is_set():
                return
            scene.scene(runs.Race(other))
        gc.unfreeze()  # what was left over meanwhile goes
        gc.collect()
        _settle()
    except Exception:  # a page will compile for itself what was not compiled here, and show its own error
        logging.getLogger(__name__).exception("warming up failed")


def _settle() -> None:
    """Nobody looks for garbage among the modules and programs that are there now.

    Streamlit asks for that after every run of a page, and all threads wait meanwhile, the one that sends the page to
    the browser among them: with JAX's 200,000 objects that was the longest part of the way from a typed number to the
    picture.
    """
    gc.freeze()
