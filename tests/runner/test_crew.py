"""The workers of one job: how each of them was killed is written down one by one."""

from __future__ import annotations

import ctypes
import dataclasses
import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.model import Cause, Cluster, Kind, Point, Run, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.runner import crew
from orchestrator.runner.queue import Post

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
def submission(
    sweep_directory: SweepDirectory,
    fake_root: FakeRoot,
    make_submission: Callable[..., Submission],
    frame: Callable[..., bytes],
) -> Submission:
    """Three experiments of one submission, which wait after their first snapshot."""
    states = np.full((5, 4, 6), 3, np.uint8)
    fake_root.rescal("send(stream); time.sleep(600)", frame(states, 0.0))
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


def _killing(
    directory: SweepDirectory, kills: list[int], plan: dict[int, tuple[int, int]]
) -> None:
    """Once all three run, kill the worker of each by a signal, with so many kills for memory so far."""
    progress = [directory.experiment(n).attempt(1).progress for n in range(3)]
    deadline = time.monotonic() + 60
    while not all(path.exists() for path in progress) and time.monotonic() < deadline:
        time.sleep(0.02)
    for number, (by, memory) in plan.items():
        claim = json.loads(directory.experiment(number).attempt(1).claim.read_text())
        kills[0] = memory
        os.kill(claim["pid"], by)
        while Path(f"/proc/{claim['pid']}").exists() and time.monotonic() < deadline:
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("memory", "ends"),
    [
        (
            True,
            [
                (State.LOST, (Cause(Kind.KILLED, status=-9),)),
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
    *,
    memory: bool,
    ends: list[tuple[State, tuple[Cause, ...]] | None],
) -> None:
    kills = [0]
    plan = {
        0: (signal.SIGKILL, 0),
        1: (signal.SIGKILL, int(memory)),
        2: (signal.SIGSEGV, int(memory)),
    }
    killer = threading.Thread(target=_killing, args=(sweep_directory, kills, plan))
    killer.start()
    posts = [Post("17_0", "t", i, 3) for i in range(3)]

    by = crew.run(sweep_directory, submission, posts, lambda: kills[0])
    killer.join()

    records = [attempts.read_record(sweep_directory.experiment(n).attempt(1)) for n in range(3)]
    assert [r and (r.state, r.causes) for r in records] == ends
    assert by == signal.SIGSEGV
