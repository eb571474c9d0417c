"""Write the pages of rules, surfaces and settings out of what they declare: `python -m docs.build [--check] [folder]`.

With `--check` nothing is written: the exit code says whether the pages on disk are what would be written.
The pictures come from the app itself: `python -m docs.pictures`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import jax.numpy as jnp

from app.common.forms import Parameters
from app.common.setting import Setting
from app.network.changes import SETTINGS as NETWORK
from app.race.changes import SETTINGS as RACE
from optimizers import OPTIMIZERS, Optimizer
from optimizers.borrowed import fields
from optimizers.equations import latex
from surfaces import SURFACES, THEMES, Parameter, Surface

HERE = Path(__file__).parent


def pages() -> dict[str, str]:
    """Every page by its path under docs/."""
    written = {f"rules/{key}.md": rule_page(rule) for key, rule in OPTIMIZERS.items()}
    written |= {f"surfaces/{key}.md": surface_page(surface) for key, surface in SURFACES.items()}
    return written | {"README.md": index(), "settings.md": settings_page()}


def index() -> str:
    """The list of all pages."""
    lines = [
        "# Rules and surfaces",
        "",
        "Generated from the declarations by `make docs`, as are the [settings](settings.md) of the pages.",
        "",
    ]
    lines += ["## Optimizers", ""]
    lines += [f"- [{rule.name}](rules/{key}.md) ({rule.year}): {rule.watch}" for key, rule in OPTIMIZERS.items()]
    for theme in THEMES:
        lines += ["", f"## Surfaces: {theme}", ""]
        own = {key: s for key, s in SURFACES.items() if s.theme == theme}
        lines += [f"- [{s.name}](surfaces/{key}.md): {s.teaches}" for key, s in own.items()]
    return "\n".join(lines) + "\n"


def settings_page() -> str:
    """The settings of both pages, as a link and the command line write them."""
    lines = [
        "# Settings",
        "",
        "Generated from the declarations by `make docs`. A link of the app holds every setting of a page: it is what "
        "the address bar shows, what a JSON file of settings holds, and what `optiscope render` and `optiscope train` "
        "take. Settings that a link does not mention take their defaults. Bad values are dropped with a notice, and "
        "the others are kept. `NAME` stands for a parameter of the chosen [surface, optimizer](README.md), schedule, "
        "noise or source of data. A setting that changes only the look computes no run again.",
    ]
    for page, specs in (("Race", RACE), ("Network", NETWORK)):
        lines += ["", f"## The {page} page", "", "| in a link | default | values | changes | meaning |"]
        lines += ["| --- | --- | --- | --- | --- |", *map(_setting_row, specs.values())]
        for spec in specs.values():
            if isinstance(spec.form, Parameters):
                lines += ["", f"{spec.help}", "", *_table(spec.form.record.parameters())]
    return "\n".join([*lines, ""])


def _setting_row(spec: Setting) -> str:
    default = "none" if spec.default in (None, "", ()) else f"`{spec.form.spell(spec.default)}`"
    changes = "the look" if spec.look else "the runs"
    return f"| {spec.form.keys(spec.key)} | {default} | {spec.form.allowed} | {changes} | {spec.help} |"


def rule_page(rule: type[Optimizer]) -> str:
    """One optimizer."""
    lines = [f"# {rule.name}", "", rule.prose, ""]
    for equations, whose in _updates(rule).items():
        lines += [f"## The update{whose}", "", *(f"$$ {line} $$\n" for line in equations)]
    if not rule.equations:
        names = ", ".join(f"`{name}`" for name in fields(rule().init(jnp.zeros(2))))
        lines += [
            f"Its equations are optax's and not spelled out here; its state is drawn by optax's names: {names}.",
            "",
        ]
    lines += ["## Parameters", "", *_table(rule.parameters()), ""]
    lines += ["## What to watch", "", f"{rule.watch} {rule.beginning}".strip(), ""]
    facts = [
        ("scale-free: the path on 10·f is the path on f, up to ε", rule.scale_free),
        ("needs the whole Hessian, so it is not offered where there are many weights", rule.dense),
        ("borrowed from optax", not rule.elementwise),
        (_stable(rule), rule().stability_limit() is not None),
    ]
    if any(holds for _, holds in facts):
        lines += ["## Facts", "", *(f"- {fact}" for fact, holds in facts if holds), ""]
    if rule.libraries:
        lines += ["## In other libraries", "", "| library | name and defaults |", "| --- | --- |"]
        lines += [f"| {library} | `{call}` |" for library, call in rule.libraries] + [""]
        lines += ["Arguments without a value have to be given; `True` is what switches the rule on.", ""]
    picture = f"../pictures/rules/{rule.key}.png"
    lines += [f"![{rule.name} beside SGD]({picture})", ""]
    return "\n".join([*lines, f"Source: {rule.source}.", ""])


def surface_page(surface: type[Surface]) -> str:
    """One surface."""
    prose = surface.prose
    formula = [] if "$$" in prose else [f"$$ L = {surface.formula} $$", ""]
    lines = [f"# {surface.name}", "", surface.teaches, "", *formula, prose, ""]
    if surface.parameters():
        lines += ["## Parameters", "", *_table(surface.parameters()), ""]
    points = surface().critical_points()
    if points and len(points[0].position) <= 2:
        whole = "All critical points in the domain" if surface.complete else "Known critical points, not all"
        lines += [f"## {whole}, at the default parameters", "", "| kind | x | y |", "| --- | --- | --- |"]
        lines += [f"| {p.kind} | {_number(p.position[0])} | {_number(p.position[1])} |" for p in points] + [""]
    lines += [f"![{surface.name}](../pictures/surfaces/{surface.key}.png)", ""]
    return "\n".join([*lines, f"Source: {surface.source}.", ""])


def _updates(rule: type[Optimizer]) -> dict[tuple[str, ...], str]:
    """The rule's equations, each with the words for whose they are; conventions that agree stand together."""
    convention = rule.parameters().get("convention")
    if not convention:
        return {latex(rule): ""} if rule.equations else {}
    whose: dict[tuple[str, ...], list[str]] = {}
    for choice in convention.choices:
        whose.setdefault(latex(rule, choice), []).append(convention.label(choice))
    return {
        equations: f", {' and '.join(names)} convention{'s' * (len(names) > 1)}" for equations, names in whose.items()
    }


def _stable(rule: type[Optimizer]) -> str:
    where = "P⁻¹H, P what its steps are divided by" if rule.preconditioned else "the Hessian H"
    limit = rule().stability_limit()
    return f"at the defaults its steps do not grow while the largest eigenvalue of {where} is below {limit or 0:.6g}"


def _table(parameters: Mapping[str, Parameter]) -> list[str]:
    rows = ["| symbol | name | default | range | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, p in parameters.items():
        span = ", ".join(p.labels) if p.choices else f"{p.low:g} to {p.high:g}"
        rows.append(f"| {p.symbol} | `{name}` | {p.default} | {span} | {p.doc} |")
    return rows if parameters else ["It has none."]


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def main(arguments: list[str]) -> int:
    """Write the pages into a folder, this one unless named, or check them there; the exit code is 1 where one is
    missing, stale or left over.
    """
    folder = Path(next((a for a in arguments if a != "--check"), HERE))
    wanted = pages()
    there = {p.relative_to(folder).as_posix() for kind in ("rules", "surfaces") for p in (folder / kind).glob("*.md")}
    left_over = sorted(there - set(wanted))
    stale = [p for p, text in wanted.items() if not (folder / p).exists() or (folder / p).read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale + left_over:
            print(f"{folder.name}/{path} is not what the declarations say: run `make docs`", file=sys.stderr)
        return int(bool(stale + left_over))
    for path in left_over:
        (folder / path).unlink()
    for path in stale:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(wanted[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
