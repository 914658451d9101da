"""Sentences about submissions: who runs them, what is kept, what they would use."""

from __future__ import annotations

import shlex
import statistics
from collections import Counter
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model import Cluster
from orchestrator.records import selection
from orchestrator.slurm.units import duration, memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.submission.cancel import Left
    from orchestrator.submission.comparison import Comparison
    from orchestrator.submission.cost import Cost
    from orchestrator.submission.start import Started
    from orchestrator.submission.submit import Submitted


_SHOWN = 8  # experiments


def submitted(submitted: Submitted) -> str:
    """Say what a submission did."""
    new = len(submitted.submission.attempts) if submitted.submission else 0
    reconciliation, root = submitted.comparison.reconciliation, submitted.directory.root
    counted = f"{text.counted(new, 'experiment')} submitted"
    others = f"{len(reconciliation.kept)} kept, {len(reconciliation.orphaned)} orphaned"
    runners = who_runs(submitted.started)
    return f"{submitted.directory.name}: {counted}, {others}; {runners}; {root}"


def who_runs(started: Started) -> str:
    """Say who runs what was submitted."""
    if started.cluster is not Cluster.SLURM:
        return f"{text.counted(started.workers, 'worker')} started"
    if not started.jobs:
        return "no jobs sent"
    ids = f"job id{'s' * (len(started.job_ids) > 1)} {', '.join(started.job_ids)}"
    return f"{text.counted(started.jobs, 'job')} sent to Slurm, {ids}"


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
    words = ["rescal-sweep", "resubmit", str(comparison.sweep.path), "--stale"]
    words += [f"--set={override}" for override in comparison.sweep.overrides]
    command = shlex.join(words) + selection.data_option(comparison.directory)
    if all(_went_shorter(comparison, number) for number in numbers):
        return [f"{kept}; to go on to t = {comparison.sweep.run.stop_t0:g} t0: {command}"]
    return [f"{kept}; to run {again} again with the new ones: {command}"]


def _went_shorter(comparison: Comparison, number: int) -> bool:
    """Return whether an experiment was asked for the same as now, but for less time."""
    status, run = comparison.statuses[number], comparison.sweep.run
    made = status.submission.run if status.submission is not None else run
    return made.stop_t0 < run.stop_t0 and made.every_t0 == run.every_t0


def kept_bad(comparison: Comparison) -> list[str]:
    """Say how many kept experiments ended badly, which submit leaves as they are."""
    counted = Counter(status.state for status in comparison.ended_badly)
    if not counted:
        return []
    counts = ", ".join(f"{count} {state.value}" for state, count in counted.items())
    states = ",".join(state.value for state in counted)
    again = f"rescal-sweep resubmit {selection.word(comparison.directory)}"
    more = f" --state {states}" if any(not state.retried for state in counted) else ""
    return [f"{counts}: submit leaves them so; to run them again: {again}{more}"]


def going_on(starts: Mapping[int, float | str]) -> list[str]:
    """Say where attempts go on, or why they begin anew; the first few one by one.

    >>> going_on({0: 240.013, 1: "the engine was another version"})
    ['exp0 goes on at t = 240 t0', 'exp1 begins anew: the engine was another version']
    """
    lines = [
        f"exp{number} begins anew: {start}"
        if isinstance(start, str)
        else f"exp{number} goes on at t = {text.time_t0(start)} t0"
        for number, start in sorted(starts.items())
    ]
    more = len(lines) - _SHOWN
    return lines[:_SHOWN] + [f"and {more} more"] * (more > 0)


def cost_lines(cost: Cost, time_limit_s: float | None = None) -> list[str]:
    """Say what a submission would use, or that nothing is to be run.

    ``time_limit_s`` is what the sweep file allows an attempt.
    """
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
    counted = f"{text.counted(len(each), 'experiment')} in {jobs}{at_once}"
    if cost.learnt_from == "nothing":
        wish = "not known of this simulator until one has finished"
        return [f"jobs: {counted}, {share} at a time in each", f"time: {wish}", *_alone(cost)]
    return [
        f"jobs: {counted}, {share} at a time in each",
        f"time: about {span} for an experiment, {whole}; {_learnt(cost)}",
        f"use: about {_charged(cost)}",
        *_in_turn(cost),
        *_alone(cost),
        *_limit(cost),
        *_own_limit(max(each), time_limit_s),
        *_memory(cost),
    ]


def _own_limit(longest_s: float, time_limit_s: float | None) -> Iterator[str]:
    """Say which experiments the sweep file's own limit is expected to cut off."""
    if time_limit_s is not None and longest_s > time_limit_s:
        expected, limit = text.seconds(longest_s), text.seconds(time_limit_s)
        yield f"warning: an experiment is expected to take {expected}, and run.time_limit is {limit}"


def _memory(cost: Cost) -> Iterator[str]:
    """Warn of engines that together need more memory than their job gets."""
    granted, each = cost.packing.memory_mb, cost.memory_mb
    if not cost.packing.slurm or granted is None or each is None:
        return
    together = cost.packing.together
    needed = together * each * 1e6 / 2**20  # in Slurm's MB
    if needed > granted:
        them = f"{together} experiments at a time are" if together > 1 else "an experiment is"
        ends = f"and a job gets {memory(granted)}; --mem or slurm.mem asks for more"
        yield f"warning: {them} expected to need {memory(needed)} of memory, {ends}"


def _in_turn(cost: Cost) -> Iterator[str]:
    """Say why jobs run several experiments one after the other, where they do."""
    packing = cost.packing
    if packing.slurm and packing.in_turn > 1:
        why = packing.bound or "more jobs would be shorter than two minutes"
        yield f"in turn: up to {packing.in_turn} experiments on each core of a job; {why}"


def _alone(cost: Cost) -> Iterator[str]:
    """Warn of nodes of which all but one core would be idle."""
    packing = cost.packing
    if packing.whole_nodes and packing.together == 1 and packing.cores > 1:
        node = f"a node of {packing.cores} cores to itself"
        yield f"warning: each job has {node} and runs one experiment at a time; --pack node fills it"


def _limit(cost: Cost) -> Iterator[str]:
    """Say which time limit jobs get where nobody asked for one, and what does not fit a limit."""
    limit_s, asks = cost.packing.limit_s, "-t or slurm.time asks for another"
    if not cost.packing.slurm:
        return
    if cost.packing.usual_limit:
        limit = f"{duration(int(limit_s))} for a job" if limit_s else "none"
        yield f"time limit: {limit}, as the partition gives where none is asked for; {asks}"
    longest_s = max(cost.each_s)
    core_s = sum(cost.each_s) / (cost.packing.jobs * cost.packing.together)
    ends = f"and a job's time ends after {duration(int(limit_s or 0))}; {asks}"
    if limit_s is not None and longest_s > limit_s:
        yield f"warning: an experiment is expected to take {text.seconds(longest_s)}, {ends}"
    elif limit_s is not None and core_s > limit_s:
        yield f"warning: a job is expected to take {text.seconds(core_s)}, {ends}"


def _learnt(cost: Cost) -> str:
    if cost.learnt_from == "measured":
        return "by a short run of the engine on this machine, as none has finished yet"
    if cost.learnt_from == "scaling":
        return "by how the model scales, as none has finished yet"
    if cost.learnt_from == "other sweeps":
        return f"learnt from {text.counted(cost.seen, 'experiment')} of other sweeps"
    return f"learnt from {cost.seen} {cost.learnt_from}"


def _charged(cost: Cost) -> str:
    """Say what is charged, and what would be if every job ran until its time limit."""
    packing, most = cost.packing, cost.most_job_hours
    limit = "; at most {} by the time limit"
    if cost.node_hours is not None:
        within = "" if most is None else limit.format(text.hours(most))
        alone = f"as jobs have nodes of {packing.cores} cores to themselves"
        return f"{text.hours(cost.node_hours)} node-hours, {alone}{within}"
    within = "" if most is None else limit.format(text.hours(most * packing.cores))
    return f"{text.hours(cost.core_hours)} core-hours{within}"
