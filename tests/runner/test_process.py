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
from orchestrator.runner import process

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        process.Guard() as guard,
        process.running(command, place, place / "log", guard) as child,
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


GUARDED = """
import os, pathlib, signal, sys
from orchestrator.runner import process
place = pathlib.Path(sys.argv[1])
command = ["sh", "-c", "sleep 60 & wait"]
with process.Guard() as guard, process.running(command, place, place / "log", guard) as child:
    print(child.pid, flush=True)
    {end}
"""


@pytest.mark.parametrize("end", ["os.kill(os.getpid(), signal.SIGKILL)", "os._exit(0)"])
def test_a_group_does_not_outlive_the_process_that_runs_it(tmp_path: Path, end: str) -> None:
    command = [sys.executable, "-c", GUARDED.format(end=end), str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.stderr == ""
    deadline = time.monotonic() + 30
    while _alive_in_group(int(done.stdout)):
        assert time.monotonic() < deadline


def _alive_in_group(leader: int) -> bool:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == leader and fields[0] not in "ZX":
                return True
    return False
