"""Runs that end because a condition on their results holds: stopped, or invalid; neither failed."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator.model import Experiment, Outputs, Point, Run, State, Task
from orchestrator.model.conditions import NUMBERS, numbers
from orchestrator.model.snapshots import Snapshot
from orchestrator.records import attempts
from orchestrator.records.failures import reason
from orchestrator.records.paths import ExperimentDirectory
from orchestrator.runner import simulator
from orchestrator.runner.attempt import Assignment
from orchestrator.runner.conditions import Conditions
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from tests.engine.parameters import snowfall

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from orchestrator.model import Record
    from tests.conftest import Trial

SNOW = snowfall(H=20, L=40, D=16, Lambda_I=0.01, Tau_min=0, Lgca_speedup=100)
RUN = Run(stop_t0=1600.0, every_t0=400.0, engine="builtin")


def _snapshot(time_t0: float, heights: list[list[int]], counts: list[int]) -> Snapshot:
    arrays: dict[str, NDArray[Any]] = {
        "height_maps": np.array(heights, np.int16),
        "cell_counts": np.array(counts, np.int64),
    }
    return Snapshot(time_t0, arrays)


def test_numbers_of_a_snapshot() -> None:
    first = _snapshot(0.0, [[1, 1]], [8, 2, 0])
    later = _snapshot(10.0, [[2, 4], [0, 3]], [6, 1, 2])  # a column without a surface

    values = numbers(later, first)

    assert values.keys() == NUMBERS.keys()
    assert values == pytest.approx(
        {
            "t": 10.0,
            "mean_height": 3.0,
            "roughness": np.sqrt(2 / 3),
            "highest": 4.0,
            "grains": 9.0,
            "mobile_fraction": 1 / 9,
            "sintered_fraction": 2 / 9,
            "mass_drift": 0.1,
        }
    )
    nothing = numbers(_snapshot(0.0, [[0]], [0, 0, 0]), _snapshot(0.0, [[0]], [0, 0, 0]))
    assert np.isnan([v for name, v in nothing.items() if name not in {"t", "grains"}]).all()


@pytest.mark.parametrize(
    "formula", ["mean_height < 1", "not mean_height > 1", "mean_height != 1"]
)
def test_a_condition_on_a_number_that_has_no_meaning_does_not_hold(formula: str) -> None:
    first, later = (_snapshot(t, [[0]], [0, 0, 0]) for t in (0.0, 10.0))
    conditions = Conditions(dataclasses.replace(RUN, stop_when=formula))

    assert conditions.verdict(later, first) is None


@pytest.fixture
def growing(frame: Callable[..., bytes], trial: Trial) -> Trial:
    """Asked for are five snapshots; each has four grains more than the one before."""
    stream = b""
    for i in range(5):
        states = np.full((5, 4, 6), 3, np.uint8)
        states[:, -1 - i // 4 :] = 0
        states[i, 0, :4] = 0
        states[:i, 1, :4] = 0
        stream += frame(states, 10.0 * i)
    trial.run = Run(stop_t0=40.0, every_t0=10.0, silence_s=60.0)
    trial.fake.rescal("send(stream)", stream)
    return trial


@pytest.mark.parametrize(
    ("stop", "invalid", "state", "snapshots", "sentence"),
    [
        ("t >= 20", "", State.STOPPED, 3, "t >= 20, as t = 20"),
        ("", "t > 15", State.INVALID, 3, "t > 15, as t = 20"),
        ("t > 15", "t > 15", State.INVALID, 3, "t > 15, as t = 20"),
        ("t >= 0", "", State.STOPPED, 2, "t >= 0, as t = 10"),  # never the first
        ("t >= 40", "", State.DONE, 5, ""),  # it was at its end
        ("", "t >= 40", State.INVALID, 5, "t >= 40, as t = 40"),
        ("grains < 0", "1 / mobile_fraction > 3", State.DONE, 5, ""),  # of nothing
    ],
)
def test_a_run_ends_at_the_snapshot_at_which_a_condition_holds(  # noqa: PLR0913, PLR0917
    growing: Trial, stop: str, invalid: str, state: State, snapshots: int, sentence: str
) -> None:
    growing.run = dataclasses.replace(growing.run, stop_when=stop, invalid_when=invalid)

    record = growing.supervise()

    assert (record.state, record.snapshots, reason(record)) == (state, snapshots, sentence)
    assert not record.state.bad
    assert len(growing.maps()) == snapshots
    account = json.loads(growing.directory.meta_data.read_text())
    assert account["data"] == ("partial" if state is State.INVALID else "complete")


def _make(place: Path, attempt: int, run: Run) -> Record:
    directory = ExperimentDirectory(place)
    assert attempts.claim(directory, attempt, attempts.myself("t", "j")) is not None
    task = Task(Experiment(0, Point("k", SNOW, seed=5)), attempt, run, Outputs())
    with Stop() as stop:
        return supervise(Assignment(task, simulator.builtin(), directory, stop))


def test_the_built_in_engine_saves_its_state_and_goes_on_when_the_condition_is_gone(
    tmp_path: Path,
) -> None:
    whole, place = tmp_path / "whole", tmp_path / "stopped"
    _make(whole, 1, RUN)

    first = _make(place, 1, dataclasses.replace(RUN, stop_when="t > 300"))
    saved = [*place.rglob("checkpoint.*")]
    kept = np.load(ExperimentDirectory(place).height_maps)["height_maps"]
    second = _make(place, 2, RUN)

    assert (first.state, first.snapshots) == (State.STOPPED, 2)
    assert len(kept) == 2
    assert second.state is State.DONE
    # unless the engine was a snapshot ahead when it was asked to end
    assert (second.continuation is not None) == (len(saved) == 1)
    published = [ExperimentDirectory(p).height_maps.read_bytes() for p in (whole, place)]
    assert published[0] == published[1]


def test_a_condition_holds_for_snapshots_that_are_taken_over(tmp_path: Path) -> None:
    """As of a worker that was killed before it could act, or for a run that is asked for anew."""
    _make(
        tmp_path, 1, dataclasses.replace(RUN, stop_t0=1200.0)
    )  # whose state stays for a longer run

    record = _make(tmp_path, 2, dataclasses.replace(RUN, stop_when="t > 700"))

    assert (record.state, record.snapshots) == (State.STOPPED, 3)
    assert "t > 700, as t = 8" in reason(record)
    account = json.loads((tmp_path / "attempts" / "2" / "account.json").read_text())
    assert account["stop_when"] == "t > 700"
