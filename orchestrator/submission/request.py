"""How attempts are to be made: where, with which engine, outputs and resources."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from orchestrator import settings
from orchestrator.errors import RequestError
from orchestrator.model import Cluster, Submission
from orchestrator.records import attempts
from orchestrator.slurm.client import Unknown, ask
from orchestrator.submission.resources import effective

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.model import Outputs, Resources, Run, Sweep

CLUSTERS = ("auto", Cluster.SLURM.value, Cluster.LOCAL.value)
"""What a person may choose; ``auto`` is Slurm where a controller answers, else this machine."""


class Placement(TypedDict, total=False):
    """Where to run, and on how much of it; what is absent or None is left to the settings.

    ``cluster`` is one of :data:`CLUSTERS`, ``workers`` the number of experiments at a time on this
    machine; the others are Slurm's options by their own names, as the sweep file has them.
    """

    cluster: str | None
    workers: int | str | None
    partition: str | None
    account: str | None
    qos: str | None
    time: str | int | None
    mem: str | None
    exclude: str | None
    pack: str | int | None


@dataclass(frozen=True, slots=True)
class Request:
    """How attempts are to be made: all of a submission but which experiments.

    ``root`` is the ReSCAL-snow tree of the engine, None for the built-in one.
    """

    cluster: Cluster
    run: Run
    outputs: Outputs
    resources: Resources
    root: Path | None


def request(sweep: Sweep, cluster: Cluster, placement: Placement) -> Request:
    """Return the request that a sweep file and a placement make together."""
    return Request(
        cluster=cluster,
        run=sweep.run,
        outputs=sweep.outputs,
        resources=effective(sweep.resources, placement),
        root=settings.chosen_root(sweep.run.engine),
    )


def cluster_of(placement: Placement) -> Cluster:
    """Return where to run.

    Raises
    ------
    RequestError
        For an unknown word, or if Slurm was chosen and no controller answers.
    """
    chosen = placement.get("cluster")
    origin = "--cluster" if chosen else settings.origin("cluster")
    word = chosen or settings.preset("cluster") or "auto"
    if word not in CLUSTERS:
        raise RequestError(f"{origin}: expected one of {', '.join(CLUSTERS)}, got {word}")
    if word == "auto":
        return Cluster.SLURM if _answers() else Cluster.LOCAL
    if word == Cluster.SLURM.value and not _answers():
        raise RequestError(
            f"{origin}: no Slurm controller answers here, as slurm needs; use --cluster local"
        )
    return Cluster(word)


def workers_of(placement: Placement, cores: int) -> int:
    """Return how many experiments may run at a time on this machine (default: its cores)."""
    chosen = placement.get("workers")
    origin = "--workers" if chosen is not None else settings.origin("workers")
    word = str(chosen if chosen is not None else settings.preset("workers") or cores)
    if not word.isdecimal() or int(word) < 1:
        raise RequestError(f"{origin}: expected a whole number from 1 on, got {word}")
    return int(word)


def submission(request: Request, token: str, wanted: Mapping[int, int]) -> Submission:
    """Return the submission of ``wanted``: one attempt per experiment's number."""
    return Submission(
        token=token,
        time=attempts.now(),
        cluster=request.cluster,
        attempts=wanted,
        run=request.run,
        outputs=request.outputs,
        resources=request.resources,
        root=request.root,
    )


def _answers() -> bool:
    """Return whether there is a Slurm here and its controller answers."""
    return shutil.which("sbatch") is not None and not isinstance(
        ask("scontrol", "ping"), Unknown
    )
