"""The last job of a submission, which retries what the scripts of the others could not.

A job's script retries what its own worker has left; what ends together with the script, or is never
reached by any job, needs somebody who comes later. Slurm starts this job when all others have ended,
and the one that finds everything done takes it out of the queue.
"""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.records.paths import SweepDirectory
from orchestrator.slurm import bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.model import Submission
    from orchestrator.slurm.cluster import Partition

_TIME_MIN = 10  # the accounts are waited for, and jobs are sent
_KEPT = {"comment", "wckey"}  # of the options of the others: what a site may want of every job


def command(directory: SweepDirectory, token: str) -> list[str]:
    """Return the command that retries what has ended too soon of a submission."""
    module = "orchestrator.submission.retries"
    return [sys.executable, "-P", "-m", module, str(directory.root.resolve()), token]


def as_sent(
    submission: Submission, arrays: Sequence[str], partitions: Sequence[Partition]
) -> Submission:
    """Return a submission as Slurm is to get its last job: on one core, after these arrays."""
    resources = submission.resources
    chosen = bounds.chosen(resources, partitions)
    most_s = min((p.max_time_s for p in chosen if p.max_time_s is not None), default=math.inf)
    extra = {k: v for k, v in resources.extra.items() if k in _KEPT}
    return dataclasses.replace(
        submission,
        resources=dataclasses.replace(
            resources,
            pack=1,
            jobs=None,
            mem=None,
            retries=0,
            mail_user=None,
            mail_type=None,
            time_min=int(max(1, min(_TIME_MIN, most_s // 60))),
            extra={**extra, "dependency": ":".join(["afterany", *arrays])},
        ),
    )


def run(directory: str, token: str, _index: int) -> None:
    """Run in the last job of a submission: retry, in a process of its own."""
    subprocess.run(command(SweepDirectory(Path(directory)), token), check=True)
