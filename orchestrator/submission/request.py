"""How attempts are to be made: where, with which engine, outputs and resources."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from orchestrator import settings
from orchestrator.errors import RequestError
from orchestrator.model import Cluster, Submission
from orchestrator.records import attempts
from orchestrator.slurm.client import Unknown, ask
from orchestrator.slurm.cluster import me
from orchestrator.submission.resources import effective

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.model import EngineKind, Outputs, Resources, Run, Sweep

_CONFIGURATIONS = (Path("/etc/slurm/slurm.conf"), Path("/etc/slurm-llnl/slurm.conf"))


class Placement(TypedDict, total=False):
    """Where to run, and on how much of it; what is absent or None is left to the settings.

    ``cluster`` is one of :data:`orchestrator.settings.CLUSTERS`, ``workers`` the number of experiments at a time on this
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

    ``root`` is the ReSCAL-snow tree of the engine, None for every other one.
    """

    cluster: Cluster
    run: Run
    outputs: Outputs
    resources: Resources
    root: Path | None

    @property
    def kind(self) -> EngineKind:
        """Whose engine makes the attempts."""
        return self.run.kind(self.root)


def request(sweep: Sweep, cluster: Cluster, placement: Placement) -> Request:
    """Return the request that a sweep file and a placement make together."""
    return Request(
        cluster=cluster,
        run=sweep.run,
        outputs=sweep.outputs,
        resources=effective(sweep.resources, placement),
        root=settings.chosen_root(sweep.run.engine, sweep.positions.get("run.engine", "")),
    )


def cluster_of(placement: Placement, overrides: Sequence[str] = ()) -> Cluster:
    """Return where to run; ``overrides`` are what is put over the sweep file.

    Raises
    ------
    RequestError
        For an unknown word, if Slurm was chosen or is installed here and no controller answers,
        or if options of Slurm are given and it would not be used.
    """
    chosen = placement.get("cluster")
    origin = "--cluster" if chosen else settings.origin("cluster")
    word = chosen or settings.preset("cluster") or "auto"
    if word not in settings.CLUSTERS:
        raise RequestError(
            f"{origin}: expected one of {', '.join(settings.CLUSTERS)}, got {word}"
        )
    cluster = _automatic() if word == "auto" else Cluster(word)
    if word == Cluster.SLURM.value and (silence := _silence()) is not None:
        raise RequestError(
            f"{origin}: no Slurm controller answers here, as slurm needs ({silence}); "
            "use --cluster local to run on this machine"
        )
    options = _slurm_options(placement, overrides)
    if cluster is Cluster.LOCAL and options:
        raise RequestError(
            f"{', '.join(options)}: only for Slurm, but the experiments would run on this machine; "
            "leave it out, or use --cluster slurm"
        )
    return cluster


def workers_of(placement: Placement, cores: int) -> int:
    """Return how many experiments may run at a time on this machine (default: its cores)."""
    chosen = placement.get("workers")
    origin = "--workers" if chosen is not None else settings.origin("workers")
    word = str(chosen if chosen is not None else settings.preset("workers") or cores)
    if not word.isdecimal() or int(word) < 1:
        raise RequestError(f"{origin}: expected a whole number from 1 on, got {word}")
    return int(word)


def submission(
    request: Request, token: str, wanted: Mapping[int, int], slurm_cluster: str = ""
) -> Submission:
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
        slurm_cluster=slurm_cluster,
        user=me(),
    )


def _automatic() -> Cluster:
    """Return Slurm where its controller answers, this machine where there is no Slurm at all.

    A login node must not compute because its controller is down or slow.
    """
    silence = _silence()
    if silence is None:
        return Cluster.SLURM
    if (sign := installed()) is not None:
        raise RequestError(
            f"Slurm is installed here ({sign}) but does not answer: {silence}; "
            "try again later, or use --cluster local to run on this machine"
        )
    return Cluster.LOCAL


def installed() -> str | None:
    """Return what shows that this machine belongs to a Slurm cluster; None where nothing does."""
    if (sbatch := shutil.which("sbatch")) is not None:
        return sbatch
    if os.environ.get("SLURM_CONF"):
        return "$SLURM_CONF"
    return next((str(path) for path in _CONFIGURATIONS if path.exists()), None)


def _silence() -> str | None:
    """Return why Slurm's controller does not answer; None where it does."""
    if shutil.which("sbatch") is None:
        return "sbatch is not on the PATH"
    configuration = os.environ.get("SLURM_CONF")
    if configuration and not Path(configuration).is_file():  # for which Slurm waits a minute
        return f"$SLURM_CONF: no such file as {configuration}"
    answer = ask("scontrol", "ping")
    return answer.reason if isinstance(answer, Unknown) else None


def _slurm_options(placement: Placement, overrides: Sequence[str]) -> list[str]:
    """Return what was asked of Slurm for this run alone, as people write it."""
    values: Mapping[str, object] = {**placement}
    options = [
        f"--{option}" for option in settings.SLURM_OPTIONS if values.get(option) is not None
    ]
    keys = [text.partition("=")[0].strip() for text in overrides]
    return options + [f"--set {key}" for key in keys if key.partition(".")[0] == "slurm"]
