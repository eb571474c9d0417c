"""The source of a script: functions of ours copied out of their files, with all that they use and nothing else."""

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
"""Of a vector that is written out."""
OURS = ("app", "optimizers", "surfaces")


class Source:
    """The text of a script: what it imports, its constants, and its functions, each below those that it calls."""

    def __init__(self, *imports: str) -> None:
        self._imports = set(imports)
        self._parts: dict[str, str] = {}
        self._copied: dict[str, Callable[..., Any]] = {}

    def need(self, statement: str) -> None:
        """An import."""
        self._imports.add(statement)

    def define(self, name: str, text: str) -> None:
        """A constant or a function.

        Raises:
            Refused: if the name stands for something else already.
        """
        if self._parts.setdefault(name, text) != text:
            raise Refused(f"Without Optiscope two things in one script would be called {name}.")

    def copy(
        self, function: Callable[..., Any], name: str, record: Declared | None = None, prefix: str = "", doc: str = ""
    ) -> None:
        """A function of ours, or a method without its `self`, and all that it uses.

        Args:
            function: whose source is copied, without annotations and without the defaults that it does not read.
            name: what it is called in the script.
            record: the `self` of a method, whose parameters and vectors become constants, its methods functions.
            prefix: what the names of these constants begin with.
            doc: a docstring for a function that has none.

        Raises:
            Refused: if it uses what cannot be written out, or a name that stands for something else.
        """
        if self._copied.setdefault(name, function) is not function:
            raise Refused(f"Without Optiscope two things in one script would be called {name}.")
        if name in self._parts:
            return
        arguments, body = _bare(function, lambda member: self._member(record, member, prefix))
        if doc and function.__doc__ is None:
            raw = "r" if "\\" in doc else ""
            said = textwrap.fill(f'{raw}"""{doc}', WIDTH, initial_indent="    ", subsequent_indent="    ")
            end = "\n    " if "\n" in said else ""
            body = f'{said}{end}"""\n{body}'
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
        """What a function is called in the script: a library's by its public path, one of ours once it is copied."""
        home = function.__module__.split(".")
        if home[0] in OURS:
            self.copy(function, function.__name__)
            return function.__name__
        return ".".join([*itertools.takewhile(lambda part: not part.startswith("_"), home), function.__name__])

    def text(self, setup: str) -> str:
        """Imports, the lines of `setup`, the constants, the functions."""
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
        """How the script spells `self.member`."""
        found = inspect.getattr_static(type(record), member, None)
        if isinstance(found, property) and found.fget:
            self.copy(found.fget, member, record, prefix)
            return f"{member}()"
        if inspect.isfunction(found):
            self.copy(found, member, record, prefix)
            return member
        name = f"{prefix}{member}".upper()
        spec = record.parameters().get(member) if record else None
        self.define(name, f"{name} = {literal(getattr(record, member))}" + (f"  # {spec.symbol}" if spec else ""))
        return name


def literal(value: Any) -> str:
    """A constant as Python writes it, with all digits.

    Raises:
        Refused: if it is neither a number, a word, a tuple of them, nor a vector that is short.
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str):
        return f'"{plain}"'
    if isinstance(plain, bool | int | float | tuple | None):
        return repr(plain)
    if isinstance(value, np.ndarray) and value.ndim == 1 and len(value) <= MOST_NUMBERS:
        return vector(value.tolist())
    raise Refused(f"Without Optiscope {type(value).__name__} of {np.size(value):,} values cannot be written out.")


def vector(values: Iterable[float]) -> str:
    """A vector of float64; what stands more than three times in a row is written once."""
    items: list[str] = []
    for value, run in itertools.groupby(map(float, values)):
        many = len(list(run))
        items += [f"*[{value!r}] * {many}"] if many > 3 else [repr(value)] * many
    line = f"jnp.array([{', '.join(items)}])"
    if len(line) <= WIDTH - 20:
        return line
    # eight lines of numbers, not one line for each: no formatter's taste
    rows = textwrap.fill(", ".join(items), WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"jnp.array([\n{rows},\n])"


def call(name: str, arguments: Sequence[str], indent: str = "", before: int = 0) -> str:
    """A call in one line; in one for each argument where that is too long, `before` letters being there already."""
    line = f"{name}({', '.join(arguments)})"
    if len(indent) + before + len(line) < WIDTH:
        return line
    inner = "".join(f"{indent}    {argument},\n" for argument in arguments)
    return f"{name}(\n{inner}{indent})"


def summary(thing: Any) -> str:
    """The first paragraph of its documentation."""
    return " ".join(str(inspect.getdoc(thing)).partition("\n\n")[0].split())


def _bare(function: Callable[..., Any], member: Callable[[str], str]) -> tuple[list[str], str]:
    """A function's arguments and the text of its body: no annotations, and `self.x` as `member("x")` spells it."""
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
    """What a function takes, but for `self` and for defaults that its body does not read."""
    read = {node.id for node in ast.walk(ast.parse(textwrap.dedent(body))) if isinstance(node, ast.Name)}
    needed = len(tree.args.args) - len(tree.args.defaults)
    required = [a.arg for a in tree.args.args[:needed] if a.arg != "self"]
    defaults = zip(tree.args.args[needed:], tree.args.defaults, strict=True)
    return [*required, *(f"{a.arg}={ast.unparse(default)}" for a, default in defaults if a.arg in read)]


def _free(text: str) -> set[str]:
    """The names that a function reads and does not bind."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
    return {node.id for node in names} - bound


def _import(function: Callable[..., Any], word: str) -> str | None:
    """The statement by which a function's module has a name from a library, or None."""
    for node in ast.parse(inspect.getsource(sys.modules[function.__module__])).body:
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        for alias in node.names:
            home = node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
            if word == (alias.asname or alias.name) and home.partition(".")[0] not in OURS:
                one = ast.ImportFrom(home, [alias], 0) if isinstance(node, ast.ImportFrom) else ast.Import([alias])
                return ast.unparse(one)
    return None
