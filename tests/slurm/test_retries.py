"""What its job had too little memory for is submitted again, also where the worker was killed."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from orchestrator.records import attempts, failures

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.access("/sys/fs/cgroup/memory", os.W_OK) or os.geteuid() != 0,
        reason="only root can enforce memory limits, through cgroups",
    ),
]

GREEDY = """\
import os

import numpy as np

from orchestrator import reduction


@reduction(units="1")
def greedy(height_map):
    if "SLURM_JOB_ID" in os.environ:
        np.ones(350_000_000, np.uint8)
    return height_map.mean()
"""


@pytest.fixture(scope="session")
def strict(make_cluster: Callable[..., Cluster]) -> Cluster:
    """A cluster of two nodes that enforces memory."""
    # job ids of its own, as those of another such cluster would share its cgroups
    first = random.randrange(10**6, 10**7)
    return make_cluster("--nodes=2", "--cgroup", "--extra", f"FirstJobId={first}")


@pytest.mark.parametrize(("pack", "mem", "twice"), [("1", "256M", "512M"), ("2", "512M", "1G")])
def test_what_was_killed_with_its_worker_for_memory_is_submitted_again_with_more(
    strict: Cluster, sit_at: Callable[[Cluster], Desk], pack: str, mem: str, twice: str
) -> None:
    desk = sit_at(strict)
    desk.write("[0]")
    (desk.bench.place / "greed.py").write_text(GREEDY)
    words = ("outputs.own={greedy: 'greed:greedy'}", "slurm.retries=1", f"slurm.mem={mem}")
    options = [word for pair in words for word in ("--set", pair)]

    done = desk.run("submit", "winds.yaml", "-t", "10", "--pack", pack, "--wait", *options)

    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.counts() == {"done": 2}
    killed = [number for number, made in enumerate(desk.attempts()) if made == 2]
    assert killed  # of a pack one may be killed and leave enough to the other
    for number in killed:
        first = attempts.read_record(desk.sweep.experiment(number).attempt(1))
        assert first is not None
        assert first.state.value == "out_of_memory"
        assert f"used more memory than the {mem} that it had" in failures.sentence(
            first.causes[0]
        )
    log = desk.sweep.log.read_text()
    assert f"submitted again by their job; memory {twice}; 0 retries left" in log
