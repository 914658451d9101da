"""Sweep files: one YAML file, checked as a whole, becomes a frozen Sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import arithmetic
from orchestrator.arithmetic import FormulaError
from orchestrator.errors import FormatError, RequestError
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.model import KeepInitial, Outputs, Resources, Run, Sweep
from orchestrator.spec import blocks, fields
from orchestrator.spec.consistency import MOST_EXPERIMENTS, check
from orchestrator.spec.fields import OUTPUTS, RUN, SLURM, Problems
from orchestrator.spec.layers import SECTIONS, chain
from orchestrator.spec.schema import json_schema
from orchestrator.spec.tree import Branch, Items, Leaf

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.arithmetic import Formula
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Axis
    from orchestrator.spec.fields import Field
    from orchestrator.spec.tree import Node, Place

__all__ = ["json_schema", "load"]


def load(path: Path, overrides: Sequence[str] = ()) -> Sweep:
    """Read a sweep file.

    Parameters
    ----------
    path
        The file; templates that it extends are looked for beside it, in ``templates`` there and
        one up, in ``./templates``, and among those that ship with the package.
    overrides
        ``KEY=VALUE`` with dotted keys, such as ``run.stop=100``; checked like the file.

    Raises
    ------
    RequestError
        With all problems of the file, each with line and column.
    """
    problems = Problems()
    layers, text = chain(Path(path), overrides, problems)
    sweep = _Reader(layers, problems).sweep(Path(path), text)
    if found := problems.sentences():
        raise RequestError(*found)
    assert sweep is not None
    return sweep


class _Reader:
    """Reads a file and what it extends; ``layers`` go from the remotest template to the file."""

    def __init__(self, layers: Sequence[Branch], problems: Problems) -> None:
        self._layers = layers
        self._file = layers[-1]
        self._problems = problems

    def sweep(self, path: Path, text: str) -> Sweep | None:
        """Return the sweep, or None if something that it cannot do without is wrong."""
        for layer in self._layers:
            for key in layer.nodes:
                if key not in SECTIONS:
                    wish = fields.unknown(key, SECTIONS, "key")
                    self._problems.add(layer.keys[key], key, wish)
        name = self._required_name()
        axes: tuple[Axis, ...] = ()
        swept: dict[str, Place] = {}
        if "sweep" in self._file.nodes:
            axes, swept = blocks.read(self._file.nodes["sweep"], self._problems)
        parameters, places = self._parameters(swept)
        derived = self._derived(parameters, places, swept)
        where = self._where()
        seeds = self._seeds()
        run = self._section("run", RUN)
        outputs = self._section("outputs", OUTPUTS)
        slurm = self._section("slurm", SLURM)
        extra = self._extra()
        for needed in ("stop", "every"):
            if needed not in run and not self._mentions("run", needed):
                self._problems.add(self._file.place, f"run.{needed}", "required, in t0")
        warnings = check(
            self._file.place,
            self._problems,
            parameters,
            axes,
            derived,
            where,
            run,
            seeds,
            places,
        )
        if name is None or not {"stop", "every"} <= run.keys() or self._problems.sentences():
            return None
        return Sweep(
            name=name,
            description=self._description(),
            parameters=parameters,
            axes=axes,
            derived=derived,
            where=where,
            seeds=seeds,
            run=_run(run),
            outputs=_outputs(outputs),
            resources=_resources(slurm, extra),
            path=path,
            text=text,
            warnings=warnings,
        )

    def _required_name(self) -> str | None:
        if "name" not in self._file.nodes:
            self._problems.add(self._file.place, "name", "required, as in `name: winds`")
            return None
        found: str | None = self._convert("name", self._file.nodes["name"], fields.name)
        return found

    def _description(self) -> str:
        node = self._file.nodes.get("description")
        return "" if node is None else self._convert("description", node, fields.text) or ""

    def _parameters(
        self, swept: Mapping[str, Place]
    ) -> tuple[dict[str, Value], dict[str, Place]]:
        """Read what is held constant; the file beats what it extends, an axis beats both."""
        values: dict[str, Value] = {}
        places: dict[str, Place] = {}
        for layer in self._layers:
            node = layer.nodes.get("parameters")
            if node is None:
                continue
            if not isinstance(node, Branch):
                wish = f"expected parameters and their values, got {fields.kind_of(node)}"
                self._problems.add(node.place, "parameters", wish)
                continue
            for name, child in node.nodes.items():
                key = f"parameters.{name}"
                if layer is self._file and name in swept:
                    text = f"swept already in line {swept[name].line}"
                    self._problems.add(node.keys[name], key, text)
                    continue
                try:
                    known = fields.known_parameter(name)
                except FormatError as error:
                    self._problems.add(node.keys[name], key, str(error))
                    continue
                places[name] = node.keys[name]
                value = self._convert(
                    key, child, lambda leaf, p=known: fields.parameter(p, leaf)
                )
                if value is not None and name not in swept:
                    values[name] = value
        return values, places

    def _derived(
        self,
        parameters: dict[str, Value],
        places: dict[str, Place],
        swept: Mapping[str, Place],
    ) -> dict[str, Formula]:
        """Read formulas; one in the file beats a value that it extends, and the other way round."""
        derived: dict[str, Formula] = {}
        for layer in self._layers:
            own = layer.nodes.get("parameters")
            constants = own.nodes if isinstance(own, Branch) else {}
            for name in constants:
                derived.pop(name, None)
            node = layer.nodes.get("derived")
            if node is None:
                continue
            if not isinstance(node, Branch):
                wish = f"expected parameters and formulas, got {fields.kind_of(node)}"
                self._problems.add(node.place, "derived", wish)
                continue
            for name, child in node.nodes.items():
                key, place = f"derived.{name}", node.keys[name]
                if name not in PARAMETERS:
                    wish = fields.unknown(name, PARAMETERS, "parameter")
                    self._problems.add(place, key, wish)
                elif name in constants:
                    self._problems.add(place, key, "stands under parameters too")
                elif name in swept:
                    if layer is self._file:
                        text = f"swept already in line {swept[name].line}"
                        self._problems.add(place, key, text)
                else:
                    formula = self._convert(
                        key, child, lambda leaf: arithmetic.parse(leaf.text)
                    )
                    if formula is not None:
                        derived[name] = formula
                        places[name] = place
                        parameters.pop(name, None)
        return derived

    def _where(self) -> Formula | None:
        node = self._file.nodes.get("where")
        if node is None:
            return None
        found: Formula | None = self._convert(
            "where", node, lambda leaf: arithmetic.parse(leaf.text)
        )
        return found

    def _seeds(self) -> tuple[int, ...]:
        node = self._file.nodes.get("seeds")
        if node is None:
            return (1,)
        if isinstance(node, Leaf):
            last = self._convert("seeds", node, fields.count)
            return tuple(range(1, min(last or 1, MOST_EXPERIMENTS + 1) + 1))
        if isinstance(node, Items):
            found = [self._convert("seeds", child, _seed) for child in node.nodes]
            if not found:
                self._problems.add(node.place, "seeds", "is empty")
            if len(set(found)) < len(found) and None not in found:
                self._problems.add(node.place, "seeds", "a seed stands there twice")
            return tuple(seed for seed in found if seed is not None)
        return self._seed_range(node)

    def _seed_range(self, node: Branch) -> tuple[int, ...]:
        wanted = {"first": _seed, "count": fields.count}
        found: dict[str, int] = {}
        for key, child in node.nodes.items():
            if key in wanted:
                value = self._convert(f"seeds.{key}", child, wanted[key])
                found |= {} if value is None else {key: value}
            else:
                wish = fields.unknown(key, wanted, "key")
                self._problems.add(node.keys[key], f"seeds.{key}", wish)
        for key in wanted:
            if key not in node.nodes:
                self._problems.add(node.place, f"seeds.{key}", "required beside the other one")
        if set(found) != set(wanted):
            return ()
        return tuple(
            range(found["first"], found["first"] + min(found["count"], MOST_EXPERIMENTS + 1))
        )

    def _section(self, section: str, known: Mapping[str, Field]) -> dict[str, Any]:
        """Read a section field by field, each from the nearest layer that has it."""
        values: dict[str, Any] = {}
        for layer in self._layers:
            node = layer.nodes.get(section)
            if node is None:
                continue
            if not isinstance(node, Branch):
                wish = f"expected keys and values, got {fields.kind_of(node)}"
                self._problems.add(node.place, section, wish)
                continue
            for key, child in node.nodes.items():
                where = f"{section}.{key}"
                if key == "extra" and section == "slurm":
                    continue
                if key not in known:
                    wish = fields.unknown(key, known, "key")
                    self._problems.add(node.keys[key], where, wish)
                elif known[key].nullable and isinstance(child, Leaf) and child.null:
                    values[key] = None
                else:
                    value = self._convert(where, child, known[key].convert)
                    if value is not None:
                        values[key] = value
        return values

    def _extra(self) -> dict[str, Value]:
        """Read ``slurm.extra``: any further option of sbatch, by its long name."""
        found: dict[str, Value] = {}
        for layer in self._layers:
            slurm = layer.nodes.get("slurm")
            node = slurm.nodes.get("extra") if isinstance(slurm, Branch) else None
            if node is None:
                continue
            if not isinstance(node, Branch):
                wish = "expected options of sbatch and their values, as {comment: dunes}"
                self._problems.add(node.place, "slurm.extra", wish)
                continue
            for key, child in node.nodes.items():
                where = f"slurm.extra.{key}"
                if not fields.is_option(key):
                    wish = (
                        "expected the long name of an option of sbatch, without dashes in front"
                    )
                    self._problems.add(node.keys[key], where, wish)
                    continue
                value = self._convert(where, child, fields.option)
                if value is not None:
                    found[key] = value
        return found

    def _mentions(self, section: str, key: str) -> bool:
        nodes = [layer.nodes.get(section) for layer in self._layers]
        return any(isinstance(node, Branch) and key in node.nodes for node in nodes)

    def _convert(self, key: str, node: Node, convert: Any) -> Any:
        """Convert a scalar, or note what is wrong with it and return None."""
        if not isinstance(node, Leaf):
            wish = f"expected a single value, got {fields.kind_of(node)}"
            self._problems.add(node.place, key, wish)
            return None
        try:
            return convert(node)
        except (FormatError, FormulaError) as error:
            self._problems.add(node.place, key, str(error))
            return None


def _seed(leaf: Leaf) -> int:
    value = fields.whole(leaf)
    if not 0 <= value < 2**31:
        raise FormatError(f"expected a seed from 0 to {2**31 - 1}, got {leaf.text}")
    return value


def _run(values: Mapping[str, Any]) -> Run:
    return Run(
        stop_t0=values["stop"],
        every_t0=values["every"],
        engine=values.get("engine", "auto"),
        silence_s=values.get("silence", 600.0),
        time_limit_s=values.get("time_limit"),
    )


def _outputs(values: Mapping[str, Any]) -> Outputs:
    return Outputs(
        height_maps=values.get("height_maps", True),
        ffts=values.get("ffts", True),
        keep_initial=KeepInitial(values.get("keep_initial", "gzip")),
    )


def _resources(values: Mapping[str, Any], extra: Mapping[str, Value]) -> Resources:
    given = {key: value for key, value in values.items() if key != "time"}
    return Resources(**given, time_min=values.get("time"), extra=extra)
