"""The folder of a sweep: blocks, tables, and what may not be overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as ds  # type: ignore[import-untyped]
import pytest

from app.common.racers import Refused
from app.sweeps import cluster, dataset
from app.sweeps.dataset import RUNS, Dataset, blocks
from optimizers import OPTIMIZERS, Grid, plan_sweep, sweep
from optimizers.sweeps import Plan
from surfaces import SURFACES

RAVINE, SGD = SURFACES["quadratic_ravine"], OPTIMIZERS["sgd"]


def _arguments(count: int, steps: int = 60) -> dict[str, Any]:
    return {"surface": RAVINE(), "optimizer": SGD(), "over": {"learning_rate": Grid(count, 1e-3, 3.0)}, "steps": steps}


def _plans(*counts: int, steps: int = 60) -> dict[str, Plan]:
    return {f"SGD {k}": plan_sweep(**_arguments(count, steps)) for k, count in enumerate(counts)}


def test_blocks_cover_every_run_once_and_cost_alike() -> None:
    plans = _plans(100_000, 5, steps=7_000)
    for k, plan in enumerate(plans.values()):
        own = [block for block in blocks(plans) if block.optimizer == k]
        assert [0, *[block.end for block in own]] == [*[block.first for block in own], plan.runs]
    sizes = {block.end - block.first for block in blocks(plans)}
    size = max(sizes)
    assert size % RUNS == 0 and 2.9e8 < size * 7_000 <= 3e8
    assert len({block.file for block in blocks(plans)}) == len(list(blocks(plans)))


def test_a_row_holds_what_the_sweep_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "WORK", 1e5)  # several blocks
    plans, arguments = _plans(1500, 40), [_arguments(1500), _arguments(40)]
    data = Dataset(tmp_path / "map", plans, {})
    assert len(data.missing) == 3
    for block, results in cluster.here(arguments, data.missing):
        data.write(block, results)
    assert data.missing == []
    table = ds.dataset(tmp_path / "map").to_table().to_pandas()
    for (name, _), each in zip(plans.items(), arguments, strict=True):
        rows, expected = table[table.optimizer == name].sort_values("run"), sweep(**each)
        np.testing.assert_array_equal(rows.run, np.arange(len(expected.final)))
        np.testing.assert_array_equal(rows["learning_rate"], expected.axes["learning_rate"])
        for column in ("final", "best", "area"):
            np.testing.assert_array_equal(rows[column], getattr(expected, column))
        np.testing.assert_array_equal(rows[["end.0", "end.1"]], expected.end)
        np.testing.assert_array_equal(rows.status, expected.status)
        for column in ("reached", "diverged"):
            np.testing.assert_array_equal(rows[column].fillna(-1), getattr(expected, column))
        assert 0 < rows.diverged.notna().sum() < len(rows)
    counts = data.summary()[0].statuses
    words, numbers = np.unique(sweep(**arguments[0]).status, return_counts=True)
    assert {word: count for word, count in counts.items() if count} == dict(zip(words, numbers, strict=True))


def test_an_unfinished_file_is_no_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans = _plans(10)
    data = Dataset(tmp_path, plans, {})
    ((block, results),) = cluster.here([_arguments(10)], data.missing)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.sweeps.dataset.os.replace", full)
    with pytest.raises(OSError):
        data.write(block, results)
    assert data.missing == [block]


def test_a_damaged_file_is_computed_again(tmp_path: Path) -> None:
    data = Dataset(tmp_path, _plans(10), {})
    ((block, results),) = cluster.here([_arguments(10)], data.missing)
    for content in (b"", b"PAR1 and nothing else"):
        (tmp_path / block.file).write_bytes(content)
        assert data.missing == [block]
    data.write(block, results)
    assert data.missing == [] and not list(tmp_path.glob("*.part"))


def test_another_sweep_is_not_mixed_in(tmp_path: Path) -> None:
    Dataset(tmp_path / "map", _plans(10), {"steps": 60, "seed": 0})
    Dataset(tmp_path / "map", _plans(10), {"steps": 60, "seed": 0})
    with pytest.raises(Refused, match="seed is 0 there, and 1 here"):
        Dataset(tmp_path / "map", _plans(10), {"steps": 60, "seed": 1})
    (tmp_path / "map" / dataset.DESCRIPTION).write_bytes(b"\xff\xfe")
    with pytest.raises(Refused, match="its description cannot be read"):
        Dataset(tmp_path / "map", _plans(10), {"steps": 60, "seed": 0})


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("…", "utf-8")
    with pytest.raises(Refused, match="choose a new folder"):
        Dataset(tmp_path, _plans(10), {})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
