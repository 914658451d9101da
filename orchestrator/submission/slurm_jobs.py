"""Jobs on Slurm, as arrays through submitit; the only module that knows submitit.

Jobs are queued on hold and released only after their ids are written down, and the submission's
token stands in their names. So a submitter that dies in between leaves jobs that cost nothing,
cannot start twice and can be found again.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.errors import RequestError
from orchestrator.slurm import control, jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import submitit

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory

_SIGNAL_S = 120  # Slurm's warning comes so long before the time limit, or a minute earlier
_SIGNAL_SHARE_S = (
    20  # of each minute asked for, at most: a short job is not warned at its start
)

_SRUN = ("--export=ALL", "--kill-on-bad-exit=0", "--wait=0")
"""One failing rank ends no other, whatever the site's defaults; submitit needs its variables."""

Job = Callable[[str, str, int], None]
"""What a job runs: the sweep's directory, the submission's token, the task's index."""


def job_name(directory: SweepDirectory, token: str) -> str:
    """Return the name of a submission's jobs."""
    return jobs.name_of(directory.name, token)


def script(directory: SweepDirectory, submission: Submission, tasks: int) -> str:
    """Return the text that sbatch will read for an array of ``tasks``, byte for byte."""
    executor = _executor(directory, submission)
    if tasks > 1:
        executor.parameters["map_count"] = tasks
    text: str = executor._make_submission_file_text(executor._submitit_command_str, "")  # noqa: SLF001  # submitit shows it nowhere else
    return text


def send(
    directory: SweepDirectory, submission: Submission, chunks: Sequence[int], job: Job
) -> list[str]:
    """Queue one array per chunk, on hold, and return the arrays' ids.

    Raises
    ------
    RequestError
        With Slurm's own words where it refuses; what was queued before is cancelled again.
    """
    sent: list[str] = []
    first = 0
    for tasks in chunks:
        executor = _executor(directory, submission)
        indices = range(first, first + tasks)
        place, token = str(directory.root.resolve()), submission.token
        try:
            with _clean_environment():
                made = executor.map_array(job, [place] * tasks, [token] * tasks, list(indices))
        except Exception as error:
            control.cancel(sent)
            raise RequestError(f"Slurm refused the jobs: {_said(error)}") from error
        sent.append(made[0].job_id.split("_")[0])
        first += tasks
    return sent


def _executor(directory: SweepDirectory, submission: Submission) -> submitit.SlurmExecutor:
    import submitit  # noqa: PLC0415  # a tenth of a second that only Slurm's users should pay

    executor = submitit.SlurmExecutor(directory.jobs.resolve())
    executor.update_parameters(**_parameters(directory, submission))
    return executor


def _parameters(directory: SweepDirectory, submission: Submission) -> dict[str, Any]:
    asked = submission.resources
    more: dict[str, Any] = {"hold": True, "requeue": True}
    if asked.reservation is not None:
        more["reservation"] = asked.reservation
    parameters: dict[str, Any] = {
        "job_name": job_name(directory, submission.token),
        "nodes": 1,
        "ntasks_per_node": 1,
        "wckey": None,  # a site that enforces them refuses submitit's own
        "signal_delay_s": min(_SIGNAL_S, _SIGNAL_SHARE_S * (asked.time_min or _SIGNAL_S)),
        "stderr_to_stdout": True,
        "srun_args": list(_SRUN),
        "array_parallelism": asked.jobs or 10_000_000,
        "time": asked.time_min,
        "additional_parameters": more | dict(asked.extra),
    }
    for option in ("partition", "account", "qos", "constraint", "mem", "exclude"):
        parameters[option] = getattr(asked, option)
    parameters |= {"mail_user": asked.mail_user, "mail_type": asked.mail_type}
    if asked.together == 0:
        parameters["exclusive"] = True
    else:
        parameters["cpus_per_task"] = asked.together
    return {
        name: value
        for name, value in parameters.items()
        if value is not None or name == "wckey"
    }


@contextlib.contextmanager
def _clean_environment() -> Iterator[None]:
    """Hide what an enclosing job or a user's profile would slip into the new one."""
    kept = dict(os.environ)
    for name in kept:
        if name.startswith(("SLURM_", "SBATCH_", "SUBMITIT_")) and name != "SLURM_CONF":
            del os.environ[name]
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def _said(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = [line for line in lines if "error" in line.lower()]
    return "; ".join(told or lines[-2:]) or repr(error)
