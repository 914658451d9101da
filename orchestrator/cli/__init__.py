"""The command line: one verb per file.

Exit codes: 0 done; 1 some experiments ended badly; 2 the request was wrong; 130 interrupted.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from orchestrator._version import __version__
from orchestrator.errors import OrchestratorError, RequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HINDRANCES = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}
"""What a disk, its owner or a path may stand in the way of; everything else is a bug."""

VERBS = {
    "init": "make a starter project: sweeps/, templates/, data_runs/",
    "plan": "show what submitting a sweep file would do; change nothing",
    "submit": "run what is new in a sweep file",
    "run": "run one experiment here, in the foreground",
    "status": "show where the experiments of a sweep stand",
    "logs": "show what an experiment wrote",
    "cancel": "stop a sweep, or some of its experiments",
    "resubmit": "run experiments again that ended badly",
    "collect": "write a sweep to one labelled dataset",
    "plot": "draw a sweep: phase diagram, series, spectrum, profile, animation",
    "report": "write one HTML page of a sweep, also while it runs",
    "verify": "run an experiment again and compare every snapshot",
    "doctor": "probe this machine, the engine, the file system and Slurm",
    "schema": "print the JSON Schema of a sweep file, for editors",
}


def parser(verb: str) -> argparse.ArgumentParser:
    """Build the parser of what stands behind a verb."""
    module = import_module(f"orchestrator.cli.{verb}")
    one = argparse.ArgumentParser(prog=f"rescal-sweep {verb}", description=module.__doc__)
    module.configure(one)
    one.set_defaults(perform=module.perform)
    return one


def _read(words: Sequence[str]) -> argparse.Namespace:
    """Read a command line; options may stand anywhere behind the verb."""
    if not words or words[0] not in VERBS:
        _refuse(words)
    return parser(words[0]).parse_intermixed_args(words[1:])


def _refuse(words: Sequence[str]) -> NoReturn:
    """Show the help or the version, or say what is wrong with words that begin with no verb."""
    top = argparse.ArgumentParser(
        prog="rescal-sweep",
        description="Parameter sweeps of ReSCAL-snow, on Slurm or on this machine.",
    )
    top.add_argument("--version", action="version", version=f"rescal-sweep {__version__}")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb, summary in VERBS.items():
        verbs.add_parser(verb, help=summary)
    top.parse_args(words)
    top.error(f"the verb comes first: {', '.join(VERBS)}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not every terminal has every letter
            stream.reconfigure(errors="replace")
    try:
        options = _read(sys.argv[1:] if arguments is None else arguments)
        code: int = options.perform(options)
        sys.stdout.flush()
    except RequestError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return 2
    except OrchestratorError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in _HINDRANCES:
            raise
        print(f"{error.filename or 'cannot write'}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return code
