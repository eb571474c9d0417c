"""The inspector: the equations of a racer with the numbers of each step, and the step as a sum of arrows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from optimizers import Scheduled, Trace
from optimizers.borrowed import Borrowed
from optimizers.mathml import numbers, symbols
from optimizers.workings import Line, workings

DRAWN = 2
"""The number of coordinates that are shown, as on the map."""
_WORDS = {"momentum": "momentum part", "gradient": "gradient part", "decay": "weight decay"}
_RATE, _MOVE = "effective learning rate", "step"


def inspected(run: Trace, racer: str, title: str) -> dict[str, Any]:
    """Everything that the player needs to explain any step of a run with its recorded states.

    ``lines`` contain MathML: ``symbols`` with letters, ``numbers`` with slots that are named by ``values``, and
    ``result``, the slot of the result. Each of the ``values`` is ``flat`` (steps · columns,) in float64, with its
    number of ``columns``. ``at`` is the point at which the gradient was evaluated, ``slope`` is the noisy gradient
    there, and ``parts`` are the named vectors that add up to the step, all (steps · 2,).
    """
    work = workings(run)
    count = len(work.before["t"])
    values = {name: _columns(v) for name, v in work.before.items()}
    values |= {f"{name}′": _columns(v) for name, v in work.after.items()}
    rate = np.broadcast_to(run.step.rate[:count], (count, len(run.positions[0])))
    with np.errstate(invalid="ignore"):
        move = work.after["w"] - work.before["w"]
    values |= {_RATE: _columns(rate), _MOVE: _columns(move)}
    lines = [
        {
            "symbols": _math(symbols(line, line.letter in work.before)),
            "numbers": _math(f"<mrow><mo>=</mo>{numbers(line)}</mrow>") if line.expression else "",
            "result": f"{line.letter}′",
        }
        for line in work.lines
    ]
    lines += [{"symbols": _math(f"<mtext>{name}</mtext>"), "numbers": "", "result": name} for name in (_RATE, _MOVE)]
    return {
        "racer": racer,
        "title": title,
        "note": _note(run, work.lines, work.scheduled),
        "lines": lines,
        "values": values,
        "at": _columns(run.step.at[:count])["flat"],
        "slope": _columns(run.step.gradient[:count])["flat"],
        "parts": [[_WORDS.get(name, name), _columns(v[:count])["flat"]] for name, v in _parts(run).items()],
        "count": count,
    }


def _columns(value: Any) -> dict[str, Any]:
    """The shown coordinates of a value (steps, n), flattened."""
    shown = np.ascontiguousarray(value[:, :DRAWN], dtype=float)
    return {"flat": shown.ravel(), "columns": shown.shape[1]}


def _math(body: str) -> str:
    """A formula of MathML."""
    return f'<math display="inline">{body}</math>'


def _parts(run: Trace) -> Mapping[str, Any]:
    """The vectors that add up to the step: the parts that the rule names, or the whole step, and extras like decay."""
    step = run.step
    with np.errstate(invalid="ignore", over="ignore"):
        # the gradient part comes last: it begins where a rule that looks ahead evaluates the gradient
        parts = {name: step.parts[name] for name in sorted(step.parts, key=lambda name: name == "gradient")} or {
            "step": -np.broadcast_to(step.rate, step.direction.shape) * step.direction
        }
    extras = {name: v for name, v in step.extras.items() if np.any(v)}
    if extras and "step" in parts:
        parts = {"step before decay": parts["step"]}
    return {**parts, **extras}


def _note(run: Trace, lines: tuple[Line, ...], scheduled: bool) -> str:
    """The sentences below the equations."""
    matrices = any("solve(" in str(line.expression) for line in lines)
    sentences = ["All products are elementwise."] if lines[1:] and not matrices else []
    if lines[-1].expression == "w + update":
        sentences = ["This rule comes from optax: its state after the step, under optax's names, and its update."]
    if scheduled:
        sentences.append("η is the scheduled learning rate of this step.")
    sentences += _noise(run)
    coordinates = len(run.positions[0])
    if coordinates > DRAWN:
        sentences.append(f"The first two of {coordinates:,} coordinates are shown.")
    return " ".join(sentences)


def _noise(run: Trace) -> list[str]:
    """Sentences that explain the noise of a step; none without noise."""
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
