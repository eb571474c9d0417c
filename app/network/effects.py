"""Effects that lectures show, each with a training that shows it. `presets.py` makes settings of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from app.common.racers import Choice, Value
from app.network.settings import Training

FIRST_RACERS = ("sgd", "momentum", "adam")
"""The racers of a training that names none."""


@dataclasses.dataclass(frozen=True)
class Preset:
    """A training worth seeing.

    Attributes:
        name: the title.
        about: a sentence on what to see.
        base: the training before it has racers.
        racers: the racers as a link spells them.
        rows: the statements of the lectures that it shows, as `docs/lectures.md` numbers them.
        epochs: how many epochs the training takes; 0 for the steps of `base`.
        own_samples: of a preset that is meant for samples of a file: which samples it has without one.
    """

    name: str
    about: str
    base: Training
    racers: tuple[str, ...]
    rows: tuple[str, ...] = ()
    epochs: float = 0.0
    own_samples: str = ""


def _setup(**values: Value) -> Choice:
    return Choice("setup", tuple(values.items()))


PRESETS: Mapping[str, Preset] = {
    "spirals": Preset(
        "Two spirals",
        "All three racers learn a boundary that winds between the two arms. Momentum separates all samples; SGD and "
        "Adam still misclassify some after 1,500 steps.",
        Training(),
        FIRST_RACERS,
    ),
    "neurons": Preset(
        "Three lines around a circle",
        "Each hidden neuron divides the plane along a straight line, and three of them enclose the inner circle. "
        "Remove one with − and train again: two lines cannot enclose it, and about one training sample in six is "
        "misclassified.",
        Training(data=Choice("circles"), widths=(3,), views=("network", "outcome", "loss"), steps=600),
        ("adam:learning_rate=0.05",),
    ),
    "digits": Preset(
        "Handwritten digits",
        "Images of 8 × 8 pixels in ten classes: a network with one hidden layer learns all training samples, and "
        "misclassifies a few of the others.",
        Training(
            data=Choice("digits"),
            widths=(64,),
            setup=_setup(activation="relu", initialization="he_normal"),
            batch_size=64,
            steps=800,
        ),
        FIRST_RACERS,
    ),
    "edge": Preset(
        "Edge of stability",
        "With full batches the sharpness climbs to 2/η and then stays close to it (Cohen et al. 2021).",
        Training(
            data=Choice("chebyshev"),
            standardised=False,
            widths=(50, 50),
            setup=_setup(objective="mse"),
            batch_size=0,
            steps=6000,
            views=("sharpness", "outcome", "loss"),
        ),
        ("sgd:learning_rate=0.03", "sgd:learning_rate=0.05", "sgd:learning_rate=0.1"),
    ),
    "outlier": Preset(
        "One outlier",
        "Mean squared error pulls the curve all the way to the outlier, mean absolute error less than a third of "
        "the way.",
        Training(
            data=Choice("curve", (("outliers", 1),)),
            setup=_setup(objective="mse"),
            views=("outcome", "batch_loss", "loss"),
            steps=3000,
        ),
        ("adam:learning_rate=0.01", "adam:learning_rate=0.01,objective=mae"),
        rows=("N6",),
    ),
    "vanishing": Preset(
        "Vanishing gradients",
        "At the initial weights of eight hidden layers, the gradient under sigmoid is over ten thousand times smaller "
        "in the first layer than in the last; under tanh and ReLU the two differ by less than a factor of ten.",
        Training(widths=(32,) * 8, views=("gradients", "activations", "loss"), steps=1000),
        (
            "sgd:learning_rate=0.05,activation=sigmoid,initialization=lecun_normal",
            "sgd:learning_rate=0.05,activation=tanh,initialization=xavier_normal",
            "sgd:learning_rate=0.05,activation=relu,initialization=he_normal",
        ),
        rows=("N4",),
    ),
    "initialisation": Preset(
        "Initialisation",
        "Zero weights never break the symmetry: no hidden unit learns. With σ = 0.01 the activations vanish from "
        "layer to layer; with σ = 1 they explode, and training diverges within a few steps. He's σ preserves "
        "their scale.",
        Training(
            widths=(64,) * 5,
            setup=_setup(activation="relu", initialization="he_normal"),
            views=("activations", "gradients", "loss"),
            steps=1000,
        ),
        (
            "sgd:learning_rate=0.05,initialization=zeros",
            "sgd:learning_rate=0.05,initialization=normal,sigma=0.01",
            "sgd:learning_rate=0.05,initialization=he_normal",
            "sgd:learning_rate=0.05,initialization=normal,sigma=1",
        ),
        rows=("N5",),
    ),
    "batches": Preset(
        "Batch size",
        "Batches of 1, 32 and all samples: the smaller the batch, the noisier its loss.",
        Training(views=("batch_loss", "outcome", "loss")),
        (
            "sgd:learning_rate=0.1,batch_size=1",
            "sgd:learning_rate=0.1,batch_size=32",
            "sgd:learning_rate=0.1,batch_size=0",
        ),
        rows=("N7",),
    ),
    "search": Preset(
        "Search with cross-validation",
        "36 settings of Adam's η and β₁, drawn at random, are scored by five-fold cross-validation on the training "
        "samples. The loss against each of them alone shows that η decides, and β₁ hardly matters (Bergstra & Bengio "
        "2012). The test samples are used once, for the best setting.",
        Training(data=Choice("moons", (("noise", 0.3),)), widths=(16,), views=("search", "outcome", "loss"), steps=300),
        ("adam:learning_rate=0.01",),
        rows=("P11", "N12"),
    ),
    "decays": Preset(
        "L2 or weight decay",
        "With Adam, L2 in the loss is divided by √v like the gradient; AdamW's decay is not. At λ = 0.02, L2 "
        "shrinks the weights to less than a fifth, AdamW's decay by less than a third.",
        Training(
            data=Choice("moons", (("noise", 0.3),)), widths=(64, 64), views=("weights", "outcome", "loss"), steps=4000
        ),
        (
            "adam:learning_rate=0.005",
            "adam:learning_rate=0.005,l2=0.02",
            "adamw:learning_rate=0.005,weight_decay=0.02",
        ),
    ),
    "gap": Preset(
        "Generalisation gap",
        "With 64 neurons in each of two hidden layers, the training loss falls on while the validation loss rises "
        "from a few hundred steps on, to more than twice its lowest value. A diamond marks that value: early stopping "
        "would end the run there. With four neurons in one layer the two losses stay within 0.1 of each other.",
        Training(
            data=Choice("moons", (("noise", 0.3),)),
            widths=(64, 64),
            setup=_setup(activation="relu", initialization="he_normal"),
            views=("loss", "outcome", "accuracy"),
            steps=3000,
        ),
        ("adam:learning_rate=0.003", "adam:learning_rate=0.003,widths=4"),
        rows=("N9",),
    ),
    "regularizers": Preset(
        "Regularizers side by side",
        "Without a regularizer, the validation loss ends at more than twice its lowest value. With L2, input noise, "
        "dropout or mixup it ends at less than half of the loss without one, and within 0.1 of the training loss.",
        Training(
            data=Choice("moons", (("noise", 0.3),)),
            widths=(64, 64),
            setup=_setup(activation="relu", initialization="he_normal"),
            views=("outcome", "loss", "accuracy"),
            steps=3000,
        ),
        (
            "adam:learning_rate=0.003",
            "adam:learning_rate=0.003,l2=0.01",
            "adam:learning_rate=0.003,input_noise=0.3",
            "adam:learning_rate=0.003,dropout=0.5",
            "adam:learning_rate=0.003,mixup=1",
        ),
        rows=("N8",),
    ),
    "exercise": Preset(
        "Exercise: one hidden layer of 256",
        "A hidden layer of 256 ReLU units is trained for ten epochs, with He initialisation and batches of 128; the "
        "table lists the accuracies after each epoch.",
        Training(
            data=Choice("digits"),
            widths=(256,),
            setup=_setup(activation="relu", initialization="he_normal"),
            batch_size=128,
            standardised=False,
            axis="epochs",
        ),
        ("sgd:learning_rate=0.1", "adam:learning_rate=0.001"),
        rows=("N3",),
        epochs=10.0,
        own_samples="The samples are the digits of 8 × 8 pixels that come with Optiscope; upload MNIST under Data to "
        "train on its images.",
    ),
}
"""Every preset by its key."""
