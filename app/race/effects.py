"""Effects that lectures show, each with a race that shows it. `presets.py` makes settings of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType


@dataclasses.dataclass(frozen=True)
class Preset:
    """A race that shows one effect.

    Attributes:
        name: the title of the effect, as on a slide.
        label: the same in one or two words, for a button.
        about: what happens, and which setting to change next.
        link: the settings of the race, as an address spells them.
        rows: the statements of the lectures that it shows, as `docs/lectures.md` numbers them.
    """

    name: str
    label: str
    about: str
    link: str
    rows: tuple[str, ...] = ()


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "zigzag": Preset(
            "Zigzag in a ravine",
            "Zigzag",
            "SGD jumps from side to side at every step and crawls along the ravine; momentum gathers speed along it "
            "and needs less than a quarter of the steps. Raise the condition number κ with its slider above 2/η "
            "≈ 105, and SGD's steps grow without bound. With η below 2/κ it converges again, but more slowly.",
            "surface=quadratic_ravine&surface.condition_number=100&rotation=18&start=-3.13,-0.39&steps=150"
            "&racer=sgd:learning_rate=0.019&racer=momentum:learning_rate=0.015",
            rows=("U1", "U2", "P1"),
        ),
        "local": Preset(
            "A local minimum or the global one",
            "Local minimum",
            "SGD stops in the first minimum on its way; momentum rolls on into the deeper one. Lower momentum's β to "
            "0.8 or less, and it stops where SGD does.",
            "surface=tilted_wells&racer=sgd:learning_rate=0.04&racer=momentum:learning_rate=0.04&heights=linear",
            rows=("P2",),
        ),
        "saddle": Preset(
            "Stuck at a saddle",
            "Saddle",
            "The start lies only 10⁻⁹ off the line y = 0, which leads into the saddle, where the gradient vanishes: "
            "SGD is still there after 150 steps, momentum escapes after about 75, Adam after about 15. Under More, set "
            "the start to −1.8, 0, and none of the three ever leaves the line.",
            "surface=saddle&start=-1.8,1e-9&steps=150&racer=sgd:learning_rate=0.1&racer=momentum:learning_rate=0.1"
            "&racer=adam:learning_rate=0.05&views=gradient",
            rows=("P3",),
        ),
        "noise": Preset(
            "Gradients from single samples",
            "Single samples",
            "Sixteen runs of SGD, each with different random samples, one per step: every run takes a different "
            "path, and none comes to rest. Under More, Noise, raise the batch size, and the runs move closer "
            "together.",
            "surface=linear_regression&steps=300&racer=sgd:learning_rate=0.05&noise=mini_batch&noise.batch_size=1"
            "&bundle=spaghetti&seeds=16",
            rows=("P4", "N7"),
        ),
        "overshoot": Preset(
            "Overshooting",
            "Overshooting",
            "Momentum runs past the minimum and turns back; Nesterov looks ahead and overshoots less; SGD does not "
            "overshoot. The table says how far. Raise β, and both overshoot further.",
            "surface=quadratic_ravine&surface.condition_number=10&steps=200&racer=sgd:learning_rate=0.02"
            "&racer=momentum:learning_rate=0.02&racer=nesterov:learning_rate=0.02&views=distance",
            rows=("U3", "P5"),
        ),
        "trap": Preset(
            "Flying over a narrow minimum",
            "Narrow minimum",
            "SGD falls into the narrow, deep hole on its way; momentum flies over it and ends in the wide minimum "
            "beyond. Lower momentum's β to 0.8 or less, and it falls in as well.",
            "surface=narrow_trap&racer=sgd:learning_rate=0.011&racer=momentum:learning_rate=0.011",
            rows=("P6",),
        ),
        "freezing": Preset(
            "Adagrad's shrinking steps",
            "Shrinking steps",
            "Adagrad divides by the root of the sum of all its squared gradients, so its learning rates only fall, "
            "and it creeps along without getting near the minimum. RMSprop and Adadelta forget old gradients, "
            "so their rates rise again and they reach it. Raise Adagrad's η to 0.3, and it gets there too.",
            "surface=quadratic_ravine&steps=1500&racer=adagrad:learning_rate=0.03&racer=rmsprop:learning_rate=0.01"
            "&racer=adadelta&views=rates",
            rows=("U4", "U5", "U6", "P7"),
        ),
        "drop": Preset(
            "Dropping the learning rate",
            "Rate drop",
            "With noise, the loss levels off at a height set by the learning rate. After 300 steps the rate drops "
            "to a tenth, and the loss to less than a fifth. Move the drop under More, Schedule.",
            "surface=quadratic_ravine&surface.condition_number=3&steps=600&seed=1"
            "&racer=sgd:learning_rate=0.2&racer=adam:learning_rate=0.2&noise=isotropic&noise.scale=2&schedule=step_decay&schedule.every=300",
            rows=("P10",),
        ),
        "regression": Preset(
            "Linear regression is a loss surface",
            "Linear regression",
            "The mean squared error of a line ŷ = w x + b over 40 samples is a bowl over w and b, and gradient descent "
            "leads to its only minimum, the least-squares line. Under More, Noise, choose mini-batches of one sample, "
            "and the runs do not come to rest.",
            "surface=linear_regression&steps=200&racer=sgd:learning_rate=0.1&racer=momentum:learning_rate=0.02",
            rows=("N1",),
        ),
        "standardising": Preset(
            "Standardising the feature",
            "Standardising",
            "The same samples with a feature of mean 5 (A), where κ = 727, and with the standardised feature (B), "
            "where κ = 1. After 300 steps SGD still has more than a quarter of the way to go in A, and has arrived in "
            "B. Above η = 0.037 it diverges in A.",
            "surface=linear_regression&surface.offset=5&steps=300&racer=sgd:learning_rate=0.035"
            "&racer=momentum:learning_rate=0.01&b.surface=linear_regression&b.surface.offset=0",
            rows=("N13",),
        ),
    }
)
"""Every preset by its key."""
