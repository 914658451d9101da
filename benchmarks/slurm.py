"""What Slurm costs: ten thousand experiments at hand, and short ones packed or each in its task.

    python benchmarks/slurm.py [--experiments N] [--seconds S] [--scale N] [--max-array-size N]

Brings up the throw-away cluster of the tests, so it needs what that needs (Debian, root). The
programs in the place of genesis and rescal are shell scripts; rescal computes for S seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes

HERE = Path(__file__).parent
UP, DOWN = (str(HERE.parent / "tests" / "slurm" / verb) for verb in ("up", "down"))
CORES = 2

GENESIS = """#!/bin/sh
: > DUN.csp
"""
RESCAL = """#!/bin/sh
date +%s.%N > started
awk 'BEGIN {{ while (i < {steps}) i++ }}'
for fd; do :; done
cat "$0.stream" > /dev/fd/$fd
date +%s.%N > ended
"""
SWEEP = """
name: {name}
parameters: {{H: 20, L: 40, D: 20, Csp_template: "LAYER(2)"}}
seeds: {seeds}
run: {{stop: {stop}, every: {stop}, engine: rescal}}
"""
LONG = 1_000_000  # t0; so long that each experiment is worth a task of its own


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--experiments", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--scale", type=int, default=10_000)
    parser.add_argument("--max-array-size", type=int, default=1001)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        cluster = place / "cluster"
        words = ["--nodes", "1", "--cpus", str(CORES)]
        words += ["--max-array-size", str(given.max_array_size)]
        said = subprocess.run([UP, str(cluster), *words], check=True, capture_output=True)
        try:
            desk = Desk(place, said.stdout.decode(), given.seconds)
            desk.scale(given.scale)
            desk.short(given.experiments, "1")
            desk.short(given.experiments, "node")
        finally:
            subprocess.run([DOWN, str(cluster), "--purge"], check=True, capture_output=True)


class Desk:
    """Runs the command on the cluster, with an engine of a given length."""

    def __init__(self, place: Path, export: str, seconds: float) -> None:
        self._place = place
        configuration = re.findall(r"SLURM_CONF=(\S+)", export)[0]
        root = fake_root(place, round(seconds * steps_per_second()))
        self._environment = {
            **os.environ,
            "SLURM_CONF": configuration,
            "RESCAL_SNOW_ROOT": str(root),
        }

    def scale(self, count: int) -> None:
        """Plan, submit, look at and cancel many experiments that do not start."""
        self._write("many", count, stop=LONG)
        later = "slurm.extra={begin: now+1hour}"
        print(f"{count} experiments, s")
        print(f"{'plan':40} {self._timed('plan', 'many.yaml'):8.2f}")
        print(f"{'submit':40} {self._timed('submit', 'many.yaml', '--set', later):8.2f}")
        print(f"{'status':40} {self._timed('status', 'many'):8.2f}")
        notes = (self._place / "data_runs/many/submissions.jsonl").read_text().splitlines()
        chunks = next(n["chunks"] for n in map(json.loads, notes) if "chunks" in n)
        print(f"{'calls of sbatch':40} {len(chunks):8d}")
        print(f"{'tasks queued':40} {sum(chunks):8d}")
        print(f"{'cancel':40} {self._timed('cancel', 'many'):8.2f}")

    def short(self, count: int, pack: str) -> None:
        """Run short experiments to the end; print how busy the cores were meanwhile."""
        name = f"pack-{pack}"
        self._write(name, count)
        words = ("submit", f"{name}.yaml", "--pack", pack, "-t", "60", "--wait", "--yes")
        spent_s = self._timed(*words)
        stamps = np.array([self._stamps(name, i) for i in range(count)])
        starts, ends = stamps.T
        # work remains until the last experiment has been started
        window = starts.min(), starts.max()
        busy_s = np.clip(ends, *window).sum() - np.clip(starts, *window).sum()
        share = busy_s / (CORES * (window[1] - window[0]))
        document = self._status(name)
        tasks = len({e["job"] for e in document["experiments"]})
        print(f"{count} experiments of {np.median(ends - starts):.2f} s, pack {pack}")
        print(f"{'submit to the end, s':40} {spent_s:8.1f}")
        print(f"{'first start to last end, s':40} {ends.max() - starts.min():8.1f}")
        print(f"{'tasks that ran any':40} {tasks:8d}")
        print(f"{'engines on the cores, % of the time':40} {100 * share:8.1f}")
        assert document["counts"] == {"done": count}, document["counts"]

    def _write(self, name: str, seeds: int, stop: int = 1) -> None:
        text = SWEEP.format(name=name, seeds=seeds, stop=stop)
        (self._place / f"{name}.yaml").write_text(text)

    def _stamps(self, name: str, number: int) -> list[float]:
        place = self._place / "data_runs" / name / f"exp{number}"
        return [float((place / stamp).read_text()) for stamp in ("started", "ended")]

    def _timed(self, *words: str) -> float:
        before = time.perf_counter()
        self._run(*words)
        return time.perf_counter() - before

    def _status(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._run("status", name, "--json"))
        return found

    def _run(self, *words: str) -> str:
        command = [str(Path(sys.executable).with_name("rescal-sweep")), *words]
        done = subprocess.run(
            command,
            cwd=self._place,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def fake_root(place: Path, steps: int) -> Path:
    """Make a tree whose engine counts and then sends one small snapshot."""
    root = place / "root"
    for part in ("build", "scripts/real_data"):
        (root / part).mkdir(parents=True)
    header = Header("SNO", 20, 40, 20, time=1.0, borders=True)
    body = header_bytes(header) + np.full(header.stored_shape, 3, "<u8").tobytes()
    (root / "build" / "rescal.stream").write_bytes(frames.pack_size(len(body)) + body)
    for name, text in (("genesis", GENESIS), ("rescal", RESCAL.format(steps=steps))):
        path = root / "build" / name
        path.write_text(text)
        path.chmod(0o755)
    return root


def steps_per_second() -> float:
    """Measure how fast the engine's stand-in counts here."""
    steps = 3_000_000
    before = time.perf_counter()
    subprocess.run(["awk", f"BEGIN {{ while (i < {steps}) i++ }}"], check=True)
    return steps / (time.perf_counter() - before)


if __name__ == "__main__":
    main()
