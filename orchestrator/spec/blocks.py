"""The blocks of ``sweep``: grids, parameters that vary together, explicit points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.model import Axis
from orchestrator.spec import fields
from orchestrator.spec.tree import Branch, Items, Leaf

if TYPE_CHECKING:
    from orchestrator.formats.parameters import Value
    from orchestrator.spec.fields import Problems
    from orchestrator.spec.tree import Node, Place


def read(node: Node, problems: Problems) -> tuple[tuple[Axis, ...], dict[str, Place]]:
    """Read ``sweep`` into axes, and tell where each swept parameter stands."""
    reader = _Blocks(problems)
    reader.read(node)
    return tuple(reader.axes), reader.places


class _Blocks:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self.axes: list[Axis] = []
        self.places: dict[str, Place] = {}

    def read(self, node: Node) -> None:
        if not isinstance(node, Branch):
            wish = "expected grid, zip or list, got " + fields.kind_of(node)
            self._problems.add(node.place, "sweep", wish)
            return
        if not node.nodes:
            self._problems.add(node.place, "sweep", "is empty; leave it out for a single point")
        readers = {"grid": self._grid, "zip": self._zip, "list": self._list}
        for key, child in node.nodes.items():
            if key == "sample":
                text = "sampling is not built yet; write the points with list or grid"
                self._problems.add(node.keys[key], "sweep.sample", text)
            elif key not in readers:
                text = fields.unknown(key, readers, "block")
                self._problems.add(node.keys[key], f"sweep.{key}", text)
            else:
                readers[key](child)

    def _grid(self, node: Node) -> None:
        for name, values in self._columns(node, "sweep.grid").items():
            self.axes.append(Axis((name,), tuple((value,) for value in values)))

    def _zip(self, node: Node) -> None:
        columns = self._columns(node, "sweep.zip")
        lengths = {name: len(values) for name, values in columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            self._problems.add(
                node.place, "sweep.zip", f"lists of one length are wanted: {told}"
            )
        elif columns:
            rows = tuple(zip(*columns.values(), strict=True))
            self._unique(node.place, "sweep.zip", rows)
            self.axes.append(Axis(tuple(columns), rows))

    def _list(self, node: Node) -> None:
        if not isinstance(node, Items) or not node.nodes:
            wish = "expected a list of points such as [{Ava_angle: 35}, {Ava_angle: 38}]"
            self._problems.add(node.place, "sweep.list", wish)
            return
        points: list[dict[str, Value]] = []
        for i, item in enumerate(node.nodes):
            key = f"sweep.list[{i}]"
            if not isinstance(item, Branch) or not item.nodes:
                self._problems.add(item.place, key, "expected parameters and their values")
                continue
            if i == 0:
                for name in item.nodes:
                    self._take(name, item.keys[name], f"{key}.{name}")
            found = {name: self._value(name, leaf, key) for name, leaf in item.nodes.items()}
            points.append({name: value for name, value in found.items() if value is not None})
            if list(points[-1]) and set(item.nodes) != set(node.nodes[0].nodes):  # type: ignore[union-attr]  # the first was a mapping, or said to be none
                wanted = ", ".join(points[0])
                self._problems.add(
                    item.place, key, f"every point names the same parameters: {wanted}"
                )
        names = tuple(points[0]) if points else ()
        if names and all(set(point) == set(names) for point in points):
            rows = tuple(tuple(point[name] for name in names) for point in points)
            self._unique(node.place, "sweep.list", rows)
            self.axes.append(Axis(names, rows))

    def _columns(self, node: Node, key: str) -> dict[str, list[Value]]:
        """Read a mapping of parameters to lists of values."""
        if not isinstance(node, Branch) or not node.nodes:
            wish = "expected parameters and lists of values, got " + fields.kind_of(node)
            self._problems.add(node.place, key, wish)
            return {}
        columns = {}
        for name, child in node.nodes.items():
            where = f"{key}.{name}"
            if not self._take(name, node.keys[name], where):
                continue
            if not isinstance(child, Items) or not child.nodes:
                wish = f"expected a list of values such as [1, 2], got {fields.kind_of(child)}"
                self._problems.add(child.place, where, wish)
                continue
            values = [self._value(name, leaf, key) for leaf in child.nodes]
            if None in values:
                continue
            columns[name] = [value for value in values if value is not None]
            if key == "sweep.grid":
                self._unique(child.place, where, tuple((value,) for value in columns[name]))
        return columns

    def _take(self, name: str, place: Place, key: str) -> bool:
        """Note that an axis is over this parameter, which no other may be over."""
        try:
            fields.known_parameter(name)
        except FormatError as error:
            self._problems.add(place, key, str(error))
            return False
        if name in self.places:
            text = f"swept already in line {self.places[name].line}"
            self._problems.add(place, key, text)
            return False
        self.places[name] = place
        return True

    def _value(self, name: str, node: Node, key: str) -> Value | None:
        where = f"{key}.{name}"
        if not isinstance(node, Leaf):
            wish = f"expected a single value, got {fields.kind_of(node)}"
            self._problems.add(node.place, where, wish)
            return None
        try:
            return fields.parameter(fields.known_parameter(name), node)
        except FormatError as error:
            if name in self.places:  # an unknown name was reported once
                self._problems.add(node.place, where, str(error))
            return None

    def _unique(self, place: Place, key: str, rows: tuple[tuple[Value, ...], ...]) -> None:
        seen: set[tuple[Value, ...]] = set()
        for row in rows:
            if row in seen:
                shown = ", ".join(str(value) for value in row)
                self._problems.add(place, key, f"{shown} stands there twice")
            seen.add(row)
