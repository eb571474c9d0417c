"""Random links with valid and hostile parts, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

from app.common.forms import OneOf
from app.network.landscape import PLANES
from app.network.settings import OWN, SHADES, Setup
from app.network.views import VIEWS as PANELS
from app.race.changes import SETTINGS
from app.race.views import VIEWS
from optimizers import NOISES, OPTIMIZERS, RULES, SCHEDULES
from surfaces import SURFACES
from surfaces.network import DATASETS

Link = dict[str, list[str]]
LOOKS = {spec.key: list(spec.form.choices) for spec in SETTINGS.values() if isinstance(spec.form, OneOf)}
NUMBERS = (
    *("0", "1", "-0", "-1", "0.5", "1e-3", "300", "1e308", "1e309", "-1e999", "nan", "inf", "-inf", "5e-324", "0x10"),
    *("1_000", "1,000", "1.000,5", "−3", "+7", " 12 ", "1e5", "20000", "2147483647", "0.1" + "0" * 60, "9" * 400, "٣"),
)
WORDS = (
    "",
    ",",
    ":",
    "=",
    "-",
    "–1",
    "all",
    "true",
    "한글",
    "\x00",
    "\u202e",
    "🏁" * 9,
    "%00",
    "'\"<b>",
    "a.b.c",
    "x" * 900,
)


def number(rng: random.Random) -> str:
    """A number as text, which is usually valid."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(NUMBERS)
    if kind == 1:
        return str(rng.randint(-3, 70))
    if kind == 2:
        return repr(rng.uniform(-3, 3))
    return repr(float(f"{10 ** rng.uniform(-9, 4):.{rng.randint(1, 17)}g}"))


def value(rng: random.Random, spec: Any = None) -> str:
    """A value of a parameter as text: a legal value, an end of its range, any number, or a word."""
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(WORDS)
    if spec is None or kind == 1:
        return number(rng)
    if spec.choices:
        return rng.choice(spec.choices)
    if spec.integer:
        return str(rng.randint(int(spec.low), int(spec.high)))
    found = rng.choice([spec.low, spec.high, spec.default, rng.uniform(spec.low, spec.high)])
    return repr(float(found)) if kind < 6 else f"{found:.{rng.randint(1, 9)}g}"


def _chosen(rng: random.Random, registry: Mapping[str, Any]) -> str:
    return rng.choice(WORDS) if rng.random() < 0.1 else rng.choice(list(registry))


def _choice(rng: random.Random, link: Link, part: str, registry: Mapping[str, Any]) -> None:
    """A part of a link with some of its parameters, or some of another part's."""
    key = _chosen(rng, registry)
    link[part] = [key]
    specs = registry[key].parameters() if key in registry else {}
    for name, spec in specs.items():
        if rng.random() < 0.5:
            link[f"{part}.{name}"] = [value(rng, spec)]
    if rng.random() < 0.1:
        link[f"{part}.{rng.choice(WORDS)}"] = [value(rng)]


def _racer(rng: random.Random, rules: Mapping[str, Any], own: Mapping[str, Any]) -> str:
    key = _chosen(rng, rules)
    specs = {**(rules[key].parameters() if key in rules else {}), **own}
    # computing a missing rate takes long
    likely = {"learning_rate": 0.96}
    items = [f"{name}={value(rng, spec)}" for name, spec in specs.items() if rng.random() < likely.get(name, 0.3)]
    if rng.random() < 0.3:
        items.append(f"slot={rng.choice([number(rng), str(rng.randrange(18))])}")
    if rng.random() < 0.2:
        items.append(f"hidden={rng.choice(['0', '1', 'yes'])}")
    if rng.random() < 0.1:
        items.append(rng.choice(WORDS))
    if rng.random() < 0.2:
        rng.shuffle(items)
    return f"{key}:{','.join(items)}" if items or rng.random() < 0.1 else key


def _racers(rng: random.Random, rules: Mapping[str, Any], own: Mapping[str, Any]) -> list[str]:
    count = rng.choice([0, 1, 1, 2, 3, 5, 18])
    return [_racer(rng, rules, own) for _ in range(count)] or [""]


def _maybe(rng: random.Random, link: Link, **words: Callable[[], str]) -> None:
    for name, word in words.items():
        if rng.random() < 0.4:
            link[name] = [word()]


def _spoilt(rng: random.Random, link: Link) -> Link:
    """Sometimes repeat keys, and add one or many unknown keys."""
    if rng.random() < 0.3:
        key = rng.choice(list(link))
        link[key] = [*link[key], *(number(rng) for _ in range(rng.choice([1, 3, 60])))]
    if rng.random() < 0.2:
        for _ in range(rng.choice([1, 3, 60])):
            link[f"{rng.choice(['surface', 'b', 'data', 'noise', '', 'x'])}.{rng.choice(WORDS)}{rng.random()}"] = ["1"]
    if rng.random() < 0.1:
        del link[rng.choice(list(link))]
    items = list(link.items())
    rng.shuffle(items)
    return dict(items)


def _race(rng: random.Random, depth: int) -> Link:
    link: Link = {"v": [rng.choice(["1", "1", "1", "2", "9" * 50])]}
    _choice(rng, link, "surface", SURFACES)
    if rng.random() < 0.4:
        _choice(rng, link, "noise", NOISES)
    if rng.random() < 0.4:
        _choice(rng, link, "schedule", SCHEDULES)
    if rng.random() < 0.97:
        link["racer"] = _racers(rng, OPTIMIZERS, {})
    views = [*VIEWS, *WORDS]
    _maybe(
        rng,
        link,
        rotation=lambda: rng.choice([number(rng), repr(rng.uniform(-90, 90)), "-90", "18"]),
        start=lambda: rng.choice([f"{number(rng)},{number(rng)}", f"{rng.uniform(-2, 2)},{rng.uniform(-2, 2)}", "1"]),
        steps=lambda: rng.choice([number(rng), str(rng.randint(1, 20_000))]),
        seed=lambda: rng.choice([number(rng), str(rng.randint(0, 2**31))]),
        views=lambda: ",".join(rng.choice(views) for _ in range(rng.choice([1, 2, 2, 40]))),
        inspect=lambda: str(rng.randint(0, 5)),
        seeds=lambda: str(rng.randint(0, 70)),
        **{name: lambda keys=keys: rng.choice([*keys, rng.choice(WORDS)]) for name, keys in LOOKS.items()},  # type: ignore[misc]
    )
    if depth and rng.random() < 0.4:
        link |= {f"b.{key}": words for key, words in _race(rng, depth - 1).items() if rng.random() < 0.5}
    return link


def random_race_link(seed: int) -> Link:
    """A link of the Race page."""
    rng = random.Random(seed)
    return _spoilt(rng, _race(rng, 2))


def random_training_link(seed: int) -> Link:
    """A link of the Network page."""
    rng = random.Random(seed)
    setup, own = Setup.parameters(), dict.fromkeys(OWN) | Setup.parameters()
    link: Link = {"v": ["1"]}
    _choice(rng, link, "data", DATASETS)
    if rng.random() < 0.4:
        _choice(rng, link, "schedule", SCHEDULES)
    for name, spec in setup.items():
        if rng.random() < 0.3:
            link[name] = [value(rng, spec)]
    if rng.random() < 0.97:
        link["racer"] = _racers(rng, RULES, own)
    panels = [*PANELS, *WORDS]
    _maybe(
        rng,
        link,
        widths=lambda: rng.choice(["", "4", "8-8", "3x30", "2×2", "16" + "-16" * 40, number(rng), rng.choice(WORDS)]),
        batch_size=lambda: rng.choice([number(rng), "all", "0", str(rng.randint(1, 300))]),
        steps=lambda: rng.choice([number(rng), str(rng.randint(1, 100_000))]),
        seed=lambda: rng.choice([number(rng), str(rng.randint(0, 2**31))]),
        views=lambda: ",".join(rng.choice(panels) for _ in range(rng.choice([2, 3, 3, 3]))),
        plane=lambda: rng.choice([*PLANES, rng.choice(WORDS)]),
        shade=lambda: rng.choice([*SHADES, rng.choice(WORDS)]),
        inside=lambda: rng.choice([number(rng), str(rng.randrange(18))]),
        standardised=lambda: rng.choice(["0", "1", "no"]),
        file=lambda: rng.choice(["mnist.npz", *WORDS]),
        target=lambda: rng.choice(WORDS),
    )
    return _spoilt(rng, link)
