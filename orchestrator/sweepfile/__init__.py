"""Sweep files: reading, validation, expansion into points."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.formats.parameters import PARAMETERS
from orchestrator.model import KeepInitial, OnTimeout, Outputs, Resources, Run, Sweep
from orchestrator.sweepfile import (
    blocks,
    consistency,
    fields,
    file_warnings,
    own_engine,
    own_names,
    own_outputs,
    scalars,
    seeds,
)
from orchestrator.sweepfile.consistency import Parts
from orchestrator.sweepfile.layers import chain
from orchestrator.sweepfile.parameters import settle
from orchestrator.sweepfile.problems import Problems
from orchestrator.sweepfile.schema import json_schema
from orchestrator.sweepfile.sections import converted, section
from orchestrator.sweepfile.tree import Leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from orchestrator.model.simulators import OwnEngine
    from orchestrator.sweepfile.problems import Position
    from orchestrator.sweepfile.tree import Branch

Read = TypeVar("Read")

_UNITS = {"stop": "_t0", "every": "_t0"} | dict.fromkeys(
    ("silence", "checkpoint_every", "time_limit"), "_s"
)
"""Ends of the names that the fields of ``run`` have in :class:`Run`."""

__all__ = ["json_schema", "load"]


def load(path: Path, overrides: Sequence[str] = ()) -> Sweep:
    """Read a sweep file.

    Parameters
    ----------
    path
        The file. Templates that it extends are looked for beside it, in ``templates`` there, one
        and two up, in ``./templates``, and among those that ship with the package.
    overrides
        ``KEY=VALUE`` with dotted keys, such as ``run.stop=100``; checked like the file.

    Raises
    ------
    RequestError
        With all problems of the file and its templates, each with line and column.
    """
    path, problems = Path(path), Problems()
    layers, text, templates = chain(path, overrides, problems)
    file = layers[-1]
    run = section(layers, "run", fields.RUN, problems)
    engine = own_engine.settle(run, path.parent, problems)
    table = PARAMETERS if engine is None else engine.simulator.table
    names = own_names.names(layers, table)
    swept = blocks.swept(file.nodes.get("sweep"), names, problems)
    parts = Parts(
        position=file.position,
        known=names,
        axes=swept.axes,
        settled=settle(layers, swept.positions, names, problems),
        seeds=seeds.read(file.nodes.get("seeds"), problems),
        run=run,
        outputs=section(layers, "outputs", fields.OUTPUTS, problems),
    )
    slurm = section(layers, "slurm", fields.SLURM, problems)
    name = _name(file, problems)
    description = _scalar(file, "description", scalars.text, problems)
    where = _scalar(file, "where", scalars.formula, problems)
    consistency.check(parts, where, file.keys.get("where", file.position), problems)
    derived = consistency.ordered(parts.settled, problems)
    of_own = own_outputs.settle(parts, path.parent, problems)
    problems.check()
    return Sweep(
        name=name,
        description=description or "",
        parameters=parts.settled.values,
        axes=swept.axes,
        derived=derived,
        where=where,
        seeds=tuple(parts.seeds),
        run=_run(run.values, engine),
        outputs=_outputs({**parts.outputs.values, fields.OWN: of_own.references}),
        resources=_resources(slurm.values),
        path=path,
        text=text,
        templates=templates,
        positions={name: str(at) for name, at in _positions(file, parts).items()},
        wind=parts.settled.wind,
        overrides=tuple(overrides),
        modules={**of_own.modules, **_module(engine)},
        reductions=of_own.reductions,
        engine=engine,
        warnings=(*swept.warnings, *file_warnings.warnings(parts, where)),
    )


def _positions(file: Branch, parts: Parts) -> dict[str, Position]:
    """Return where parameters stand, and those keys of which a fault shows later."""
    run = {f"run.{key}": at for key, at in parts.run.positions.items()}
    return {**file.keys, **run, **parts.settled.positions}


def _name(file: Branch, problems: Problems) -> str:
    if "name" not in file.nodes:
        problems.add(file.position, "name", "required, as in `name: winds`")
        return ""
    return converted("name", file.nodes["name"], scalars.name, problems) or ""


def _scalar(
    file: Branch, key: str, convert: Callable[[Leaf], Read], problems: Problems
) -> Read | None:
    """Read a scalar at the top of the file; null is the same as leaving it out."""
    node = file.nodes.get(key)
    if node is None or (isinstance(node, Leaf) and node.null):
        return None
    return converted(key, node, convert, problems)


def _module(engine: OwnEngine | None) -> dict[str, Path]:
    """Return the file that describes a simulator of the user's own, by the name of its copy."""
    if engine is None or " " in engine.reference:
        return {}
    return {engine.reference.partition(":")[0]: engine.module}


def _run(values: Mapping[str, Any], engine: OwnEngine | None) -> Run:
    if engine is not None:
        values = {**values, "engine": engine.reference}
    if "on_timeout" in values:
        values = {**values, "on_timeout": OnTimeout(values["on_timeout"])}
    return Run(**{key + _UNITS.get(key, ""): value for key, value in values.items()})


def _outputs(values: Mapping[str, Any]) -> Outputs:
    if "keep_initial" in values:
        values = {**values, "keep_initial": KeepInitial(values["keep_initial"])}
    return Outputs(**values)


def _resources(values: Mapping[str, Any]) -> Resources:
    others = {key: value for key, value in values.items() if key != "time"}
    return Resources(**others, time_min=values.get("time"))
