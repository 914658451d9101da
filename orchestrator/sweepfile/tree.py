"""Sweep files as trees: every scalar keeps its spelling, every node the place it stands in.

What a scalar means is decided later, by the field that it stands in: ``1e-3`` is a number where a
number is wanted, ``no`` a text where a text is.
"""

from __future__ import annotations

import contextlib
import gc
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from orchestrator.errors import RequestError
from orchestrator.formats.spelling import closest
from orchestrator.model.experiments import SWEEP_FILES
from orchestrator.sweepfile.problems import Position, Problems
from orchestrator.sweepfile.yaml_nodes import DEEPEST, compose

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_FILE = 4_000_000
"""Bytes; a sweep file is a page or two."""

_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar as it was written; ``verbatim`` if each of its characters stands in one line."""

    position: Position
    text: str
    quoted: bool = False
    verbatim: bool = False

    @property
    def null(self) -> bool:
        """Whether it says "nothing"."""
        return not self.quoted and self.text in _NULLS

    def character(self, number: int) -> Position | None:
        """Return where a character of the text stands, counted from 1, if that can be known."""
        if not self.verbatim or not self.position.line:
            return None
        source, line, column = self.position.source, self.position.line, self.position.column
        return Position(source, line, column + self.quoted + number - 1)


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    position: Position
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping; ``keys`` tells where each key stands."""

    position: Position
    nodes: dict[str, Node]
    keys: dict[str, Position]


Node = Leaf | Items | Branch


def read(path: Path, problems: Problems | None = None) -> tuple[Branch, str]:
    """Read a file into its tree and its text; one that says nothing is an empty mapping.

    Keys that stand there twice are added to ``problems``, or raised where none are given.

    Raises
    ------
    RequestError
        With the place of whatever keeps it from being one mapping of plain YAML.
    """
    data = _bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise RequestError(f"{path}:{line}:{column}: not UTF-8 text") from error
    noted = Problems() if problems is None else problems
    tree = parse(text, str(path), noted)
    if problems is None:
        noted.check()
    if isinstance(tree, Leaf) and tree.null:
        return Branch(tree.position, {}, {}), text
    if not isinstance(tree, Branch):
        raise RequestError(f"{tree.position}: expected keys and values, as in `name: winds`")
    return tree, text


def _bytes(path: Path) -> bytes:
    """Return the bytes of a regular file of at most 4 MB; nothing else is opened."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise RequestError(f"{path}: cannot be read: not a regular file")
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise RequestError(f"{path}: no such file{_meant(path)}") from error
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        raise RequestError(f"{path}: larger than 4 MB; a sweep file has a page or two")
    return data


def _meant(path: Path) -> str:
    """Say which sweep file may be meant by a path at which there is none."""
    folders = (path.parent, path.parent / SWEEP_FILES, Path(SWEEP_FILES))
    files = {
        file.stem: file
        for folder in reversed(folders)
        for file in sorted(folder.glob("*.y*ml"))
        if file.suffix in {".yaml", ".yml"}
    }
    name = path.stem if path.suffix in {".yaml", ".yml"} else path.name
    if (stem := closest(name, files)) is not None:
        return f"; did you mean {files[stem]}?"
    return "" if path.suffix else f"; expected a sweep file, such as {path}.yaml"


def parse(text: str, source: str, problems: Problems, *, placed: bool = True) -> Node:
    """Read one YAML document into a tree; no document at all is null.

    Parameters
    ----------
    source
        Of the places: a path, or an option of the command line.
    problems
        Where keys that stand there twice are noted.
    placed
        Whether places have lines and columns.

    Raises
    ------
    RequestError
        With the place of what is not plain YAML or too much of it.
    """

    def position(mark: Any) -> Position:
        if mark is None or not placed:
            return Position(source)
        return Position(source, mark.line + 1, mark.column + 1)

    def convert(node: Any, depth: int) -> Node:
        if isinstance(node, yaml.ScalarNode):
            return _leaf(node, position(node.start_mark))
        if depth > DEEPEST:  # by aliases of aliases
            raise RequestError(f"{position(node.start_mark)}: nested more than {DEEPEST} deep")
        if isinstance(node, yaml.SequenceNode):
            children = tuple([convert(child, depth + 1) for child in node.value])
            return Items(position(node.start_mark), children)
        branch = Branch(position(node.start_mark), {}, {})
        for key, value in node.value:
            _put(branch, convert(key, depth + 1), convert(value, depth + 1), problems)
        return branch

    with _without_garbage_collection():
        root = compose(text, position)
        return Leaf(Position(source), "") if root is None else convert(root, 1)


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Pause it: of a large file's nodes all live, and looking through them takes twice as long."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _put(branch: Branch, key: Node, value: Node, problems: Problems) -> None:
    if not isinstance(key, Leaf):
        raise RequestError(f"{key.position}: expected a name before the colon")
    if key.text in branch.keys:
        problems.add(key.position, key.text, f"stands {branch.keys[key.text].shortly} already")
    else:
        branch.nodes[key.text], branch.keys[key.text] = value, key.position


def _leaf(node: yaml.ScalarNode, position: Position) -> Leaf:
    start, end = node.start_mark, node.end_mark
    quoted = node.style in {"'", '"', "|", ">"}
    verbatim = start.line == end.line and end.index - start.index - 2 * quoted == len(
        node.value
    )
    return Leaf(position, node.value, quoted, verbatim)
