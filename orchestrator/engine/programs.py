"""The engine's programs, by the words of a command line."""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.errors import shortage

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = {
    "genesis": "make the initial cell space that a parameter file describes",
    "rescal": "run a parameter file",
    "check": "tell what would be refused in a parameter file, without running it",
    "qsat": "make the table of eroding shares that rescal needs beside a property file",
    "compile": "compile the kernels and write them to standard output, as warm does for the cache",
    "warm": "compile what the others need, so that no run has to",
    "speed": "tell how long a small run takes on this machine",
    "serve": "start others for a process that asks on a socket, each as a process of its own",
}
_LISTED = "".join(f"  {name:8} {meaning}\n" for name, meaning in PROGRAMS.items())
_USAGE = f"""usage: python -m orchestrator.engine PROGRAM ARGUMENTS

{_LISTED}
The first three tell their arguments where they are given none.
"""
_FEW_COLLECTIONS = 100_000  # objects made before cycles among them are looked for
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
"""Signals that end a program."""


def main(words: Sequence[str]) -> int:
    """Run one of the programs and return its exit status."""
    for number in ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)  # blocked where it was forked
    name, *rest = words or [""]
    if name in {"-h", "--help"}:
        sys.stdout.write(_USAGE)
        return 0
    if name not in PROGRAMS:
        sys.stderr.write(_USAGE)
        return 2
    # only the one that is asked for: some need the kernels, and loading them takes a while
    program = importlib.import_module(f"orchestrator.engine.{name}")
    try:
        program.main(rest)
        sys.stdout.flush()
    except ExitError as error:
        sys.stderr.write(f"{error}\n")
        return error.status
    except BrokenPipeError:
        sys.stderr.write("standard output: nobody reads it any more\n")
        # the interpreter flushes once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return Exit.REFUSED
    return 0


def _end(number: int, _frame: object) -> NoReturn:
    """End quietly; drafts of files vanish on the way out."""
    sys.exit(128 + number)


def run(words: Sequence[str]) -> NoReturn:
    """Run a program and end this process, which needs no tidying up behind it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # nothing here is linear algebra
    gc.set_threshold(_FEW_COLLECTIONS)  # while modules and kernels are loaded
    try:
        status = main(words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException as error:  # noqa: BLE001  # of which a program that was forked has to tell itself
        if short := shortage(error):
            sys.stderr.write(f"{short}\n")
        else:  # a bug
            sys.excepthook(*sys.exc_info())
        status = 1
    atexit._run_exitfuncs()  # noqa: SLF001  # which the fast way out leaves out
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)
