"""Declarations of parameters: the values that they reject, and the pytrees that instances are."""

import dataclasses
import itertools
import math
from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizers import NOISES, OPTIMIZERS, SCHEDULES, Scheduled
from surfaces import SURFACES, Rotated
from surfaces.parameter import (
    AT_LEAST_ONE,
    NON_NEGATIVE,
    POSITIVE,
    UNIT,
    Declared,
    Interval,
    map_parameters,
    parameter,
    runs_of,
)

DECLARED: dict[str, type[Declared]] = {
    f"{room}.{key}": kind
    for room, registry in {
        "optimizers": OPTIMIZERS,
        "surfaces": SURFACES,
        "schedules": SCHEDULES,
        "noises": NOISES,
    }.items()
    for key, kind in registry.items()
}
every = pytest.mark.parametrize("kind", DECLARED.values(), ids=DECLARED.keys())


def instances() -> dict[str, Declared]:
    """An instance of each class, including wrappers."""
    wrapped = {
        "rotated": Rotated(SURFACES["saddle"](), 10.0),
        "scheduled": Scheduled(OPTIMIZERS["sgd"](), SCHEDULES["cosine"]()),
        "scheduled otherwise": Scheduled(OPTIMIZERS["sgd"](), SCHEDULES["constant"]()),
    }
    return {name: kind() for name, kind in DECLARED.items()} | wrapped


class Two(Declared):
    """Two leaves, a choice and a whole number."""

    first: float = parameter("x", default=1.0, legal=POSITIVE, doc="…")
    second: float = parameter("β₁", default=0.5, legal=UNIT, doc="…")
    mode: str = parameter("m", default="a", choices={"a": "A", "b": "B"}, doc="…")
    count: int = parameter("N", default=3, low=1, high=9, integer=True, legal=AT_LEAST_ONE, doc="…")


# Intervals


@given(st.floats(), st.booleans(), st.booleans())
def test_an_interval_contains_the_numbers_between_its_ends(value: float, low: bool, high: bool) -> None:
    inside = (0.0 < value < 1.0) or (low and value == 0.0) or (high and value == 1.0)
    assert (value in Interval(0.0, 1.0, low, high)) == inside


def test_intervals_are_written_as_in_mathematics() -> None:
    assert str(UNIT) == "[0, 1)"
    assert str(POSITIVE) == "(0, ∞)"
    assert str(Interval(-math.inf, 2.5, False, True)) == "(−∞, 2.5]"
    assert math.nan not in Interval(-math.inf, math.inf)


# Declarations


@every
def test_a_declaration_is_complete(kind: type[Declared]) -> None:
    for name, spec in kind.parameters().items():
        assert spec.name == name and spec.symbol and spec.doc.endswith(".")
        spec.check(spec.default)
        if not spec.choices:
            assert spec.low < spec.high
            assert spec.scale != "log" or spec.low > 0
            assert spec.scale != "one_minus_log" or spec.high < 1
            # the constructor accepts every value of a slider
            assert spec.low in spec.legal and spec.high in spec.legal
            kind.parameters()[name].check(spec.low), kind.parameters()[name].check(spec.high)


@every
def test_letters_are_distinct(kind: type[Declared]) -> None:
    letters = [p.letter for p in kind.parameters().values()]
    assert len(set(letters)) == len(letters)


def test_a_letter_is_the_symbol_without_subscripts() -> None:
    assert Two.parameters()["second"].letter == "β1"


def test_a_symbol_that_repeats_the_title_is_not_shown() -> None:
    class Counted(Declared):
        steps: int = parameter("steps", default=3, low=1, high=9, doc="A number.")
        noise: float = parameter("σ", default=1.0, low=0.0, high=2.0, doc="A number.")

    labels = [spec.labelled for spec in Counted.parameters().values()]
    assert labels == ["Steps", "Noise (σ)"]


def test_parameters_keep_the_order_of_declaration() -> None:
    assert list(Two.parameters()) == ["first", "second", "mode", "count"]
    assert [p.static for p in Two.parameters().values()] == [False, False, True, True]


# Rejected values


@every
def test_constructors_reject_nan_infinity_and_text(kind: type[Declared]) -> None:
    for name, spec in kind.parameters().items():
        if spec.choices:
            with pytest.raises(ValueError, match=f"{name} must be one of .*got 'nonsense'"):
                kind(**{name: "nonsense"})
            continue
        for bad in (math.nan, math.inf, -math.inf):
            with pytest.raises(ValueError, match=rf"^{name} must lie in .*; got -?(nan|inf)$"):
                kind(**{name: bad})
        with pytest.raises(ValueError, match=f"{name} must be a number in .*; got 'fast'"):
            kind(**{name: "fast"})


@pytest.mark.parametrize("rule", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_rules_reject_values_for_which_the_mathematics_does_not_hold(rule: type[Declared]) -> None:
    """Negative learning rates and a momentum of one or more; a rate at which a run diverges at once is accepted."""
    for name in rule.parameters():
        if name == "learning_rate":
            with pytest.raises(ValueError, match=r"learning_rate must lie in [\[(]0, ∞\); got -0.1"):
                rule(learning_rate=-0.1)
            rule(learning_rate=1e6)
        if name in ("momentum", "beta1", "beta2", "decay"):
            for bad in (1.0, 1.5, -0.1):
                with pytest.raises(ValueError, match=rf"{name} must lie in [\[(]0, 1\); got {bad:g}"):
                    rule(**{name: bad})


def test_errors_name_the_parameter_the_value_and_the_choices() -> None:
    with pytest.raises(ValueError, match=r"^first must lie in \(0, ∞\); got 0$"):
        Two(first=0.0)
    with pytest.raises(ValueError, match=r"^mode must be one of a, b; got 'c'$"):
        Two(mode="c")
    with pytest.raises(ValueError, match=r"^count must be a whole number in \[1, ∞\); got 2.5$"):
        Two(count=2.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^first must lie in \(0, ∞\); got -2$"):
        Two(first=np.array([1.0, -2.0]))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^second must be a number in \[0, 1\); got 'x'$"):
        Two().replace(second="x")


def test_traced_values_are_not_checked_but_concrete_ones_beside_them_are() -> None:
    doubled = jax.jit(lambda x: Two(first=x).first * 2.0)(-3.0)  # a concrete −3 would be rejected
    assert doubled == -6.0
    with pytest.raises(ValueError, match="second must lie in"):
        jax.jit(lambda x: Two(first=x, second=2.0).first)(1.0)


def test_instances_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Two().first = 2.0  # type: ignore[misc]


# Pytrees


@pytest.mark.parametrize("name", list(instances()))
def test_a_pytree_round_trip_changes_nothing(name: str) -> None:
    node = instances()[name]
    leaves, shape = jax.tree.flatten(node)
    again = jax.tree.unflatten(shape, leaves)
    assert type(again) is type(node)
    assert jax.tree.structure(again) == shape
    for f in dataclasses.fields(node):  # type: ignore[arg-type]
        before, after = getattr(node, f.name), getattr(again, f.name)
        if isinstance(before, Declared):
            assert jax.tree.leaves(before) == jax.tree.leaves(after)
        else:
            assert before is after


def test_choices_and_integers_are_compiled_in_and_numbers_are_leaves() -> None:
    assert jax.tree.leaves(Two(first=3.0)) == [3.0, 0.5]
    assert jax.tree.structure(Two(first=3.0)) == jax.tree.structure(Two(first=4.0))
    assert jax.tree.structure(Two(mode="a")) != jax.tree.structure(Two(mode="b"))
    assert jax.tree.structure(Two(count=3)) != jax.tree.structure(Two(count=4))


def test_no_two_classes_share_a_tree_structure() -> None:
    """With `register_dataclass` of jaxlib 0.10.0-0.10.2 they did, and `jit` returned the program of another class."""
    structures = {name: jax.tree.structure(node) for name, node in instances().items()}
    for (a, first), (b, second) in itertools.combinations(structures.items(), 2):
        assert first != second, f"{a} and {b}"


@pytest.mark.long
def test_one_jit_distinguishes_many_classes() -> None:
    """With `register_dataclass` one in seven of 80 classes with two fields had a wrong result from the same `jit`."""
    kinds = []
    for k in range(80):
        body = {
            "__annotations__": {"a": "float", "b": "float"},
            "a": parameter("a", default=1.0, doc="…"),
            "b": parameter("b", default=2.0, doc="…"),
            "number": k,
        }
        kinds.append(type(f"Kind{k}", (Declared,), body))
    program = jax.jit(lambda node: node.a + node.b * float(type(node).number))
    for _ in range(2):
        results = [float(program(kind(a=0.5, b=1.0))) for kind in kinds]
        assert results == [0.5 + k for k in range(80)]


def test_keys_of_leaves_are_field_names() -> None:
    paths = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_flatten_with_path(Two())[0]]
    assert paths == [".first", ".second"]


# Helpers


def test_map_parameters_changes_wrapped_records_but_not_data() -> None:
    surface = Rotated(SURFACES["linear_regression"](offset=2.0), 10.0)
    doubled = map_parameters(lambda x: 2 * x, surface)
    assert (doubled.angle, doubled.surface.offset, doubled.surface.scale) == (20.0, 4.0, 2.0)  # type: ignore[attr-defined]
    assert doubled.surface.feature is surface.surface.feature  # type: ignore[attr-defined]
    assert surface.angle == 10.0
    assert map_parameters(lambda x: -x, Two()).mode == "a"
    assert map_parameters(lambda x: -x, Two()).count == 3


def test_runs_of_returns_the_length_of_a_batch() -> None:
    assert runs_of(Two()) is None
    assert runs_of(Two(first=np.array([1.0, 2.0]))) == 2  # type: ignore[arg-type]
    inner = SURFACES["quadratic_ravine"](np.array([1.0, 2.0, 3.0]))
    assert runs_of(Rotated(inner, 5.0)) == 3
    # data are not a batch
    assert runs_of(SURFACES["linear_regression"]()) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"first": np.ones(2), "second": np.full(3, 0.5)}, r"have the same length; got \[2, 3\]"),
        ({"first": np.ones((2, 2))}, r"must have one axis, the runs; got shape \(2, 2\)"),
    ],
)
def test_runs_of_rejects_invalid_batches(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        runs_of(Two(**fields))


def test_the_range_of_sliders_does_not_limit_the_constructor() -> None:
    """A legal value outside the range is accepted."""
    assert NON_NEGATIVE.high == math.inf
    assert OPTIMIZERS["sgd"](learning_rate=1e9).learning_rate == 1e9  # type: ignore[attr-defined]
