"""Writes scripts that contain copies of functions of Optiscope, together with everything that they use."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from app.common.racers import Refused
from surfaces import Declared

WIDTH = 100
MOST_NUMBERS = 2000
"""The longest vector that is written into a script."""
OURS = ("app", "optimizers", "surfaces")


class Source:
    """The text of a script: its imports, constants and functions, each below the functions that it calls."""

    def __init__(self, *imports: str) -> None:
        self._imports = set(imports)
        self._parts: dict[str, str] = {}
        self._copied: dict[str, Callable[..., Any]] = {}

    def need(self, statement: str) -> None:
        """Add an import."""
        self._imports.add(statement)

    def define(self, name: str, text: str) -> None:
        """Add a constant or a function.

        Raises:
            Refused: if the name already has another meaning.
        """
        if self._parts.setdefault(name, text) != text:
            raise Refused(f"Without Optiscope, the script would have to define {name} twice.")

    def copy(
        self, function: Callable[..., Any], name: str, record: Declared | None = None, prefix: str = "", doc: str = ""
    ) -> None:
        """Add a function of Optiscope, or a method without its `self`, and everything that it uses.

        Args:
            function: the function to copy, without annotations and without defaults that it does not read.
            name: its name in the script.
            record: the `self` of a method. Its parameters and vectors become constants, its methods functions.
            prefix: the prefix of the names of these constants.
            doc: a docstring for a function without one.

        Raises:
            Refused: if it uses a value that cannot be written, or a name that already has another meaning.
        """
        if self._copied.setdefault(name, function) is not function:
            raise Refused(f"Without Optiscope, the script would have to define {name} twice.")
        if name in self._parts:
            return
        arguments, body = _bare(function, lambda member: self._member(record, member, prefix))
        if doc and function.__doc__ is None:
            raw = "r" if "\\" in doc else ""
            docstring = textwrap.fill(f'{raw}"""{doc}', WIDTH, initial_indent="    ", subsequent_indent="    ")
            end = "\n    " if "\n" in docstring else ""
            body = f'{docstring}{end}"""\n{body}'
        text = f"def {name}({', '.join(arguments)}):\n{body}"
        for word in sorted(_free(text) & function.__globals__.keys()):
            value = function.__globals__[word]
            if statement := _import(function, word):
                self.need(statement)
            elif inspect.isfunction(value):
                self.copy(value, word)
            else:
                self.define(word, f"{word} = {literal(value)}")
        self.define(name, text)

    def call(self, function: Callable[..., Any]) -> str:
        """Return a function's name in the script: a library's public path, or the name of the copy."""
        home = function.__module__.split(".")
        if home[0] in OURS:
            self.copy(function, function.__name__)
            return function.__name__
        return ".".join([*itertools.takewhile(lambda part: not part.startswith("_"), home), function.__name__])

    def text(self, setup: str) -> str:
        """Return the whole script: imports, the lines of `setup`, constants, functions."""
        standard = {s for s in self._imports if s.split()[1].partition(".")[0] in sys.stdlib_module_names}
        groups = [
            "\n".join(sorted(group, key=lambda s: (s.startswith("from"), s)))
            for group in (standard, self._imports - standard)
        ]
        functions = [text.rstrip() for text in self._parts.values() if text.startswith("def ")]
        constants = [text for text in self._parts.values() if not text.startswith("def ")]
        head = "\n\n".join(filter(None, [*groups, setup, "\n".join(constants)]))
        return "\n\n\n".join([head, *functions])

    def _member(self, record: Declared | None, member: str, prefix: str) -> str:
        """Return the code that replaces `self.member`."""
        attribute = inspect.getattr_static(type(record), member, None)
        if isinstance(attribute, property) and attribute.fget:
            self.copy(attribute.fget, member, record, prefix)
            return f"{member}()"
        if inspect.isfunction(attribute):
            self.copy(attribute, member, record, prefix)
            return member
        name = f"{prefix}{member}".upper()
        spec = record.parameters().get(member) if record else None
        self.define(name, f"{name} = {literal(getattr(record, member))}" + (f"  # {spec.symbol}" if spec else ""))
        return name


def literal(value: Any) -> str:
    """Return the code of a constant, with all digits.

    Raises:
        Refused: if it is not a number, a string, a tuple of these, or a short vector.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str):
        return f'"{plain}"'
    if isinstance(plain, bool | int | float | tuple | None):
        return repr(plain)
    if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) <= MOST_NUMBERS:
        return vector(value.tolist())
    raise Refused(
        f"Without Optiscope, the script would have to contain {type(value).__name__} of {np.size(value):,} values."
    )


def vector(values: Iterable[float]) -> str:
    """Return the code of a float64 vector; a value that repeats more than three times is written once."""
    items: list[str] = []
    for value, group in itertools.groupby(map(float, values)):
        count = len(list(group))
        items += [f"*[{value!r}] * {count}"] if count > 3 else [repr(value)] * count
    line = f"jnp.array([{', '.join(items)}])"
    if len(line) <= WIDTH - 20:
        return line
    # several numbers per line, where a formatter would write one per line
    rows = textwrap.fill(", ".join(items), WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"jnp.array([\n{rows},\n])"


def call(name: str, arguments: Sequence[str], indent: str = "", before: int = 0) -> str:
    """Return a call on one line, or with one line per argument if it is too long after `before` characters."""
    line = f"{name}({', '.join(arguments)})"
    if len(indent) + before + len(line) < WIDTH:
        return line
    inner = "".join(f"{indent}    {argument},\n" for argument in arguments)
    return f"{name}(\n{inner}{indent})"


def summary(thing: Any) -> str:
    """Return the first paragraph of an object's documentation."""
    return " ".join(str(inspect.getdoc(thing)).partition("\n\n")[0].split())


def _bare(function: Callable[..., Any], member: Callable[[str], str]) -> tuple[list[str], str]:
    """Return a function's arguments and body, without annotations and with `self.x` replaced by `member("x")`."""
    text = textwrap.dedent(inspect.getsource(function)).encode()
    tree = ast.parse(text).body[0]
    assert isinstance(tree, ast.FunctionDef)
    begins = [0, *itertools.accumulate(len(line) for line in text.splitlines(keepends=True))]

    def span(node: Any) -> tuple[int, int]:
        return begins[node.lineno - 1] + node.col_offset, begins[node.end_lineno - 1] + node.end_col_offset

    edits: list[tuple[int, int, str]] = []
    for node in itertools.chain.from_iterable(map(ast.walk, tree.body)):
        match node:
            case ast.Attribute(value=ast.Name(id="self"), attr=name):
                edits.append((*span(node), member(name)))
            case ast.arg(arg=name, annotation=ast.expr()):
                edits.append((*span(node), name))
            case ast.FunctionDef(returns=ast.expr() as returns):
                edits.append((text.rindex(b")", 0, span(returns)[0]) + 1, span(returns)[1], ""))
    signature = max(span(node)[1] for node in (*tree.args.args, tree.returns) if node)
    first = text.index(b":\n", signature) + 2
    body = text
    for low, high, spelled in sorted(edits, reverse=True):
        body = body[:low] + spelled.encode() + body[high:]
    spelled_body = re.sub(r"  # (type|noqa):.*", "", body[first:].decode())
    return _arguments(tree, spelled_body), spelled_body


def _arguments(tree: ast.FunctionDef, body: str) -> list[str]:
    """Return the arguments of a function, without `self` and without defaults that its body does not read."""
    read = {node.id for node in ast.walk(ast.parse(textwrap.dedent(body))) if isinstance(node, ast.Name)}
    needed = len(tree.args.args) - len(tree.args.defaults)
    required = [a.arg for a in tree.args.args[:needed] if a.arg != "self"]
    defaults = zip(tree.args.args[needed:], tree.args.defaults, strict=True)
    return [*required, *(f"{a.arg}={ast.unparse(default)}" for a, default in defaults if a.arg in read)]


def _free(text: str) -> set[str]:
    """Return the names that a function reads but does not bind."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - bound


def _import(function: Callable[..., Any], word: str) -> str | None:
    """Return the statement by which a function's module imports a name from a library, or None."""
    for node in ast.parse(inspect.getsource(sys.modules[function.__module__])).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            home = node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
            if word == (alias.asname or alias.name) and home.partition(".")[0] not in OURS:
                is_from = isinstance(node, ast.ImportFrom)
                return ast.unparse(ast.ImportFrom(home, [alias], 0) if is_from else ast.Import([alias]))
    return None
