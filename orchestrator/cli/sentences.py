"""Sentences about submissions: who runs them, what is kept, what they would use."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model import Cluster
from orchestrator.runner.room import LEAST
from orchestrator.slurm.units import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.submission.cancel import Left
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.cost import Cost
    from orchestrator.submission.start import Started


def started(started: Started) -> str:
    """Say who runs what was submitted."""
    if started.cluster is not Cluster.SLURM:
        return f"{text.counted(started.workers, 'worker')} started"
    if not started.jobs:
        return "no jobs sent"
    return f"{text.counted(started.jobs, 'job')} sent to Slurm as {', '.join(started.job_ids)}"


def left(left: Left) -> str:
    """Say which jobs stay in a queue and what takes them out; they find nothing to run."""
    if left.cluster:
        command = f"scancel -M {left.cluster} --name={left.name}"
        return (
            f"its jobs are on the cluster {left.cluster}; there, take them away with: {command}"
        )
    if left.user:
        command = f"scancel --name={left.name}"
        return f"its jobs are {left.user}'s, who takes them away with: {command}"
    return f"its jobs stay in the queue, for Slurm cannot be asked: {left.reason}"


def kept_otherwise(comparison: Comparison) -> list[str]:
    """Say which experiments keep other times or outputs than the file has now."""
    numbers = comparison.otherwise
    if not numbers:
        return []
    its, again = ("its", "it") if len(numbers) == 1 else ("their", "them")
    kept = f"{text.names(numbers)}: kept with {its} earlier run and output settings"
    command = f"rescal-sweep resubmit {comparison.sweep.path} EXP"
    return [f"{kept}; to run {again} again with the new ones: {command}"]


def cost_lines(cost: Cost) -> list[str]:
    """Say what a submission would use, or that nothing is to be run."""
    packing, each = cost.packing, cost.each_s
    if not each:
        return ["jobs: none, for nothing is new"]
    here = f"{packing.jobs} process{'es' * (packing.jobs != 1)} on this machine"
    jobs = text.counted(packing.jobs, "Slurm job") if packing.slurm else here
    at_once = f", {packing.at_once} of them at once" if packing.at_once < packing.jobs else ""
    share = (
        f"up to {packing.together} experiments" if packing.together > 1 else "one experiment"
    )
    span = text.seconds(statistics.median(each))
    if text.seconds(each[0]) != text.seconds(each[-1]):
        span += f" ({text.seconds(each[0])} to {text.seconds(each[-1])})"
    whole = f"{text.seconds(cost.wall_s)} for all once they start"
    return [
        f"jobs: {text.counted(len(each), 'experiment')} in {jobs}{at_once}, {share} at a time in each",
        f"time: about {span} for an experiment, {whole}; {_learnt(cost)}",
        f"use: about {_charged(cost)}",
        *_limit(cost),
    ]


def _limit(cost: Cost) -> Iterator[str]:
    """Say which time limit jobs get where nobody asked for one, and what does not fit a limit."""
    limit_s, asks = cost.packing.limit_s, "-t or slurm.time asks for another"
    if not cost.packing.slurm:
        return
    if cost.packing.usual_limit:
        given = f"{duration(int(limit_s))} for a job" if limit_s else "none"
        yield f"time limit: {given}, as the partition gives where none is asked for; {asks}"
    longest_s = max(cost.each_s)
    if limit_s is not None and longest_s > limit_s:
        told = f"an experiment is expected to take {text.seconds(longest_s)}"
        yield f"warning: {told}, and a job's time ends after {duration(int(limit_s))}; {asks}"


def _learnt(cost: Cost) -> str:
    if cost.learnt_from == "scaling":
        return "by how the model scales, as none has finished yet"
    return f"learnt from {cost.seen} {cost.learnt_from}"


def _charged(cost: Cost) -> str:
    """Say what is charged, and what would be if every job ran until its time limit."""
    packing, most = cost.packing, cost.most_job_hours
    limit = "; at most {} by the time limit"
    if cost.node_hours is not None:
        within = "" if most is None else limit.format(_hours(most))
        alone = f"as jobs have nodes of {packing.cores} cores to themselves"
        return f"{_hours(cost.node_hours)} node-hours, {alone}{within}"
    within = "" if most is None else limit.format(_hours(most * packing.cores))
    return f"{_hours(cost.core_hours)} core-hours{within}"


def _hours(hours: float) -> str:
    """Write a number of hours.

    >>> _hours(0.01234), _hours(7.36), _hours(12345.6)
    ('0.012', '7.4', '12346')
    """
    return f"{hours:.0f}" if hours >= 10 else f"{hours:.2g}"


def full_disk(directory: SweepDirectory, statuses: Iterable[Status]) -> str:
    """Say that what has not ended waits for room on its disk; nothing where there is some."""
    if all(status.state.ended for status in statuses) or LEAST.is_free(directory.root):
        return ""
    full = "no space left on its file system, or no inodes"
    return f"{directory.root}: {full}; workers wait until there is"
