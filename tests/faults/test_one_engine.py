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
FLEES = """
if os.getsid(0) != os.getpid():  # into a session of its own, without environment or supervisor's pipe
    os.closerange(3, fd_of_pipe := int(sys.argv[sys.argv.index("-data_pipe") + 1]))
    os.closerange(fd_of_pipe + 1, 256)
    os.setsid()
    os.execve(sys.executable, [sys.executable, *sys.argv], {})
"""


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
    _let(bench, LEAVES)
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    _kill_the_worker(bench, guarded=False)
    return bench


def _let(bench: Bench, code: str) -> None:
    """Let the engine do something first."""
    program = bench.root / "build" / "rescal"
    program.write_text(program.read_text().replace("fd = int(", f"{code}fd = int(", 1))


def _kill_the_worker(bench: Bench, *, guarded: bool) -> None:
    """Kill the worker of the first experiment once its engine has sent something; and its guard."""
    attempt = bench.sweep.experiment(0).attempt(1)
    _await(attempt.journal.exists)
    claim = attempts.read_claim(attempt)
    assert claim is not None
    status = Path(f"/proc/{claim.pid}/stat").read_text()
    guard = int(status.rpartition(")")[2].split()[1])
    for pid in [claim.pid] if guarded else [guard, claim.pid]:
        os.kill(pid, signal.SIGKILL)
    _await(lambda: attempts.alive(attempt) is False)


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
    _let(bench, LEAVES)
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


def test_an_engine_that_has_left_everything_ends_with_its_worker(bench: Bench) -> None:
    _let(bench, FLEES)
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")

    _kill_the_worker(bench, guarded=True)

    _await(lambda: _works_in(bench.sweep.experiment(0).root) == [])
    bench.go()
    again = bench.run("resubmit", "winds", "--wait")
    assert "done" in again.stdout
    assert {s.state for s in read_statuses(bench.sweep)} == {State.DONE}
