"""The pages of rules and surfaces agree with the declarations, and their pictures are not empty."""

from __future__ import annotations

import dataclasses
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.network import link as network_link
from app.network.settings import Training
from app.race import changes
from app.race import link as race_link
from app.views import pages
from docs import build, cost, screenshots
from optimizers import OPTIMIZERS
from surfaces import SURFACES
from surfaces.digits import parsed

ROOT = Path(__file__).parents[1]
PAGES = build.pages()


def test_the_pages_on_disk_are_up_to_date(tmp_path: Path) -> None:
    process = subprocess.run([sys.executable, "-m", "docs.build", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


def test_stale_and_obsolete_pages_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build.main([str(tmp_path)])
    assert build.main(["--check", str(tmp_path)]) == 0
    (tmp_path / "rules" / "adam.md").write_text("Adam", encoding="utf-8")
    (tmp_path / "rules" / "nobody.md").write_text("Nobody", encoding="utf-8")
    assert build.main(["--check", str(tmp_path)]) == 1
    report = capsys.readouterr().err
    assert "adam.md" in report and "nobody.md" in report and report.count("\n") == 2
    build.main([str(tmp_path)])
    assert build.main(["--check", str(tmp_path)]) == 0


def test_every_rule_and_surface_has_a_page_that_the_index_links() -> None:
    index = PAGES["README.md"]
    for path in [f"rules/{key}.md" for key in OPTIMIZERS] + [f"surfaces/{key}.md" for key in SURFACES]:
        assert f"]({path})" in index and path in PAGES


def test_the_page_of_settings_names_every_key_of_a_link() -> None:
    race = changes.change(changes.set_beside(changes.first(), True), "heights", "linear")
    race = changes.change(changes.change(changes.change(race, "bundle", "band"), "axis", "evaluations"), "start", "1,1")
    race = changes.inspect(changes.set_view(changes.change(race, "picture", "surface"), 0, "rates"), "racer-0")
    training = dataclasses.replace(Training(), file="a", target="b", standardised=False, plane="random")
    text = PAGES["settings.md"]
    for query in (race_link.query(race), network_link.query(training)):
        assert len(query) >= 12
        for key in query.keys() - {"v"}:
            assert f"`{key}`" in text, key


@pytest.mark.parametrize("page", PAGES)
def test_link_targets_exist_and_pictures_are_not_empty(page: str) -> None:
    folder = (ROOT / "docs" / page).parent
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGES[page])
    assert links
    for link in links:
        assert (folder / link).resolve().exists(), link
        if link.endswith(".png"):
            colors = Image.open(folder / link).getcolors(256)  # the palette
            assert len(colors) > 50  # of contours, trails and text


@pytest.mark.parametrize("key", OPTIMIZERS)
def test_a_rules_page_has_formula_parameters_source_and_libraries(key: str) -> None:
    rule, text = OPTIMIZERS[key], PAGES[f"rules/{key}.md"]
    assert rule.source in text and rule.watch in text and rule.beginning in text
    assert "$$" in text or "Its equations are those of optax" in text
    for name, spec in rule.parameters().items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {spec.symbol} | `{name}` | "))
        default, span = row.split(" | ")[2:4]
        if spec.choices:
            assert default == spec.label(spec.default) and span == ", ".join(spec.labels)
        else:
            assert [parsed(text) for text in (default, *span.split(" to "))] == [spec.default, spec.low, spec.high]
        assert not re.search(r"\de[-+]?\d", row), "powers of ten are written 10⁻⁶"
    for library, call in rule.libraries:
        assert f"| {library} | `{call}` |" in text


def test_formulas_are_complete() -> None:
    for path, text in PAGES.items():
        assert text.count("$$") % 2 == 0, path
        for formula in re.findall(r"\$\$(.*?)\$\$", text, flags=re.DOTALL):
            assert formula.count("{") == formula.count("}"), path
            left, right = (len(re.findall(rf"\\{side}(?![a-z])", formula)) for side in ("left", "right"))
            assert left == right, (path, formula)


def test_a_surfaces_page_says_which_parameters_are_rejected() -> None:
    text = PAGES["surfaces/narrow_trap.md"]
    assert "Values are rejected if the hole is too shallow to be a minimum, or so wide that it swallows" in text
    assert not any("Raises" in text for path, text in PAGES.items() if path.startswith("surfaces/"))


def test_the_picture_of_the_cost_shows_times_beside_proportional_ones() -> None:
    seconds = {size: 3e-8 * math.prod(size) ** 0.9 for size in [(k, cost.STEPS) for k in cost.MORE_RUNS]}
    seconds |= {(cost.RUNS, k): 2e-8 * cost.RUNS * k for k in cost.MORE_STEPS}
    for scheme in cost.PICTURES.values():
        drawn = cost.figure(seconds, scheme)
        for axes, sizes in zip(drawn.axes, (cost.MORE_RUNS, cost.MORE_STEPS), strict=True):
            proportional, measured = (line.get_xydata() for line in axes.lines)
            assert tuple(measured[:, 0]) == tuple(proportional[:, 0]) == sizes
        runs, steps = (axes.lines[1].get_ydata() for axes in drawn.axes)
        np.testing.assert_allclose(runs, [seconds[k, cost.STEPS] for k in cost.MORE_RUNS])
        np.testing.assert_allclose(steps, [seconds[cost.RUNS, k] for k in cost.MORE_STEPS])
        np.testing.assert_allclose(drawn.axes[1].lines[0].get_ydata(), steps, rtol=1e-12)  # they are proportional


def test_screenshots_show_every_page_in_every_width_that_a_page_is_built_for() -> None:
    assert {state.page for state in screenshots.STATES.values()} == {*pages.ADDRESSES}
    assert {390, 960, 1280, 1920} <= {*screenshots.WIDTHS} and {*screenshots.SCHEMES} == {"light", "dark"}
