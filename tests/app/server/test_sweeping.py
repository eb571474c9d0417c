"""The command `optiscope sweep`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds  # type: ignore[import-untyped]
import pytest

from app.server import cli
from app.server.commands import BAD
from optimizers import OPTIMIZERS, Grid, Isotropic, sweep
from surfaces import SURFACES, Rotated

RACE = ["--surface", "quadratic_ravine", "--rotation", "0", "--steps", "40"]
OVER = ["--over", "learning_rate=0.01:0.5:5", "--over", "seed=0:1"]


def test_the_data_set_holds_the_sweep(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "map"
    racers = ["--racer", "sgd", "--racer", "adam:beta1=0.8"]
    command = ["sweep", *RACE, *racers, "--noise", "isotropic:scale=0.1", *OVER, "-o", str(folder), "--json"]
    assert cli.main(command) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["folder"] == str(folder)
    assert [(row["optimizer"], row["runs"]) for row in printed["optimizers"]] == [("SGD", 10), ("Adam", 10)]
    table = ds.dataset(folder).to_table().to_pandas()
    assert list(table.columns[:4]) == ["optimizer", "run", "learning_rate", "seed"]
    rules = {"SGD": OPTIMIZERS["sgd"](), "Adam": OPTIMIZERS["adam"](beta1=0.8)}  # type: ignore[call-arg]
    for name, rule in rules.items():
        expected = sweep(
            Rotated(SURFACES["quadratic_ravine"](), 0.0),
            rule,
            over={"learning_rate": Grid(5, 0.01, 0.5), "seed": [0, 1]},
            noise=Isotropic(0.1),
            steps=40,
        )
        np.testing.assert_allclose(table[table.optimizer == name].final, expected.final.ravel(), rtol=1e-6)


def test_the_same_command_computes_only_what_is_missing(tmp_path: Path) -> None:
    command = ["sweep", *RACE, "--racer", "sgd", "--racer", "adam", *OVER, "-o", str(tmp_path / "map")]
    assert cli.main(command) == 0
    first, second = sorted((tmp_path / "map").glob("*.parquet"))
    content, when = first.read_bytes(), second.stat().st_mtime_ns
    first.unlink()
    assert cli.main(command) == 0
    assert first.read_bytes() == content and second.stat().st_mtime_ns == when


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (["--over", "momentum=0,0.9"], "SGD: unknown axis 'momentum'"),
        (["--over", "learning_rate=1:0.1:4"], "learning_rate"),
        (["--over", "learning_rate=0"], "learning_rate"),
        (["--over", "learning_rate=100000000"], "at most 10,000,000 runs; the grid of 'learning_rate' has 100,000,000"),
        (["--over", "learning_rate=-1,1"], "SGD: learning_rate must lie in [0, ∞); got -1"),
        (["--over", "learning_rate=3", "--threshold", "2"], "threshold must be a share"),
        (["--over", "learning_rate=3", "--scheduler", ""], "--scheduler takes the address"),
        (["--over", "learning_rate=random", "--draw-seed", "-1"], "draw_seed must be a whole number"),
        (["--over", "learning_rate=random", "--draws", "10000000000000"], "draws must be a whole number from 1 to"),
        (["--over", "learning_rate=3", "--workers", "0"], "--workers must be at least 1"),
        (["--over", "learning_rate"], "--over takes NAME=VALUES"),
        (["--over", "learning_rate=3", "--surface", "hill"], "hill"),
    ],
)
def test_bad_input_gets_a_sentence_and_writes_nothing(
    extra: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["sweep", *RACE, "--racer", "sgd", *extra, "-o", str(tmp_path / "map")]
    assert cli.main(command) == BAD
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_look_of_a_race_does_not_belong_to_its_sweep(tmp_path: Path) -> None:
    command = ["sweep", "--over", "seed=0:1", "-o", str(tmp_path / "map"), "--link"]
    race = "surface=saddle&steps=40&racer=sgd:learning_rate=0.1"
    assert cli.main([*command, race]) == 0
    assert cli.main([*command, f"{race}&views=distance&picture=surface"]) == 0


def test_an_existing_data_set_of_another_sweep_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["sweep", *RACE, "--racer", "sgd", "--over", "seed=0:1", "-o", str(tmp_path / "map")]
    assert cli.main(command) == 0
    assert cli.main([*command, "--threshold", "0.1"]) == BAD
    assert "threshold is 0.01 there, and 0.1 here" in capsys.readouterr().err
