"""What the tool relies on in a simulator of a user's own, check by check."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import subprocess
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.conformance.checks import Check, NonconformingError
from orchestrator.errors import FormatError, StreamError
from orchestrator.formats import parfile
from orchestrator.formats.parameter_values import checked
from orchestrator.model import Point, Run
from orchestrator.model.simulators import SIDES
from orchestrator.runner import simulator
from orchestrator.runner.decoder import CutError, Decoder
from orchestrator.runner.own_decoder import OwnDecoder
from orchestrator.runner.reducer import Reducer
from orchestrator.sweepfile import own_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.model.simulators import OwnEngine

_PARFILE = "run.par"
_LINES = 3  # of its output that are quoted
_CUTS = 12  # places where a stream is cut

Frames = list[tuple[float, "NDArray[np.int16]"]]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A simulator as a sweep file would name it, and the run on which it is tried."""

    reference: str
    folder: Path
    run: Run
    parameters: tuple[tuple[str, Value], ...]
    limit_s: float

    def load(self) -> OwnEngine:
        """Return it as a job would."""
        try:
            return own_engine.load(self.reference, self.folder)
        except FormatError as error:
            raise NonconformingError(f"{self.reference}: {error}") from error

    def settled(self, engine: OwnEngine) -> dict[str, Value]:
        """Return the parameters of the run, by the simulator's own table."""
        table = engine.simulator.table
        if unknown := sorted({name for name, _ in self.parameters} - table.keys()):
            raise NonconformingError(f"{unknown[0]}: expected one of {', '.join(table)}")
        values = engine.simulator.settled(dict(self._checked(table)))
        if missing := [name for name in table if name not in values]:
            raise NonconformingError(f"{missing[0]} has no default; give the checks a value")
        return values

    def _checked(self, table: Mapping[str, Parameter]) -> Iterator[tuple[str, Value]]:
        """Yield the parameters of the run with values of their own kind."""
        for name, value in self.parameters:
            try:
                yield name, checked(table[name], value)
            except FormatError as error:
                raise NonconformingError(f"{name}: {error}") from error


def simulator_checks(  # noqa: PLR0913  # what a run is made of, by name
    reference: str,
    folder: str | Path = ".",
    *,
    parameters: Mapping[str, Value] | None = None,
    stop: float = 4.0,
    every: float = 1.0,
    limit_s: float = 60.0,
) -> list[Check]:
    """Return the checks of a simulator, to be the parameters of a test.

    Parameters
    ----------
    reference
        As ``run.engine`` has it: ``MODULE:NAME``, or the name of an entry point.
    folder
        Where the sweep file would be, beside the module.
    parameters
        Of the run on which it is tried, at least those without a default.
    stop, every
        Length of the run, and the time between two frames.
    limit_s
        Seconds that a run may take.

    Returns
    -------
    list of Check
        Each of which raises :class:`NonconformingError` if it fails.
    """
    chosen = tuple((parameters or {}).items())
    candidate = _Candidate(reference, Path(folder), Run(stop, every), chosen, limit_s)
    checks = {
        "is_declared": _is_declared,
        "runs": _runs,
        "times": _times,
        "deterministic": _deterministic,
        "seeds": _seeds,
        "smallest_domain": _smallest_domain,
        "cut_off": _cut_off,
        "foreign_bytes": _foreign_bytes,
    }
    return [Check(name, partial(check, candidate)) for name, check in checks.items()]


def _is_declared(candidate: _Candidate) -> None:
    """Check that it can be loaded, and that the parameters of the run are in its table."""
    candidate.settled(candidate.load())


def _runs(candidate: _Candidate) -> None:
    """Check that its frames have the domain's columns, and whole numbers in range."""
    _frames(candidate, _sent(candidate, 1))


def _times(candidate: _Candidate) -> None:
    """Check that frames come at every multiple of ``{every}``, from 0 to ``{stop}``."""
    times = [time for time, _ in _frames(candidate, _sent(candidate, 1))]
    wanted = [n * candidate.run.every_t0 for n in candidate.run.multiples()]
    if len(times) != len(wanted) or not np.allclose(times, wanted):
        raise NonconformingError(f"expected frames at {wanted}, got them at {times}")


def _deterministic(candidate: _Candidate) -> None:
    """Check that a run with the same seed is the same, as verify expects."""
    first = _frames(candidate, _sent(candidate, 1))
    again = _frames(candidate, _sent.__wrapped__(candidate, 1))
    if not _equal(first, again):
        raise NonconformingError("expected the same frames of the same seed, got others")


def _seeds(candidate: _Candidate) -> None:
    """Check that another seed makes another run, where the command line has it."""
    if not any("{seed}" in word for word in candidate.load().simulator.command):
        return
    if _equal(_frames(candidate, _sent(candidate, 1)), _frames(candidate, _sent(candidate, 2))):
        raise NonconformingError(
            "expected other frames of another seed, got the same; leave {seed} out of the command "
            "if nothing in it is random"
        )


def _smallest_domain(candidate: _Candidate) -> None:
    """Check that it simulates the smallest domain that its table allows."""
    table = candidate.load().simulator.table
    sides = {side: max(1, int(max(1.0, table[side].low))) for side in SIDES}
    parameters = {**dict(candidate.parameters), **sides}
    small = _Candidate(
        candidate.reference,
        candidate.folder,
        candidate.run,
        tuple(parameters.items()),
        candidate.limit_s,
    )
    try:
        _frames(small, _sent(small, 1))
    except NonconformingError as error:
        length, depth = sides.values()
        raise NonconformingError(
            f"L = {length}, D = {depth}, as its table allows: {error}"
        ) from error


def _cut_off(candidate: _Candidate) -> None:
    """Check that of a stream that ends anywhere the whole frames are taken, and the end is noticed."""
    sent = _sent(candidate, 1)
    whole = _frames(candidate, sent)
    for cut in sorted({len(sent) * n // _CUTS + n % 3 for n in range(_CUTS)}):
        part: Frames = []
        try:
            _take_apart(candidate, sent[:cut], part)
        except CutError:
            pass
        except StreamError as error:
            at = f"a stream that ends after {cut} of {len(sent)} bytes"
            raise NonconformingError(f"{at}: {error}") from error
        if not _equal(part, whole[: len(part)]):
            raise NonconformingError(f"a stream that ends after {cut} bytes has other frames")


def _foreign_bytes(candidate: _Candidate) -> None:
    """Check that a stream of anything else ends in a sentence, not in frames without an end."""
    frames: Frames = []
    with contextlib.suppress(StreamError):
        _take_apart(candidate, bytes(range(1, 256)) * 64, frames)
    if frames:
        raise NonconformingError(
            f"expected bytes that are no frames to be refused, got {len(frames)} frames of them; "
            "begin each frame with something that can be recognised, such as its size"
        )


@functools.lru_cache(maxsize=16)
def _sent(candidate: _Candidate, seed: int) -> bytes:
    """Return what it writes to the pipe in a run, refusing one that ends badly or takes too long."""
    engine = candidate.load()
    parameters = candidate.settled(engine)
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        text = parfile.text(parameters, engine.simulator.table)
        Path(folder, _PARFILE).write_text(text, encoding="ascii")
        reading, writing = os.pipe()
        point = Point("", parameters, seed)
        command = simulator.own_command(engine, point, candidate.run, _PARFILE, writing)
        with os.fdopen(reading, "rb") as pipe:
            try:
                child = subprocess.Popen(
                    ("timeout", str(candidate.limit_s), *command),
                    cwd=folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                )
            finally:
                os.close(writing)
            with child:
                sent = pipe.read()
        log.seek(0)
        lines = log.read().decode(errors="replace").splitlines()[-_LINES:]
    if child.returncode:
        how = _ended(child.returncode, candidate, lines)
        raise NonconformingError(f"{engine.simulator.name} {how}")
    return sent


def _ended(status: int, candidate: _Candidate, lines: list[str]) -> str:
    if status == 124:  # of timeout
        return f"has not ended within {candidate.limit_s:g} s"
    return "\n".join([f"exited with status {status}", *lines])


def _frames(candidate: _Candidate, sent: bytes) -> Frames:
    """Return the times and height maps [D, L] of a whole stream."""
    frames: Frames = []
    try:
        _take_apart(candidate, sent, frames)
    except StreamError as error:
        raise NonconformingError(str(error)) from error
    if not frames:
        raise NonconformingError("expected frames, got none")
    return frames


def _take_apart(candidate: _Candidate, sent: bytes, frames: Frames) -> None:
    """Add the frames of a stream."""
    engine, stream = candidate.load(), io.BytesIO(sent)
    source: Any = (
        Decoder(stream.readinto)
        if engine.simulator.decode is None
        else OwnDecoder(engine, stream.readinto, candidate.settled(engine))
    )
    reducer = Reducer(source, [])
    while (header := source.header()) is not None:
        frames.append((header.time, reducer.reduce(header).arrays["height_maps"]))


def _equal(first: Frames, second: Frames) -> bool:
    return len(first) == len(second) and all(
        a[0] == b[0] and np.array_equal(a[1], b[1]) for a, b in zip(first, second, strict=True)
    )
