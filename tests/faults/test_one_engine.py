"""However a worker dies, no engine of its is left that a second attempt could run beside."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import State
from orchestrator.records import attempts
from orchestrator.records.status import read_statuses

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Bench

LEAVES = 'import subprocess; subprocess.Popen(["setsid", "sleep", "600"], close_fds=True)\n'


def _await(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _works_in(place: Path) -> list[str]:
    """Return the commands of the processes whose working directory is ``place``."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (one / "cwd").readlink() == place:
                found.append((one / "cmdline").read_bytes().split(b"\0")[0].decode())
    return found


@pytest.fixture
def orphaned(bench: Bench) -> Bench:
    """A sweep whose worker was killed between two snapshots of an engine that has left a child."""
    program = bench.root / "build" / "rescal"
    program.write_text(program.read_text().replace("fd = int(", f"{LEAVES}fd = int(", 1))
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    attempt = bench.sweep.experiment(0).attempt(1)
    _await(lambda: attempt.journal.exists() and "sleep" in _works_in(attempt.root.parents[1]))
    claim = attempts.read_claim(attempt)
    assert claim is not None
    os.kill(claim.pid, signal.SIGKILL)
    _await(lambda: attempts.alive(attempt) is False)
    return bench


def test_the_engine_dies_with_its_worker_though_it_writes_nothing(orphaned: Bench) -> None:
    place = orphaned.sweep.experiment(0).root

    _await(lambda: set(_works_in(place)) == {"sleep"})  # which has left its session

    assert read_statuses(orphaned.sweep)[0].state is State.LOST


@pytest.mark.parametrize("words", ["cancel winds exp0", "resubmit winds exp0 --wait"])
def test_what_it_has_left_is_ended_before_anything_else(orphaned: Bench, words: str) -> None:
    orphaned.go()

    done = orphaned.run(*words.split())

    assert (done.returncode, done.stderr) == (0, "")
    assert _works_in(orphaned.sweep.experiment(0).root) == []


def test_what_an_engine_leaves_ends_with_its_attempt(bench: Bench) -> None:
    program = bench.root / "build" / "rescal"
    program.write_text(program.read_text().replace("fd = int(", f"{LEAVES}fd = int(", 1))
    bench.write("[0]")

    done = bench.run("submit", "winds.yaml", "--wait")

    assert "2 experiments: 2 done" in done.stdout
    assert _works_in(bench.sweep.experiment(0).root) == []


def test_what_killed_processes_were_writing_is_swept_by_the_next_attempt(
    orphaned: Bench,
) -> None:
    place = orphaned.sweep.experiment(0)
    left = [
        place.root / ".meta_data.draft-0a",
        place.out / ".height_maps.npz.draft-0b",
        place.attempt(1).root / ".progress.json.draft-0c",
    ]
    for path in left:
        path.touch()
    orphaned.go()

    orphaned.run("resubmit", "winds", "exp0", "--wait", "--yes")

    assert [path for path in left if path.exists()] == []
