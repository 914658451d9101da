"""What supervising costs besides the engine: per attempt, before it, and from one to the next.

    python benchmarks/supervision.py [--attempts N] [--engine]

With --engine also a run of the built-in engine, supervised and drained by nobody in particular,
side by side. The programs in the place of genesis and rescal are shell scripts that do next to nothing; what
starting them bare takes is shown beside.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.model import (
    Cluster,
    Experiment,
    Outputs,
    Point,
    Resources,
    Run,
    Submission,
    Task,
)
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.failures import reason
from orchestrator.records.lock import locked
from orchestrator.records.paths import ExperimentDirectory, SweepDirectory
from orchestrator.runner import simulator
from orchestrator.runner.attempt import Assignment
from orchestrator.runner.queue import Post
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from orchestrator.runner.worker import work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Engine

PARAMETERS: dict[str, Value] = {
    "Boundary": "OPEN",
    "H": 50,
    "L": 300,
    "D": 150,
    "Csp_template": "SNOWFALL(4)",
    "Lambda_I": 0.01,
    "Lgca_speedup": 1000,
    "Tau_max": 1000.0,
}
GENESIS = """#!/bin/sh
: > DUN.csp
"""
RESCAL = """#!/bin/sh
date +%s.%N > started
for fd; do :; done
cat "$0.stream" > /dev/fd/$fd
date +%s.%N > ended
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--attempts", type=int, default=40)
    parser.add_argument("--engine", action="store_true", help="a minute more")
    request = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = fake_root(Path(scratch))
        bare = [bare_s(root, Path(scratch) / f"bare{i}") for i in range(request.attempts)]
        with Stop() as stop:
            found = [
                attempt_s(root, Path(scratch) / f"exp{i}", i, stop)
                for i in range(request.attempts)
            ]
        between = between_s(root, Path(scratch) / "sweep", request.attempts)
        beside = stamped_s(Path(scratch), [f"bare{i}" for i in range(request.attempts)])
    print(f"medians of {request.attempts}, in ms")
    print(f"{'both programs, bare':44} {1e3 * statistics.median(bare):7.1f}")
    print(
        f"{'an attempt, claim to record':44} {1e3 * statistics.median(a for a, _ in found):7.1f}"
    )
    print(
        f"{'claim to the start of the engine':44} {1e3 * statistics.median(b for _, b in found):7.1f}"
    )
    print(f"{'from engine to engine in a worker':44} {1e3 * between:7.1f}")
    print(f"{'from engine to engine, bare':44} {1e3 * beside:7.1f}")
    print(f"{'between experiments beyond the programs':44} {1e3 * (between - beside):7.1f}")
    if request.engine:
        alone, supervised = engine_s()
        print("the built-in engine, medians of 5, in s")
        print(f"{'its stream thrown away':44} {alone:7.2f}")
        print(f"{'supervised':44} {supervised:7.2f}")


def engine_s() -> tuple[float, float]:
    """Return seconds for a run of the built-in engine whose stream is thrown away, and supervised.

    Both with genesis, and both start everything anew.
    """
    engine, run = simulator.builtin(), Run(stop_t0=30.0, every_t0=10.0)
    point = Point("0", {**PARAMETERS, "Time": 0.0}, seed=1)
    alone, supervised = [], []
    with tempfile.TemporaryDirectory() as scratch, Stop() as stop:
        for i in range(5):
            place = ExperimentDirectory(Path(scratch) / f"exp{i}")
            attempts.claim(place, 1, attempts.myself("", "benchmark"))
            task = Task(Experiment(i, point), 1, run, Outputs())
            record = supervise(Assignment(task, engine, place, stop))
            assert record.complete, reason(record)
            supervised.append(record.simulating_s + record.reducing_s)
            alone.append(drained_s(engine, place.root, run))
    return statistics.median(alone), statistics.median(supervised)


def drained_s(engine: Engine, place: Path, run: Run) -> float:
    """Return seconds for genesis and a run whose stream is read and thrown away."""
    before = time.perf_counter()
    command = simulator.genesis_command(engine, "run.par", None)
    subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
    reading, writing = os.pipe()
    words = simulator.rescal_command(engine, "run.par", run, 1, writing)
    with subprocess.Popen(
        words, cwd=place, pass_fds=[writing], stdout=subprocess.DEVNULL
    ) as child:
        os.close(writing)
        while os.read(reading, 1 << 20):
            pass
    os.close(reading)
    assert child.returncode == 0
    return time.perf_counter() - before


def fake_root(scratch: Path) -> Path:
    """Make a tree whose engine sends one small snapshot."""
    root = scratch / "root"
    (root / "build").mkdir(parents=True)
    (root / "scripts" / "real_data").mkdir(parents=True)
    header = Header("SNO", 20, 40, 20, borders=True)
    body = header_bytes(header) + np.full(header.stored_shape, 3, "<u8").tobytes()
    (root / "build" / "rescal.stream").write_bytes(frames.pack_size(len(body)) + body)
    for name, text in (("genesis", GENESIS), ("rescal", RESCAL)):
        path = root / "build" / name
        path.write_text(text)
        path.chmod(0o755)
    return root


def bare_s(root: Path, directory: Path) -> float:
    """Return seconds for both programs without anybody watching."""
    directory.mkdir()
    engine = simulator.at_root(root)
    before = time.perf_counter()
    subprocess.run(engine.genesis, cwd=directory, check=True)
    subprocess.run([*engine.rescal, "1"], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - before


def between_s(root: Path, place: Path, count: int) -> float:
    """Return the median of seconds from an engine's end to the next one's start in a worker."""
    directory = SweepDirectory(place)
    points = [
        Point(f"{i:03}", {"H": 20, "L": 40, "D": 20, "Time": 0.0}, seed=i) for i in range(count)
    ]
    with locked(directory):
        ledger.enlist(directory, points)
        wanted = dict.fromkeys(range(count), 1)
        run, outputs, resources = Run(1.0, 2.0), Outputs(), Resources()
        asked = Submission("t", "", Cluster.SLURM, wanted, run, outputs, resources, root)
        intents.intend(directory, asked)
    with Stop() as stop:
        work(directory, Post("1_0", "t", until=time.time() + 3600), stop)
    return stamped_s(place, [f"exp{i}" for i in range(count)])


def stamped_s(place: Path, names: Sequence[str]) -> float:
    """Return the median of seconds from the end in one directory to the start in the next."""
    started, ended = (
        [float((place / name / stamp).read_text()) for name in names]
        for stamp in ("started", "ended")
    )
    return statistics.median(b - a for a, b in zip(ended, started[1:], strict=False))


def attempt_s(root: Path, place: Path, number: int, stop: Stop) -> tuple[float, float]:
    """Return seconds from claim to record, and from claim to the engine's first act."""
    directory = ExperimentDirectory(place)
    began, before = time.time(), time.perf_counter()
    attempts.claim(directory, 1, attempts.myself("", "benchmark"))
    point = Point("00", {"H": 20, "L": 40, "D": 20, "Time": 0.0}, seed=1)
    task = Task(Experiment(number, point), 1, Run(1.0, 2.0), Outputs())
    record = supervise(Assignment(task, simulator.at_root(root), directory, stop))
    assert record.complete, reason(record)
    spent = time.perf_counter() - before
    return spent, float((place / "started").read_text()) - began


if __name__ == "__main__":
    main()
