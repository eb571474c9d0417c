"""The settings of a study."""

from __future__ import annotations

import dataclasses
from typing import Any

from app.common.forms import OneRecord, Whole
from app.common.racers import Choice, built
from app.common.setting import setting
from optimizers.studies import STUDIES, Study

FIRST = "rotation"
"""The study of a first visit, which takes a few seconds."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a study, in the order in which a link contains them."""

    study: Choice = setting(
        Choice(FIRST), OneRecord("study", STUDIES), always=True, help="The study, with its parameters."
    )
    seed: int = setting(
        0, Whole(0, 2**31 - 1, "0 or 7"), tab="Run", help="The seed of everything that is random in the study."
    )

    def objection(self) -> str:
        """The reason why the server does not compute this; an empty string, since parameters stay in their ranges."""
        return ""

    @property
    def declared(self) -> type[Study]:
        """The chosen study."""
        return STUDIES[self.study.key]

    def built(self) -> Study:
        """The chosen study with its parameters."""
        study: Study = built(STUDIES, self.study)
        return study

    @property
    def values(self) -> dict[str, Any]:
        """The values of all parameters of the study by their names."""
        return {name: self.study.get(name, spec.default) for name, spec in self.declared.parameters().items()}

    @property
    def drawn(self) -> tuple[Any, ...]:
        """What the result depends on: the study, its parameters and the seed."""
        return self.study.key, tuple(self.values.items()), self.seed
