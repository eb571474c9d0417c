"""The structure of the repository, read from its sources: what may import what, and no import in a circle."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.views.pages import PAGES

ROOT = Path(__file__).resolve().parents[1]
WEB = ROOT / "app" / "player" / "web"
ALIKE = {"settings", "changes", "link", "presets", "scene", "views", "results", "captions", "script", "export"}
"""The modules that every page has."""
SHARED = {"common", "figures", "export", "player"}
"""The folders that every page may import."""
BELOW = {
    "server": {*PAGES, *SHARED, "sweeps"},
    "sweeps": {"common"},
    "views": {*PAGES, *SHARED},
    **dict.fromkeys(PAGES, SHARED),
    "common": {"figures", "export", "player"},
    "export": {"common", "figures", "player"},
    "figures": {"common"},
    "player": {"figures"},
}
"""The folders of the app that each of them may import, itself aside."""
LAYERS = {"core": 0, "drawing": 1, "dragging": 1, "panels": 2, "cards": 2, "modes": 3, "stage": 4}
"""The height of each folder of the player's JavaScript. A module imports from its own folder and from lower ones."""

Graph = Mapping[str, set[str]]


def _modules() -> dict[str, Path]:
    paths = [path for room in ("surfaces", "optimizers", "app") for path in (ROOT / room).rglob("*.py")]
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    return dict(sorted(names.items()))


def _imports(path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    """The modules of this repository that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                if name in known or node.module in known:
                    yield name if name in known else str(node.module)


@functools.cache
def _python() -> Graph:
    known = _modules()
    return {name: {other for other in _imports(path, known) if other != name} for name, path in known.items()}


def _javascript() -> Graph:
    pattern = re.compile(r"""^(?:import|export)\b[^;]*?\bfrom\s+['"](\.[^'"]+)['"]""", re.MULTILINE)
    graph = {}
    for path in sorted(WEB.rglob("*.js")):
        found = pattern.findall(path.read_text("utf-8"))
        graph[str(path)] = {str((path.parent / name).resolve()) for name in found}
    return graph


def _circles(graph: Graph) -> list[list[str]]:
    """The strongly connected parts of more than one module (Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    circles = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            part = stack[stack.index(node) :]
            del stack[-len(part) :]
            if len(part) > 1:
                circles.append(sorted(part))

    for node in graph:
        if node not in index:
            visit(node)
    return circles


@pytest.mark.parametrize("graph", [_python(), _javascript()], ids=["Python", "JavaScript"])
def test_no_import_runs_in_a_circle(graph: Graph) -> None:
    assert len(graph) > 40 and sum(map(len, graph.values())) > 100
    assert _circles(graph) == []


def test_a_circle_would_be_seen() -> None:
    assert _circles({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}) == [["b", "c"]]


@pytest.mark.parametrize("folder", BELOW)
def test_folders_of_the_app_import_only_those_below_them(folder: str) -> None:
    for name, others in _python().items():
        if name.startswith(f"app.{folder}."):
            folders = {other.split(".")[1] for other in others if other.startswith("app.") and other.count(".") > 1}
            assert folders - {folder} <= BELOW[folder], f"{name} imports {sorted(folders - {folder} - BELOW[folder])}"


def test_every_folder_of_the_app_has_its_place() -> None:
    assert {path.name for path in (ROOT / "app").iterdir() if (path / "__init__.py").exists()} == set(BELOW)


def _upward(graph: Graph) -> list[str]:
    """Imports between the player's folders that do not point down."""

    def place(module: str) -> tuple[str, int]:
        folder = Path(module).parent.name
        return (folder, len(LAYERS)) if Path(module).parent == WEB else (folder, LAYERS[folder])

    return [
        f"{name} imports {other}"
        for name, others in graph.items()
        for other in others
        if place(other)[0] != place(name)[0] and place(other)[1] >= place(name)[1]
    ]


def test_modules_of_the_player_import_only_from_folders_below_them() -> None:
    assert _upward(_javascript()) == []


def test_an_import_that_points_up_or_sideways_would_be_seen() -> None:
    for name, other in (("core/dom.js", "panels/map.js"), ("panels/map.js", "cards/cards.js"), ("core/dom.js", "a.js")):
        assert len(_upward({str(WEB / name): {str(WEB / other)}})) == 1
    assert _upward({str(WEB / "index.js"): {str(WEB / "core/dom.js")}}) == []


def test_every_folder_of_the_player_has_its_height() -> None:
    assert {path.name for path in WEB.iterdir() if path.is_dir()} == set(LAYERS)


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_alike_inside(page: str) -> None:
    assert {path.stem for path in (ROOT / "app" / page).glob("*.py")} >= ALIKE


@pytest.mark.parametrize("page", PAGES)
def test_pages_know_nothing_of_each_other(page: str) -> None:
    others = {f"app.{other}" for other in PAGES if other != page}
    for name, imported in _python().items():
        if name.startswith(f"app.{page}."):
            assert not {other for other in imported if ".".join(other.split(".")[:2]) in others}, name
