"""Studies: experiments over many runs, each of which tests a statement of the lectures.

The package uses both packages below the app: it runs the rules of `optimizers` on the networks and landscapes of
`surfaces`.
"""

from optimizers.studies.study import GROUPS, Preset, Progress, Study, Table
from surfaces.registry import discover

STUDIES = discover("optimizers.studies.catalogue", Study, order=lambda study: (GROUPS.index(study.group), study.rows))
"""Every study by its key, in the order of its group."""

__all__ = ["GROUPS", "STUDIES", "Preset", "Progress", "Study", "Table"]
