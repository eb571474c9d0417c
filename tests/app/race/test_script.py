"""Exported scripts give exactly the numbers of the page with Optiscope, and the same points with optax alone."""

from __future__ import annotations

import ast
import contextlib
import functools
import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.common import names as common_names
from app.common import racers
from app.common.racers import Choice, Refused
from app.race import changes
from app.race import link as race_link
from app.race import runs as race_runs
from app.race.runs import Race
from app.race.script import plain_optax, script
from app.race.settings import Settings
from optimizers import OPTIMIZERS, SCHEDULES
from surfaces import SURFACES
from tests.app.export.scripted import run_script

ROOT = Path(__file__).resolve().parents[3]
STEPS = 60
TOLERANCE = 1e-12


def _race(surface: str, *keys: str, rotation: float = 20.0, steps: int = STEPS) -> Settings:
    """A race in which every racer has the rate that the page suggests."""
    settings = racers.set_steps(changes.choose_surface(Settings(), surface), steps)
    settings = changes.set_rotation(settings, rotation)
    for key in keys:
        settings = changes.add_racer(settings, key)
    return settings


def _set(settings: Settings, **values: Any) -> Settings:
    """The settings with other values of the last racer."""
    for name, value in values.items():
        settings = racers.set_racer(settings, settings.racers[-1].id, name, value)
    return settings


def _shown(settings: Settings) -> Iterable[tuple[str, Any]]:
    """The titles and runs of all visible racers on the page."""
    for racer, title, run in zip(settings.racers, common_names.titles(settings), race_runs.runs(settings), strict=True):
        if not racer.hidden:
            yield title, run


def _held(settings: Settings, tolerance: float = TOLERANCE) -> dict[str, Any]:
    """Run a script without Optiscope, and compare its points with those of the page as far as they are finite."""
    names = run_script(plain_optax(Race(settings)))
    shown = dict(_shown(settings))
    assert list(names["paths"]) == list(shown)
    for title, run in shown.items():
        points = np.asarray(names["paths"][title])
        assert points.dtype == np.float64 and points.shape == run.positions.shape
        ours, theirs = run.positions[: run.last + 1], points[: run.last + 1]
        error = np.abs(ours - theirs).max(axis=1) / (1 + np.abs(ours).max(axis=1))
        assert error.max() <= tolerance, f"{title} at step {error.argmax()}: {error.max():.1e}"
    return names


# With Optiscope's names


SCHEDULED = racers.choose_schedule(_race("rosenbrock", "sgd", "adadelta", "adam"), "cosine")
NOISY = changes.choose_noise(_race("linear_regression", "sgd", "sam"), "mini_batch")
MANY = changes.set_start(_race("ravine_nd", "nesterov"), 1.0, 0.5)
TWINS = _set(_race("himmelblau", "rmsprop", "rmsprop"), convention="pytorch")
HIDDEN = racers.hide_racer(_race("beale", "sgd", "newton"), "racer-0", True)


@pytest.mark.parametrize(
    "settings",
    [changes.first(), SCHEDULED, NOISY, pytest.param(MANY, marks=pytest.mark.long), TWINS, HIDDEN],
    ids=["first", "scheduled", "noisy", "many", "twins", "hidden"],
)
@pytest.mark.thinned(2)
def test_a_script_gives_exactly_the_numbers_of_the_page(settings: Settings) -> None:
    runs = run_script(script(Race(settings)))["runs"]
    shown = dict(_shown(settings))
    assert list(runs) == list(shown)
    for title, run in shown.items():
        np.testing.assert_array_equal(runs[title].positions, run.positions)
        np.testing.assert_array_equal(runs[title].losses, run.losses)


def test_a_script_runs_by_itself_and_prints_where_each_run_ended(tmp_path: Path) -> None:
    settings = _race("rosenbrock", "sgd", "adam", steps=20)
    for write in (script, plain_optax):
        path = tmp_path / "race.py"
        path.write_text(write(Race(settings)), encoding="utf-8")
        done = subprocess.run([sys.executable, path], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0 and not done.stderr, done.stderr
        for line, (title, run) in zip(done.stdout.splitlines(), _shown(settings), strict=True):
            name, _, rest = line.partition(": ")
            loss, _, place = rest.partition(" at ")
            assert name == title
            assert float(loss) == pytest.approx(run.losses[-1], rel=1e-12)
            assert ast.literal_eval(place[: place.index("]") + 1]) == pytest.approx(run.positions[-1], rel=1e-12)


# With optax alone


def _conventions(key: str) -> tuple[str, ...]:
    spec = OPTIMIZERS[key].parameters().get("convention")
    return spec.choices if spec else ("textbook",)


PAIRS = [(key, convention) for key in OPTIMIZERS for convention in _conventions(key)]
# A rule says which call of optax it is like, if there is one. No documentation names an equal of PyTorch's conventions.
UNEQUAL = [(key, of) for key, of in PAIRS if of == "pytorch" or "optax" not in dict(OPTIMIZERS[key].libraries)]
EQUAL = [pair for pair in PAIRS if pair not in UNEQUAL]


def _pair(surface: str, key: str, convention: str) -> Settings:
    settings = _race(surface, key)
    return settings if convention == "textbook" else _set(settings, convention=convention)


@pytest.mark.parametrize(
    ("key", "convention"), [pytest.param(*one, marks=[pytest.mark.long] * (k % 2)) for k, one in enumerate(EQUAL)]
)
@pytest.mark.thinned(8)
def test_every_rule_with_an_equal_walks_the_same_path_in_optax(key: str, convention: str) -> None:
    _held(_pair("himmelblau", key, convention))


@pytest.mark.long
@pytest.mark.parametrize(("key", "convention"), EQUAL)
@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle", "listed_decay"])
def test_every_rule_under_schedules_and_on_another_surface(key: str, convention: str, schedule: str) -> None:
    settings = racers.choose_schedule(_pair("quadratic_ravine", key, convention), schedule)
    if key == "nesterov_velocity" and schedule != "constant":
        with pytest.raises(Refused, match="its v holds past learning rates"):
            plain_optax(Race(settings))
    else:
        _held(settings, 1e-10)  # RMSprop divides by averages of gradients that are close to zero


@pytest.mark.parametrize(("key", "convention"), UNEQUAL)
def test_a_rule_without_an_equal_is_named(key: str, convention: str) -> None:
    settings = _pair("himmelblau", key, convention)
    title = common_names.titles(settings)[0]
    with pytest.raises(Refused) as refusal:
        plain_optax(Race(settings))
    assert str(refusal.value) == f"The documentation of {title} names no equivalent in optax."


def test_all_rules_without_an_equal_are_named_at_once() -> None:
    settings = _set(_race("himmelblau", "newton", "sgd", "adagrad"), convention="pytorch")
    with pytest.raises(Refused, match=r"of Newton names .* of Adagrad \(PyTorch\) names"):
        plain_optax(Race(settings))
    shown = racers.hide_racer(racers.hide_racer(settings, "racer-0", True), "racer-2", True)
    assert 'paths = {\n    "SGD": race(' in plain_optax(Race(shown))


def _moved(key: str) -> Settings:
    """The surface with other values of its parameters, if these are allowed."""
    settings = changes.choose_surface(Settings(), key)
    for name, spec in SURFACES[key].parameters().items():
        near = int(spec.default) - 3 if spec.integer else 0.9 * spec.default + 0.1 * (spec.low + spec.high) / 2
        with contextlib.suppress(Refused):
            settings = changes.set_parameter(settings, "surface", name, near)
    return changes.add_racer(racers.set_steps(changes.set_rotation(settings, -35.0), 30), "sgd")


# one with a formula alone, one with each thing that has to be copied besides, and one that is folded by `vector`
VARIED = ("himmelblau", "ackley", "narrow_trap", "sharp_and_flat", "linear_regression", "tiny_network", "ravine_nd")


@pytest.mark.parametrize(
    "key", [key if key in VARIED else pytest.param(key, marks=pytest.mark.long) for key in SURFACES]
)
@pytest.mark.thinned(4)
def test_every_surface_is_written_out(key: str) -> None:
    settings = _moved(key)
    assert not SURFACES[key].parameters() or settings.surface.values
    names = _held(settings)
    (_, run), *_ = _shown(settings)
    np.testing.assert_allclose(names["losses"][: run.last + 1], run.losses[: run.last + 1], rtol=1e-10, atol=1e-12)


def test_without_a_rotation_the_formula_stands_alone() -> None:
    settings = _race("booth", "sgd", rotation=0.0)
    assert "ANGLE" not in plain_optax(Race(settings))
    assert "(x + 2.0 * y - 7.0) ** 2 + (2.0 * x + y - 5.0) ** 2" in plain_optax(Race(settings))
    _held(settings)


@pytest.mark.parametrize("schedule", [key for key in SCHEDULES if key != "constant"])
def test_every_schedule_is_written_into_the_script(schedule: str) -> None:
    settings = racers.choose_schedule(_race("quadratic_ravine", "nesterov"), schedule)
    for name, value in {"every": 7.5, "first": 10, "second": 25.5, "over": 20, "drop": 0.6, "initial": 0.2}.items():
        if name in SCHEDULES[schedule].parameters():
            settings = racers.set_schedule(settings, name, value)
    _held(settings)


def test_a_rule_whose_state_contains_rates_has_no_equivalent_under_a_schedule() -> None:
    settings = racers.choose_schedule(_race("quadratic_ravine", "nesterov_velocity"), "cosine")
    with pytest.raises(Refused, match=r"^With a schedule, Nesterov \(velocity form\) has no equivalent in optax"):
        plain_optax(Race(settings))


@pytest.mark.parametrize(
    ("kind", "values", "lineup"),
    [
        ("isotropic", {}, ("polyak_sgd",)),
        ("isotropic", {"distribution": "uniform"}, ("schedule_free_sgd",)),
        ("shifted", {"scale": 0.3}, ("sam",)),
    ],
    ids=["normal", "uniform", "shifted"],
)
@pytest.mark.thinned(3)
def test_the_noise_of_a_script_equals_that_of_optiscope(
    kind: str, values: dict[str, Any], lineup: tuple[str, ...]
) -> None:
    settings = changes.choose_noise(_race("himmelblau", *lineup), kind)
    settings = racers.set_seed(settings, 2**31 - 1)
    for name, value in values.items():
        settings = changes.set_parameter(settings, "noise", name, value)
    _held(settings, 1e-10)  # Polyak's rate divides by gradients that the noise makes small


def test_mini_batches_cannot_be_written_without_optiscope() -> None:
    with pytest.raises(Refused, match="mini-batch noise cannot be generated"):
        plain_optax(Race(NOISY))


def test_a_run_that_diverges_is_printed_at_its_last_finite_point() -> None:
    settings = _set(_race("quadratic_ravine", "sgd", steps=120), learning_rate=8.0)
    ((_, run),) = _shown(settings)
    assert 0 < run.last < 120
    printed = _held(settings, 1e-9)["printed"]  # each step multiplies a difference in the last bit by 239
    assert printed.endswith(f", step {run.last}\n") and "nan" not in printed and "inf" not in printed


def test_two_racers_of_one_rule_share_its_functions() -> None:
    code = plain_optax(Race(_set(_race("booth", "sam", "sam", "prodigy", "prodigy"), first_estimate=0.1)))
    assert code.count("def sam(") == code.count("def prodigy(") == 1
    assert code.count("partial(sam") == 2


@pytest.mark.parametrize("write", [script, plain_optax])
def test_a_script_without_racers_is_refused(write: Any) -> None:
    alone = _race("booth", "sgd")
    for settings in (Settings(), racers.hide_racer(alone, "racer-0", True)):
        with pytest.raises(Refused, match="No optimizers to export"):
            write(Race(settings))


def test_the_same_settings_give_the_same_script() -> None:
    settings = racers.choose_schedule(_race("sharp_and_flat", "nesterov", "sam", rotation=18.0), "one_cycle")
    link = race_link.query(settings)
    code = f"""
from app.race.link import parse
from app.race.runs import Race
from app.race.script import plain_optax
print(plain_optax(Race(parse({link})[0])))
"""
    seeded = {**os.environ, "PYTHONHASHSEED": "7"}  # another order of every set
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=seeded, capture_output=True, timeout=120)
    assert done.stdout.decode() == plain_optax(Race(settings)) + "\n"


FUNCTIONS = ("adam", "sam", "nesterov", "prodigy", "yogi")


def _on(surface: str, schedule: str, key: str) -> Settings:
    settings = racers.choose_schedule(changes.choose_surface(Settings(), surface), schedule)
    return racers.join(changes.set_rotation(settings, 20.0), Choice(key, (("learning_rate", 0.01),)))


def _of_rules(part: slice, noise: str) -> Settings:
    equal = [key for key, convention in EQUAL if convention == "textbook"]
    return changes.choose_noise(_race("booth", *equal[part]), noise)


WRITTEN: dict[str, Callable[[], Settings]] = {
    surface: functools.partial(_on, surface, schedule, key)
    for surface, schedule, key in zip(SURFACES, itertools.cycle(SCHEDULES), itertools.cycle(FUNCTIONS), strict=False)
}
WRITTEN["rules"] = functools.partial(_of_rules, slice(16), "none")
WRITTEN["more rules"] = functools.partial(_of_rules, slice(16, None), "isotropic")


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.thinned(9)
def test_scripts_have_neither_unused_nor_undefined_names(name: str, tmp_path: Path) -> None:
    """A linter checks the scripts of every surface, every schedule and every rule."""
    settings = WRITTEN[name]()
    for write in (script, plain_optax):
        code = write(Race(settings))
        assert "# type:" not in code and "# noqa" not in code
        (tmp_path / f"{write.__name__}.py").write_text(code, encoding="utf-8")
        roots = {
            (n.module or "" if isinstance(n, ast.ImportFrom) else n.names[0].name).partition(".")[0]
            for n in ast.walk(ast.parse(code))
            if isinstance(n, ast.Import | ast.ImportFrom)
        }
        allowed = {"optimizers", "surfaces"} if write is script else {"jax", "numpy", "optax"}
        assert roots <= allowed | set(sys.stdlib_module_names)
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "E4,E7,E9,F,I,B", "--quiet", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-3000:]
