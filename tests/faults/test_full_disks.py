"""On a full disk what is there stays, the cause is told, and what waits goes on once there is room."""

from __future__ import annotations

import contextlib
import dataclasses
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import State
from orchestrator.records import attempts
from orchestrator.records.status import read_statuses

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Bench


@pytest.fixture
def small(bench: Bench) -> Iterator[Bench]:
    """A bench on a file system of 4 MB and 300 files."""
    mounted = bench.place.with_name("small")
    mounted.mkdir()
    size = "size=4m,nr_inodes=300"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", mounted], check=False)
    if done.returncode:
        pytest.skip("cannot mount a small file system here")
    made = dataclasses.replace(bench, place=mounted)
    yield made
    (mounted / "filler").unlink(missing_ok=True)
    for number in range(300):
        (mounted / f"filler{number}").unlink(missing_ok=True)
    made.go()
    made.run("cancel", "winds")
    _await(lambda: not _workers(made))
    subprocess.run(["umount", mounted], check=True)


def _workers(bench: Bench) -> bool:
    pattern = f"orchestrator.runner {bench.sweep.root}"
    return (
        subprocess.run(["pgrep", "-f", pattern], capture_output=True, check=False).returncode
        == 0
    )


def _await(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _fill(place: Path) -> None:
    """Take all blocks of a file system."""
    with (place / "filler").open("ab", buffering=0) as file:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


def _fill_inodes(place: Path) -> None:
    with contextlib.suppress(OSError):
        for number in range(300):
            (place / f"filler{number}").touch()


def _empty(place: Path) -> None:
    for path in place.glob("filler*"):
        path.unlink()


def _states(bench: Bench) -> list[State]:
    return [status.state for status in read_statuses(bench.sweep)]


@pytest.mark.parametrize("fill", [_fill, _fill_inodes])
def test_a_full_disk_ends_an_attempt_with_the_cause_and_the_others_wait_for_room(
    small: Bench, fill: Callable[[Path], None]
) -> None:
    small.write("[7]")
    waiting = subprocess.Popen(
        [small.command, "submit", "winds.yaml", "--workers", "1", "--wait"],
        cwd=small.place,
        env=small.environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    _await(lambda: attempts.read_progress(small.sweep.experiment(0).attempt(1)))
    fill(small.place)
    small.go()

    _await(lambda: _states(small)[0] is not State.RUNNING)
    told = small.run("status", "winds")
    states = _states(small)
    assert waiting.stdout is not None
    full = "data_runs/winds: no space left on its file system"
    assert any(full in line for line in waiting.stdout)  # while it is full
    _empty(small.place)
    _await(lambda: _states(small)[1] is State.DONE)
    rest, _ = waiting.communicate(timeout=60)
    small.run("resubmit", "winds", "--state", "failed", "--wait")

    assert states == [State.FAILED, State.PENDING]
    assert "No space left on device" in told.stdout
    assert full not in rest
    assert "data_runs/winds: no space left on its file system, or no inodes" in told.stdout
    assert _states(small) == [State.DONE, State.DONE]


@pytest.mark.parametrize("fill", [_fill, _fill_inodes])
def test_cancelling_needs_no_space(small: Bench, fill: Callable[[Path], None]) -> None:
    small.write("[7]")
    small.run("submit", "winds.yaml", "--workers", "1")
    _await(lambda: attempts.read_progress(small.sweep.experiment(0).attempt(1)))
    fill(small.place)

    done = small.run("cancel", "winds")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("winds: 1 cancelled, 1 asked to stop, 0 had ended before\n")
    _await(lambda: _states(small) == [State.CANCELLED, State.CANCELLED])
    assert (small.sweep.experiment(0).attempt(1).record).is_file()


def test_doctor_tells_of_a_full_disk_and_goes_on(small: Bench) -> None:
    _fill(small.place)

    done = small.run("doctor")

    assert done.returncode == 1
    assert "No space left on device; choose another with --data-dir" in done.stdout
    assert "GB free" in done.stdout
    assert "Traceback" not in done.stderr
