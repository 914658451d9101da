"""A plan tells what submitting would use before anything is charged for it."""

from __future__ import annotations

import dataclasses
import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator import text
from orchestrator.cli.sentences import cost_lines
from orchestrator.model import EngineKind, Experiment, Point, Progress, Run, State, Status
from orchestrator.records import pace
from orchestrator.submission import cost
from orchestrator.submission.packing import Packing
from orchestrator.sweepfile import load
from orchestrator.sweepfile.expansion import expand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.model import Record, Submission
    from orchestrator.submission.cost import Cost
    from tests.conftest import Bench

TEXTS = Path(__file__).parents[1] / "slurm_texts" / "recorded"
HERE = Packing(slurm=False, jobs=2, at_once=2, together=1, cores=1)
ALONE = Packing(slurm=True, jobs=4, at_once=4, together=1, cores=1, limit_s=7200.0)
NODES = Packing(
    slurm=True, jobs=2, at_once=2, together=2, cores=8, whole_nodes=True, limit_s=36_000.0
)


def _points(lengths: Sequence[float]) -> list[Point]:
    fixed = {"D": 10, "Init_ncycl": 0}
    return [Point(str(i), {**fixed, "L": length}, 1) for i, length in enumerate(lengths)]


def _estimate(shape: Packing, points: Sequence[Point], run: Run, seen: list[Status]) -> Cost:
    each_s = cost.expected_s(points, run, seen, EngineKind.BUILTIN)
    return cost.estimate(shape, each_s, seen)


@pytest.fixture
def used(
    make_submission: Callable[..., Submission],
    make_record: Callable[..., Record],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Cost]:
    """Estimate experiments of so many hours, from one that took an hour for a length of 10."""
    monkeypatch.setattr(pace, "START_S", 0.0)

    def make(shape: Packing, hours: Sequence[float]) -> Cost:
        record = make_record(wall_s=3600.0, time_t0=100.0)
        (point,) = _points([10])
        done = Status(Experiment(9, point), State.DONE, 1, make_submission("a", {}))
        done = dataclasses.replace(done, record=record)
        points, run = _points([10 * hour for hour in hours]), Run(100.0, 10.0)
        return _estimate(shape, points, run, [done])

    return make


def test_processes_share_the_experiments_the_longest_first(
    used: Callable[..., Cost],
) -> None:
    found = used(HERE, [1, 2, 2, 3])

    assert found.wall_s / 3600 == pytest.approx(4)
    assert found.core_hours == pytest.approx(8)
    assert found.node_hours is None
    assert cost_lines(found) == [
        "jobs: 4 experiments in 2 processes on this machine, one experiment at a time in each",
        (
            "time: about 2 h 0 min (60 min to 3 h 0 min) for an experiment, "
            "4 h 0 min for all once they start; learnt from 1 finished"
        ),
        "use: about 8 core-hours",
    ]


def test_jobs_that_share_nodes_are_charged_for_their_cores(used: Callable[..., Cost]) -> None:
    found = used(dataclasses.replace(ALONE, at_once=2, cores=3), [1, 1, 1, 1])

    assert found.wall_s / 3600 == pytest.approx(2)
    assert cost_lines(found)[0].startswith("jobs: 4 experiments in 4 Slurm jobs, 2 of them at")
    assert cost_lines(found)[2] == "use: about 12 core-hours; at most 24 by the time limit"


def test_jobs_with_nodes_to_themselves_are_charged_until_their_last_experiment_ends(
    used: Callable[..., Cost],
) -> None:
    found = used(NODES, [4, 3, 1, 1, 1])  # 4 and 3 in one job, then 1 and 1 + 1 in the other

    assert found.wall_s / 3600 == pytest.approx(4)
    assert found.node_hours == pytest.approx(6)
    assert found.core_hours == pytest.approx(48)
    assert cost_lines(found)[0].endswith("2 Slurm jobs, up to 2 experiments at a time in each")
    assert cost_lines(found)[2] == (
        "use: about 6 node-hours, as jobs have nodes of 8 cores to themselves; "
        "at most 20 by the time limit"
    )


def test_a_whole_node_for_one_experiment_is_warned_of(used: Callable[..., Cost]) -> None:
    warning = (
        "warning: each job has a node of 8 cores to itself and runs one experiment at a time; "
        "--pack node fills it"
    )

    assert warning in cost_lines(used(dataclasses.replace(NODES, together=1), [1, 1]))
    assert warning not in cost_lines(used(NODES, [1, 1]))
    assert warning not in cost_lines(used(ALONE, [1, 1]))


def test_where_it_is_learnt_from_is_told(make_submission: Callable[..., Submission]) -> None:
    points, run = _points([10]), Run(100.0, 10.0)
    waiting = Status(Experiment(0, points[0]), State.PENDING, 1, make_submission("a", {}))
    progress = Progress(50.0, 2, 60.0)
    running = dataclasses.replace(waiting, state=State.RUNNING, progress=progress)

    guessed = _estimate(ALONE, points, run, [waiting])
    seen = _estimate(ALONE, points, run, [waiting, running])

    work = pace.work(points[0].parameters, 100.0)
    assert guessed.each_s == pytest.approx((0.3 + 2.5e-7 * work,))
    assert "by how the model scales, as none has finished yet" in cost_lines(guessed)[1]
    expected = text.seconds(max(guessed.each_s))
    assert cost_lines(guessed, 0.1)[-1] == (
        f"warning: an experiment is expected to take {expected}, and run.time_limit is 0 s"
    )
    assert not any("run.time_limit" in line for line in cost_lines(guessed, 1e9))
    assert cost_lines(seen)[1].endswith("learnt from 1 running")
    assert seen.each_s == pytest.approx((119.7,))


def test_of_nothing_new_nothing_is_told_but_that(used: Callable[..., Cost]) -> None:
    found = used(Packing(slurm=True, jobs=0, at_once=0, together=1, cores=1), [])

    assert cost_lines(found) == ["jobs: none, for nothing is new"]
    assert cost.as_json(found)["core_hours"] == 0


def _plan(bench: Bench, *words: str) -> dict[str, Any]:
    done = bench.run("plan", "winds.yaml", "--json", *words)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def test_what_was_never_started_is_counted(bench: Bench) -> None:
    bench.write("[0, 100]")
    bench.run("run", "winds.yaml", "exp1")
    bench.write("[0, 100, 200]")

    planned = _plan(bench, "--workers", "3")
    shown = bench.run("plan", "winds.yaml", "--workers", "3").stdout

    assert (planned["new"], planned["never_started"]) == (2, [0, 2, 3])
    found = planned["usage"]
    assert (found["experiments"], found["jobs"], found["cluster"]) == (5, 3, "local")
    assert (found["learnt_from"], found["learnt_from_experiments"]) == ("finished", 1)
    assert found["core_hours"] == pytest.approx(5 * found["experiment_s"] / 3600)
    assert "expected: about 100 files" in shown
    assert "jobs: 5 experiments in 3 processes on this machine" in shown


def test_arrays_of_own_outputs_are_expected_by_their_form(bench: Bench) -> None:
    bench.write("[0, 100]")
    path = bench.place / "winds.yaml"
    plain = bench.run("plan", "winds.yaml").stdout
    (bench.place / "bins.py").write_text(
        "import numpy as np\n"
        "from orchestrator import reduction\n"
        "@reduction(units='1', dims=('y', 'bin'), sizes={'bin': 50_000}, dtype='float64')\n"
        "def bins(heights):\n"
        "    return np.zeros((len(heights), 50_000))\n"
    )
    path.write_text(path.read_text() + "outputs:\n  own: {bins: 'bins:bins'}\n")

    sweep = load(path)
    shown = bench.run("plan", "winds.yaml").stdout

    [point, *others] = expand(sweep)
    each = int(point.parameters["D"]) * 50_000 * 8 * len(sweep.run.multiples())
    wanted = text.size(round((1 + len(others)) * (each + 50_000)))
    assert "expected: about 80 files, 2" in plain
    assert f"expected: about 84 files, {wanted}\n" in shown


@pytest.fixture
def beside_slurm(bench: Bench) -> Bench:
    """A machine whose Slurm answers as one did, with a partition that shares no node."""
    answers = {
        "scontrol": 'case "$*" in *config) cat config;; *partition) cat partitions;; esac',
        "sinfo": "cat nodes",
        "sacctmgr": 'case "$*" in *"show user"*) cat associations;; *"show qos"*) cat qos;; esac',
        "sbatch": "exit 1",
    }
    folder = bench.place / "slurm"
    folder.mkdir()
    changes = {  # two threads a core
        "partitions": ("OverSubscribe=NO", "OverSubscribe=EXCLUSIVE"),
        "nodes": ("|2|2|1|", "|4|2|1|"),
    }
    for kind in ("config", "partitions", "nodes", "associations", "qos"):
        lines = (TEXTS / f"{kind}.txt").read_text().splitlines(keepends=True)
        old, new = changes.get(kind, ("", ""))
        only = "pdebug" if kind == "partitions" else ""
        changed = (line.replace(old, new) if old and only in line else line for line in lines)
        (folder / kind).write_text("".join(changed))
    place = shlex.quote(str(folder))
    for name, code in answers.items():
        (folder / name).write_text(f"#!/bin/sh\ncd {place}\n{code}\n")
        (folder / name).chmod(0o755)
    command = bench.place / "beside-slurm"
    command.write_text(f'#!/bin/sh\nPATH={place}:"$PATH" exec rescal-sweep "$@"\n')
    command.chmod(0o755)
    return dataclasses.replace(bench, command=str(command))


def test_slurm_jobs_are_counted_with_what_they_are_charged_for(beside_slurm: Bench) -> None:
    beside_slurm.write("[0, 100, 200]")

    def told(*words: str) -> tuple[Any, ...]:
        found = _plan(beside_slurm, "--cluster", "slurm", *words)["usage"]
        keys = ("jobs", "experiments_per_job_at_once", "cores_per_job", "most_node_hours")
        return tuple(found[key] for key in (*keys, "most_core_hours"))

    assert told("-t", "60") == (6, 1, 1, None, 6)
    assert told() == (6, 1, 1, None, pytest.approx(0.5))  # the partition's default time
    assert told("-t", "60", "--pack", "4") == (2, 4, 4, None, 8)
    assert told("-t", "60", "--pack", "node") == (2, 4, 2, 2, 4)
    assert told("-t", "60", "-p", "pdebug") == (6, 1, 2, 6, 12)
