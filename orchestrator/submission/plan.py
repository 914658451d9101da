"""What submitting a sweep file would do."""

from __future__ import annotations

import contextlib
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import settings, sweepfile, text
from orchestrator.errors import OrchestratorError
from orchestrator.model import EngineKind
from orchestrator.records import memory, pace, paths
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.runner import simulator
from orchestrator.submission import cost as costs
from orchestrator.submission import local_pool, packing
from orchestrator.submission.comparison import compare
from orchestrator.submission.refusals import Checker, refusals
from orchestrator.submission.request import cluster_of, request, workers_of
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Iterator, Sequence
    from typing import Unpack

    from orchestrator.model import Engine, Status, Submission, Sweep
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.cost import Cost
    from orchestrator.submission.packing import Site
    from orchestrator.submission.request import Placement, Request

_OTHER_SWEEPS = 3  # of which the pace is learnt where the sweep itself has run nothing
_OTHER_EXPERIMENTS = 30


@dataclass(frozen=True, slots=True, repr=False)
class Plan:
    """What submitting a sweep file would do.

    Attributes
    ----------
    comparison
        The file against what is on disk.
    request
        How attempts would be made.
    cost
        Jobs, time and hours that they would use.
    problems
        Why Slurm would never start the jobs, or the engine refuse them, one sentence each.
    site
        What the Slurm cluster has and allows; None on this machine.
    """

    comparison: Comparison
    request: Request
    cost: Cost
    problems: tuple[str, ...]
    site: Site | None

    def __repr__(self) -> str:
        lines = [repr(self.comparison)]
        if self.cost.each_s:
            lines.append(f"about {text.seconds(self.cost.wall_s)} for all that are new")
        return "\n".join([*lines, *self.problems])

    def scripts(self) -> tuple[str, ...]:
        """Return what sbatch would read, one text per size of array; none on this machine."""
        directory, packed = self.comparison.directory, self.cost.packing
        return packing.scripts(directory, self.request, packed, self.site)

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain data; fields are only ever added."""
        comparison = self.comparison
        kept = {e.point.key for e in comparison.reconciliation.kept}
        return {
            "sweep": comparison.sweep.name,
            "directory": str(comparison.directory.root),
            "new": len(comparison.reconciliation.new),
            "kept": len(kept),
            "orphaned": [e.number for e in comparison.reconciliation.orphaned],
            "otherwise": list(comparison.otherwise),
            "never_started": list(comparison.idle),
            "usage": costs.as_json(self.cost),
            "experiments": [
                {
                    "number": number,
                    "key": point.key,
                    "seed": point.seed,
                    "plan": "kept" if point.key in kept else "new",
                    "parameters": dict(point.parameters),
                }
                for point, number in comparison.numbered
            ],
        }


def plan(
    file: str | os.PathLike[str],
    *,
    overrides: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
    **placement: Unpack[Placement],
) -> Plan:
    """Return what submitting a sweep file would do; change nothing.

    Parameters
    ----------
    file
        The sweep file.
    overrides
        ``KEY=VALUE`` with dotted keys, such as ``run.stop=100``, put over the file's values.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    **placement
        Where to run: see :class:`orchestrator.submission.request.Placement`.

    Raises
    ------
    RequestError
        With all problems of the file, or of the placement.
    """
    return plan_sweep(sweepfile.load(Path(file), overrides), data_dir, placement)


def plan_sweep(
    sweep: Sweep, data_dir: str | os.PathLike[str] | None, placement: Placement
) -> Plan:
    """Return what submitting a sweep would do, as :func:`plan` has it of its file."""
    wish = request(sweep, cluster_of(placement, sweep.overrides), placement)
    engine = simulator.of_sweep(sweep, wish.root)
    with contextlib.closing(Checker(engine)) as checker, ThreadPoolExecutor(1) as beside:
        comparison = compare_sweep(sweep, data_dir)
        wanted, directory = comparison.wanted, comparison.directory
        refused = beside.submit(refusals, checker, sweep, directory, wanted)
        site = packing.site(wish.cluster)
        workers = workers_of(placement, local_pool.cores())
        cost = _cost(comparison, wish, engine, workers, site)
        problems = (*packing.problems(directory, wish, site), *refused.result())
    return Plan(comparison, wish, cost, problems, site)


def _cost(
    comparison: Comparison, wish: Request, engine: Engine, workers: int, site: Site | None
) -> Cost:
    """Return what the new experiments would use."""
    wanted = comparison.wanted
    seen, elsewhere = _seen(comparison, wish)
    here = None if any(status.reached for status in seen) or not wanted else _measured(engine)
    each_s = costs.expected_s(wanted, wish.run, seen, wish.kind, here)
    packed = packing.packing(wish, each_s, workers, site)
    needed_mb = memory.expected_mb((p.parameters for p in wanted), seen, wish.kind)
    cost = dataclasses.replace(costs.estimate(packed, each_s, seen), memory_mb=needed_mb)
    if wish.kind is EngineKind.OWN and not elsewhere and not cost.seen:
        return dataclasses.replace(cost, learnt_from="nothing")
    if not elsewhere and here is None:
        return cost
    learnt_from = "other sweeps" if elsewhere else "measured"
    return dataclasses.replace(cost, learnt_from=learnt_from)


def _measured(engine: Engine) -> pace.Pace | None:
    """Return the pace of a small run of the engine on this machine; None where it has none."""
    run = simulator.speed(engine)
    return pace.measured(**run) if run else None


def _seen(comparison: Comparison, wish: Request) -> tuple[Collection[Status], bool]:
    """Return from what times are learnt, and whether that is other sweeps, as of a first one."""
    own = comparison.statuses.values()
    if all(status.reached is None for status in own):
        others = list(_elsewhere(comparison.directory, wish))
        if others:
            return others, True
    return own, False


def _elsewhere(directory: SweepDirectory, wish: Request) -> Iterator[Status]:
    """Yield experiments that the same engine has run in the last other sweeps of a data directory."""
    others = [s for s in paths.sweeps(directory.root.parent) if s.root != directory.root]
    others.sort(key=lambda sweep: sweep.ledger.stat().st_mtime, reverse=True)
    for sweep in others[:_OTHER_SWEEPS]:
        with contextlib.suppress(
            OrchestratorError, OSError
        ):  # one that cannot be read tells nothing
            for status in read_statuses(sweep, range(_OTHER_EXPERIMENTS)):
                made = status.submission is not None and _alike(status.submission, wish)
                if made and status.record is not None and status.record.complete:
                    yield status


def _alike(made: Submission, wish: Request) -> bool:
    """Return whether a submission was made with the same engine as is wished for."""
    same = not wish.run.own_engine or made.run.engine == wish.run.engine
    return made.kind is wish.kind and made.root == wish.root and same


def compare_sweep(sweep: Sweep, data_dir: str | os.PathLike[str] | None = None) -> Comparison:
    """Return how a sweep compares with what is on disk."""
    directory = SweepDirectory(settings.data_directory(data_dir) / sweep.name)
    return compare(sweep, directory, expansion.expand(sweep))
