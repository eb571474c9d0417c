"""Networks as surfaces: data sets, models, losses, and planes through the space of weights."""

from surfaces.network.activations import ACTIVATIONS
from surfaces.network.data import DataSet, Samples, Source
from surfaces.network.features import FEATURES
from surfaces.network.initial import INITIALIZATIONS
from surfaces.network.losses import LOSSES
from surfaces.network.mlp import MLP
from surfaces.network.network import Network, accuracy
from surfaces.network.norms import NORMS
from surfaces.network.regularizer import PLACES, Regularizer
from surfaces.registry import discover

DATASETS = discover("surfaces.network.datasets", Source, order=lambda source: source.task)
"""Every source of data by its key, those of classes before those of values."""

REGULARIZERS = discover("surfaces.network.regularizers", Regularizer, order=lambda part: PLACES.index(part.place))
"""Every regularizer by its key, in the order in which they act."""

__all__ = [
    "ACTIVATIONS",
    "DATASETS",
    "FEATURES",
    "INITIALIZATIONS",
    "LOSSES",
    "MLP",
    "NORMS",
    "REGULARIZERS",
    "DataSet",
    "Network",
    "Regularizer",
    "Samples",
    "Source",
    "accuracy",
]
