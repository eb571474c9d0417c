"""A sweep on disk: a folder that is one Parquet data set, grows block by block, and can be continued."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from numpy.typing import NDArray

from app.common.racers import Refused
from optimizers.summaries import WORDS
from optimizers.sweeps import Plan

DESCRIPTION = "_sweep.json"
"""The file that describes the sweep. Readers of data sets skip names that begin with an underscore."""
WORK = 3e8
"""The steps, over all runs, of a block: a few seconds of a core."""
RUNS = 1024
"""A block has a multiple of this number of runs."""
MOST_RUNS = 2**17
"""The most runs of a block."""


@dataclasses.dataclass(frozen=True)
class Block:
    """Some runs of one optimizer, which are computed together and are one file.

    Attributes:
        optimizer: the index of the optimizer.
        first, end: the first run, and the one after the last.
    """

    optimizer: int
    first: int
    end: int

    @property
    def file(self) -> str:
        """The name of its file."""
        return f"{self.optimizer:02d}-{self.first:010d}.parquet"


def blocks(plans: Mapping[str, Plan]) -> Iterator[Block]:
    """The blocks of all optimizers. They depend on the sweep alone, not on who computes them."""
    for k, plan in enumerate(plans.values()):
        size = RUNS * int(min(max(WORK / (plan.steps * plan.cost * RUNS), 1), MOST_RUNS / RUNS))
        for first in range(0, plan.runs, size):
            yield Block(k, first, min(first + size, plan.runs))


@dataclasses.dataclass(frozen=True)
class Summary:
    """What became of the runs of one optimizer: the number of runs of each status."""

    optimizer: str
    runs: int
    statuses: Mapping[str, int]


class Dataset:
    """The folder of a sweep.

    Args:
        folder: a path, which need not exist.
        plans: the sweep of each optimizer, by its name.
        description: everything that determines the results, in values that JSON knows.

    Raises:
        Refused: if the folder holds another sweep or other files, or if it cannot be written.
    """

    def __init__(self, folder: Path, plans: Mapping[str, Plan], description: Mapping[str, Any]) -> None:
        self.folder = folder
        self._plans = dict(plans)
        try:
            self._open(json.dumps(description, ensure_ascii=False, indent=2) + "\n")
        except OSError as error:
            raise Refused(f"{folder} cannot be written: {error.strerror}.") from None

    def _open(self, text: str) -> None:
        path = self.folder / DESCRIPTION
        if path.exists():
            if path.read_bytes() != text.encode():
                raise Refused(
                    f"{self.folder} holds another sweep, or one of another version: {_difference(path, text)}. Choose "
                    "another folder, or delete this one."
                )
            return
        if self.folder.exists() and any(self.folder.iterdir()):
            raise Refused(f"{self.folder} is not empty, and holds no sweep: choose a new folder.")
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(path, lambda file: Path(file).write_text(text, "utf-8"))

    @property
    def missing(self) -> list[Block]:
        """The blocks without a file that holds all their runs."""
        return [block for block in blocks(self._plans) if not self._holds(block)]

    def _holds(self, block: Block) -> bool:
        try:
            count: int = pq.read_metadata(self.folder / block.file).num_rows
        except (OSError, pa.ArrowException):  # it does not exist, or it was damaged
            return False
        return count == block.end - block.first

    @property
    def runs(self) -> int:
        """The number of runs of all optimizers."""
        return sum(plan.runs for plan in self._plans.values())

    def write(self, block: Block, results: Mapping[str, NDArray[Any]]) -> None:
        """Write the file of a block, completely or not at all.

        Raises:
            OSError: if the disk is full, for example.
        """
        name, plan = list(self._plans.items())[block.optimizer]
        table = _table(name, plan, block, results)
        _replace(self.folder / block.file, lambda file: pq.write_table(table, file, compression="zstd"))

    def summary(self) -> list[Summary]:
        """The counts of statuses of each optimizer, from the files."""
        counts: dict[str, dict[str, int]] = {name: dict.fromkeys(WORDS, 0) for name in self._plans}
        names = list(self._plans)
        for block in blocks(self._plans):
            words = pq.read_table(self.folder / block.file, columns=["status"])["status"]
            for pair in words.value_counts().to_pylist():
                counts[names[block.optimizer]][pair["values"]] += pair["counts"]
        return [Summary(name, plan.runs, counts[name]) for name, plan in self._plans.items()]


def _replace(path: Path, write: Callable[[str], Any]) -> None:
    """Write a file under another name, and rename it when all of it is on the disk."""
    unfinished = path.with_name(f"_{path.name}.{os.getpid()}.part")
    try:
        write(str(unfinished))
        with open(unfinished, "rb") as file:
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _difference(path: Path, text: str) -> str:
    """The first setting in which two descriptions differ."""
    try:
        old, new = json.loads(path.read_bytes()), json.loads(text)
        key = next(key for key in [*new, *old] if old.get(key) != new.get(key))
    except (ValueError, AttributeError, StopIteration):
        return "its description cannot be read"
    return f"{key} is {json.dumps(old.get(key))} there, and {json.dumps(new.get(key))} here"


def _table(name: str, plan: Plan, block: Block, results: Mapping[str, NDArray[Any]]) -> pa.Table:
    """One row for each run: its optimizer, number, values on the axes, and results; empty where there is none."""
    count = block.end - block.first
    columns: dict[str, Any] = {
        "optimizer": pa.DictionaryArray.from_arrays(np.zeros(count, np.int8), [name]),
        "run": np.arange(block.first, block.end),
    }
    columns |= plan.settings(block.first, block.end)
    for key, values in results.items():
        if key == "codes":
            columns["status"] = pa.DictionaryArray.from_arrays(values, list(WORDS))
        elif key == "end":
            columns |= {f"end.{k}": values[:, k] for k in range(values.shape[1])}
        elif values.dtype.kind == "i":  # steps, which are −1 for never
            columns[key] = pa.array(values, mask=values < 0)
        else:
            columns[key] = values
    return pa.table(columns)
