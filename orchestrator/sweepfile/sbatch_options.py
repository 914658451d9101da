"""Options of sbatch that a sweep file may not set under ``slurm.extra``, with the reasons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.sweepfile.fields import SLURM

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTION = re.compile(r"[a-z][a-z0-9_-]{0,60}")
_OUTPUT = "the output of jobs is kept in the sweep's own directory"
_ENVIRONMENT = "jobs run in the environment of whoever submits them"
_ANSWER = "submit must get the id of queued jobs as sbatch's answer"
_RESTART = "jobs that Slurm requeues go on where they were, and must not be kept from it"
_OWNER = "jobs belong to whoever submits them"

REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("output", "error", "input", "open-mode"), _OUTPUT),
    **dict.fromkeys(("export", "export-file", "get-user-env", "propagate"), _ENVIRONMENT),
    **dict.fromkeys(("chdir", "workdir"), "jobs run in the sweep's own directory jobs/"),
    "job-name": "jobs are found by the name that submit gives them",
    "array": "the experiments are the array; slurm.jobs limits how many run at once",
    "clusters": "jobs on another cluster would not be found again; submit from that cluster",
    **dict.fromkeys(("parsable", "test-only", "quiet", "verbose"), _ANSWER),
    **dict.fromkeys(("help", "usage", "version"), _ANSWER),
    "wait": "sbatch would not return; use `rescal-sweep submit --wait`",
    "hold": "jobs are held, and released as soon as their ids are written down",
    **dict.fromkeys(("requeue", "no-requeue"), _RESTART),
    "signal": "jobs need Slurm's warning before the time limit to keep what they computed",
    "wrap": "the script of a job is rescal-sweep's own",
    **dict.fromkeys(("uid", "gid"), _OWNER),
}
"""Each refused option by its long name, with the reason."""


def reason_against(name: str) -> str | None:
    """Return why ``slurm.extra`` may not have this key; None if it may."""
    field, option = name.replace("-", "_"), name.replace("_", "-")
    if field in SLURM:
        return f"write slurm.{field} instead"
    if not _OPTION.fullmatch(name):
        return "expected the long name of an option of sbatch, without dashes in front"
    if option in REFUSED:
        return f"cannot be set: {REFUSED[option]}"
    return None
