"""Write the pages of rules and surfaces out of what they declare: `python docs/build.py [--check]`.

With `--check` nothing is written: the exit code says whether the pages on disk are what would be written.
The pictures come from the app itself: `python docs/pictures.py`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from pathlib import Path

from optimizers import OPTIMIZERS, Optimizer
from optimizers.equations import latex
from surfaces import SURFACES, THEMES, Parameter, Surface

HERE = Path(__file__).parent


def pages() -> dict[str, str]:
    """Every page by its path under docs/."""
    written = {f"rules/{key}.md": rule_page(rule) for key, rule in OPTIMIZERS.items()}
    written |= {f"surfaces/{key}.md": surface_page(surface) for key, surface in SURFACES.items()}
    return written | {"README.md": index()}


def index() -> str:
    """The list of all pages."""
    lines = ["# Rules and surfaces", "", "Generated from the declarations by `make docs`.", "", "## Optimizers", ""]
    lines += [f"- [{rule.name}](rules/{key}.md) ({rule.year}): {rule.watch}" for key, rule in OPTIMIZERS.items()]
    for theme in THEMES:
        lines += ["", f"## Surfaces: {theme}", ""]
        own = {key: s for key, s in SURFACES.items() if s.theme == theme}
        lines += [f"- [{s.name}](surfaces/{key}.md): {s.teaches}" for key, s in own.items()]
    return "\n".join(lines) + "\n"


def rule_page(rule: type[Optimizer]) -> str:
    """One optimizer."""
    lines = [f"# {rule.name}", "", _prose(rule), ""]
    convention = rule.parameters().get("convention")
    for choice in convention.choices if convention else ("",):
        equations = latex(rule, choice) if choice else latex(rule)
        if equations:
            lines += [f"## The update{f', {choice}' if choice else ''}", ""]
            lines += [f"$$ {line} $$\n" for line in equations]
    lines += ["## Parameters", "", *_table(rule.parameters()), ""]
    lines += ["## What to watch", "", rule.watch, ""]
    facts = [
        ("scale-free: the path on 10·f is the path on f, up to ε", rule.scale_free),
        ("needs the whole Hessian, so it is not offered where there are many weights", rule.dense),
        ("borrowed from optax", not rule.elementwise),
    ]
    if any(holds for _, holds in facts):
        lines += ["## Facts", "", *(f"- {fact}" for fact, holds in facts if holds), ""]
    if rule.libraries:
        lines += ["## In other libraries", "", "| library | name and defaults |", "| --- | --- |"]
        lines += [f"| {library} | `{call}` |" for library, call in rule.libraries.items()] + [""]
    picture = f"../pictures/rules/{rule.key}.png"
    lines += [f"![{rule.name} beside SGD]({picture})", ""]
    return "\n".join([*lines, f"Source: {rule.source}.", ""])


def surface_page(surface: type[Surface]) -> str:
    """One surface."""
    lines = [f"# {surface.name}", "", surface.teaches, "", f"$$ L = {surface.formula} $$", "", _prose(surface), ""]
    if surface.parameters():
        lines += ["## Parameters", "", *_table(surface.parameters()), ""]
    points = surface().critical_points()
    if points and len(points[0].position) <= 2:
        whole = "All critical points in the domain" if surface.complete else "Known critical points, not all"
        lines += [f"## {whole}, at the default parameters", "", "| kind | x | y |", "| --- | --- | --- |"]
        lines += [f"| {p.kind} | {_number(p.position[0])} | {_number(p.position[1])} |" for p in points] + [""]
    lines += [f"![{surface.name}](../pictures/surfaces/{surface.key}.png)", ""]
    return "\n".join([*lines, f"Source: {surface.source}.", ""])


def _prose(cls: type) -> str:
    return inspect.cleandoc(cls.__doc__ or "")


def _table(parameters: Mapping[str, Parameter]) -> list[str]:
    rows = ["| symbol | name | default | range | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, p in parameters.items():
        span = ", ".join(p.choices) if p.choices else f"{p.low:g} to {p.high:g}"
        rows.append(f"| {p.symbol} | `{name}` | {p.default} | {span} | {p.doc} |")
    return rows if parameters else ["It has none."]


def _number(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def main(arguments: list[str]) -> int:
    """Write the pages, or check them; the exit code is 1 where one is missing, stale or left over."""
    wanted = pages()
    there = {str(p.relative_to(HERE)) for folder in ("rules", "surfaces") for p in (HERE / folder).glob("*.md")}
    if "--check" in arguments:
        stale = [p for p, text in wanted.items() if not (HERE / p).exists() or (HERE / p).read_text("utf-8") != text]
        stale += sorted(there - set(wanted))
        for path in stale:
            print(f"docs/{path} is not what the declarations say: run `make docs`", file=sys.stderr)
        return int(bool(stale))
    for path in there - set(wanted):
        (HERE / path).unlink()
    for path, text in wanted.items():
        (HERE / path).parent.mkdir(parents=True, exist_ok=True)
        (HERE / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
