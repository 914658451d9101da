"""Snapshots on their way out: frames on a pipe, or files with maps of altitude."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import os
import struct
import termios
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from orchestrator.engine.options import RescalOptions
    from orchestrator.engine.simulation import Simulation

_PATIENCE_S = 1.0
_PAUSE_S = 0.002


class Pipe:
    """A pipe that was inherited; each snapshot goes into it as a frame, walls included.

    Parameters
    ----------
    handle
        File descriptor of the writing end.
    """

    def __init__(self, handle: int, model: str) -> None:
        self._handle = handle
        self._model = model
        try:
            mode = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE
        except (OSError, OverflowError, ValueError) as error:
            raise ExitError(
                Exit.REFUSED, f"-data_pipe {handle}: no such open file descriptor"
            ) from error
        if mode == os.O_RDONLY:
            raise ExitError(Exit.REFUSED, f"-data_pipe {handle}: cannot be written to")
        os.set_blocking(handle, True)

    def write(self, simulation: Simulation) -> None:
        """Write the present state, plane by plane."""
        header = header_of(simulation, self._model, borders=True)
        try:
            self._write(frames.pack_size(header.size + header.payload_bytes))
            self._write(header_bytes(header))
            for plane in simulation.planes(walls=True):
                self._write(plane.data)
        except OSError as error:
            raise ExitError(
                Exit.REFUSED,
                f"-data_pipe {self._handle}: the snapshot at {header.time:g} t0 cannot be "
                f"written: {error.strerror}",
            ) from error

    def drain(self) -> None:
        """Wait for the reader, a second at most; some readers first look whether the writer lives."""
        deadline = time.monotonic() + _PATIENCE_S
        with contextlib.suppress(OSError):  # not a pipe, or nobody reads
            while time.monotonic() < deadline:
                left = fcntl.ioctl(self._handle, termios.FIONREAD, bytes(4))
                if struct.unpack("i", left)[0] == 0:
                    return
                time.sleep(_PAUSE_S)

    def _write(self, data: bytes | memoryview) -> None:
        view = memoryview(data).cast("B")
        while view:
            view = view[os.write(self._handle, view) :]


class Files:
    """Snapshots in the working directory and maps of altitude beside the logs.

    They are numbered from 0; pictures, which ReSCAL would draw, take numbers too.
    """

    def __init__(self, options: RescalOptions, model: str, directory: Path) -> None:
        self._options = options
        self._model = model
        self._directory = directory

    def write(self, simulation: Simulation) -> None:
        """Write the files of the present state; each appears whole."""
        number = simulation.schedule.number
        try:
            if not self._options.altitudes_only:
                self._write_cells(simulation, f"{self._model}{number:05d}_t0.csp")
            altitudes = self._directory / f"ALTI{number:05d}_t0.log"
            with replacing(altitudes, durable=False) as file:
                for row in simulation.altitude.tolist():
                    file.write(b"%s \n" % b" ".join(b"%d" % value for value in row))
        except OSError as error:
            raise ExitError(
                Exit.REFUSED,
                f"snapshot {number}: cannot be written: {error.strerror}: {error.filename}",
            ) from error

    def _write_cells(self, simulation: Simulation, name: str) -> None:
        header = header_of(simulation, self._model, borders=self._options.borders)
        packed = Path(f"{name}.gz")
        # an older compressed file is not touched
        path = packed if self._options.compressed and not packed.exists() else Path(name)
        with replacing(path, durable=False) as file, _packing(file, path) as target:
            target.write(header_bytes(header))
            for plane in simulation.planes(walls=header.borders):
                target.write(plane.data.cast("B"))


def write_gas(simulation: Simulation) -> None:
    """Write nodes, box velocities and stress of the present state to files of the working directory.

    Before the first gas cycle there are no velocities and no stress, which are not turned back.
    """
    if not simulation.settings.gas:
        return
    number, velocities = simulation.schedule.number, simulation.box_velocities
    boxes = "_".join(map(str, velocities.shape[1:]))
    try:
        with replacing(Path(f"HPP{number:05d}_t0.bin"), durable=False) as file:
            file.write(simulation.nodes.astype("<u2").tobytes())
        if simulation.atmosphere.cycles:
            with replacing(Path(f"HPP{number:05d}_{boxes}.vel"), durable=False) as file:
                file.write(velocities.astype("<i4").tobytes())
            with replacing(Path(f"GRAD_VEL{number:05d}_t0.data"), durable=False) as file:
                for row in simulation.stress.tolist():
                    file.write(b"%s \n" % b" ".join(b"%f" % value for value in row))
    except OSError as error:
        raise ExitError(
            Exit.REFUSED,
            f"the gas of snapshot {number}: cannot be written: {error.strerror}: {error.filename}",
        ) from error


def header_of(simulation: Simulation, model: str, *, borders: bool) -> Header:
    """Return the header of the present state."""
    across, along = simulation.bed.margins
    return Header(
        model,
        simulation.height,
        simulation.length,
        simulation.depth,
        time=simulation.time,
        borders=borders,
        boxed=not borders,
        margins=(across, 1, along),
    )


@contextlib.contextmanager
def _packing(file: IO[bytes], path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    if path.suffix != ".gz":
        yield file
        return
    # no time in it, so that equal cells make equal files
    with gzip.GzipFile("", "wb", compresslevel=4, fileobj=file, mtime=0) as packed:
        yield packed
