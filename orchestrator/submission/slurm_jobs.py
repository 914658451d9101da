"""Jobs on Slurm, as arrays through submitit; the only module that knows submitit.

Jobs are queued on hold and released only after their ids are written down, and the submission's
token stands in their names. So a submitter that dies in between leaves jobs that cost nothing,
cannot start twice and can be found again.
"""

from __future__ import annotations

import contextlib
import io
import os
import pwd
import re
import shlex
import stat
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orchestrator.errors import RequestError
from orchestrator.slurm import cluster, control, jobs, reasons
from orchestrator.slurm.client import Unknown
from orchestrator.submission import last_job

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import submitit

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory

_SIGNAL_S = 120  # Slurm's warning comes so long before the time limit, or a minute earlier
_SIGNAL_SHARE_S = (
    20  # of each minute asked for, at most: a short job is not warned at its start
)

_SLOW = re.compile(
    r"timed out|Unable to contact|Could not make sense|temporarily", re.IGNORECASE
)
_NO_ID = re.compile(r'Could not make sense of sbatch output "(.*?)"$', re.DOTALL | re.MULTILINE)
_SLOW_S = 10.0
_LOOK_S = 0.5

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_REWRITTEN = ("%", "\\", "\n")

_SRUN = ("--export=ALL", "--kill-on-bad-exit=0", "--wait=0")
"""One failing rank ends no other, whatever the site's defaults; submitit needs its variables."""


class UnansweredError(RequestError):
    """Jobs may be queued or not; what is known of their submission must stay."""


Job = Callable[[str, str, int], None]
"""What a job runs: the sweep's directory, the submission's token, the task's index."""


def job_name(directory: SweepDirectory, token: str) -> str:
    """Return the name of a submission's jobs."""
    return jobs.name_of(directory.name, token)


def problems(directory: SweepDirectory) -> list[str]:
    """Return what keeps Slurm from running jobs in a sweep's directory, a sentence each."""
    folder = directory.jobs.resolve() / directory.jobs_of(cluster.me()).name
    whys = []
    if any(mark in str(folder) for mark in _REWRITTEN):
        whys.append(
            "Slurm rewrites % and \\ in paths and could not write the output of jobs there"
        )
    with contextlib.suppress(FileNotFoundError):
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode):
            whys.append("is no directory, and jobs run what is written there")
        elif status.st_uid != os.geteuid():
            whys.append(
                f"belongs to {_user(status.st_uid)}, and jobs run what is written there"
            )
    return [f"{folder}: {why}; choose another directory with --data-dir" for why in whys]


@contextlib.contextmanager
def _for_us_alone(directory: SweepDirectory) -> Iterator[None]:
    """Let nobody else write what jobs will run, whatever others may do in the sweep's directory."""
    before = os.umask(_OTHERS_WRITE)
    os.umask(before | _OTHERS_WRITE)
    try:
        folder = directory.jobs_of(cluster.me())
        folder.mkdir(exist_ok=True)
        folder.chmod(stat.S_IMODE(folder.stat().st_mode) & ~_OTHERS_WRITE)
        yield
    finally:
        os.umask(before)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"


def script(
    directory: SweepDirectory, submission: Submission, tasks: int, limit_s: float | None
) -> str:
    """Return the text that sbatch will read for an array of ``tasks``, byte for byte."""
    executor = _executor(directory, submission, limit_s)
    if tasks > 1:
        executor.parameters["map_count"] = tasks
    text: str = executor._make_submission_file_text(executor._submitit_command_str, "")  # noqa: SLF001  # submitit shows it nowhere else
    return text


def send(  # noqa: PLR0913, PLR0917  # what is sent, and for how long
    directory: SweepDirectory,
    submission: Submission,
    chunks: Sequence[int],
    job: Job,
    limit_s: float | None = None,
    before: Sequence[str] = (),
) -> list[str]:
    """Queue one array per chunk, on hold, and return the arrays' ids.

    Parameters
    ----------
    limit_s
        The time limit that a job will have, in s; None where it is not known.
    before
        Arrays of this submission that were sent before.

    Raises
    ------
    RequestError
        With Slurm's own words where it refuses; what was queued before is cancelled again.
    """
    sent: list[str] = []
    first = 0
    for tasks in chunks:
        executor = _executor(directory, submission, limit_s)
        root, token = str(directory.root.resolve()), submission.token
        calls = [(root, token, index) for index in range(first, first + tasks)]
        name, array, problem = job_name(directory, token), "", None
        try:
            # what sbatch prints is told once, with the refusal
            with (
                _for_us_alone(directory),
                _clean_environment(),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                made = executor.map_array(job, *zip(*calls, strict=True))
            array = made[0].job_id.split("_")[0]
        except Exception as error:  # noqa: BLE001  # the job may be queued all the same
            problem = error
        queued = _queued(name, [*before, *sent], problem)
        if problem is not None and not queued:
            control.cancel(sent)
            raise RequestError(f"Slurm refused the jobs: {_refusal(problem)}") from problem
        if queued and array not in queued:  # what sbatch printed was something else
            array = queued[-1]
            with _for_us_alone(directory):
                _hand_over(executor, array, job, calls)
        sent.append(array)
        first += tasks
    return sent


def _queued(name: str, sent: Sequence[str], problem: Exception | None) -> list[str]:
    """Return the arrays of this name that are queued and not among those ``sent``.

    A controller that was too slow to answer sbatch may queue a job a moment later.

    Raises
    ------
    UnansweredError
        If sbatch failed and Slurm does not say whether the jobs are queued.
    """
    slow = problem is not None and _SLOW.search(str(problem)) is not None
    deadline = time.monotonic() + (_SLOW_S if slow else 0.0)
    while True:
        arrays = jobs.arrays_named(name)
        if isinstance(arrays, list) and (
            new := [array for array in arrays if array not in sent]
        ):
            return new
        if time.monotonic() >= deadline:
            break
        time.sleep(_LOOK_S)
    if isinstance(arrays, Unknown) and slow:
        raise UnansweredError(
            f"Slurm did not say whether it has queued the jobs: {_refusal(problem)}; "
            "the next submit or resubmit of this sweep settles that"
        ) from problem
    return []


def _hand_over(
    executor: submitit.SlurmExecutor,
    array: str,
    job: Job,
    calls: Sequence[tuple[str, str, int]],
) -> None:
    """Put what the tasks of an array are to call where they look for it."""
    from submitit.core.utils import DelayedSubmission, JobPaths  # noqa: PLC0415  # as above

    for task, call in enumerate(calls):
        delayed = DelayedSubmission(job, *call)
        delayed.set_timeout(executor.parameters["time"], executor.max_num_timeout)
        named = f"{array}_{task}" if len(calls) > 1 else array
        delayed.dump(JobPaths(executor.folder, job_id=named).submitted_pickle)


def _executor(
    directory: SweepDirectory, submission: Submission, limit_s: float | None
) -> submitit.SlurmExecutor:
    import submitit  # noqa: PLC0415  # a tenth of a second that only Slurm's users should pay

    # what lies in the directory of the submitter, such as a numpy.py, is no part of a job
    python = f"{shlex.quote(sys.executable)} -P"
    folder = directory.jobs_of(submission.user).resolve()
    executor = submitit.SlurmExecutor(folder, python=python)
    executor.update_parameters(**_parameters(directory, submission, limit_s))
    # where nobody asks for a time, none is sent: submitit would ask for five minutes
    executor.parameters.setdefault("time", None)
    return executor


def _parameters(
    directory: SweepDirectory, submission: Submission, limit_s: float | None
) -> dict[str, Any]:
    resources = submission.resources
    more: dict[str, Any] = {"hold": True, "requeue": True}
    more["chdir"] = str(directory.jobs_of(submission.user).resolve())
    if resources.reservation is not None:
        more["reservation"] = resources.reservation
    parameters: dict[str, Any] = {
        "job_name": job_name(directory, submission.token),
        "nodes": 1,
        "ntasks_per_node": 1,
        "wckey": None,  # a site that enforces them refuses submitit's own
        "signal_delay_s": _warning_s(limit_s),
        "stderr_to_stdout": True,
        "srun_args": list(_SRUN),
        "array_parallelism": resources.jobs or 10_000_000,
        "time": resources.time_min,
        "additional_parameters": more | dict(resources.extra),
    }
    for option in ("partition", "account", "qos", "constraint", "mem", "exclude"):
        parameters[option] = getattr(resources, option)
    parameters |= {"mail_user": resources.mail_user, "mail_type": resources.mail_type}
    if resources.retries:
        retrying = shlex.join(last_job.command(directory, submission.token))
        parameters["teardown"] = ["status=$?", retrying, "exit $status"]
    if resources.together == 0:
        parameters["exclusive"] = True
    else:
        parameters["cpus_per_task"] = resources.together
    return {
        name: value
        for name, value in parameters.items()
        if value is not None or name == "wckey"
    }


def _warning_s(limit_s: float | None) -> int:
    """Return how long before a job's end Slurm is to warn it."""
    if limit_s is None:
        return _SIGNAL_S
    return min(_SIGNAL_S, int(_SIGNAL_SHARE_S * max(1.0, limit_s / 60)))


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


def _refusal(error: Exception | None) -> str:
    if printed := _NO_ID.search(str(error)):
        words = "; ".join(printed[1].split("\n")).strip(" ;")
        return f"sbatch gave no job's id, it printed {repr(words) if words else 'nothing'}"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    sentences = map(reasons.explained, dict.fromkeys(errors or lines[-2:]))
    return "; ".join(sentences) or repr(error)
