"""An attempt that was cut off goes on from its checkpoint and ends with the very same bytes."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest

from orchestrator import text
from orchestrator.model import (
    Cause,
    Experiment,
    Kind,
    OnTimeout,
    Outputs,
    Point,
    Run,
    State,
    Status,
    Task,
)
from orchestrator.records import attempts
from orchestrator.records.failures import continued, reason, remark
from orchestrator.records.journal import Journal
from orchestrator.records.paths import ExperimentDirectory
from orchestrator.records.provenance import describe
from orchestrator.runner import resume, simulator
from orchestrator.runner.attempt import Assignment
from orchestrator.runner.results import Results
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from tests.conftest import make_snapshot
from tests.engine.parameters import snowfall

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.model import Engine, Progress, Record
    from orchestrator.records.paths import AttemptDirectory

PARAMETERS = snowfall(H=20, L=60, D=20, Lambda_I=0.01, Tau_min=0, Lgca_speedup=100)
RUN = Run(stop_t0=800.0, every_t0=40.0, engine="builtin")


def _make(
    place: Path,
    attempt: int,
    run: Run = RUN,
    stop_after: int | None = None,
    **given: Any,
) -> Record:
    """Make one attempt; stop it as a scheduler would after so many snapshots."""
    directory = ExperimentDirectory(place)
    claimed = attempts.claim(directory, attempt, attempts.myself("t", "j"))
    assert claimed is not None
    point, outputs = Point("k", PARAMETERS, seed=5), given.get("outputs", Outputs())
    engine = given.get("engine", simulator.builtin())
    task = Task(Experiment(0, point), attempt, run, outputs)
    with Stop() as stop, _stopped_after(stop, stop_after):
        return supervise(Assignment(task, engine, directory, stop))


@contextlib.contextmanager
def _stopped_after(stop: Stop, snapshots: int | None) -> Iterator[None]:
    """Ask for the end in the moment in which so many snapshots are told of."""
    write = attempts.write_progress

    def told(attempt: AttemptDirectory, progress: Progress) -> None:
        write(attempt, progress)
        if snapshots is not None and progress.snapshots >= snapshots:
            stop.request(State.TIMEOUT, Cause(Kind.CANCELLED))

    with mock.patch.object(attempts, "write_progress", told):
        yield


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("whole") / "exp0"
    assert _make(place, 1).state is State.DONE
    return place


def _published(place: Path) -> tuple[bytes, bytes]:
    directory = ExperimentDirectory(place)
    return directory.height_maps.read_bytes(), directory.array_file("ffts").read_bytes()


def test_a_timed_out_attempt_goes_on_to_the_same_bytes(
    tmp_path: Path, undisturbed: Path
) -> None:
    first = _make(tmp_path, 1, stop_after=6)
    kept = list(ExperimentDirectory(tmp_path).attempt(1).root.glob("checkpoint.*"))
    second = _make(tmp_path, 2)

    assert first.state is State.TIMEOUT
    assert len(kept) == 1
    assert second.state is State.DONE
    assert continued(second.continuation).startswith("resumed attempt 1 at t = ")
    assert second.snapshots == second.expected == 21
    assert _published(tmp_path) == _published(undisturbed)
    assert [path.name for path in tmp_path.rglob("checkpoint.*")] == ["checkpoint.20"]


@pytest.mark.parametrize("finer", [False, True])
def test_a_longer_run_goes_on_from_the_end_of_a_shorter_one(
    tmp_path: Path, undisturbed: Path, *, finer: bool
) -> None:
    first = _make(tmp_path, 1, dataclasses.replace(RUN, stop_t0=240.0))
    same_end = resume.find(
        ExperimentDirectory(tmp_path),
        Task(
            Experiment(0, Point("k", PARAMETERS, seed=5)),
            2,
            dataclasses.replace(RUN, stop_t0=240.0, every_t0=20.0),
            Outputs(),
        ),
        simulator.builtin(),
    )
    assert isinstance(same_end, resume.Obstacle)
    assert same_end.reason.endswith("and snapshots before it were taken every 40 t0")
    longer = dataclasses.replace(RUN, every_t0=20.0) if finer else RUN
    second = _make(tmp_path, 2, longer)
    again = _make(tmp_path, 3, longer)

    assert (first.state, first.snapshots) == (State.DONE, 7)
    assert (second.state, again.state) == (State.DONE, State.DONE)
    assert again.continuation is None  # what is done is made again when it is asked for
    if finer:
        assert re.fullmatch(
            r"could not resume attempt 1: its state is of t = 240\.\d+ t0, and snapshots before it "
            "were taken every 40 t0",
            continued(second.continuation),
        )
        assert second.snapshots == 41
    else:
        assert continued(second.continuation).startswith("resumed attempt 1 at t = 240.")
        assert (second.adopted, second.snapshots) == (7, 21)
        assert _published(tmp_path) == _published(undisturbed)


def test_a_finer_interval_goes_on_from_a_state_before_it_matters(tmp_path: Path) -> None:
    fine = Run(stop_t0=800.0, every_t0=700.0, engine="builtin")
    whole, place = tmp_path / "whole", tmp_path / "stopped"
    _make(whole, 1, fine)

    first = _make(place, 1, SPARSE, stop_after=1)
    second = _make(place, 2, fine)

    assert first.state is State.TIMEOUT
    assert second.continuation is not None
    assert second.continuation.time_t0 == first.saved_t0
    assert second.state is State.DONE
    assert _published(place) == _published(whole)


def test_a_shorter_run_leaves_the_end_of_a_longer_one(tmp_path: Path) -> None:
    shorter, longer = (dataclasses.replace(RUN, stop_t0=stop) for stop in (80.0, 160.0))

    _make(tmp_path, 1, longer)
    second = _make(tmp_path, 2, shorter)
    third = _make(tmp_path, 3, dataclasses.replace(RUN, stop_t0=240.0))

    assert second.state is State.DONE
    assert continued(third.continuation).startswith("resumed attempt 1 at t = 160.")
    assert third.state is State.DONE


def test_nothing_is_kept_of_the_end_where_nobody_wants_it(tmp_path: Path) -> None:
    shorter = dataclasses.replace(RUN, stop_t0=80.0)

    _make(tmp_path, 1, shorter, outputs=Outputs(keep_final=False))

    assert not list(tmp_path.rglob("checkpoint.*"))


def test_attempts_that_come_no_further_are_told_with_a_time_that_is_enough(
    tmp_path: Path, lookalike: Engine
) -> None:
    """ReSCAL-snow's own program begins anew each time, to the same place for ever."""
    place = tmp_path / "exp0"
    records = [_make(place, n, stop_after=3, engine=lookalike) for n in (1, 2, 3)]

    assert [record.saved_t0 for record in records] == [None] * 3
    assert [record.stuck_since for record in records] == [0, 1, 1]
    reached = max(record.time_t0 for record in records[1:])
    longest_s = max(record.wall_s for record in records[1:])
    assert records[2].enough_s == pytest.approx(longest_s * 800 / reached, rel=0.2)
    status = Status(Experiment(0, Point("k", {}, 1)), State.TIMEOUT, 3, None, record=records[2])
    enough = text.seconds(records[2].enough_s)
    assert remark(status).endswith(
        f"; 3 attempts ended at the same place; raise the time limit to at least {enough}"
    )


def test_a_status_tells_the_time_of_the_saved_state(tmp_path: Path) -> None:
    first = _make(tmp_path, 1, SPARSE, stop_after=1)

    status = Status(Experiment(0, Point("k", {}, 1)), State.TIMEOUT, 1, None, record=first)
    told = re.search(
        r"\(1 snapshot kept\); the next attempt goes on at t = (\S+) t0", remark(status)
    )

    assert told is not None
    (saved,) = tmp_path.rglob("checkpoint.*")
    assert first.saved_t0 == resume.saved_t0(saved)
    assert float(told[1]) == pytest.approx(first.saved_t0, rel=1e-3)
    assert attempts.read_record(ExperimentDirectory(tmp_path).attempt(1)) == first


SPARSE = Run(stop_t0=800.0, every_t0=800.0, engine="builtin")


@pytest.mark.parametrize("snapshots", [1])
def test_a_run_that_is_stopped_between_snapshots_loses_nothing(
    tmp_path: Path, snapshots: int
) -> None:
    """Not even one that never gets as far as its next snapshot."""
    whole, place = tmp_path / "whole", tmp_path / "stopped"
    _make(whole, 1, SPARSE)

    first = _make(place, 1, SPARSE, stop_after=snapshots)
    saved = [path.name for path in place.rglob("checkpoint.*")]
    second = _make(place, 2, SPARSE, stop_after=snapshots)
    third = _make(place, 3, SPARSE)

    assert (first.state, second.state) == (State.TIMEOUT, State.TIMEOUT)
    assert reason(first) == "cancelled on request"  # as the test's own stop says
    assert len(saved) == 1
    assert third.state is State.DONE, reason(third)
    assert third.continuation is not None
    assert third.continuation.exact
    assert _published(place) == _published(whole)


def test_the_roughness_is_told_from_the_start_though_no_height_maps_are_kept(
    tmp_path: Path,
) -> None:
    directory = ExperimentDirectory(tmp_path)
    heights = [np.array([[5, 5 + step]], np.int16) for step in range(8)]
    made = [
        make_snapshot(10.0 * i, each, None, np.zeros(3, np.int64))
        for i, each in enumerate(heights)
    ]
    first, second = (
        attempts.claim(directory, number, attempts.myself("t", "j")) for number in (1, 2)
    )
    assert first is not None
    assert second is not None
    cut_off = Results(first, directory, Outputs(height_maps=False))
    for snapshot in made[:6]:
        cut_off.keep(snapshot)
    cut_off.close()

    goes_on = Results(second, directory, Outputs(height_maps=False))
    goes_on.adopt(first, 5)
    for snapshot in made[5:]:
        goes_on.keep(snapshot)
    goes_on.close()

    told = attempts.read_progress(second)
    assert told is not None
    assert told.roughness == tuple(step / 2 for step in range(8))


def test_it_goes_on_where_the_property_files_have_moved(
    tmp_path: Path, undisturbed: Path
) -> None:
    engine = simulator.builtin()
    elsewhere = shutil.copytree(engine.real_data, tmp_path / "elsewhere")
    place = tmp_path / "exp0"
    _make(place, 1, stop_after=3)

    second = _make(place, 2, engine=dataclasses.replace(engine, real_data=elsewhere))

    assert continued(second.continuation).startswith("resumed attempt 1 at t = "), reason(
        second
    )
    assert "elsewhere" in (place / "run.par").read_text()
    assert _published(place) == _published(undisturbed)


def test_where_a_checkpoint_is_refused_the_same_attempt_starts_anew(
    tmp_path: Path, undisturbed: Path
) -> None:
    _make(tmp_path, 1, stop_after=3)
    (kept,) = ExperimentDirectory(tmp_path).attempt(1).root.glob("checkpoint.*")
    os.truncate(kept, kept.stat().st_size // 2)

    second = _make(tmp_path, 2)

    assert second.state is State.DONE, reason(second)
    assert continued(second.continuation).startswith("could not resume attempt 1: ")
    assert f"{kept.name}: not a checkpoint" in continued(second.continuation)
    assert (second.snapshots, second.adopted) == (21, 0)
    assert _published(tmp_path) == _published(undisturbed)


def test_a_checkpoint_under_the_name_of_another_snapshot_is_refused(
    tmp_path: Path, undisturbed: Path
) -> None:
    _make(tmp_path, 1, stop_after=6)
    (kept,) = ExperimentDirectory(tmp_path).attempt(1).root.glob("checkpoint.*")
    kept.rename(kept.with_suffix(".1"))

    second = _make(tmp_path, 2)

    told = continued(second.continuation)
    assert f"checkpoint.1: a checkpoint after snapshot {kept.suffix[1:]}, expected 1" in told
    assert (second.state, second.snapshots, second.adopted) == (State.DONE, 21, 0)
    assert _published(tmp_path) == _published(undisturbed)


def test_what_was_asked_for_otherwise_starts_anew(tmp_path: Path) -> None:
    _make(tmp_path, 1, stop_after=3)

    shorter = _make(tmp_path, 2, Run(stop_t0=300.0, every_t0=100.0, engine="builtin"))

    assert shorter.state is State.DONE
    assert re.fullmatch(
        r"could not resume attempt 1: its state is of t = [\d.]+ t0, and snapshots before it were "
        "taken every 40 t0",
        continued(shorter.continuation),
    )


def test_only_an_attempt_that_was_made_alike_is_gone_on_with(tmp_path: Path) -> None:
    directory = ExperimentDirectory(tmp_path)
    new = simulator.builtin()
    old = dataclasses.replace(new, digest="of an earlier version")
    wider = dataclasses.replace(RUN, every_t0=80.0)
    bare = Outputs(ffts=False)

    def task(attempt: int, run: Run, outputs: Outputs) -> Task:
        return Task(Experiment(0, Point("k", PARAMETERS, seed=5)), attempt, run, outputs)

    made = [
        (old, RUN, Outputs()),
        (new, RUN, Outputs()),
        (new, wider, Outputs()),
        (new, RUN, bare),
    ]
    for number, (engine, run, outputs) in enumerate(made, 1):
        attempt = attempts.claim(directory, number, attempts.myself("t", "j"))
        assert attempt is not None
        describe(task(number, run, outputs), engine, directory, {})
        journal = Journal(attempt.journal)
        journal.append(
            make_snapshot(0.0, np.zeros((2, 2), np.int16), None, np.zeros(3, np.int64))
        )
        journal.close()
        attempt.checkpoint.with_name("checkpoint.0").touch()

    def found(
        engine: Engine, run: Run, outputs: Outputs | None = None, attempt: int = 5
    ) -> int | None:
        wanted = task(attempt, run, outputs or Outputs())
        resumed = resume.find(directory, wanted, engine)
        return resumed.attempt.number if isinstance(resumed, resume.Resumption) else None

    assert found(new, RUN) == 2
    assert found(old, RUN) == 1
    assert found(new, wider) == 3
    assert found(new, RUN, bare) == 4
    assert found(old, wider) is None
    assert found(new, RUN, attempt=2) is None


def test_rerun_starts_anew(tmp_path: Path, undisturbed: Path) -> None:
    anew = Run(RUN.stop_t0, RUN.every_t0, engine="builtin", on_timeout=OnTimeout.RERUN)
    _make(tmp_path, 1, stop_after=3)

    second = _make(tmp_path, 2, anew)

    assert (second.state, continued(second.continuation)) == (State.DONE, "")
    assert _published(tmp_path) == _published(undisturbed)


def test_an_engine_that_was_killed_goes_on_too(tmp_path: Path, undisturbed: Path) -> None:
    directory = ExperimentDirectory(tmp_path)

    def kill() -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            progress = attempts.read_progress(directory.attempt(1))
            saved = [*directory.attempt(1).root.glob("checkpoint.*")]
            if progress is not None and progress.pid and progress.snapshots >= 6 and saved:
                os.kill(progress.pid, signal.SIGKILL)
                return
            time.sleep(0.005)

    threading.Thread(target=kill).start()
    first = _make(tmp_path, 1)
    second = _make(tmp_path, 2)

    assert first.state is State.FAILED
    assert second.state is State.DONE
    assert continued(second.continuation)
    assert _published(tmp_path) == _published(undisturbed)


@pytest.fixture
def lookalike(tmp_path: Path) -> Engine:
    """The built-in engine dressed up as a ReSCAL-snow tree, whose state nobody can save."""
    root = tmp_path / "root"
    for part in ("build", "scripts"):
        (root / part).mkdir(parents=True)
    (root / "scripts" / "real_data").symlink_to(simulator.builtin().real_data)
    for name in ("genesis", "rescal"):
        program = root / "build" / name
        words = f'"{sys.executable}" -P -m orchestrator.engine {name}'
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o755)
    return simulator.at_root(root)


def test_an_engine_that_cannot_save_its_state_goes_on_from_its_cells_where_asked(
    tmp_path: Path, lookalike: Engine
) -> None:
    place = tmp_path / "exp0"
    asked = Run(RUN.stop_t0, RUN.every_t0, on_timeout=OnTimeout.CONTINUE)

    first = _make(place, 1, asked, stop_after=6, engine=lookalike)
    published = np.load(ExperimentDirectory(place).height_maps)["height_maps"]
    second = _make(place, 2, asked, engine=lookalike)

    assert first.state is State.TIMEOUT
    assert second.state is State.DONE, reason(second)
    told = re.fullmatch(
        r"resumed attempt 1 at t = ([\d.]+) t0 "
        r"from cell states only \(new gas, new random stream\); results will differ",
        continued(second.continuation),
    )
    assert told is not None, continued(second.continuation)
    with np.load(ExperimentDirectory(place).height_maps) as file:
        times, maps = file["times"], file["height_maps"]
    assert np.floor(times / 40).tolist() == list(range(21))
    kept = int(float(told[1]) // RUN.every_t0) + 1
    assert kept >= 2
    assert np.array_equal(maps[:kept], published[:kept])
    assert not list(place.rglob("checkpoint.*"))
    assert not (place / "continued.csp").exists()


def test_it_starts_anew_where_nobody_asked(tmp_path: Path, lookalike: Engine) -> None:
    place = tmp_path / "exp0"

    _make(place, 1, stop_after=3, engine=lookalike)
    second = _make(place, 2, engine=lookalike)

    assert (second.state, continued(second.continuation)) == (State.DONE, "")
