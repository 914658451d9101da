"""Whatever a worker leaves when it is killed, its guard ends."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

GUARDED = """
import os, signal, subprocess, sys
from orchestrator.runner import guard, orphans

def work():
    orphans.adopt()
    program = subprocess.Popen(
        ["setsid", "env", "-i", "sh", "-c", "sleep 600 & echo $! $$; wait"],
        stdout=subprocess.PIPE, text=True,
    )
    print(program.stdout.readline().strip(), os.getpid(), flush=True)
    {end}

print(guard.run(work).status)
"""


def _run(end: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", GUARDED.format(end=end)]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, text=True)


def _gone(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
        ("sys.exit(3)", 1),
        ("pass", 0),
    ],
)
def test_programs_in_sessions_of_their_own_without_a_mark_end_with_the_worker(
    end: str, status: int
) -> None:
    guarded = _run(end)

    out, _ = guarded.communicate(timeout=60)

    first, last = out.splitlines()
    sleeping, shell, _ = map(int, first.split())
    assert _gone(sleeping)
    assert _gone(shell)
    assert int(last) == status
    assert guarded.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR2, signal.SIGINT])
def test_what_the_guard_is_asked_the_worker_is_asked(number: signal.Signals) -> None:
    heed = f"signal.signal({int(number)}, lambda *_: os._exit(7)); print('ready', flush=True)"
    guarded = _run(f"{heed}; signal.pause()")
    assert guarded.stdout is not None
    for _ in range(2):
        guarded.stdout.readline()

    os.kill(guarded.pid, number)
    out, _ = guarded.communicate(timeout=60)

    assert out.split() == ["7"]


def test_a_signal_after_the_worker_has_ended_keeps_nothing_from_being_ended() -> None:
    reap = "(waitpid(*given), os.kill(os.getpid(), signal.SIGTERM))[0]"
    code = GUARDED.format(end="pass").replace(
        "def work", f"waitpid = os.waitpid\nos.waitpid = lambda *given: {reap}\n\ndef work", 1
    )
    command = [sys.executable, "-c", code]

    guarded = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    first, last = guarded.stdout.splitlines()
    sleeping, shell, _ = map(int, first.split())
    assert _gone(sleeping)
    assert _gone(shell)
    assert last == "0"
    assert (guarded.returncode, guarded.stderr) == (0, "")


def test_a_guard_that_is_killed_leaves_its_worker_to_work() -> None:
    guarded = _run("sys.stdin.readline(); print(program.poll(), flush=True)", subprocess.PIPE)
    assert guarded.stdout is not None
    assert guarded.stdin is not None
    sleeping, shell, pid = map(int, guarded.stdout.readline().split())
    worker = os.pidfd_open(pid)

    guarded.kill()
    guarded.wait()
    guarded.stdin.write("go on\n")
    guarded.stdin.close()
    answer = guarded.stdout.readline()
    ended, _, _ = select.select([worker], [], [], 60)
    for left in (shell, sleeping):
        os.kill(left, signal.SIGKILL)
    guarded.stdout.close()
    os.close(worker)

    assert answer == "None\n"  # its program runs, too
    assert ended
