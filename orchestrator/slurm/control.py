"""What is done to jobs that are queued: they are released, cancelled or queued again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.slurm.client import Unknown, ask

if TYPE_CHECKING:
    from collections.abc import Sequence


_AT_ONCE = 500
"""Ids that one call names."""

_PREEMPTED = re.compile(r"\bPreemptTime=\d")


def release(job_ids: Sequence[str]) -> None:
    """Let held jobs start."""
    if not job_ids:
        return
    answer = ask("scontrol", "release", ",".join(job_ids))
    if isinstance(answer, Unknown):
        raise RequestError(
            f"the jobs {', '.join(job_ids)} are queued but held: {answer.reason}"
        )


def cancel(job_ids: Sequence[str]) -> None:
    """Cancel whole arrays; ids that have ended are no error."""
    if job_ids:
        ask("scancel", "--quiet", *job_ids)


def cancel_waiting(job_ids: Sequence[str], name: str) -> None:
    """Cancel those elements of arrays, or single ones, that have this name and have not started.

    Another cluster, or this one after its ids were reset, may have others under the same ids.
    """
    for first in range(0, len(job_ids), _AT_ONCE):
        some = job_ids[first : first + _AT_ONCE]
        ask("scancel", "--quiet", "--state=PENDING", f"--name={name}", *some)


def requeue_preempted(job_id: str) -> None:
    """Queue a running job again that is to make room for another one, before Slurm kills it for that.

    To Slurm a job that ends by itself in its time of grace has done what it was to do.
    """
    answer = ask("scontrol", "--oneliner", "show", "job", job_id)
    if not isinstance(answer, Unknown) and _PREEMPTED.search(answer):
        ask("scontrol", "requeue", job_id)
