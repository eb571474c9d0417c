"""The pictures of the studies of fits and ensembles: what they draw of results that grow, and what their notes say."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from app.common.digits import short
from app.export.drawing import Drawing
from app.export.options import Look
from app.figures.marks import Band, Dots, Line, Lines, Panel
from app.player import Clock, Scene
from app.studies import pictures, views
from app.studies.fits import rows
from optimizers.studies import STUDIES, Study

SMALL: dict[str, dict[str, Any]] = {
    "bagging": {"members": 3, "data_sets": 2, "width": 4, "steps": 50},
    "boosting": {"members": 3, "data_sets": 2, "steps": 50},
    "bias_variance": {"fit": "features", "data_sets": 3},
    "approximation": {"seeds": 2, "steps": 50},
    "ensembles": {"groups": 2, "members": 2, "steps": 60, "samples": 40, "batch_size": 10},
    "entropy": {"seeds": 2, "steps": 60, "width": 8},
}


def _results(key: str) -> tuple[Study, list[Any]]:
    study = STUDIES[key](**SMALL[key])
    return study, [part.found for part in study.run(0)]


def _curve(panel: Panel, name: str) -> Line:
    (line,) = [mark for mark in panel.marks if isinstance(mark, Line) and mark.name == name]
    return line


@pytest.mark.thinned(2)
@pytest.mark.parametrize("key", SMALL)
def test_every_part_of_a_result_can_be_drawn(key: str) -> None:
    """A band has no gap, a time ascends, and every colour that the legend names is drawn in the end."""
    study, found = _results(key)
    for result in found:
        drawn = pictures.of(key).panels(study, result)
        assert 1 <= len(drawn) <= 3 and len({panel.key for panel in drawn}) == len(drawn)
        for panel in drawn:
            assert panel.title and panel.note[0].text
            assert not any("nan" in note.text for note in panel.note)
            for mark in panel.marks:
                assert not isinstance(mark, Band) or np.isfinite(mark.low).all() or result is not found[-1]
                time = getattr(mark, "time", None)
                assert time is None or (np.diff(time) >= 0).all()
            assert all(axis.low < axis.high for pair in panel.axes for axis in (pair.x, pair.y))
    for panel in drawn:
        colors = {mark.color for mark in panel.marks if isinstance(mark, Line | Dots | Band | Lines)}
        assert panel.legend is None or {color for _, color in panel.legend.keys} <= colors
    for part in (found[0], found[-1]):
        panels = pictures.of(key).panels(study, part)
        scene = Scene(
            panels=panels,
            cards=(),
            clock=Clock(views.end(panels)),
            arrangement="side by side",
            caption="",
            description="",
        )
        Drawing(scene, Look(width=900, height=500)).show(0)


def test_members_of_bagging_appear_one_by_one_with_their_mean() -> None:
    study, found = _results("bagging")
    fits, errors = pictures.of("bagging").panels(study, found[-1])
    for k in (1, 2, 3):
        assert set(np.asarray(_curve(fits, f"member {k}").time)) == {k}
    mean = _curve(fits, "mean of the members")
    np.testing.assert_array_equal(mean.time, [1, 2, 3])
    np.testing.assert_allclose(mean.y[1], found[-1].members[:2].mean(axis=0))
    (dots,) = [mark for mark in errors.marks if isinstance(mark, Dots)]
    np.testing.assert_array_equal(dots.y, np.sort(found[-1].mean_errors[:, -1] / found[-1].alone_errors))
    assert set(_curve(errors, "equal errors").y) == {1.0}
    assert "on 2 data sets" in errors.note[0].text


def test_the_last_member_of_boosting_stands_on_what_it_was_trained_on() -> None:
    study, found = _results("boosting")
    fits, _ = pictures.of("boosting").panels(study, found[-1])
    member = _curve(fits, "last member")
    assert np.isnan(member.y[0]).all()
    np.testing.assert_array_equal(member.y[2], found[-1].members[1])
    (residuals,) = [mark for mark in fits.marks if isinstance(mark, Dots) and mark.name == "residual"]
    np.testing.assert_array_equal(residuals.y[2], found[-1].rests[1])


def test_a_peak_of_the_error_is_shown_with_its_fits() -> None:
    study, found = _results("bias_variance")
    _, fits = pictures.of("bias_variance").panels(study, found[-1])
    titles = [pair.title for pair in fits.axes]
    assert any(title.endswith("peak of the error") for title in titles) and titles[-1].startswith("1024 neurons")


def test_the_error_has_the_band_of_its_data_sets() -> None:
    study, found = _results("bias_variance")
    parts, _ = pictures.of("bias_variance").panels(study, found[-1])
    (band,) = [mark for mark in parts.marks if isinstance(mark, Band)]
    error = _curve(parts, "expected error")
    assert band.color == error.color and (band.low < band.high).all()
    np.testing.assert_allclose(found[-1].errors.mean(axis=1), error.y)
    np.testing.assert_allclose(band.high, np.percentile(found[-1].errors, 90, axis=1))
    assert "band: 10 to 90\N{NO-BREAK SPACE}% of the data sets; output weights of least norm" in parts.note[0].text


def test_notes_name_the_learning_rate_and_the_smoothing() -> None:
    for key in ("bagging", "boosting", "approximation", "ensembles"):
        study, (first, *_) = _results(key)
        text = " ".join(note.text for panel in pictures.of(key).panels(study, first) for note in panel.note)
        assert f"Adam with η = {short(study.learning_rate)}" in text, key  # type: ignore[attr-defined]
    study, (first, *_) = _results("ensembles")
    text = pictures.of("ensembles").panels(study, first)[0].note[0].text
    assert text.startswith("digits, 40 training samples, 10\N{NO-BREAK SPACE}% wrong labels;")
    smoothed = STUDIES["entropy"](**SMALL["entropy"], labels="smoothed", smoothing=0.25)
    text = pictures.of("entropy").panels(smoothed, next(smoothed.run(0)).found)[0].note[0].text
    assert "smoothed labels, s = 0.25" in text


def test_entropies_fill_their_axes() -> None:
    """But for the first step, where some networks are far off."""
    study, found = _results("entropy")
    for panel in pictures.of("entropy").panels(study, found[-1]):
        curves = [mark for mark in panel.marks if isinstance(mark, Line)]
        bands = [mark for mark in panel.marks if isinstance(mark, Band)]
        highest = max(*(np.max(mark.y) for mark in curves), *(np.max(mark.high[1:]) for mark in bands))
        assert highest <= panel.axes[0].y.high < 1.3 * highest


def test_one_hot_labels_are_said_to_have_no_entropy() -> None:
    study, found = _results("entropy")
    training, true = pictures.of("entropy").panels(study, found[-1])
    words = "their entropy is 0, so cross-entropy and divergence are equal"
    assert words in training.note[0].text and words not in true.note[0].text
    smoothed = STUDIES["entropy"](**SMALL["entropy"], labels="smoothed")
    *_, part = smoothed.run(0)
    assert words not in pictures.of("entropy").panels(smoothed, part.found)[0].note[0].text


def test_gains_have_the_interval_of_the_verdict() -> None:
    study = STUDIES["ensembles"](**{**SMALL["ensembles"], "groups": 9})
    *_, part = study.run(0)
    _, gains = pictures.of("ensembles").panels(study, part.found)
    bar = _curve(gains, "ensemble: interval")
    low, high = bar.y
    each = 100 * (part.found.accuracy[1, -1] - part.found.accuracy[0, -1])
    assert each.min() <= low < np.median(each) < high <= each.max()


def test_rows_fill_the_panel_without_overlap() -> None:
    places = rows(3)
    assert places[0][3] == 1.0 and places[-1][1] == pytest.approx(0.0)
    assert all(upper[1] > lower[3] for upper, lower in itertools.pairwise(places))
