"""The settings of the matrix of unit tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from app.common.forms import OneOf, SomeOf, Whole
from app.common.setting import setting
from optimizers import OPTIMIZERS
from optimizers.diagnostics import GROUPS, UNIT_TESTS

GROUP_NAMES: Mapping[str, str] = MappingProxyType({name.lower().replace(" ", "_"): name for name in GROUPS})
"""The names of the groups of tests by their keys."""
RULE_NAMES: Mapping[str, str] = MappingProxyType({key: rule.name for key, rule in OPTIMIZERS.items()})
TEST_NAMES: Mapping[str, str] = MappingProxyType({key: f"{t.group}: {t.name}" for key, t in UNIT_TESTS.items()})
MOST_TRIALS = 256
"""At this number of trials the whole matrix takes several times as long as with 64."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a matrix, in the order in which a link contains them."""

    groups: tuple[str, ...] = setting(
        (),
        SomeOf(0, len(GROUP_NAMES), GROUP_NAMES),
        look=True,
        help="The difficulties that are shown; all of them if there is none.",
    )
    rules: tuple[str, ...] = setting(
        (),
        SomeOf(0, len(RULE_NAMES), RULE_NAMES),
        label="Optimizers",
        look=True,
        help="The optimizers that are shown; all of them if there is none.",
    )
    trials: int = setting(
        64, Whole(4, MOST_TRIALS, "64"), tab="Run", help="The number of random settings of each optimizer."
    )
    seed: int = setting(
        0,
        Whole(0, 2**31 - 1, "0 or 7"),
        tab="Run",
        label="Seed of the settings",
        help="The seed from which the settings are drawn.",
    )
    numbers: str = setting(
        "share",
        OneOf({"share": "share of settings that solve the test", "attempts": "expected number of attempts"}),
        look=True,
        help="What the cells show.",
    )
    rows: str = setting(
        "",
        OneOf({"": "by difficulty", "mean": "easiest tests first", **RULE_NAMES}),
        look=True,
        label="Order of the tests",
        help="The order of the tests: by difficulty, by their mean share, or by the share of one optimizer.",
    )
    columns: str = setting(
        "",
        OneOf({"": "by year", "mean": "best optimizers first", **TEST_NAMES}),
        look=True,
        label="Order of the optimizers",
        help="The order of the optimizers: by year, by their mean share, or by their share in one test.",
    )
    test: str = setting("", OneOf({"": "none", **TEST_NAMES}), look=True, help="The test of the run that is played.")
    rule: str = setting(
        "",
        OneOf({"": "none", **RULE_NAMES}),
        look=True,
        label="Optimizer",
        help="The optimizer of the run that is played.",
    )
    preset: str = setting(
        "",
        OneOf({"": "none"}),
        look=True,
        help="The preset from which the matrix began; its sentence is shown.",
    )

    def objection(self) -> str:
        """The reason why the server does not compute this; an empty string, since every matrix is small enough."""
        return ""

    @property
    def tests_shown(self) -> tuple[str, ...]:
        """The keys of the tests in the groups that are shown, in the order of the catalogue."""
        groups = {GROUP_NAMES[key] for key in self.groups or GROUP_NAMES}
        return tuple(key for key, test in UNIT_TESTS.items() if test.group in groups)

    @property
    def rules_shown(self) -> tuple[str, ...]:
        """The keys of the optimizers that are shown, in the order of their years."""
        return tuple(key for key in OPTIMIZERS if not self.rules or key in self.rules)

    @property
    def drawn(self) -> tuple[int, int]:
        """What the cells depend on: the number of trials and their seed."""
        return self.trials, self.seed
