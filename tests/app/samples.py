"""Writes envelopes of scenes of both pages, for tests of the format: ``python -m tests.app.samples FOLDER``."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from app.common import racers
from app.network import presets as network_presets
from app.network import scene as network
from app.network.settings import generated
from app.network.views import VIEWS
from app.player import Scene, pack
from app.race import changes, presets
from app.race import scene as race
from app.race.runs import Race
from app.race.views import VIEWS as RACE_VIEWS


def races() -> Iterator[tuple[str, Scene]]:
    """Scenes of the Race page: its presets, its views, bundles, and two races."""
    first = changes.first()
    yield "race", race.scene(Race(first))
    for key in presets.PRESETS:
        yield f"race-{key}", race.scene(Race(presets.preset(key)))
    short = racers.set_steps(first, 60)
    for key in RACE_VIEWS:
        yield f"race-view-{key}", race.scene(Race(dataclasses.replace(short, views=(key,))))
    noisy = changes.choose_noise(short, "isotropic")
    for bundle in ("spaghetti", "band"):
        seeds = changes.change(changes.change(noisy, "bundle", bundle), "seeds", 8)
        yield f"race-seeds-{bundle}", race.scene(Race(dataclasses.replace(seeds, views=("gradient",))))
    yield "race-evaluations", race.scene(Race(changes.change(changes.add_racer(short, "sam"), "axis", "evaluations")))
    yield "race-beside", race.scene(Race(changes.set_beside(short, True)))
    yield "race-surface", race.scene(Race(changes.change(short, "picture", "surface")))
    yield "race-panels", race.scene(Race(changes.change(short, "picture", "panels")))
    yield "race-empty", race.scene(Race(dataclasses.replace(short, racers=(), views=("rates",))))
    yield "race-leaving", race.scene(Race(racers.set_racer(short, "racer-0", "learning_rate", 0.5)))


def trainings(steps: int = 80) -> Iterator[tuple[str, Scene]]:
    """Scenes of the Network page: its presets with three views each, so that every view occurs."""
    shown = list(VIEWS)
    for k, key in enumerate(network_presets.PRESETS):
        training = racers.set_steps(network_presets.preset(key), steps)
        data = generated(training)
        job = network.job_for(training, data)
        job.begin()
        fitting = [name for name in (*shown[3 * k % len(shown) :], *shown) if VIEWS[name].fits(data)]
        views = tuple(dict.fromkeys(["outcome", *fitting]))[:3]
        training = dataclasses.replace(training, views=views)
        scene = network.scene(training, job)
        while scene.busy:
            time.sleep(0.05)
            scene = network.scene(training, job)
        yield f"network-{key}-{'-'.join(views)}", scene
        job.stop()


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for scenes in (races(), trainings()):
        for name, scene in scenes:
            (folder / f"{name}.bin").write_bytes(pack(scene))
            print(name, len(pack(scene)))


if __name__ == "__main__":
    main()
