"""The second row of the Network page: sliders of the samples and of the training, which are always in sight."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st

from app.common.digits import short
from app.network import changes
from app.network.settings import FILE, LEAST_SHARE, MOST_SHARE, Setup, Training
from app.views import controls
from surfaces.network import DATASETS, FEATURES, DataSet
from surfaces.network.data import SHARE
from surfaces.network.features import MOST_INPUTS

NOISES = 7
"""About how many strengths of the noise are offered; others can be set under Data."""
PENALTIES = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1)
"""The penalties that are offered; others can be set under Loss."""
WIDTH = 128
"""The width of a slider in pixels."""
Find = Callable[[Training], DataSet]


def show(training: Training, data: DataSet, find: Find) -> None:
    """Show the row.

    Args:
        find: returns the data of a training.
    """
    _noise(training)
    drawn = training.data.key == FILE or DATASETS[training.data.key].drawn
    if drawn:
        _share(training, data, find)
    _batch(training, data)
    for name in ("l1", "l2"):
        if name in Setup.parameters():
            _penalty(training, name, data)
    if data.dimensions <= MOST_INPUTS:
        _features(training, find)
    if drawn:
        label = "Split again" if training.data.key == FILE else "New samples"
        st.button(label, key="row-sample", on_click=lambda: controls.commit(_drawn_again(find), "row-sample"))
    controls.refusal("row-features")


def _noise(training: Training) -> None:
    specs = {} if training.data.key == FILE else DATASETS[training.data.key].parameters()
    for name in ("noise", "spread"):
        if name in specs:
            spec, value = specs[name], float(training.data.get(name, specs[name].default))
            step = min(m * 10.0**p for p in range(-3, 2) for m in (1, 2, 5) if m * 10.0**p >= spec.high / NOISES)
            every = sorted({value, spec.default, *np.arange(0, spec.high * 1.001, step).round(6).tolist()})
            _slider(
                name.capitalize(),
                {short(one): short(one) for one in every},
                short(value),
                f"row-{training.data.key}-{name}",
                lambda t, v, name=name: changes.set_data(t, name, v),  # type: ignore[misc]
            )


def _share(training: Training, data: DataSet, find: Find) -> None:
    """The share of training samples; an empty text stands for the default of the data."""
    whole = data.held_out == "test" and not training.share
    usual = 100 if whole else round(100 * SHARE)
    shares = {*range(LEAST_SHARE, MOST_SHARE + 1, 10), training.share, usual} - {0}
    words = {"" if share == usual else str(share): f"{share} %" for share in sorted(shares)}
    _slider(
        "Training",
        words,
        str(training.share or ""),
        f"row-share-{usual}",  # a slider with other stops is another slider
        lambda t, v: changes.prepare(t, "share", v, find),
        "Training samples",
    )


def _batch(training: Training, data: DataSet) -> None:
    count = len(data.train)
    sizes = {2**k for k in range(count.bit_length()) if 2**k < count} | ({training.batch_size} - {0})
    words = {str(size): f"{size:,}" for size in sorted(sizes)} | {"0": "all"}
    _slider(
        "Batch",
        words,
        str(training.batch_size),
        f"row-batch-{count}",
        lambda t, v: changes.change(t, "batch_size", v, data),
        "Batch size",
    )


def _penalty(training: Training, name: str, data: DataSet) -> None:
    value = float(training.of(None, name))
    words = {repr(one): short(one) for one in sorted({*PENALTIES, value})}
    _slider(
        name.upper(),
        words,
        repr(value),
        f"row-{name}",
        lambda t, v: changes.set_setup(t, name, v, data),
        Setup.parameters()[name].labelled,
    )


def _slider(
    word: str,
    words: Mapping[str, str],
    value: str,
    key: str,
    change: controls.Change,
    label: str = "",
) -> None:
    """A slider whose thumb carries the word and the value.

    Args:
        words: the values as they are shown, in the order of the slider.
        label: what screen readers say, by default the word.
    """
    key = f"{key}-{'|'.join(words)}"  # a slider with other stops is another one for the browser
    shown = controls.widget(key, value)
    st.select_slider(
        label or word,
        list(words),
        value=value,
        key=shown,
        format_func=lambda one: f"{word} {words[one]}",
        label_visibility="collapsed",
        width=WIDTH,
        on_change=lambda: controls.take(key, shown, change, key),
    )
    controls.refusal(key)


def _features(training: Training, find: Find) -> None:
    shown = controls.widget("row-features", list(training.features))
    st.pills(
        "Features",
        list(FEATURES),
        selection_mode="multi",
        default=list(training.features),
        format_func=lambda key: FEATURES[key].name,
        key=shown,
        label_visibility="collapsed",
        width="content",
        on_change=lambda: controls.take(
            "row-features", shown, lambda t, v: changes.prepare(t, "features", v, find), "row-features"
        ),
    )


def _drawn_again(find: Find) -> Callable[[Training], Training]:
    def change(training: Training) -> Training:
        changed = changes.draw_again(training)
        return changes.checked_whole(changed, find(changed))

    return change
