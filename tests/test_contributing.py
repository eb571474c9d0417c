"""CONTRIBUTING and the page on the architecture are true: what they name exists, and one new file is enough."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from optimizers import OPTIMIZERS
from optimizers.studies import STUDIES
from surfaces import SURFACES
from surfaces.network import DATASETS

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("CONTRIBUTING.md", "docs/architecture.md")}
EXAMPLES = {
    "an optimizer": "adam",
    "a surface": "booth",
    "a data set": "xor",
    "a regularizer": "dropout",
    "a page": "race",
    "a study": "rotation",
    "a benchmark": "engine",
}
"""Something there is of each kind whose files have its name."""


def _table() -> dict[str, list[str]]:
    """The rows of the table of additions, by what is added."""
    section = CONTRIBUTING.split("## What an addition touches", 1)[1].split("\n## ", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in rows[2:]}


TABLE = _table()


def _paths(text: str) -> list[str]:
    """The files and folders in backticks: what has a slash, or the ending of a source."""
    words = re.findall(r"`([^`\s]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return [word for word in words if re.fullmatch(r"[\w.*-]+(/[\w.*-]*)+|[\w-]+\.(py|js|css|md|toml|lock|json)", word)]


@pytest.mark.parametrize("addition", TABLE)
def test_the_files_that_an_addition_touches_exist(addition: str) -> None:
    paths = [path.replace("NAME", EXAMPLES.get(addition, "NAME")) for cell in TABLE[addition] for path in _paths(cell)]
    assert paths
    for path in paths:
        assert any(ROOT.glob(path)), path


@pytest.mark.parametrize("page", PAGES)
def test_the_files_and_folders_that_a_page_names_exist(page: str) -> None:
    """By their whole path, or by the end of it where a sentence or a column says in which folder they are."""
    before, _, after = PAGES[page].partition("## What an addition touches")
    paths = _paths(before + after.partition("\n## ")[2])
    assert len(paths) > 15
    for path in paths:
        assert any(ROOT.glob(path)) or any((ROOT / "app").glob(f"**/{path}")), path


RULE = '''
"""Sign descent."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import Array

from optimizers.optimizer import Gradient, Optimizer, Step
from optimizers.parameters import learning_rate


class State(NamedTuple):
    """Sign descent has no state."""


class SignDescent(Optimizer):
    """A step by the sign of the slope."""

    name = "Sign descent"
    year = 2018
    source = "J. Bernstein et al. (2018), signSGD"
    watch = "Every step has the same length in every coordinate."
    equations = (("g", "grad(w)"), ("w", "w - η*sign(g)"))
    rate_unit = "length"
    scale_free = True

    learning_rate: float = learning_rate(1e-2)

    def init(self, w: Array) -> State:
        return State()

    def step(self, gradient: Gradient, w: Array, state: State, t: Array) -> tuple[Array, State, Step]:
        g = gradient(w)
        sign = jnp.sign(g)
        return w - self.learning_rate * sign, State(), Step(w, g, sign, self.learning_rate)
'''
SURFACE = '''
"""A trough."""

from jax import Array

from surfaces.surface import Box, CriticalPoint, Surface


class Trough(Surface):
    """A trough that is steep on its sides."""

    name = "Trough"
    formula = r"(x - 0.3)^4 + (y - 0.5)^2"
    teaches = "The floor of the trough is flat."
    source = "None"
    theme = "ravines"

    def __call__(self, w: Array) -> Array:
        x, y = w
        return (x - 0.3) ** 4 + (y - 0.5) ** 2

    @property
    def domain(self) -> Box:
        return (-2.0, 2.0), (-1.5, 1.5)

    @property
    def start(self) -> tuple[float, ...]:
        return (-1.5, 1.2)

    def critical_points(self) -> tuple[CriticalPoint, ...]:
        return (CriticalPoint((0.3, 0.5), "minimum"),)
'''
DATA = '''
"""Stripes."""

import numpy as np

from surfaces.network.data import Source, samples


class Stripes(Source):
    """Upright stripes that belong to two classes in turn."""

    name = "Stripes"
    task = "classes"
    about = "Neighbouring stripes belong to different classes."
    source = "None"
    widths = (4,)

    samples: int = samples(200)

    def draw(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        x = rng.uniform(-2, 2, (self.samples, 2))
        return x, np.floor(x[:, 0]).astype(int) % 2
'''
STUDY = '''
"""The mean of dice."""

from typing import NamedTuple

import numpy as np

from optimizers.studies.study import Progress, Study, Table
from surfaces.parameter import AT_LEAST_ONE, parameter


class Found(NamedTuple):
    """The mean of the first k throws, for all k."""

    means: np.ndarray


class Dice(Study):
    """The mean of many throws of a die."""

    name = "Mean of dice"
    group = "Optimizers"
    about = "The mean settles down."
    source = "J. Bernoulli (1713)"

    throws: int = parameter(
        "n", default=100, low=10, high=1000, integer=True, legal=AT_LEAST_ONE, doc="Number of throws."
    )

    def run(self, seed=0):
        thrown = np.random.default_rng(seed).integers(1, 7, self.throws)
        means = np.cumsum(thrown) / np.arange(1, self.throws + 1)
        yield Progress(0.5, Found(means[: self.throws // 2]))
        yield Progress(1.0, Found(means))

    def table(self, found):
        return Table(("throw", "mean"), [(k + 1, float(mean)) for k, mean in enumerate(found.means)])
'''
PICTURE = '''
"""The picture of the mean of dice."""

import numpy as np

from app.figures.series import Axes, linear, plot, series

UNIT = "throw"


def panels(study, found):
    times = np.arange(1, len(found.means) + 1)
    axes = Axes(x=linear([times], "throw"), y=linear([found.means], "mean"))
    return (plot("mean", "Mean", axes, [series(times, found.means, 0, "mean", "mean", time=times)], "one die"),)
'''
VIEWS = {
    "race": 'View("Twice the distance", _measured(lambda run: 2 * _distances(run), "twice", "", ""))',
    "network": 'View(_plain("Half"), _curves(lambda m: [m.loss / 2, m.loss], log=True), _only_measures)',
}
"""A view of each page, which its table gets under the name "new"."""
FORMATS = {
    "pictures": '"webp": Picture("image/webp")',
    "films": '"mov": Film("video/quicktime", "libx264", {"preset": "veryfast"}, {"movflags": "+faststart"})',
}
"""The entry of a format of each kind in its table."""
USED = """
import base64
import gzip
import io
import time

import av
from PIL import Image

from app.server import environment

environment.prepare()
from app.export.options import Cut, Look
from app.network import link as network_link
from app.network import scene as network_scene
from app.network.process import Local
from app.network.settings import generated
from app.race import changes, export, link, results, scene, script
from app.race.runs import Race
from app.studies import export as study_export
from app.studies import link as study_link
from app.studies import scene as study_scene
from app.studies.job import Job as StudyJob
from app.studies.process import Process
from docs import build

settings, notices = link.parse({"surface": ["trough"], "racer": ["sign_descent:learning_rate=0.037", "adam"]})
assert notices == [] and link.parse(link.query(settings)) == (settings, []), notices
race = Race(settings)
card = scene.scene(race).cards[0]
assert card.title.startswith("Sign descent") and [slider.value for slider in card.sliders] == [0.037], card
assert len(results.table(race)) == 2 and "sign_descent" in script.script(race)
assert b"Trough" in export.contents(race, "race.svg", Look(width=500, height=400), Cut())
with Image.open(io.BytesIO(export.contents(race, "race.webp", Look(width=500, height=400), Cut()))) as picture:
    assert (picture.format, picture.size) == ("WEBP", (500, 400))
film = export.contents(race, "race.mov", Look(width=500, height=400), Cut(seconds=0.4, rate=10, hold=0))
with av.open(io.BytesIO(film)) as opened:
    assert b"qt  " in film[:16] and sum(1 for _ in opened.decode(video=0)) == 4

shown = changes.set_view(settings, 0, "new")
(panel,) = (one for one in scene.scene(Race(shown)).panels if one.key == "new")
assert panel.title == "Twice the distance" and ("new", panel.title) in scene.scene(race).addable
assert link.parse(link.query(shown)) == (shown, [])
looks = [Look(width=500, height=400, part=part) for part in ("all", "new")]
whole, part = (export.contents(Race(shown), "race.png", look, Cut()) for look in looks)
assert part[:4] == whole[:4] and part != whole
page = export.contents(Race(shown), "race.html", Look(), Cut()).decode()
packed = page.split('id="recording">', 1)[1].split("<", 1)[0]
assert b"Twice the distance" in gzip.decompress(base64.b64decode(packed))

pages = build.pages()
assert {"rules/sign_descent.md", "surfaces/trough.md"} <= set(pages)
assert "](rules/sign_descent.md)" in pages["README.md"] and "](surfaces/trough.md)" in pages["README.md"]

def nowhere(training):
    raise AssertionError("no file was named")

training, notices = network_link.parse(
    {"data": ["stripes"], "racer": ["sign_descent"], "steps": ["30"], "views": ["new,loss,outcome"]}, nowhere
)
assert notices == [] and training.data.key == "stripes" and training.rule(training.racers[0]).name == "Sign descent"
assert len(generated(training).train) + len(generated(training).validation) > 100
job = network_scene.job_for(training, generated(training), connection=Local())
job.begin()
while job.busy:
    time.sleep(0.01)
(panel,) = (one for one in network_scene.scene(training, job).panels if one.key == "new")
assert panel.title == "Half" and len(panel.marks[0].y) > 2

study, notices = study_link.parse({"study": ["dice"], "study.throws": ["40"]})
assert notices == [] and study_link.query(study)["study.throws"] == ["40"]
process = Process()
study_job = StudyJob(study, lambda: process)
study_job.begin()
assert study_job.wait(100) and study_job.complete, study_job.error
process.end()
shown = study_scene.scene(study, study_job)
assert [panel.title for panel in shown.panels] == ["Mean"] and shown.clock.words(3) == "throw 3 of 40"
assert len(study_export.numbers(study, study_job, "dice.csv").splitlines()) == 41
assert ("dice", "Mean of dice", "Mean of dice") in study_scene.guide(study).presets
print("used")
"""

VISITED = """
from app.server import environment

environment.prepare()
from streamlit.testing.v1 import AppTest

from app.views.pages import ADDRESSES

test = AppTest.from_file("app/router.py", default_timeout=120).run()
assert not test.exception, test.exception
titles = [page.title for page in test.session_state["pages"]]
assert titles == [*ADDRESSES.values()] and titles[0] == "Study"
words = [element.proto.body for element in test.get("html")]
assert any("aria-current='page'>Study<" in word for word in words), words
assert "quadratic_ravine" in test.query_params["surface"]
print("visited")
"""


def _copied(folder: Path) -> None:
    """Copy the sources into a folder."""
    for name in ("app", "optimizers", "surfaces", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.png"))
    shutil.copy(ROOT / "pyproject.toml", folder)


def _printed(folder: Path, *arguments: str) -> str:
    """What Python prints when it runs in a folder."""
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def test_a_folder_a_file_and_one_entry_add_a_page(tmp_path: Path) -> None:
    """In a copy of the sources, a copy of the Race page under another name is the first page."""
    _copied(tmp_path)
    app = tmp_path / "app"
    shutil.copytree(app / "race", app / "study")
    shutil.copy(app / "views" / "race.py", app / "views" / "study.py")
    for path in (*(app / "study").glob("*.py"), app / "views" / "study.py"):
        text = path.read_text(encoding="utf-8").replace("app.race", "app.study").replace('("Race")', '("Study")')
        path.write_text(text, encoding="utf-8")
    shutil.rmtree(app / "race")
    (app / "views" / "race.py").unlink()
    pages = tmp_path / TABLE["a page"][1].split("`")[1]
    text = pages.read_text(encoding="utf-8")
    assert text.count('{"race": "Race", ') == 1
    pages.write_text(text.replace('{"race"', '{"study": "Study", "race"'), encoding="utf-8")
    assert _printed(tmp_path, "-c", VISITED).splitlines()[-1] == "visited"


def test_one_file_adds_an_optimizer_a_surface_or_a_data_set_and_one_entry_a_view_or_a_format(tmp_path: Path) -> None:
    """In a copy of the sources: link, card, table, script, pictures, docs, training and command line have them."""
    _copied(tmp_path)
    new = {
        "optimizers/rules": ("sign_descent", RULE),
        "surfaces/landscapes": ("trough", SURFACE),
        "surfaces/network/datasets": ("stripes", DATA),
        "optimizers/studies/catalogue": ("dice", STUDY),
        "app/studies/pictures": ("dice", PICTURE),
    }
    assert not {name for name, _ in new.values()} & {*OPTIMIZERS, *SURFACES, *DATASETS, *STUDIES}
    for folder, (name, source) in new.items():
        assert f"{folder}/NAME.py" in " ".join(cell for row in TABLE.values() for cell in row)
        (tmp_path / folder / f"{name}.py").write_text(source.lstrip(), encoding="utf-8")
    for page, entry in VIEWS.items():
        path = tmp_path / TABLE[f"a view of the {page.capitalize()} page"][1].strip("`")
        before, table, after = path.read_text(encoding="utf-8").partition(
            "VIEWS: Mapping[str, View] = MappingProxyType(\n    {\n"
        )
        path.write_text(f'{before}{table}        "new": {entry},\n{after}', encoding="utf-8")

    for kind, entry in FORMATS.items():
        path = tmp_path / TABLE[f"a format of {kind}"][1].strip("`")
        table = f"{kind.upper()}: Mapping[str, {kind.capitalize()[:-1]}] = MappingProxyType(\n    {{\n"
        text = path.read_text(encoding="utf-8")
        assert text.count(table) == 1
        path.write_text(text.replace(table, f"{table}        {entry},\n"), encoding="utf-8")

    assert _printed(tmp_path, "-c", USED).split() == ["used"]
    assert "sign_descent" in _printed(tmp_path, "-m", "app", "list", "optimizers")
    assert "trough" in _printed(tmp_path, "-m", "app", "list", "surfaces")


def test_ci_runs_the_tests() -> None:
    """Those of `make test`, and those that it leaves to `make test-long`."""
    commands = [line.strip() for line in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()]
    assert {"make test", "make test-long"} <= {*commands}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = {target: makefile.split(f"\n{target}:", 1)[1].split("\n\n", 1)[0] for target in ("test", "test-long")}
    assert "\nLONG := $(RUN) pytest -m long " in makefile and " -m long" not in recipe["test"]
    parts = [line.partition("$(LONG) ")[2] for line in recipe["test-long"].splitlines()[1:]]
    assert parts == ["tests/app", "tests --ignore=tests/app"], "together they are all tests"
    assert '"-m", "not long"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
