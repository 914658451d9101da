"""What multiplies: the blocks of ``sweep`` and the seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formats.parameters import PARAMETERS
from orchestrator.model import Axis
from orchestrator.sweepfile import fields, parameters, samples, scalars
from orchestrator.sweepfile.problems import unknown
from orchestrator.sweepfile.tree import Branch, Items, Leaf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.sweepfile.problems import Place, Problems
    from orchestrator.sweepfile.tree import Node

Row = tuple["Value", ...]


def seeds(node: Node | None, problems: Problems) -> Sequence[int]:
    """Read ``seeds``: how many, which ones, or a range; one where nothing is said."""
    if node is None or (isinstance(node, Leaf) and node.null):
        return (1,)
    if isinstance(node, Leaf):
        last = fields.converted("seeds", node, scalars.count, problems)
        return range(1, 1 + (last or 1))
    if isinstance(node, Items):
        return _listed(node, problems)
    found = fields.section(
        [Branch(node.place, {"seeds": node}, {})], "seeds", fields.SEEDS, problems
    )
    for key in fields.SEEDS:
        if key not in found.places:
            problems.add(node.place, f"seeds.{key}", "required, as in {first: 1234, count: 8}")
    first, count = found.values.get("first", 1), found.values.get("count", 1)
    if first + count - 1 > scalars.LARGEST_SEED:
        text = f"the last seed is larger than {scalars.LARGEST_SEED}"
        problems.add(found.places["count"], "seeds.count", text)
    return range(first, first + count)


def _listed(node: Items, problems: Problems) -> tuple[int, ...]:
    if not node.nodes:
        problems.add(node.place, "seeds", "empty; leave it out for one seed")
    found: dict[int, Place] = {}
    for child in node.nodes:
        seed = fields.converted("seeds", child, scalars.seed, problems)
        if seed in found:
            problems.add(child.place, "seeds", f"{seed} stands {found[seed].shortly} already")
        elif seed is not None:
            found[seed] = child.place
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Swept:
    """The axes, where each swept parameter stands, and what may not be as it was meant."""

    axes: tuple[Axis, ...]
    places: Mapping[str, Place]
    warnings: tuple[str, ...]


def swept(node: Node | None, problems: Problems) -> Swept:
    """Read ``sweep``."""
    reader = _Blocks(problems)
    if node is not None:
        reader.read(node)
    return Swept(tuple(reader.axes), reader.places, tuple(reader.warnings))


class _Blocks:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.axes: list[Axis] = []
        self.places: dict[str, Place] = {}
        self.warnings: list[str] = []

    def read(self, node: Node) -> None:
        """Read all blocks in their order."""
        if not isinstance(node, Branch) or not node.nodes:
            found = "an empty one" if isinstance(node, Branch) else scalars.shown(node)
            text = f"expected grid, zip, list or sample, got {found}; leave it out for a single point"
            self._problems.add(node.place, "sweep", text)
            return
        readers = {
            "grid": self._grid,
            "zip": self._zip,
            "list": self._list,
            "sample": self._sample,
        }
        for block, child in node.nodes.items():
            key, place = f"sweep.{block}", node.keys[block]
            if block not in readers:
                self._problems.add(place, key, unknown(block, readers, "block"))
            else:
                readers[block](key, child)

    def _grid(self, key: str, node: Node) -> None:
        for name, cells in self._columns(key, node).items():
            rows: list[tuple[Row, Place]] = [((value,), place) for value, place in cells]
            self._axis(f"{key}.{name}", (name,), rows, "grid")

    def _zip(self, key: str, node: Node) -> None:
        before = len(self._problems)
        columns = self._columns(key, node)
        lengths = {name: len(cells) for name, cells in columns.items()}
        if len(set(lengths.values())) > 1 and len(self._problems) == before:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            text = f"expected lists of the same length, but {told} values"
            self._problems.add(node.place, key, text)
        elif columns and len(self._problems) == before:
            lines = zip(*columns.values(), strict=True)
            rows = [(tuple(value for value, _ in line), line[0][1]) for line in lines]
            self._axis(key, tuple(columns), rows, "zip")

    def _list(self, key: str, node: Node) -> None:
        if not isinstance(node, Items) or not node.nodes:
            text = "expected a list of points, as [{Ava_angle: 35}, {Ava_angle: 38}]"
            found = "an empty one" if isinstance(node, Items) else scalars.shown(node)
            self._problems.add(node.place, key, f"{text}, got {found}")
            return
        before, names = len(self._problems), tuple[str, ...]()
        rows: list[tuple[Row, Place]] = []
        for item in node.nodes:
            if not isinstance(item, Branch) or not item.nodes:
                found = "an empty one" if isinstance(item, Branch) else scalars.shown(item)
                text = f"expected parameters and their values, got {found}"
                self._problems.add(item.place, key, text)
                continue
            known = {
                name: self._value(f"{key}.{name}", name, n) for name, n in item.nodes.items()
            }
            if not names:
                names = tuple(n for n in known if self._take(f"{key}.{n}", n, item.keys[n]))
            elif set(known) != set(names):
                text = f"expected the same parameters in every point: {', '.join(names)}"
                self._problems.add(item.place, key, text)
            if len(self._problems) == before:
                values = tuple(v for v in (known[name] for name in names) if v is not None)
                rows.append((values, item.place))
        if len(self._problems) == before:
            self._axis(key, names, rows, "list")

    def _sample(self, key: str, node: Node) -> None:
        found = samples.read(key, node, self._take, self._problems)
        if found is not None:
            self.axes.append(Axis(found.names, found.rows, "sample"))
            self.warnings += found.warnings

    def _columns(self, key: str, node: Node) -> dict[str, list[tuple[Value, Place]]]:
        """Read a mapping of parameters to lists of values, each value with its place."""
        columns: dict[str, list[tuple[Value, Place]]] = {}
        wish = "parameters and lists of values"
        if isinstance(node, Leaf) and node.null:
            self._problems.add(node.place, key, f"expected {wish}, got nothing")
        if isinstance(node, Branch) and not node.nodes:
            self._problems.add(node.place, key, f"expected {wish}, got an empty one")
        for name, place, child in fields.entries(node, key, wish, self._problems):
            inner = f"{key}.{name}"
            if not self._take(inner, name, place):
                continue
            if not isinstance(child, Items) or not child.nodes:
                found = "an empty one" if isinstance(child, Items) else scalars.shown(child)
                text = f"expected a list of values such as [1, 2], got {found}"
                self._problems.add(child.place, inner, text)
                continue
            values = [(self._value(inner, name, cell), cell.place) for cell in child.nodes]
            columns[name] = [(value, at) for value, at in values if value is not None]
        return columns

    def _axis(
        self, key: str, names: tuple[str, ...], rows: list[tuple[Row, Place]], block: str
    ) -> None:
        """Add an axis unless it has the same values twice."""
        seen: dict[Row, Place] = {}
        for row, place in rows:
            if row in seen:
                shown = ", ".join(
                    f"{value:g}" if isinstance(value, float) else str(value) for value in row
                )
                text = f"{shown} stands {seen[row].shortly} already"
                self._problems.add(place, key, text)
            seen.setdefault(row, place)
        self.axes.append(Axis(names, tuple(row for row, _ in rows), block))

    def _take(self, key: str, name: str, place: Place) -> bool:
        """Note that an axis is over this parameter, which no other may be over."""
        if reason := parameters.refusal(name):
            self._problems.add(place, key, reason)
            return False
        if name in self.places:
            self._problems.add(place, key, f"swept {self.places[name].shortly} already")
            return False
        self.places[name] = place
        return True

    def _value(self, key: str, name: str, node: Node) -> Value | None:
        if name not in PARAMETERS or name in parameters.OWNED:
            return None  # said once, of the name
        known = PARAMETERS[name]
        return fields.converted(
            key, node, lambda leaf: parameters.value(known, leaf), self._problems
        )
