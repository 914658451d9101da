"""A thousand experiments of a quarter of a second: how many a second, and what each costs beside.

    python benchmarks/throughput.py [--experiments N] [--workers N] [--stop T0]

Workers claim, simulate with the built-in engine and reduce the experiments of one sweep. Beside them
one process simulates a sample of the same experiments and nothing else; what a worker's experiment
takes beyond that is the overhead, in wall time of a core and in processor time. Memory is resident,
after the first experiment, a tenth, and all of them: of a worker, and of the process that starts
engines for it. Where ``$RESCAL_SNOW_ROOT`` is set, a plain loop of its programs on as many cores
runs a sample too.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import kernels, speed
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.simulation import Simulation
from orchestrator.formats import parfile
from orchestrator.formats.templates import parse_template
from orchestrator.model import Cluster, Outputs, Point, Resources, Run, Submission
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.lock import locked
from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import simulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.formats.parameters import Value

PARAMETERS: dict[str, Value] = {**speed.PARAMETERS, "L": 100, "D": 50}
_GENESIS_SEED = 2000
_SAMPLE = 40


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--stop", type=float, default=100.0, metavar="T0")
    request = parser.parse_args()
    run = Run(stop_t0=request.stop, every_t0=request.stop / 2)
    simulator.warm(simulator.builtin())
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch:
        directory = SweepDirectory(Path(scratch) / "short")
        sweep_of(directory, request.experiments, run)
        alone_s = together_s(run, request.workers)
        wall_s, cpu_s, resident = worked(directory, request.workers, request.experiments)
        done = sum(
            attempts.read_record(directory.experiment(i).attempt(1)).complete  # type: ignore[union-attr]
            for i in range(request.experiments)
        )
    each_s = wall_s * request.workers / request.experiments
    print(f"{done} of {request.experiments} done by {request.workers} workers, load {load:.1f}")
    print(f"{'experiments a second':44} {request.experiments / wall_s:8.1f}")
    print(f"{'an experiment, on its core':44} {1e3 * each_s:8.1f} ms")
    print(f"{'  its computing alone':44} {1e3 * alone_s:8.1f} ms")
    print(f"{'  beside it':44} {1e3 * (each_s - alone_s):8.1f} ms")
    print(
        f"{'its processor time, all processes':44} {1e3 * cpu_s / request.experiments:8.1f} ms"
    )
    print(f"{'resident after experiments, in MB':44} {'worker':>8} {'warm engine':>12}")
    for count, (worker, warm_engine) in sorted(resident.items()):
        print(f"{count:>44} {worker:8.0f} {warm_engine:12.0f}")
    root = os.environ.get("RESCAL_SNOW_ROOT")
    if root:
        looped_s = plain_loop_s(Path(root), run, request.workers)
        print(f"{'a plain loop of ReSCAL-snow, each':44} {1e3 * looped_s:8.1f} ms")


def sweep_of(directory: SweepDirectory, count: int, run: Run) -> None:
    """Submit the experiments to whoever comes and takes them."""
    points = [Point(f"{i:04}", PARAMETERS, seed=i + 1) for i in range(count)]
    with locked(directory):
        ledger.enlist(directory, points)
        wanted = dict.fromkeys(range(count), 1)
        submission = Submission(
            "t",
            "2026-01-31T12:00:00Z",
            Cluster.LOCAL,
            wanted,
            run,
            Outputs(),
            Resources(),
            None,
        )
        intents.intend(directory, submission)


def worked(
    directory: SweepDirectory, workers: int, count: int
) -> tuple[float, float, dict[int, tuple[float, float]]]:
    """Return wall and processor seconds of all experiments, and MB of a worker on the way."""
    words = [sys.executable, "-P", "-m", "orchestrator.runner", str(directory.root)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    crew = [
        subprocess.Popen(
            [*words, "--job", f"local:{i}", "--first", str(i), "--stride", f"{workers}"]
        )
        for i in range(workers)
    ]
    resident = {}
    for reached in sorted({min(workers, count), count // 10, count - 2 * workers}):
        last = directory.experiment(max(0, reached - 1)).attempt(1)
        while attempts.read_record(last) is None and crew[0].poll() is None:
            time.sleep(0.05)
        resident[reached] = (resident_mb(crew[0].pid), resident_mb(server_of(crew[0].pid)))
    for worker in crew:
        assert worker.wait() == 0
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall_s, cpu_s, resident


def server_of(worker: int) -> int:
    """Return the process that starts engines for a worker, 0 where there is none."""
    listed = Path(f"/proc/{worker}/task/{worker}/children")
    for pid in listed.read_text().split() if listed.exists() else ():
        if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return int(pid)
    return 0


def resident_mb(pid: int) -> float:
    """Return resident memory, 0 of a process that is not there."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 1e6


def together_s(run: Run, workers: int) -> float:
    """Return the median of seconds that computing an experiment takes, on as many cores at once."""
    code = f"from benchmarks.throughput import alone; alone({run.stop_t0!r}, {run.every_t0!r})"
    place = Path(__file__).parents[1]
    crew = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=place, stdout=subprocess.PIPE, text=True
        )
        for _ in range(workers)
    ]
    return statistics.median(float(each.communicate()[0]) for each in crew)


def alone(stop_t0: float, every_t0: float) -> None:
    """Print the median of seconds that computing an experiment takes, in a process that is warm."""
    kernels.load()
    spent = []
    for seed in range(1, _SAMPLE + 1):
        before = time.perf_counter()
        simulated(stop_t0, every_t0, seed)
        spent.append(time.perf_counter() - before)
    print(statistics.median(spent))


def simulated(stop_t0: float, every_t0: float, seed: int) -> Simulation:
    """Simulate an experiment and throw its snapshots away."""
    height, length, depth = (int(PARAMETERS[name]) for name in "HLD")
    domain = Domain(height, length, depth, parse_template(str(PARAMETERS["Csp_template"])))
    cells = np.stack([plane.copy() for plane in planes(domain, _GENESIS_SEED)])
    times = np.zeros(cells.shape, np.int32)
    simulation = Simulation(dict(PARAMETERS), cells, times, time=0.0, seed=seed)
    simulation.run(stop=stop_t0, every=every_t0, on_snapshot=unnoticed)
    return simulation


def unnoticed(_now: Simulation) -> None:
    """Take no snapshot."""


def plain_loop_s(root: Path, run: Run, workers: int) -> float:
    """Return the seconds of a core that an experiment takes in a loop of ReSCAL-snow's programs."""
    engine = simulator.at_root(root)

    def loop(seeds: Sequence[int], place: Path) -> None:
        for seed in seeds:
            directory = place / str(seed)
            (directory / "out").mkdir(parents=True)
            values = PARAMETERS | {
                "Csp_file": "DUN.csp",
                "Output_directory": "./out",
                "Time": 0.0,
            }
            (directory / "run.par").write_text(parfile.text(values))
            for command in (
                simulator.genesis_command(engine, "run.par"),
                simulator.rescal_command(engine, "run.par", run, seed, None),
            ):
                subprocess.run(
                    command,
                    cwd=directory,
                    check=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )

    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(workers) as pool:
        before = time.perf_counter()
        parts = [range(1 + i, _SAMPLE + 1, workers) for i in range(workers)]
        list(pool.map(loop, parts, [Path(scratch)] * workers))
        return (time.perf_counter() - before) * workers / _SAMPLE


if __name__ == "__main__":
    main()
