"""YAML as text with places: every scalar keeps its spelling and the line and column it stands in.

What a scalar means is decided later, by the field that it stands in: ``1e-3`` is a number where a
number is wanted, ``no`` a text where a text is. The parser's events are read one at a time and
counted, so that neither depth nor aliases can cost more than a page of plain text would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from orchestrator.errors import RequestError
from orchestrator.sweepfile.problems import Place, Problems

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_FILE = 1 << 20
"""Bytes; a sweep file is a page or two."""

_MOST_NODES = 100_000
_DEEPEST = 20
_NULLS = {"", "~", "null", "Null", "NULL"}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # not every PyYAML has libyaml


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar as it was written; ``first`` is where its text begins, None if it was folded."""

    place: Place
    text: str
    quoted: bool = False
    first: Place | None = None

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


def read(path: Path, problems: Problems | None = None) -> tuple[Branch, str]:
    """Read a file into its tree and its text; one that says nothing is an empty mapping.

    Keys that stand there twice are added to ``problems``, or raised where none are given.

    Raises
    ------
    RequestError
        With the place of whatever keeps it from being one mapping of plain YAML.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise RequestError(f"{path}: no such file") from error
    except OSError as error:
        raise RequestError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        raise RequestError(f"{path}: larger than 1 MiB; a sweep file has a page or two")
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
        return Branch(tree.place, {}, {}), text
    if not isinstance(tree, Branch):
        raise RequestError(f"{tree.place}: expected keys and values, as in `name: winds`")
    return tree, text


def parse(text: str, source: str, problems: Problems, *, placed: bool = True) -> Node:
    """Read one YAML document into a tree; without ``placed`` everything stands at ``source``.

    No document at all says "nothing".
    """
    builder = _Builder(source, problems, placed=placed)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        place = builder.place(error.problem_mark or error.context_mark)
        raise RequestError(f"{place}: not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        shortly = str(error).splitlines()[0]
        raise RequestError(f"{source}: not YAML: {shortly}") from error
    return Leaf(Place(source), "") if builder.root is None else builder.root


@dataclass(frozen=True, slots=True)
class _Open:
    """A mapping or a sequence whose end has not been reached; children with their weights."""

    place: Place
    anchor: str | None
    mapping: bool
    children: list[tuple[Node, int]] = field(default_factory=list)


class _Builder:
    """Builds the tree from the parser's events.

    Every node weighs what it would if its aliases were written out.
    """

    def __init__(self, source: str, problems: Problems, *, placed: bool) -> None:
        self.root: Node | None = None
        self._source = source
        self._problems = problems
        self._placed = placed
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._left = _MOST_NODES

    def take(self, event: Any) -> None:
        """Take the next event."""
        if isinstance(event, yaml.DocumentStartEvent) and self.root is not None:
            place = self.place(event.start_mark)
            raise RequestError(f"{place}: a second document; a sweep file is a single one")
        if isinstance(event, yaml.CollectionEndEvent):
            closed = self._open.pop()
            weight = 1 + sum(weight for _, weight in closed.children)
            self._add(self._collection(closed), weight, closed.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event, self.place(event.start_mark))
        elif isinstance(event, yaml.NodeEvent):
            self._begin(event, self.place(event.start_mark))

    def place(self, mark: Any) -> Place:
        """Return where a mark of the parser is."""
        if mark is None or not self._placed:
            return Place(self._source)
        return Place(self._source, mark.line + 1, mark.column + 1)

    def _alias(self, event: Any, place: Place) -> None:
        if event.anchor not in self._anchors:
            raise RequestError(f"{place}: *{event.anchor} stands for nothing yet")
        node, weight = self._anchors[event.anchor]
        self._spend(weight, place)
        self._add(node, weight, None)

    def _begin(self, event: Any, place: Place) -> None:
        if event.tag is not None:
            raise RequestError(
                f"{place}: the tag {event.tag} is not allowed; write plain values"
            )
        self._spend(1, place)
        if isinstance(event, yaml.ScalarEvent):
            self._add(_leaf(event, place), 1, event.anchor)
        elif len(self._open) == _DEEPEST:
            raise RequestError(f"{place}: nested more than {_DEEPEST} deep")
        else:
            mapping = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(place, event.anchor, mapping))

    def _spend(self, weight: int, place: Place) -> None:
        self._left -= weight
        if self._left < 0:
            raise RequestError(f"{place}: more than {_MOST_NODES} values, aliases written out")

    def _add(self, node: Node, weight: int, anchor: str | None) -> None:
        if anchor is not None:
            self._anchors[anchor] = node, weight
        if self._open:
            self._open[-1].children.append((node, weight))
        else:
            self.root = node

    def _collection(self, closed: _Open) -> Node:
        children = [node for node, _ in closed.children]
        if not closed.mapping:
            return Items(closed.place, tuple(children))
        nodes: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Leaf):
                raise RequestError(f"{key.place}: expected a name before the colon")
            if key.text in nodes:
                shortly = f"stands {keys[key.text].shortly} already"
                self._problems.add(key.place, key.text, shortly)
            else:
                nodes[key.text], keys[key.text] = value, key.place
        return Branch(closed.place, nodes, keys)


def _leaf(event: Any, place: Place) -> Leaf:
    quoted = event.style in {"'", '"', "|", ">"}
    start, end = event.start_mark, event.end_mark
    as_it_stands = end.index - start.index - 2 * quoted == len(event.value)
    first = None
    if place.line and start.line == end.line and as_it_stands:
        first = Place(place.source, place.line, place.column + quoted)
    return Leaf(place, event.value, quoted, first)
