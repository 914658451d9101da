"""How the engine's programs end: with ReSCAL's exit statuses and a sentence."""

from __future__ import annotations

import contextlib
import enum
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError, OrchestratorError
from orchestrator.formats.parameter_values import RefusedValueError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Exit(enum.IntEnum):
    """The exit statuses that ReSCAL uses, and two of this engine's own.

    A process that is ended by a signal before it could save anything ends with 128 and the signal's
    number, as a shell would say.
    """

    SAVED = 250
    """The state was saved because SIGUSR1 asked for it; ``-continue`` goes on from there."""

    STALE = 251
    """A checkpoint is damaged or of another run; nothing was sent, and the run may start anew."""

    UNREADABLE = 252
    """A file is missing or its lines cannot be read, or no file is named."""

    UNSUPPORTED = 254
    """A choice that the model does not have or this engine does not simulate."""

    REFUSED = 255
    """Anything else: a bad number, a duplicate, sizes that disagree, a file not writable."""


class ExitError(OrchestratorError):
    """The program ends with ``status``, for the reasons given, one sentence each."""

    def __init__(self, status: Exit, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.status = status


@contextlib.contextmanager
def ending(status: Exit, where: str = "") -> Iterator[None]:
    """End the program with ``status`` if a format is not followed in the block.

    A refused value ends it with 255, whatever ``status`` is. ``place`` says where the fault is,
    if the error itself does not.
    """
    before = f"{where}: " if where else ""
    try:
        yield
    except RefusedValueError as error:
        raise ExitError(Exit.REFUSED, f"{before}{error}") from error
    except FormatError as error:
        raise ExitError(status, f"{before}{error}") from error
