"""Captions of a training, and the names of its racers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.common import names
from app.common.digits import short
from app.common.racers import Racer
from app.network.settings import FILE, Setup, Training
from optimizers import RULES
from surfaces.network import (
    ACTIVATIONS,
    DATASETS,
    FEATURES,
    INITIALIZATIONS,
    LOSSES,
    NORMS,
    REGULARIZERS,
    DataSet,
)

STRENGTHS: Mapping[str, str] = MappingProxyType(
    {"l2": "L2"}
    | {key: part.name if key == "l1" else part.name.lower() for key, part in REGULARIZERS.items()}
    | {"average": "average of weights"}
)
"""The settings whose value 0 switches them off, by their keys, in words."""


def titles(training: Training) -> list[str]:
    """The racers' names with as much of what they have for themselves as tells them apart: panels are narrow."""
    full = names.titles(training, own_words)
    words = [own_words(racer) for racer in training.racers]
    for count in range(1, max(map(len, words), default=0)):
        few = {racer.slot: own[:count] for racer, own in zip(training.racers, words, strict=True)}
        bare = [names.rule_title(racer, lambda racer, few=few: few[racer.slot]) for racer in training.racers]  # type: ignore[misc]
        if len(set(bare)) == len(bare):
            return bare
    return full


def own_words(racer: Racer) -> list[str]:
    """What a racer has for itself, in words, and its rule's own decay, to be told from L2 in the loss."""
    named: Mapping[str, Mapping[str, Any]] = {
        "activation": ACTIVATIONS,
        "initialization": INITIALIZATIONS,
        "objective": LOSSES,
    }
    own = dict(racer.own)
    said = []
    for name, value in own.items():
        if name in named:
            word = named[name][str(value)].name
            if name == "initialization" and value in ("normal", "constant") and "sigma" in own:
                word = f"σ = {short(own['sigma'])}" if value == "normal" else f"constant {short(own['sigma'])}"
            said.append(word)
        elif name == "batch_size":
            said.append(f"batch {value}" if value else "full batch")
        elif name == "widths":
            said.append(str(value))
        elif name == "norm":
            said.append(NORMS[str(value)].name if value in NORMS else "no norm")
        elif name == "groups":
            said.append(f"{value} groups")
        elif name in STRENGTHS:
            said.append(f"{STRENGTHS[name]} {short(value)}" if value else f"no {STRENGTHS[name]}")
        elif own.get("initialization") not in ("normal", "constant"):
            said.append(f"σ {short(value)}")
    spec = RULES[racer.rule.key].parameters().get("weight_decay")
    if spec and (decay := racer.rule.get("weight_decay", spec.default)):
        said.append(f"decay {short(decay)}")
    return said


def spelled_widths(widths: tuple[int, ...]) -> str:
    """The widths of a network in little room: 2-32-32-2, 2-32×8-2, or how many layers there are."""
    inputs, *hidden, outputs = widths
    if len(hidden) > 3:
        same = len(set(hidden)) == 1
        return (
            f"{inputs}-{hidden[0]}×{len(hidden)}-{outputs}" if same else f"{inputs}-…-{outputs}, {len(hidden)} hidden"
        )
    return "-".join(map(str, widths))


def memory(training: Training, data: DataSet) -> str:
    """How often weights are kept, and what that takes."""
    sizes = [training.model(r, data).size for r in training.racers]
    kept, stride = training.kept(data), training.stride(data)
    every = "after every step" if stride == 1 else f"every {float(stride):,.0f} steps"
    every = every if stride.denominator == 1 else f"about {every}"
    taken = sum(sizes) * kept * 4 * 2  # the preconditioners of adaptive rules with them
    size = max(taken / 2**20, 0.1)
    return f"Weights are recorded and measured {every}, {kept} times in total, which takes at most {size:,.1f} MB."


def caption(training: Training, data: DataSet) -> str:
    """All that is set, in a line."""
    source = data.name
    if training.data.key != FILE:
        source += names.spelled_values(DATASETS[training.data.key].parameters(), training.data)
    if training.sample:
        source += f", sample {training.sample}"
    if training.share:
        source += f", {training.share} % for training"
    if training.features:
        source += f", with {', '.join(FEATURES[key].name for key in training.features)}"
    batch = f"batch {training.batch_size}" if training.batch_size else "full batch"
    setup = {name: training.of(None, name) for name in Setup.parameters()}
    spelled = [p.label(str(setup[n])) for n, p in Setup.parameters().items() if p.choices and setup[n] != "none"]
    if setup["norm"] == "group":
        spelled.append(f"{setup['groups']} groups")
    spelled += [f"{words} {short(setup[name])}" for name, words in STRENGTHS.items() if setup[name]]
    widths = spelled_widths(training.model(None, data).widths)
    parts = [source, widths, *spelled, batch, f"{training.steps:,} steps"]
    return " · ".join([*parts, *names.spelled_racers(training, own_words), f"seed {training.seed}"])
