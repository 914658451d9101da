"""What submitting a sweep file would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import settings, sweepfile
from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import simulator
from orchestrator.submission import cost as costs
from orchestrator.submission import local_pool, packing
from orchestrator.submission.comparison import compare
from orchestrator.submission.refusals import refusals
from orchestrator.submission.request import cluster_of, request, workers_of
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from typing import Unpack

    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.cost import Cost
    from orchestrator.submission.packing import Site
    from orchestrator.submission.request import Placement, Request


@dataclass(frozen=True, slots=True)
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
    comparison = compare_file(file, overrides, data_dir)
    wanted = comparison.wanted
    wish = request(comparison.sweep, cluster_of(placement, overrides), placement)
    site = packing.site(wish.cluster)
    workers = workers_of(placement, local_pool.cores())
    statuses = comparison.statuses.values()
    each_s = costs.expected_s(wanted, wish.run, statuses, builtin=wish.root is None)
    packed = packing.packing(wish, each_s, workers, site)
    return Plan(
        comparison,
        wish,
        costs.estimate(packed, each_s, statuses),
        (
            *packing.problems(comparison.directory, wish, site),
            *refusals(
                simulator.find(wish.root), comparison.sweep, comparison.directory, wanted
            ),
        ),
        site,
    )


def compare_file(
    file: str | os.PathLike[str],
    overrides: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
) -> Comparison:
    """Return how a sweep file compares with what is on disk."""
    sweep = sweepfile.load(Path(file), overrides)
    directory = SweepDirectory(settings.data_directory(data_dir) / sweep.name)
    return compare(sweep, directory, expansion.expand(sweep))
