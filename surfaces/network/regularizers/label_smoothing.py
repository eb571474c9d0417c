"""Label smoothing, a change of the targets."""

from __future__ import annotations

from jax import Array

from surfaces.network.regularizer import Regularizer
from surfaces.parameter import UNIT, parameter


class LabelSmoothing(Regularizer):
    r"""A share ε of each target is distributed evenly over all K classes.

    $$ y \leftarrow (1 - \varepsilon)\, y + \frac{\varepsilon}{K} $$

    `torch.nn.CrossEntropyLoss(label_smoothing=ε)` is the same.
    """

    name = "Label smoothing"
    formula = r"y \leftarrow (1 - \varepsilon)\, y + \tfrac{\varepsilon}{K}"
    about = "A share ε of each target is distributed evenly over all classes."
    source = "C. Szegedy et al. (2016), Rethinking the Inception architecture for computer vision"
    place = "targets"
    strength = "share"
    random = False
    needs = "classes"

    share: float = parameter(
        "ε",
        default=0.1,
        low=0.0,
        high=0.5,
        legal=UNIT,
        tuned=False,
        title="Label smoothing",
        doc="Share of each target that is distributed evenly over all classes.",
    )

    def batch(self, x: Array, y: Array, key: Array) -> tuple[Array, Array]:
        return x, (1 - self.share) * y + self.share / y.shape[-1]
