"""What `status` shows on a terminal, in a pipe, and of sweeps that wait for a person."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import sys
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from orchestrator.cli import status_screen
from orchestrator.model import Cause, Experiment, Kind, Point, State, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Record
    from orchestrator.records.paths import SweepDirectory
    from tests.conftest import Bench

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_terminal(bench: Bench, columns: int, lines: int, *words: str) -> list[str]:
    """Return what a command leaves on a terminal of this size."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(bench.place)
        command = f"{Path(sys.executable).parent}/rescal-sweep"
        os.execve(command, ["rescal-sweep", *words], bench.environment() | {"TERM": "xterm"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # it has ended
            break
    os.close(terminal)
    os.waitpid(child, 0)
    return [line.rstrip() for line in _ESCAPE.sub("", shown.decode()).splitlines()]


def cancelled(bench: Bench, *options: str) -> None:
    """Submit a sweep whose engine waits, and cancel it."""
    bench.write("[7]")
    bench.run("submit", "winds.yaml", *options)
    while "2 running" not in bench.run("status", *options).stdout:
        time.sleep(0.1)
    bench.run("cancel", "winds", *options)
    while "running" in bench.run("status", *options).stdout:
        time.sleep(0.1)


@pytest.mark.parametrize("columns", [80, 120])
def test_a_screen_has_room_for_any_number_of_experiments(bench: Bench, columns: int) -> None:
    bench.write(str([*range(1, 100)]))
    bench.run("run", "winds.yaml", "exp0")
    bench.write(str([0, *range(1, 100)]))

    shown = on_terminal(bench, columns, 24, "status", "winds")

    assert len(shown) <= 23
    assert max(map(len, shown)) <= columns
    assert "198 experiments: 1 done, 197 never_submitted" in shown
    assert "197 experiments never submitted: submit the sweep file again" in shown
    assert any(re.match(r" Tau_min = 1 +1 +1$", line) for line in shown), shown
    assert any(re.match(r" \.\.\. \d+ more$", line) for line in shown), shown


def test_a_cancelled_sweep_is_told_without_a_row_for_each(bench: Bench) -> None:
    cancelled(bench)

    shown = bench.run("status", "winds").stdout.splitlines()

    assert shown == [
        "2 experiments: 2 cancelled",
        "2 cancelled (cancelled on request): rescal-sweep resubmit winds --state cancelled",
    ]
    assert "  0" in bench.run("status", "winds", "--all").stdout


def test_hints_name_a_sweep_that_lies_elsewhere_by_its_path(bench: Bench) -> None:
    cancelled(bench, "--data-dir", "far/away")

    shown = bench.run("status", "--data-dir", "far/away").stdout

    command = "resubmit far/away/winds --state cancelled"
    assert (
        shown.splitlines()[-1] == f"2 cancelled (cancelled on request): rescal-sweep {command}"
    )
    bench.go()
    assert bench.run(*command.split(), "--wait").returncode == 0


def test_many_causes_leave_room_for_the_counts(
    sweep_directory: SweepDirectory, make_record: Callable[..., Record]
) -> None:
    words = ["ice", "mud", "fog", "hail", "sleet", "dust", "loam", "silt", "peat", "clay"]
    statuses = [
        Status(
            Experiment(i, Point(word, {"H": 20}, seed=1)),
            State.FAILED,
            1,
            None,
            record=make_record(
                state=State.FAILED, causes=(Cause(Kind.TEXT, detail=f"{word} " * 25),)
            ),
        )
        for i, word in enumerate(words)
    ]
    console = Console(
        file=io.StringIO(), width=80, height=24, force_terminal=True, force_interactive=True
    )

    console.print(status_screen.of_sweep(console, sweep_directory, statuses, everything=False))

    assert isinstance(console.file, io.StringIO)
    shown = _ESCAPE.sub("", console.file.getvalue()).splitlines()
    assert len(shown) <= 24
    assert "10 experiments: 10 failed" in shown
    assert re.match(r"\.\.\. [6-9] more causes; all of them with --all", shown[-1])
