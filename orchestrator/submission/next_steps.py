"""What a person can do next for experiments that nobody runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.model import Cluster, State
from orchestrator.records import intents, selection
from orchestrator.records.lock import is_held
from orchestrator.records.status import present
from orchestrator.runner.room import LEAST
from orchestrator.submission import local_pool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory


def next_steps(directory: SweepDirectory, statuses: Sequence[Status]) -> Iterator[str]:
    """Yield a sentence with a command for each kind of experiments that waits for a person."""
    there = present(statuses)
    waiting = [s for s in there if s.state is State.PENDING and _local(s)]
    workers = local_pool.live_workers(directory) if waiting else 0
    if waiting and not workers:
        again = f"rescal-sweep resubmit {selection.word(directory)}"
        yield f"{len(waiting)} pending, and no worker is running: {again}"
    elif waiting and not any(s.state is State.RUNNING for s in there):
        yield f"{len(waiting)} pending until other sweeps leave a core of this machine to them"
    if cut_off := _cut_off(directory, there):
        again = f"rescal-sweep resubmit {selection.word(directory)}"
        yield f"{cut_off} pending, whose submission was cut off before their jobs could start: {again}"
    if full := full_disk(directory, there):
        yield full
    never = sum(s.state is State.NEVER_SUBMITTED for s in there)
    if never:
        option = selection.data_option(directory)
        where = f" with{option}" if option else ""
        yield f"{text.counted(never, 'experiment')} never submitted: submit the sweep file again{where}"


def _cut_off(directory: SweepDirectory, statuses: Iterable[Status]) -> int:
    """Count what waits for jobs that a dead submitter has not queued, or not released."""
    waiting = [s for s in statuses if s.state is State.PENDING and s.submission and s.on_slurm]
    if not waiting or is_held(directory):
        return 0
    dead = {submission.token for submission, _ in intents.unfinished(directory)}
    return sum(s.submission.token in dead for s in waiting if s.submission)


def full_disk(directory: SweepDirectory, statuses: Iterable[Status]) -> str:
    """Say that what has not ended waits for room on its disk; nothing where there is some."""
    if all(status.state.ended for status in statuses) or LEAST.is_free(directory.root):
        return ""
    full = "no space left on its file system, or no inodes"
    return f"{directory.root}: {full}; workers wait until there is"


def _local(status: Status) -> bool:
    return status.submission is not None and status.submission.cluster is Cluster.LOCAL
