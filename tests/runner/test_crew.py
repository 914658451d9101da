"""The workers of one job: how each of them was killed is written down one by one."""

from __future__ import annotations

import ctypes
import dataclasses
import os
import select
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.model import Cause, Cluster, Kind, Point, Run, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.runner import crew
from orchestrator.runner.queue import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory
    from tests.conftest import FakeRoot


@pytest.fixture(autouse=True)
def _adopt_no_longer() -> Iterator[None]:
    """Let this process be none that adopts orphans, once the crew has left."""
    yield
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[int]:
    """A pipe into which each engine writes a byte once it runs."""
    os.mkfifo(tmp_path / "running")
    pipe = os.open(tmp_path / "running", os.O_RDWR)
    yield pipe
    os.close(pipe)


@pytest.fixture
def submission(
    tmp_path: Path,
    sweep_directory: SweepDirectory,
    fake_root: FakeRoot,
    make_submission: Callable[..., Submission],
    frame: Callable[..., bytes],
) -> Submission:
    """Three experiments of one submission, which wait after their first snapshot."""
    states = np.full((5, 4, 6), 3, np.uint8)
    tell = f"os.write(os.open({str(tmp_path / 'running')!r}, os.O_WRONLY), b'.')"
    fake_root.rescal(f"send(stream); {tell}; time.sleep(600)", frame(states, 0.0))
    parameters: dict[str, Value] = {"H": 4, "L": 6, "D": 5, "Time": 0.0}
    points = [Point(f"{i:02}", {**parameters, "Tau_min": float(i)}, 1) for i in range(3)]
    ledger.enlist(sweep_directory, points)
    made = dataclasses.replace(
        make_submission("t", dict.fromkeys(range(3), 1), Cluster.SLURM),
        run=Run(stop_t0=10.0, every_t0=10.0),
        root=fake_root.root,
    )
    intents.intend(sweep_directory, made)
    return made


class _Kernel:
    """Kills workers one after the other, each when the end of the last one has been seen.

    It is what a crew asks how often it was killed for memory, before the start and after each end.
    """

    def __init__(
        self, directory: SweepDirectory, running: int, by: Sequence[int], counts: Sequence[int]
    ) -> None:
        self._directory, self._running = directory, running
        self._by, self._counts = iter(enumerate(by)), iter(counts)
        self._first = threading.Thread(target=self._begin)

    def __call__(self) -> int:
        if self._first.ident is None:
            self._first.start()
        else:
            self.kill()
        return next(self._counts)

    def _begin(self) -> None:
        for _ in range(3):
            _wait_for(self._running)
            os.read(self._running, 1)
        self.kill()

    def kill(self) -> None:
        """Kill the next worker, if any is to be killed, and wait for its end."""
        for number, by in self._by:
            claim = attempts.read_claim(self._directory.experiment(number).attempt(1))
            assert claim is not None
            handle = os.pidfd_open(claim.pid)
            os.kill(claim.pid, by)
            _wait_for(handle)
            os.close(handle)
            break


def _wait_for(handle: int) -> None:
    ready, _, _ = select.select([handle], [], [], 60)
    assert ready


def _ends(directory: SweepDirectory) -> list[tuple[State, tuple[Cause, ...]] | None]:
    records = [attempts.read_record(directory.experiment(n).attempt(1)) for n in range(3)]
    return [None if r is None else (r.state, r.causes) for r in records]


POSTS = [Post("17_0", "t", i, 3) for i in range(3)]


@pytest.mark.parametrize(
    ("memory", "ends"),
    [
        (
            True,
            [
                None,  # not for memory, and Slurm tells why
                (State.OUT_OF_MEMORY, (Cause(Kind.OUT_OF_MEMORY, subject="worker"),)),
                (State.LOST, (Cause(Kind.KILLED, status=-11),)),
            ],
        ),
        (False, [None, None, None]),  # Slurm may have done it, to start the job again
    ],
)
def test_how_each_worker_was_killed_is_written_down(
    sweep_directory: SweepDirectory,
    submission: Submission,
    running: int,
    *,
    memory: bool,
    ends: list[tuple[State, tuple[Cause, ...]] | None],
) -> None:
    by = (signal.SIGKILL, signal.SIGKILL, signal.SIGSEGV)
    kernel = _Kernel(sweep_directory, running, by, (0, 0, int(memory), int(memory)))

    status = crew.run(sweep_directory, submission, POSTS, kernel)

    assert _ends(sweep_directory) == ends
    assert status == -signal.SIGSEGV


MEMORY = (State.OUT_OF_MEMORY, (Cause(Kind.OUT_OF_MEMORY, subject="worker"),))


@pytest.mark.parametrize(
    ("counts", "ends"),
    [
        (
            (0, 2, 2, 2),
            [MEMORY, MEMORY, None],
        ),  # in such quick succession that two were seen as one
        ((0, 0, 2, 2), [None, MEMORY, MEMORY]),
        ((3, 3, 4, 4), [None, MEMORY, None]),  # with kills from before the start
    ],
)
def test_as_many_workers_are_out_of_memory_as_the_kernel_has_killed_for_it(
    sweep_directory: SweepDirectory,
    submission: Submission,
    running: int,
    counts: tuple[int, ...],
    ends: list[tuple[State, tuple[Cause, ...]] | None],
) -> None:
    kernel = _Kernel(sweep_directory, running, (signal.SIGKILL,) * 3, counts)

    status = crew.run(sweep_directory, submission, POSTS, kernel)

    assert _ends(sweep_directory) == ends
    assert status == -signal.SIGKILL


def test_an_engine_that_was_killed_for_memory_makes_no_worker_one_that_was(
    sweep_directory: SweepDirectory, submission: Submission, running: int
) -> None:
    by = (signal.SIGSEGV, signal.SIGKILL, signal.SIGSEGV)
    kernel = _Kernel(sweep_directory, running, by, (0, 1, 1, 1))
    first = sweep_directory.experiment(0).attempt(1)
    engine = Cause(Kind.OUT_OF_MEMORY)

    def kills() -> int:
        if first.claim.exists() and not first.record.exists():  # as the first worker writes it
            attempts.end(first, State.OUT_OF_MEMORY, engine)
        return kernel()

    crew.run(sweep_directory, submission, POSTS, kills)

    assert _ends(sweep_directory) == [
        (State.OUT_OF_MEMORY, (engine,)),
        None,
        (State.LOST, (Cause(Kind.KILLED, status=-11),)),
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_a_worker_that_fails_lets_its_job_fail(
    sweep_directory: SweepDirectory, submission: Submission, count: int
) -> None:
    """It cannot read which experiments there are."""
    sweep_directory.ledger.unlink()
    sweep_directory.ledger.mkdir()

    assert crew.run(sweep_directory, submission, POSTS[:count]) == 1


@pytest.mark.usefixtures("submission")
def test_a_job_ends_with_the_status_of_a_worker_that_failed(
    sweep_directory: SweepDirectory,
) -> None:
    sweep_directory.ledger.unlink()
    sweep_directory.ledger.mkdir()
    code = f"from orchestrator.runner import job; job.in_job({str(sweep_directory.root)!r}, 't', 0)"

    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)

    assert ended.returncode == 1


def test_a_worker_that_ended_unseen_is_asked_for_nothing_and_seen_later(
    sweep_directory: SweepDirectory, submission: Submission, running: int
) -> None:
    """A signal comes while one worker's end is looked at, and another has just died."""
    kernel = _Kernel(sweep_directory, running, (signal.SIGSEGV, signal.SIGSEGV), (0,) * 4)
    asked: list[int] = []

    def kills() -> int:
        count = kernel()
        asked.append(count)
        if len(asked) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return count

    status = crew.run(sweep_directory, submission, POSTS, kills)

    stopped = (State.TIMEOUT, (Cause(Kind.SIGNAL, status=signal.SIGTERM),))
    assert _ends(sweep_directory) == [None, None, stopped]
    assert status == -signal.SIGSEGV
    assert len(asked) == 4
