"""Exported numbers, read by other libraries, equal the arrays of `trace`."""

from __future__ import annotations

import functools
import io
import json
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from app.common import names, racers, saved
from app.common.link import VERSION
from app.common.racers import Refused
from app.network import link as network_link
from app.network.settings import Training
from app.race import changes, data, link
from app.race.runs import Race
from app.race.settings import Settings
from optimizers import OPTIMIZERS, Trace, trace
from optimizers.borrowed import fields

STEPS = 40


def _race(surface: str, *keys: str, steps: int = STEPS) -> Settings:
    settings = racers.set_steps(changes.choose_surface(Settings(), surface), steps)
    for key in keys:
        settings = changes.add_racer(settings, key)
    return settings


MIXED = racers.set_racer(_race("quadratic_ravine", "sgd", "sgd", "adam", "prodigy"), "racer-1", "learning_rate", 8)
HIDDEN = racers.hide_racer(MIXED, "racer-0", True)
BUSY = changes.choose_noise(racers.choose_schedule(_race("ravine_nd", "nesterov", "adadelta"), "cosine"), "isotropic")
LONG = racers.set_racer(_race("quadratic_ravine", "sgd", steps=300), "racer-0", "learning_rate", 8)


@functools.cache
def _runs(settings: Settings) -> dict[str, Trace]:
    """All runs with all records, computed by `trace`."""
    return {
        title: trace(
            settings.built_surface(),
            settings.rule(racer),
            settings.built_start(),
            settings.steps,
            noise=settings.built_noise(),
            seed=settings.seed,
        )
        for racer, title in zip(settings.racers, names.titles(settings), strict=True)
        if not racer.hidden
    }


def _numbers(frame: pd.DataFrame, kind: str, n: int) -> np.ndarray:
    return frame[[f"{kind}{k}" for k in range(n)]].to_numpy()


def _held(frame: pd.DataFrame, settings: Settings) -> None:
    """Compare a table with `trace`, to the last bit."""
    runs = _runs(settings)
    assert list(dict.fromkeys(frame["racer"])) == list(runs)
    for title, run in runs.items():
        own = frame[frame["racer"] == title]
        n, last = run.positions.shape[1], run.last
        assert own["step"].tolist() == list(range(last + 1))
        np.testing.assert_array_equal(_numbers(own, "x", n), run.positions[: last + 1])
        np.testing.assert_array_equal(own["loss"], run.losses[: last + 1])
        for kind, values in (("g", run.step.gradient), ("rate", run.step.rate), ("d", np.diff(run.positions, axis=0))):
            written = _numbers(own, kind, n)
            np.testing.assert_array_equal(written[:-1], values[:last])
            assert np.isnan(written[-1]).all()
        for letter, values in fields(run.states).items():
            stem = f"{letter}_" if letter[-1].isdigit() else letter
            rows = values.reshape(len(values), -1)
            columns = [letter] if rows.shape[1] == 1 else [f"{stem}{k}" for k in range(rows.shape[1])]
            columns = [f"state {c}" if letter == "g" else c for c in columns]  # Adan keeps the gradient before
            np.testing.assert_array_equal(own[columns].to_numpy()[1:], rows[:last])
            assert own[columns].iloc[0].isna().all()


@pytest.mark.parametrize("settings", [MIXED, HIDDEN, BUSY], ids=["mixed", "hidden", "busy"])
def test_pandas_reads_from_csv_what_trace_made(settings: Settings) -> None:
    content = data.csv(Race(settings))
    frame = pd.read_csv(io.BytesIO(content), encoding="utf-8")
    _held(frame, settings)
    assert frame.columns[:2].tolist() == ["racer", "step"] and frame.columns.is_unique


def test_fields_of_a_csv_are_empty_where_a_racer_has_no_value() -> None:
    frame = pd.read_csv(io.BytesIO(data.csv(Race(MIXED))))
    sgd, adam = frame[frame["racer"].str.startswith("SGD")], frame[frame["racer"] == "Adam"]
    assert {"m0", "m1", "v0", "v1", "b1", "b2", "estim_lr", "params0_0"} <= set(frame.columns)
    assert sgd[["m0", "m1", "v0", "v1", "b1", "b2"]].isna().all(axis=None)
    # b1 = β₁ᵗ after t steps, and empty before the first
    np.testing.assert_allclose(adam["b1"].to_numpy()[1:], 0.9 ** np.arange(1, STEPS + 1))


def test_the_table_of_a_diverged_run_ends_at_its_last_finite_point() -> None:
    (run,) = _runs(LONG).values()
    frame = pd.read_csv(io.BytesIO(data.csv(Race(LONG))))
    assert 0 < run.last < LONG.steps and len(frame) == run.last + 1
    assert np.isfinite(frame[["x0", "x1", "loss"]]).all(axis=None)
    _held(frame, LONG)


@pytest.mark.parametrize("settings", [MIXED, BUSY], ids=["mixed", "busy"])
def test_parquet_contains_the_table_the_link_and_the_settings(settings: Settings) -> None:
    table = pq.read_table(io.BytesIO(data.parquet(Race(settings))))
    _held(table.to_pandas(), settings)
    kinds = {name: table.schema.field(name).type for name in table.column_names}
    assert kinds.pop("racer") == pa.string() and kinds.pop("step") == pa.int64()
    assert kinds.pop("sensitive") == pa.bool_()
    assert set(kinds.values()) == {pa.float64()}
    said = {key.decode(): value.decode() for key, value in table.schema.metadata.items()}
    assert said["optiscope"] == data.version()
    assert link.parse(parse_qs(said["link"])) == (settings, [])
    assert data.from_json(said["settings"].encode()) == (settings, [])


@pytest.mark.parametrize("settings", [HIDDEN, BUSY, LONG], ids=["hidden", "busy", "diverged"])
def test_numpy_reads_every_array_of_a_run(settings: Settings) -> None:
    with np.load(io.BytesIO(data.npz(Race(settings))), allow_pickle=False) as arrays:
        assert data.from_json(str(arrays["settings"]).encode()) == (settings, [])
        shown = [racer for racer in settings.racers if not racer.hidden]
        assert {name.partition("/")[0] for name in arrays} == {"settings", *(r.id for r in shown)}
        for racer, (title, run) in zip(shown, _runs(settings).items(), strict=True):
            own = {name.removeprefix(f"{racer.id}/"): arrays[name] for name in arrays if name.startswith(racer.id)}
            expected: dict[str, Any] = {
                "title": np.asarray(title),
                "positions": run.positions,
                "losses": run.losses,
                "gradients": run.step.gradient,
                "rates": run.step.rate,
                "diverged": run.diverged,
                "sensitive": np.asarray(False),
                **{f"states/{name}": values for name, values in fields(run.states).items()},
            }
            assert own.keys() == expected.keys()
            for name, values in expected.items():
                assert own[name].dtype == np.asarray(values).dtype, name
                np.testing.assert_array_equal(own[name], values)


@pytest.mark.long
@pytest.mark.parametrize("key", OPTIMIZERS)
def test_every_rule_has_columns_of_its_own(key: str) -> None:
    settings = _race("booth", key)
    _held(pd.read_csv(io.BytesIO(data.csv(Race(settings)))), settings)


def test_states_with_the_name_of_another_column_are_renamed() -> None:
    assert data._names("d", 2, {}) == ["d0", "d1"]
    assert data._names("d", 2, {"d0": None}) == ["state d0", "state d1"]
    assert data._names("loss", 1, {"loss": None}) == ["state loss"]
    assert data._names("params0", 2, {}) == ["params0_0", "params0_1"]


@pytest.mark.parametrize("write", [data.csv, data.parquet, data.npz])
def test_an_empty_race_and_one_that_is_too_large_are_refused(write: Any) -> None:
    with pytest.raises(Refused, match="No optimizers to export"):
        write(Race(racers.hide_racer(_race("booth", "sgd"), "racer-0", True)))
    many = changes.set_parameter(_race("ravine_nd", "sgd", "adam", steps=20_000), "surface", "dimension", 1000)
    with pytest.raises(Refused, match="make 40,000,000 numbers of each kind, and a file can hold 2,000,000"):
        write(Race(many))


# Settings

SETTINGS = {
    "nobody": Settings(),
    "first": changes.first(),
    "hidden": HIDDEN,
    "busy": BUSY,
    "started": changes.set_start(
        changes.set_parameter(_race("rosenbrock", "adam"), "surface", "steepness", 30), -1, 1.5
    ),
}


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_settings_come_back_from_json(settings: Settings) -> None:
    content = data.to_json(settings)
    assert data.from_json(content) == (settings, [])
    assert data.to_json(data.from_json(content)[0]) == content


def test_the_keys_of_the_json_are_in_a_fixed_order() -> None:
    content = data.to_json(MIXED)
    read = json.loads(content)
    assert list(read) == ["optiscope", "page", "version", "query"]
    assert read["page"] == "race" and read["version"] == VERSION and read["optiscope"] == data.version()
    assert read["query"] == link.query(MIXED)
    assert content.endswith(b"\n}\n") and content.startswith(b'{\n  "optiscope": ')


def test_a_bad_value_is_dropped_with_a_notice() -> None:
    content = data.to_json(MIXED).replace(b'"40"', b'"forty"')
    settings, (notice,) = data.from_json(content)
    assert "forty" in notice
    assert settings.racers == MIXED.racers and settings.steps == Settings().steps


def test_settings_of_the_other_page_have_the_same_format() -> None:
    query = network_link.query(Training())
    content = saved.write_query("network", query)
    assert saved.read_query(content) == ("network", query)
    with pytest.raises(Refused, match="settings of the network page, and this is the race page"):
        data.from_json(content)


def _changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(data.to_json(MIXED)), **changes}).encode()


BROKEN = {
    "empty": (b"", "is not valid JSON"),
    "picture": (b"\x89PNG\r\n\x1a\n", "is not valid JSON"),
    "half": (data.to_json(MIXED)[:-20], "is not valid JSON"),
    "deep": (b"[" * 100_000, "is not valid JSON"),
    "huge": (b"1" * 5_000, "is not valid JSON"),
    "list": (b"[1, 2]", "no Optiscope settings"),
    "other": (b'{"name": "optiscope"}', "no Optiscope settings"),
    "word": (_changed(query="surface=booth"), "no Optiscope settings"),
    "numbers": (_changed(query={"steps": [40]}), "no Optiscope settings"),
    "none": (_changed(query={"steps": []}), "no Optiscope settings"),
    "bare": (_changed(query={"steps": "40"}), "no Optiscope settings"),
    "page": (_changed(page=3), "no Optiscope settings"),
    "unversioned": (_changed(version=None), "no Optiscope settings"),
    "newer": (_changed(version="12", optiscope="9.8"), "Optiscope 9.8 in version 12 .* reads version 1"),
}


@pytest.mark.parametrize(("content", "said"), BROKEN.values(), ids=BROKEN)
def test_an_unreadable_file_is_refused_with_a_sentence(content: bytes, said: str) -> None:
    with pytest.raises(Refused, match=said) as refusal:
        data.from_json(content)
    assert str(refusal.value).endswith(".")
