"""The simulator's program: from its command line to snapshots on a pipe or in files."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from orchestrator.engine import limits, options, request
from orchestrator.engine.exit_status import Exit, ExitError, ending
from orchestrator.engine.logs import Logs
from orchestrator.engine.output import Files, Pipe, write_gas
from orchestrator.errors import FormatError, RequestError
from orchestrator.formats import cellspace, frames, properties
from orchestrator.formats.cellspace import Cell, Header
from orchestrator.formats.parameters import PARAMETERS, rescal_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.engine.options import RescalOptions
    from orchestrator.engine.simulation import Simulation
    from orchestrator.formats.parameters import Value
    from orchestrator.formats.parfile import ParFile

_SHARE = 100.0  # saving takes a hundredth of the time, or less
_LEAST_HEIGHT = 4  # the model mixes gas in rows up to the fifth, except in a cyclic box
_LEAST_LENGTH = 9  # and interpolates its velocity between three boxes of five columns


def main(words: Sequence[str]) -> None:
    """Run ``rescal`` with the words of its command line.

    Raises
    ------
    ExitError
        With ReSCAL's exit status; no file is left half written.
    """
    given = options.rescal(words)
    if given.help:
        _say(options.RESCAL_USAGE.rstrip())
    if given.parameter_list:
        _say("\n".join(f"{name}: {PARAMETERS[name].meaning}" for name in rescal_names()))
    file, values = request.read(given.parfile, set(rescal_names()))
    limits.refuse(file, values)
    time_scale = _physics(file, values)
    if given.resumed is not None:
        _go_on(given, values, given.resumed)
        return
    header, cells, cell_times = _start(file, values)
    limits.refuse_negative(file, values, cells)
    for sentence in request.warnings(file):
        _warn(sentence)
    if given.every_picture is not None:
        _warn("-dpng: no pictures are drawn")
    if given.gas:
        _warn("-dcsphpp: the stress is not written, no GRAD_VEL*.data")
    if header.cell_bytes > cellspace.CELL_BYTES:
        _warn(
            f"{values['Csp_file']}: cells of {header.cell_bytes} bytes, "
            f"of which the first {cellspace.CELL_BYTES} are read"
        )
    model = str(values.get("Model", "SNO"))
    if header.model != model:
        _warn(f"{values['Csp_file']}: a cell space of the model {header.model}, not {model}")
    time = float(values.get("Time", header.time))
    pipe = _pipe(given, model, header)
    directory = Path(str(values.get("Output_directory", "../out")))
    logs = Logs(directory, info=given.info, time_scale=time_scale)
    seed = int(values.get("Seed", given.seed))
    _report(
        given, f"model {model}, {_sizes(header)} cells, seed {seed}, a t0 is {time_scale:g} s"
    )
    simulation = _simulation(file, values, cells, cell_times, time=time, seed=seed, model=model)
    del cells, cell_times  # as large as the run itself
    logs.write_probabilities(float(simulation.settings.tau_min), float(simulation.tau_max))
    target = pipe or Files(given, model, directory)
    number = 0
    saver = Saver(given)

    def on_snapshot(now: Simulation) -> None:
        nonlocal number
        counts = now.counts
        _report(
            given,
            f"snapshot {number} at {now.time!r} t0: {counts['GR']} resting, {counts['GRJ']} mobile, "
            f"{counts['GRV']} sintered grains, {now.transitions} transitions",
        )
        if pipe is None or not given.altitudes_only:
            target.write(now)
        if given.gas:
            write_gas(now)
        logs.write_rows(number, now)
        saver.after(number, now)
        number += 1

    with _limit(given.minutes):
        simulation.run(
            stop=given.stop,
            stoptime=given.stoptime,
            every=given.every,
            every_picture=given.every_picture,
            on_snapshot=on_snapshot,
        )
    if pipe is not None:
        pipe.drain()


class Saver:
    """Saves the state after snapshots, as seldom as it takes to cost next to nothing.

    A state that cannot be saved is a warning: what is computed goes another way.
    """

    def __init__(self, given: RescalOptions, number: int = 0) -> None:
        self._stem = given.checkpoint
        self._least_s = given.checkpoint_every_s
        self._last = monotonic()
        self._cost_s = 0.0
        self._first = number + 1

    def after(self, number: int, simulation: Simulation) -> None:
        """Save the state after snapshot ``number``, if it is time."""
        waited_s = monotonic() - self._last
        if self._stem is None or number < self._first:
            return
        if waited_s < max(self._least_s, _SHARE * self._cost_s):
            return
        from orchestrator.engine import checkpoint  # noqa: PLC0415  # loads the kernels

        before, path = monotonic(), self._stem.with_name(f"{self._stem.name}.{number}")
        try:
            checkpoint.save(simulation, path)
        except OSError as error:
            _warn(f"{path}: the state cannot be saved: {error.strerror}; the run goes on")
        self._last = monotonic()
        self._cost_s = self._last - before


def _go_on(given: RescalOptions, values: dict[str, Value], resumed: Path) -> None:
    """Continue a run from a saved state, as if it had never stopped."""
    from orchestrator.engine import checkpoint  # noqa: PLC0415  # loads the kernels

    if given.pipe is None:
        raise ExitError(Exit.UNSUPPORTED, "-continue: only with -data_pipe")
    model = str(values.get("Model", "SNO"))
    with ending(Exit.STALE):
        simulation = checkpoint.load(resumed, values, model=model)
    number = int(resumed.suffix[1:]) if resumed.suffix[1:].isdecimal() else 0
    pipe, saver = Pipe(given.pipe, model), Saver(given, number)
    _report(given, f"going on from snapshot {number} at {simulation.time!r} t0")

    def on_snapshot(now: Simulation) -> None:
        nonlocal number
        number += 1
        _report(given, f"snapshot {number} at {now.time!r} t0")
        pipe.write(now)
        if given.gas:
            write_gas(now)
        saver.after(number, now)

    with _limit(given.minutes):
        simulation.resume(on_snapshot=on_snapshot)
    pipe.drain()


def _physics(file: ParFile, values: dict[str, Value]) -> float:
    """Return the seconds of a t0, and raise a threshold of 0 to 1 as the model does with them."""
    if "Phys_prop_file" not in values:
        return 1.0
    with ending(Exit.UNREADABLE):
        physical = properties.read_properties(Path(str(values["Phys_prop_file"])))
        if "Qsat_file" not in values:
            raise ExitError(
                Exit.UNREADABLE, f"{file.path}: Qsat_file: expected one beside Phys_prop_file"
            )
        flux = properties.read_saturated_flux(Path(str(values["Qsat_file"])))
    if float(values.get("Tau_min", 0)) == 0:
        values["Tau_min"] = 1.0
    threshold = float(values["Tau_min"])
    _, scale = properties.scales(values, physical, flux)
    if scale == properties.UNKNOWN_S:
        _warn(
            f"{file.path}: Tau_min = {threshold:g}: no grain would fly in nature at such a "
            f"threshold; a t0 is taken to last {scale:g} s"
        )
    return scale


def _start(
    file: ParFile, values: dict[str, Value]
) -> tuple[Header, NDArray[np.uint8], NDArray[np.int32]]:
    """Read the cell space to start from."""
    if "Csp_file" not in values:
        raise ExitError(
            Exit.UNREADABLE, f"{file.path}: Csp_file: expected the cell space to start from"
        )
    path, where = Path(str(values["Csp_file"])), file.place("Csp_file")
    if ".csp" not in path.name:
        raise ExitError(
            Exit.REFUSED, f"{where}: Csp_file: expected a name with .csp, got {path}"
        )
    if not os.path.isfile(path):  # noqa: PTH113  # also where the name is too long for a file
        raise ExitError(Exit.UNREADABLE, f"{where}: Csp_file: {path}: no such file")
    with ending(Exit.REFUSED, where):
        header, cells, cell_times = cellspace.read(path)
    for name, size in (("H", header.height), ("L", header.length), ("D", header.depth)):
        if values.get(name, 0) not in {0, size}:
            raise ExitError(
                Exit.REFUSED,
                f"{file.place(name)}: {name}: {values[name]} here, but {size} in {path}",
            )
    periodic = values.get("Boundary", "PERIODIC") == "PERIODIC"
    if values.get("Use_lgca", True):
        for name, size, least in (
            ("H", header.height, 1 if periodic else _LEAST_HEIGHT),
            ("L", header.length, _LEAST_LENGTH),
        ):
            if size < least:
                raise ExitError(
                    Exit.REFUSED,
                    f"{file.place(name)}: {name}: the gas needs {least} cells or more, got {size}",
                )
    if not abs(header.time) < limits.LATEST:
        raise ExitError(Exit.REFUSED, f"{where}: {path}: its time is {header.time}")
    if periodic:
        _refuse_walls(f"{where}: {path}", cells)
    return header, cells, cell_times


def _refuse_walls(place: str, cells: NDArray[np.uint8]) -> None:
    """Refuse walls inside a cyclic box, where pairs step over the wall around it."""
    for z, plane in enumerate(cells):
        found = (plane == Cell.BORD).nonzero()
        if found[0].size:
            y, x = (int(indices[0]) for indices in found)
            raise ExitError(
                Exit.REFUSED,
                f"{place}: the cell at length {x}, height {y}, depth {z} is a wall (state "
                f"{Cell.BORD:d}); with Boundary = PERIODIC there are none inside the box",
            )


def _simulation(
    file: ParFile,
    values: dict[str, Value],
    cells: NDArray[np.uint8],
    cell_times: NDArray[np.int32],
    *,
    time: float,
    seed: int,
    model: str,
) -> Simulation:
    from orchestrator.engine import cache, warm  # noqa: PLC0415  # they load the kernels
    from orchestrator.engine.simulation import Simulation  # noqa: PLC0415

    if not cache.ensure(warm.compile_all):
        warm.compile_all()  # loads them: a signal that comes while one is loaded ends noisily
    try:
        return Simulation(values, cells, cell_times, time=time, seed=seed, model=model)
    except RequestError as error:
        raise ExitError(
            Exit.UNSUPPORTED, *(f"{file.path}: {p}" for p in error.problems)
        ) from error
    except MemoryError as error:
        raise ExitError(
            Exit.REFUSED, f"{file.path}: the cells do not fit into memory"
        ) from error


def _pipe(given: RescalOptions, model: str, header: Header) -> Pipe | None:
    if given.pipe is None:
        return None
    walls = Header(model, header.height, header.length, header.depth, borders=True)
    try:
        frames.pack_size(walls.size + walls.payload_bytes)
    except FormatError as error:
        raise ExitError(Exit.REFUSED, f"-data_pipe {given.pipe}: {error}") from error
    return Pipe(given.pipe, model)


@contextlib.contextmanager
def _limit(minutes: int | None) -> Iterator[None]:
    """End the program, with the status that ReSCAL uses, after minutes of wall time."""
    if minutes is None:
        yield
        return

    def end(_signal: int, _frame: object) -> None:
        raise ExitError(
            Exit.REFUSED, f"-stop {minutes}: ended after {minutes} min of wall time"
        )

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, max(60.0 * minutes, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _sizes(header: Header) -> str:
    return f"{header.height} x {header.length} x {header.depth}"


def _report(given: RescalOptions, sentence: str) -> None:
    """Say what happens, unless snapshots go where it would be said."""
    if given.pipe != 1:
        _say(sentence)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _warn(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
