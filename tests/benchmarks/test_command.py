"""The command line of the benchmarks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, _results, main
from benchmarks.measure import Result, alternate

ROOT = Path(__file__).resolve().parents[2]


def _command(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "importtime", "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_help_has_one_line_for_each_benchmark() -> None:
    done = _command("--help")
    assert done.returncode == 0
    lines = [line.split(maxsplit=1) for line in done.stdout.splitlines() if line.startswith("  ")]
    described = {line[0]: line[1] for line in lines if len(line) == 2}
    assert {name: described.get(name) for name in BENCHMARKS} == BENCHMARKS
    assert "--seconds" in described and "--root" in described
    assert "jax" not in done.stderr  # it is not imported to answer


@pytest.mark.parametrize("name", ["nosuch", "Engine", "measure", ""])
def test_an_unknown_benchmark_is_answered_with_the_known_ones(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["engine", name])
    shown = capsys.readouterr()
    assert ended.value.code == 2 and shown.out == ""
    assert f"unknown benchmark {name!r}; choose from {', '.join(BENCHMARKS)}" in shown.err


@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "inf", "soon"])
def test_a_length_must_be_a_positive_number(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["load", "--seconds", seconds])
    assert ended.value.code == 2 and f"got {seconds!r}" in capsys.readouterr().err


def test_a_clock_is_wall_or_processor(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["sweeps", "--clock", "sun"])
    assert ended.value.code == 2 and "invalid choice: 'sun' (choose from" in capsys.readouterr().err


def test_the_processor_clock_counts_what_a_side_computes_and_not_what_it_waits_for() -> None:
    """A side that only waits for another process has next to no processor time, whatever that process does."""
    work = [sys.executable, "-c", "sum(range(2_000_000))"]
    own, waited = alternate(lambda: sum(range(2_000_000)), lambda: subprocess.run(work), rounds=3, clock="processor")
    passed = alternate(lambda: subprocess.run(work), rounds=3)[0]
    assert waited < passed and own > 0


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_listed_benchmark_can_be_run(name: str) -> None:
    """Its module exists and returns a generator, so that nothing is measured before the first result is requested."""
    from benchmarks.__main__ import _parser

    results = _results(name, _parser().parse_args([name, "--seconds", "7"]))
    assert iter(results) is results


def test_every_module_that_measures_is_listed() -> None:
    modules = {path.stem for path in (ROOT / "benchmarks").glob("*.py") if "-> Iterator[Result]:" in path.read_text()}
    assert modules - {"__main__", "gpu"} == set(BENCHMARKS)  # `benchmarks.gpu` is a command of its own


def test_the_exit_status_counts_missed_targets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        Result(f"row {k}", "3 s", "7 s", "0.43", "≤ 0.5", reached) for k, reached in enumerate((True, False, False))
    ]
    monkeypatch.setattr("benchmarks.__main__._results", lambda name, options: iter(rows))
    assert main(["engine"]) == 2
    table = capsys.readouterr().out.splitlines()[2:]
    assert [line.split("|")[1].strip() for line in table] == ["row 0", "row 1", "row 2"]
    assert ["**no**" in line for line in table] == [False, True, True]
