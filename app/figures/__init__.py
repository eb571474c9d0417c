"""Pictures as data, and plotly figures of runs for a notebook or a script.

In a notebook or a script::

    from app import figures
    from optimizers import OPTIMIZERS, trace
    from surfaces import SURFACES

    run = trace(SURFACES["rosenbrock"](), OPTIMIZERS["adam"](learning_rate=0.05), steps=400)
    figures.race({"Adam": run})
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.figures.plots import losses, paths, race, surface

__all__ = ["losses", "paths", "race", "surface"]


def __getattr__(name: str) -> Any:
    # what draws files needs the marks alone, and does not wait for JAX
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from app.figures import plots

    return getattr(plots, name)
