"""A seeded storm of faults ends as if there had been none; ``make storm`` runs longer ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_thirty_sweeps_in_a_storm_end_as_undisturbed_ones(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.faults.storm", "--rounds", "30", "--seed", "1"]

    done = subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert re.match(r"30 rounds from seed 1: 0 differed; ", done.stdout)
