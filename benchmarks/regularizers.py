"""The study of regularizers as it runs in the app, compared with the same experiment as a loop in PyTorch.

PyTorch trains one of the twenty seeds; its time is multiplied by twenty. Ours includes all compilation. The two are
compared by processor time, which depends less on what else the machine does; ours may use all cores at once.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.measure import Result, seconds

LIMIT, AIM = 90.0, 8.0
"""The most seconds of the study, and how many times faster than PyTorch it has to be."""


def run() -> Iterator[Result]:
    """Yield the results, each side measured in a process of its own."""
    ours, theirs = _child("ours"), _child("theirs")
    seeds = ours["seeds"]
    what = f"{seeds:.0f} seeds × {ours['methods']:.0f} methods × {ours['steps']:.0f} steps"
    yield Result(
        f"study of regularizers, {what}, {os.cpu_count()} cores, with compilation",
        seconds(ours["seconds"]),
        "–",
        "–",
        f"≤ {LIMIT:.0f} s",
        ours["seconds"] <= LIMIT,
    )
    ratio = seeds * theirs["processor"] / ours["processor"]
    apart = abs(ours["accuracy"] - theirs["accuracy"])
    accuracies = f"{100 * ours['accuracy']:.1f} % and {100 * theirs['accuracy']:.1f} %"
    yield Result(
        f"the same / loop in PyTorch, processor time (test accuracy without a regularizer, one seed: {accuracies})",
        seconds(ours["processor"]),
        seconds(seeds * theirs["processor"]),
        f"{ratio:.1f}×",
        f"≥ {AIM:g}×",
        ratio >= AIM and apart < 0.05,
    )


def _child(side: str) -> dict[str, float]:
    """Run one side in a separate process, and return its result."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.regularizers", side], capture_output=True, text=True, check=True
    )
    measured: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return measured


def _ours() -> dict[str, float]:
    from app.server import environment

    environment.prepare()  # one device per core, as in the app
    from optimizers.studies.catalogue.regularizers import Regularizers, ends

    study = Regularizers()
    began, used = time.perf_counter(), time.process_time()
    *_, last = study.run()
    taken = {"seconds": time.perf_counter() - began, "processor": time.process_time() - used}
    accuracy = float(ends(last.found).accuracy[0, 0])
    counts = {"seeds": study.seeds, "methods": len(study.methods) - 1, "steps": study.steps}
    return {**taken, "accuracy": accuracy, **counts}


def _theirs() -> dict[str, float]:
    """One seed of all methods. Early stopping takes the losses that were measured anyway."""
    import numpy as np
    import torch

    from optimizers.studies.catalogue.regularizers import RECORDS, Regularizers, drawn
    from optimizers.studies.networks import seeds_of

    study = Regularizers()
    seed = seeds_of(study.seeds, 0)[0]
    data = drawn(study.samples, study.wrong, seed, study.inputs)
    parts = [
        (torch.tensor(part.x), torch.tensor(part.y.argmax(axis=1))) for part in (data.train, data.validation, data.test)
    ]
    stride = -(-study.steps // RECORDS)
    torch.set_num_threads(1)  # on networks of this size, faster than two
    torch.manual_seed(seed % 2**31)
    rng = np.random.default_rng(seed)
    accuracies, used = {}, time.process_time()
    for key in study.trained.values():
        accuracies[key] = _trained_by_pytorch(study, key, parts, stride, rng)
    return {"processor": time.process_time() - used, "accuracy": accuracies["none"]}


def _trained_by_pytorch(study: Any, key: str, parts: Any, stride: int, rng: Any) -> float:
    """The test accuracy after a training with one regularizer, measured at the same steps as in the study."""
    import torch
    from torch.nn.functional import cross_entropy
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from optimizers.studies.catalogue.regularizers import BATCH

    (x, y), *_ = parts
    layers: list[Any] = [torch.nn.Linear(x.shape[1], study.width), torch.nn.ReLU(), torch.nn.Linear(study.width, 10)]
    for layer in layers[::2]:
        torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        torch.nn.init.zeros_(layer.bias)
    if key == "batch_norm":
        layers.insert(1, torch.nn.BatchNorm1d(study.width))
    if key == "dropout":
        layers.insert(2, torch.nn.Dropout(study.dropout))
    net = torch.nn.Sequential(*layers)
    decay = study.decay if key == "decay" else 0.0
    rule = torch.optim.AdamW(net.parameters(), lr=study.learning_rate, weight_decay=decay, fused=True)
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(study.average)) if key == "average" else None
    smoothing = study.label_smoothing if key == "label_smoothing" else 0.0
    order = torch.empty(0, dtype=torch.long)

    def accuracy() -> float:
        evaluated = (mean or net).eval()
        with torch.no_grad():
            outputs = [evaluated(inputs) for inputs, _ in parts]
            [cross_entropy(z, labels) for z, (_, labels) in zip(outputs, parts, strict=True)]
            share = float((outputs[-1].argmax(dim=1) == parts[-1][1]).float().mean())
        net.train()
        return share

    for step in range(study.steps):
        if step % stride == 0:
            accuracy()
        if len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(x))])
        rows, order = order[:BATCH], order[BATCH:]
        inputs, labels = x[rows], y[rows]
        if key == "input_noise":
            inputs = inputs + study.input_noise * torch.randn_like(inputs)
        if key == "mixup":
            weight, partner = float(rng.beta(study.mixup, study.mixup)), torch.randperm(BATCH)
            outputs = net(weight * inputs + (1 - weight) * inputs[partner])
            loss = weight * cross_entropy(outputs, labels) + (1 - weight) * cross_entropy(outputs, labels[partner])
        else:
            loss = cross_entropy(net(inputs), labels, label_smoothing=smoothing)
        if key == "l2":
            loss = loss + study.l2 / 2 * sum((p * p).sum() for p in net.parameters())
        rule.zero_grad()
        loss.backward()
        rule.step()
        if mean is not None:
            mean.update_parameters(net)
    return accuracy()


if __name__ == "__main__":
    print(json.dumps(_ours() if sys.argv[1] == "ours" else _theirs()))
