"""The unit tests, by their difficulties. To add one, add it to the function of its group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from optimizers.diagnostics.unit_test import UnitTest
from optimizers.noise import HeavyTailed, Isotropic, MiniBatch, Sparse
from surfaces.digits import short

SCHAUL = "T. Schaul, I. Antonoglou & D. Silver (2013), Unit Tests for Stochastic Optimization, arXiv:1312.6055"


def _turned(angle: float) -> str:
    return f"at {angle:g}° to the axes" if angle else "along the axes"


def _ravines() -> Iterator[UnitTest]:
    group, source = "Ravines", "B. T. Polyak (1964)"
    yield UnitTest(
        key="bowl",
        name="Round bowl",
        group=group,
        about="A round bowl: the easiest task there is.",
        surface="quadratic_ravine",
        source=SCHAUL,
        values={"condition_number": 1.0},
        goal=1e-4,
    )
    for kappa, angle, steps in ((10, 0, 300), (10, 45, 300), (100, 0, 300), (100, 45, 300), (1000, 0, 500)):
        yield _ravine(kappa, angle, steps, group, source)
    yield _ravine(1000, 45, 500, group, source)
    yield _ravine(10_000, 45, 1000, group, source)


def _ravine(kappa: int, angle: float, steps: int, group: str, source: str) -> UnitTest:
    turned = "The steep direction is one of the axes." if not angle else "Scaling each coordinate does not help."
    return UnitTest(
        key=f"ravine_{kappa}_{angle:g}",
        name=f"κ = {kappa:,}, {angle:g}°",
        group=group,
        about=f"A ravine {_turned(angle)}, {kappa:,} times as steep across as along. {turned}",
        surface="quadratic_ravine",
        source=source,
        values={"condition_number": float(kappa)},
        angle=angle,
        steps=steps,
        goal=1e-4,
    )


def _scales() -> Iterator[UnitTest]:
    group, source = "Scales", "Y. LeCun, L. Bottou, G. Orr & K.-R. Müller (1998), Efficient BackProp"
    for word, factor, goal in (("near", 1e-4, 1e-2), ("far", 100.0, 1e-4)):
        about = "ten-thousandth" if word == "near" else "hundred times"
        of = f"a {about} of the usual distance" if word == "near" else f"a {about} the usual distance"
        yield UnitTest(
            key=f"{word}_start",
            name=f"{word.capitalize()} start",
            group=group,
            about=f"A ravine of condition number 10 from {of}: steps must have a length to match.",
            surface="quadratic_ravine",
            source=SCHAUL,
            values={"condition_number": 10.0},
            angle=18.0,
            start=(-2.8 * factor, 1.2 * factor),
            goal=goal,
        )
    for key, name, about, values in (
        ("large_feature", "Large feature", "is ten times as large as the constant", {"offset": 0.0, "scale": 10.0}),
        ("small_feature", "Small feature", "is a tenth of the constant", {"offset": 0.0, "scale": 0.1}),
        ("shifted_feature", "Shifted feature", "is far from zero", {"offset": 5.0, "scale": 1.0}),
    ):
        yield UnitTest(
            key=key,
            name=name,
            group=group,
            about=f"Linear regression on a feature that {about}.",
            surface="linear_regression",
            source=source,
            values=values,
            goal=1e-3,
        )


def _dimension() -> Iterator[UnitTest]:
    for n, kappa in ((20, 10), (20, 100), (20, 1000)):
        yield UnitTest(
            key=f"ravine_{n}d_{kappa}",
            name=f"n = {n}, κ = {kappa:,}",
            group="Dimension",
            about=f"A ravine in {n} dimensions whose curvatures run from 1 to {kappa:,}.",
            surface="ravine_nd",
            source="Y. Nesterov (2004), Introductory Lectures on Convex Optimization",
            values={"dimension": n, "condition_number": float(kappa)},
            steps=500,
            goal=1e-3,
        )


def _valleys() -> Iterator[UnitTest]:
    group, source = "Curved valleys", "H. H. Rosenbrock (1960)"
    for steepness, angle in ((1, 0), (10, 0), (100, 0), (100, 45)):
        yield UnitTest(
            key=f"rosenbrock_{steepness}_{angle}",
            name=f"Rosenbrock {steepness}, {angle}°",
            group=group,
            about=f"A bent valley {_turned(angle)} with walls of steepness {steepness}: the way along it turns.",
            surface="rosenbrock",
            source=source,
            values={"steepness": float(steepness)},
            angle=angle,
            steps=1000,
            goal=1e-3,
        )
    for angle in (0, 45):
        yield UnitTest(
            key=f"beale_{angle}",
            name=f"Beale, {angle}°",
            group=group,
            about=f"A bent valley {_turned(angle)} below walls that are thousands of times as steep.",
            surface="beale",
            source="E. M. L. Beale (1958)",
            angle=angle,
            steps=500,
            goal=1e-3,
        )


def _saddles() -> Iterator[UnitTest]:
    group, source = "Saddles", "Y. Dauphin et al. (2014); C. Jin et al. (2017)"
    for key, offset, angle in (
        ("wide", 0.1, 0),
        ("near", 1e-3, 0),
        ("nearer", 1e-6, 0),
        ("turned", 1e-3, 45),
    ):
        yield UnitTest(
            key=f"saddle_{key}",
            name=f"Saddle {short(offset)}, {angle}°",
            group=group,
            about=f"A saddle {_turned(angle)}. The start lies {short(offset)} beside the line that leads into it.",
            surface="saddle",
            source=source,
            angle=angle,
            start=(-1.8, offset),
            steps=200,
        )
    yield UnitTest(
        key="ledge",
        name="Ledge",
        group=group,
        about="A ledge on the way down that is level, but no minimum.",
        surface="degenerate_saddle",
        source="A. Anandkumar & R. Ge (2016)",
        steps=300,
        goal=1e-2,
    )
    yield UnitTest(
        key="product",
        name="Product",
        group=group,
        about="The saddle of ½(uv − 1)² at zero weights, where both layers of a linear network begin too small.",
        surface="matrix_factorization",
        source="A. Saxe, J. McClelland & S. Ganguli (2014)",
        start=(0.02, -0.01),
        steps=200,
    )


def _plateaus() -> Iterator[UnitTest]:
    group, source = "Plateaus", "Y. Bengio, P. Simard & P. Frasconi (1994); S. Hochreiter (1998)"
    for key, name, values, about in (
        ("plateau", "Plateau", {}, "A well in a plain that slopes very gently towards it."),
        ("plateau_flat", "Flatter plateau", {"tilt": 1e-5}, "A well in a plain that is almost level."),
        ("plateau_narrow", "Narrow well", {"width": 0.4}, "A narrow well in a plain: an easy one to jump over."),
    ):
        yield UnitTest(
            key=key,
            name=name,
            group=group,
            about=about,
            surface="plateau",
            source=source,
            values=values,
            goal=1e-2,
        )
    yield UnitTest(
        key="saturated",
        name="Saturated neuron",
        group=group,
        about="A network of one neuron whose input weight is so large that its slope has almost vanished.",
        surface="tiny_network",
        source=source,
        start=(3.3, -1.5),
        steps=500,
        goal=1e-2,
    )
    yield UnitTest(
        key="constant_slope",
        name="Constant slope",
        group=group,
        about="Logistic regression from far away, where the slope is constant and the curvature zero.",
        surface="logistic_regression",
        source="D. R. Cox (1958)",
        start=(-40.0, 15.0),
        goal=1e-2,
    )


def _cliffs() -> Iterator[UnitTest]:
    for key, height, width, angle in (
        ("cliff", 2.0, 0.05, 0),
        ("cliff_turned", 2.0, 0.05, 45),
        ("cliff_high", 10.0, 0.05, 0),
        ("cliff_steep", 10.0, 0.01, 45),
    ):
        yield UnitTest(
            key=key,
            name=f"Cliff {height / (4 * width):g}, {angle}°",
            group="Cliffs",
            about=f"A cliff {_turned(angle)} with a slope of {height / (4 * width):g}, which is less than 1 elsewhere.",
            surface="cliff",
            source="R. Pascanu, T. Mikolov & Y. Bengio (2013)",
            values={"height": height, "width": width},
            angle=angle,
        )


def _kinks() -> Iterator[UnitTest]:
    group, source = "Kinks", "N. Z. Shor (1985)"
    for kappa, angle in ((1, 0), (5, 0), (5, 45), (100, 0), (100, 45)):
        yield UnitTest(
            key=f"kink_{kappa}_{angle}",
            name=f"|x| + {kappa}|y|, {angle}°" if kappa > 1 else "|x| + |y|",
            group=group,
            about=f"A kinked ravine {_turned(angle)}, {kappa} times as steep across as along, whose slope stays the "
            "same up to the minimum."
            if kappa > 1
            else "A minimum without a gradient: the slope stays the same up to it.",
            surface="kinked_ravine",
            source=source,
            values={"condition_number": float(kappa)},
            angle=angle,
            goal=1e-2,
        )
    yield UnitTest(
        key="ackley",
        name="Ackley's tip",
        group=group,
        about="A pointed minimum in the middle of many shallow ones.",
        surface="ackley",
        source="D. H. Ackley (1987)",
        start=(0.4, 0.25),
        goal=2e-2,
    )


def _minima() -> Iterator[UnitTest]:
    group = "Several minima"
    for key, name, surface, about, values, goal in (
        ("two_depths", "Two depths", "tilted_wells", "A deep well behind a shallow one.", {}, 1e-2),
        (
            "two_depths_tilted",
            "Two depths, tilted",
            "tilted_wells",
            "A deep well behind a very shallow one.",
            {"tilt": 0.3},
            1e-2,
        ),
        ("trap", "Narrow trap", "narrow_trap", "A narrow hole, deep below the rest, in the slope of a bowl.", {}, 1e-2),
        (
            "flat_below",
            "Flat minimum",
            "sharp_and_flat",
            "A flat minimum that is lower than the sharp one on the way.",
            {"flat_depth": 0.5},
            1e-2,
        ),
        ("levy", "Lévy", "levy", "Waves in a valley with a single lowest minimum.", {}, 1e-2),
    ):
        yield UnitTest(
            key=key,
            name=name,
            group=group,
            about=about,
            surface=surface,
            source="",
            values=values,
            goal=goal,
        )


def _noises() -> Iterator[UnitTest]:
    bowl: dict[str, Any] = {"surface": "quadratic_ravine", "source": SCHAUL, "steps": 500, "angle": 18.0}
    for key, sigma, kappa in (("noise_low", 0.1, 10), ("noise_high", 1.0, 10), ("noise_ravine", 0.3, 100)):
        yield UnitTest(
            key=key,
            name=f"σ = {sigma:g}, κ = {kappa}",
            group="Noise",
            about=f"A ravine of condition number {kappa} with normal noise of standard deviation {sigma:g} in the "
            "gradient.",
            values={"condition_number": float(kappa)},
            noise=Isotropic(sigma),
            goal=1e-2,
            **bowl,
        )
    for word, offset, scale in (("plain", 0.0, 1.0), ("shifted", 2.0, 1.0), ("scaled", 0.0, 3.0)):
        yield UnitTest(
            key=f"batches_{word}",
            name=f"Batches, {word} feature",
            group="Noise",
            about=f"Linear regression on mini-batches of 2 of its 40 samples, with a {word} feature.",
            surface="linear_regression",
            source="H. Robbins & S. Monro (1951)",
            values={"offset": offset, "scale": scale},
            noise=MiniBatch(2),
            steps=500,
            goal=1e-2,
        )
    for key, sigma, tail in (("tails", 0.1, 1.5), ("tails_strong", 1.0, 1.5), ("tails_heavy", 0.1, 1.0)):
        yield UnitTest(
            key=key,
            name=f"σ = {sigma:g}, α = {tail:g}",
            group="Heavy tails",
            about=f"A ravine of condition number 10 with noise of scale {sigma:g} that is sometimes huge, with "
            f"tail index {tail:g}.",
            values={"condition_number": 10.0},
            noise=HeavyTailed(sigma, tail),
            goal=1e-2,
            **{**bowl, "source": "U. Şimşekli, L. Sagun & M. Gürbüzbalaban (2019); J. Zhang et al. (2020)"},
        )


def _sparse() -> Iterator[UnitTest]:
    for share, kappa, angle in ((0.5, 10, 0), (0.1, 10, 0), (0.1, 10, 45), (0.02, 1, 0)):
        yield UnitTest(
            key=f"sparse_{share * 100:g}_{angle}",
            name=f"p = {share:g}, κ = {kappa}, {angle}°",
            group="Sparse gradients",
            about=f"A ravine {_turned(angle)} of condition number {kappa} in which each coordinate has a gradient in "
            f"{share:.0%} of the steps.",
            surface="quadratic_ravine",
            source="J. Duchi, E. Hazan & Y. Singer (2011)",
            values={"condition_number": float(kappa)},
            angle=angle,
            noise=Sparse(share),
            steps=500,
            goal=1e-2,
        )


def _late() -> Iterator[UnitTest]:
    for delay, kappa in ((4, 1), (4, 10), (4, 100)):
        yield UnitTest(
            key=f"delay_{delay}_{kappa}",
            name=f"d = {delay}, κ = {kappa}",
            group="Delayed gradients",
            about=f"A ravine of condition number {kappa} with gradients that are {delay} steps old.",
            surface="quadratic_ravine",
            source="J. Langford, A. Smola & M. Zinkevich (2009), Slow learners are fast",
            values={"condition_number": float(kappa)},
            angle=18.0,
            delay=delay,
            goal=1e-2,
        )


def _moving() -> Iterator[UnitTest]:
    for key, drift, kappa in (("slow", 0.003, 10), ("fast", 0.01, 10), ("ravine", 0.003, 100)):
        yield UnitTest(
            key=f"drift_{key}",
            name=f"v = {drift:g}, κ = {kappa}",
            group="Drifting minimum",
            about=f"A ravine of condition number {kappa} that moves by {drift:g} along each axis in every step.",
            surface="quadratic_ravine",
            source=SCHAUL,
            values={"condition_number": float(kappa)},
            angle=18.0,
            drift=drift,
            goal=1e-3,
        )


def _models() -> Iterator[UnitTest]:
    for key, name, surface, about, values, options in (
        ("linear_regression", "Linear regression", "linear_regression", "A line through 40 points.", {}, {}),
        ("logistic_regression", "Logistic regression", "logistic_regression", "Two classes on a line.", {}, {}),
        ("one_neuron", "One neuron", "tiny_network", "A network of one hidden neuron.", {}, {}),
        (
            "two_layers",
            "Two layers",
            "matrix_factorization",
            "The smallest linear network, from weights of very different size.",
            {},
            {},
        ),
        (
            "small_network",
            "Small network",
            "tanh_network",
            "A network of 4 tanh neurons on 20 random samples.",
            {"width": 4},
            {"steps": 500, "goal": 0.3},
        ),
        (
            "small_network_scaled",
            "Unequal layers",
            "tanh_network",
            "A network whose first layer has gradients ten times as large as its second.",
            {"width": 4, "ratio": 100.0},
            {"steps": 500, "goal": 0.3},
        ),
    ):
        yield UnitTest(
            key=key,
            name=name,
            group="Models",
            about=about,
            surface=surface,
            source="" if surface != "tanh_network" else "J. Sohl-Dickstein (2024), arXiv:2402.06184",
            values=values,
            **options,  # type: ignore[arg-type]
        )


_LISTED = (
    *(_ravines, _scales, _dimension, _valleys, _saddles, _plateaus, _cliffs, _kinks, _minima),
    *(_noises, _sparse, _late, _moving, _models),
)

UNIT_TESTS: Mapping[str, UnitTest] = MappingProxyType({test.key: test for listed in _LISTED for test in listed()})
"""All unit tests by their keys, group by group."""

GROUPS: tuple[str, ...] = tuple(dict.fromkeys(test.group for test in UNIT_TESTS.values()))
"""The difficulties, in the order of the tests."""
