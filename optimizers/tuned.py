"""The trials of one optimizer in a tuning: the best of them, and how much the choice of a setting matters."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping

import numpy as np

from optimizers import axes
from optimizers.optimizer import Optimizer
from surfaces.calculus import Floats


@dataclasses.dataclass(frozen=True, eq=False)
class Tuned:
    """The trials of one optimizer.

    Attributes:
        name: its name in the comparison.
        rule: the optimizer as it was passed, whose values hold for the parameters that are not tuned.
        settings: the values of each tuned parameter in every trial, (trials,).
        scores: the mean score of each trial over starts and seeds, (trials,); infinite for a trial that failed, because
            a run diverged or did not reach the threshold. Smaller is better.
        steps: the steps of each run.
        evaluations: the gradient evaluations of all trials.
    """

    name: str
    rule: Optimizer
    settings: Mapping[str, Floats]
    scores: Floats
    steps: int
    evaluations: int

    @property
    def trials(self) -> int:
        return len(self.scores)

    @property
    def failed(self) -> float:
        """The share of trials that failed."""
        return float((~np.isfinite(self.scores)).mean())

    def objection(self) -> str:
        """The reason why there is no best setting; an empty string if there is one."""
        if self.failed < 1:
            return ""
        return (
            f"{self.name} has no best setting, because all its trials failed ({self.trials} of {self.trials}): in each "
            f"of them a run diverged or did not reach the threshold within {self.steps} steps"
        )

    @property
    def best(self) -> dict[str, float]:
        """The best setting.

        Raises:
            ValueError: if all trials failed.
        """
        if objection := self.objection():
            raise ValueError(f"{objection}. Tune it in other ranges, with more steps or a larger budget")
        k = int(np.argmin(self.scores))
        return {name: float(values[k]) for name, values in self.settings.items()}

    @functools.cached_property
    def optimizer(self) -> Optimizer:
        """The optimizer with the best setting.

        Raises:
            ValueError: if all trials failed.
        """
        best, rule = self.best, self.rule
        for path, _ in axes.fields_of_rule(self.rule):
            if path[-1] in best:
                rule = axes.with_value(rule, path[1:], best[path[-1]])
        return rule

    @property
    def best_score(self) -> float:
        """The score of the best trial; infinite if all trials failed."""
        return float(self.scores.min())

    def score_at(self, share: float) -> float:
        """The score that this share of the trials reaches: 0 for the best, 0.5 for the median, 1 for the worst.

        The distance from the best to the median says how much the choice of a setting matters.
        """
        return float(np.sort(self.scores)[min(math.ceil(share * self.trials), self.trials) - 1 if share > 0 else 0])

    def best_of(self, trials: int, share: float = 0.5) -> float:
        """The score that the best of a smaller number of trials reaches with this chance, by default the median.

        The chance is over all subsets of the trials. Unlike the mean, it is finite even if some trials fail.

        Raises:
            ValueError: if there are fewer trials.
        """
        chances = np.cumsum(self._chances(trials))
        return float(np.sort(self.scores)[int(np.argmax(chances >= share * (1 - 1e-12)))])

    def expected_best(self, trials: int) -> float:
        """The mean score of the best of a smaller number of trials, over all subsets (Dodge et al. 2019).

        Subsets are drawn without replacement, which leaves no bias (Tang et al. 2020). It is infinite if all trials of
        a subset may fail.

        Raises:
            ValueError: if there are fewer trials.
        """
        chances = self._chances(trials)
        possible = chances > 0
        return float(np.sum(np.sort(self.scores)[possible] * chances[possible]))

    def _chances(self, trials: int) -> Floats:
        """The chance that each trial, from the best to the worst, is the best of a subset."""
        count = self.trials
        if not 1 <= trials <= count:
            raise ValueError(f"{self.name} has {count} trials; got {trials}")
        return np.array([math.comb(count - k, trials - 1) / math.comb(count, trials) for k in range(1, count + 1)])
