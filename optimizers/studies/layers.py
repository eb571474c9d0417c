"""What the hidden layers of a trained network compute."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from surfaces.network.mlp import MLP


def hidden(model: MLP, w: Any, x: Any, layer: int = 0) -> NDArray[np.floating[Any]]:
    """The activations (N, width) of a hidden layer, counted from 0, for inputs x (N, inputs) at weights w (n,)."""
    return np.asarray(model.signals(jnp.asarray(w), jnp.asarray(x))[layer][1])
