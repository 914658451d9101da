"""The blocks of ``sweep``: grid, zip, list and sample, each with its axes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.formats.winds import WIND
from orchestrator.model import Axis
from orchestrator.sweepfile import decimal_commas, parameters, ranges, samples, scalars, winds
from orchestrator.sweepfile.fields import BLOCKS
from orchestrator.sweepfile.problems import located
from orchestrator.sweepfile.sections import converted, entries, misplaced
from orchestrator.sweepfile.tree import Branch, Items, Leaf
from orchestrator.text import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.sweepfile.own_names import Names
    from orchestrator.sweepfile.problems import Position, Problems, Sentence
    from orchestrator.sweepfile.tree import Node

Row = tuple["Value", ...]
Column = list[tuple["Value", "Position"]]
Reader = Callable[["Node"], "Value | None"]


@dataclass(frozen=True, slots=True)
class Swept:
    """The axes, the place of each swept parameter, and warnings."""

    axes: tuple[Axis, ...]
    positions: Mapping[str, Position]
    warnings: tuple[str, ...]


def swept(node: Node | None, names: Names, problems: Problems) -> Swept:
    """Read ``sweep``; no axis where the file has none."""
    reader = _Blocks(names, problems)
    if node is not None:
        reader.read(node)
    return Swept(tuple(reader.axes), reader.positions, tuple(reader.warnings))


class _Blocks:
    def __init__(self, names: Names, problems: Problems) -> None:
        self._names = names
        self._problems = problems
        self.axes: list[Axis] = []
        self.positions: dict[str, Position] = {}
        self.warnings: list[str] = []

    def read(self, node: Node) -> None:
        """Read all blocks in their order."""
        if not isinstance(node, Branch) or not node.nodes:
            wish = "expected grid, zip, list or sample"
            text = f"{wish}, got {_shown(node)}; leave it out for a single point"
            self._problems.add(node.position, "sweep", text)
            return
        readers = dict(
            zip(BLOCKS, (self._grid, self._zip, self._list, self._sample), strict=True)
        )
        for block, child in node.nodes.items():
            key, position = f"sweep.{block}", node.keys[block]
            if block in readers:
                readers[block](key, child)
            else:
                self._problems.add(position, key, _no_block(block, self._names))

    def _grid(self, key: str, node: Node) -> None:
        for name, cells in self._columns(key, node).items():
            rows: list[tuple[Row, Position]] = [
                ((value,), position) for value, position in cells
            ]
            self._axis(f"{key}.{name}", (name,), rows, "grid")

    def _zip(self, key: str, node: Node) -> None:
        before = len(self._problems)
        columns = self._columns(key, node)
        if not columns or len(self._problems) > before:
            return
        lengths = {name: len(cells) for name, cells in columns.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            text = f"expected lists of the same length, but {listed} values"
            self._problems.add(node.position, key, text)
            return
        lines = zip(*columns.values(), strict=True)
        rows = [(tuple(value for value, _ in line), line[0][1]) for line in lines]
        self._axis(key, tuple(columns), rows, "zip")

    def _list(self, key: str, node: Node) -> None:
        if not isinstance(node, Items) or not node.nodes:
            wish = "expected a list of points, such as [{Ava_angle: 35}, {Ava_angle: 38}]"
            self._problems.add(node.position, key, f"{wish}, got {_shown(node)}")
            return
        before, readers = len(self._problems), dict[str, Reader | None]()
        rows: list[tuple[Row, Position]] = []
        for point in node.nodes:
            if not isinstance(point, Branch) or not point.nodes:
                text = f"expected parameters and their values, got {_shown(point)}"
                self._problems.add(point.position, key, text)
                continue
            for name, position in point.keys.items() if not readers else ():
                inner = f"{key}.{name}"
                readers[name] = (
                    self._reader(inner, name) if self._take(inner, name, position) else None
                )
            rows.append((self._row(key, readers, point), point.position))
        if len(self._problems) == before:
            self._axis(key, tuple(readers), rows, "list")

    def _row(self, key: str, readers: Mapping[str, Reader | None], point: Branch) -> Row:
        """Read a point of a list: its values in the order of the first point's."""
        if readers.keys() != point.nodes.keys():
            text = f"expected the same parameters in every point: {', '.join(readers)}"
            self._problems.add(point.position, key, text)
        for name in [name for name in point.nodes if readers.get(name) is None]:
            if reason := parameters.refusal(name, self._names):
                self._problems.add(point.keys[name], f"{key}.{name}", reason)
        nodes = point.nodes
        values = [read(nodes[name]) for name, read in readers.items() if read and name in nodes]
        return tuple([value for value in values if value is not None])

    def _sample(self, key: str, node: Node) -> None:
        sample = samples.read(key, node, self._take, self._names, self._problems)
        if sample is not None:
            self.axes.append(Axis(sample.names, sample.rows, "sample", sample.logarithmic))
            self.warnings += sample.warnings

    def _columns(self, key: str, node: Node) -> dict[str, Column]:
        """Read a mapping of parameters to their values, each value with its place."""
        columns: dict[str, Column] = {}
        wish = "parameters and lists of values"
        if (isinstance(node, Leaf) and node.null) or (
            isinstance(node, Branch) and not node.nodes
        ):
            self._problems.add(node.position, key, f"expected {wish}, got {_shown(node)}")
        for name, position, child in entries(node, key, wish, self._problems):
            inner = f"{key}.{name}"
            if self._take(inner, name, position) and (
                column := self._column(inner, name, child)
            ):
                columns[name] = column
        return columns

    def _column(self, key: str, name: str, node: Node) -> Column:
        if isinstance(node, Branch) and node.nodes:
            values = ranges.read(key, node, self._names.described(name), self._problems)
            return [(value, node.position) for value in values]
        if not isinstance(node, Items) or not node.nodes:
            text = f"expected a list of values such as [1, 2], got {_shown(node)}"
            self._problems.add(node.position, key, text)
            return []
        if comma := decimal_commas.suspected(node):
            if decimal_commas.certain(node):
                self._problems.add(node.nodes[0].position, key, comma)
                return []
            self.warnings.append(located(node.nodes[0].position, key, comma))
        read = self._reader(key, name)
        cells = [(read(cell), cell.position) for cell in node.nodes]
        return [(value, position) for value, position in cells if value is not None]

    def _axis(
        self, key: str, names: tuple[str, ...], rows: list[tuple[Row, Position]], block: str
    ) -> None:
        """Add an axis unless it has the same values twice."""
        positions: dict[Row, Position] = {}
        for row, position in rows:
            if row in positions:
                text = f"{', '.join(map(number, row))} stands {positions[row].shortly} already"
                self._problems.add(position, key, text)
            positions.setdefault(row, position)
        self.axes.append(Axis(names, tuple(row for row, _ in rows), block))

    def _take(self, key: str, name: str, position: Position) -> bool:
        """Note that an axis is over this parameter, which no other may be over."""
        if reason := parameters.refusal(name, self._names):
            self._problems.add(position, key, reason)
            return False
        if name in self.positions:
            self._problems.add(position, key, f"swept {self.positions[name].shortly} already")
            return False
        self.positions[name] = position
        return True

    def _reader(self, key: str, name: str) -> Reader:
        if name == WIND:
            return partial(winds.constant, key, problems=self._problems)
        convert = partial(parameters.value, self._names.described(name))
        return partial(converted, key, convert=convert, problems=self._problems)


def _shown(node: Node) -> str:
    empty = isinstance(node, Branch | Items) and not node.nodes
    return "an empty one" if empty else scalars.shown(node)


def _no_block(word: str, names: Names) -> Sentence:
    if word in names.table:
        return f"no such block; it belongs under sweep.grid, as in `grid: {{{word}: [1, 2]}}`"
    return misplaced(word, BLOCKS, "block")
