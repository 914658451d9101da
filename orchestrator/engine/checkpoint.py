"""The whole state of a run as a file, from which it continues as if it had never stopped.

Only what cannot be derived is kept. Where a cell's pairs stand in their arrays is found again by
filling the arrays in their saved order. Cells are kept, and numbered, in the order of files, however
they lie in memory.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import astuple, fields
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.active_region import Corridor, Origin
from orchestrator.engine.jit import kernel
from orchestrator.engine.kmc_loop import FIRST
from orchestrator.engine.pairs import append, clear, roomy
from orchestrator.engine.rotation import Cells
from orchestrator.engine.simulation import Simulation
from orchestrator.engine.states import AIR
from orchestrator.engine.wind import Strength
from orchestrator.errors import FormatError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from _typeshed import DataclassInstance
    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.engine.wind import Weather
    from orchestrator.formats.parameters import Value

_VERSION = 6
_FAST = 1  # of zlib: a third of the time of NumPy's own, which short runs would notice
_PATHS = ("Csp_file", "Phys_prop_file", "Qsat_file", "Wind_file", "Output_directory")
_GROUND = ("altitude", "stress", "nodes", "fluid", "share", "nodes_fluid", "counts")
_FLAT = ("schedule", "progress", "vane", "centering", "rotation")  # dataclasses of numbers


def save(simulation: Simulation, path: Path, index: int = -1, *, packed: bool = False) -> None:
    """Write the state after snapshot ``index`` to ``path``, a NumPy archive that appears whole.

    Its ``time_t0`` is for whoever wants to know where a run would go on. With ``packed`` it takes
    more time and less room.
    """
    state = {
        "version": np.array(_VERSION),
        "index": np.array(index),
        "time_t0": np.array(simulation.time),
        "parameters": np.array(_text(simulation)),
        "shape": np.array([simulation.depth, simulation.height, simulation.length]),
        **_cells(simulation),
        **_gas(simulation),
        **_course(simulation),
    }
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with (
        replacing(path) as file,
        zipfile.ZipFile(file, "w", method, compresslevel=_FAST) as archive,
    ):
        for name, array in state.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, _narrow(array), allow_pickle=False)


def _narrow(array: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return integers in the smallest type that has room for them, of which there is less to write."""
    if array.dtype.kind not in "iu" or not array.size:
        return array
    low, furthest = int(array.min()), int(array.max())
    if low < 0:  # a signed type reaches one further below 0 than above
        furthest = min(low, -1 - furthest)
    return array.astype(np.min_scalar_type(furthest), copy=False)


def _cells(simulation: Simulation) -> dict[str, NDArray[np.generic]]:
    """Return cells, pairs and the map of the space."""
    ground, bed = simulation.ground, simulation.bed
    cells = bed.cells()
    dated = np.flatnonzero(cells.times)
    pairs = [
        ground.entries[start : start + length]
        for start, length in zip(ground.starts, ground.lengths, strict=True)
    ]
    arrays: dict[str, NDArray[np.generic]] = {
        "states": cells.states.ravel(),
        "dated": dated.astype(np.int64),
        "dates": cells.times.ravel()[dated],
        "pairs": _as_stored(ground, np.concatenate(pairs)),
        "lengths": ground.lengths,
        "origin": np.array(
            [*bed.corridor[:2], bed.corridor.ceiling, *simulation.origin[1:]], np.int64
        ),
        "solid": bed.corridor.solid,
        "orientation": np.array(bed.orientation),
        **{name: getattr(ground, name) for name in _GROUND},
    }
    if bed.buffer is not None:
        arrays |= {"buffer_states": bed.buffer.states, "buffer_times": bed.buffer.times}
    if bed.box is not None:
        arrays |= {"box_member": bed.box.member, "box_source": bed.box.source}
    return arrays


def _gas(simulation: Simulation) -> dict[str, NDArray[np.generic]]:
    """Return the gas beside its nodes."""
    air = simulation.atmosphere
    return {
        "total": air.velocities.total,
        "ring": air.velocities.ring,
        "position": air.velocities.position,
        "parked": air.parked,
        "field": air.field,
        "used": np.array(air.used),
        "gas_cycles": np.array([air.cycles, int(air.fresh)]),
    }


def _course(simulation: Simulation) -> dict[str, NDArray[np.generic]]:
    """Return the clock and what is due when."""
    clock, slopes = simulation.clock, simulation.slopes
    state = clock.state.copy()
    state[FIRST] = _as_stored(simulation.ground, state[FIRST])
    flat = {name: np.array(astuple(getattr(simulation, name))) for name in _FLAT}
    return flat | {
        "clock_time": clock.time,
        "clock_state": state,
        "clock_factor": clock.factor,
        "sums": simulation.sums,
        "strength": np.array(simulation.strength),
        "slope": np.array([slopes.angle, slopes.rate]),
        "sweep_due": np.array(slopes.sweeps.due),
        "stability": np.array(astuple(slopes.stability)),
    }


def load(
    path: Path,
    parameters: Mapping[str, Value],
    *,
    index: int = -1,
    model: str = "SNO",
    weather: Weather | None = None,
) -> Simulation:
    """Return the simulation that was saved to ``path`` after snapshot ``index``.

    Raises
    ------
    FormatError
        If the file is no checkpoint of a run with these parameters, or of another snapshot.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            saved = {name: archive[name] for name in archive.files}
        version, wanted = int(saved["version"]), str(saved["parameters"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: not a checkpoint: {error}") from error
    if version != _VERSION:
        raise FormatError(f"{path}: a checkpoint of version {version}, expected {_VERSION}")
    if int(saved["index"]) != index:
        raise FormatError(
            f"{path}: a checkpoint after snapshot {saved['index']}, expected {index}"
        )
    simulation = _laid_out(saved, parameters, model, weather)
    if wanted != _text(simulation):
        raise FormatError(f"{path}: a checkpoint of a run with other parameters")
    _restore_gas(simulation, saved)
    _restore_course(simulation, saved)
    _restore_cells(simulation, saved)
    return simulation


def _laid_out(
    saved: Mapping[str, NDArray[np.generic]],
    parameters: Mapping[str, Value],
    model: str,
    weather: Weather | None,
) -> Simulation:
    """Return a simulation of the saved sizes, whose cells are none of those at the start."""
    shape = tuple(int(size) for size in saved["shape"])
    first, last, ceiling, sources, sinks = (int(number) for number in saved["origin"])
    solid = saved["solid"].astype(np.bool_)
    origin = Origin(Corridor(first, last, solid, ceiling), bool(sources), bool(sinks))
    return Simulation(
        parameters,
        np.full(shape, AIR, np.uint8),
        np.broadcast_to(np.int32(0), shape),
        time=0.0,
        seed=0,
        model=model,
        weather=weather,
        origin=origin,
    )


def _restore_gas(simulation: Simulation, saved: Mapping[str, NDArray[np.generic]]) -> None:
    air = simulation.atmosphere
    for name in ("total", "ring", "position"):
        getattr(air.velocities, name)[...] = saved[name]
    air.parked[...], air.field[...] = saved["parked"], saved["field"]
    first, last = (int(plane) for plane in saved["used"])
    air.use_planes((first, last))
    cycles, fresh = saved["gas_cycles"].tolist()
    air.cycles, air.fresh = int(cycles), bool(fresh)


def _restore_course(simulation: Simulation, saved: Mapping[str, NDArray[np.generic]]) -> None:
    clock, slopes = simulation.clock, simulation.slopes
    clock.time[...], clock.state[...] = saved["clock_time"], saved["clock_state"]
    clock.state[FIRST] = _in_memory(simulation.ground, clock.state[FIRST])
    clock.factor[...], simulation.sums[...] = saved["clock_factor"], saved["sums"]
    simulation.strength = Strength(*map(np.float32, saved["strength"].tolist()))
    for name in _FLAT:
        _fill_in(getattr(simulation, name), saved[name].tolist())
    angle, rate = map(np.float32, saved["slope"].tolist())
    slopes.set(angle, rate, simulation.rates)
    slopes.sweeps.due = float(saved["sweep_due"])
    _fill_in(slopes.stability, saved["stability"].tolist())


def _fill_in(target: DataclassInstance, values: Sequence[float]) -> None:
    """Set the fields of a dataclass of numbers, each of the type that it has."""
    for field, value in zip(fields(target), values, strict=True):
        kind = type(getattr(target, field.name))
        setattr(target, field.name, kind(value))


def _restore_cells(simulation: Simulation, saved: Mapping[str, NDArray[np.generic]]) -> None:
    ground, bed = simulation.ground, simulation.bed
    states = saved["states"].reshape(bed.padded)
    times = np.zeros(states.size, np.int32)
    times[saved["dated"]] = saved["dates"]
    bed.take(Cells(states.astype(np.uint8), times.reshape(bed.padded)))
    bed.orientation = np.float32(saved["orientation"])
    if bed.box is not None:
        bed.box.member[...], bed.box.source[...] = saved["box_member"], saved["box_source"]
        bed.follow_box()
        # of the last turn: a translation since may have put walls into the space
        bed.corridor.solid[:] = saved["solid"]
    if "buffer_states" in saved:
        bed.buffer = Cells(
            saved["buffer_states"].astype(np.uint8), saved["buffer_times"].astype(np.int32)
        )
    for name in _GROUND:
        getattr(ground, name)[...] = saved[name]
    lengths = saved["lengths"].astype(np.int64)
    ground = roomy(ground, lengths)
    owners = _in_memory(ground, saved["pairs"].astype(np.int64))
    refill(ground, owners, lengths, simulation.directions)
    bed.ground = ground


@kernel
def refill(
    ground: Ground,
    owners: NDArray[np.int64],
    lengths: NDArray[np.int64],
    directions: NDArray[np.int64],
) -> None:
    """Fill the pair arrays with ``owners``, array after array; ``directions`` has one per array."""
    clear(ground)
    start = 0
    for kind in range(lengths.size):
        for position in range(start, start + lengths[kind]):
            append(ground, kind, owners[position], directions[kind])
        start += lengths[kind]


def _as_stored(ground: Ground, cells: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the numbers that cells have in the order of files."""
    column, y = np.divmod(np.asarray(cells, np.int64), ground.height)
    z, x = np.divmod(column, ground.length)
    stored: NDArray[np.int64] = x + ground.length * (y + ground.height * z)
    return stored


def _in_memory(ground: Ground, stored: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the indices of cells by their numbers in the order of files."""
    row, x = np.divmod(stored, ground.length)
    z, y = np.divmod(row, ground.height)
    cells: NDArray[np.int64] = y + ground.height * (x + ground.length * z)
    return cells


def _text(simulation: Simulation) -> str:
    """Write what a continuation must have in common with its beginning.

    Where files are has no part in it: they may have moved, and what a run takes of them is in its
    cells, its winds or its other parameters.
    """
    alike = {n: value for n, value in simulation.parameters.items() if n not in _PATHS}
    winds = simulation.weather.file
    rows = [] if winds is None else [list(map(float, row)) for row in winds.rows]
    model = simulation.settings.model
    return json.dumps([model, alike, winds and winds.unit, rows], sort_keys=True)
