"""A state is saved after snapshots, between them and when asked for, under the last one's index."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.saving import ASKING, Saver, index_of
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.formats.parameters import Value


@pytest.fixture
def simulation() -> Simulation:
    cells = np.stack(
        [p.copy() for p in planes(Domain(8, 10, 3, parse_template("LAYER(2)")), 1)]
    )
    still: dict[str, Value] = {"Ava_mode": "NONE", "Use_lgca": False}
    return Simulation(still, cells, np.zeros(cells.shape, np.int32), time=0.0, seed=1)


class Watch:
    """A clock that goes on when it is told to, and by a second with each look at it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.saving_s = 0.0

    def __call__(self) -> float:
        self.now_s += self.saving_s
        return self.now_s


def names(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir())


@pytest.fixture(autouse=True)
def kept() -> Iterator[None]:
    import signal  # noqa: PLC0415  # only what undoes the savers' handler

    before = signal.getsignal(ASKING)
    yield
    signal.signal(ASKING, before)


def test_between_snapshots_a_state_is_saved_every_ten_minutes(
    tmp_path: Path, simulation: Simulation
) -> None:
    watch = Watch()
    saver = Saver(tmp_path / "state", 0.0, clock=watch)

    saver.between(simulation)
    watch.now_s += 599.0
    saver.between(simulation)
    assert names(tmp_path) == []
    watch.now_s += 1.0
    saver.between(simulation)
    assert names(tmp_path) == ["state.start"]


def test_a_newer_state_after_the_same_snapshot_replaces_the_older_one(
    tmp_path: Path, simulation: Simulation
) -> None:
    watch = Watch()
    saver = Saver(tmp_path / "state", 60.0, index=3, clock=watch)
    watch.now_s += 60.0
    saver.after(4, simulation)
    before = (tmp_path / "state.4").stat().st_ino

    watch.now_s += 59.0
    saver.between(simulation)
    assert (tmp_path / "state.4").stat().st_ino == before
    watch.now_s += 1.0
    saver.between(simulation)

    assert names(tmp_path) == ["state.4"]
    assert (tmp_path / "state.4").stat().st_ino != before


def test_saving_takes_no_more_than_a_hundredth_of_the_time(
    tmp_path: Path, simulation: Simulation
) -> None:
    watch = Watch()
    saver = Saver(tmp_path / "state", 1.0, index=0, clock=watch)
    watch.saving_s = 2.0  # between any two looks at the clock
    saver.after(1, simulation)
    watch.saving_s = 0.0

    for number in (2, 3):
        watch.now_s += 120.0
        saver.after(number, simulation)

    assert names(tmp_path) == ["state.1", "state.3"]


def test_the_first_state_is_not_saved_before_it_costs_a_hundredth_of_the_time(
    tmp_path: Path, simulation: Simulation
) -> None:
    watch = Watch()
    saver = Saver(tmp_path / "state", 0.0, clock=watch)
    watch.now_s += 0.10  # of 240 cells, saving takes about a millisecond
    saver.after(1, simulation)
    watch.now_s += 0.01
    saver.after(2, simulation)

    assert names(tmp_path) == ["state.2"]


def test_a_saved_state_has_integers_as_narrow_as_they_can_be(
    tmp_path: Path, simulation: Simulation
) -> None:
    saver = Saver(tmp_path / "state", 0.0)
    saver.finish(simulation)

    with np.load(tmp_path / "state.start") as saved:
        kinds = {
            name: saved[name].dtype.str for name in ("states", "altitude", "shape", "index")
        }
        altitudes = saved["altitude"].tolist()
    assert kinds == {"states": "|u1", "altitude": "|u1", "shape": "|u1", "index": "|i1"}
    assert altitudes == simulation.ground.altitude.tolist()


def test_when_asked_a_state_is_saved_and_the_program_ends(
    tmp_path: Path, simulation: Simulation
) -> None:
    saver = Saver(tmp_path / "state", 1e9, index=7)
    os.kill(os.getpid(), ASKING)

    with pytest.raises(ExitError, match="saved at 0 t0, as was asked for") as caught:
        saver.between(simulation)

    assert caught.value.status == Exit.SAVED
    assert int(Exit.SAVED) == 250
    assert names(tmp_path) == ["state.7"]


def test_the_index_is_read_from_the_name(tmp_path: Path) -> None:
    assert index_of(tmp_path / "state.12") == 12
    assert index_of(tmp_path / "state.start") == -1
