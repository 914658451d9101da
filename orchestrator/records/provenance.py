"""How an experiment's data were made: ``account.json`` of an attempt and ``meta_data``."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.formats import winds
from orchestrator.formats.durable import read_json, refuse_links, write_json
from orchestrator.model import own_reductions, reductions
from orchestrator.records import border, failures

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.model import Engine, Record, Run, Task
    from orchestrator.model.reductions import Reduction
    from orchestrator.records.paths import AttemptDirectory, ExperimentDirectory

_NO_DATA = {"data": "none", "snapshots": 0}


def describe(
    task: Task,
    engine: Engine,
    directory: ExperimentDirectory,
    commands: Mapping[str, Sequence[str]],
    own: Sequence[Reduction] = (),
) -> None:
    """Write down, before the engine starts, what an attempt is made from and how.

    ``meta_data`` says it too, as long as it has no data of an earlier attempt to tell of. ``own`` are
    the reductions of the user's own.
    """
    experiment, attempt = task.experiment, directory.attempt(task.attempt)
    account = {
        "experiment": directory.root.name,
        "attempt": attempt.number,
        "parameters": dict(experiment.point.parameters),
        **_winds(experiment.point.parameters),
        "seed": experiment.point.seed,
        **{
            name: value for name, value in made_alike(task, engine).items() if value is not None
        },
        **ends_when(task.run),
        "engine": engine.name,
        "engine_version": engine.version,
        "rescal_root": None if engine.root is None else str(engine.root),
        **_table(engine),
        "commands": {name: list(command) for name, command in commands.items()},
        "arrays": {
            r.name: {"dtype": r.dtype, "dims": ["snapshot", *r.dims], **_about(r)}
            for r in (*reductions.REDUCTIONS, *own)
            if task.outputs.keeps(r)
        },
        "host": os.uname().nodename,
        "processor": processor(),
    }
    write_json(attempt.account, account, durable=False)
    if _known(directory)["snapshots"] == 0:
        _tell(directory, {**account, **_NO_DATA})


def labels(parameter: Parameter) -> dict[str, str]:
    """Return name and unit of a parameter, as the CF conventions call them."""
    unit = {"units": parameter.unit} if parameter.unit else {}
    comment = {"comment": parameter.in_nature} if parameter.in_nature else {}
    return {"long_name": parameter.meaning, **unit, **comment}


def description(directory: ExperimentDirectory) -> Mapping[str, Any]:
    """Return what ``meta_data`` tells whoever may read it; nothing where it cannot be read."""
    try:
        return read_json(directory.meta_data) or {}
    except PermissionError:
        return {}


def parameter_table(directory: ExperimentDirectory) -> dict[str, dict[str, str]]:
    """Return :func:`labels` of the parameters of a simulator of the user's own; {} if unknown."""
    table = description(directory).get("parameter_table")
    return table if isinstance(table, dict) else {}


def _table(engine: Engine) -> dict[str, Any]:
    """Return what readers need of a simulator of the user's own instead of its code."""
    if engine.own is None:
        return {}
    return {"parameter_table": {p.name: labels(p) for p in engine.own.simulator.parameters}}


def _about(reduction: Reduction) -> dict[str, Any]:
    """Return what an array is, and of an own one what its readers need instead of its code."""
    more = {"sizes": dict(reduction.sizes), "source": dict(reduction.source)}
    return {**reduction.about(), **{name: value for name, value in more.items() if value}}


def reductions_of(directory: ExperimentDirectory) -> tuple[Reduction, ...]:
    """Return what the snapshots of an experiment are reduced to: what ships, and its own."""
    return (*reductions.REDUCTIONS, *own_of(directory))


def own_of(directory: ExperimentDirectory) -> tuple[Reduction, ...]:
    """Return the user's own reductions of an experiment, as ``meta_data`` describes them.

    Their code is not needed to read what they made.
    """
    return tuple(own_reductions.described(description(directory).get("arrays")))


def _winds(parameters: Mapping[str, Value]) -> dict[str, Any]:
    """Return the winds of an experiment row by row, where the sweep file has them."""
    if winds.WIND not in parameters:
        return {}
    return {"wind": winds.parse(str(parameters[winds.WIND])).as_json()}


def made_alike(task: Task, engine: Engine) -> dict[str, Any]:
    """Return what two attempts at an experiment must share if one is to go on with the other."""
    return {
        **same_kind(task, engine),
        "stop_t0": task.run.stop_t0,
        "every_t0": task.run.every_t0,
    }


def ends_when(run: Run) -> dict[str, str]:
    """Return the conditions that end a run, as far as it has any."""
    conditions = {"stop_when": run.stop_when, "invalid_when": run.invalid_when}
    return {name: formula for name, formula in conditions.items() if formula}


def same_kind(task: Task, engine: Engine) -> dict[str, Any]:
    """Return the same without times, which a later attempt may have others of."""
    return {
        "engine_digest": engine.digest,
        **{name: getattr(task.outputs, name) for name in _switches()},
        "own": dict(task.outputs.own) or None,  # accounts do not say that there are none
    }


def _switches() -> list[str]:
    """Return the keys under ``outputs`` that switch reductions off."""
    return [r.output for r in reductions.REDUCTIONS if r.output is not None]


def credit(
    directory: ExperimentDirectory, attempt: AttemptDirectory, snapshots: int, time_t0: float
) -> None:
    """Tell in ``meta_data`` that the data so far are this attempt's, and how it is made."""
    reach = {"data": "partial", "snapshots": snapshots, "time_t0": time_t0}
    _tell(directory, {**(read_json(attempt.account) or {}), **reach})


def conclude(
    directory: ExperimentDirectory,
    attempt: AttemptDirectory,
    record: Record,
    *,
    published: bool,
) -> None:
    """Tell in ``meta_data`` how an attempt ended whose data are ``published``.

    Of another only that it was made, unless there are no data at all.
    """
    known = _known(directory)
    if published or known["snapshots"] == 0:
        data = "complete" if record.complete else "partial" if published else "none"
        known = {
            **(read_json(attempt.account) or {"attempt": attempt.number}),
            "data": data,
            "snapshots": record.snapshots if published else 0,
            "time_t0": record.time_t0,
            "state": record.state.value,
            "reason": failures.reason(record),
            "started": record.started,
            "ended": record.ended,
            "wall_s": record.wall_s,
        }
    _tell(directory, known)


def _known(directory: ExperimentDirectory) -> Mapping[str, Any]:
    """Return what is told of the data so far; of none where that cannot be read."""
    known = read_json(directory.meta_data) or {}
    return _NO_DATA if border.problem(known, {"snapshots": border.COUNT}) else known


def _tell(directory: ExperimentDirectory, known: Mapping[str, Any]) -> None:
    refuse_links(directory.root)
    made = [attempt.number for attempt in directory.attempts()]
    write_json(directory.meta_data, {**known, "attempts": made}, durable=False)  # records are


@functools.cache
def processor() -> str:
    """Return the name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, os.uname().machine)
