"""Where a sweep runs is never decided by a Slurm that is silent."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.slurm.conftest import Cluster, Desk

pytestmark = pytest.mark.slurm


@pytest.fixture
def login(desk: Desk) -> Desk:
    """A desk whose person has chosen no cluster."""
    chosen = {"RESCAL_SWEEP_CLUSTER": "auto"}
    return dataclasses.replace(desk, bench=dataclasses.replace(desk.bench, variables=chosen))


def test_a_controller_that_is_down_or_slow_makes_nobody_compute_on_the_login_node(
    login: Desk, cluster: Cluster
) -> None:
    login.write("[0]")
    controller = cluster.pid("slurmctld")
    os.kill(controller, signal.SIGSTOP)
    try:
        slow = login.run("submit", "winds.yaml", "-p", "pbatch")
    finally:
        os.kill(controller, signal.SIGCONT)
    cluster.stop("slurmctld")
    try:
        down = login.run("submit", "winds.yaml")
        chosen = login.run("submit", "winds.yaml", "--cluster", "local", "--wait")
    finally:
        cluster.mend()

    for done in (slow, down):
        assert done.returncode == 2
        assert "Slurm is installed here" in done.stderr
        assert "use --cluster local to run on this machine" in done.stderr
    assert chosen.returncode == 0, chosen.stderr
    assert {e["job"].partition(":")[0] for e in login.experiments()} == {"local"}


def test_a_controller_that_answers_is_used(login: Desk) -> None:
    login.write("[0]")

    done = login.run("submit", "winds.yaml", "-t", "10", "--wait")

    assert done.returncode == 0, done.stderr
    assert re.search(r"jobs? sent to Slurm, job id [0-9]+; ", done.stdout)
