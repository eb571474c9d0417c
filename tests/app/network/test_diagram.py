"""The view of a network as a graph: pictures, edges and names are those of the network, and buttons change it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from app.common import racers
from app.common.racers import Choice, Refused
from app.figures.marks import Graph, Panel, Text
from app.figures.panels import Shown
from app.network import changes, diagram, neurons, observers, presets, scene
from app.network.run import runs_of
from app.network.settings import MAX_LAYERS, Training, generated
from optimizers.training import Piece
from tests.app.drawn import note, only


def _training(key: str, widths: tuple[int, ...], **options: object) -> Training:
    training = changes.choose_data(Training(steps=4, views=("network", "loss", "weights")), key)
    data = generated(training)
    training = dataclasses.replace(training, widths=widths, **options)
    return presets.with_racers(
        training,
        lambda t, key, rate=None: changes.add_racer(t, key, data, rate),
        "sgd:learning_rate=0.1",
        "adam:learning_rate=0.02",
    )


def _shown(training: Training) -> list[Shown]:
    """The racers with what is seen of their weights at the start."""
    data = generated(training)
    runs = runs_of(training, data, 0)
    for racer, run in zip(training.racers, runs, strict=True):
        w = training.start(racer, data)[None]
        none = np.zeros(0, np.float32)
        run.pieces = [Piece(0, none, np.zeros((0, 1), np.float32), np.zeros(1, int), w, w[:, :0], -1)]
        run.seen = {diagram.NAME: [neurons.observe_neurons(run, run.pieces[0])]}
    return [
        Shown(run, racer.id, racer.rule.key, "#005ba9", "solid")
        for racer, run in zip(training.racers, runs, strict=True)
    ]


def _drawn(training: Training) -> tuple[Panel, Graph]:
    panel = diagram.drawn(generated(training), _shown(training), training)
    (graph,) = only(panel, Graph)
    return panel, graph


def _signals(training: Training, at: np.ndarray) -> list[np.ndarray]:
    """The outputs of all layers of the first racer at its start."""
    racer, data = training.racers[0], generated(training)
    w = training.start(racer, data)
    x = np.asarray(at, np.float32)
    return [np.asarray(h) for _, h in training.model(racer, data).signals(w, x, data.train.x)]


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_neuron_on_two_inputs_is_drawn_as_the_plane_sees_it(norm: str) -> None:
    """Batch norm takes its statistics from the training samples, not from the points of the picture."""
    training = _training("moons", (3, 9), setup=Choice("setup", (("norm", norm),)))
    graph = _drawn(training)[1]
    data = generated(training)
    # two inputs, three neurons, eight of nine, two classes
    assert graph.pictures.shape == (1, 2 + 3 + 8 + 2, 24 * 24) and len(graph.names) == 15
    assert graph.names[:3] == ("input x₁", "input x₂", "layer 1, neuron 1") and graph.names[5] == "layer 2, neuron 1"
    assert graph.names[-2:] == ("class 0", "class 1")
    (x0, x1), (y0, y1) = observers.extent(data)
    rng = np.random.default_rng(0)
    for row, column in rng.integers(0, 24, (6, 2)):
        at = np.array([[x0 + (x1 - x0) * column / 23, y1 - (y1 - y0) * row / 23]])
        first, second, outputs = _signals(training, at)
        levels = graph.pictures[0].reshape(-1, 24, 24)[:, row, column].astype(float)
        low, high = (np.asarray(values)[0] for word, values in graph.hover if word != "bias")
        largest = np.maximum(np.abs(low), np.abs(high))
        expected = np.concatenate([at[0], first[0], second[0, :8]]) / largest[:13]
        np.testing.assert_allclose((levels[:13] - 128) / 127, expected, atol=0.006)
        shares = np.exp(outputs[0]) / np.exp(outputs[0]).sum()
        np.testing.assert_allclose((levels[13:] - 128) / 127, shares, atol=0.006)
    # the uppermost row has the largest second input
    upright = graph.pictures[0, 1].reshape(24, 24)
    assert upright[0, 0] > upright[-1, 0] and graph.pictures[0, 0, 0] < graph.pictures[0, 0, 23]


def test_edges_are_the_weights_relative_to_the_largest_of_their_layer() -> None:
    training = _training("moons", (3, 9))
    graph = _drawn(training)[1]
    data = generated(training)
    model = training.model(training.racers[0], data)
    layers = model.unravel(training.start(training.racers[0], data))
    first = [0, 2, 5, 13]
    for k, layer in enumerate(layers):
        W = np.asarray(layer.W)[: (2, 3, 8)[k], : (3, 8, 2)[k]]
        for i, o in np.ndindex(W.shape):
            (edge,) = np.flatnonzero((graph.source == first[k] + i) & (graph.target == first[k + 1] + o))
            assert graph.strengths[0, edge] == pytest.approx(W[i, o] / np.abs(W).max(), rel=1e-5)
    assert len(graph.source) == 2 * 3 + 3 * 8 + 8 * 2


def test_a_curve_is_filled_up_to_its_height() -> None:
    training = _training("curve", (4,))
    graph = _drawn(training)[1]
    data = generated(training)
    pictures = (graph.pictures[0].reshape(-1, 32, 32).astype(float) - 128) / 127
    along = observers.along(data, 32)
    (hidden, _) = _signals(training, data.inputs_at(along[:, None]))
    relative = hidden / np.abs(hidden).max(axis=0)
    # the sum of a column is the height of the curve in pixels
    np.testing.assert_allclose(pictures[1:5].sum(axis=1), 16 * relative.T, atol=0.15)
    assert np.all(pictures[:, :16] >= 0) and np.all(pictures[:, 16:] <= 0)


def test_images_show_weights_first_and_then_covariances() -> None:
    training = _training("digits", (12, 3), standardised=False)  # so that means matter
    graph = _drawn(training)[1]
    data = generated(training)
    assert graph.grid == (8, 8) and graph.pictures.shape == (1, 8 + 3 + 10, 64)
    W = np.asarray(training.model(training.racers[0], data).unravel(training.start(training.racers[0], data))[0].W)
    levels = (graph.pictures[0, 4].astype(float) - 128) / 127
    np.testing.assert_allclose(levels, W[:, 4] / np.abs(W[:, 4]).max(), atol=0.005)
    x = data.validation.x[: neurons.PROBE]
    outputs = _signals(training, x)[1][:, 2]
    covariance = np.array([np.cov(outputs, pixel, bias=True)[0, 1] for pixel in x.T])
    levels = (graph.pictures[0, 8 + 2].astype(float) - 128) / 127
    np.testing.assert_allclose(levels, covariance / np.abs(covariance).max(), atol=0.01)
    assert len(graph.source) == 8 * 3 + 3 * 10


def test_wide_layers_and_deep_networks_say_what_is_left_out() -> None:
    panel, _ = _drawn(_training("moons", (256, 3)))
    words = [text.words[0] for text in only(panel, Text)]
    assert words == ["2 inputs", "8 of 256 neurons", "3 neurons", "2 classes"]
    panel, graph = _drawn(_training("moons", (9,) * MAX_LAYERS))
    assert [text.words[0] for text in only(panel, Text)] == ["in", *["3 of 9"] * MAX_LAYERS, "out"]
    assert graph.pictures.nbytes + graph.strengths.nbytes < 5e4  # for each recorded step
    assert not {button.name: button for button in panel.buttons}["deeper"].enabled


def test_the_chosen_racer_is_drawn_and_the_first_visible_one_if_it_is_hidden() -> None:
    shown = [Shown(None, f"racer-{k}", str(k), "", "solid") for k in (0, 2, 3)]
    assert diagram.subject(Training(inside=2), shown).id == "racer-2"
    assert diagram.subject(Training(inside=1), shown).id == "racer-0"
    training = changes.change(_training("moons", (2,)), "inside", "1", generated(_training("moons", (2,))))
    assert training.inside == 1 and diagram.NAME in scene.needed(training, generated(training))


def test_the_note_names_the_racer_and_the_option_offers_all() -> None:
    panel, graph = _drawn(_training("moons", (2,), inside=1))
    assert panel.option and panel.option.value == "1" and dict(panel.option.choices) == {"0": "sgd", "1": "adam"}
    assert note(panel).startswith("adam; ") and graph.racer == "racer-1"


def test_buttons_change_the_hidden_layers() -> None:
    training = _training("moons", (3, 1))
    data = generated(training)

    def after(how: str, before: Training = training) -> tuple[int, ...]:
        return changes.resize(before, how, data).widths

    assert (after("more 0"), after("less 0"), after("deeper"), after("shallower")) == (
        (4, 1),
        (2, 1),
        (3, 1, 1),
        (3,),
    )
    bare = dataclasses.replace(training, widths=())
    assert after("deeper", bare) == (changes.FIRST_WIDTH,) and after("shallower", bare) == ()
    with pytest.raises(Refused, match="width of a hidden layer must be a whole number"):
        after("less 1")
    for gone in ("more 2", "more x", "wider"):
        with pytest.raises(Refused, match="no longer in the network"):
            after(gone)


def test_a_racer_with_layers_of_its_own_changes_those() -> None:
    training = _training("moons", (3,), inside=1)
    data = generated(training)
    training = changes.set_racer(training, "racer-1", "widths", "5")
    changed = changes.resize(training, "more 0", data)
    assert changed.widths == (3,) and changed.of(changed.racers[1], "widths") == (6,)
    with pytest.raises(Refused, match="needs at least one of them"):
        changes.resize(training, "shallower", data)
    hidden = racers.hide_racer(training, "racer-1", True)
    assert changes.resize(hidden, "more 0", data).widths == (4,)


def test_pictures_of_what_is_no_number_are_blank() -> None:
    data = generated(_training("moons", (2,)))
    levels = neurons.painted(np.array([[np.nan, 1.0], [np.inf, -2.0], [0.0, 0.0]]), data)
    assert levels.tolist() == [[128, 255], [128, 1], [128, 128]] and levels.dtype == np.uint8
