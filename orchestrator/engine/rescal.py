"""The simulator's program: from its command line to snapshots on a pipe or in files."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import limits, options, parameter_file, settings, wind
from orchestrator.engine.exit_status import Exit, ExitError, ending
from orchestrator.engine.logs import Logs
from orchestrator.engine.output import Files, Pipe, write_gas
from orchestrator.engine.saving import Saver, index_of
from orchestrator.engine.wind import Physics, Weather
from orchestrator.errors import FormatError, RequestError
from orchestrator.formats import cellspace, frames, properties
from orchestrator.formats.cellspace import Cell, Header
from orchestrator.formats.parameters import PARAMETERS, rescal_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from orchestrator.engine.options import RescalOptions
    from orchestrator.engine.settings import Settings
    from orchestrator.engine.simulation import Simulation
    from orchestrator.engine.wind import Strength
    from orchestrator.formats.parameters import Value
    from orchestrator.formats.parfile import ParFile


def main(words: Sequence[str]) -> None:
    """Run ``rescal`` with the words of its command line.

    Raises
    ------
    ExitError
        With ReSCAL's exit status; no file is left half written.
    """
    wishes = options.rescal(words)
    if wishes.help:
        _say(options.RESCAL_USAGE.rstrip())
    if wishes.parameter_list:
        _say("\n".join(f"{name}: {PARAMETERS[name].meaning}" for name in rescal_names()))
    file, values = parameter_file.read(wishes.parfile, set(rescal_names()))
    limits.refuse(file, values)
    weather, strength = _weather(file, values)
    if wishes.resumed is not None:
        _go_on(wishes, values, weather, wishes.resumed)
        return
    header, cells, cell_times = _start(file, values)
    limits.refuse_negative(file, values, cells)
    for sentence in parameter_file.warnings(file):
        _warn(sentence)
    if wishes.every_picture is not None:
        _warn("-dpng: no pictures are drawn")
    if header.cell_bytes > cellspace.CELL_BYTES:
        _warn(
            f"{values['Csp_file']}: cells of {header.cell_bytes} bytes, "
            f"of which the first {cellspace.CELL_BYTES} are read"
        )
    model = str(values.get("Model", "SNO"))
    if header.model != model:
        _warn(f"{values['Csp_file']}: a cell space of the model {header.model}, not {model}")
    time = float(values.get("Time", header.time))
    directory = _log_directory(values)
    pipe = _pipe(wishes, model, header, settings.read(values, model))
    logs = Logs(directory, info=wishes.info)
    seed = int(values.get("Seed", wishes.seed))
    _report(
        wishes,
        f"model {model}, {header.height} x {header.length} x {header.depth} cells, seed {seed}, a t0 is {strength.time_scale:g} s",
    )
    saver = Saver(wishes.checkpoint, wishes.checkpoint_every_s)
    simulation = _simulation(
        file, values, cells, cell_times, time=time, seed=seed, model=model, weather=weather
    )
    del cells, cell_times  # as large as the run itself
    simulation.set_strength(strength)
    simulation.on_sweep = logs.write_sweep
    if wishes.info:

        def on_ready() -> None:
            simulation.settle_tau_max()
            logs.write_start(simulation)

        simulation.on_ready = on_ready
    target = pipe or Files(wishes, model, directory)
    number = 0

    def on_snapshot(now: Simulation) -> None:
        nonlocal number
        counts = now.counts
        _report(
            wishes,
            f"snapshot {number} at {now.time!r} t0: {counts['GR']} resting, {counts['GRJ']} mobile, "
            f"{counts['GRV']} sintered grains, {now.transitions} transitions",
        )
        if pipe is None or not wishes.altitudes_only:
            target.write(now)
        if wishes.gas:
            write_gas(now)
        logs.write_rows(number, now)
        saver.after(number, now)
        number += 1

    with _limit(wishes.minutes):
        simulation.run(
            stop=wishes.stop,
            stoptime=wishes.stoptime,
            every=wishes.every,
            every_picture=wishes.every_picture,
            on_snapshot=on_snapshot,
            on_pause=saver.between,
        )
    if pipe is not None:
        pipe.drain()
    if wishes.checkpoint_end:
        saver.finish(simulation)


def _go_on(
    wishes: RescalOptions, values: dict[str, Value], weather: Weather, resumed: Path
) -> None:
    """Continue a run from a saved state, as if it had never stopped."""
    from orchestrator.engine import checkpoint  # noqa: PLC0415  # loads the kernels

    if wishes.pipe is None:
        raise ExitError(Exit.UNSUPPORTED, "-continue: only with -data_pipe")
    if weather.fault is not None:
        raise weather.fault
    model = str(values.get("Model", "SNO"))
    pipe, number = Pipe(wishes.pipe, model), index_of(resumed)
    saver = Saver(wishes.checkpoint, wishes.checkpoint_every_s, number)
    with ending(Exit.STALE):
        simulation = checkpoint.load(
            resumed, values, index=number, model=model, weather=weather
        )
    simulation.extend(stop=wishes.stop, every=wishes.every)
    logs = Logs(_log_directory(values), info=wishes.info, resumed=True)
    simulation.on_sweep = logs.write_sweep
    if wishes.info:
        simulation.on_ready = simulation.settle_tau_max
    _report(
        wishes,
        f"resumes from the state saved after snapshot {number}, at {simulation.time:g} t0",
    )

    def on_snapshot(now: Simulation) -> None:
        nonlocal number
        number += 1
        _report(wishes, f"snapshot {number} at {now.time!r} t0")
        pipe.write(now)
        if wishes.gas:
            write_gas(now)
        saver.after(number, now)

    with _limit(wishes.minutes):
        simulation.resume(on_snapshot=on_snapshot, on_pause=saver.between)
    pipe.drain()
    if wishes.checkpoint_end:
        saver.finish(simulation)


def _log_directory(values: dict[str, Value]) -> Path:
    return Path(str(values.get("Output_directory", "../out")))


def _weather(file: ParFile, values: dict[str, Value]) -> tuple[Weather, Strength]:
    """Read what the wind does, and how strong it is where no file says so.

    Beside properties of nature a threshold of 0 is raised to 1, as in the model.
    """
    winds = physics = fault = None
    with ending(Exit.UNREADABLE):
        if "Phys_prop_file" in values:
            physical = properties.read_properties(Path(str(values["Phys_prop_file"])))
            if "Qsat_file" not in values:
                raise ExitError(
                    Exit.UNREADABLE,
                    f"{file.path}: Qsat_file: expected one beside Phys_prop_file",
                )
            flux = properties.read_saturated_flux(Path(str(values["Qsat_file"])))
            physics = Physics.of(values, physical, flux)
    if "Wind_file" in values:
        try:
            with ending(Exit.UNREADABLE):
                winds = wind.read(Path(str(values["Wind_file"])))
        except ExitError as error:
            fault = error
    if winds is not None and physics is not None:
        calm = float(values.get("Tau_min", 0))
        for name, why in wind.unsuited(winds, physics.properties, physics.flux, calm):
            raise ExitError(Exit.REFUSED, f"{file.line_of(name)}: {name}: {why}")
    weather = Weather(winds, physics, "Tau_min" in file.texts, fault)
    strength = wind.strength_at_first(values)
    if winds is None and physics is not None:
        strength = physics.strength(np.float32(-1), strength)
        values["Tau_min"] = float(strength.tau_min)
        if strength.time_scale == properties.UNKNOWN_S:
            _warn(
                f"{file.path}: Tau_min = {strength.tau_min:g}: no grain would fly in nature at such "
                f"a threshold; a t0 is taken to last {strength.time_scale:g} s"
            )
    return weather, strength


def _start(
    file: ParFile, values: dict[str, Value]
) -> tuple[Header, NDArray[np.uint8], NDArray[np.int32]]:
    """Read the cell space to start from."""
    if "Csp_file" not in values:
        raise ExitError(
            Exit.UNREADABLE, f"{file.path}: Csp_file: expected the cell space to start from"
        )
    path, where = Path(str(values["Csp_file"])), file.line_of("Csp_file")
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
                f"{file.line_of(name)}: {name}: {values[name]} here, but {size} in {path}",
            )
    wanted = settings.read(values, header.model)
    for name, why in limits.too_small(wanted, header.height, header.length, header.depth):
        raise ExitError(Exit.REFUSED, f"{file.line_of(name)}: {name}: {why}")
    if not abs(header.time) < limits.LATEST:
        raise ExitError(Exit.REFUSED, f"{where}: {path}: its time is {header.time}")
    if wanted.periodic:
        _refuse_walls(f"{where}: {path}", cells)
    return header, cells, cell_times


def _refuse_walls(where: str, cells: NDArray[np.uint8]) -> None:
    """Refuse walls inside a cyclic box, where pairs step over the wall around it."""
    for z, plane in enumerate(cells):
        solid = (plane == Cell.BORD).nonzero()
        if solid[0].size:
            y, x = (int(indices[0]) for indices in solid)
            raise ExitError(
                Exit.REFUSED,
                f"{where}: the cell at length {x}, height {y}, depth {z} is a wall (state "
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
    weather: Weather,
) -> Simulation:
    from orchestrator.engine import kernels  # noqa: PLC0415  # it loads the kernels
    from orchestrator.engine.simulation import Simulation  # noqa: PLC0415

    kernels.load()
    try:
        return Simulation(
            values, cells, cell_times, time=time, seed=seed, model=model, weather=weather
        )
    except RequestError as error:
        raise ExitError(
            Exit.UNSUPPORTED, *(f"{file.path}: {p}" for p in error.problems)
        ) from error
    except MemoryError as error:
        raise ExitError(
            Exit.REFUSED, f"{file.path}: the cells do not fit into memory"
        ) from error


def _pipe(wishes: RescalOptions, model: str, header: Header, wanted: Settings) -> Pipe | None:
    """Return the pipe for snapshots, None for files.

    Raises
    ------
    ExitError
        Also if the sizes of snapshots, or of a box in which the domain can turn, are too large.
    """
    box = limits.box_of(wanted, Header(model, header.height, header.length, header.depth))
    if box.payload_bytes > cellspace.CELL_BYTES * cellspace.LARGEST_CELLS:
        depth, height, length = box.box_shape
        raise ExitError(
            Exit.REFUSED,
            f"Rot_mode = FULL: a box of {height} x {length} x {depth} cells is more than can be "
            "simulated",
        )
    if wishes.pipe is None:
        return None
    try:
        frames.pack_size(box.size + box.payload_bytes)
    except FormatError as error:
        raise ExitError(Exit.REFUSED, f"-data_pipe {wishes.pipe}: {error}") from error
    return Pipe(wishes.pipe, model)


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


def _report(wishes: RescalOptions, sentence: str) -> None:
    """Say what happens, unless snapshots go where it would be said."""
    if wishes.pipe != 1:
        _say(sentence)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _warn(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
