"""What a study is: an experiment over many runs, with parameters and a result that grows until it is complete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from surfaces.parameter import Declared

GROUPS = ("Optimizers", "Generalisation", "Ensembles", "Architecture", "Representations")
"""The headings under which studies are listed, in their order."""


class Table(NamedTuple):
    """The numbers of a result: the names of the columns, with units, and the rows."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[float | int | str]]


class Progress(NamedTuple):
    """What is known at a moment of a study.

    Attributes:
        share: the share of the work that is done, from 0 to 1.
        found: the result so far, a NamedTuple of arrays that each study declares. Entries that are still missing are
            NaN, or the arrays are shorter.
    """

    share: float
    found: Any


class Preset(NamedTuple):
    """Named parameters with which a study shows another effect.

    Attributes:
        name, label, about: as those of a study, for these parameters.
        parameters: the values of the parameters that differ from their defaults.
    """

    name: str
    label: str
    about: str
    parameters: Mapping[str, Any]


class Study(Declared):
    """A frozen record of parameters, whose `run` is the experiment.

    A study is one file in `optimizers/studies/catalogue/`. It states what it computes and what lectures say about it;
    the picture of its result is drawn in `app/studies/`.
    """

    key: ClassVar[str] = ""
    name: ClassVar[str]
    label: ClassVar[str] = ""
    """The name in one to three words, for a button; by default the whole name."""
    group: ClassVar[str]
    """One of `GROUPS`."""
    rows: ClassVar[tuple[str, ...]] = ()
    """The statements of the lecture notes that the study shows, such as "N14"."""
    about: ClassVar[str]
    """A sentence or two on what to see, which holds for the default parameters."""
    source: ClassVar[str]
    presets: ClassVar[Mapping[str, Preset]] = MappingProxyType({})
    """Its presets besides the defaults, by their keys, which no other study has."""
    seconds: ClassVar[float] = 20.0
    """About how long it takes at the default parameters, on two cores. A page starts short studies by itself."""

    def run(self, seed: int = 0) -> Iterator[Progress]:
        """Compute the study part by part, each of which takes at most about a second once its programs are compiled.

        The same seed gives the same numbers. A caller may stop iterating at any part. The last part has the share 1.

        Args:
            seed: the seed of everything random.
        """
        raise NotImplementedError

    def table(self, found: Any) -> Table:
        """The numbers of a result, for tables and files."""
        raise NotImplementedError

    def finding(self, found: Any) -> str:
        """What a complete result shows, in a sentence or two computed from it; an empty text if nothing stands out."""
        return ""
