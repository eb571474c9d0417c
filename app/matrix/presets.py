"""Parts of the matrix for a lecture: each shows one effect."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qs


@dataclasses.dataclass(frozen=True)
class Preset:
    """A part of the matrix that shows one effect.

    Attributes:
        name: the title of the effect, as on a slide.
        label: the same in one or two words, for a button.
        about: what to look at.
        link: the settings, as an address spells them.
        rows: the statements of the lectures that it shows, as `docs/lectures.md` numbers them.
    """

    name: str
    label: str
    about: str
    link: str
    rows: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, list[str]]:
        """The settings as a query."""
        return parse_qs(self.link)


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "rotation": Preset(
            "Rotation takes the advantage away",
            "Rotation",
            "Adagrad and RMSprop solve a ravine of κ = 1,000 along the axes with many settings, and at 45° with none. "
            "For SGD and momentum, rotation changes nothing.",
            "groups=ravines&rules=sgd,momentum,adagrad,rmsprop,adam&test=ravine_1000_45&rule=adagrad",
            rows=("P1",),
        ),
        "saddles": Preset(
            "Saddles",
            "Saddles",
            "The closer a run passes by a saddle, the fewer settings of SGD and momentum leave it in time. For Adam it "
            "makes hardly any difference. Newton's method stops in the saddle.",
            "groups=saddles&rules=sgd,momentum,rmsprop,adam,newton&test=saddle_nearer&rule=sgd",
            rows=("P3",),
        ),
        "noise": Preset(
            "Heavy tails",
            "Heavy tails",
            "Compare the rows σ = 0.1, κ = 10 (normal noise) and σ = 0.1, α = 1 (heavy tails): SGD, momentum and Adam "
            "lose at least two thirds of the settings that solve the ravine, because a single huge gradient throws a "
            "run away. Schedule-free SGD keeps at least half, because its result is an average over its path.",
            "groups=noise,heavy_tails&rules=sgd,momentum,adam,schedule_free_sgd&test=tails_heavy&rule=momentum",
            rows=("P4",),
        ),
    }
)
