"""The verdict of a fair race in words: sentences, and the tables of its pairs and of its racers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.common.digits import percent, short
from app.common.phrases import counted, sentence_case, within
from app.race import paired
from app.race.settings import PAIRS
from app.race.tuning import LEVEL, RANKED, Entrant, Fair, objection, taking_part
from optimizers import RULES, Verdict
from optimizers.summaries import levels_of

MOST_APART = 3
"""The most undecided pairs that a sentence names; of more it says the number."""
PAIR_HEADS = ("Racers", "Verdict", "Ratio of final losses (interval)", "Wins", "p-value", "Pairs needed")
"""The headings of `pair_rows`."""
TIPS: Mapping[str, str] = {
    "Ratio of final losses (interval)": "The typical ratio of the losses of a pair, above the lowest minimum if that "
    "is known (Hodges-Lehmann estimate), with its confidence interval at the level that Holm's method leaves the pair",
    "Wins": f"In how many of the {PAIRS} pairs each racer has the lower loss",
    "p-value": "Of Wilcoxon's signed-rank test, corrected for the number of pairs of racers by Holm's method",
    "Pairs needed": "The number of starts or seeds with which an effect of this size is found in 80 % of all cases",
    "Best trial": "The mean final loss of the best setting, over the starts and seeds of the tuning",
    "Median trial": "The same of the median setting: the farther it is from the best, the more the choice matters",
    "Fresh runs": "What became of the runs at the best setting on fresh starts or seeds",
}
"""The meanings of columns by their headings."""


def summary(fair: Fair) -> str:
    """The verdict as a phrase: who ends lower than whom, and which pairs cannot be told apart."""
    if len(fair.compared) < 2:
        return "there is no verdict on fewer than two racers"
    return phrase(fair.verdicts, _order(fair))


def phrase(verdicts: Sequence[Verdict], order: Sequence[str]) -> str:
    """Verdicts as a phrase. `order` are the racers from the best to the worst."""
    beaten: dict[str, list[str]] = {name: [] for name in order}
    undecided = []
    for verdict in verdicts:
        a, b = verdict.names
        if verdict.winner is None:
            undecided.append((a, b))
        else:
            beaten[verdict.winner].append(b if verdict.winner == a else a)
    winners: dict[tuple[str, ...], list[str]] = {}
    for name in order:
        if beaten[name]:
            winners.setdefault(tuple(sorted(beaten[name], key=order.index)), []).append(name)
    phrases = []
    for losers, names in winners.items():
        whole = len(losers) + len(names) == len(order) > 3
        verb = "ends" if len(names) == 1 else "end"
        phrases.append(f"{_joined(names)} {verb} lower than {'all others' if whole else _joined(losers)}")
    if len(undecided) > MOST_APART:
        pairs = f"{len(undecided)} other pairs" if phrases else f"any of the {len(undecided)} pairs of racers"
        return "; ".join([*phrases, f"cannot tell {pairs} apart"])
    return "; ".join([*phrases, *(f"cannot tell {within(a)} and {within(b)} apart" for a, b in undecided)])


def _word(verdict: Verdict) -> str:
    """The verdict on a pair. It is about final losses, so that neither of the two is called faster."""
    return "cannot tell" if verdict.winner is None else f"{verdict.winner} ends lower"


def sentence(fair: Fair) -> str:
    """The verdict as a sentence, which says what it refers to."""
    racers = taking_part(fair.settings)
    if not racers:
        return "No racers to tune: add one, or show one that is hidden."
    ready = f"{len(fair.names)} of {counted(len(racers), 'racer')} {'is' if len(racers) == 1 else 'are'} tuned"
    if not fair.names:
        return f"{ready}."
    so_far = "" if fair.is_complete else f" So far, {ready}."
    return f"At their best of {counted(fair.settings.fair, 'trial')} each: {summary(fair)}.{so_far}"


def caption(fair: Fair) -> str:
    """The verdict in the caption of a picture, with its budget and its seeds."""
    trials, fresh = counted(fair.settings.fair, "trial"), paired.fresh_words(fair.settings)
    return f"each racer at its best of {trials} (seed {fair.tuning.seed:,}), compared on {fresh}: {summary(fair)}"


def headline(fair: Fair) -> str:
    """The verdict as the title of a slide."""
    return sentence_case(summary(fair))


def _order(fair: Fair) -> list[str]:
    """The racers by the median of their measures, the best first."""
    measures = fair.evaluation.measures
    return sorted(measures, key=lambda name: float(np.sort(measures[name])[(PAIRS - 1) // 2]))


def _joined(names: Sequence[str]) -> str:
    *first, last = map(within, names)
    return f"{', '.join(first)} and {last}" if first else last


def pair_rows(fair: Fair) -> list[list[str]]:
    """The table of the verdicts: a row for each pair of racers."""
    return [_pair(verdict) for verdict in fair.verdicts]


def _pair(verdict: Verdict) -> list[str]:
    a, b = verdict.names
    low, high = verdict.interval
    known = not math.isnan(verdict.effect)
    sign = "/" if verdict.is_ratio else "−"
    share = percent(1 - verdict.corrected_level)
    ends = f"{short(low, 3)} to {short(high, 3)}"
    effect = f"{b} {sign} {a}: {short(verdict.effect, 3)} ({share}: {ends})" if known else "–"
    losses = verdict.pairs - verdict.wins - verdict.ties
    wins = f"{a} {verdict.wins}, {b} {losses}" + (f", equal {verdict.ties}" if verdict.ties else "")
    p = "< 0.0001" if verdict.p < 1e-4 else short(verdict.p, 2)
    needed = "–" if verdict.needed is None else f"{verdict.needed:,}"
    return [f"{a} and {b}", _word(verdict), effect, wins, p, needed]


def budgets(fair: Fair) -> list[int]:
    """The budgets for which rankings are shown, the last of which is that of the fair race."""
    return [*(budget for budget in RANKED if budget < fair.settings.fair), fair.settings.fair]


def racer_heads(fair: Fair) -> list[str]:
    """The headings of `racer_rows`."""
    places = f"Place with {', '.join(map(str, budgets(fair)))} trials"
    return ["Racer", "Best setting", "Best trial", "Median trial", "Diverged trials", "Fresh runs", places]


def racer_rows(fair: Fair) -> list[list[str]]:
    """The table of the tuning: a row for each racer."""
    rankings = [_ranking(fair, budget) for budget in budgets(fair)]
    rows = []
    for racer in fair.shown.racers:
        if racer.id not in fair.names:
            continue
        title, entrant = fair.names[racer.id], fair.entrants[racer.id]
        tuned, specs = entrant.tuned, RULES[racer.rule.key].parameters()
        setting = {} if tuned.objection() else tuned.best
        best = ", ".join(f"{specs[name].symbol} = {short(value, 3)}" for name, value in setting.items())
        failed = round(tuned.failed * tuned.trials)
        rows.append(
            [
                title,
                "none" if tuned.objection() else best or "nothing to tune",
                short(tuned.best_score, 3),
                short(tuned.score_at(0.5), 3),
                f"{failed} of {tuned.trials}",
                _statuses(entrant),
                ", ".join(str(ranking.index(title) + 1) if title in ranking else "–" for ranking in rankings),
            ]
        )
    return rows


def _ranking(fair: Fair, budget: int) -> list[str]:
    """The racers from the best to the worst with a smaller budget, without those that mostly fail then."""
    if all(tuned.objection() for tuned in fair.tuning.tuned.values()):
        return []
    return [name for name, score in fair.tuning.ranking(budget) if math.isfinite(score)]


def _statuses(entrant: Entrant) -> str:
    statuses = [] if entrant.runs is None else entrant.runs.status.ravel().tolist()
    return ", ".join(f"{count} {kind}" for kind, count in Counter(statuses).most_common()) or "–"


def remarks(fair: Fair) -> list[str]:
    """Sentences on budget, seeds and test, on the common learning rate, and on what limits the verdict."""
    settings, tuning = fair.settings, fair.tuning
    starts, seeds = len(tuning.starts), len(tuning.seeds)
    each = counted(starts, "start") if paired.is_quiet(settings) else counted(seeds, "seed")
    unit = "steps" if settings.axis == "steps" else "gradient evaluations"
    parts = [
        f"Budget: {counted(settings.fair, 'trial')} of each racer by random search with seed {tuning.seed:,}, from "
        f"{each}: {tuning.evaluations:,} gradient evaluations. A rule that needs more evaluations in a step has "
        + ("fewer trials." if settings.axis == "steps" else "fewer steps."),
        f"Comparison: final losses after {settings.steps:,} {unit} from {paired.fresh_words(settings)}, none of which "
        "was used for tuning; Wilcoxon's signed-rank test"
        + (f", corrected for {len(fair.verdicts)} pairs by Holm's method" if len(fair.verdicts) > 1 else "")
        + f", at a level of {percent(LEVEL)}.",
    ]
    if fair.common is not None:
        rate, place, among = short(fair.common.rate), fair.common.place, fair.common.among
        rank = "the best" if place == 1 else f"among the best {place}"
        parts.append(
            f"Race B has one learning rate, η = {rate}, for all racers: it is {rank} of {among} rates for every racer, "
            "and no other rate has a better worst rank."
        )
    return [*parts, *_limits(fair)]


def _limits(fair: Fair) -> list[str]:
    """Sentences on racers without a best setting, and on horizons that are too short or too long."""
    parts = [
        problem for racer in fair.settings.racers if not racer.hidden and (problem := objection(fair.settings, racer))
    ]
    moving = []
    for id, title in fair.names.items():
        entrant = fair.entrants[id]
        if entrant.tuned.objection():
            parts.append(
                f"{title} diverged in all {counted(entrant.tuned.trials, 'trial')}: it has no best setting and no "
                "verdict, and the race shows it at its former values."
            )
        if entrant.runs is not None and (entrant.runs.status == "moving").mean() > 0.5:
            moving.append(title)
    if moving:
        parts.append(
            f"After {fair.settings.steps:,} steps, most runs of {_joined(moving)} are still moving: with more steps "
            "the verdict may change."
        )
    bottom, _, rounding = levels_of(fair.tuning.surface)
    measures = fair.evaluation.measures if fair.verdicts else {}
    equal = [
        v.names
        for v in fair.verdicts
        if not math.isnan(bottom) and ((measures[v.names[0]] <= rounding) & (measures[v.names[1]] <= rounding)).any()
    ]
    if equal:
        names = list(dict.fromkeys(name for pair in equal for name in pair))
        parts.append(
            f"{sentence_case(_joined(names))} reach the minimum up to the rounding of losses in some pairs, which then "
            "count as equal: fewer steps may tell them apart."
        )
    return parts


def budget_finding(fair: Fair) -> str:
    """Which racer is first with each budget, as the title of a slide."""
    rankings = [(budget, _ranking(fair, budget)) for budget in budgets(fair)]
    firsts = [(budget, ranking[0]) for budget, ranking in rankings if ranking]
    if len(fair.names) < 2 or not firsts:
        return ""
    if len({name for _, name in firsts}) == 1:
        return f"{firsts[0][1]} reaches the lowest loss with {_joined([str(budget) for budget, _ in firsts])} trials"
    (few, first), (many, last) = firsts[0], firsts[-1]
    return f"{first} is ahead with {few} trials, {within(last)} with {many}" if first != last else ""


def rate_finding(fair: Fair) -> str:
    """How far the best learning rates are apart, as the title of a slide."""
    rates = {}
    for racer in fair.shown.racers:
        known = fair.entrants.get(racer.id)
        if known and known.evaluation and racer.id in fair.names and "learning_rate" in known.tuned.best:
            rates[fair.names[racer.id]] = known.tuned.best["learning_rate"]
    if len(rates) < 2:
        return ""
    low, high = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    return (
        f"{low} is at its best with η = {short(rates[low], 2)}, {within(high)} with η = {short(rates[high], 2)}"
        if rates[high] >= 1.5 * rates[low]
        else f"All racers are at their best near η = {short(rates[low], 2)}"
    )


def as_data(fair: Fair) -> dict[str, Any]:
    """The verdict as plain data for a file; numbers that are not finite are None."""
    settings, tuning = fair.settings, fair.tuning
    racers = {
        fair.names[id]: {
            "best": None if one.tuned.objection() else one.tuned.best,
            "best_trial": one.tuned.best_score,
            "median_trial": one.tuned.score_at(0.5),
            "trials": one.tuned.trials,
            "diverged_trials": round(one.tuned.failed * one.tuned.trials),
        }
        for id, one in fair.entrants.items()
        if id in fair.names
    }
    return _plain(
        {
            "sentence": sentence(fair),
            "remarks": remarks(fair),
            "trials": settings.fair,
            "evaluations": tuning.evaluations,
            "steps": settings.steps,
            "clock": settings.axis,
            "search_seed": tuning.seed,
            "tuning_starts": tuning.starts.tolist(),
            "tuning_seeds": tuning.seeds.tolist(),
            "starts": fair.evaluation.starts.tolist() if fair.compared else [],
            "seeds": fair.evaluation.seeds.tolist() if fair.compared else [],
            "common_learning_rate": fair.common.rate if fair.common else None,
            "racers": racers,
            "pairs": [pair_data(verdict) for verdict in fair.verdicts],
        }
    )


def pair_data(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the columns of a table."""
    low, high = verdict.interval
    return {
        "a": verdict.names[0],
        "b": verdict.names[1],
        "verdict": _word(verdict),
        "effect": verdict.effect,
        "effect_is": "ratio b / a" if verdict.is_ratio else "difference b - a",
        "low": low,
        "high": high,
        "pairs": verdict.pairs,
        "wins_a": verdict.wins,
        "ties": verdict.ties,
        "rank_biserial": verdict.rank_biserial,
        "p": verdict.p,
        "level": verdict.level,
        "corrected_level": verdict.corrected_level,
        "pairs_needed": verdict.needed,
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it, which knows no infinity."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
