"""Hyperparameters that several rules share, each declared once."""

from typing import Any

from surfaces.parameter import NON_NEGATIVE, POSITIVE, UNIT, parameter


def learning_rate(default: float = 1e-3) -> Any:
    """η. The default of a rule is that of its source, or of a library that the rule names."""
    return parameter(
        "η",
        default=default,
        low=1e-6,
        high=10.0,
        log=True,
        legal=NON_NEGATIVE,
        doc="Learning rate: scales the step.",
    )


def momentum(default: float = 0.9, symbol: str = "β") -> Any:
    """β of momentum and Nesterov; ρ in the velocity form."""
    return parameter(
        symbol,
        default=default,
        low=0.0,
        high=0.999,
        one_minus_log=True,
        legal=UNIT,
        doc="Momentum: the share of the velocity that is kept in each step.",
    )


def beta1(default: float = 0.9) -> Any:
    """β₁ of the Adam family."""
    return parameter(
        "β₁",
        default=default,
        low=0.0,
        high=0.999,
        one_minus_log=True,
        legal=UNIT,
        doc="Decay rate of the mean of gradients (first moment).",
    )


def beta2(default: float = 0.999) -> Any:
    """β₂ of the Adam family."""
    return parameter(
        "β₂",
        default=default,
        low=0.0,
        high=0.9999,
        one_minus_log=True,
        legal=UNIT,
        doc="Decay rate of the mean of squared gradients (second moment).",
    )


def decay(default: float = 0.9) -> Any:
    """γ of RMSprop and Adadelta."""
    return parameter(
        "γ",
        default=default,
        low=0.0,
        high=0.999,
        one_minus_log=True,
        legal=UNIT,
        doc="Decay rate of the mean of squared gradients.",
    )


def epsilon(
    default: float = 1e-8,
    low: float = 1e-12,
    doc: str = "Keeps the denominator away from zero. Where ε outweighs the root, the step is proportional to the "
    "gradient.",
) -> Any:
    """ε in the denominator."""
    return parameter(
        "ε",
        default=default,
        low=low,
        high=1.0,
        log=True,
        legal=POSITIVE,
        doc=doc,
    )


def weight_decay(default: float = 1e-2, doc: str = "Decoupled weight decay: each step multiplies w by 1 − η λ.") -> Any:
    """λ of weight decay, which is decoupled unless `doc` says otherwise; its range includes a default of 0."""
    return parameter(
        "λ",
        default=default,
        low=1e-5 if default else 0.0,
        high=1.0,
        log=default > 0,
        legal=NON_NEGATIVE,
        doc=doc,
    )


def convention(doc: str) -> Any:
    """The choice of a formula, for rules on which libraries disagree; it is compiled in."""
    labels = {"textbook": "textbook", "pytorch": "PyTorch", "optax": "optax"}
    return parameter("convention", default="textbook", choices=labels, tuned=False, doc=doc)
