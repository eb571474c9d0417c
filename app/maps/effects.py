"""Effects that lectures show, each with a map that shows it. `presets.py` makes settings of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType


@dataclasses.dataclass(frozen=True)
class Preset:
    """A map that shows one effect.

    Attributes:
        name: the title of the effect, as on a slide.
        label: the same in one or two words, for a button.
        about: what the map shows, and what to do next.
        link: the settings of the map, as an address spells them.
        rows: the statements of the lectures that it shows, as `docs/lectures.md` numbers them.
    """

    name: str
    label: str
    about: str
    link: str
    rows: tuple[str, ...] = ()


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "edge": Preset(
            "Momentum's stability edge",
            "Stability edge",
            "Each cell is a run with its own η and β; bright cells converge in few steps. Theory predicts the edge, "
            "the dashed line, and the fastest setting, the cross. Click on a cell to play its run, and zoom in for "
            "finer cells.",
            "view=stability&surface=quadratic_ravine&surface.condition_number=30&steps=300&x=learning_rate&y=momentum"
            "&window=-4,0.3,0,2&racer=momentum:learning_rate=0.06,momentum=0.5&racer=nesterov:learning_rate=0.03,momentum=0.5",
            rows=("P11",),
        ),
        "fractal": Preset(
            "The fractal edge of trainability",
            "Fractal edge",
            "Each cell trains a small tanh network with its own learning rates: η of the output layer, and η ρ of the "
            "hidden layer. Runs in orange end above their initial loss. The edge between them and the others is a "
            "fractal: zoom in, and it stays rough.",
            "view=stability&surface=tanh_network&surface.width=4&steps=200&x=learning_rate&y=surface.ratio&color=final"
            "&window=0.1,1,-1.6,1.9&racer=sgd:learning_rate=2",
        ),
        "basins": Preset(
            "Which minimum? Basins of Himmelblau",
            "Basins",
            "Each cell is a start, in the colour of the minimum that its run reaches. SGD's basins have smooth edges; "
            "with momentum they are torn where runs swing past the nearest minimum. Click on a cell to play its run.",
            "view=basins&surface=himmelblau&steps=300&racer=sgd:learning_rate=0.01"
            "&racer=momentum:learning_rate=0.01,momentum=0.9&racer=adam:learning_rate=0.1",
        ),
        "sharp": Preset(
            "Momentum flies over the sharp minimum",
            "Sharp minimum",
            "The curves show from how many of the starts a run ends in the flat minimum. At the same learning rate, "
            "between about 0.002 and 0.02, momentum ends there from 83 to 94 % of the starts and SGD from 65 %. Above "
            "the dotted line the sharp minimum, h₁ = 100, is unstable for SGD, and all its runs end in the flat one.",
            "view=flat&surface=sharp_and_flat&surface.sharp_curvature=100&steps=500&x=learning_rate&window=-4,-1.5,0,1"
            "&trials=128&racer=sgd:learning_rate=0.005&racer=momentum:learning_rate=0.005,momentum=0.9",
            rows=("P6",),
        ),
        "anywhere": Preset(
            "Adam works almost anywhere",
            "Sensitivity",
            "The final loss of every rule against its learning rate: the median over starts, and a band from 10 to 90 "
            "%. Adam's valley is the widest: its median is below 0.1 over three decades of η. Diamonds mark the "
            "default rates: Adam's, 0.001, lies just outside this valley, and SGD and momentum diverge at theirs.",
            "view=sensitivity&surface=rosenbrock&steps=1000&window=-5,1,0,1&trials=16&racer=sgd&racer=momentum"
            "&racer=rmsprop&racer=adam",
            rows=("U7", "P8"),
        ),
        "radam": Preset(
            "RAdam and the learning rate",
            "RAdam",
            "RAdam is said to depend less on the learning rate than Adam. This map does not show it: Adam trains this "
            "small network over more decades of η than RAdam, and RAdam over no more decades than SGD. RAdam's first "
            "steps are those of momentum, which are too long where η is large.",
            "view=sensitivity&surface=tiny_network&steps=500&window=-5,1,0,1&trials=16&racer=sgd&racer=adam&racer=radam",
            rows=("U8", "P9"),
        ),
    }
)
"""Every preset by its key."""
