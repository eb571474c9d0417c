"""Three rooms, stacked: each knows only the rooms below it. The walk reads the sources, and runs none."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_NAMES = ("calculus", "compiled", "curvature", "digits", "parameter", "registry", "surface")
VOCABULARY = {f"surfaces.{name}" for name in _NAMES}
PAGE = {"streamlit", "plotly", "app", "starlette"}


def _sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; `from a import b` yields a, and a.b where that is a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide where they point"
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
    """All modules of ours and of others that importing a file brings along, with the file that asks for each."""
    seen: dict[str, Path] = {}
    todo = [path]
    while todo:
        here = todo.pop()
        for name in _imports(here):
            parents = [".".join(name.split(".")[: k + 1]) for k in range(name.count(".") + 1)]
            for module in parents:
                if module not in seen:
                    seen[module] = here
                    if file := _file(module):
                        todo.append(file)
    return seen


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _sources("surfaces"), ids=_id)
def test_surfaces_import_nothing_above_them(path: Path) -> None:
    for name in _imports(path):
        assert name.split(".")[0] not in {"optimizers", "optax", *PAGE}, f"{_id(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "surfaces/landscapes").glob("*.py")), ids=_id)
def test_a_landscape_imports_only_the_vocabulary(path: Path) -> None:
    ours = {name for name in _imports(path) if name.split(".")[0] == "surfaces"}
    assert ours <= VOCABULARY, f"{_id(path)} imports {ours - VOCABULARY}"


@pytest.mark.parametrize("path", _sources("optimizers"), ids=_id)
def test_optimizers_import_nothing_above_them_and_only_the_vocabulary_below(path: Path) -> None:
    for name in _imports(path):
        assert name.split(".")[0] not in PAGE, f"{_id(path)} imports {name}"
        assert name.split(".")[0] != "surfaces" or name in VOCABULARY, f"{_id(path)} imports {name}"


@pytest.mark.parametrize("path", sorted((ROOT / "app/figures").glob("*.py")), ids=_id)
def test_figures_bring_no_streamlit_along(path: Path) -> None:
    modules = _closure(path)
    assert "streamlit" not in modules, f"by way of {_id(modules['streamlit'])}"


@pytest.mark.parametrize("path", [p for room in ("surfaces", "optimizers") for p in _sources(room)], ids=_id)
def test_the_libraries_set_no_global_flag(path: Path) -> None:
    """float64 is a thread-local context, and flags are the entry points' business."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            call = ast.unparse(node.func)
            assert not call.endswith("config.update"), f"{_id(path)}:{node.lineno}"
            assert call != "os.environ.setdefault", f"{_id(path)}:{node.lineno}"
