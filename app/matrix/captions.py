"""Sentences on a matrix, and on one of its cells."""

from __future__ import annotations

from app.common.digits import percent, short
from app.common.phrases import counted
from app.matrix.job import Place
from app.matrix.results import Cells, spelled, words
from app.matrix.runs import Played
from app.matrix.settings import GROUP_NAMES, Settings
from optimizers import OPTIMIZERS, NoNoise
from optimizers.diagnostics import UNIT_TESTS

HOW = (
    "A setting solves a test if all three of its runs, from different starts, reach the goal at their end. "
    "Settings are drawn at random over the ranges of all tuned parameters, on their scales. Weight decay is 0, because "
    "it leads to the origin, where many tests have their minimum. All optimizers have the same number of gradient "
    "evaluations. The Polyak step knows that the lowest loss is 0, as it is in most tests."
)


def head(settings: Settings) -> str:
    """What stands above the names of the tests: what the numbers in the cells are."""
    numbers = "% of settings that solve it" if settings.numbers == "share" else "expected attempts until one solves it"
    return f"Test; in the cells: {numbers}"


def caption(settings: Settings) -> str:
    """All that is set, in a line."""
    groups = ", ".join(GROUP_NAMES[key].lower() for key in settings.groups) or "all difficulties"
    rules = settings.rules_shown
    names = ", ".join(OPTIMIZERS[key].name for key in rules) if settings.rules else counted(len(rules), "optimizer")
    trials = f"{settings.trials} random settings of each"
    return f"{counted(len(settings.tests_shown), 'test')} ({groups}) · {names} · {trials} · seed {settings.seed}"


def about(test_key: str) -> str:
    """What a test asks of a rule, and its goal, in sentences."""
    test = UNIT_TESTS[test_key]
    evaluations = counted(test.steps, "gradient evaluation")
    goal = f"Goal: after {evaluations}, at most {percent(test.goal)} of the initial height above the lowest minimum."
    return " ".join([test.about, goal, *([f"Source: {test.source}."] if test.source else [])])


def of_cell(place: Place, cells: Cells) -> str:
    """What a cell shows, in a sentence without a capital."""
    return f"{words(cells.get(place))}."


def of_run(rule: str, one: Played) -> str:
    """What became of a run, with its setting."""
    height = one.setting.height
    end = "it diverged" if height == float("inf") else f"it ends at {short(height, 2)} of the initial height"
    return f"{spelled(rule, one.setting)}; {end}."


def playing(place: Place, cells: Cells) -> str:
    """The caption of the runs that are played."""
    test = UNIT_TESTS[place[0]]
    noise = "" if isinstance(test.noise, NoNoise) else f" · {test.noise.name} noise"
    late = f" · gradients {test.delay} steps old" if test.delay else ""
    moved = " · the map shows the landscape in its last step" if test.drift else ""
    shown = f"{OPTIMIZERS[place[1]].name}: {of_cell(place, cells).removesuffix('.')}"
    return f"{test.group}: {test.name} · {shown}{noise}{late}{moved}"
