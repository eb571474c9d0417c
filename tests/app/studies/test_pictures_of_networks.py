"""The pictures of the studies of networks: what is drawn are the numbers of the result, complete or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from app.figures import theme
from app.figures.marks import AnyMark, Band, Dots, Line, Lines, Panel, Text, Tiles
from app.studies import pictures
from app.studies.pictures import depth as depth_picture
from app.studies.pictures import transfer as transfer_picture
from optimizers.studies import STUDIES, Study
from optimizers.studies.catalogue import autoencoder, batch_size, depth, linear_stack, stacked_autoencoder, transfer

RNG = np.random.default_rng(0)


def _depth() -> tuple[Study, Any]:
    shape = (len(depth.KINDS), len(depth.SCHEMES), 3, 4)
    found = depth.Found(RNG.random(shape), RNG.random(shape))
    found.gradients[:, 0] = found.spreads[:, 0] = 0
    found.gradients[depth.KINDS.index("sigmoid"), -1] = [1e-9, 1e-6, 1e-3, 1.0]
    return STUDIES["depth"](layers=4, seeds=3), found


def _linear_stack() -> tuple[Study, Any]:
    steps = np.arange(0, 50, 10)
    losses = RNG.random((2, 2, 3, 5)) + 0.1
    shades = RNG.integers(0, 256, (2, 2, 5, linear_stack.SIDE, linear_stack.SIDE)).astype(np.uint8)
    x, labels = RNG.normal(size=(20, 2)), RNG.integers(0, 2, 20)
    fixed = 0.25, 0.5, shades[0, 0, 0], x, labels, (-2.0, 2.0)
    return STUDIES["linear_stack"](depth=2, seeds=3), linear_stack.Found(
        steps, losses, RNG.random((2, 2, 3)), shades, *fixed
    )


def _autoencoder() -> tuple[Study, Any]:
    steps, count = np.arange(0, 40, 10), len(autoencoder.OPTIMIZERS)
    images = RNG.integers(0, 256, (count, 4, autoencoder.IMAGES, 64)).astype(np.uint8)
    errors = RNG.random((2, count, 3, 4)) + 0.01
    scores = RNG.random((count, len(autoencoder.RATES)))
    return STUDIES["autoencoder"](seeds=3), autoencoder.Found(
        steps, np.full(count, 0.1), scores, *errors, images, images[0, 0], images[0, 1], 0.01, 0.02
    )


def _stacked() -> tuple[Study, Any]:
    steps = np.arange(0, 40, 10)
    values = RNG.random((2, 2, 3, 4))
    codes, labels = RNG.uniform(-1, 1, (4, 9, 2)), np.arange(9) % 10
    found = stacked_autoencoder.Found(steps, values[0], np.ones((2, 3)), values[1] + 0.1, codes, labels)
    return STUDIES["stacked_autoencoder"](seeds=3), found


def _transfer() -> tuple[Study, Any]:
    found = transfer.Found(np.array([1, 5]), RNG.random((4, 2, 3)), RNG.normal(size=(2, 64, 64)))
    return STUDIES["transfer"](seeds=3), found


def _batch_size() -> tuple[Study, Any]:
    parts, lines = RNG.random((6, 2, 2, 3)) + 0.1, RNG.random((2, 2, 3, len(batch_size.LINE)))
    return STUDIES["batch_size"](seeds=3), batch_size.Found(*parts, *lines)


CASES = {
    "depth": _depth,
    "linear_stack": _linear_stack,
    "autoencoder": _autoencoder,
    "stacked_autoencoder": _stacked,
    "transfer": _transfer,
    "batch_size": _batch_size,
}


def _panels(key: str, study: Study, found: Any) -> dict[str, Panel]:
    return {panel.key: panel for panel in pictures.of(key).panels(study, found)}


def _of(panel: Panel, kind: type[AnyMark]) -> list[Any]:
    return [mark for mark in panel.marks if isinstance(mark, kind)]


def _named(panel: Panel, name: str) -> Line:
    return next(line for line in _of(panel, Line) if line.name == name)


@pytest.mark.parametrize("key", CASES)
def test_a_result_without_numbers_can_be_drawn(key: str) -> None:
    """As it is after the first part: everything is missing that may be."""
    study, found = CASES[key]()

    def missing(name: str, value: Any) -> Any:
        measured = isinstance(value, np.ndarray) and value.dtype.kind == "f" and name != "x"
        return np.full_like(value, np.nan) if measured else value

    empty = type(found)(*(missing(name, value) for name, value in found._asdict().items()))
    if key == "transfer":
        empty = empty._replace(features=found.features[:0])
    whole, partly = _panels(key, study, found), _panels(key, study, empty)
    assert list(whole) == list(partly) and 1 <= len(whole) <= 3
    for panel in [*whole.values(), *partly.values()]:
        assert panel.title and (panel.note or panel.message)
        for pair in panel.axes:
            assert all(np.isfinite([axis.low, axis.high]).all() and axis.low < axis.high for axis in (pair.x, pair.y))


def test_depth_has_the_medians_of_all_layers() -> None:
    study, found = _depth()
    panels = _panels("depth", study, found)
    kind, scheme = depth.KINDS.index("tanh"), depth.SCHEMES.index("lecun_normal")
    line = _named(panels["gradients"], "tanh, LeCun")
    np.testing.assert_allclose(line.y, np.median(found.gradients[kind, scheme], axis=0))
    assert panels["gradients"].axes[line.axes].title == "tanh"
    np.testing.assert_allclose(
        _named(panels["spreads"], "tanh, LeCun").y, np.median(found.spreads[kind, scheme], axis=0)
    )
    assert (line.dash, _named(panels["gradients"], "tanh, Xavier").dash) == ("solid", "dash")
    (tiles,) = _of(panels["ratios"], Tiles)
    vanished = depth.KINDS.index("sigmoid"), len(depth.SCHEMES) - 1
    assert tiles.values[0][vanished] == 255 and tiles.classes[0][vanished] == 0
    words = {text.words[0] for text in _of(panels["ratios"], Text)}
    assert {"10⁻⁹", "0/0", "GELU"} <= words


@pytest.mark.parametrize(("low", "high"), [(1e-15, 1e7), (0.25, 6), (0.1, 2), (1e-3, 1.0), (0.05, 30), (0.4, 45)])
def test_an_axis_of_a_small_chart_has_two_to_four_ticks_over_most_of_it(low: float, high: float) -> None:
    places = np.log(depth_picture.ticks(low, high))
    assert 2 <= len(places) <= depth_picture.MOST_TICKS and np.log(low) <= places[0] and places[-1] <= np.log(high)
    assert places[-1] - places[0] > 0.4 * np.log(high / low)


def test_linear_stack_has_the_seed_with_the_lowest_loss() -> None:
    study, found = _linear_stack()
    panels = _panels("linear_stack", study, found)
    assert [pair.title for pair in panels["outputs"].axes] == [
        *("identity, 1 map", "identity, 2 maps", "tanh, 1 map", "tanh, 2 maps")
    ]
    tiles = _of(panels["outputs"], Tiles)[3]
    shades = found.pictures[1, 1, :, ::-1]
    np.testing.assert_array_equal(tiles.classes, shades > 127)
    assert (tiles.values[(shades == 0) | (shades == 255)] == 255).all()
    best = found.losses[1, 1, :, -1].argmin()
    np.testing.assert_allclose(_named(panels["losses"], "tanh, 2 maps").y, found.losses[1, 1, best])
    np.testing.assert_allclose(_named(panels["depths"], "tanh").y[:, 1], found.losses[1, 1, best])
    assert set(_named(panels["depths"], "least squares").y) == {0.25}
    (name,) = _of(panels["losses"], Text)
    curve = _named(panels["losses"], "tanh, 2 maps")
    assert name.words == ("2 maps",) and name.y in curve.y and name.color == curve.color


def test_autoencoder_has_the_reconstructions_beside_the_inputs() -> None:
    study, found = _autoencoder()
    panels = _panels("autoencoder", study, found)
    assert [pair.title for pair in panels["images"].axes] == ["input", "SGD", "Momentum", "RMSprop", "Adam"]
    tiles = _of(panels["images"], Tiles)
    np.testing.assert_array_equal(tiles[0].values[-1, 1:9, 1:9].ravel(), found.originals[0])
    for moment in range(len(found.steps)):
        image = tiles[4].values[moment, 11:19, 21:29]  # the last in the second row of three
        np.testing.assert_array_equal(image.ravel(), found.images[3, moment, 5])
    np.testing.assert_array_equal(_named(panels["errors"], "Adam, test").y, found.test[3].mean(axis=0))
    band = _of(panels["errors"], Band)[3]
    low, high = np.asarray(band.low), np.asarray(band.high)
    np.testing.assert_allclose((low + high) / 2, found.train[3].mean(axis=0))
    half = 4.303 * found.train[3].std(axis=0, ddof=1) / np.sqrt(3)  # Student's t with two degrees of freedom
    np.testing.assert_allclose((high - low) / 2, half, rtol=1e-3)
    np.testing.assert_array_equal(_named(panels["rates"], "Adam").y, found.scores[3])
    corrupted = _panels("autoencoder", STUDIES["autoencoder"](corruption="noise"), found)["images"]
    assert [pair.title for pair in corrupted.axes][:2] == ["image", "input"]


def test_stacked_autoencoder_has_codes_and_means_with_intervals() -> None:
    study, found = _stacked()
    panels = _panels("stacked_autoencoder", study, found)
    (dots,) = _of(panels["codes"], Dots)
    np.testing.assert_array_equal(dots.x, found.codes[..., 0])
    np.testing.assert_array_equal(dots.colors, found.labels)
    for key, values in (("accuracy", found.accuracies), ("errors", found.errors)):
        np.testing.assert_allclose(_named(panels[key], "from scratch").y, values[1].mean(axis=0))
        half = 4.3027 * values[1].std(axis=0, ddof=1) / 3**0.5  # Student's t with two degrees of freedom
        np.testing.assert_allclose(_of(panels[key], Band)[1].high, values[1].mean(axis=0) + half, rtol=1e-4)


def test_transfer_has_accuracies_and_paired_gains() -> None:
    study, found = _transfer()
    panels = _panels("transfer", study, found)
    np.testing.assert_allclose(_named(panels["accuracy"], "frozen").y, found.accuracies[2].mean(axis=1))
    gains = 100 * (found.accuracies[2] - found.accuracies[0]).mean(axis=1)
    np.testing.assert_allclose(_named(panels["differences"], "frozen").y, gains)
    second = (0, slice(1, 9), slice(11, 19))
    before, after = found.features[:, : transfer_picture.NEURONS]
    strongest = np.percentile(np.abs([before, after, after - before]), transfer_picture.STRONGEST)
    for tiles, expected in zip(_of(panels["features"], Tiles), (before, after, after - before), strict=True):
        weights = tiles.values[second].ravel() / 255 * (2.0 * tiles.classes[second].ravel() - 1)
        np.testing.assert_allclose(weights, np.clip(expected[1] / strongest, -1, 1), atol=1 / 255)
        assert tiles.palette[:2] == theme.SIGNED, "the colours of the Network page"


def test_batch_size_has_the_line_and_a_pair_for_each_seed() -> None:
    study, found = _batch_size()
    panels = _panels("batch_size", study, found)
    np.testing.assert_allclose(_named(panels["line"], "Adam, test loss").y, found.test_line[1].mean(axis=0))
    for key, values in (("sharpness", found.sharpness), ("accuracy", found.test)):
        pairs = _of(panels[key], Lines)
        np.testing.assert_array_equal(pairs[1].y, values[1].T)
        np.testing.assert_allclose(_named(panels[key], "SGD, mean").y, values[0].mean(axis=1))
    sgd, adam = found.losses.mean(axis=2)
    reached = f"SGD {sgd[0]:.3g} and {sgd[1]:.3g}, Adam {adam[0]:.3g} and {adam[1]:.3g})"
    assert reached in panels["line"].note[0].text
    lost = found._replace(losses=np.where(np.arange(3) == 2, np.nan, found.losses))
    note = _panels("batch_size", study, lost)["line"].note[0].text
    assert "4 trainings did not reach the loss" in note
