"""Logs are shown whatever their size is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Bench

MEASURED = """
import resource, sys
from orchestrator.cli import main
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
main(["logs", "winds", "exp0"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, file=sys.stderr)
"""


def test_a_large_log_of_an_earlier_version_is_shown_in_little_memory(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    log = bench.sweep.experiment(0).attempt(1).engine_log
    with log.open("wb") as file:
        for _ in range(200):
            file.write(b"\xc3\xa9" * 500_000)

    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        cwd=bench.place,
        env=bench.environment() | {"PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )

    assert done.stdout.startswith(b"\xc3\xa9" * 100_000_000 + b"-- attempt 1 done")
    assert int(done.stderr) < 60_000  # kB
