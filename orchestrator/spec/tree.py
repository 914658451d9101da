"""YAML as text with places: every scalar keeps its spelling and the line and column it stands in.

What a scalar means is decided later, by the field that it stands in: ``1e-3`` is a number where a
number is wanted, ``no`` a text where a text is. No Python object is ever built from a tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 1 << 20
"""Bytes; a sweep file is a page or two."""

_MOST_NODES = 200_000
_DEEPEST = 50
_NULLS = {"", "~", "null", "Null", "NULL"}
_PLAIN_TAGS = ("tag:yaml.org,2002:",)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a file with line and column from 1, or an option without them."""

    source: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar as it was written."""

    place: Place
    text: str
    quoted: bool = False

    @property
    def null(self) -> bool:
        """Whether it says "nothing"."""
        return not self.quoted and self.text in _NULLS


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    place: Place
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping; ``keys`` tells where each key stands."""

    place: Place
    nodes: dict[str, Node]
    keys: dict[str, Place]


Node = Leaf | Items | Branch


def read(path: Path) -> tuple[Branch, str]:
    """Read a file into its tree and its text.

    Raises
    ------
    RequestError
        With the place of whatever keeps it from being one mapping of plain YAML.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise RequestError(
                f"{path}: {path.stat().st_size} bytes; a sweep file has less than 1 MiB"
            )
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise RequestError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror}") from error
    tree = parse(text, str(path))
    if not isinstance(tree, Branch):
        raise RequestError(f"{tree.place}: expected keys and values, as in `name: winds`")
    return tree, text


def parse(text: str, source: str, *, placed: bool = True) -> Node:
    """Read one YAML document into a tree; without ``placed`` everything stands at ``source``."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(source, mark.line + 1, mark.column + 1) if mark else Place(source)
        raise RequestError(f"{place}: not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise RequestError(f"{source}: not YAML: {error}") from error
    except RecursionError as error:
        raise RequestError(f"{source}: nested too deeply") from error
    if root is None:
        raise RequestError(f"{source}: empty")
    return _Converter(source, placed=placed).convert(root, 0)


class _Converter:
    """Turns PyYAML's nodes into ours, counting them so that aliases cannot multiply for ever."""

    def __init__(self, source: str, *, placed: bool) -> None:
        self._source = source
        self._placed = placed
        self._left = _MOST_NODES

    def convert(self, node: yaml.Node, depth: int) -> Node:
        place = self._place(node)
        self._left -= 1
        if self._left < 0:
            raise RequestError(
                f"{self._source}: more than {_MOST_NODES} values; too many aliases?"
            )
        if depth > _DEEPEST:
            raise RequestError(f"{place}: nested more than {_DEEPEST} deep")
        if not node.tag.startswith(_PLAIN_TAGS) or node.tag.startswith(
            "tag:yaml.org,2002:python/"
        ):
            raise RequestError(
                f"{place}: the tag {node.tag} is not allowed; write plain values"
            )
        if isinstance(node, yaml.ScalarNode):
            return Leaf(place, node.value, quoted=node.style is not None)
        if isinstance(node, yaml.SequenceNode):
            return Items(place, tuple(self.convert(child, depth + 1) for child in node.value))
        return self._branch(node, place, depth)

    def _branch(self, node: yaml.Node, place: Place, depth: int) -> Branch:
        nodes: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        problems = []
        for key, value in node.value:
            at = self._place(key)
            if not isinstance(key, yaml.ScalarNode):
                raise RequestError(f"{at}: expected a name before the colon")
            if key.value in nodes:
                problems.append(
                    f"{at}: {key.value}: stands in line {keys[key.value].line} already"
                )
                continue
            nodes[key.value] = self.convert(value, depth + 1)
            keys[key.value] = at
        if problems:
            raise RequestError(*problems)
        return Branch(place, nodes, keys)

    def _place(self, node: yaml.Node) -> Place:
        if not self._placed:
            return Place(self._source)
        return Place(self._source, node.start_mark.line + 1, node.start_mark.column + 1)
