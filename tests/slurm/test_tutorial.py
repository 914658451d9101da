"""The tutorial about Slurm, done on the cluster of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.test_tutorials import do, maps

if TYPE_CHECKING:
    from pathlib import Path

    from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm


def test_the_first_slurm_sweep(cluster: Cluster, tmp_path: Path) -> None:
    do("tutorials/first-slurm-sweep.md", tmp_path, {"SLURM_CONF": str(cluster.configuration)})

    sweep = tmp_path / "work" / "dunes" / "data_runs" / "quickstart"
    assert all((maps(sweep, n)[0] != maps(sweep, n)[-1]).any() for n in range(4))
    assert (sweep / "phase-diagram.png").read_bytes().startswith(b"\x89PNG")
    assert cluster.ask("sacct", "-X", "-n", "-o", "JobName").count("quickstart.") >= 4
