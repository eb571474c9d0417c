"""`tune` searches the hyperparameters of several optimizers with the same budget, and compares what it found.

Who wins depends on the budget (Choi et al. 2019; Sivaprasad et al. 2020), so the ranking is shown for several of them.
The seeds and starts on which the tuned optimizers are compared are never those on which they were tuned: tuning uses
even seeds, the comparison uses odd ones.
"""

from __future__ import annotations

import dataclasses
import math
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizers.axes import MOST_RUNS
from optimizers.engine import as_surface
from optimizers.noise import Noise, as_noise
from optimizers.optimizer import Optimizer
from optimizers.programs import NEVER
from optimizers.search import (
    SEVERAL,
    checked_ranges,
    cost_objection,
    draw_seeds,
    draw_starts,
    named,
    points_or_count,
    reached_objection,
    search_axes,
    tunable,
    tuning_starts,
    whole,
)
from optimizers.summaries import levels_of
from optimizers.sweeps import MOST_STEPS, Sweep, plan_sweep, sweep
from optimizers.tuned import Tuned
from optimizers.verdicts import MOST_PAIRS, Verdict, verdicts
from surfaces.calculus import Floats
from surfaces.surface import Surface

Score = Literal["final", "area", "reached"]


@dataclasses.dataclass(frozen=True, eq=False)
class Tuning:
    """The trials of several optimizers with the same budget.

    Attributes:
        surface, noise: those of all runs.
        tuned: the trials of each optimizer, by name.
        budget: the number of trials of an optimizer that needs one gradient evaluation for a step.
        evaluations: the gradient evaluations that each optimizer may use.
        starts, seeds: those on which each trial ran.
        score: what was minimised.
        threshold: the share of the initial height that "reached" refers to.
        seed: the seed of the search.
    """

    surface: Surface
    noise: Noise
    tuned: Mapping[str, Tuned]
    budget: int
    evaluations: int
    starts: Floats
    seeds: NDArray[Any]
    score: Score
    threshold: float
    seed: int

    def __getitem__(self, name: str) -> Tuned:
        return self.tuned[name]

    def ranking(self, budget: int) -> list[tuple[str, float]]:
        """The optimizers from the best to the worst with a smaller budget, each with the median score it reaches.

        The median is infinite where most choices of so many trials contain only trials that failed. Optimizers with
        infinite medians come last, in the order of the tuning, and are not ranked among each other.

        Args:
            budget: the number of trials, as in `budget`; an optimizer with fewer trials has a share of them.

        Raises:
            ValueError: if it is larger than the budget of the tuning, or if all trials of all optimizers failed.
        """
        if not 1 <= budget <= self.budget:
            raise ValueError(f"a ranking is known for budgets from 1 to {self.budget} trials; got {budget}")
        if all(tuned.objection() for tuned in self.tuned.values()):
            raise ValueError(
                "there is no ranking, because all trials of all optimizers failed: tune in other ranges, with more "
                "steps or a larger budget"
            )
        reached = {
            name: tuned.best_of(max(1, tuned.trials * budget // self.budget)) for name, tuned in self.tuned.items()
        }
        return sorted(reached.items(), key=lambda item: item[1])

    def evaluate(
        self, pairs: int = 20, *, starts: ArrayLike | None = None, names: Sequence[str] | None = None
    ) -> Evaluation:
        """Run every optimizer at its best setting on fresh seeds and starts, in float64.

        Args:
            pairs: the number of runs of each optimizer, which all have the same starts and seeds.
            starts: the starts, (n,) for all pairs or (pairs, n). By default the one start of the tuning if there is
                noise, and else fresh ones in the surface's domain. Without noise they must differ from each other and
                from those of the tuning: the same run once more would be no further evidence.
            names: the names of the optimizers to compare, by default all of them.

        Raises:
            ValueError: if there is no pair or too many, if a name is unknown, if all trials of an optimizer failed, if
                the starts have another shape, or if those of runs without noise are not fresh and different.
        """
        pairs = whole("pairs", pairs, 1, MOST_PAIRS)
        compared = self._compared(names)
        quiet = self.noise.ignores_seed(self.surface)
        if starts is not None:
            points = self._points(starts, pairs)
        elif quiet or len(self.starts) > 1:
            points = draw_starts(self.surface, pairs, self.seed, tuning=False)
        else:
            points = np.broadcast_to(self.starts[0], (pairs, len(self.surface.start)))
        if quiet:
            self._check_different(points)
        seeds = draw_seeds(pairs, self.seed, tuning=False)  # which are different, and make noisy runs different
        sweeps = {
            name: sweep(
                self.surface,
                tuned.optimizer,
                over={
                    **{f"optimizer.{key}": [value] for key, value in tuned.best.items()},
                    ("start", "seed"): (points, seeds),
                },
                steps=tuned.steps,
                noise=self.noise,
                threshold=self.threshold,
                dtype="float64",
            )
            for name, tuned in compared.items()
        }
        return Evaluation(self, points, seeds, sweeps)

    def _points(self, starts: ArrayLike, pairs: int) -> Floats:
        """The starts (pairs, n) of the comparison, from one point or from one for each pair."""
        n, points = len(self.surface.start), points_or_count(starts)
        if not isinstance(points, np.ndarray) or points.shape not in ((1, n), (pairs, n)):
            raise ValueError(
                f"starts must be one point of shape ({n},), or points of shape ({pairs}, {n}) for the pairs; got "
                f"{reprlib.repr(starts)}"
            )
        return np.broadcast_to(points, (pairs, n))

    def _check_different(self, points: Floats) -> None:
        """Reject starts (pairs, n) that are not different from each other and from those of the tuning."""
        different, used = np.unique(points, axis=0), np.unique(self.starts, axis=0)
        if len(np.unique(np.concatenate([different, used]), axis=0)) < len(different) + len(used):
            raise ValueError(
                "without noise a run from a start of the tuning is no fresh run: pass other starts, or leave them out"
            )
        if len(different) < len(points):
            raise ValueError(
                "without noise, runs from the same start are the same run, and count once: "
                f"pass {len(points)} different starts, or leave them out; got {len(different)}"
            )

    def _compared(self, names: Sequence[str] | None) -> dict[str, Tuned]:
        """The trials of the optimizers with these names, which all have a best setting."""
        wanted = [*self.tuned] if names is None else [names] if isinstance(names, str) else [*names]
        if unknown := [name for name in wanted if name not in self.tuned]:
            raise ValueError(f"unknown optimizer {unknown[0]!r}; the names are {', '.join(self.tuned)}")
        objections = {name: self[name].objection() for name in wanted}
        if failures := [objection for objection in objections.values() if objection]:
            others = [name for name, objection in objections.items() if not objection]
            advice = f", or compare the others with names={others!r}" if others else ""
            raise ValueError(f"{'; '.join(failures)}. Tune in other ranges, with more steps or a larger budget{advice}")
        return {name: self[name] for name in wanted}


@dataclasses.dataclass(frozen=True, eq=False)
class Evaluation:
    """The runs of tuned optimizers on fresh seeds and starts.

    Attributes:
        tuning: the tuning.
        starts, seeds: those of each pair, (pairs, n) and (pairs,).
        sweeps: the runs of each optimizer that is compared, by name.
    """

    tuning: Tuning
    starts: Floats
    seeds: NDArray[Any]
    sweeps: Mapping[str, Sweep]

    @property
    def measures(self) -> dict[str, Floats]:
        """The score of each run, (pairs,), by the name of the optimizer; smaller is better.

        Losses are heights above the lowest minimum, but at least the rounding of losses, below which two runs are
        equal. If no minimum is known, they are losses. A run that diverged or did not reach the threshold has infinity.
        """
        return {name: self._measure(result) for name, result in self.sweeps.items()}

    def _measure(self, result: Sweep) -> Floats:
        values = np.asarray(getattr(result, self.tuning.score), dtype=float).ravel()
        if self.tuning.score == "reached":
            return np.where(values == NEVER, np.inf, values)
        bottom, _, rounding = levels_of(self.tuning.surface)
        return values if math.isnan(bottom) else np.maximum(values - bottom, rounding)

    def verdicts(self, level: float = 0.05) -> list[Verdict]:
        """The verdicts on all pairs of optimizers, corrected for their number."""
        return verdicts(self.measures, level=level)


def tune(
    surface: Surface | Any,
    optimizers: Mapping[str, Any] | Sequence[Any],
    *,
    budget: int = 64,
    steps: int = 300,
    clock: Literal["steps", "evaluations"] = "steps",
    search: Literal["random", "grid"] = "random",
    score: Score = "final",
    parameters: Sequence[str] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    starts: int | ArrayLike | None = None,
    seeds: int | None = None,
    noise: Noise | None = None,
    threshold: float = 1e-2,
    seed: int = 0,
    dtype: str = "float32",
) -> Tuning:
    """Search the hyperparameters of several optimizers with the same budget of gradient evaluations.

    A trial is one setting, which runs from every start with every seed; its score is the mean over these runs. The
    budget is what `budget` trials of a rule cost that needs one evaluation for a step. A rule that needs two, such as
    SAM, therefore has half as many trials; or all of them, if `clock` gives it half as many steps. No rule has more
    than `budget` trials.

    Args:
        surface: the surface.
        optimizers: the rules, by name or in a list; their values hold for parameters that are not tuned.
        budget: the number of trials of a rule with one evaluation in a step.
        steps: the horizon: the number of steps after which scores are taken.
        clock: whether the horizon counts "steps", or "evaluations".
        search: "random" draws settings on the declared scales. "grid" takes a grid within the budget whose values are
            even on these scales, ends included: each parameter has about as many values as the others, and what is
            left goes to the learning rate first. A parameter for which the budget allows a single value is not tuned.
        score: "final" loss; "area", the mean loss over all steps; or "reached", the steps to the threshold.
        parameters: the names of the parameters to tune, where a rule has them; by default those declared as tuned.
        ranges: the range of a parameter by its name, instead of the declared one.
        starts: the number of starts in the domain, or the starts (k, n). By default 5; with noise the surface's own.
        seeds: the number of seeds of the noise; by default 5, without noise 1.
        noise: as in `trace`.
        threshold: the share of the initial height that "reached" refers to.
        seed: the seed from which settings, starts and seeds of the noise are drawn.
        dtype: as in `sweep`.

    Raises:
        ValueError: if budget, steps, starts or seeds are no whole numbers of at least 1 or make too many runs, if there
            is no optimizer or two have the same name, if a name of `parameters` or `ranges` is unknown to all of them,
            if a range is no pair of numbers or reversed, if the score is "reached" and the surface lists no minimum, if
            a single trial of an optimizer costs more than the budget, or for a reason for which `sweep` refuses its
            arguments. Nothing is computed then.
        TypeError: if the surface is no surface or function, if an optimizer is no rule, or if the noise is no noise.
    """
    rules, spans, starts = named(optimizers), checked_ranges(ranges), points_or_count(starts)
    budget, steps = whole("budget", budget, 1, MOST_RUNS), whole("steps", steps, 1, MOST_STEPS)
    seed = whole("seed", seed, 0, 2**32 - 1)
    for what, value, choices in (
        ("clock", clock, ("steps", "evaluations")),
        ("search", search, ("random", "grid")),
        ("score", score, ("final", "area", "reached")),
    ):
        if value not in choices:
            raise ValueError(f"{what} must be one of {', '.join(choices)}; got {value!r}")
    surface, noise = as_surface(surface, starts if isinstance(starts, np.ndarray) else None), as_noise(noise)
    if objection := noise.objection(surface) or (reached_objection(surface) if score == "reached" else ""):
        raise ValueError(objection)
    names = tunable(rules, parameters, spans)
    quiet = noise.ignores_seed(surface)
    if starts is None:
        starts = SEVERAL if quiet else np.asarray([surface.start], dtype=float)
    seeds = whole("seeds", (1 if quiet else SEVERAL) if seeds is None else seeds, 1, MOST_RUNS)
    count = len(starts) if isinstance(starts, np.ndarray) else whole("starts", starts, 1, MOST_RUNS)
    runs = count * seeds
    if budget * runs > MOST_RUNS:
        raise ValueError(
            f"a tuning has at most {MOST_RUNS:,} runs of each optimizer; got budget × starts × seeds = "
            f"{budget:,} × {count:,} × {seeds:,} = {budget * runs:,}: take a smaller budget"
        )
    points, numbers = tuning_starts(surface, starts, seed), draw_seeds(seeds, seed, tuning=True)
    options: dict[str, Any] = {"noise": noise, "threshold": threshold, "dtype": dtype, "record": (score,)}
    costs = {}
    for name, rule in rules.items():  # all arguments are checked before the first run is computed
        over = search_axes(names[name], 1, "random", spans)
        costs[name] = plan_sweep(surface, rule, over=over, draws=1, steps=steps, **options).cost
        if costs[name] > (budget if clock == "steps" else steps):
            raise ValueError(cost_objection(name, costs[name], steps, budget, clock))
    tuned = {}
    for name, rule in rules.items():
        cost = costs[name]
        horizon = steps if clock == "steps" else steps // cost
        trials = min(budget, budget * steps // (cost * horizon))
        over = search_axes(names[name], trials, search, spans)
        result = sweep(
            surface,
            rule,
            over={**over, "start": points, "seed": numbers},
            steps=horizon,
            draws=trials,
            draw_seed=seed,
            **options,
        )
        tuned[name] = _tuned(name, rule, result, score, [str(key) for key in over], cost * horizon * runs)
    evaluations = budget * steps * runs
    return Tuning(surface, noise, tuned, budget, evaluations, points, numbers, score, threshold, seed)


def _tuned(name: str, rule: Optimizer, result: Sweep, score: Score, over: list[str], cost: int) -> Tuned:
    """The trials of one optimizer, from the sweep over settings, starts and seeds."""
    values = np.asarray(getattr(result, score), dtype=float)
    if score == "reached":
        values = np.where(values == NEVER, np.inf, values)
    scores = values.reshape(-1, values.shape[-2] * values.shape[-1]).mean(axis=1)
    settings = {key.removeprefix("optimizer."): result.values(key)[..., 0, 0].ravel() for key in over}
    return Tuned(name, rule, settings, scores, result.plan.steps, len(scores) * cost)
