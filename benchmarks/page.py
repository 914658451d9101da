"""How long the page of a sweep takes to write, how large it is, and how soon it shows something.

    python benchmarks/page.py [--experiments N] [--keep DIR]

Writes a sweep of N experiments (1,000 unless told) of 100 snapshots of 100 x 200 cells, as if it
had run: dunes that grow and wander, of ten experiments one failed and one out of time. The command
is run as a user does, and the page opened from the disk by headless Chromium, where Playwright and
Chromium are installed. First paint is what the browser itself says, the median of five.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.model import (
    Axis,
    Cause,
    Cluster,
    Kind,
    Outputs,
    Point,
    Record,
    Resources,
    Run,
    State,
    Submission,
)
from orchestrator.model.reductions import spectrum
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.lock import locked
from orchestrator.records.paths import SweepDirectory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value

SNAPSHOTS, DEPTH, LENGTH = 100, 100, 200
RUN = Run(stop_t0=990.0, every_t0=10.0)
KINDS = 12  # different beds; the others are links to these, for the disk's sake
CUT_SHORT = 40  # snapshots of those that ended badly
ENDINGS = {3: State.FAILED, 7: State.TIMEOUT}
CAUSES = {
    State.FAILED: (
        Cause(Kind.EXITED, program="rescal", status=3, last_line="tau 13 brings bad luck"),
    ),
    State.TIMEOUT: (Cause(Kind.TIME_LIMIT, limit_s=3600.0),),
}
SWEEP = """\
name: many
description: Snowfall rate against wind strength and cohesion, many times
"""


def main() -> None:
    """Write, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=1000)
    parser.add_argument("--keep", type=Path, help="leave the sweep and its page here")
    request = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        data = request.keep or Path(scratch)
        directory = write_sweep(data, request.experiments)
        page = write_page(directory)
        show(page)


def write_sweep(data: Path, experiments: int) -> SweepDirectory:
    """Write a sweep's files as if it had run."""
    directory = SweepDirectory(data / "many")
    data.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(directory.root, ignore_errors=True)
    with locked(directory):
        ledger.keep_sweep_file(directory, SWEEP)
        intents.arrange(
            directory, [Axis((n,), ()) for n in ("Tau_min", "Lambda_I", "Lambda_S")]
        )
        listed = ledger.enlist(directory, _points(experiments))
        intents.intend(directory, _submission(experiments))
    with tempfile.TemporaryDirectory(dir=data) as beds:
        for kind in range(KINDS):
            _write_arrays(Path(beds), kind)
        for experiment in listed:
            _run(directory, experiment.number, Path(beds))
    return directory


def write_page(directory: SweepDirectory) -> Path:
    """Run the command and print what it takes."""
    began = time.perf_counter()
    data = str(directory.root.parent)
    words = ["-m", "orchestrator", "report", directory.name, "--data-dir", data]
    subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    page = directory.root / "report.html"
    megabytes = page.stat().st_size / 1e6
    print(f"written in {took:.1f} s, {peak:.0f} MB of memory; the page has {megabytes:.2f} MB")
    return page


def show(page: Path) -> None:
    """Open the page in a browser and print how soon there is something to see."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415  # optional here
    except ImportError:
        print("first paint: not measured, Playwright is not installed")
        return
    chromium = shutil.which("chromium")
    if chromium is None:
        print("first paint: not measured, there is no Chromium")
        return
    painted, drawn = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(5):
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.goto(page.as_uri(), wait_until="commit")
            tab.wait_for_function("() => document.querySelector('.cell canvas')?.width > 2")
            drawn.append(tab.evaluate("performance.now()"))
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            painted.append(tab.evaluate(paint))
            tab.close()
        browser.close()
    first, map_drawn = (statistics.median(times) / 1000 for times in (painted, drawn))
    print(f"first paint after {first:.2f} s, first height map after {map_drawn:.2f} s")


def _points(experiments: int) -> list[Point]:
    """Return points on a grid of three axes of about the same length, the last one cut short."""
    side = max(1, round(experiments ** (1 / 3)))
    grid = ((i, j, k) for k in itertools.count() for i in range(side) for j in range(side))
    return [
        Point(f"{number:016x}", _parameters(*place), seed=1)
        for number, place in enumerate(itertools.islice(grid, experiments))
    ]


def _parameters(wind: int, snowfall: int, sintering: int) -> dict[str, Value]:
    return {
        "H": 60,
        "L": LENGTH,
        "D": DEPTH,
        "Csp_template": "SNOWFALL(4)",
        "Tau_min": 100.0 * wind,
        "Lambda_I": round(0.001 * (snowfall + 1), 6),
        "Lambda_S": round(0.01 * sintering, 6),
    }


def _submission(experiments: int) -> Submission:
    return Submission(
        token="0123abcd",
        time="2026-01-31T12:00:00Z",
        cluster=Cluster.LOCAL,
        attempts=dict.fromkeys(range(experiments), 1),
        run=RUN,
        outputs=Outputs(),
        resources=Resources(),
        root=None,
    )


def _write_arrays(folder: Path, kind: int) -> None:
    """Write the arrays of one bed, and those of the same bed cut short."""
    maps = _bed(np.random.default_rng(kind), kind)
    times = np.arange(SNAPSHOTS) * RUN.every_t0
    spectra = np.stack([spectrum(one) for one in maps])
    for count in (SNAPSHOTS, CUT_SHORT):
        place = _arrays(folder, kind, count)
        place.mkdir(parents=True)
        np.savez_compressed(
            place / "height_maps.npz", height_maps=maps[:count], times=times[:count]
        )
        np.savez_compressed(place / "ffts.npz", ffts=spectra[:count], times=times[:count])
        counts = np.stack([maps.sum((1, 2)), np.arange(SNAPSHOTS), np.zeros(SNAPSHOTS)], axis=1)
        np.savez_compressed(
            place / "cell_counts.npz",
            cell_counts=counts[:count].astype(np.int64),
            times=times[:count],
        )


def _arrays(folder: Path, kind: int, count: int) -> Path:
    return folder / f"bed{kind}" / str(count)


def _bed(draws: np.random.Generator, kind: int) -> NDArray[np.int16]:
    """Return int16 [s, D, L]: crooked dunes that grow and wander, under single grains."""
    y, x = np.mgrid[:DEPTH, :LENGTH]
    crooked = 6 * np.sin(2 * np.pi * y / DEPTH + kind) + 3 * np.sin(6 * np.pi * y / DEPTH)
    waves = 3 + kind % 5
    grown = np.linspace(0, 1, SNAPSHOTS)[:, None, None]
    phase = 2 * np.pi * waves * (x + crooked - 60 * grown) / LENGTH
    dunes = (2 + kind) * grown * (np.sin(phase) + 0.4 * np.sin(2 * phase + 1))
    grains = draws.normal(0, 0.7, (SNAPSHOTS, DEPTH, LENGTH))
    heights: NDArray[np.float64] = np.maximum(1, 5 + kind * grown + dunes + grains)
    return heights.astype(np.int16)


def _run(directory: SweepDirectory, number: int, beds: Path) -> None:
    """Leave the files of one experiment; one in twenty has not begun."""
    if number % 20 == 19:
        return
    state = ENDINGS.get(number % 10, State.DONE)
    count = SNAPSHOTS if state is State.DONE else CUT_SHORT
    place = directory.experiment(number)
    attempt = place.attempt(1)
    attempt.root.mkdir(parents=True)
    place.out.mkdir()
    for array in ("height_maps.npz", "ffts.npz", "cell_counts.npz"):
        (place.out / array).hardlink_to(_arrays(beds, number % KINDS, count) / array)
    lines = (f"snapshot {i} at {RUN.every_t0 * i} t0" for i in range(count))
    attempt.engine_log.write_text("\n".join(lines))
    attempts.write_record(attempt, _record(state, count))


def _record(state: State, count: int) -> Record:
    return Record(
        state=state,
        causes=CAUSES.get(state, ()),
        attempt=1,
        snapshots=count,
        expected=SNAPSHOTS,
        time_t0=RUN.every_t0 * (count - 1),
        started="2026-01-31T12:00:00Z",
        ended="2026-01-31T12:10:00Z",
        wall_s=600.0,
        simulating_s=590.0,
        reducing_s=1.0,
        host="node1",
    )


if __name__ == "__main__":
    main()
