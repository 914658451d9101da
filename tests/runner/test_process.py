"""Children run in groups of their own, end with their block, and their last words are kept."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import EngineError
from orchestrator.records import attempts, survivors
from orchestrator.runner import process
from orchestrator.runner.group import Group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.runner.process import Child


@pytest.fixture(params=["pidfd", "no pidfd"], autouse=True)
def _kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test as Linux is since 5.3, and as before."""
    if request.param == "no pidfd":
        monkeypatch.delattr(os, "pidfd_open")


def _python(code: str) -> list[str]:
    return [sys.executable, "-SEc", f"import os, signal, sys, time\n{code}"]


@contextlib.contextmanager
def _running(command: list[str], place: Path) -> Iterator[Child]:
    with (
        Group() as group,
        process.running(process.Program(command, place, group), place / "log") as child,
    ):
        yield child


def test_a_program_is_waited_for(tmp_path: Path) -> None:
    with _running(_python("sys.exit(7)"), tmp_path) as child:
        assert child.wait(60)
        assert child.ended()
        assert child.status() == 7


def test_a_wait_ends_in_time_or_when_woken(tmp_path: Path) -> None:
    woken, waking = os.pipe()
    with _running(["sleep", "60"], tmp_path) as child:
        before = time.monotonic()
        assert not child.wait(0.1)
        assert time.monotonic() - before >= 0.1
        os.write(waking, b"x")
        assert not child.wait(60, woken)
        assert time.monotonic() - before < 30
    os.close(woken)
    os.close(waking)


def test_a_program_does_not_outlive_its_block(tmp_path: Path) -> None:
    with _running(["sleep", "60"], tmp_path) as child:
        pid = child.pid

    assert child.status() == -signal.SIGINT
    assert not Path(f"/proc/{pid}").exists()


def test_its_children_do_not_either(tmp_path: Path) -> None:
    command = ["sh", "-c", "sleep 60 & echo $!"]
    with _running(command, tmp_path) as child:
        assert child.wait(60)
        assert child.status() == 0

    left = Path(f"/proc/{int((tmp_path / 'log').read_text())}/stat")
    deadline = time.monotonic() + 30
    while left.exists() and left.read_text().rpartition(")")[2].split()[0] not in "ZX":
        assert time.monotonic() < deadline


def test_a_program_starts_with_its_signals_as_they_are_by_nature(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as in a shell's background job
    try:
        code = "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
        with _running(_python(code), tmp_path) as child:
            assert child.wait(60)
    finally:
        signal.signal(signal.SIGINT, before)

    assert (tmp_path / "log").read_text() == "True\n"


def test_its_processor_time_is_counted_with_its_children(tmp_path: Path) -> None:
    burn = "end = time.process_time() + 0.2\nwhile time.process_time() < end: pass\n"
    code = f"if os.fork() == 0:\n {burn.replace(chr(10), chr(10) + ' ')}\ntime.sleep(60)"
    with _running(_python(code), tmp_path) as child:
        deadline = time.monotonic() + 60
        while child.ticks() < 0.1 * os.sysconf("SC_CLK_TCK"):
            assert time.monotonic() < deadline


def test_output_is_appended_to_the_log(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    code = "print('out', flush=True); print('err', file=sys.stderr)"

    with _running(_python(code), tmp_path) as child:
        assert child.wait(60)

    assert (tmp_path / "log").read_text() == "before\nout\nerr\n"


def test_what_cannot_be_started_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(EngineError) as caught,
        _running(["/nowhere/rescal"], tmp_path),
    ):
        pass

    assert str(caught.value) == "cannot start /nowhere/rescal: No such file or directory"


def test_last_lines_are_readable_whatever_was_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(b"x" * 20_000 + b"\none\n\n\x1b[31mtwo\xff\x00 \r\nthree")

    assert process.last_lines(log, 3) == ("one", "[31mtwo\ufffd", "three")
    assert process.last_lines(tmp_path / "nothing") == ()


DYING = """
import os, pathlib, signal, sys
from orchestrator.runner import process
from orchestrator.runner.group import Group
place = pathlib.Path(sys.argv[1])
command = ["sh", "-c", "sleep 60 & wait"]
{before}
with Group() as group:
    print(group.number, flush=True)
    with process.running(process.Program(command, place, group), place / "log") as child:
        {then}
"""
AT_ONCE = (
    "process.Child = lambda *_: os.kill(os.getpid(), signal.SIGKILL)"  # once it is started
)


@pytest.mark.parametrize(
    ("before", "then"),
    [
        ("", "os.kill(os.getpid(), signal.SIGKILL)"),
        ("", "os._exit(0)"),
        (AT_ONCE, "pass"),
        ("", "os.waitpid(group.number, 0); os.kill(os.getpid(), signal.SIGKILL)"),
    ],
)
def test_a_group_does_not_outlive_the_process_that_runs_it(
    tmp_path: Path, before: str, then: str
) -> None:
    command = [sys.executable, "-c", DYING.format(before=before, then=then), str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    _gone(lambda: _alive_in_group(int(done.stdout)))


def test_nothing_is_left_at_whatever_moment_the_process_is_killed(tmp_path: Path) -> None:
    """Killed 0 to 8 ms after it begins to make a group and to start a program."""
    places = [tmp_path / str(i) for i in range(40)]

    for delay, place in enumerate(places):
        place.mkdir()
        pid = os.fork()
        if pid == 0:
            with (
                Group() as group,
                process.running(process.Program(["sleep", "60"], place, group), place / "log"),
            ):
                time.sleep(60)
            os._exit(1)
        time.sleep(delay / 5000)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)

    assert any((place / "log").exists() for place in places)
    _gone(lambda: any(_works_in(place) for place in places))


LEAVING = """
import os, pathlib, sys
from orchestrator.runner import orphans, process
from orchestrator.runner.group import Group
place = pathlib.Path(sys.argv[1])
orphans.adopt()
command = ["sh", "-c", "setsid sh -c 'sleep 60 & sleep 60' & sleep 0.2; :"]
with Group() as group, process.running(process.Program(command, place, group), place / "log") as child:
    child.wait(60)
    print(len(child._family()) > 1, flush=True)
print(*orphans.children() - {group.number})
"""


def test_children_that_leave_the_group_are_found_and_ended_with_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr) == ("True\n\n", "")
    assert not _works_in(tmp_path)


def test_what_has_left_a_supervisor_that_was_killed_is_found_by_its_mark() -> None:
    supervisor = subprocess.Popen(["sleep", "60"])
    claim = attempts.identity(supervisor.pid, "", "")
    environment = {**os.environ, survivors.VARIABLE: survivors.mark(claim)}
    with subprocess.Popen(["setsid", "sleep", "60"], env=environment) as left:
        alive = attempts.end_survivors([claim])
        supervisor.kill()
        supervisor.wait()
        ended = attempts.end_survivors([claim, claim])
        status = left.wait(60)

    assert (alive, ended, status) == (0, 1, -signal.SIGKILL)


def _gone(still: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while still():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _works_in(place: Path) -> bool:
    """Return whether a process has a directory as its working directory."""
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            if link.readlink() == place:
                return True
    return False


def _alive_in_group(leader: int) -> bool:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == leader and fields[0] not in "ZX":
                return True
    return False
