"""What a shell's limits do not give is told in a sentence, by commands and by the engine."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import shortage

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Bench

MEMORY = "there is not enough memory for this"
THREADS = "no more processes or threads can be started for this"
FILES = "too many files are open for this"

AS_SOMEBODY = (
    *("setpriv", "--reuid=61234", "--regid=61234", "--clear-groups"),
    *("--inh-caps=+dac_override,+dac_read_search,+fowner",),
    *("--ambient-caps=+dac_override,+dac_read_search,+fowner",),
)
"""Root has no limit on processes; somebody else could not read this Python."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), MEMORY),
        (OSError(errno.ENOMEM, "x"), MEMORY),
        (ImportError("_x.so: failed to map segment from shared object"), MEMORY),
        (OSError("Could not load", "libllvmlite.so"), ""),
        (OSError(errno.EMFILE, "x"), FILES),
        (OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)), THREADS),
        (OSError(errno.EAGAIN, "write could not complete without blocking"), ""),
        (RuntimeError("can't start new thread"), THREADS),
        (RuntimeError("a bug"), ""),
    ],
)
def test_what_the_machine_lacks_is_known_however_libraries_tell_it(
    error: Exception, told: str
) -> None:
    wrapped = OSError("Could not find/load shared object file")
    wrapped.__cause__ = error

    assert [shortage(each).partition(";")[0] for each in (error, wrapped)] == [told, told]


@pytest.mark.parametrize(
    ("before", "hidden"),
    [
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), False),
        (BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)), True),
        (MemoryError(), True),
    ],
    ids=["a lock that was taken", "the same, from None", "memory, from None"],
)
def test_a_bug_after_an_error_that_was_dealt_with_is_no_shortage(
    before: Exception,
    hidden: bool,  # noqa: FBT001
) -> None:
    bug = KeyError("bug")
    bug.__context__, bug.__suppress_context__ = before, hidden

    assert shortage(bug) == ""


def _limited(
    limit: str, words: list[str], place: Path, environment: dict[str, str], *user: str
) -> subprocess.CompletedProcess[str]:
    shell = ["bash", "-c", f'ulimit {limit}; exec "$@"', "bash", *words]
    return subprocess.run(
        [*user, *shell],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_an_engine_without_addresses_for_its_compiler_says_so(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "orchestrator.engine", "warm"]

    done = _limited("-v 200000", words, tmp_path, {**os.environ, "HOME": str(tmp_path)})

    assert done.stderr == f"{MEMORY}; the limit is 200000 (ulimit -v)\n"
    assert done.returncode == 1


@pytest.mark.parametrize("verb", ["collect -o w.nc", "report -o w.html"])
@pytest.mark.parametrize("addresses", ["100000", "180000", "200000"])
def test_libraries_without_addresses_are_not_loaded(
    bench: Bench, verb: str, addresses: str
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    name, *more = verb.split()

    done = _limited(
        f"-v {addresses}",
        [bench.command, name, "winds", *more],
        bench.place,
        bench.environment(),
    )

    assert done.stderr == f"{MEMORY}; the limit is {addresses} (ulimit -v)\n"
    assert done.returncode == 2


@pytest.mark.parametrize("limit", ["-v 250000", "-v 300000", "-n 16"])
def test_verbs_do_what_they_can_or_say_what_is_lacking(bench: Bench, limit: str) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    for words in ("status", "collect -o w.nc", "plot -o w.png", "report -o w.html", "doctor"):
        verb, *more = words.split()
        line = [bench.command, verb, *(() if verb == "doctor" else ("winds",)), *more]
        done = _limited(limit, line, bench.place, bench.environment())

        assert done.returncode in {0, 2} or verb == "doctor", done.stderr
        assert "Traceback" not in done.stderr
        assert "bug" not in done.stderr
        if done.returncode == 2:
            assert f"(ulimit {limit[:2]})" in done.stderr or "Too many open" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_where_no_process_may_be_started_that_is_told(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    shown = {
        words: _limited(
            "-u 1",
            [bench.command, *words.split()],
            bench.place,
            bench.environment(),
            *AS_SOMEBODY,
        )
        for words in ("status winds", "collect winds -o w.zarr", "plot winds -o w.png")
    }

    told = f"{THREADS}; the limit is 1 (ulimit -u)"
    status, *others = shown.values()
    assert (status.returncode, status.stderr) == (0, "")
    # matplotlib tells before of a directory that is not this user's
    assert [(d.returncode, d.stderr.splitlines()[-1:]) for d in others] == [(2, [told])] * 2
