"""What a sweep has used: core-hours, computing and memory, by its records and by Slurm's accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.model import Cluster
from orchestrator.records import attempts, intents, ledger
from orchestrator.slurm import cluster, jobs, usage
from orchestrator.slurm.client import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from orchestrator.model import Experiment, Record
    from orchestrator.records.paths import SweepDirectory

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class ExperimentUsage:
    """What the attempts at an experiment have used that have ended.

    Attributes
    ----------
    attempts, bad
        How many there are, and how many of them ended badly.
    wall_s, bad_wall_s
        The time that they took, and that of those that ended badly, in s. Each takes a core.
    cpu_s, measured_s
        Processor time of the engine, and the wall time of the attempts in which it was measured.
    memory_mb
        The most resident memory of an engine; None where none was measured.
    """

    experiment: Experiment
    attempts: int
    bad: int
    wall_s: float
    bad_wall_s: float
    cpu_s: float
    measured_s: float
    memory_mb: float | None

    @property
    def core_hours(self) -> float:
        """Core-hours of all its attempts."""
        return self.wall_s / _HOUR_S

    @property
    def computing(self) -> float | None:
        """The share of the time in which its engine computed; None where nobody measured."""
        return self.cpu_s / self.measured_s if self.measured_s else None


@dataclass(frozen=True, slots=True)
class JobsUsage:
    """What the sweep's jobs have used, by Slurm's accounts.

    Attributes
    ----------
    starts
        Jobs and elements of arrays; one that was requeued counts each time.
    core_hours, cpu_hours
        Of the cores that they had, and of these what their processes computed.
    memory_mb, requested_mb
        The most that a step was seen to use, and the most that a job had asked for; None if unknown.
    """

    starts: int
    core_hours: float
    cpu_hours: float
    memory_mb: float | None
    requested_mb: float | None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a sweep has used so far.

    Attributes
    ----------
    experiments
        Those with an attempt that has ended, by number.
    jobs
        Its jobs; None where it had none here or Slurm was not asked, and why where that cannot be
        told.
    """

    experiments: tuple[ExperimentUsage, ...]
    jobs: JobsUsage | Unknown | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data; fields are only ever added."""
        known = self.jobs if isinstance(self.jobs, JobsUsage) else None
        return {
            "experiments": [
                {
                    "number": each.experiment.number,
                    "attempts": each.attempts,
                    "ended_badly": each.bad,
                    "wall_s": each.wall_s,
                    "core_hours": each.core_hours,
                    "computing": each.computing,
                    "memory_mb": each.memory_mb,
                }
                for each in self.experiments
            ],
            "core_hours": sum(each.core_hours for each in self.experiments),
            "memory_mb": most(each.memory_mb for each in self.experiments),
            "jobs": None
            if known is None
            else {
                "starts": known.starts,
                "core_hours": known.core_hours,
                "cpu_hours": known.cpu_hours,
                "memory_mb": known.memory_mb,
                "requested_mb": known.requested_mb,
            },
        }


def usage_of(directory: SweepDirectory, *, ask_slurm: bool = True) -> Usage:
    """Return what a sweep has used, orphaned experiments too; of its jobs what Slurm knows."""
    each = [
        _of_records(experiment, records)
        for experiment in ledger.experiments(directory)
        if (records := _records(directory, experiment))
    ]
    return Usage(tuple(each), _of_jobs(directory) if ask_slurm else None)


def sentences(usage: Usage) -> Iterator[str]:
    """Yield what the sweep has used in all, and what Slurm has counted."""
    each = usage.experiments
    if not each:
        yield "nothing used yet: no attempt has ended"
        return
    made, bad = sum(e.attempts for e in each), sum(e.bad for e in each)
    core_hours = sum(e.core_hours for e in each)
    counted = f"{text.counted(len(each), 'experiment')} in {text.counted(made, 'attempt')}"
    parts = [f"{counted}: {text.hours(core_hours)} core-hours"]
    if measured_s := sum(e.measured_s for e in each):
        parts.append(f"{100 * sum(e.cpu_s for e in each) / measured_s:.0f} % of it computing")
    if (memory := most(e.memory_mb for e in each)) is not None:
        parts.append(f"at most {text.size(1e6 * memory)} of memory for an engine")
    yield ", ".join(parts)
    if bad:
        lost = sum(e.bad_wall_s for e in each) / _HOUR_S
        yield f"of these {text.hours(lost)} core-hours in {text.counted(bad, 'attempt')} that ended badly"
    if isinstance(usage.jobs, Unknown):
        yield f"what its jobs have used cannot be told: {usage.jobs.reason}"
    elif usage.jobs is not None and usage.jobs.starts:
        yield _sentence_of_jobs(usage.jobs, core_hours)


def most(values: Iterable[float | None]) -> float | None:
    """Return the largest of what is known."""
    return max((value for value in values if value is not None), default=None)


def _records(directory: SweepDirectory, experiment: Experiment) -> list[Record]:
    """Return the records of an experiment's attempts; none where this user may not read them."""
    try:
        made = directory.experiment(experiment.number).attempts()
        return [record for a in made if (record := attempts.read_record(a)) is not None]
    except PermissionError:
        return []


def _of_records(experiment: Experiment, records: Sequence[Record]) -> ExperimentUsage:
    bad = [record for record in records if record.state.bad]
    measured = [record for record in records if record.memory_mb]
    return ExperimentUsage(
        experiment,
        attempts=len(records),
        bad=len(bad),
        wall_s=sum(record.wall_s for record in records),
        bad_wall_s=sum(record.wall_s for record in bad),
        cpu_s=sum(record.cpu_s for record in measured),
        measured_s=sum(record.wall_s for record in measured),
        memory_mb=most(record.memory_mb for record in measured),
    )


def _of_jobs(directory: SweepDirectory) -> JobsUsage | Unknown | None:
    """Ask Slurm about the sweep's jobs, of which those of another cluster are not known here."""
    sent = [
        s for s in intents.submissions(directory) if s.cluster is Cluster.SLURM and s.job_ids
    ]
    if not sent:
        return None
    here = cluster.name()
    if isinstance(here, Unknown):
        return here
    sent = [s for s in sent if s.slurm_cluster in {"", here}]
    ids = [job for submission in sent for job in submission.job_ids]
    if not ids:
        return Unknown("its jobs were sent to another cluster")
    answer = usage.of_jobs(ids, min(attempts.moment(s.time) for s in sent))
    if isinstance(answer, Unknown):
        return answer
    tokens = {submission.token for submission in sent}
    own = [use for use in answer if jobs.token_in(use.name) in tokens]
    return JobsUsage(
        starts=len(own),
        core_hours=sum(use.core_s for use in own) / _HOUR_S,
        cpu_hours=sum(use.cpu_s for use in own) / _HOUR_S,
        memory_mb=most(use.memory_mb for use in own),
        requested_mb=most(use.requested_mb for use in own),
    )


def _sentence_of_jobs(jobs: JobsUsage, core_hours: float) -> str:
    counted = f"Slurm's accounts: {text.counted(jobs.starts, 'job')}"
    parts = [f"{counted}, {text.hours(jobs.core_hours)} core-hours allocated"]
    if jobs.core_hours:
        share = min(1.0, core_hours / jobs.core_hours)
        parts.append(f"{100 * share:.0f} % of them taken by experiments")
    if jobs.memory_mb is not None:
        wanted = (
            "" if jobs.requested_mb is None else f" of {text.size(1e6 * jobs.requested_mb)}"
        )
        parts.append(f"at most {text.size(1e6 * jobs.memory_mb)}{wanted} of memory in a job")
    return ", ".join(parts)
