"""How fast the built-in engine is, where its time goes, what it needs and how both grow.

    python benchmarks/engine.py [--case NAME] [--rounds N] [--stop T0] [--sizes 1,2,4]
    python benchmarks/engine.py --against ROOT [--case NAME] [--recorded DIRECTORY] [--winds]
    python benchmarks/engine.py --recorded DIRECTORY
    python benchmarks/engine.py --at-once 2

The run is ReSCAL-snow's example: H 80, L 400, D 200, snow fall, four snapshots after the first.
``--case`` takes another of the sweep files beside this one. Every figure comes from a fresh process whose kernels are compiled; the fastest round is shown, since
other programs only add to it. Memory is what the run adds to an interpreter that has run a tiny
domain, over the size of the cell space as it is written.

``--against`` runs the example and the three runs that ship with ReSCAL-snow with its own programs, built
under ROOT, or with this engine of another clone, and with this one in turn, and prints each time and
the ratio, median and range: processor seconds of whole processes. ``--recorded`` takes recorded runs,
``NAME.run.json``, instead, ``--winds`` winds that turn in every way, a smaller domain each; both run
side by side with the programs under ``$RESCAL_SNOW_ROOT`` where it is set. The table says whether the
snapshots are equal, and shows ``c_seconds`` of a record that has it. ``--at-once`` tells by how much
engines that run at the same time slow each other down.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import side_by_side
from orchestrator.engine import (
    bed,
    flow,
    gas,
    kernels,
    kmc_loop,
    shear,
    simulation,
    velocity_average,
)
from orchestrator.engine.genesis import Domain, planes
from orchestrator.engine.simulation import Simulation
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Callable

PHASES = {
    "cells and pairs": (
        (bed, "prepare"),
        (bed, "filled"),
        (simulation, "enlarged"),
    ),
    "collisions and propagation": ((flow, "step"),),
    "filling, forcing, mixing": ((gas, "fill"), (gas, "force"), (gas, "mix")),
    "averages": ((velocity_average, "accumulate"),),
    "stress": ((shear, "pair_up"), (shear, "press"), (shear, "census")),
    "transitions": ((kmc_loop, "advance"), (simulation, "date")),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--case", choices=side_by_side.CASES, help="default: example")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stop", type=float, help="t0 to simulate; default: the case's own")
    parser.add_argument("--sizes", default="1,2,4", help="factors for L and D")
    parser.add_argument(
        "--measure", nargs=2, type=int, metavar=("L", "D"), help=argparse.SUPPRESS
    )
    parser.add_argument(
        "--against", type=Path, metavar="ROOT", help="a built ReSCAL-snow, a clone"
    )
    parser.add_argument("--recorded", type=Path, metavar="DIRECTORY", help="recorded runs")
    parser.add_argument("--winds", action="store_true", help="winds that turn")
    parser.add_argument("--at-once", type=int, metavar="N", help="engines at the same time")
    request = parser.parse_args()
    case = request.case or "example"
    if request.against or request.recorded or request.winds:
        side(request)
        return
    if request.at_once:
        run = side_by_side.shipped()[case]
        side_by_side.at_once(run, request.at_once, request.rounds)
        return
    if request.measure:
        length, depth = request.measure
        print(json.dumps(measured(case, length, depth, request.stop)))
        return
    factors = [int(factor) for factor in request.sizes.split(",")]
    point = side_by_side.point(case)
    long, deep = int(point.parameters["L"]), int(point.parameters["D"])
    domains = [(long * f, deep) for f in factors] + [(long, deep * f) for f in factors if f > 1]
    found = [fastest(case, *domain, request.stop, request.rounds) for domain in domains]
    print(side_by_side.machine())
    print_phases(found[0])
    print_growth(domains, found)


def side(request: argparse.Namespace) -> None:
    """Run this engine side by side with another program."""
    built = os.environ.get("RESCAL_SNOW_ROOT")
    root = request.against or (Path(built) if built else None)
    runs, data = side_by_side.shipped(), None
    if request.case:
        runs = {request.case: runs[request.case]}
    if request.winds:
        runs = side_by_side.winds()
    if request.recorded:
        runs = side_by_side.recorded(request.recorded)
        data = request.recorded / "real_data"
    other = None if root is None else side_by_side.programs_of(root)
    side_by_side.race(other, runs, data, request.rounds)


def fastest(
    case: str, length: int, depth: int, stop: float | None, rounds: int
) -> dict[str, Any]:
    """Measure in processes of their own and return the fastest."""
    sizes = ["--measure", str(length), str(depth)]
    until = [] if stop is None else ["--stop", str(stop)]
    command = [sys.executable, __file__, "--case", case, *until, *sizes]
    results = [
        json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        for _ in range(rounds)
    ]
    return min(results, key=lambda result: float(result["seconds"]))


def measured(case: str, length: int, depth: int, stop: float | None) -> dict[str, Any]:
    """Run a case in this process and return what it took."""
    kernels.load()
    wanted = side_by_side.shipped()[case]
    parameters = side_by_side.point(case).parameters
    height = int(parameters["H"])
    spent = dict.fromkeys([*PHASES, "snapshots"], 0.0)
    for phase, functions in PHASES.items():
        for module, name in functions:
            setattr(module, name, timed(getattr(module, name), spent, phase))
    template = parse_template(str(parameters["Csp_template"]))
    domain = Domain(height, length, depth, template)
    cells = np.stack([plane.copy() for plane in planes(domain, 2000)])
    undated = np.broadcast_to(np.int32(0), cells.shape)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak
    before = peak_bytes()

    start = time.perf_counter()
    run = Simulation(parameters, cells, undated, time=0.0, seed=1234)
    began = run.transitions
    write = timed(written, spent, "snapshots")
    run.run(stop=stop or wanted["stop"], every=wanted["every"], on_snapshot=write)
    seconds = time.perf_counter() - start

    return {
        "seconds": seconds,
        "phases": spent,
        "cycles": run.atmosphere.cycles,
        "sites": int(run.ground.plane.max() + 1) * height * length,
        "transitions": run.transitions - began,
        "memory": peak_bytes() - before,
        "space": 8 * (height + 2) * (length + 2) * (depth + 2),
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


if __name__ == "__main__":
    main()
