"""The three rooms are stacked: each imports only the rooms below it. Sources are read, and not run."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import surfaces

ROOT = Path(__file__).resolve().parents[2]
_NAMES = ("caching", "calculus", "compiled", "curvature", "function", "digits", "parameter", "registry", "surface")
VOCABULARY = {f"surfaces.{name}" for name in _NAMES}
NETWORKS = {f"surfaces.network.{name}" for name in ("data", "folds", "losses", "network")} | {"surfaces.network"}
"""What cross-validation needs, which divides data and measures networks."""
JOINT = {ROOT / "optimizers" / name for name in ("diagnostics", "studies")}
"""The parts of `optimizers` that run rules on landscapes and networks, for which they import both libraries."""
PAGE = {"streamlit", "plotly", "app", "starlette"}


def _sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth; `from a import b` yields a, and a.b where that is a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides which module it means"
            module = node.module or ""
            yield module
            yield from (f"{module}.{a.name}" for a in node.names if _file(f"{module}.{a.name}"))


def _file(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.exists():
            return path
    return None


def _closure(path: Path) -> dict[str, Path]:
    """Every module that importing a file imports as well, each with the file that imports it."""
    importers: dict[str, Path] = {}
    unread = [path]
    while unread:
        importer = unread.pop()
        for name in _imports(importer):
            parents = [".".join(name.split(".")[: k + 1]) for k in range(name.count(".") + 1)]
            for module in parents:
                if module not in importers:
                    importers[module] = importer
                    if file := _file(module):
                        unread.append(file)
    return importers


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _sources("surfaces"), ids=_id)
def test_surfaces_import_no_room_above_them(path: Path) -> None:
    for name in _imports(path):
        assert name.split(".")[0] not in {"optimizers", "optax", *PAGE}, f"{_id(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "surfaces/landscapes").glob("*.py")), ids=_id)
def test_a_landscape_imports_only_the_vocabulary(path: Path) -> None:
    modules = {name for name in _imports(path) if name.split(".")[0] == "surfaces"}
    assert modules <= VOCABULARY, f"{_id(path)} imports {modules - VOCABULARY}"


@pytest.mark.parametrize("path", _sources("optimizers"), ids=_id)
def test_optimizers_import_no_room_above_them_and_only_the_vocabulary_below(path: Path) -> None:
    for name in _imports(path):
        assert name.split(".")[0] not in PAGE, f"{_id(path)} imports {name}"
        joint = not JOINT.isdisjoint(path.parents)
        within = name in VOCABULARY or joint or (path.stem == "validation" and name in NETWORKS)
        assert name.split(".")[0] != "surfaces" or within, f"{_id(path)} imports {name}"
        above = name.startswith(("optimizers.diagnostics", "optimizers.studies"))
        assert joint or not above, f"{_id(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "app/figures").glob("*.py")), ids=_id)
def test_figures_do_not_import_streamlit(path: Path) -> None:
    importers = _closure(path)
    assert "streamlit" not in importers, f"{_id(importers['streamlit'])} imports it"


@pytest.mark.parametrize("path", [p for room in ("surfaces", "optimizers") for p in _sources(room)], ids=_id)
def test_the_libraries_set_no_global_flag(path: Path) -> None:
    """Float64 is switched on by a thread-local context, and only entry points set flags."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            call = ast.unparse(node.func)
            assert not call.endswith("config.update"), f"{_id(path)}:{node.lineno}"
            assert call != "os.environ.setdefault", f"{_id(path)}:{node.lineno}"


def test_public_names_are_imported_when_they_are_used() -> None:
    code = "import sys, surfaces.digits; print('jax' in sys.modules); surfaces.SURFACES; print('jax' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["False", "True"]


def test_every_public_name_is_defined_and_no_other() -> None:
    for name in surfaces.__all__:
        assert getattr(surfaces, name) is not None and name in dir(surfaces)
    with pytest.raises(AttributeError, match="module 'surfaces' has no attribute 'nonsense'"):
        surfaces.nonsense  # noqa: B018
