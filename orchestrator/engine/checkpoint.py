"""The whole state of a run as a file, from which it continues as if it had never stopped.

Only what cannot be derived is kept. Where a cell's pairs stand in their arrays is found again by
filling the arrays in their saved order; the numbers of the places themselves mean nothing.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine.jit import kernel
from orchestrator.engine.pairs import FRESH, append, roomy
from orchestrator.engine.schedule import Schedule
from orchestrator.engine.simulation import Simulation, Stage
from orchestrator.engine.states import STATE_MASK
from orchestrator.errors import FormatError
from orchestrator.formats.durable import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.engine.ground import Ground
    from orchestrator.formats.parameters import Value

_VERSION = 2
_OWNER = 0xFFFFFFFF
_PLACES = ("Csp_file", "Phys_prop_file", "Qsat_file", "Output_directory")
_GROUND = ("altitude", "stress", "nodes", "fluid", "share", "nodes_fluid", "counts")


def save(simulation: Simulation, path: Path) -> None:
    """Write the state to ``path``, a NumPy archive that appears whole or not at all."""
    ground = simulation.ground
    dated = np.flatnonzero(ground.times)
    pairs = [
        ground.entries[start : start + length] & _OWNER
        for start, length in zip(ground.starts, ground.lengths, strict=True)
    ]
    with replacing(path) as file:
        np.savez(
            file,
            allow_pickle=False,
            version=np.array(_VERSION),
            parameters=np.array(_text(simulation.parameters, simulation.settings.model)),
            shape=np.array([simulation.depth, simulation.height, simulation.length]),
            states=(ground.cells & STATE_MASK).astype(np.uint8),
            dated=dated.astype(np.int64),
            dates=ground.times[dated],
            pairs=np.concatenate(pairs).astype(np.int64),
            lengths=ground.lengths,
            clock_time=simulation.clock.time,
            clock_state=simulation.clock.state,
            clock_factor=simulation.clock.factor,
            total=simulation.velocities.total,
            ring=simulation.velocities.ring,
            position=simulation.velocities.position,
            tau_max=np.array(simulation.tau_max),
            schedule=np.array(astuple(simulation.schedule)),
            gas_cycles=np.array(simulation.gas_cycles),
            stage=np.array(int(simulation.stage)),
            **{name: getattr(ground, name) for name in _GROUND},
        )


def load(path: Path, parameters: Mapping[str, Value], *, model: str = "SNO") -> Simulation:
    """Return the simulation that was saved to ``path``, ready to be resumed.

    Raises
    ------
    FormatError
        If the file is no checkpoint of a run with these parameters.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            saved = {name: archive[name] for name in archive.files}
        version, wanted = int(saved["version"]), str(saved["parameters"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: not a checkpoint: {error}") from error
    if version != _VERSION:
        raise FormatError(f"{path}: a checkpoint of version {version}, expected {_VERSION}")
    if wanted != _text(parameters, model):
        raise FormatError(f"{path}: a checkpoint of a run with other parameters")
    return _restored(saved, parameters, model)


def _restored(
    saved: Mapping[str, NDArray[np.generic]], parameters: Mapping[str, Value], model: str
) -> Simulation:
    """Lay out a simulation anew and write the saved state over it."""
    depth, height, length = (int(size) for size in saved["shape"])
    states = saved["states"].reshape(depth + 2, height + 2, length + 2)[1:-1, 1:-1, 1:-1]
    undated = np.broadcast_to(np.int32(0), states.shape)
    simulation = Simulation(
        parameters, states.astype(np.uint8), undated, time=0.0, seed=0, model=model
    )
    simulation.restore(
        stage=Stage(int(saved["stage"])),
        tau_max=np.float32(saved["tau_max"]),
        schedule=Schedule(*saved["schedule"].tolist()),
        gas_cycles=int(saved["gas_cycles"]),
    )
    ground, velocities, clock = simulation.ground, simulation.velocities, simulation.clock
    for name in _GROUND:
        getattr(ground, name)[...] = saved[name]
    ground.times[saved["dated"]] = saved["dates"]
    clock.time[...], clock.state[...] = saved["clock_time"], saved["clock_state"]
    clock.factor[...] = saved["clock_factor"]
    velocities.total[...], velocities.ring[...] = saved["total"], saved["ring"]
    velocities.position[...] = saved["position"]
    lengths = saved["lengths"].astype(np.int64)
    ground = roomy(ground, lengths, int(lengths.sum()))
    refill(ground, saved["pairs"].astype(np.int64), lengths, simulation.directions)
    simulation.ground = ground
    return simulation


@kernel
def refill(
    ground: Ground,
    owners: NDArray[np.int64],
    lengths: NDArray[np.int64],
    directions: NDArray[np.int64],
) -> None:
    """Fill the pair arrays with ``owners``, array after array; ``directions`` has one per array."""
    for cell in range(ground.cells.size):
        ground.cells[cell] &= STATE_MASK
    ground.lengths[:] = 0
    ground.slots[:] = 0
    ground.slots[FRESH] = 1
    start = 0
    for kind in range(lengths.size):
        for position in range(start, start + lengths[kind]):
            append(ground, kind, owners[position], directions[kind])
        start += lengths[kind]


def _text(parameters: Mapping[str, Value], model: str) -> str:
    """Write what a continuation must have in common with its beginning.

    Where files are has no part in it: they may have moved, and what a run takes of them is in its
    cells or in its other parameters.
    """
    alike = {name: value for name, value in parameters.items() if name not in _PLACES}
    return json.dumps([model, alike], sort_keys=True)
