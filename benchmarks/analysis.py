"""How long it takes to collect a sweep and to draw one, and how much memory.

    python benchmarks/analysis.py [--experiments N] [--snapshots N] [--depth D] [--length L]

Collects all of the experiments, draws quantities of them, and draws a hundred. They are made up: dunes that wander,
published as a finished run publishes them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from orchestrator.model import (
    Axis,
    Cluster,
    Outputs,
    Point,
    Record,
    Resources,
    Run,
    State,
    Submission,
)
from orchestrator.model.reductions import spectrum
from orchestrator.model.snapshots import Snapshot
from orchestrator.records import arrays, attempts, intents, ledger
from orchestrator.records.journal import Journal
from orchestrator.records.paths import SweepDirectory

_DRAWN = 100


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--snapshots", type=int, default=100)
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--length", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        sweep = SweepDirectory(Path(scratch) / "data_runs" / "many")
        sweep.root.mkdir(parents=True)
        make(sweep, given.experiments, given.snapshots, (given.depth, given.length))
        sizes = f"{given.snapshots} x {given.depth} x {given.length}"
        print(f"{given.experiments} experiments of {sizes}")
        for suffix in (".zarr", ".nc"):
            spent_s, peak_mb = command(Path(scratch), "collect", "many", "-o", f"many{suffix}")
            path = Path(scratch) / f"many{suffix}"
            files = [p for p in path.rglob("*") if p.is_file()] or [path]
            size_mb = sum(p.stat().st_size for p in files) / 1e6
            print(
                f"{suffix:6} {spent_s:7.1f} s {peak_mb:7.0f} MB at most, "
                f"{len(files)} files of {size_mb:.0f} MB"
            )
        for words in (("roughness",), ("map",), ("roughness", "--mean", "200,"), ("series",)):
            first, again = (command(Path(scratch), "plot", "many", *words) for _ in range(2))
            print(
                f"{' '.join(words):24} {first[0]:7.1f} s, {again[0]:5.1f} s from a warm start, "
                f"{again[1]:.0f} MB at most"
            )
        few = SweepDirectory(Path(scratch) / "data_runs" / "few")
        few.root.mkdir()
        make(few, _DRAWN, given.snapshots, (given.depth, given.length), seeds=1)
        print(f"{_DRAWN} experiments of {sizes}")
        for kind in ("phase-diagram", "series", "spectrum", "profile", "dispersion", "dunes"):
            spent_s, peak_mb = command(Path(scratch), "plot", "few", kind)
            print(f"{kind:14} {spent_s:7.1f} s {peak_mb:7.0f} MB at most")


def make(
    sweep: SweepDirectory, count: int, snapshots: int, shape: tuple[int, int], seeds: int = 5
) -> None:
    """Write a sweep of two axes and some seeds that has run to the end."""
    fixed = {"H": 50, "L": shape[1], "D": shape[0]}
    points = [
        Point(
            f"{i:06}",
            {**fixed, "Tau_min": float(i // seeds % 10), "Lambda_I": float(i // seeds // 10)},
            i % seeds,
        )
        for i in range(count)
    ]
    ledger.enlist(sweep, points)
    ledger.keep_sweep_file(sweep, "name: many\n")
    run = Run(stop_t0=10.0 * (snapshots - 1), every_t0=10.0)
    intents.arrange(sweep, [Axis((name,), ()) for name in ("Lambda_I", "Tau_min")])
    attempted = dict.fromkeys(range(count), 1)
    asked = Submission(
        "t", "2026-01-31T12:00:00Z", Cluster.LOCAL, attempted, run, Outputs(), Resources(), None
    )
    intents.intend(sweep, asked)
    record = Record(
        State.DONE, (), 1, snapshots, snapshots, run.stop_t0, "", "", 60.0, 59.0, 1.0, "n1"
    )
    source = None
    for number in range(count):
        place = sweep.experiment(number)
        attempt = attempts.claim(place, 1, attempts.myself("t", "j"))
        assert attempt is not None
        place.out.mkdir()
        if source is None or number % 50 == 0:  # some of each kind
            source = place
            _write(attempt.journal, snapshots, shape, number)
            arrays.publish(attempt.journal, place, complete=True)
            attempt.journal.unlink()
        else:
            for name in ("height_maps", "ffts", "cell_counts"):
                os.link(source.array_file(name), place.array_file(name))
        attempts.write_record(attempt, record)


def _write(path: Path, snapshots: int, shape: tuple[int, int], number: int) -> None:
    """Write a journal of dunes that wander and grow."""
    random = np.random.default_rng(number)
    y, x = np.mgrid[: shape[0], : shape[1]]
    journal = Journal(path)
    for index in range(snapshots):
        height = 8 + 0.05 * index * np.cos(
            2 * np.pi * (x - 0.4 * index) / 25 + 0.1 * np.sin(y / 9)
        )
        noisy = np.rint(height + random.normal(0, 0.4, shape)).clip(1).astype(np.int16)
        counts = np.array([noisy.sum(), 100 + index, 0])
        arrays = {"height_maps": noisy, "ffts": spectrum(noisy), "cell_counts": counts}
        journal.append(Snapshot(10.0 * index + 0.01, arrays))
    journal.close()


def command(place: Path, *words: str) -> tuple[float, float]:
    """Run the command; return seconds and the most memory in MB."""
    program = str(Path(sys.executable).with_name("rescal-sweep"))
    before = time.perf_counter()
    with subprocess.Popen([program, *words], cwd=place, stdout=subprocess.DEVNULL) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return time.perf_counter() - before, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
