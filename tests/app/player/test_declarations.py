"""TypeScript declarations of the records that are sent to the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from app.player import declarations as module
from app.player.declarations import declarations, main

Color = str
Word = Literal["one", "two"]


@dataclass
class Inner:
    """What stands inside.

    More of it.
    """

    number: float
    whole: int


@dataclass
class Base:
    """A base."""

    name: str = ""


@dataclass
class Outer(Base):
    """What stands outside."""

    yes: bool = True
    word: Word = "one"
    other: Literal["", "x y"] = ""
    color: Color = ""
    nothing: Inner | None = None
    itself: Outer | None = None
    pair: tuple[float, str] = (0.0, "")
    many: tuple[tuple[str, str], ...] = ()
    mixed: tuple[Inner | str, ...] = ()
    table: Mapping[str, tuple[int, ...]] | None = None
    anything: dict[str, Any] | None = None
    bytes_: NDArray[np.uint8] | None = None
    open_: NDArray[np.floating[Any]] | None = None
    rows: Annotated[NDArray[np.float32], "runs, steps"] | None = None
    either: Annotated[NDArray[Any], "points", "moments, points"] | None = None


EXPECTED = """\
export type Word = 'one' | 'two';

/** What stands inside. */
export interface Inner {
  number: number;
  whole: number;
}

/** What stands outside. */
export interface Outer {
  name: string;
  yes: boolean;
  word: Word;
  other: '' | 'x y';
  color: string;
  nothing: Inner | null;
  itself: Outer | null;
  pair: [number, string];
  many: [string, string][];
  mixed: (Inner | string)[];
  table: Record<string, number[]> | null;
  anything: Record<string, any> | null;
  bytes_: Uint8Array | null;
  open_: Numbers | null;
  rows: Float32Array[] | null;
  either: Numbers | Numbers[] | null;
}
"""


def test_records_become_interfaces_with_all_nested_records() -> None:
    text = declarations([Outer], {"Word": Word})
    assert text == module.HEAD + "\n" + EXPECTED


def test_tagged_records_have_a_type() -> None:
    assert "export interface Inner {\n  type: 'inner';\n  number: number;\n" in declarations([Outer], {}, tagged=True)


def test_a_type_without_counterpart_is_refused() -> None:
    @dataclass
    class Bad:
        value: complex

    Bad.__annotations__ = {"value": complex}
    with pytest.raises(TypeError, match="complex"):
        declarations([Bad], {})


def test_the_file_on_disk_is_up_to_date() -> None:
    assert main(["--check"]) == 0


def test_a_stale_file_is_detected_and_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATH", tmp_path / "records.d.ts")
    assert main(["--check"]) == 1
    assert main([]) == 0 and main(["--check"]) == 0
    (tmp_path / "records.d.ts").write_text("export {};\n")
    assert main(["--check"]) == 1
