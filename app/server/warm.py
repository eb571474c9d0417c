"""Warming up: programs are compiled in separate threads before a page needs them, once per server."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import gc
import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

REST = 6.0
"""Seconds during which the first page has the machine to itself."""
QUIET = 0.25
"""Seconds without a running page, after which the next part of the warm-up begins."""
LONGEST = 2.0
"""Seconds after which the next part begins even if pages still run."""
SCRIPT = "ScriptRunner.scriptThread"
"""The name of the threads in which Streamlit runs the scripts of pages."""

_stopping = threading.Event()


@functools.cache
def start() -> threading.Thread:
    """Start warming up and return the thread; further calls return the same thread."""
    thread = threading.Thread(target=_warm, name="warm", daemon=True)
    thread.start()
    # Python must not end while XLA compiles: that would abort with a dump instead of ending on Ctrl+C
    atexit.register(_stop, thread)
    return thread


def _stop(thread: threading.Thread) -> None:
    _stopping.set()
    thread.join(timeout=20)


def _warm() -> None:
    """Carry out the parts of the warm-up one after the other until the server stops."""
    try:
        for later in _parts():
            if later:
                _give_way()
            if _stopping.is_set():
                return
    except Exception:  # a page compiles what is missing, and shows its own error
        if not _stopping.is_set():  # at exit JAX drops what a program that is being compiled still needs
            logging.getLogger(__name__).exception("warming up failed")


def _give_way() -> None:
    """Wait until pages have been quiet for a moment: a part takes up to a second, in which they get few turns."""
    latest = time.monotonic() + LONGEST
    quiet = 0.0
    while quiet < QUIET and time.monotonic() < latest and not _stopping.wait(QUIET / 5):
        busy = any(thread.name == SCRIPT for thread in threading.enumerate())
        quiet = 0.0 if busy else quiet + QUIET / 5


def _parts() -> Iterator[bool]:
    """Compile the first page on two threads, wait until a browser has drawn it, then compile other surfaces and rules.

    It yields after each part, where the warm-up can end: True if it may wait there for pages that run. JAX is imported
    here, so that the server answers before the import is done.
    """
    from app.player.routes import compress

    compress()
    import jax

    jax.devices()
    # the last function registered is called first: JAX drops its programs at exit, but must not while it compiles
    atexit.register(_stop, threading.current_thread())
    from app.maps import link as map_link
    from app.maps import presets as map_presets
    from app.maps import scene as map_scene
    from app.maps.job import Job
    from app.network import process
    from app.race import changes, link, live, presets, results, runs, scene, settings, tuning
    from optimizers import OPTIMIZERS
    from surfaces import SURFACES

    yield False
    opening, first = presets.preset(link.OPENING), changes.first()
    racers = [dataclasses.replace(one, racers=(racer,)) for one in (opening, first) for racer in one.racers]
    try:
        with ThreadPoolExecutor(2) as pool:
            pool.submit(scene.mapped, opening.surface, opening.rotation)
            for alone in racers:
                pool.submit(runs.runs, alone)
    except RuntimeError:  # after Ctrl+C, Python starts no more threads
        return
    yield False
    race = runs.Race(opening)
    scene.scene(race)
    yield False
    results.table(race)
    others = []
    for key in SURFACES:
        others.append(changes.choose_surface(first, key))
        yield False
    for key in OPTIMIZERS:
        others.append(changes.add_racer(settings.Settings(), key))
        yield False
    _settle()
    _stopping.wait(REST)
    yield True
    process.shared()  # the trainer imports JAX while nobody waits for it
    from app.export.making import DRAWERS

    DRAWERS.warm()  # so that the first picture is made as quickly as later ones
    for racer in opening.racers:  # the runs that the first drag of a slider needs
        yield True
        live.answer("sweep", link.query(opening), {"racer": racer.id, "name": "learning_rate"})
    fair = changes.set_fair(opening, 64)
    for racer in tuning.taking_part(fair):
        for _ in tuning.entrant(tuning.key(fair, racer)):
            yield True
    for other in others:
        yield True
        scene.scene(runs.Race(other))
    yield True
    coarse = dataclasses.replace(map_presets.preset(map_link.OPENING), cells=64)
    map_scene.scene(coarse, Job(coarse).begin().join())
    gc.unfreeze()  # release the garbage of the meantime
    gc.collect()
    _settle()


def _settle() -> None:
    """Exclude the modules and programs that exist now from garbage collection.

    Streamlit collects garbage after every run of a page, and all threads wait meanwhile, including the one that sends
    the page to the browser. With the 200,000 objects of JAX, this took most of the time from a typed number to the
    picture.
    """
    gc.freeze()
