"""What a map shows and exports: panels, legends, notes, tables, numbers and scripts."""

from __future__ import annotations

import dataclasses
import io
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from app.common.racers import Refused
from app.export.making import make
from app.export.options import Cut, Look
from app.figures import theme
from app.figures.marks import Band, Cells, Dots, Line, Rule, Sign, Text
from app.maps import (
    captions,
    changes,
    choices,
    data,
    export,
    findings,
    link,
    presets,
    results,
    scene,
    script,
    shading,
    views,
)
from app.maps.job import Job
from app.maps.settings import Settings
from app.player.scene import Scene, pack
from optimizers import trace
from optimizers.summaries import WORDS
from surfaces.digits import short

RAVINE = {"surface": "quadratic_ravine", "steps": "80", "racer": "momentum&sgd", "window": "-3,1,0,2", "cells": "64"}
JOBS: dict[Any, Job] = {}


def _settings(**query: str) -> Settings:
    settings, notices = link.parse({key.replace("__", "."): word.split("&") for key, word in (RAVINE | query).items()})
    assert notices == []
    return settings


def _job(settings: Settings) -> Job:
    """The job of a map, which several tests share."""
    if settings not in JOBS:
        JOBS[settings] = Job(settings).begin().join()
    return JOBS[settings]


def _scene(settings: Settings) -> Scene:
    return scene.scene(settings, _job(settings))


def _marks(shown: Scene, kind: type[Any]) -> list[Any]:
    return [mark for mark in shown.panels[0].marks if isinstance(mark, kind)]


def test_a_scene_has_a_map_for_each_visible_racer_and_beside_it_the_runs_that_are_played() -> None:
    settings = _settings()
    shown = _scene(settings)
    assert [panel.key for panel in shown.panels] == ["stability", "map", "loss"] and not shown.busy
    cells = _marks(shown, Cells)
    assert [one.racer for one in cells] == [pair.racer for pair in shown.panels[0].axes] == ["racer-0", "racer-1"]
    assert [pair.title for pair in shown.panels[0].axes] == ["Momentum", "SGD"]
    assert all(one.shades.shape == (64, 64) and one.box == (-3.0, 0.0, 1.0, 2.0) for one in cells)
    # the dot lies where the racer stands: SGD has no momentum, so that its whole column is the same run
    dots = {dot.racer: (float(dot.x[0]), float(dot.y[0])) for dot in _marks(shown, Dots)}
    rates = [np.log10(float(racer.rule.get("learning_rate", 0))) for racer in settings.racers]
    assert dots["racer-0"] == pytest.approx((rates[0], 1.0)) and dots["racer-1"] == pytest.approx((rates[1], 1.0))
    hidden = dataclasses.replace(
        settings, racers=(settings.racers[0], dataclasses.replace(settings.racers[1], hidden=True))
    )
    assert len(_marks(scene.scene(hidden, _job(settings)), Cells)) == 1
    assert len(pack(shown)) < 200_000
    assert [one.follows for one in shown.panels[1].marks if isinstance(one, Line) and one.follows] == ["path"] * 2


def test_the_colours_range_over_the_racers_that_are_shown() -> None:
    settings = _settings(color="final", racer="momentum&sgd:learning_rate=0.001")
    alone = dataclasses.replace(settings, racers=settings.racers[:1])
    slow = dataclasses.replace(settings.racers[1], hidden=True)
    hidden = dataclasses.replace(settings, racers=(settings.racers[0], slow))
    legends = [_scene(each).panels[0].legend for each in (settings, hidden, alone)]
    assert legends[1] == legends[2] != legends[0]


def test_equal_colours_mean_equal_results_and_the_legend_says_which() -> None:
    settings = _settings()
    shown, job = _scene(settings), _job(settings)
    legend = shown.panels[0].legend
    assert legend is not None and legend.ticks[-1] == (0.0, "80") and legend.ticks[0] == (1.0, "1")
    for k, cells in enumerate(_marks(shown, Cells)):
        reached, final = (job.complete[k].results[name] for name in ("reached", "final"))  # type: ignore[union-attr]
        words = dict(cells.words)
        codes = job.complete[k].results["codes"]  # type: ignore[union-attr]
        lost, growing = ~np.isfinite(final), codes == WORDS.index("growing")
        never = ~lost & ~growing & (reached < 0)
        assert {words[shade] for shade in np.unique(cells.shades[lost])} == {"diverged"}
        assert {words[shade] for shade in np.unique(cells.shades[growing])} == {"growing"}
        assert {words[shade] for shade in np.unique(cells.shades[never])} == {"not in 80"}
        known = ~lost & ~growing & ~never
        expected = 1 + np.rint((1 - np.log10(np.maximum(reached[known], 1)) / np.log10(80)) * (shading.SHADES - 1))
        np.testing.assert_array_equal(cells.shades[known], expected)
        np.testing.assert_array_equal(cells.values[known], reached[known])
        assert cells.colors[: shading.SHADES] == theme.ramp(shading.SHADES)


@pytest.mark.parametrize("color", ["final", "status", "rate"])
def test_every_colouring_has_its_numbers_and_its_legend(color: str) -> None:
    settings = _settings(color=color, steps="300")
    shown, job = _scene(settings), _job(settings)
    panel = shown.panels[0]
    assert panel.option is not None and panel.option.value == color and len(panel.option.choices) == 4
    assert panel.legend is not None and panel.legend.keys
    cells = _marks(shown, Cells)[0]
    grid = job.complete[0]
    assert grid is not None
    words = dict(cells.words)
    if color == "status":
        assert [words[shade] for shade in cells.shades[::9, ::9].ravel()] == [
            WORDS[code] for code in grid.results["codes"][::9, ::9].ravel()
        ]
    elif color == "rate":
        assert {words[shade] for shade in np.unique(cells.shades[grid.results["rate"] >= 1])} == {"diverges"}
        kept = grid.results["rate"] < 1
        order = np.argsort(grid.results["rate"][kept])
        assert (np.diff(cells.shades[kept][order].astype(int)) <= 0).all(), "the smaller the factor, the lighter"
    else:
        final = grid.results["final"]
        assert cells.shades[final == final.min()][0] == shading.SHADES
        first = float(trace(settings.built_surface(), settings.rule(settings.racers[0]), steps=1).losses[0])
        above = np.isfinite(final) & (final > first)
        assert (cells.shades[above] == shading.SHADES + 1).all() and (cells.shades[~above] != shading.SHADES + 1).all()
        assert panel.legend.keys[0][0] == f"above {short(first, 2)}, the initial loss" and above.any()
        # their labels have the loss, and only cells without a loss have words
        assert dict(cells.words) == {shading.SHADES + 2: "diverged"}
        assert panel.legend.ticks[-1][1].startswith("≤ ") and (final < 1e-50).any()


def test_the_label_of_a_cell_has_its_loss_however_large_or_small() -> None:
    settings = _settings(color="final", steps="300", window="-2,0,0,2")
    final = _job(settings).complete[0].results["final"]  # type: ignore[union-attr]
    kept = np.isfinite(final)
    assert final[kept].max() > 1e100 and final[kept].min() < 1e-50
    shown = _marks(_scene(settings), Cells)[0].values
    np.testing.assert_allclose(shown[kept], final[kept], rtol=1e-6)


@pytest.mark.long
def test_the_bar_of_the_fractal_map_ranges_over_useful_losses() -> None:
    settings = dataclasses.replace(presets.preset("fractal"), cells=64)
    panel = _scene(settings).panels[0]
    cells, final = _marks(_scene(settings), Cells)[0], _job(settings).complete[0].results["final"]  # type: ignore[union-attr]
    above = cells.shades == shading.SHADES + 1
    assert 0.02 < above.mean() < 0.3, "the edge is in sight"
    assert len(np.unique(cells.shades)) > 150 and np.median(cells.shades[~above]) < 190
    assert panel.legend is not None and len(panel.legend.ticks) >= 4
    numbers = [float(words.removeprefix("≤ ")) for _, words in panel.legend.ticks]
    assert numbers == sorted(numbers, reverse=True) and numbers[0] < 0.96 < 1 and numbers[-1] > 0.05
    assert 0.9 < final[~above].max() < 0.965 and final[above].min() > 0.955  # the initial loss is 0.96 to two digits
    # the numbers stand where their colours are
    for share, number in zip([share for share, _ in panel.legend.ticks], numbers, strict=True):
        near = ~above & (abs(np.log(final / number)) < 0.02)
        assert not near.any() or abs(cells.shades[near].mean() / shading.SHADES - share) < 0.05


def test_the_initial_loss_of_a_map_of_starts_is_the_largest_at_its_corners() -> None:
    settings = _settings(surface="himmelblau", x="start.0", y="start.1", window="-4,4,-3,5", color="final")
    x, y = np.array([-4.0, 4.0, -4.0, 4.0]), np.array([-3.0, -3.0, 5.0, 5.0])
    assert shading.initial(settings, ((-4.0, 4.0), (-3.0, 5.0))) == pytest.approx(
        ((x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2).max()
    )
    curved = _settings(y="surface.condition_number", window="-3,0,0,2")
    across, upward = curved.built_start()
    most = 0.5 * (across**2 + 100 * upward**2)
    assert shading.initial(curved, ((-3.0, 0.0), (0.0, 2.0))) == pytest.approx(most, rel=1e-6)


def test_colourings_that_say_nothing_are_not_offered() -> None:
    assert "rate" not in views.colors(_settings(racer="adam")) and "rate" not in views.colors(
        _settings(surface="booth", racer="adam")
    )
    assert "rate" not in views.colors(changes.choose_noise(_settings(), "isotropic"))
    assert "reached" not in views.colors(presets.preset("fractal"))


def test_theory_is_drawn_over_the_rules_that_declare_it() -> None:
    shown = _scene(_settings(racer="momentum&adam"))
    lines = _marks(shown, Line)
    assert {line.racer for line in lines} == {"racer-0"} and lines[-1].dash == "dash"
    (cross,) = _marks(shown, Sign)
    root = np.sqrt(30.0)
    assert 10 ** cross.x[0] == pytest.approx((2 / (root + 1)) ** 2)  # Polyak (1964)
    assert 1 - 10 ** -cross.y[0] == pytest.approx(((root - 1) / (root + 1)) ** 2)
    assert "edge of stability" in shown.panels[0].note[0].text


def test_basins_have_a_colour_for_each_minimum_and_shares_that_add_up() -> None:
    settings = dataclasses.replace(presets.preset("basins"), cells=64)
    shown = _scene(settings)
    legend = shown.panels[0].legend
    assert legend is not None and [words for words, _ in legend.keys[:4]] == [
        *("A (3, 2)", "B (−2.81, 3.13)", "C (−3.78, −3.28)", "D (3.58, −1.85)")
    ]
    assert len({ink for _, ink in legend.keys}) == len(legend.keys)
    note = shown.panels[0].note[0].text
    parts = [part.split(" ") for part in note.split("SGD: ")[1].split(" %")[0].split(", ")]
    assert [letter for letter, _ in parts] == ["A", "B", "C", "D"]
    kinds = shading.basin_kinds(_job(settings).complete[0].results, settings.built_surface())  # type: ignore[union-attr]
    for place, (_, share) in enumerate(parts):
        assert float(share) == pytest.approx(100 * (kinds == place).mean(), abs=0.06)
    assert "Momentum: A " in note and "Adam: A " in note
    # the letters stand at the minima, in the colours of the legend
    named = {mark.words[0]: (float(mark.x), float(mark.y)) for mark in _marks(shown, Text) if mark.axes == 0}
    assert named["A"] == (3.0, 2.0) and len(named) == 4
    assert (
        views.shares(np.array([0, 0, 1, 2, 3, 4]), 2)
        == "A 33.3, B 16.7 %, 16.7 % stalled, 16.7 % moving, 16.7 % growing or diverged"
    )


def test_curves_have_bands_and_the_limit_of_the_sharp_minimum() -> None:
    settings = _settings(view="sensitivity", trials="4")
    shown = _scene(settings)
    assert len(_marks(shown, Band)) == len(_marks(shown, Line)) == 2
    assert all((one.low <= one.high)[np.isfinite(one.high)].all() for one in _marks(shown, Band))
    flat = _settings(
        view="flat", surface="sharp_and_flat", window="-4,-1,0,1", trials="8", surface__sharp_curvature="100"
    )
    rules = {rule.racer: rule.x for rule in _marks(_scene(flat), Rule)}
    assert 10 ** rules["racer-1"] == pytest.approx(2 / 100) and 10 ** rules["racer-0"] == pytest.approx(2 * 1.9 / 100)


def test_without_results_or_racers_a_sentence_stands_in_the_place_of_the_map() -> None:
    settings = _settings(seed="5", steps="70")
    assert scene.panel(settings, Job(settings)).message == "Computing the map …"
    empty = dataclasses.replace(settings, racers=())
    assert scene.panel(empty, Job(empty).begin()).message.startswith("No optimizers to map")


def test_the_table_has_the_run_that_is_played_and_the_map() -> None:
    settings = _settings()
    job = _job(settings)
    rows = results.cells(settings, job)
    assert [row[0] for row in rows] == ["Momentum", "SGD"] and all(
        len(row) == len(results.heads(settings)) for row in rows
    )
    final = job.complete[0].results["final"]  # type: ignore[union-attr]
    assert rows[0][4] == "4,096" and rows[0][5] == f"{round(100 * float((~np.isfinite(final)).mean()), 1):g} %"
    assert {*results.tips()} <= {*results.heads(settings)}


def test_a_finding_compares_the_shares_that_converge() -> None:
    settings = _settings()
    assert findings.finding(settings, _job(settings)).startswith("Momentum converges in ")
    assert findings.finding(_settings(racer="sgd"), _job(_settings(racer="sgd"))) == ""


# Files.


def test_numbers_are_those_of_the_grid_and_settings_come_back() -> None:
    from pyarrow import parquet

    settings = _settings(color="status")
    job = _job(settings)
    table = parquet.read_table(io.BytesIO(data.parquet(settings, job)))
    assert table.num_rows == 2 * 64**2 and table.schema.metadata[b"link"].startswith(b"v=1&view=stability")
    columns = table.to_pydict()
    grid = job.complete[0]
    assert grid is not None
    np.testing.assert_array_equal(columns["final"][: 64**2], grid.results["final"].ravel())
    assert columns["learning_rate"][:64] == grid.x.tolist() and columns["momentum"][::64][:64] == grid.y.tolist()
    assert columns["status"][70] == WORDS[grid.results["codes"].ravel()[70]]
    assert data.from_json(data.to_json(settings)) == (settings, [])
    curves = _settings(view="sensitivity", trials="4")
    assert data.csv(curves, _job(curves)).decode().splitlines()[0] == '"racer","learning_rate","trial","value"'
    for write in (data.csv, data.fits):
        with pytest.raises(Refused, match="There are no results to export"):
            write(settings, Job(_settings(seed="6")))
    data.fits(settings, job)
    with pytest.raises(Refused, match="settings of the race page"):
        data.from_json(data.to_json(settings).replace(b'"maps"', b'"race"'))


@pytest.mark.thinned(3)
@pytest.mark.parametrize("query", [{}, {"color": "rate"}, {"schedule": "cosine"}], ids=["sweep", "rate", "schedule"])
def test_a_script_computes_the_numbers_of_the_map(query: dict[str, str], tmp_path: Any) -> None:
    settings = _settings(racer="momentum&sgd", **query)
    path = tmp_path / "map.py"
    name = "rate" if query.get("color") == "rate" else "final"
    value = "maps['Momentum']" if name == "rate" else "maps['Momentum'].final"
    path.write_text(script.script(settings) + f"\nimport numpy\nnumpy.save({str(tmp_path / 'a.npy')!r}, {value})\n")
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith("Momentum: ")
    grid = _job(settings).complete[0]
    assert grid is not None
    np.testing.assert_allclose(np.load(tmp_path / "a.npy"), grid.results[name], rtol=1e-3, atol=1e-10)
    with pytest.raises(Refused, match="Scripts contain maps of cells"):
        script.script(dataclasses.replace(settings, view="sensitivity"))


def test_pictures_show_the_cells_in_their_colours() -> None:
    from PIL import Image

    settings = _settings()
    order = export.order(settings, _job(settings), "png", Look(width=900, height=600), Cut())
    pixels = np.asarray(Image.open(io.BytesIO(make(order))).convert("RGB")).reshape(-1, 3)
    found = {tuple(color) for color in np.unique(pixels, axis=0)}
    drawn = {k for cells in _marks(_scene(settings), Cells) for k in np.unique(cells.shades) if 0 < k <= shading.SHADES}
    inks = {tuple(int(theme.ramp(shading.SHADES)[k - 1][i : i + 2], 16) for i in (1, 3, 5)) for k in drawn}
    assert len(inks & found) > 0.9 * len(inks) > 30
    assert export.file_name(settings) == "stability-quadratic-ravine-momentum-sgd"
    assert export.title(settings) == "Stability map, Ravine: Momentum, SGD"
    caption = export.caption(settings, _job(settings), 40)
    assert "η from 0.001 to 10 · β from 0 to 0.99" in caption and "shown at step 40" in caption


def test_the_axes_of_the_view_are_those_of_the_caption() -> None:
    for key in presets.PRESETS:
        settings = presets.preset(key)
        for axis in choices.axes_of(settings):
            assert f"{axis.symbol} from " in captions.caption(settings)
