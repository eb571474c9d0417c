"""A training as a Python script with Optiscope's public names."""

from __future__ import annotations

from collections.abc import Sequence

from app.common.racers import Racer, Refused
from app.common.scripts import head, record
from app.common.source import call
from app.network import captions, link
from app.network.job import Job
from app.network.settings import FILE, Training, moves_images
from optimizers import Averaged, Optimizer, Scheduled
from surfaces.network import REGULARIZERS, DataSet

SHARED = ("widths", "activation", "objective", "l2", "initialization", "sigma", "batch_size")
NORMALISED = ("norm", "groups")
"""What the script passes to networks if one of them is normalised."""
TRAINED = '''\
def trained({arguments}):
    """Return the network and run of a rule: `losses` (STEPS,) of every batch, and `weights` (k, n) at `steps`."""
    model = MLP((data.inputs, *widths, data.outputs), activation{norm})
    network = Network(model, data.train.x, data.train.y, objective, l2{regularizers})
    start = model.initial(SEED, initialization, sigma)
    pieces = train(
        network,
        rule,
        start,
        STEPS,
        batch_size=batch_size,
        seed=SEED,
        stride={stride},
        blocks={blocks},  # the same program as on the page: another may round differently
        stepwise={stepwise},
        preconditioners=True,
    )
    return network, join(pieces)
'''


def script(training: Training, job: Job) -> str:
    """A script that repeats the training of the racers shown.

    Its `runs`, by the racers' titles, hold the very weights and losses of the page where it has the same device; it
    prints the training and the held-out loss of the last weights.

    Raises:
        Refused: if nobody is shown, or the data came from a source that a script cannot read.
    """
    racers = [
        (racer, title)
        for racer, title in zip(training.racers, captions.titles(training), strict=True)
        if not racer.hidden
    ]
    if not racers:
        raise Refused("No optimizers to export: add one, or show one that is hidden.")
    wanted, data = _data(training, job.data)
    stride = training.stride(job.data)
    if stride.denominator > 1:
        wanted = ["from fractions import Fraction", *wanted]
    features = f".with_features({training.features!r})" if training.features else ""
    names = {"RULES"}
    schedule = []
    if any(training.of(racer, "average") for racer, _ in racers):
        names.add("Averaged")
    if any(isinstance(_rule(training, racer), Scheduled) for racer, _ in racers):
        names |= {"SCHEDULES", "Scheduled"}
        schedule = [f"schedule = {record('SCHEDULES', training.schedule)}"]
    normalised = any(training.of(racer, "norm") != "none" for racer, _ in racers)
    regularized = any(training.regularizers(racer, job.data) for racer, _ in racers)
    used = [*SHARED, *(NORMALISED if normalised else ()), *(("regularizers",) if regularized else ())]
    shared = ", ".join(["rule", "*", *(f"{name}={_spelled(training, None, name)}" for name in used)])
    classes = [
        *(["DATASETS"] if training.data.key != FILE else []),
        "MLP",
        *(["REGULARIZERS"] if regularized else []),
        "Network",
    ]
    return "\n".join(
        [
            *head(captions.caption(training, job.data), "network", link.query(training), "It needs Optiscope."),
            *wanted,
            f"from optimizers import {', '.join(sorted(names))}",
            "from optimizers.training import join, train",
            f"from surfaces.network import {', '.join(classes)}",
            "from surfaces.network.measures import measure",
            "",
            f"SEED, STEPS = {training.seed}, {training.steps}",
            "",
            data + features + (".standardised()" if training.standardised else ""),
            *schedule,
            "",
            "",
            TRAINED.format(
                arguments=shared,
                stride=int(stride) if stride.denominator == 1 else repr(stride),
                blocks=job.blocks,
                stepwise=training.stepwise(job.data),
                norm=", norm, groups" if normalised else "",
                regularizers=", regularizers=regularizers" if regularized else "",
            ),
            "",
            "runs = {",
            *(f'    "{title}": {_call(training, racer, title, used)},' for racer, title in racers),
            "}",
            "for name, (network, run) in runs.items():",
            "    found = measure(network, run.weights[-1:], (data.validation.x, data.validation.y))",
            f'    print(f"{{name}}: loss {{found.loss[0]}}, {job.data.held_out} loss {{found.validation_loss[0]}}")',
            "",
        ]
    )


def _data(training: Training, data: DataSet) -> tuple[list[str], str]:
    """What has to be imported for the data, and the line that makes them."""
    options = [f"seed={training.sample}"] if training.sample else []
    options += [f"share={training.share / 100}"] if training.share else []
    if training.data.key != FILE:
        return [], f"data = {record('DATASETS', training.data)}.make({', '.join(options)})"
    name = training.file
    source = f"Path({name!r}).read_bytes()"
    if data.files:
        images, labels, *test = (f"Path({file!r}).read_bytes()" for file in data.files)
        options += [f"test=({', '.join(test)})"] if test else []
        reader, arguments = "from_idx", [images, labels, repr(name), *options]
    elif name.endswith(".npz"):
        reader, arguments = "from_npz", [source, repr(name), *options]
    elif training.target:
        reader, arguments = "from_csv", [source, repr(training.target), repr(name), *options]
    else:
        raise Refused(
            "A script can read one .npz file, IDX files, or one .csv file with a target column; these data come from "
            "another source."
        )
    imports = ["from pathlib import Path", "", f"from surfaces.network.files import {reader}"]
    return imports, f"data = {call(reader, arguments, before=7)}"


def _spelled(training: Training, racer: Racer | None, name: str) -> str:
    """The code of a setting, as it holds for a racer or for all."""
    if name != "regularizers":
        value = training.of(racer, name)
        return repr(value or None if name == "batch_size" else value)
    scale = ", mean=data.mean, deviation=data.deviation"
    parts = [
        f'REGULARIZERS["{key}"]({part.strength}={training.of(racer, key)!r}{scale if moves_images(key) else ""})'
        for key, part in REGULARIZERS.items()
        if training.of(racer, key)
    ]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _rule(training: Training, racer: Racer) -> Optimizer:
    """The rule of a racer without the average of its weights."""
    rule = training.rule(racer)
    return rule.inner if isinstance(rule, Averaged) else rule


def _call(training: Training, racer: Racer, title: str, used: Sequence[str]) -> str:
    rule = record("RULES", racer.rule)
    if isinstance(_rule(training, racer), Scheduled):
        rule = f"Scheduled({rule}, schedule)"
    if average := training.of(racer, "average"):
        rule = f"Averaged({rule}, {average!r})"
    own = {name: _spelled(training, racer, name) for name in used}
    differs = [f"{name}={code}" for name, code in own.items() if code != _spelled(training, None, name)]
    return call("trained", [rule, *differs], indent="    ", before=len(title) + 5)
