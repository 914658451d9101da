"""What is done to jobs that are queued: they are released or cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.slurm.client import Unknown, ask

if TYPE_CHECKING:
    from collections.abc import Sequence


_AT_ONCE = 500
"""Ids that one call names."""


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
