"""A run that is stopped anywhere, or that ends, goes on to the bytes of one that was not.

``STOPS`` in the environment is how many random runs are stopped (default: 36).
"""

from __future__ import annotations

import hashlib
import itertools
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine import checkpoint
from orchestrator.engine.exit_status import ExitError
from orchestrator.engine.output import header_of
from orchestrator.engine.schedule import Schedule
from orchestrator.engine.settings import refuse_unsupported
from orchestrator.engine.simulation import Simulation
from orchestrator.engine.wind import Row, Weather, WindFile
from orchestrator.errors import RequestError
from orchestrator.formats.cellspace import header_bytes
from tests.engine.test_oracle import drawn

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STOPS = int(os.environ.get("STOPS", "36"))
STOP, EVERY = 2.2, 0.6
WALLED = (1134, 3059)
"""Runs in which centering puts walls into the space, which fill a plane."""


class Enough(Exception):  # noqa: N818  # no error: the test has seen enough
    """A run is left."""


def _weather(seed: int) -> Weather:
    rows = tuple(Row(*map(np.float32, row)) for row in drawn(seed)[2])
    return Weather(WindFile("t0", rows) if rows else None, fixed_threshold=False)


def _started(seed: int) -> Simulation:
    parameters, cells, _, time = drawn(seed)
    return Simulation(
        parameters,
        cells,
        np.zeros(cells.shape, np.int32),
        time=time,
        seed=seed,
        weather=_weather(seed),
    )


def _restored(seed: int, saved: Path) -> Simulation:
    return checkpoint.load(saved, drawn(seed)[0], weather=_weather(seed))


def _digests(found: list[str]) -> Callable[[Simulation], None]:
    def take(now: Simulation) -> None:
        whole = hashlib.sha256(header_bytes(header_of(now, "SNO", borders=True)))
        for plane in now.planes(walls=True):
            whole.update(plane.tobytes())
        whole.update(now.altitude.tobytes())
        found.append(whole.hexdigest())

    return take


def _undisturbed(seed: int) -> tuple[list[str], int] | None:
    """Return the snapshots of a run and its number of pauses; None where the engine refuses it."""
    found: list[str] = []
    pauses = 0

    def count(_now: Simulation) -> None:
        nonlocal pauses
        pauses += 1

    try:
        refuse_unsupported(drawn(seed)[0])
        _started(seed).run(stop=STOP, every=EVERY, on_snapshot=_digests(found), on_pause=count)
    except (RequestError, ExitError):
        return None
    return found, pauses


def _whole(first: int, count: int) -> list[tuple[int, tuple[list[str], int]]]:
    """Return seeds of runs that come to their end, with their snapshots."""
    found: list[tuple[int, tuple[list[str], int]]] = []
    seed = first
    while len(found) < count:
        if (run := _undisturbed(seed)) is not None:
            found.append((seed, run))
        seed += 1
    return found


def _stopping(path: Path, pauses: int) -> Callable[[Simulation], None]:
    """Return what saves the state and ends the run at the pause of this number, counted from 1."""
    counted = itertools.count(1)

    def pause(now: Simulation) -> None:
        if next(counted) == pauses:
            checkpoint.save(now, path)
            raise Enough

    return pause


def test_runs_that_are_stopped_at_random_go_on_to_the_same_bytes(tmp_path: Path) -> None:
    for seed, (wanted, pauses) in (*_whole(1000, STOPS), *_whole(WALLED[0], 1)):
        left = int(np.random.default_rng(seed).integers(0, pauses + 1))
        found: list[str] = []

        try:
            _started(seed).run(
                stop=STOP,
                every=EVERY,
                on_snapshot=_digests(found),
                on_pause=_stopping(tmp_path / "state", left),
            )
        except Enough:
            _restored(seed, tmp_path / "state").resume(on_snapshot=_digests(found))

        assert found == wanted, seed


def test_a_later_stop_goes_on_from_the_end_to_the_bytes_of_the_longer_run(
    tmp_path: Path,
) -> None:
    for seed, (wanted, _) in (*_whole(3000, STOPS), *_whole(WALLED[1], 1)):
        shorter = float(np.random.default_rng(seed).choice([0.1, 0.55, 0.6, 0.9, 1.4, 1.75]))
        found: list[str] = []
        first = _started(seed)
        first.run(stop=shorter, every=EVERY, on_snapshot=_digests(found))
        checkpoint.save(first, tmp_path / "state", packed=True)

        longer = _restored(seed, tmp_path / "state")
        longer.extend(stop=STOP, every=EVERY)
        longer.resume(on_snapshot=_digests(found))

        assert found == wanted, (seed, shorter)


def test_a_finer_interval_goes_on_where_no_snapshot_is_missing(tmp_path: Path) -> None:
    tried = 0
    for seed, (wanted, pauses) in _whole(5000, max(STOPS // 3, 6)):
        left = int(np.random.default_rng(seed).integers(1, pauses // 3 + 2))
        found: list[str] = []

        try:
            _started(seed).run(
                stop=STOP,
                every=9.0,
                on_snapshot=_digests(found),
                on_pause=_stopping(tmp_path / "state", left),
            )
        except Enough:
            pass
        else:
            continue  # with fewer snapshots there are fewer pauses
        finer = _restored(seed, tmp_path / "state")
        start = drawn(seed)[3]
        second = Schedule.starting(start, every=EVERY, every_picture=None)
        if second.due <= start:
            second.take(start)
        if finer.time >= second.due:
            with pytest.raises(ExitError, match="others before it are missing"):
                finer.extend(stop=STOP, every=EVERY)
            continue
        finer.extend(stop=STOP, every=EVERY)
        finer.resume(on_snapshot=_digests(found))

        tried += 1
        assert found == wanted, seed
    assert tried > 1
