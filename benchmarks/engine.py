"""How fast the built-in engine is, where its time goes, what it needs and how both grow.

    python benchmarks/engine.py [--rounds N] [--stop T0] [--sizes 1,2,4]
    python benchmarks/engine.py --against $RESCAL_SNOW_ROOT [--recorded DIRECTORY]
    python benchmarks/engine.py --recorded DIRECTORY
    python benchmarks/engine.py --winds

The run is ReSCAL-snow's example: H 80, L 400, D 200, snow fall, four snapshots after the first. Every
figure comes from a fresh process whose kernels are compiled; the fastest round is shown, since
other programs only add to it. Memory is what the run adds to an interpreter that has run a tiny
domain, over the size of the cell space as it is written.

``--against`` runs the example with ReSCAL-snow's own programs, built under that directory, and with
this engine in turn, and prints both times and their ratio, median and range: processor seconds, since
ReSCAL-snow sleeps two seconds of every run. ``--recorded`` takes recorded runs, ``NAME.run.json``, instead
of the example, ``--winds`` winds that turn in every way, a smaller domain each; both
run side by side with the programs under ``$RESCAL_SNOW_ROOT`` where it is set. A table says whether the snapshots are equal, and shows ``c_seconds`` of a record that has it.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from orchestrator import sweepfile
from orchestrator.engine import (
    bed,
    flow,
    gas,
    kmc_loop,
    shear,
    simulation,
    velocity_average,
    warm,
)
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

(EXAMPLE,) = expansion.expand(sweepfile.load(Path(__file__).with_name("example.yaml")))
HEIGHT, LENGTH, DEPTH = (int(EXAMPLE.parameters[name]) for name in ("H", "L", "D"))
PHASES = {
    "cells and pairs": (
        (bed, "prepare"),
        (bed, "filled"),
        (simulation, "enlarged"),
    ),
    "collisions and propagation": ((flow, "step"),),
    "filling, forcing, mixing": ((gas, "fill"), (gas, "force"), (gas, "mix")),
    "averages": ((velocity_average, "accumulate"),),
    "stress": ((shear, "press"), (shear, "census")),
    "transitions": ((kmc_loop, "advance"),),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stop", type=float, default=200.0, help="t0 to simulate")
    parser.add_argument("--sizes", default="1,2,4", help="factors for L and D")
    parser.add_argument(
        "--measure", nargs=2, type=int, metavar=("L", "D"), help=argparse.SUPPRESS
    )
    parser.add_argument("--against", type=Path, metavar="ROOT", help="a built ReSCAL-snow")
    parser.add_argument("--recorded", type=Path, metavar="DIRECTORY", help="recorded runs")
    parser.add_argument("--winds", action="store_true", help="winds that turn")
    request = parser.parse_args()
    built = os.environ.get("RESCAL_SNOW_ROOT")
    root = request.against or (Path(built) if built else None)
    if request.against or request.recorded or request.winds:
        runs = recorded(request.recorded) if request.recorded else {"example": example()}
        race(root, winds() if request.winds else runs, request)
        return
    if request.measure:
        length, depth = request.measure
        print(json.dumps(measured(length, depth, request.stop)))
        return
    factors = [int(factor) for factor in request.sizes.split(",")]
    domains = [(LENGTH * f, DEPTH) for f in factors] + [
        (LENGTH, DEPTH * f) for f in factors if f > 1
    ]
    found = [fastest(length, depth, request.stop, request.rounds) for length, depth in domains]
    print_phases(found[0])
    print_growth(domains, found)


def fastest(length: int, depth: int, stop: float, rounds: int) -> dict[str, Any]:
    """Measure in processes of their own and return the fastest."""
    command = [
        sys.executable,
        __file__,
        "--stop",
        str(stop),
        "--measure",
        str(length),
        str(depth),
    ]
    results = [
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(rounds)
    ]
    return min(results, key=lambda result: float(result["seconds"]))


def measured(length: int, depth: int, stop: float) -> dict[str, Any]:
    """Run the example in this process and return what it took."""
    warm.compile_all()
    spent = dict.fromkeys([*PHASES, "snapshots"], 0.0)
    for phase, functions in PHASES.items():
        for module, name in functions:
            setattr(module, name, timed(getattr(module, name), spent, phase))
    template = parse_template(str(EXAMPLE.parameters["Csp_template"]))
    domain = Domain(HEIGHT, length, depth, template)
    cells = np.stack([plane.copy() for plane in planes(domain, 2000)])
    undated = np.broadcast_to(np.int32(0), cells.shape)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = peak_bytes()

    start = time.perf_counter()
    run = Simulation(EXAMPLE.parameters, cells, undated, time=0.0, seed=1234)
    began = run.transitions
    write = timed(written, spent, "snapshots")
    run.run(stop=stop, every=50, on_snapshot=write)
    seconds = time.perf_counter() - start

    return {
        "seconds": seconds,
        "phases": spent,
        "cycles": run.atmosphere.cycles,
        "sites": int(run.ground.plane.max() + 1) * HEIGHT * length,
        "transitions": run.transitions - began,
        "memory": peak_bytes() - before,
        "space": 8 * (HEIGHT + 2) * (length + 2) * (depth + 2),
    }


def timed(
    function: Callable[..., Any], spent: dict[str, float], phase: str
) -> Callable[..., Any]:
    """Return ``function``, adding its seconds to those of a phase."""

    @functools.wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        start = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            spent[phase] += time.perf_counter() - start

    return call


def written(run: Simulation) -> None:
    """Make a snapshot's bytes and drop them."""
    for plane in run.planes(walls=True):
        plane.tobytes()


def peak_bytes() -> int:
    """Return the largest resident memory since it was last forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])


def print_phases(result: dict[str, Any]) -> None:
    """Print where the time of the example went."""
    print("| phase | s | |\n| --- | ---: | --- |")
    rates = {
        "collisions and propagation": f"{result['cycles'] * result['sites'] / 1e9:.2f}e9 sites",
        "transitions": f"{result['transitions'] / 1e6:.2f}e6 events",
    }
    amounts = {
        "collisions and propagation": result["cycles"] * result["sites"],
        "transitions": result["transitions"],
    }
    for phase, seconds in result["phases"].items():
        note = f"{rates[phase]}, {amounts[phase] / seconds:.2g} /s" if phase in rates else ""
        print(f"| {phase} | {seconds:.2f} | {note} |")
    rest = result["seconds"] - sum(result["phases"].values())
    print(f"| the rest | {rest:.2f} | |\n| **all** | **{result['seconds']:.2f}** | |\n")


def print_growth(domains: list[tuple[int, int]], found: list[dict[str, Any]]) -> None:
    """Print how time and memory grow with the domain."""
    print("| L | D | s | gas, sites/s | events/s | memory / cell space |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: |")
    for (length, depth), result in zip(domains, found, strict=True):
        phases = result["phases"]
        sites = result["cycles"] * result["sites"] / phases["collisions and propagation"]
        events = result["transitions"] / phases["transitions"]
        memory = f"{result['memory'] / 1e6:.0f} MB, {result['memory'] / result['space']:.2f}"
        print(
            f"| {length} | {depth} | {result['seconds']:.1f} | {sites:.2g} | {events:.2g} | {memory} |"
        )


ENGINE = [sys.executable, "-m", "orchestrator.engine"]


def race(root: Path | None, runs: dict[str, Any], request: argparse.Namespace) -> None:
    """Run the ``runs`` with this engine, in turn with ReSCAL-snow's programs."""
    data = request.recorded / "real_data" if request.recorded else None
    subprocess.run([*ENGINE, "warm"], stdout=subprocess.DEVNULL, check=True)
    print("| run | equal | engine, s | ReSCAL-snow, s | recorded, s | ratio, median | range |")
    print("| --- | --- | ---: | ---: | ---: | ---: | --- |")
    for name, run in runs.items():
        ours, theirs, equal = [], [], None
        for _ in range(request.rounds):
            seconds, digests = raced(run, data, [*ENGINE, "genesis"], [*ENGINE, "rescal"])
            ours.append(seconds)
            expected = run.get("sha256_of_each_snapshot")
            if root:
                build = root / "build"
                seconds, expected = raced(
                    run, data, [str(build / "genesis")], [str(build / "rescal")]
                )
                theirs.append(seconds)
            equal = None if expected is None else equal is not False and digests == expected
        print_race(name, run, ours, theirs, equal=equal)


def recorded(directory: Path) -> dict[str, Any]:
    """Return recorded runs by name."""
    paths = sorted(directory.glob("*.run.json"))
    return {path.name[: -len(".run.json")]: json.loads(path.read_text()) for path in paths}


def winds() -> dict[str, Any]:
    """Return runs whose wind turns, as records have them."""
    sand = {
        "Model": "SNO",
        "Csp_file": "DUN.csp",
        "Output_directory": "./out",
        "H": 40,
        "L": 120,
        "D": 120,
        "Csp_template": "LAYER(6.5)",
        "Time": 0.0,
        "Lambda_E": 4,
        "Lambda_T": 6,
        "Lambda_C": 2,
        "Lambda_G": 1000,
        "Lambda_D": 0.02,
        "Lambda_S": 0,
        "Coef_A": 0.1,
        "Coef_B": 10,
        "Coef_C": 10,
        "Prob_link_TT": 1.0,
        "Ava_mode": "TRANS",
        "Ava_angle": 35,
        "Lgca_delay": 1,
        "Lgca_speedup": 300,
        "Tau_min": 0,
        "Tau_max": 1000,
    }
    two = "2,t0\n10 -60 0\n10 60 0\n"
    cases: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
        "two winds, FULL": ({"Rot_mode": "FULL", "Wind_file": "wind"}, {"wind": two}),
        "two winds, OVERLAP": ({"Rot_mode": "OVERLAP", "Wind_file": "wind"}, {"wind": two}),
        "five winds, DISK": (
            {
                "Rot_mode": "DISK",
                "Rot_angle": 72,
                "Rot_delay": 10,
                "Csp_template": "CONE(25,60)",
            },
            {},
        ),
        "centred": ({"Centering_delay": 5, "Csp_template": "CONE(16,50)"}, {}),
        "changing repose": (
            {
                "Ava_delay": 5,
                "Ava_duration": 5,
                "Ava_angle_unstable": 25,
                "Lambda_A_unstable": 2,
            },
            {},
        ),
    }
    times = {"genesis_seed": 2000, "seed": 7, "stop": 100, "every": 50}
    return {
        name: {"par": {**sand, **more}, "files": files, **times}
        for name, (more, files) in cases.items()
    }


def example() -> dict[str, Any]:
    """Return the example as a record has it."""
    files = {"Csp_file": "DUN.csp", "Output_directory": "./out"}
    alone = {n: v for n, v in EXAMPLE.parameters.items() if not n.endswith("_file")}
    values = {"Model": "SNO", **alone, **files}
    return {"par": values, "genesis_seed": 2000, "seed": 1234, "stop": 200, "every": 50}


def raced(
    run: dict[str, Any], data: Path | None, genesis: list[str], rescal: list[str]
) -> tuple[float, list[str]]:
    """Run a record and return its processor seconds and its snapshots' SHA-256."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        lines = (f"{name} = {as_written(value)}\n" for name, value in run["par"].items())
        (directory / "run.par").write_text("".join(lines))
        for name, text in run.get("files", {}).items():
            (directory / name).write_text(text)
        for path in data.iterdir() if data else ():
            shutil.copyfile(path, directory / path.name)
        seeds = [str(run["genesis_seed"]), str(run["seed"])]
        subprocess.run(
            [*genesis, "-f", "run.par", "-s", seeds[0]],
            cwd=directory,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        reading, writing = os.pipe()
        times = ["-dcsp", f"{run['every']}_t0", "-stop", f"{run['stop']}_t0"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen(
            [
                *rescal,
                "run.par",
                "-nv",
                *times,
                "-s",
                seeds[1],
                "-q",
                "-data_pipe",
                str(writing),
            ],
            cwd=directory,
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
        ) as process:
            os.close(writing)
            with os.fdopen(reading, "rb") as pipe:
                digests = list(digests_of(pipe))
        if process.returncode:
            raise SystemExit(f"{rescal[0]} ended with status {process.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return spent, digests


def as_written(value: object) -> str:
    """Return a value as it stands in a parameter file."""
    return {True: "YES", False: "NO"}[value] if isinstance(value, bool) else str(value)


def digests_of(pipe: IO[bytes]) -> Iterator[str]:
    """Yield the SHA-256 of each frame of a stream."""
    while size := pipe.read(4):
        yield hashlib.sha256(pipe.read(int.from_bytes(size, "little"))).hexdigest()


_SAID = {True: "yes", False: "no", None: ""}


def print_race(
    name: str,
    run: dict[str, Any],
    ours: list[float],
    theirs: list[float],
    *,
    equal: bool | None,
) -> None:
    """Print a line of the table."""
    recorded = run.get("c_seconds")
    ratios = [their / our for our, their in zip(ours, theirs, strict=False)]
    if not ratios and recorded:
        ratios = [recorded / our for our in ours]
    shown = [
        f"{statistics.median(seconds):.2f}" if seconds else "" for seconds in (ours, theirs)
    ]
    print(
        f"| {name} | {_SAID[equal]} | {' | '.join(shown)} "
        f"| {recorded or ''} | {f'{statistics.median(ratios):.1f}' if ratios else ''} "
        f"| {f'{min(ratios):.1f} to {max(ratios):.1f}' if ratios else ''} |"
    )


if __name__ == "__main__":
    main()
