"""Write the pages of rules, surfaces and settings from their declarations: `python -m docs.build [--check] [folder]`.

With `--check` nothing is written, and the exit code is 1 if the pages on disk are not up to date. The pictures come
from the app itself: `python -m docs.pictures`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import jax.numpy as jnp

from app.common.forms import Parameters
from app.common.history import entries
from app.common.setting import Setting
from app.maps.changes import SETTINGS as MAPS
from app.matrix.changes import SETTINGS as MATRIX
from app.network.changes import SETTINGS as NETWORK
from app.race.changes import SETTINGS as RACE
from app.studies.changes import SETTINGS as STUDY
from docs import lectures
from optimizers import OPTIMIZERS, Optimizer
from optimizers.borrowed import fields
from optimizers.equations import latex
from surfaces import SURFACES, THEMES, Parameter, Surface
from surfaces.digits import exact, short

HERE = Path(__file__).parent
SETTINGS = (("Race", RACE), ("Maps", MAPS), ("Network", NETWORK), ("Studies", STUDY), ("Tests", MATRIX))
"""The settings of each page."""


def pages() -> dict[str, str]:
    """The texts of all pages by their paths under docs/."""
    texts = {f"rules/{key}.md": rule_page(rule) for key, rule in OPTIMIZERS.items()}
    texts |= {f"surfaces/{key}.md": surface_page(surface) for key, surface in SURFACES.items()}
    texts |= {"README.md": index(), "history.md": history_page(), "settings.md": settings_page()}
    return texts | {"lectures.md": lectures.page()}


def index() -> str:
    """The text of the page that lists all others."""
    lines = [
        "# Rules and surfaces",
        "",
        "`make docs` generates these pages, and those of the [settings](settings.md), the [lectures](lectures.md) and "
        "the [history of the optimizers](history.md), from the declarations.",
        "",
        "## Optimizers",
        "",
    ]
    lines += [f"- [{rule.name}](rules/{key}.md) ({rule.year}): {rule.watch}" for key, rule in OPTIMIZERS.items()]
    for theme in THEMES:
        lines += ["", f"## Surfaces: {theme}", ""]
        lines += [f"- [{s.name}](surfaces/{key}.md): {s.teaches}" for key, s in SURFACES.items() if s.theme == theme]
    return "\n".join(lines) + "\n"


def history_page() -> str:
    """The text of the page that lists the optimizers by year, with what each added to its predecessor."""
    ordered = entries()
    names = {entry.key: entry.name for entry in ordered}
    lines = [
        "# A history of optimizers",
        "",
        "`make docs` generates this page from the declarations of the rules. The History page of the app draws it as a "
        "timeline. A link is relative to the address of the app, and opens a race between an optimizer and its "
        "predecessor.",
        "",
        "| year | optimizer | predecessor | idea | race |",
        "| --- | --- | --- | --- | --- |",
    ]
    for entry in ordered:
        name = f"[{entry.name}](rules/{entry.key}.md)" if entry.key in OPTIMIZERS else entry.name
        race = f"`{entry.link.removeprefix('.')}`" if entry.link else ""
        lines.append(f"| {entry.year} | {name} | {names.get(entry.predecessor, '')} | {entry.idea} | {race} |")
    return "\n".join([*lines, ""])


def settings_page() -> str:
    """The text of the page of settings, as a link and the command line write them."""
    lines = [
        "# Settings",
        "",
        "`make docs` generates this page from the declarations. A link of the app contains the settings of a page: the "
        "address bar shows it, a JSON file of settings contains the same, and `optiscope render`, `optiscope map` and "
        "`optiscope train` accept it. Settings that a link does not mention take their defaults. Bad values are "
        "dropped with a notice, and the others are kept. `NAME` stands for a parameter of the chosen [surface, "
        "optimizer](README.md), schedule, noise or source of data. A setting that changes only the look "
        "does not recompute any run.",
    ]
    for page, specs in SETTINGS:
        lines += ["", f"## The {page} page", "", "| in a link | default | values | changes | meaning |"]
        lines += ["| --- | --- | --- | --- | --- |", *map(_setting_row, specs.values())]
        for spec in specs.values():
            if isinstance(spec.form, Parameters):
                lines += ["", f"{spec.help}", "", *_table(spec.form.record.parameters())]
    return "\n".join([*lines, ""])


def _setting_row(spec: Setting) -> str:
    """The line of a table that describes a setting."""
    default = "none" if spec.default in (None, "", ()) else f"`{spec.form.spell(spec.default)}`"
    changes = "the look" if spec.look else "the runs"
    return f"| {spec.form.keys(spec.key)} | {default} | {spec.form.allowed} | {changes} | {spec.help} |"


def rule_page(rule: type[Optimizer]) -> str:
    """The text of the page of an optimizer."""
    lines = [f"# {rule.name}", "", rule.prose, ""]
    for equations, suffix in _updates(rule).items():
        lines += [f"## The update{suffix}", "", *(f"$$ {line} $$\n" for line in equations)]
    if not rule.equations:
        names = ", ".join(f"`{name}`" for name in fields(rule().init(jnp.zeros(2))))
        lines += [
            f"Its equations are those of optax and are not printed here. Its state has optax's names: {names}.",
            "",
        ]
    lines += ["## Parameters", "", *_table(rule.parameters()), ""]
    lines += ["## What to watch", "", f"{rule.watch} {rule.beginning}".strip(), ""]
    facts = [
        ("scale-free: the path on 10·f is the same as on f, up to the effect of ε", rule.scale_free),
        ("needs the whole Hessian, so it is not available where there are many weights", rule.dense),
        ("taken from optax", not rule.elementwise),
        (_stable(rule), rule().stability_limit() is not None),
    ]
    if any(holds for _, holds in facts):
        lines += ["## Facts", "", *(f"- {fact}" for fact, holds in facts if holds), ""]
    if rule.libraries:
        lines += ["## In other libraries", "", "| library | name and defaults |", "| --- | --- |"]
        lines += [f"| {library} | `{call}` |" for library, call in rule.libraries] + [""]
        lines += ["Arguments without a value have no default; `True` switches the rule on.", ""]
    picture = f"../pictures/rules/{rule.key}.png"
    lines += [f"![{rule.name} beside SGD]({picture})", ""]
    return "\n".join([*lines, f"Source: {rule.source}.", ""])


def surface_page(surface: type[Surface]) -> str:
    """The text of the page of a surface."""
    prose, _, rejected = surface.prose.partition("\n\nRaises:\n    ValueError: if ")
    formula = [] if "$$" in prose else [f"$$ L = {surface.formula} $$", ""]
    lines = [f"# {surface.name}", "", surface.teaches, "", *formula, prose, ""]
    if surface.parameters():
        lines += ["## Parameters", "", *_table(surface.parameters()), ""]
        lines += [f"Values are rejected if {rejected}", ""] if rejected else []
    points = surface().critical_points()
    if points and len(points[0].position) <= 2:
        heading = "All critical points in the domain" if surface.complete else "Some of the critical points"
        lines += [f"## {heading}, at the default parameters", "", "| kind | x | y |", "| --- | --- | --- |"]
        lines += [f"| {p.kind} | {short(p.position[0])} | {short(p.position[1])} |" for p in points] + [""]
    lines += [f"![{surface.name}](../pictures/surfaces/{surface.key}.png)", ""]
    return "\n".join([*lines, f"Source: {surface.source}.", ""])


def _updates(rule: type[Optimizer]) -> dict[tuple[str, ...], str]:
    """The rule's equations, each with the end of its heading; conventions with the same equations share a heading."""
    convention = rule.parameters().get("convention")
    if not convention:
        return {latex(rule): ""} if rule.equations else {}
    conventions: dict[tuple[str, ...], list[str]] = {}
    for choice in convention.choices:
        conventions.setdefault(latex(rule, choice), []).append(convention.label(choice))
    return {
        equations: f", {' and '.join(names)} convention{'s' * (len(names) > 1)}"
        for equations, names in conventions.items()
    }


def _stable(rule: type[Optimizer]) -> str:
    """The sentence on the largest eigenvalue at which the rule is stable."""
    matrix = "P⁻¹H (its steps are divided by P)" if rule.preconditioned else "the Hessian H"
    limit = short(rule().stability_limit() or 0)
    return f"at the defaults its steps do not grow while the largest eigenvalue of {matrix} is below {limit}"


def _table(parameters: Mapping[str, Parameter]) -> list[str]:
    """The lines of a table of parameters."""
    rows = ["| symbol | name | default | range | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, p in parameters.items():
        span = ", ".join(p.labels) if p.choices else f"{exact(p.low)} to {exact(p.high)}"
        default = p.label(p.default) if p.choices else exact(p.default)
        rows.append(f"| {p.symbol} | `{name}` | {default} | {span} | {p.doc} |")
    return rows if parameters else ["None."]


def main(arguments: list[str]) -> int:
    """Write the pages to a folder, by default this one, or check them, and return the exit code.

    With `--check` it is 1 if a page is missing, out of date or obsolete.
    """
    folder = Path(next((a for a in arguments if a != "--check"), HERE))
    texts = pages()
    existing = {
        p.relative_to(folder).as_posix() for kind in ("rules", "surfaces") for p in (folder / kind).glob("*.md")
    }
    obsolete = sorted(existing - set(texts))
    stale = [p for p, text in texts.items() if not (folder / p).exists() or (folder / p).read_text("utf-8") != text]
    if "--check" in arguments:
        for path in stale + obsolete:
            print(f"{folder.name}/{path} is out of date: run `make docs`", file=sys.stderr)
        return int(bool(stale + obsolete))
    for path in obsolete:
        (folder / path).unlink()
    for path in stale:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(texts[path], encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
