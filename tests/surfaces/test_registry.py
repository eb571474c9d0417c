"""Registries: adding a file adds a rule or a surface, without a change anywhere else."""

import importlib
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from optimizers import OPTIMIZERS, Optimizer, trace
from surfaces import SURFACES, THEMES, Surface
from surfaces.registry import discover

ROOT = Path(__file__).resolve().parents[2]

RULE = '''
"""Signed descent, as a user would write it."""

from typing import NamedTuple

import jax.numpy as jnp

from optimizers.optimizer import Optimizer, Step
from optimizers.parameters import learning_rate


class State(NamedTuple):
    """No state."""


class Signed(Optimizer):
    """Follow the sign of the slope."""

    name = "Signed"
    year = 1993
    source = "a test"
    watch = "It never settles."
    equations = (("g", "grad(w)"), ("w", "w - η*sign(g)"))
    rate_unit = "length"
    scale_free = True

    learning_rate: float = learning_rate(0.5)

    def init(self, w):
        return State()

    def step(self, gradient, w, state, t):
        g = gradient(w)
        return w - self.learning_rate * jnp.sign(g), State(), Step(w, g, jnp.sign(g), self.learning_rate)
'''

SURFACE = '''
"""A round bowl, as a user would write it."""

from surfaces.parameter import parameter
from surfaces.surface import CriticalPoint, Surface


class Bowl(Surface):
    """Curvature h everywhere."""

    name = "Bowl"
    formula = r"\\tfrac h2 (x^2 + y^2)"
    teaches = "Nothing."
    source = "a test"
    theme = "ravines"

    curvature: float = parameter("h", default=2.0, low=0.5, high=8.0, doc="Curvature.")

    def __call__(self, w):
        return 0.5 * self.curvature * (w[0] ** 2 + w[1] ** 2)

    @property
    def domain(self):
        return (-2.0, 2.0), (-2.0, 2.0)

    @property
    def start(self):
        return (1.0, 1.75)

    def critical_points(self):
        return (CriticalPoint((0.0, 0.0), "minimum"),)
'''


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An empty package that can be imported, named after the test."""
    package = tmp_path / f"package_of_{request.node.name.split('[')[0]}"
    package.mkdir()
    (package / "__init__.py").write_text('"""Written by a test."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    return package


def _rules(folder: Path) -> dict[str, type[Optimizer]]:
    importlib.invalidate_caches()
    return dict(discover(folder.name, Optimizer, order=lambda rule: rule.year))


def test_a_new_file_among_the_rules_is_a_new_rule(folder: Path) -> None:
    """A file in a copy of the folder of rules is discovered with its parameters, and can be traced."""
    shutil.copytree(ROOT / "optimizers" / "rules", folder, dirs_exist_ok=True)
    (folder / "signed.py").write_text(RULE)
    rules = _rules(folder)
    assert set(rules) == {*OPTIMIZERS, "signed"}
    rule = rules["signed"]
    assert rule.key == "signed"
    assert [(p.symbol, p.default) for p in rule.parameters().values()] == [("η", 0.5)]
    # four steps of 0.5 in each coordinate, towards zero and past it
    run = trace(SURFACES["quadratic_ravine"](), rule(), start=(-2.75, 1.25), steps=4)
    np.testing.assert_array_equal(
        run.positions, [[-2.75, 1.25], [-2.25, 0.75], [-1.75, 0.25], [-1.25, -0.25], [-0.75, 0.25]]
    )


def test_a_new_file_among_the_landscapes_is_a_new_surface(folder: Path) -> None:
    shutil.copytree(ROOT / "surfaces" / "landscapes", folder, dirs_exist_ok=True)
    (folder / "bowl.py").write_text(SURFACE)
    importlib.invalidate_caches()
    surfaces = discover(folder.name, Surface, order=lambda s: THEMES.index(s.theme))
    assert set(surfaces) == {*SURFACES, "bowl"}
    run = trace(surfaces["bowl"](), OPTIMIZERS["sgd"](learning_rate=0.25), steps=2)
    # w ← (1 − η h) w = w/2
    np.testing.assert_array_equal(run.positions, [[1.0, 1.75], [0.5, 0.875], [0.25, 0.4375]])


def test_the_public_registries_contain_a_new_file(tmp_path: Path) -> None:
    """One file is added to each library, in copies that a new process imports without the app."""
    for room in ("surfaces", "optimizers"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "optimizers" / "rules" / "signed.py").write_text(RULE)
    (tmp_path / "surfaces" / "landscapes" / "bowl.py").write_text(SURFACE)
    script = """
        import sys
        from optimizers import OPTIMIZERS, trace
        from surfaces import SURFACES
        assert {"streamlit", "plotly", "app"}.isdisjoint(sys.modules), "the app was imported"
        run = trace(SURFACES["bowl"](), OPTIMIZERS["signed"](), steps=2)
        print(run.positions.tolist(), list(OPTIMIZERS["signed"].parameters()))
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    # (1, 1.75) − 0.5 in each coordinate, twice
    assert process.stdout.strip() == "[[1.0, 1.75], [0.5, 1.25], [0.0, 0.75]] ['learning_rate']"


def test_a_file_with_two_classes_is_rejected_by_name(folder: Path) -> None:
    (folder / "pair.py").write_text(RULE + "\n\nclass Again(Optimizer):\n    year = 1\n")
    message = rf"{folder.name}\.pair must declare exactly one Optimizer; it declares Signed, Again"
    with pytest.raises(TypeError, match=message):
        _rules(folder)


def test_a_file_without_a_class_is_rejected_by_name(folder: Path) -> None:
    (folder / "empty.py").write_text("from optimizers.rules.sgd import SGD\n")  # an import is not a declaration
    message = rf"{folder.name}\.empty must declare exactly one Optimizer; it declares none"
    with pytest.raises(TypeError, match=message):
        _rules(folder)


def test_registries_are_sorted_by_year_or_theme_and_then_by_key() -> None:
    years = [(rule.year, key) for key, rule in OPTIMIZERS.items()]
    assert years == sorted(years)
    themes = [(THEMES.index(s.theme), key) for key, s in SURFACES.items()]
    assert themes == sorted(themes)


def test_registries_are_read_only() -> None:
    with pytest.raises(TypeError):
        OPTIMIZERS["mine"] = OPTIMIZERS["sgd"]  # type: ignore[index]
