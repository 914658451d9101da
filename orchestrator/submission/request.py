"""Where and how attempts are to be made, as a sweep file and the command line want it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.model import Submission
from orchestrator.records import attempts
from orchestrator.slurm.client import Unknown, ask
from orchestrator.submission import settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.model import Outputs, Resources, Run, Sweep


CLUSTERS = ("auto", "slurm", "local")
"""Where a sweep may run."""


def where(asked: str | None) -> str:
    """Decide where to run: ``auto`` means Slurm where one answers, else this machine."""
    said = asked or settings.preset("cluster") or "auto"
    place = "--cluster" if asked else settings.place_of("cluster")
    if said not in CLUSTERS:
        raise RequestError(f"{place}: expected one of {', '.join(CLUSTERS)}, got {said}")
    if said == "slurm" and not _answers():
        raise RequestError(
            f"{place}: no Slurm controller answers here, as slurm needs; use --cluster local"
        )
    if said == "auto":
        return "slurm" if _answers() else "local"
    return said


def _answers() -> bool:
    """Tell whether there is a Slurm here and its controller answers."""
    return shutil.which("sbatch") is not None and not isinstance(
        ask("scontrol", "ping"), Unknown
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """How attempts are to be made: all of a submission but which experiments."""

    cluster: str
    run: Run
    outputs: Outputs
    resources: Resources
    root: Path | None


def wished(sweep: Sweep, place: str, resources: Resources) -> Wish:
    """Return the wish to make attempts as a sweep file says, in ``place`` with ``resources``."""
    return Wish(
        cluster=place,
        run=sweep.run,
        outputs=sweep.outputs,
        resources=resources,
        root=settings.chosen_root(sweep.run.engine),
    )


def submission(wish: Wish, token: str, wanted: Mapping[int, int]) -> Submission:
    """Return the submission that asks for ``wanted``: an attempt for each experiment's number."""
    return Submission(
        token=token,
        time=attempts.now(),
        cluster=wish.cluster,
        attempts=wanted,
        run=wish.run,
        outputs=wish.outputs,
        resources=wish.resources,
        root=wish.root,
    )
