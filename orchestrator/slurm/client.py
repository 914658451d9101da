"""Calls of Slurm's clients, whose failure is an answer and not an exception."""

from __future__ import annotations

import logging
import os
import re
import shlex
import subprocess
import time
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.errors import RequestError

Answer = TypeVar("Answer")

PATIENCE_S = 30.0
"""How long one call may take; a client gives up on a dead controller after about ten seconds."""

_LOG = logging.getLogger(__name__)

_FILTERED = ("SLURM_", "SQUEUE_", "SACCT_", "SINFO_", "SCONTROL_", "SACCTMGR_", "LC_", "LANG")

_PREFIX = re.compile(r"^(\w+: )?(error|fatal): ")


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, which is not the same as an answer that says no.

    ``lasting`` marks reasons that will not go away by themselves: no Slurm here, no accounts kept.
    """

    reason: str
    lasting: bool = False


def ask(*command: str, patience_s: float = PATIENCE_S) -> str | Unknown:
    """Run one of Slurm's clients and return what it printed."""
    name, before = command[0], time.perf_counter()
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env=_plain_environment(),
            timeout=patience_s,
            check=False,
        )
    except FileNotFoundError:
        return Unknown(f"{name} is not on this machine", lasting=True)
    except subprocess.TimeoutExpired:
        return Unknown(f"{name} gave no answer within {patience_s:g} s")
    except OSError as error:
        return Unknown(f"{name} does not start: {error.strerror}")
    finally:
        _LOG.info("%s (%.2f s)", shlex.join(command), time.perf_counter() - before)
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        lines_shown = lines[-1:] or done.stdout.strip().splitlines()[:1]
        message = lines_shown[0] if lines_shown else f"exit status {done.returncode}"
        return Unknown(
            f"{name}: {_PREFIX.sub('', message)}", lasting="storage is disabled" in message
        )
    return done.stdout


def required(answer: Answer | Unknown) -> Answer:
    """Return an answer that is needed to go on.

    Raises
    ------
    RequestError
        With the reason, where there is none.
    """
    if isinstance(answer, Unknown):
        raise RequestError(f"Slurm cannot be asked: {answer.reason}")
    return answer


def _plain_environment() -> dict[str, str]:
    """Hide what a profile or an enclosing job would change in the clients' answers."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_FILTERED)}
    if "SLURM_CONF" in os.environ:
        kept["SLURM_CONF"] = os.environ["SLURM_CONF"]
    # lists of array indices in full; times as 2026-01-31T12:00:00
    return {**kept, "LC_ALL": "C", "SLURM_BITSTR_LEN": "0", "SLURM_TIME_FORMAT": "standard"}
