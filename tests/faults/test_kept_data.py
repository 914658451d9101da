"""What can be read of an experiment never becomes less, whatever is asked for and withdrawn."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator.records import arrays, attempts
from orchestrator.records.journal import Journal
from orchestrator.records.paths import ExperimentDirectory
from tests.conftest import make_snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Bench


def _shown(bench: Bench) -> tuple[int, int, int, str]:
    """Return the snapshots that open_sweep and status show of exp0, what plot says, and its state."""
    dataset = orchestrator.open_sweep(bench.sweep.root)
    told = json.loads(bench.run("status", "winds", "--json").stdout)["experiments"][0]
    drawn = bench.run("plot", "winds", "-o", "picture.png")
    series = dataset["roughness"].sel(Lambda_E=1).values
    return int(np.isfinite(series).sum()), told["kept"], drawn.returncode, told["state"]


@pytest.fixture
def killed(bench: Bench) -> Bench:
    """A sweep whose worker was killed when there were two snapshots of its first experiment."""
    program = bench.root / "build" / "rescal"
    program.write_text(program.read_text().replace("while i == 1 and", "while i == 2 and"))
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    deadline = time.monotonic() + 60
    attempt = bench.sweep.experiment(0).attempt(1)
    while (told := attempts.read_progress(attempt)) is None or told.snapshots < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    claim = attempts.read_claim(attempt)
    assert claim is not None
    os.kill(claim.pid, signal.SIGKILL)
    return bench


def test_what_a_killed_attempt_left_stays_while_others_wait_and_are_cancelled(
    killed: Bench,
) -> None:
    shown = [_shown(killed)]
    for words in (
        "resubmit winds exp0 --workers 1",  # which waits: the worker has the other one
        "cancel winds exp0",
        "resubmit winds exp0 --workers 1",
    ):
        killed.run(*words.split())
        shown.append(_shown(killed))
    remark = killed.run("status", "winds").stdout
    killed.go()
    killed.run("submit", "winds.yaml", "--wait")
    shown.append(_shown(killed))

    assert shown == [
        (2, 2, 0, "lost"),
        (2, 2, 0, "pending"),
        (2, 2, 0, "cancelled"),
        (2, 2, 0, "pending"),
        (3, 3, 0, "done"),
    ]
    assert "2 snapshots kept of an earlier attempt, to t = 10 t0" in remark


def test_nothing_is_missed_while_a_journal_is_published_and_dropped(tmp_path: Path) -> None:
    directory = ExperimentDirectory(tmp_path)
    ended = threading.Event()

    def publish_again_and_again() -> None:
        for attempt in range(1, 41):
            directory.attempt(attempt).root.mkdir(parents=True)
            journal = Journal(directory.attempt(attempt).journal)
            for i in range(attempt):
                journal.append(make_snapshot(10.0 * i, np.zeros((4, 6), np.int16)))
            journal.close()
            arrays.publish(directory.attempt(attempt).journal, directory)
            directory.attempt(attempt).journal.unlink()
        ended.set()

    writer = threading.Thread(target=publish_again_and_again)
    writer.start()
    seen = [0]
    while not ended.is_set():
        seen.append(len(arrays.reduced(directory).times))
    writer.join()

    assert seen == sorted(seen)
    assert len(arrays.reduced(directory).times) == 40
