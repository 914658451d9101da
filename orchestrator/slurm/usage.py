"""What jobs have used, as Slurm's accounts have it: cores, processor time, memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.slurm import units
from orchestrator.slurm.client import Unknown, ask
from orchestrator.slurm.jobs import start_option

if TYPE_CHECKING:
    from collections.abc import Sequence

_ACCOUNTS = "JobID,ElapsedRaw,AllocCPUS,TotalCPU,MaxRSS,ReqMem,JobName"
_FIELDS = _ACCOUNTS.count(",") + 1
_FRACTION = re.compile(r"\.\d+$")


@dataclass(frozen=True, slots=True)
class Use:
    """What one start of a job has used; a job that was requeued has several.

    Attributes
    ----------
    core_s
        Time of all cores that it had to itself, in s.
    cpu_s
        Processor time of all its processes, in s; that of steps still running is not known.
    memory_mb
        The most resident memory that any of its steps was seen to use; None where nobody looked.
    requested_mb
        The memory that was asked for; None for all of a node.
    """

    name: str
    core_s: float
    cpu_s: float
    memory_mb: float | None
    requested_mb: float | None


def of_jobs(job_ids: Sequence[str], since: float) -> list[Use] | Unknown:
    """Ask what jobs, or all elements of arrays, have used, one entry for each time they started.

    Parameters
    ----------
    since
        Seconds since the epoch before which none of them was submitted.
    """
    words = ("--noheader", "--parsable2", "--duplicates", f"--format={_ACCOUNTS}")
    answer = ask("sacct", *words, *start_option(since), f"--jobs={','.join(job_ids)}")
    return answer if isinstance(answer, Unknown) else read(answer)


def read(answer: str) -> list[Use]:
    r"""Read the answer of sacct, in which the rows of steps follow that of their job.

    >>> read("7_1|120|2|03:30.500||4G|a.t\n7_1.0|120|2|03:30.500|1800K||python")
    [Use(name='a.t', core_s=240.0, cpu_s=210.0, memory_mb=1.7578125, requested_mb=4096.0)]
    """
    uses: list[Use] = []
    memories: list[float] = []
    for line in answer.splitlines():
        row = line.split("|", _FIELDS - 1)
        if len(row) < _FIELDS:
            continue
        job, elapsed, cores, cpu, memory, requested, name = row
        if "." not in job:
            memories = []
            core_s = float((units.whole(elapsed) or 0) * (units.whole(cores) or 0))
            cpu_s = float(units.seconds(_FRACTION.sub("", cpu)) or 0)
            requested_mb = units.megabytes(requested)
            if requested_mb is not None and requested.endswith("c"):  # of each core
                requested_mb *= units.whole(cores) or 1
            uses.append(Use(name, core_s, cpu_s, None, requested_mb or None))
        elif uses and (used := units.megabytes(memory)) is not None:
            memories.append(used)
            last = uses[-1]
            uses[-1] = Use(last.name, last.core_s, last.cpu_s, max(memories), last.requested_mb)
    return uses
