"""Ten thousand experiments on this machine: how long plan, submit, status and cancel take.

    python benchmarks/scale.py [--experiments N] [--rounds N] [--against CLONE]

One worker takes the first of them, whose engine waits until it is cancelled. With a clone of another
commit, by the Python of its ``.venv``, both take each step in turn. Times are wall times in s.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COMMAND = Path(sys.executable).parent / "rescal-sweep"
STEPS = {
    "plan": ("plan", "many.yaml"),
    "submit": ("submit", "many.yaml", "--workers", "1", "--yes"),
    "status": ("status", "many"),
    "cancel": ("cancel", "many"),
}
SWEEP = """
name: many
extends: snowfall
parameters: {{H: 100, L: 400, D: 200}}
sweep:
  grid:
    Lambda_I: {{linspace: [0.001, 0.1, {side}]}}
    Tau_min: {{linspace: [0, 500, {side}]}}
run: {{stop: 1000000, every: 1000}}
"""


def taken_s(command: Path, side: int) -> dict[str, float]:
    """Return how long each step takes, in a directory of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        (place / "many.yaml").write_text(SWEEP.format(side=side))
        environment = {**os.environ, "RESCAL_SWEEP_CLUSTER": "local"}
        times = {}
        for name, words in STEPS.items():
            before = time.perf_counter()
            subprocess.run(
                [command, *words],
                cwd=place,
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            times[name] = time.perf_counter() - before
        return times


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--experiments", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--against", type=Path, metavar="CLONE")
    options = parser.parse_args()
    side = round(options.experiments**0.5)
    commands = {"here": COMMAND}
    if options.against is not None:
        commands["there"] = options.against.resolve() / ".venv" / "bin" / "rescal-sweep"
    rounds = [
        {name: taken_s(command, side) for name, command in commands.items()}
        for _ in range(options.rounds)
    ]
    print(f"{side * side} experiments, medians of {options.rounds}, s")
    for step in STEPS:
        medians = {n: statistics.median(r[n][step] for r in rounds) for n in commands}
        print(
            f"{step:10}", "  ".join(f"{name} {value:6.2f}" for name, value in medians.items())
        )


if __name__ == "__main__":
    main()
