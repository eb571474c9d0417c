"""Which parts of the app may import which libraries."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _python(code: str) -> str:
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


@pytest.mark.parametrize("module", ["app.figures", "app.race.settings"])
def test_a_script_imports_neither_streamlit_nor_plotly(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('streamlit', 'plotly') if m in sys.modules])"
    assert _python(code) == "[]"


def test_pages_do_not_import_matplotlib() -> None:
    drawers = ("matplotlib", "av", "pptx", "pyarrow.parquet")
    code = f"import sys, app.views.race, app.views.network; print([m for m in {drawers} if m in sys.modules])"
    assert _python(code).splitlines()[-1] == "[]"


def test_the_export_does_not_import_jax() -> None:
    """Files are drawn in separate processes, which have to start quickly."""
    drawers = "app.export.drawing, app.export.films, app.export.deck, app.export.worker"
    assert _python(f"import sys, {drawers}; print('jax' in sys.modules)") == "False"


def test_the_command_line_does_not_import_jax() -> None:
    """`environment.prepare` has to come first."""
    code = "import sys, app.server.cli; print([m for m in ('jax', 'streamlit') if m in sys.modules])"
    assert _python(code) == "[]"


def test_only_a_few_modules_import_streamlit() -> None:
    users = set()
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(name.split(".")[0] == "streamlit" for name in names):
                users.add(path.relative_to(ROOT / "app").parts[0])
    assert users <= {"main.py", "router.py", "server", "views", "player"}


def test_no_file_of_the_app_hides_a_package() -> None:
    """`streamlit run app/main.py` puts app/ first on the import path."""
    names = {p.stem for p in (ROOT / "app").iterdir()}
    assert not names & {"optimizers", "surfaces", "streamlit", "jax", "plotly", "numpy", "optax", "html", "json"}
