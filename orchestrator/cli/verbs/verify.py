"""Run an experiment again and compare every snapshot with those that are there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.cli import arguments
from orchestrator.errors import OrchestratorError, RequestError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console

    from orchestrator.analysis.comparison import Comparison
    from orchestrator.model import Engine
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.paths import SweepDirectory


EXAMPLES = ("quickstart exp3",)


def configure(parser: argparse.ArgumentParser) -> None:
    arguments.add_sweep(parser)
    arguments.add_experiment(parser)


def perform(options: argparse.Namespace) -> int:
    """Make the experiment again from its own account, beside it, and compare."""
    from orchestrator.analysis import comparison
    from orchestrator.cli import screen
    from orchestrator.formats.durable import read_json
    from orchestrator.records import arrays, attempts, failures, provenance, selection
    from orchestrator.records.status import read_statuses

    console = screen.console(options)
    directory = selection.find_sweep(options.sweep, options.data_dir)
    number = selection.choose_one(options.experiment, directory, "verify")
    (status,) = read_statuses(directory, [number])
    experiment = directory.experiment(number)
    known = read_json(experiment.meta_data)
    before = arrays.reduced(experiment)
    if known is None or len(before.times) == 0:
        name, state = status.experiment.name, status.state.value
        raise RequestError(f"{name} has no snapshots to compare with; it is {state}")
    engine = _engine(known, directory, console)
    record = attempts.read_record(experiment.attempt(known.get("attempt", status.attempt)))
    resumed = record.continuation if record is not None else None
    if resumed is not None and not resumed.exact:
        screen.warn(console, f"{status.experiment.name}: {failures.continued(resumed)}")
    with (
        tempfile.TemporaryDirectory(prefix=".verify-", dir=directory.root) as scratch,
        screen.busy(console, f"running {status.experiment.name} again"),
    ):
        after = _again(known, status.experiment.number, engine, Path(scratch))
    if len(before.height_maps) == 0:
        console.print("it kept no height maps; what else is there is compared", style="yellow")
    own = provenance.own_of(experiment)
    compared = list(comparison.compare(before, after, int(known.get("snapshots", 0)), own))
    return _tell(console, status.experiment.name, compared)


def _engine(known: dict[str, Any], directory: SweepDirectory, console: Console) -> Engine:
    """Return the engine that made an experiment, and say where it has changed since."""
    from orchestrator.cli import screen
    from orchestrator.runner import simulator

    root = known.get("rescal_root")
    tree = None if root is None else Path(root)
    engine = simulator.of_experiment(known["parameters"], tree, directory.inputs)
    if engine.digest != known.get("engine_digest"):
        recorded = f"{known.get('engine')} {known.get('engine_version')}".strip()
        screen.warn(
            console,
            f"the engine is another than it was ({recorded}); differences may come from that",
        )
    return engine


def _again(known: dict[str, Any], number: int, engine: Engine, scratch: Path) -> Reduced:
    from orchestrator.model import Experiment, OnTimeout, Outputs, Point, Run, State, Task
    from orchestrator.records import arrays, attempts, failures
    from orchestrator.records.paths import ExperimentDirectory
    from orchestrator.runner import orphans
    from orchestrator.runner.attempt import Assignment
    from orchestrator.runner.stop import Stop
    from orchestrator.runner.supervisor import supervise

    again = ExperimentDirectory(scratch)
    attempt = attempts.claim(again, 1, attempts.myself("", "verify"))
    assert attempt is not None
    point = Point("", known["parameters"], known["seed"])
    orphans.adopt()
    run = Run(known["stop_t0"], known["every_t0"], on_timeout=OnTimeout.RERUN)
    with Stop.on_signals() as stop:
        outputs = Outputs(own=known.get("own") or {})
        task = Task(Experiment(number, point), 1, run, outputs)
        record = supervise(Assignment(task, engine, again, stop))
    if record.state is State.CANCELLED:
        raise KeyboardInterrupt
    if record.state is not State.DONE:
        raise OrchestratorError(
            f"the second run {record.state.value}: {failures.reason(record)}"
        )
    return arrays.reduced(again)


def _tell(console: Console, name: str, compared: Sequence[Comparison]) -> int:
    from orchestrator.cli import screen

    for snapshot in compared:
        verdict = snapshot.difference or "equal"
        screen.say(
            console, f"t = {snapshot.time_t0:<12.7g} {snapshot.digest[:16]:16}  {verdict}"
        )
    equal = sum(not snapshot.difference for snapshot in compared)
    verdict = f"{name}: {equal} of {len(compared)} snapshots equal"
    style = "green" if equal == len(compared) else "red"
    console.print(verdict, style=style, markup=False, highlight=False)
    return 0 if equal == len(compared) else 1
