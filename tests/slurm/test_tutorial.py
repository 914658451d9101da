"""The tutorial and how-to pages about Slurm, done on the cluster of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.test_tutorials import do, maps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm


def test_the_first_slurm_sweep(cluster: Cluster, tmp_path: Path) -> None:
    do("tutorials/first-slurm-sweep.md", tmp_path, {"SLURM_CONF": str(cluster.configuration)})

    sweep = tmp_path / "work" / "slurm-dunes" / "data_runs" / "quickstart"
    assert all((maps(sweep, n)[0] != maps(sweep, n)[-1]).any() for n in range(4))
    assert (sweep / "phase-diagram.png").read_bytes().startswith(b"\x89PNG")
    assert cluster.ask("sacct", "-X", "-n", "-o", "JobName%40").count("quickstart.") >= 4


@pytest.mark.parametrize("page", ["whole-nodes", "pdebug-to-pbatch"])
def test_a_page_about_partitions(page: str, cluster: Cluster, tmp_path: Path) -> None:
    do(
        f"how-to/{page}.md",
        tmp_path,
        {"SLURM_CONF": str(cluster.configuration)},
        before="rescal-sweep init dunes; cd dunes\n",
    )

    sweep = tmp_path / "work" / "dunes"
    words = [sys.executable, "-m", "orchestrator", "status", "quickstart", "--watch"]
    environment = {**os.environ, "SLURM_CONF": str(cluster.configuration)}
    subprocess.run(words, cwd=sweep, env=environment, check=True, capture_output=True)
    assert [len(maps(sweep / "data_runs" / "quickstart", n)) for n in range(4)] == [21] * 4
