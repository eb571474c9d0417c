"""Pure functions from runs to figures, without a page.

In a notebook or a script::

    from app import figures
    from optimizers import OPTIMIZERS, trace
    from surfaces import SURFACES

    run = trace(SURFACES["rosenbrock"](), OPTIMIZERS["adam"](learning_rate=0.05), steps=400)
    figures.race({"Adam": run})
"""

from app.figures.plots import losses, paths, race, surface

__all__ = ["losses", "paths", "race", "surface"]
