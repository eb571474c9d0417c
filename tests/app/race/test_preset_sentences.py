"""Checks each sentence of the presets, of the documentation of views and of captions against runs."""

from __future__ import annotations

import functools
from urllib.parse import parse_qs

import numpy as np
import pytest

from app.common.racers import set_racer, set_schedule, set_steps
from app.race import changes, presets, scene
from app.race import link as race_link
from app.race import runs as race_runs
from app.race.results import MEASURES
from app.race.settings import Settings
from docs import pictures
from optimizers import OPTIMIZERS, Trace, effective_rates, overshoot, sharpnesses, steps_to, trace
from surfaces import SURFACES
from tests.app.captions import ROOT, captions
from tests.sentences import Check, Sentences, entries_of

SAID = Sentences()
holds = SAID.hold


ELSEWHERE = {*pictures.NETWORKS, *pictures.MAPS, *pictures.STUDIES, *pictures.TESTS, "cost-light"}
"""Pictures of other pages, and the plot of the benchmark of sweeps."""


def test_every_sentence_has_a_check() -> None:
    texts = {f"race {key}": (one.name + ".", one.about) for key, one in presets.PRESETS.items()}
    texts |= {f"view {key}": (words,) for key, (_, words) in pictures.VIEWS.items()}
    texts |= {f"picture {name}": (words,) for name, words in captions().items() if name not in ELSEWHERE}
    assert SAID.entries() == entries_of(texts)


def test_the_page_of_views_shows_these_captions() -> None:
    assert (ROOT / "docs" / "views.md").read_text("utf-8") == pictures.views_page()


def parsed(link: str) -> Settings:
    settings, notices = race_link.parse(parse_qs(link))
    assert not notices
    return settings


def runs(settings: Settings) -> dict[str, Trace]:
    """The runs of a race with their states and steps, by their rules."""
    traces = race_runs.runs(settings, race_runs.whole)
    return {racer.rule.key: run for racer, run in zip(settings.racers, traces, strict=True)}


@functools.cache
def preset(key: str) -> dict[str, Trace]:
    return runs(presets.preset(key))


def changed(key: str, rule: str, name: str, value: float, settings: Settings | None = None) -> Settings:
    """The race of a preset with another value of a parameter of one racer."""
    settings = settings or presets.preset(key)
    racer = next(r for r in settings.racers if r.rule.key == rule)
    return set_racer(settings, racer.id, name, value)


def kind_at(run: Trace) -> str:
    """The kind of the minimum that is nearest to the end of a run."""
    return run.surface.critical_points()[int(run.surface.nearest_minimum(run.positions[-1]))].kind


# Presets of the Race page


@holds(
    "race zigzag",
    "Zigzag in a ravine.",
    "SGD jumps from side to side at every step and crawls along the ravine; momentum gathers speed along it and needs "
    "less than a "
    "quarter of the steps.",
    "Raise the condition number κ with its slider above 2/η ≈ 105, and SGD's steps grow without bound.",
    "With η below 2/κ it converges again, but more slowly.",
)
def _() -> None:
    settings = presets.preset("zigzag")

    def reached(settings: Settings, rule: str) -> int:
        return steps_to(runs(settings)[rule]) or 10_000

    angle = np.radians(settings.rotation)
    along, across = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    path = preset("zigzag")["sgd"].positions
    side = path @ across
    assert (side[1:] * side[:-1] < 0).all() and np.abs(np.diff(path @ along)).max() < 0.02 * abs(path[0] @ along)
    slow, quick = reached(settings, "sgd"), reached(settings, "momentum")
    assert quick < slow / 4
    speed = np.abs(np.diff(preset("zigzag")["momentum"].positions @ along))
    assert speed[5] > 3 * speed[0]
    eta = float(settings.racers[0].rule.get("learning_rate", 0.0))
    assert round(2 / eta) == 105
    for kappa, grows in ((104.0, False), (107.0, True), (150.0, True), (200.0, True)):
        steep = changes.set_parameter(settings, "surface", "condition_number", kappa)
        path = runs(steep)["sgd"].positions
        lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
        assert (lengths[-1] > 10 * lengths[0]) == grows
        if grows:
            slower = set_steps(changed("zigzag", "sgd", "learning_rate", 1.9 / kappa, steep), 600)
            tamed = runs(slower)["sgd"]
            assert tamed.losses[-1] < 0.01 * tamed.losses[0] and slow < (steps_to(tamed) or 0)


@holds(
    "race local",
    "A local minimum or the global one.",
    "SGD stops in the first minimum on its way; momentum rolls on into the deeper one.",
    "Lower momentum's β to 0.8 or less, and it stops where SGD does.",
)
def _() -> None:
    ends = {rule: kind_at(run) for rule, run in preset("local").items()}
    assert ends == {"sgd": "local minimum", "momentum": "minimum"}
    for beta in (0.0, 0.3, 0.6, 0.8):
        assert kind_at(runs(changed("local", "momentum", "momentum", beta))["momentum"]) == "local minimum"


@holds(
    "race saddle",
    "Stuck at a saddle.",
    "The start lies only 10⁻⁹ off the line y = 0, which leads into the saddle, where the gradient vanishes: SGD is "
    "still there after 150 steps, momentum escapes after about 75, Adam after about 15.",
    "Under More, set the start to −1.8, 0, and none of the three ever leaves the line.",
)
def _() -> None:
    settings = presets.preset("saddle")
    assert settings.built_start() == (-1.8, 1e-9) and settings.steps == 150
    sgd = preset("saddle")["sgd"]
    assert sgd.status.kind == "stalled" and "saddle" in sgd.status.why
    assert np.linalg.norm(sgd.positions[-1]) < 0.01
    left = {rule: int(np.argmax(np.abs(run.positions[:, 1]) > 0.5)) for rule, run in preset("saddle").items()}
    assert left == {"sgd": 0, "momentum": pytest.approx(75, abs=3), "adam": pytest.approx(15, abs=3)}
    on_the_line = set_steps(changes.set_start(settings, "-1.8", "0"), 1000)
    for run in runs(on_the_line).values():
        assert (run.positions[:, 1] == 0).all() and "saddle" in run.status.why


@holds(
    "race noise",
    "Gradients from single samples.",
    "Sixteen runs of SGD, each with different random samples, one per step: every run takes a different path, and "
    "none comes to rest.",
    "Under More, Noise, raise the batch size, and the runs move closer together.",
)
def _() -> None:
    spread = []
    for size in (1, 4, 16):
        settings = changes.set_parameter(presets.preset("noise"), "noise", "batch_size", size)
        bundle = race_runs.bundle(settings, settings.racers[0])
        ends = np.array([run.positions[-1] for run in bundle])
        spread.append(ends.std(axis=0).max())
        if size == 1:
            assert len(bundle) == 16 == len(np.unique(ends, axis=0))
            assert all(run.status.kind == "oscillating" for run in bundle)
    assert spread[0] > 1.5 * spread[1] > 2 * spread[2] > 0


@holds(
    "race overshoot",
    "Overshooting.",
    "Momentum runs past the minimum and turns back; Nesterov looks ahead and overshoots less; SGD does not overshoot.",
    "The table says how far.",
    "Raise β, and both overshoot further.",
)
def _() -> None:
    far = {rule: overshoot(run) or 0.0 for rule, run in preset("overshoot").items()}
    assert far["sgd"] < 1e-9 < 0.1 < far["nesterov"] < 0.8 * far["momentum"]
    end = preset("overshoot")["momentum"]
    assert np.linalg.norm(end.positions[-1]) < 1e-2
    assert "overshoot" in {one.key for one in MEASURES if not one.themes}
    for rule in ("momentum", "nesterov"):
        assert (overshoot(runs(changed("overshoot", rule, "momentum", 0.95))[rule]) or 0) > 1.5 * far[rule]


@holds(
    "race trap",
    "Flying over a narrow minimum.",
    "SGD falls into the narrow, deep hole on its way; momentum flies over it and ends in the wide minimum beyond.",
    "Lower momentum's β to 0.8 or less, and it falls in as well.",
)
def _() -> None:
    ends = {rule: run.positions[-1][0] for rule, run in preset("trap").items()}
    assert ends == {"sgd": pytest.approx(-1.173, abs=0.01), "momentum": pytest.approx(0, abs=0.01)}
    for beta in (0.0, 0.3, 0.6, 0.8):
        assert runs(changed("trap", "momentum", "momentum", beta))["momentum"].positions[-1][0] < -1


@holds(
    "race freezing",
    "Adagrad's shrinking steps.",
    "Adagrad divides by the root of the sum of all its squared gradients, so its learning rates only fall, and it "
    "creeps along without getting near the minimum.",
    "RMSprop and Adadelta forget old gradients, so their rates rise again and they reach it.",
    "Raise Adagrad's η to 0.3, and it gets there too.",
)
def _() -> None:
    rates = {rule: effective_rates(run)[1:] for rule, run in preset("freezing").items()}
    gradients = preset("freezing")["adagrad"].step.gradient
    np.testing.assert_allclose(rates["adagrad"], 0.03 / np.sqrt(np.cumsum(gradients**2, axis=0)), rtol=1e-6)
    assert (np.diff(rates["adagrad"], axis=0) <= 0).all()
    for rule in ("rmsprop", "adadelta"):
        assert (rates[rule].max(axis=0) > 5 * rates[rule][:100].min(axis=0)).all()
        assert steps_to(preset("freezing")[rule]) is not None
    adagrad = preset("freezing")["adagrad"]
    assert steps_to(adagrad) is None and np.linalg.norm(adagrad.positions[-1]) > 1
    lengths = np.linalg.norm(np.diff(adagrad.positions, axis=0), axis=1)
    assert lengths[-1] < 0.02 * lengths[0]
    assert steps_to(runs(changed("freezing", "adagrad", "learning_rate", 0.3))["adagrad"]) is not None


@holds(
    "race regression",
    "Linear regression is a loss surface.",
    "The mean squared error of a line ŷ = w x + b over 40 samples is a bowl over w and b, and gradient descent leads "
    "to its only minimum, the least-squares line.",
    "Under More, Noise, choose mini-batches of one sample, and the runs do not come to rest.",
)
def _() -> None:
    surface = SURFACES["linear_regression"]()
    z, y = (np.asarray(values) for values in surface.data)
    assert len(z) == 40
    line = np.polyfit(surface.offset + surface.scale * z, y, 1)
    for run in preset("regression").values():
        np.testing.assert_allclose(run.positions[-1], line, atol=0.02)
    np.testing.assert_allclose(preset("regression")["sgd"].positions[-1], line, atol=1e-6)
    curvatures = np.linalg.eigvalsh(2 * np.array([[surface.offset**2 + 1, surface.offset], [surface.offset, 1]]))
    assert curvatures[0] > 0
    noisy = changes.choose_noise(presets.preset("regression"), "mini_batch")
    noisy = changes.set_parameter(noisy, "noise", "batch_size", 1)
    assert {run.status.kind for run in runs(noisy).values()} == {"oscillating"}


@holds(
    "race standardising",
    "Standardising the feature.",
    "The same samples with a feature of mean 5 (A), where κ = 727, and with the standardised feature (B), where κ = 1.",
    "After 300 steps SGD still has more than a quarter of the way to go in A, and has arrived in B.",
    "Above η = 0.037 it diverges in A.",
)
def _() -> None:
    settings = presets.preset("standardising")
    beside = settings.beside
    assert beside is not None and settings.steps == 300
    left = []
    for choice, kappa in ((settings.surface, 727), (beside.surface, 1)):
        surface = SURFACES["linear_regression"](**dict(choice.values))
        mean = float(surface.offset)
        low, high = np.linalg.eigvalsh(2 * np.array([[mean**2 + 1, mean], [mean, 1]]))
        assert high / low == pytest.approx(kappa, abs=0.5)
        if kappa > 1:
            assert 2 / high == pytest.approx(0.037, abs=2e-4)
        run = trace(surface, OPTIMIZERS["sgd"](learning_rate=0.035), steps=300)
        way = np.linalg.norm(run.positions - np.array(surface.minima()[0]), axis=1)
        left.append(way[-1] / way[0])
    assert left[0] > 0.25 and left[1] < 1e-6
    steep = runs(changed("standardising", "sgd", "learning_rate", 0.0375))["sgd"]
    assert steep.losses[-1] > 100 * steep.losses[0]


@holds(
    "race drop",
    "Dropping the learning rate.",
    "With noise, the loss levels off at a height set by the learning rate.",
    "After 300 steps the rate drops to a tenth, and the loss to less than a fifth.",
    "Move the drop under More, Schedule.",
)
def _() -> None:
    for rule, run in preset("drop").items():
        before, after = run.losses[200:300].mean(), run.losses[400:].mean()
        assert run.losses[100:200].mean() == pytest.approx(before, rel=0.6) and after < before / 5
        slower = runs(changed("drop", rule, "learning_rate", 0.05))[rule]
        assert slower.losses[200:300].mean() < 0.6 * before
    rates = np.broadcast_to(preset("drop")["sgd"].step.rate, (600, 2))[:, 0]
    np.testing.assert_allclose(rates, np.where(np.arange(1, 601) <= 300, 0.2, 0.02), rtol=1e-9)
    moved = runs(set_schedule(presets.preset("drop"), "every", 200))
    assert moved["sgd"].losses[250:300].mean() < preset("drop")["sgd"].losses[250:300].mean() / 4


# The page of views, and the pictures of the README


def view(key: str) -> Settings:
    return parsed(pictures.VIEWS[key][0])


@holds("view surface", "Six racers in three dimensions; the heights follow the levels of the map.")
@holds("picture surface-dark", "Six racers on one surface in three dimensions.")
def _() -> None:
    settings = view("surface")
    assert (len(settings.racers), settings.picture, settings.heights) == (6, "surface", "")


@holds("view panels", "A map for each racer, with the same axes, levels and clock.")
def _() -> None:
    assert view("panels").picture == "panels" and len(view("panels").racers) == 6


@holds("view beside", "Beside the losses: the distance to the minimum and the gradient norm.")
def _() -> None:
    assert view("beside").views == ("distance", "gradient")


@holds(
    "view rates",
    "Adagrad's effective learning rates only fall, but RMSprop's rise again; the sharpness and each rule's limit.",
)
def _() -> None:
    settings = view("rates")
    found = runs(settings)
    assert settings.views == ("rates", "sharpness") and list(found) == ["adagrad", "rmsprop", "momentum"]
    rates = {rule: effective_rates(run)[1:] for rule, run in found.items()}
    assert (np.diff(rates["adagrad"], axis=0) <= 0).all()
    assert (rates["rmsprop"].max(axis=0) > 20 * rates["rmsprop"][0]).all()
    assert all(run.optimizer.stability_limit() and np.isfinite(sharpnesses(run)[:-1]).all() for run in found.values())


@holds("view inspector", "Nesterov's fourth step, line by line.")
@holds("picture inspector-light", "The steps of one racer explained, with the numbers of each.")
def _() -> None:
    settings = view("inspector")
    (racer,) = (r for r in settings.racers if r.id == settings.inspected)
    assert racer.rule.key == "nesterov"


@holds("view curves", "Sixteen seeds of a noisy race, each as a curve.")
@holds("view band", "Median and band of sixteen seeds against gradient evaluations: each step of SAM costs two.")
def _() -> None:
    curves, band = view("curves"), view("band")
    assert curves.bundle == "spaghetti" and band.bundle == "band" and curves.seeds == band.seeds == 16
    assert curves.noise.key == band.noise.key == "isotropic" and band.axis == "evaluations"
    assert {rule: run.cost for rule, run in runs(band).items()} == {"sgd": 1, "adam": 1, "sam": 2}


@holds("view ab", "The same ravine at two rotations, on the same clock.")
def _() -> None:
    first = view("ab")
    second = first.second()
    assert second is not None and first.surface == second.surface and first.rotation != second.rotation
    assert first.steps == second.steps and first.surface.key == "quadratic_ravine"


SAID.not_computable(
    "how the page looks in a mode", "view presenting", "Present mode, with larger type for the back row."
)
SAID.not_computable("a question to the class", "view predicting", "Predict mode: where does each racer end?")


@holds("picture race-light", "The Race page: three optimizers on a rotated ravine.")
def _() -> None:
    settings = parsed(pictures.PAGES["race-light"][0]) if pictures.PAGES["race-light"][0] else changes.first()
    assert len(settings.racers) == 3 and settings.surface.key == "quadratic_ravine" and settings.rotation != 0


@holds("picture diverged-dark", "Learning rates that are too large: two runs leave the frame and are called diverged.")
def _() -> None:
    settings = parsed(pictures.PAGES["diverged-dark"][0])
    kinds = {rule: run.status.kind for rule, run in runs(settings).items()}
    assert [rule for rule, kind in kinds.items() if kind == "diverged"] == ["sgd", "nesterov"]
    (x0, x1), _ = settings.built_surface().domain
    for rule in ("sgd", "nesterov"):
        assert np.abs(runs(settings)[rule].positions[:, 0]).max() > 10 * max(-x0, x1)


@holds("picture valley-light", "A valley of minima: different rules end at different places in it.")
def _() -> None:
    settings = parsed(pictures.PAGES["valley-light"][0])
    ends = np.array([run.positions[-1] for run in runs(settings).values()])
    surface = settings.built_surface()
    assert surface.distance_to_minimum(ends).max() < 0.1
    gaps = np.linalg.norm(ends[:, None] - ends, axis=2)
    assert gaps[~np.eye(len(ends), dtype=bool)].min() > 0.1


@holds("picture saddle-light", "Near a saddle: ground below zero is green, and Newton's method stops at the saddle.")
def _() -> None:
    settings = parsed(pictures.PAGES["saddle-light"][0])
    newton = runs(settings)["newton"]
    assert newton.status.kind == "stalled" and "saddle" in newton.status.why
    assert (settings.built_surface().lowest() or 0) < 0 and scene.background_of(settings).levels.zero


@pytest.mark.thinned(4)
@pytest.mark.parametrize("check", SAID.cases())
def test_the_sentence_is_true(check: Check) -> None:
    check()
