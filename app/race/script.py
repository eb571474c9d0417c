"""Exports a race as a Python script, which uses either Optiscope or only jax and optax.

Nothing here refers to a rule or a surface by name. The formulas of surfaces, schedules and noise are copied from the
sources of their classes, and the equivalent of a rule in optax is read from its documentation (`equals`).
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Collection, Sequence

from app.common import names as common_names
from app.common.racers import Refused, built
from app.common.scripts import head, record
from app.common.source import Source, call, summary, vector
from app.race import link
from app.race.captions import described
from app.race.data import shown
from app.race.equals import Equal, equal
from app.race.paired import is_quiet, search_seed, tuned_names
from app.race.runs import Race
from app.race.settings import PAIRS, Settings
from optimizers import SCHEDULES, Scheduled

DOUBLE = 'jax.config.update("jax_enable_x64", True)'
TURNED = '''\
def objective(w):
    """Return the loss of the surface rotated by ANGLE about CENTRE."""
    cos, sin = jnp.cos(ANGLE), jnp.sin(ANGLE)
    x, y = w[:2] - CENTRE
    turned = CENTRE + jnp.array([cos * x + sin * y, cos * y - sin * x])
    return {surface}({turned})
'''
SCHEDULED = '''\
def scheduled(rate):
    """Return the learning rate as a function of optax's step count, which starts at 0."""
    return lambda count: rate * factor(count + 1.0)
'''
SEEN = '''\
def seen(w, count):
    """Return what a rule sees of the objective in its step from w."""
    return landscape(objective, draw(jax.random.fold_in(KEY, count + 1), w, None), w)
'''
RACE = '''\
def race({arguments}):
    """Return the points of a run, (STEPS + 1, n)."""
{rule}
    def step(carry, count):
        w, state = carry
        grad = jax.grad({landscape})
        update, state = rule.update({gradient}, state, w{value})
        w = optax.apply_updates(w, update)
        return (w, state), {solution}

    _, points = jax.lax.scan(step, (START, rule.init(START)), jnp.arange(STEPS))
    return jnp.concatenate([START[None], points])
'''


def script(race: Race) -> str:
    """A script that repeats the race of the visible racers with Optiscope.

    Its dictionary `runs` has the racers' titles as keys, and the same float64 numbers that the page draws. The script
    prints the end of each run.

    Raises:
        Refused: if no racer is visible.
    """
    settings = race.settings
    names = {"OPTIMIZERS", "trace", *(["tune"] if race.fair else [])}
    setup = [f"surface = Rotated({record('SURFACES', settings.surface)}, angle={settings.rotation!r})"]
    arguments = ["surface", "racer", _start(settings), f"steps={settings.steps}"]
    racers = {race.titles[k]: record("OPTIMIZERS", settings.racers[k].rule) for k in shown(race)}
    if settings.noise.key != "none":
        names.add("NOISES")
        setup.append(f"noise = {record('NOISES', settings.noise)}")
        arguments += ["noise=noise", f"seed={settings.seed}"]
    # the records are those of the page, because a program with other records may round a last bit differently
    arguments.append('record=("positions", "losses")')
    if scheduled := [race.titles[k] for k in race.shown if isinstance(settings.rule(settings.racers[k]), Scheduled)]:
        names |= {"SCHEDULES", "Scheduled"}
        setup.append(f"schedule = {record('SCHEDULES', settings.schedule)}")
        racers |= {title: f"Scheduled({racers[title]}, schedule)" for title in scheduled}
    return "\n".join(
        [
            *_race_head(race, "It needs Optiscope."),
            f"from optimizers import {', '.join(sorted(names))}",
            "from surfaces import SURFACES, Rotated",
            "",
            *setup,
            "racers = {",
            *(f'    "{title}": {racer},' for title, racer in racers.items()),
            "}",
            "runs = {",
            f"    name: {call('trace', arguments, indent='    ', before=6)}",
            "    for name, racer in racers.items()",
            "}",
            "for name, run in runs.items():",
            '    print(f"{name}: {run.losses[run.last]} at {run.positions[run.last].tolist()}, {run.status}")',
            *(_fair_race(race) if race.fair else []),
            "",
        ]
    )


def _fair_race(race: Race) -> list[str]:
    """The code that tunes the racers of a fair race again, and prints their best settings and the verdicts."""
    settings = race.settings
    titles = {race.settings.racers[k].id: race.titles[k] for k in shown(race)}
    tuned = [title for id, title in titles.items() if race.fair and id in race.fair.entrants]
    compared = race.fair.compared if race.fair else []
    some = f"{{name: racers[name] for name in {_listed(tuned)}}}" if len(tuned) < len(titles) else "racers"
    arguments = ["surface", some, f"budget={settings.fair}", f"steps={settings.steps}"]
    if settings.axis == "evaluations":
        arguments.append('clock="evaluations"')
    arguments += ["noise=noise"] if settings.noise.key != "none" else []
    arguments += [] if is_quiet(settings) else [f"starts=[{_start(settings)}]"]
    if settings.schedule.key != "constant":  # the schedule is not tuned
        parameters = sorted({name for k in shown(race) for name in tuned_names(settings.racers[k].rule)})
        arguments.append(f"parameters={_listed(parameters)}")
    arguments += [f"seed={search_seed(settings)}", 'dtype="float64"']
    names = f", names={_listed(compared)}" if len(compared) < len(tuned) else ""
    verdicts = [
        f"evaluation = tuning.evaluate({PAIRS}{names})",
        "for verdict in evaluation.verdicts():",
        "    print(verdict)",
    ]
    return [
        "",
        "# The fair race: all racers are tuned with the same budget, and compared on fresh starts or seeds.",
        f"tuning = {call('tune', arguments, before=9)}",
        "for name, tuned in tuning.tuned.items():",
        '    print(f"{name}: {tuned.objection() or tuned.best}")',
        *(verdicts if len(compared) > 1 else []),
    ]


def _listed(names: Sequence[str]) -> str:
    """The code of a list of names."""
    return f"[{', '.join(json.dumps(name, ensure_ascii=False) for name in names)}]"


def plain_optax(race: Race) -> str:
    """A script that repeats the race of the visible racers with jax and optax alone.

    Its dictionary `paths` has the racers' titles as keys, and the points (steps + 1, n) in float64, which equal those
    of the page up to rounding. The script prints the end of each run.

    Raises:
        Refused: if no racer is visible, if racers have no equivalent in optax, all of which are named, or if the noise
            or the data cannot be written into a script.
    """
    settings = race.settings
    racers = [(settings.racers[k], race.titles[k], settings.rule(settings.racers[k])) for k in shown(race)]
    out = Source("import jax", "import jax.numpy as jnp", "import optax")
    _write_objective(out, settings)
    if any(isinstance(rule, Scheduled) for *_, rule in racers):
        schedule = built(SCHEDULES, settings.schedule)
        out.copy(type(schedule).factor, "factor", schedule, "schedule_", summary(type(schedule)))
        out.define("scheduled", SCHEDULED)
    if settings.noise.key != "none":
        _write_noise(out, settings)
    equals, refusals = {}, []
    for racer, title, rule in racers:
        try:
            equals[title] = equal(out, rule, common_names.rule_title(racer))
        except Refused as refusal:
            refusals.append(str(refusal))
    if refusals:
        raise Refused(" ".join(dict.fromkeys(refusals)))
    _write_race(out, settings, equals.values())
    return "\n".join(
        [
            *_race_head(race, "It needs jax and optax."),
            out.text(DOUBLE),
            "",
            "",
            "paths = {",
            *(f'    "{title}": {_run(title, equivalent)},' for title, equivalent in equals.items()),
            "}",
            "for name, points in paths.items():",
            "    losses = jax.vmap(objective)(points)",
            "    finite = jnp.isfinite(losses) & jnp.isfinite(points).all(axis=1)",
            "    last = STEPS if finite.all() else max(int(finite.argmin()) - 1, 0)",
            '    print(f"{name}: {losses[last]} at {points[last].tolist()}, step {last}")',
            "",
        ]
    )


def _race_head(race: Race, needs: str) -> list[str]:
    return head(described(race), "race", link.query(race.settings), needs)


def _start(settings: Settings) -> str:
    if settings.start is None:
        return "surface.start"
    coordinates = ", ".join(map(repr, settings.start))
    return f"({coordinates})" if len(settings.built_start()) == 2 else f"({coordinates}, *surface.start[2:])"


def _run(title: str, equivalent: Equal) -> str:
    """The code of a racer's call of `race`."""
    arguments = [equivalent.rule, *(f"{name}={code}" for name, code in equivalent.options.items())]
    return call("race", arguments, indent="    ", before=len(title) + 5)


def _write_objective(out: Source, settings: Settings) -> None:
    """Write START, STEPS, and the objective as a function of w (n,), which is the formula of the rotated surface."""
    surface, start = settings.built_surface().surface, settings.built_start()
    out.define("START", f"START = {vector(start)}")
    out.define("STEPS", f"STEPS = {settings.steps}")
    name = surface.key if settings.rotation else "objective"
    out.copy(type(surface).__call__, name, surface, doc=f"{surface.name}. {summary(type(surface))}")
    if settings.rotation:
        out.define("ANGLE", f"ANGLE = jnp.deg2rad({settings.rotation!r})")
        out.define("CENTRE", f"CENTRE = {vector((low + high) / 2 for low, high in surface.domain)}")
        turned = "turned" if len(start) == 2 else "jnp.concatenate([turned, w[2:]])"
        out.define("objective", TURNED.format(surface=name, turned=turned))


def _write_noise(out: Source, settings: Settings) -> None:
    """Write `seen(w, count)`, the noisy objective of one step, with the same random draws as Optiscope."""
    noise = settings.built_noise()
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(type(noise).landscape)))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "surface":
            raise Refused(
                f"Without Optiscope, {noise.name} noise cannot be generated: it needs the {node.attr} of the surface."
            )
    out.define("KEY", f"KEY = jax.random.key({settings.seed})")
    out.copy(type(noise).draw, "draw", noise, "noise_", "ξ of one step.")
    out.copy(type(noise).landscape, "landscape", noise, "noise_", summary(type(noise)))
    out.define("seen", SEEN)


def _write_race(out: Source, settings: Settings, equals: Collection[Equal]) -> None:
    """Write `race(rule)` with only those arguments that these racers need."""
    options = {name for equivalent in equals for name in equivalent.options}
    value = any(equivalent.wants_value for equivalent in equals)
    landscape = "objective" if settings.noise.key == "none" else "seen(w, count)"
    arguments = ["rule"]
    if "slope" in options:
        arguments.append("slope=lambda grad, w, state, count: grad(w)")
    if "solution" in options:
        arguments.append("solution=lambda state, w: w")
    text = RACE.format(
        arguments=", ".join(arguments),
        rule="    rule = optax.with_extra_args_support(rule)\n" if value else "",
        landscape=landscape,
        gradient="slope(grad, w, state, count)" if "slope" in options else "grad(w)",
        value=f", value={landscape}(w)" if value else "",
        solution="solution(state, w)" if "solution" in options else "w",
    )
    out.define("race", text)
