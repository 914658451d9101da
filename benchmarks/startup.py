"""How long a person waits for help: the overview, the help of each verb, the import.

Prints the median of so many starts of each, as wall time in ms, and fails above the bar.

    python benchmarks/startup.py [--rounds N] [--bar MS]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.cli.verbs import verbs

COMMAND = str(Path(sys.executable).parent / "rescal-sweep")


def median_ms(words: list[str], rounds: int) -> float:
    """Return the median wall time of a command in ms, its first start left out."""
    times = []
    for _ in range(rounds + 1):
        before = time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        times.append(1000 * (time.perf_counter() - before))
    return statistics.median(times[1:])


def main() -> int:
    """Measure and print; 1 if anything takes longer than the bar."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--bar", type=float, default=80.0, metavar="MS")
    options = parser.parse_args()
    starts = {
        "python": [sys.executable, "-c", "pass"],
        "import orchestrator": [sys.executable, "-c", "import orchestrator"],
        "rescal-sweep": [COMMAND],
        **{f"{verb} --help": [COMMAND, verb, "--help"] for verb in verbs()},
    }
    slowest = 0.0
    for name, words in starts.items():
        took_ms = median_ms(words, options.rounds)
        slowest = max(slowest, took_ms)
        print(f"{name:22} {took_ms:6.1f} ms")
    print(f"slowest {slowest:.1f} ms, bar {options.bar:g} ms")
    return 1 if slowest > options.bar else 0


if __name__ == "__main__":
    sys.exit(main())
