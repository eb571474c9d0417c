"""Why this step? One racer's equations with the numbers of every step, and its step as a sum of arrows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from optimizers import Scheduled, Trace
from optimizers.borrowed import Borrowed
from optimizers.mathml import numbers, symbols
from optimizers.workings import Line, workings

DRAWN = 2
"""Coordinates that the map draws, and of which numbers are shown."""
_WORDS = {"momentum": "momentum part", "gradient": "gradient part", "decay": "weight decay"}
_RATE, _MOVE = "effective learning rate", "step"


def inspected(run: Trace, racer: str, title: str) -> dict[str, Any]:
    """What the player needs to explain any step of a run that was recorded whole; nothing of other racers.

    ``lines`` hold MathML: ``symbols`` with letters, ``numbers`` with slots named by ``values``, and ``result``, the
    slot of what comes out. ``values`` are (steps · columns,) in float64, with their number of ``columns``. ``at`` is
    where the gradient was taken, ``slope`` the gradient there with its noise, ``parts`` the named vectors that sum to
    the move, all (steps · 2,).
    """
    found = workings(run)
    count = len(found.before["t"])
    values = {name: _columns(v) for name, v in found.before.items()}
    values |= {f"{name}′": _columns(v) for name, v in found.after.items()}
    rate = np.broadcast_to(run.step.rate[:count], (count, len(run.positions[0])))
    with np.errstate(invalid="ignore"):
        move = found.after["w"] - found.before["w"]
    values |= {_RATE: _columns(rate), _MOVE: _columns(move)}
    lines = [
        {
            "symbols": _math(symbols(line, line.letter in found.before)),
            "numbers": _math(f"<mrow><mo>=</mo>{numbers(line)}</mrow>") if line.expression else "",
            "result": f"{line.letter}′",
        }
        for line in found.lines
    ]
    lines += [{"symbols": _math(f"<mtext>{name}</mtext>"), "numbers": "", "result": name} for name in (_RATE, _MOVE)]
    return {
        "racer": racer,
        "title": title,
        "note": _note(run, found.lines, found.scheduled),
        "lines": lines,
        "values": values,
        "at": _columns(run.step.at[:count])["flat"],
        "slope": _columns(run.step.gradient[:count])["flat"],
        "parts": [[_WORDS.get(name, name), _columns(v[:count])["flat"]] for name, v in _parts(run).items()],
        "count": count,
    }


def _columns(value: Any) -> dict[str, Any]:
    kept = np.ascontiguousarray(value[:, :DRAWN], dtype=float)
    return {"flat": kept.ravel(), "columns": kept.shape[1]}


def _math(body: str) -> str:
    return f'<math display="inline">{body}</math>'


def _parts(run: Trace) -> Mapping[str, Any]:
    """The step as the lectures draw it where the rule says its parts, else whole; and what moves w besides."""
    step = run.step
    with np.errstate(invalid="ignore", over="ignore"):
        # what is kept comes first: its end is the point from which a rule that looks ahead measures the slope
        own = {name: step.parts[name] for name in sorted(step.parts, key=lambda name: name == "gradient")} or {
            "step": -np.broadcast_to(step.rate, step.direction.shape) * step.direction
        }
    besides = {name: v for name, v in step.extras.items() if np.any(v)}
    if besides and "step" in own:
        own = {"step before decay": own["step"]}
    return {**own, **besides}


def _note(run: Trace, lines: tuple[Line, ...], scheduled: bool) -> str:
    whole = any("solve(" in str(line.expression) for line in lines)
    sentences = ["All products are elementwise."] if lines[1:] and not whole else []
    if lines[-1].expression == "w + update":
        sentences = ["This rule comes from optax: its state after the step, under optax's names, and its update."]
    if scheduled:
        sentences.append("η is the scheduled learning rate of this step.")
    sentences += _noise(run)
    many = len(run.positions[0])
    if many > DRAWN:
        sentences.append(f"The first two of {many:,} coordinates are shown.")
    return " ".join(sentences)


def _noise(run: Trace) -> list[str]:
    """Sentences on what is noisy about a step; none without noise."""
    if not run.noise.difference:
        return []
    sentences = [run.noise.difference]
    rule = run.optimizer.inner if isinstance(run.optimizer, Scheduled) else run.optimizer
    if not run.noise.only_gradient:
        if rule.dense:
            sentences.append("L̃ is the noisy loss of this step, so its Hessian is noisy too.")
        if isinstance(rule, Borrowed) and rule.wants_value:
            sentences.append("The loss value that the rule uses is noisy too.")
    return sentences
