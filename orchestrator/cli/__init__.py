"""The command line: one verb per file.

Exit codes: 0 done; 1 some experiments ended badly; 2 the request was wrong; 130 interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
from typing import TYPE_CHECKING

from orchestrator.cli import command_line, shell_limits
from orchestrator.errors import OrchestratorError, RequestError, shortage

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

_STDERR = 2


def main(  # noqa: PLR0911  # one place where mistakes, failures and bugs part ways
    arguments: Sequence[str] | None = None,
) -> int:
    """Run one command and return its exit code.

    Here a person's mistakes, the machine's failures and bugs part ways: the first two get a
    sentence each, a bug gets one with the file that has its traceback.
    """
    shell_limits.heed()
    _open_streams()
    try:
        options = command_line.read(sys.argv[1:] if arguments is None else arguments)
        code = _perform(options)
        sys.stdout.flush()
    except RequestError as error:
        return _end(2, *error.problems)
    except OrchestratorError as error:
        return _end(1, str(error))
    except BrokenPipeError:  # the reader of our output has gone, as `| head` does
        return _end(0)
    except OSError as error:
        if error.filename is None and (short := shortage(error)):
            return _end_at_once(short, arguments)
        subject = error.filename or error.filename2 or "cannot write"
        return _end(2, f"{subject}: {error.strerror or error}")
    except KeyboardInterrupt:
        return _end(130)
    except Exception as error:  # noqa: BLE001  # told with where its traceback is
        short = shortage(error)
        return _end_at_once(short, arguments) if short else _end(1, _bug(error))
    return code


def _bug(error: Exception) -> str:
    from orchestrator import bugs  # noqa: PLC0415  # for this alone

    return bugs.report(error, ["rescal-sweep", *sys.argv[1:]])


def _perform(options: Namespace) -> int:
    if getattr(options, "verbose", False):
        _log_to_screen()
    code: int = options.perform(options)
    return code


def _log_to_screen() -> None:
    """Print to standard error what the package logs, such as the commands of Slurm it runs."""
    import logging  # noqa: PLC0415  # for this alone

    screen = logging.StreamHandler()
    screen.setFormatter(logging.Formatter("%(message)s"))
    package = logging.getLogger("orchestrator")
    package.addHandler(screen)
    package.setLevel(logging.INFO)


def _open_streams() -> None:
    """Open what the shell has closed, and let no stream stumble over a letter.

    Files opened later would take the numbers of closed streams, and get what is meant for a screen.
    """
    while (handle := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
        pass
    os.close(handle)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not every terminal has every letter
            stream.reconfigure(errors="replace")


def _end_at_once(sentence: str, arguments: Sequence[str] | None) -> int:
    """Say what the machine lacks; a program ends then, since tidying up would lack it, too."""
    code = _end(2, sentence)
    if arguments is None:
        os._exit(code)
    return code


def _end(code: int, *sentences: str) -> int:
    """Print what is to be said at the end, as far as anybody can be told; return the exit code."""
    with contextlib.suppress(OSError, ValueError):
        for sentence in sentences:
            print(sentence, file=sys.stderr)
        sys.stderr.flush()
    # what is still to be written has nowhere to go, and must not fail again at the very end
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return code
