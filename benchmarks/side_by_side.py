"""The engine and another program side by side: the same runs in turn, their times and their bytes.

The other program is ReSCAL-snow, built under a directory, or this engine of another clone, by the
Python of its ``.venv``. Times are processor seconds of whole processes, from start to exit, since
ReSCAL-snow sleeps two seconds of every run; what both take depends on what else the machine does, so
each pair gives a ratio of its own.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from orchestrator import sweepfile
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.model import Point

HERE = Path(__file__).parent
CASES = ("example", "snow_cone", "sintering", "snowfall")
"""Sweep files beside this one: ReSCAL-snow's example, and the three that ship with it."""

_SAID = {True: "yes", False: "no", None: ""}


@dataclass(frozen=True, slots=True)
class Programs:
    """Command lines of a simulator: what makes the initial cells, and what simulates."""

    genesis: tuple[str, ...]
    rescal: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor and wall seconds of one run, and the SHA-256 of each of its snapshots."""

    processor_s: float
    wall_s: float
    digests: tuple[str, ...]


def engine(python: str = sys.executable) -> Programs:
    """Return the programs of the built-in engine that ``python`` has."""
    command = (python, "-m", "orchestrator.engine")
    return Programs((*command, "genesis"), (*command, "rescal"))


def programs_of(root: Path) -> Programs:
    """Return the programs under ``root``: a built ReSCAL-snow, or a clone with a ``.venv``."""
    build = root / "build"
    if (build / "rescal").exists():
        return Programs((str(build / "genesis"),), (str(build / "rescal"),))
    python = root / ".venv" / "bin" / "python"
    if python.exists():
        return engine(str(python.absolute()))
    raise SystemExit(f"{root}: neither build/rescal nor .venv/bin/python there")


def race(other: Programs | None, runs: dict[str, Any], data: Path | None, rounds: int) -> None:
    """Print how the ``runs`` go with this engine and, in turn, with ``other`` programs."""
    ours = engine()
    for programs in (ours, other):
        if programs and "-m" in programs.rescal:  # its kernels are compiled before
            warm = (*programs.rescal[:-1], "warm")
            subprocess.run(warm, stdout=subprocess.DEVNULL, check=True, cwd=HERE)
    print(machine())
    print("| run | equal | engine, s | other, s | recorded, s | ratio, median | range |")
    print("| --- | --- | --- | --- | ---: | ---: | --- |")
    for name, run in runs.items():
        here, there, equal = [], [], None
        for _ in range(rounds):
            found = raced(run, data, ours)
            here.append(found.processor_s)
            expected = run.get("sha256_of_each_snapshot")
            if other:
                another = raced(run, data, other)
                there.append(another.processor_s)
                expected = list(another.digests)
            if expected is not None:
                equal = equal is not False and list(found.digests) == expected
        _print_race(name, run, here, there, equal=equal)
    print(machine())


def machine() -> str:
    """Return the processor's name, the load and the time, as a line."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    load = " ".join(f"{part:.1f}" for part in os.getloadavg())
    return f"{names[0] if names else 'processor'}, {os.cpu_count()} cores, load {load}, {time.strftime('%F %R')}\n"


def at_once(run: dict[str, Any], count: int, rounds: int) -> None:
    """Print by how much engines that run at once slow each other down."""
    alone, together = [], []
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        for _ in range(rounds):
            alone.append(raced(run, None, engine()).processor_s)
            found = list(pool.map(lambda _: raced(run, None, engine()), range(count)))
            together.append(max(spent.processor_s for spent in found))
    ratios = [slow / fast for slow, fast in zip(together, alone, strict=True)]
    print(
        f"| alone, s | {count} at once, s | ratio, median | range |\n| --- | --- | ---: | --- |"
    )
    print(
        f"| {_each(alone)} | {_each(together)} | {statistics.median(ratios):.2f} "
        f"| {min(ratios):.2f} to {max(ratios):.2f} |"
    )


def recorded(directory: Path) -> dict[str, Any]:
    """Return recorded runs by name."""
    paths = sorted(directory.glob("*.run.json"))
    return {path.name[: -len(".run.json")]: json.loads(path.read_text()) for path in paths}


def point(case: str) -> Point:
    """Return the parameters of one of ``CASES``."""
    (only,) = expansion.expand(sweepfile.load(HERE / f"{case}.yaml"))
    return only


def shipped() -> dict[str, Any]:
    """Return ``CASES`` as records have runs."""
    return {case: _as_recorded(case) for case in CASES}


def _as_recorded(case: str) -> dict[str, Any]:
    files = {"Csp_file": "DUN.csp", "Output_directory": "./out"}
    wanted = sweepfile.load(HERE / f"{case}.yaml").run
    alone = {n: v for n, v in point(case).parameters.items() if not n.endswith("_file")}
    values = {"Model": "SNO", **alone, **files}
    times = {"stop": wanted.stop_t0, "every": wanted.every_t0}
    return {"par": values, "genesis_seed": 2000, "seed": 1234, **times}


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


def raced(run: dict[str, Any], data: Path | None, programs: Programs) -> Spent:
    """Run a record and return what it took."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        lines = (f"{name} = {as_written(value)}\n" for name, value in run["par"].items())
        (directory / "run.par").write_text("".join(lines))
        for name, text in run.get("files", {}).items():
            (directory / name).write_text(text)
        for path in data.iterdir() if data else ():
            shutil.copyfile(path, directory / path.name)
        subprocess.run(
            [*programs.genesis, "-f", "run.par", "-s", str(run["genesis_seed"])],
            cwd=directory,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        reading, writing = os.pipe()
        times = ["-dcsp", f"{run['every']}_t0", "-stop", f"{run['stop']}_t0"]
        words = [*times, "-s", str(run["seed"]), "-q", "-data_pipe", str(writing)]
        start = time.perf_counter()
        process = subprocess.Popen(
            [*programs.rescal, "run.par", "-nv", *words],
            cwd=directory,
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            digests = tuple(digests_of(pipe))
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{programs.rescal[0]} ended with status {process.returncode}")
        wall = time.perf_counter() - start
        return Spent(usage.ru_utime + usage.ru_stime, wall, digests)


def as_written(value: object) -> str:
    """Return a value as it stands in a parameter file."""
    return {True: "YES", False: "NO"}[value] if isinstance(value, bool) else str(value)


def digests_of(pipe: IO[bytes]) -> Iterator[str]:
    """Yield the SHA-256 of each frame of a stream."""
    while size := pipe.read(4):
        yield hashlib.sha256(pipe.read(int.from_bytes(size, "little"))).hexdigest()


def _print_race(
    name: str,
    run: dict[str, Any],
    ours: list[float],
    theirs: list[float],
    *,
    equal: bool | None,
) -> None:
    """Print a line of the table."""
    recorded_s = run.get("c_seconds")
    ratios = [their / our for our, their in zip(ours, theirs, strict=False)]
    if not ratios and recorded_s:
        ratios = [recorded_s / our for our in ours]
    print(
        f"| {name} | {_SAID[equal]} | {_each(ours)} | {_each(theirs)} "
        f"| {recorded_s or ''} | {f'{statistics.median(ratios):.2f}' if ratios else ''} "
        f"| {f'{min(ratios):.2f} to {max(ratios):.2f}' if ratios else ''} |",
        flush=True,
    )


def _each(seconds: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in seconds)
