"""Jobs and what is seen of them, without a page."""

from __future__ import annotations

import dataclasses
import functools
import time
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Choice, hide_racer, set_racer
from app.figures.marks import Axis, Bars, Dots, Field, Line, Lines, Panel, Tiles
from app.figures.panels import Shown, facet_axes, thinned
from app.network import captions, changes, observers, presets, process, results, scene
from app.network.job import Job
from app.network.landscape import PLANES
from app.network.settings import Training, generated
from app.network.views import VIEWS
from app.player import pack
from optimizers.training import join, train
from surfaces.curvature import top_eigenvalues
from tests.app.drawn import curves, note, only


def _small(key: str = "moons", *spelled: str, **options: Any) -> Training:
    base = changes.choose_data(Training(steps=60), key)
    data = generated(base)
    base = dataclasses.replace(base, widths=(6, 5), **options)
    add = functools.partial(changes.add_racer, data=data)
    return presets.with_racers(base, add, *(spelled or ("sgd:learning_rate=0.1", "adam:learning_rate=0.01")))


def _wait(job: Job) -> None:
    end = time.monotonic() + 120
    while job.busy:
        assert time.monotonic() < end, "the job does not end"
        time.sleep(0.01)


def _strong(panel: Panel) -> dict[str, Line]:
    """The curve of each racer that is no limit."""
    return {line.racer: line for line in only(panel, Line) if line.dash != "dot"}


def _trained(training: Training) -> Job:
    job = scene.job_for(training, generated(training))
    job.begin()
    _wait(job)
    return job


def _panel(training: Training, job: Job, key: str) -> Panel:
    shown = dataclasses.replace(training, views=(key, *[v for v in ("loss", "weights") if v != key], "batch_loss")[:3])
    for _ in range(3):  # what takes a while is there the next time
        found = scene.scene(shown, job)
        _wait(job)
    pack(found)
    return found.panels[0]


MOONS = _small()


@pytest.fixture(scope="module")
def moons() -> Job:
    return _trained(MOONS)


def test_a_job_is_what_train_makes_of_every_racer(moons: Job) -> None:
    data = generated(MOONS)
    for racer, run in zip(MOONS.racers, moons.runs, strict=True):
        network = MOONS.network(racer, data)
        alone = join(
            train(network, MOONS.rule(racer), MOONS.start(racer, data), 60, batch_size=32, stride=MOONS.stride(data))
        )
        np.testing.assert_array_equal(run.steps(), alone.steps)
        np.testing.assert_allclose(run.weights(), alone.weights, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(run.losses(), alone.losses, rtol=1e-5)
    assert moons.progress == 1.0 and not moons.training_now


def test_the_bar_tells_the_truth_and_stopping_keeps_what_was_learned() -> None:
    training = _small(steps=100_000)
    job = scene.job_for(training, generated(training))
    assert job.progress == 0.0
    job.begin()
    while not all(run.last for run in job.runs):
        time.sleep(0.005)
    job.stop()
    _wait(job)
    lasts = [run.last for run in job.runs]
    assert all(0 < last < 100_000 for last in lasts) and not job.training_now
    assert all(len(run.losses()) == run.last for run in job.runs)
    rows = results.table(training, job)
    assert all("stopped @" in row.status for row in rows) and [row.steps for row in rows] == lasts


def test_a_training_that_was_stopped_goes_on_where_it_was() -> None:
    """Stop, single steps and more steps: the batches and losses are those of one training without a pause."""
    training = _small(steps=60)
    data = generated(training)
    job = scene.job_for(training, data)
    for steps, last in ((1, 1), (1, 2), (0, 60)):
        job.begin(steps)
        _wait(job)
        assert [run.last for run in job.runs] == [last, last]
        assert job.stopped == (last < 60) and not job.training_now
        assert ("stopped @" in results.table(training, job)[0].status) == (last < 60)
    longer = dataclasses.replace(training, steps=90)
    assert job.follow(longer) and job.stopped
    job.begin()
    _wait(job)
    for racer, run in zip(training.racers, job.runs, strict=True):
        network, start = training.network(racer, data), training.start(racer, data)
        alone = join(train(network, training.rule(racer), start, 90, batch_size=32, stride=1))
        steps = run.steps()
        assert steps[:3].tolist() == [0, 1, 2] and steps[-1] == 90 and 60 in steps
        np.testing.assert_allclose(run.losses(), alone.losses, rtol=1e-4)
        np.testing.assert_allclose(run.weights(), alone.weights[steps], rtol=1e-3, atol=1e-5)
    assert not job.follow(training)  # steps that were taken cannot be taken back


def test_more_steps_lengthen_a_training_that_goes_on_and_one_that_is_taken_over() -> None:
    moons = _trained(MOONS)
    longer = dataclasses.replace(MOONS, steps=80)
    job = scene.job_for(longer, generated(longer), moons)
    assert [run.last for run in job.runs] == [60, 60] and job.runs[0].finished
    job.begin(resume=False)
    assert not job.training_now  # what was trained before goes on when it is asked to
    job.begin()
    _wait(job)
    assert [run.last for run in job.runs] == [80, 80] and not job.stopped
    np.testing.assert_array_equal(job.runs[0].losses()[:60], moons.runs[0].losses())
    shorter = dataclasses.replace(MOONS, steps=50)
    assert not any(run.last for run in scene.job_for(shorter, generated(shorter), job).runs)


@pytest.mark.long
def test_an_endless_training_goes_on_until_it_is_stopped_with_few_records(monkeypatch: pytest.MonkeyPatch) -> None:
    training = dataclasses.replace(_small(steps=60), endless=True)
    monkeypatch.setattr(Training, "most_records", lambda self, data: 70)
    data = generated(training)
    job = scene.job_for(training, data, connection=process.Local())
    job.begin()
    end = time.monotonic() + 60
    while min(run.last for run in job.runs) < 500:
        assert time.monotonic() < end
        time.sleep(0.01)
    job.stop()
    _wait(job)
    assert job.stopped and job.steps == max(run.last for run in job.runs)
    racer, run = training.racers[0], job.runs[0]
    steps = run.steps()
    assert len(steps) <= 70 and steps[0] == 0 and steps[-1] == run.last
    # records lie a stride apart, up to whole steps, except for the one that was the last when others were dropped
    widths = np.sort(np.diff(steps[:-1]))[2:]
    assert widths[-1] - widths[0] <= 1 and widths[0] > training.stride(data)
    alone = join(
        train(training.network(racer, data), training.rule(racer), training.start(racer, data), 500, batch_size=32)
    )
    np.testing.assert_allclose(run.losses()[:500], alone.losses, rtol=1e-3)
    lines = [line for line in only(_panel(training, job, "loss"), Line) if line.racer == "racer-0"]
    network = run.network
    np.testing.assert_allclose(lines[0].y, [float(network(w)) for w in run.weights()], rtol=1e-4)


def test_thinned_records_keep_their_measures_and_the_last_one() -> None:
    run = _trained(MOONS).runs[0]
    steps, losses = run.steps(), observers.measures(run).loss
    keep = np.isin(steps, [0, 6, 12, 17, 23, 29, 34, 40, 45, 51, 57, 60])  # the ends of 45/8 steps, and the last
    assert keep.sum() == 12
    run.thin(Fraction(45, 8), len(run.pieces))
    np.testing.assert_array_equal(run.steps(), steps[keep])
    np.testing.assert_array_equal(observers.measures(run).loss, losses[keep])
    assert run.recorded == 12 and run.last == 60


def test_runs_that_a_change_leaves_alone_are_taken_over(moons: Job) -> None:
    moved = set_racer(MOONS, "racer-0", "learning_rate", 0.2)
    job = scene.job_for(moved, generated(moved), moons)
    assert job.runs[1].finished and not job.runs[0].finished
    assert job.runs[1].pieces == moons.runs[1].pieces
    other = racers.set_seed(MOONS, 5)
    assert not any(run.finished for run in scene.job_for(other, generated(other), moons).runs)


@pytest.mark.parametrize("key", list(VIEWS))
@pytest.mark.parametrize(
    "source", ["moons", pytest.param("curve", marks=pytest.mark.long), pytest.param("digits", marks=pytest.mark.long)]
)
@pytest.mark.thinned(2)
def test_every_view_draws_every_kind_of_data(key: str, source: str) -> None:
    training = MOONS if source == "moons" else _small(source)
    job = _job_of(source)
    if not VIEWS[key].fits(job.data):
        assert key == "accuracy" and source == "curve"
        return
    panel = _panel(training, job, key)
    assert not panel.message and panel.marks, panel.message
    assert VIEWS[key].name(job.data)


_JOBS: dict[str, Job] = {}


def _job_of(source: str) -> Job:
    if source not in _JOBS:
        _JOBS[source] = _trained(MOONS if source == "moons" else _small(source))
    return _JOBS[source]


@pytest.mark.parametrize("source", ["curve", pytest.param("digits", marks=pytest.mark.long)])
def test_the_outcome_of_other_data_is_drawn(source: str) -> None:
    panel = _panel(_small(source), _job_of(source), "outcome")
    assert len(only(panel, Line if source == "curve" else Tiles)) == 2


def test_curves_are_the_measures(moons: Job) -> None:
    panel = _panel(MOONS, moons, "loss")
    lines = [line for line in only(panel, Line) if line.racer == "racer-1"]
    run, data = moons.runs[1], moons.data
    for line, part in zip(lines, (data.train, data.validation), strict=True):
        network = run.network.replace(x=part.x, y=part.y)
        found = [float(network(w)) for w in run.weights()]
        np.testing.assert_allclose(line.y, found, rtol=1e-4)
        np.testing.assert_array_equal(line.x, run.steps())
    assert lines[0].dash == "solid" and lines[1].dash == "dot"


def test_a_diamond_marks_the_lowest_validation_loss_if_it_rises_again() -> None:
    """A large learning rate overfits 30 samples at once; a tiny one is still falling at the end."""
    training = _small("moons", "adam:learning_rate=0.1", "sgd:learning_rate=1e-6", steps=200, batch_size=0)
    training = changes.set_data(changes.set_data(training, "samples", 50), "noise", 0.4)
    job = _trained(training)
    for key in ("loss", "accuracy"):
        panel = _panel(training, job, key)
        (mark,) = only(panel, Dots)
        found = observers.measures(job.runs[0])
        lowest = int(np.argmin(found.validation_loss))
        values = found.validation_loss if key == "loss" else found.validation_accuracy
        assert (mark.racer, mark.symbol) == (job.runs[0].racer.id, "diamond")
        np.testing.assert_array_equal(mark.x, job.runs[0].steps()[[lowest]])
        np.testing.assert_allclose(mark.y, values[[lowest]])
        assert note(panel).endswith("; diamond: lowest validation loss")
    assert np.argmin(observers.measures(job.runs[1]).validation_loss) == len(job.runs[1].steps()) - 1


def test_the_boundary_is_the_networks_own_class(moons: Job) -> None:
    panel = _panel(MOONS, moons, "outcome")
    tile, run = only(panel, Tiles)[0], moons.runs[0]
    assert tile.classes is not None
    (x0, x1), (y0, y1) = observers.extent(moons.data)
    for moment in (0, -1):
        w = run.weights()[moment]
        for row, column in ((0, 0), (10, 40), (47, 47), (30, 3)):
            at = [x0 + (x1 - x0) * column / 47, y0 + (y1 - y0) * row / 47]
            outputs = np.asarray(run.network.model(w, np.array([at], np.float32)))[0]
            assert tile.classes[moment][observers.SIDE - 1 - row, column] == outputs.argmax()


@pytest.mark.long
def test_sharpness_is_lanczos_and_its_limit_the_rules() -> None:
    training = _small("chebyshev", "sgd:learning_rate=0.05", "adam:learning_rate=0.01")
    job = _trained(training)
    panel = _panel(training, job, "sharpness")
    run = job.runs[0]
    found = _strong(panel)["racer-0"]
    expected = [float(top_eigenvalues(run.network, w)[0]) for w in run.weights()[[0, 5, -1]]]
    np.testing.assert_allclose(found.y[[0, 5, -1]], expected, rtol=1e-3)
    limits = {line.racer: line.y[0] for line in only(panel, Line) if line.dash == "dot"}
    assert limits["racer-0"] == pytest.approx(2 / 0.05) and limits["racer-1"] == pytest.approx(38 / 0.01)
    assert "Adam, of P⁻¹H" in note(panel)


@pytest.mark.long
def test_the_limits_of_a_scheduled_training_are_those_of_each_step() -> None:
    """Under a cosine with T = 60: 2/η_t for SGD, 38/η_t for Adam with β₁ = 0.9, whose curve stays that of P⁻¹H."""
    training = _small("chebyshev", "sgd:learning_rate=0.05", "adam:learning_rate=0.01")
    plain = _panel(training, _trained(training), "sharpness")
    training = dataclasses.replace(training, schedule=Choice("cosine", (("horizon", 60.0),)))
    job = _trained(training)
    panel = _panel(training, job, "sharpness")
    done = np.minimum(np.arange(job.steps + 1) / 60, 1)
    with np.errstate(divide="ignore"):
        limits = 1 / (0.5 * (1 + np.cos(np.pi * done)))
    found = {line.racer: line.y for line in only(panel, Line) if line.dash == "dot"}
    first = slice(0, min(50, job.steps))
    for racer, limit in (("racer-0", 2 / 0.05), ("racer-1", 38 / 0.01)):
        np.testing.assert_allclose(found[racer][first], limit * limits[first], rtol=1e-6)
    assert "Adam, of P⁻¹H" in note(panel) and "at the learning rate of each step" in note(panel)
    before, after = (_strong(one)["racer-1"].y for one in (plain, panel))
    assert np.isnan(before[0]) and np.isnan(after[0])
    # the first steps have nearly the same rates, so nearly the same P⁻¹H; H alone is smaller by orders of magnitude
    assert after[1] == pytest.approx(before[1], rel=0.3)


def test_the_landscape_says_what_it_hides() -> None:
    training = _small("moons", "sgd:learning_rate=0.3", "adam:learning_rate=0.01", "rmsprop:learning_rate=0.01")
    job = _trained(training)
    for kind in PLANES:
        panel = _panel(dataclasses.replace(training, plane=kind), job, "landscape")
        assert len(only(panel, Field)) == 1 and "true loss" in note(panel)
        for dots, run in zip(only(panel, Dots), job.runs, strict=True):
            rows = dict(dots.hover)
            np.testing.assert_allclose(rows["true loss"], [float(run.network(w)) for w in run.weights()], rtol=1e-4)
            assert len(rows["off the plane"]) == len(dots.x) == len(run.steps())
        if kind == "principal":
            assert "random walks" in note(panel) and "%" in note(panel)
        if kind == "three":  # the three ends lie on it
            assert all(dict(dots.hover)["off the plane"][-1] < 1e-3 for dots in only(panel, Dots))


def test_a_board_is_busy_as_long_as_another_may_differ() -> None:
    job = scene.job_for(MOONS, generated(MOONS))
    assert not scene.scene(MOONS, job).busy
    job.begin()
    assert scene.scene(MOONS, job).busy
    _wait(job)
    shown = dataclasses.replace(MOONS, views=("landscape", "loss", "weights"))
    looks = scene.scene(shown, job)
    assert looks.busy and looks.panels[0].message
    for _ in range(4):
        _wait(job)
        looks = scene.scene(shown, job)
    assert not looks.busy and only(looks.panels[0], Field)


def test_a_plane_through_three_needs_three(moons: Job) -> None:
    panel = _panel(dataclasses.replace(MOONS, plane="three"), moons, "landscape")
    assert panel.message == "A plane through three solutions needs three racers with the same network and loss."


def test_another_network_is_left_out_of_the_plane() -> None:
    training = _small("moons", "sgd:learning_rate=0.3", "sgd:learning_rate=0.2", "sgd:learning_rate=0.2,widths=4")
    panel = _panel(training, _trained(training), "landscape")
    assert len(only(panel, Dots)) == 2 and "1 with another network or loss is left out" in note(panel)


def test_a_diverging_run_says_so_and_the_others_live_on() -> None:
    training = _small("curve", "sgd:learning_rate=9", "adam:learning_rate=0.01")
    training = changes.set_setup(training, "activation", "identity", generated(training))
    job = _trained(training)
    lost, fine = results.table(training, job)
    assert lost.status.startswith("diverged @ ") and lost.steps < 60 and fine.steps == 60
    cards = scene.scene(training, job).cards
    assert cards[0].gone and not cards[1].gone
    for key in VIEWS:
        if VIEWS[key].fits(job.data):
            _panel(training, job, key)


def test_an_error_of_one_racer_is_said_on_its_card(monkeypatch: pytest.MonkeyPatch) -> None:
    training = _small()
    local = process.Local()
    job = scene.job_for(training, generated(training), connection=local)

    def broken() -> Any:
        raise RuntimeError("out of memory")
        yield

    (task,) = local._trainer._tasks.values()
    while not all(course.ready for course in task.courses):
        time.sleep(0.01)
    task.courses[0].parts, task.courses[0].pieces = [], broken()
    job.begin()
    _wait(job)
    assert results.status(job.runs[0], job)[:2] == ("failed", "RuntimeError: out of memory")
    assert job.runs[1].last == 60


def test_the_test_samples_are_only_used_when_asked(moons: Job) -> None:
    run, held = moons.runs[1], moons.data.test
    lowest = observers.lowest_validation(run)
    assert lowest and lowest.step < run.last
    found = results.tested(moons)["racer-1"]
    for record, loss, accuracy in ((-1, *found[:2]), (lowest.record, *found[2:])):
        outputs = np.asarray(run.network.model(run.weights()[record], held.x))
        right = outputs[np.arange(len(held)), held.y.argmax(1)]
        assert accuracy == pytest.approx((outputs.argmax(1) == held.y.argmax(1)).mean())
        assert loss == pytest.approx((np.logaddexp.reduce(outputs, axis=1) - right).mean(), rel=1e-5)
    for key in VIEWS:  # no observer looks at them
        spoiled = dataclasses.replace(held, x=np.full_like(held.x, np.nan))
        data = dataclasses.replace(moons.data, test=spoiled)
        for observer in VIEWS[key].observers(data).values():
            start = dataclasses.replace(run.pieces[0], weights=run.weights()[:1])
            seen = observer(dataclasses.replace(run, data=data), start)
            assert all(np.isfinite(np.asarray(a, float)).all() for a in seen[:2]) or key == "sharpness"


def test_hidden_racers_are_not_drawn(moons: Job) -> None:
    hidden = hide_racer(MOONS, "racer-0", True)
    panel = _panel(hidden, moons, "loss")
    assert {line.racer for line in curves(panel)} == {"racer-1"}
    assert len(results.table(hidden, moons)) == 1
    assert len(scene.scene(hidden, moons).cards) == 2


def test_thinning_keeps_the_extremes() -> None:
    y = np.sin(np.arange(10_001) ** 1.3)
    x, thin = thinned(np.arange(10_001), y)
    assert len(thin) < 2600 and thin.max() == y.max() and thin.min() == y.min()
    assert (np.diff(x) >= 0).all() and x[-1] == 10_000
    np.testing.assert_array_equal(y[x], thin)


def test_titles_say_what_a_racer_has_for_itself() -> None:
    training = _small("moons", "sgd:activation=relu,batch_size=0", "sgd:initialization=normal,sigma=0.01", "adam")
    assert captions.titles(training) == ["SGD (ReLU)", "SGD (σ = 0.01)", "Adam"]


def test_before_the_first_step_there_are_the_data_and_an_invitation() -> None:
    training = _small("digits")
    job = scene.job_for(training, generated(training))
    outcome_, accuracy, loss = scene.scene(training, job).panels
    for panel in (accuracy, loss):
        assert panel.message.startswith("Press Train") and panel.title.lower() in panel.message
    (tiles,) = only(outcome_, Tiles)
    data = generated(dataclasses.replace(training, standardised=False))
    image = data.train.x[17].reshape(8, 8)  # the second of the second row
    np.testing.assert_allclose(tiles.values[0, 11:19, 11:19] / 255, image, atol=0.01)
    job.begin()
    _wait(job)
    assert not any(panel.message for panel in scene.scene(training, job).panels)


def test_the_loss_of_batches_is_smoothed_and_says_so() -> None:
    training = _small("moons", "sgd:learning_rate=0.1,batch_size=1", steps=400)
    job = _trained(training)
    panel = _panel(training, job, "batch_loss")
    losses = job.runs[0].losses()
    (raw,), (smooth,) = only(panel, Lines), only(panel, Line)
    np.testing.assert_allclose(raw.y[0], losses, rtol=1e-6)
    assert smooth.y[0] == pytest.approx(losses[0]) and smooth.y[2] == pytest.approx(losses[:3].mean())
    assert smooth.y[100] == pytest.approx(losses[97:101].mean(), rel=1e-5)
    assert "mean of the last 4 steps" in note(panel)


def test_the_boundary_of_a_network_with_features_is_that_of_its_inputs() -> None:
    """A linear model on x² and sin πx separates the circles; the class at a point is that of its expanded inputs."""
    training = dataclasses.replace(_small("circles", "adam:learning_rate=0.1"), widths=(), steps=200)
    training = changes.prepare(training, "features", "squares,sines", generated)
    data = generated(training)
    assert data.inputs == 6 and data.dimensions == 2
    job = _trained(training)
    tile = only(_panel(training, job, "outcome"), Tiles)[0]
    run = job.runs[0]
    (x0, x1), (y0, y1) = observers.extent(data)
    raw = generated(dataclasses.replace(training, features=(), standardised=False)).train.x
    mean, deviation = raw.mean(axis=0), raw.std(axis=0)
    for row, column in ((0, 0), (10, 40), (24, 24), (30, 3)):
        at = np.array([x0 + (x1 - x0) * column / 47, y0 + (y1 - y0) * row / 47]) * deviation + mean
        expanded = np.concatenate([at, at**2, np.sin(np.pi * at)])
        inputs = (expanded - data.mean) / data.deviation
        outputs = np.asarray(run.network.model(run.weights()[-1], inputs[None].astype(np.float32)))[0]
        assert tile.classes is not None and tile.classes[-1][observers.SIDE - 1 - row, column] == outputs.argmax()
    assert results.table(training, job)[0].accuracy > 0.95


def test_titles_are_as_short_as_tells_racers_apart() -> None:
    vanishing = presets.preset("vanishing")
    assert captions.titles(vanishing) == ["SGD (sigmoid)", "SGD (tanh)", "SGD (ReLU)"]
    starts = presets.preset("initialisation")
    assert captions.titles(starts) == ["SGD (zeros)", "SGD (σ = 0.01)", "SGD (He normal)", "SGD (σ = 1)"]
    same = _small("moons", "sgd:activation=relu,batch_size=7", "sgd:activation=relu,batch_size=9")
    assert captions.titles(same) == ["SGD (ReLU, batch 7)", "SGD (ReLU, batch 9)"]


@pytest.mark.parametrize(
    ("widths", "words"), [((2, 2), "2-2"), ((2, 8, 8, 2), "2-8-8-2"), ((2, *[8] * 5, 2), "2-8×5-2")]
)
def test_widths_in_little_room(widths: tuple[int, ...], words: str) -> None:
    assert captions.spelled_widths(widths) == words


def test_the_legend_of_a_landscape_stands_where_no_path_goes(moons: Job) -> None:
    panel = _panel(MOONS, moons, "landscape")
    (ground,), (axes,) = only(panel, Field), panel.axes
    corners = {
        f"{up} {across}": (x, y) for up, y in (("bottom", 0), ("top", 1)) for across, x in (("left", 0), ("right", 1))
    }

    def covered(corner: str) -> int:
        x, y = corners[corner]
        count = 0
        for path in only(panel, Line):
            u = (path.x - axes.x.low) / (axes.x.high - axes.x.low)
            v = (path.y - axes.y.low) / (axes.y.high - axes.y.low)
            count += np.count_nonzero((np.abs(u - x) < 0.65) & (np.abs(v - y) < 0.2))
        return count

    counts = {corner: covered(corner) for corner in corners}
    assert counts[ground.corner] == min(counts.values()) < max(counts.values())


def test_a_run_that_diverged_has_no_numbers_and_no_test() -> None:
    training = _small("curve", "sgd:learning_rate=10", "sgd:learning_rate=0.01")
    job = _trained(training)
    wild, tame = results.table(training, job)
    assert wild.status.startswith("diverged @ ") and np.isnan([wild.loss, wild.validation_loss]).all()
    assert tame.loss < 10 and wild.steps < tame.steps == 60
    tested = results.tested(job)
    assert np.isnan(tested["racer-0"]).all() and np.isfinite(tested["racer-1"].loss)
    cells = results.test_cells(tested["racer-1"], job.data)
    assert len(cells) == len(results.test_heads(job.data)) == 2
    assert results.test_cells(tested["racer-0"], job.data) == ["–", "–"]


def test_the_clock_goes_as_far_as_the_runs_have_gone() -> None:
    training = _small(steps=100_000)
    job = scene.job_for(training, generated(training))
    assert scene.scene(training, job).clock.end == 0
    job.begin()
    while not all(run.last for run in job.runs):
        time.sleep(0.005)
    job.stop()
    _wait(job)
    assert scene.scene(training, job).clock.end == max(run.last for run in job.runs) < 100_000
    assert job.progress == sum(run.last for run in job.runs) / 200_000


@pytest.mark.parametrize("steps", [1, 60, 800, 1500, 6000, 100_000])
def test_numbers_under_charts_side_by_side_do_not_meet(steps: int) -> None:
    job = scene.job_for(_small(steps=steps), generated(_small()))
    shown = [Shown(run, f"racer-{k}", "A", "#d55e00", "solid") for k, run in enumerate(job.runs)]
    first, second = facet_axes(shown, job.steps, Axis(low=0, high=1))
    assert first.x.ticks[0] == 0 and first.x.ticks[-1] <= 0.8 * steps and len(first.x.ticks) <= 3
    assert first.place[2] < second.place[0] and first.y.numbers and not second.y.numbers


def test_histograms_are_square_roots_on_a_scale_of_the_whole_run(moons: Job) -> None:
    panel = _panel(MOONS, moons, "activations")
    found = observers.measures(moons.runs[1]).histograms
    bars = [bar for bar in only(panel, Bars) if bar.racer == "racer-1"]
    assert len(bars) == found.shape[1] == 2
    for layer, bar in enumerate(bars):
        np.testing.assert_allclose(bar.heights**2, found[:, layer], rtol=1e-5, atol=1e-7)
        axes = panel.axes[bar.axes]
        assert axes.y.high == pytest.approx(bar.heights.max()) and (axes.x.low, axes.x.high) == (-4, 4)
        assert len(bar.captions) == len(bar.heights) and bar.captions[0].startswith(f"layer {layer + 1}")
