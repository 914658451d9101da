"""The throw-away cluster is a real one: it runs jobs, keeps accounts, loses nodes and goes away."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm

UP, DOWN = (str(Path(__file__).with_name(name)) for name in ("up", "down"))


def test_srun_runs_on_every_node(cluster: Cluster) -> None:
    said = cluster.ask("srun", "-N4", "-n8", "printenv", "SLURMD_NODENAME")

    assert sorted(said.split()) == sorted(["n1", "n2", "n3", "n4"] * 2)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give nodes names of their own")
def test_every_node_is_a_machine_of_its_own(cluster: Cluster) -> None:
    told = "hostname; cat /proc/sys/kernel/random/boot_id"
    said = cluster.ask("srun", "-N4", "-n4", "sh", "-c", told).split()
    here = Path("/proc/sys/kernel/random/boot_id").read_text().strip()

    assert {"n1", "n2", "n3", "n4"} < {*said}
    assert len({*said}) == 8
    assert here not in said


def test_accounts_tell_how_a_job_ended(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    good = cluster.submit("--wrap", "true")
    bad = cluster.submit("--wrap", "exit 3")

    ask = ("sacct", "--noheader", "--allocations", "--parsable2", "--format=State,ExitCode")
    assert wait_until(lambda: cluster.ask(*ask, f"--jobs={good}") == "COMPLETED|0:0\n")
    assert wait_until(lambda: cluster.ask(*ask, f"--jobs={bad}") == "FAILED|3:0\n")


def test_one_partition_is_for_work_and_a_smaller_one_for_trying(cluster: Cluster) -> None:
    said = cluster.ask("sinfo", "--noheader", "--format=%P %l %D")

    assert said.splitlines() == ["pbatch* 1-00:00:00 4", "pdebug 1:00:00 2"]


@pytest.mark.slow
def test_a_killed_node_is_noticed_and_comes_back(
    cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    def state() -> str:
        return cluster.ask("sinfo", "--noheader", "--nodes=n4", "--format=%T").split()[0]

    cluster.kill("n4")
    noticed = wait_until(lambda: state().startswith("down"), within_s=60)
    cluster.mend()

    assert noticed
    assert state() == "idle"


def test_a_database_that_stops_takes_only_the_accounts_with_it(cluster: Cluster) -> None:
    cluster.stop("slurmdbd")
    try:
        with pytest.raises(subprocess.CalledProcessError):
            cluster.ask("sacct")
        assert "n1" in cluster.ask("srun", "--nodelist=n1", "printenv", "SLURMD_NODENAME")
    finally:
        cluster.mend()

    cluster.ask("sacct")


def test_bringing_up_what_is_up_changes_nothing(cluster: Cluster) -> None:
    parts = ("munged", "mariadb", "slurmdbd", "slurmctld", "n1", "n2", "n3", "n4")
    before = [cluster.pid(part) for part in parts]

    done = subprocess.run(
        [UP, cluster.directory], capture_output=True, text=True, check=True, timeout=300
    )

    assert done.stdout == f"export SLURM_CONF={cluster.configuration}\n"
    assert [cluster.pid(part) for part in parts] == before


def test_other_settings_for_the_same_cluster_are_refused(cluster: Cluster) -> None:
    done = subprocess.run(
        [UP, cluster.directory, "--nodes=7"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "was made with nodes = 4, not 7" in done.stderr


def test_settings_reach_slurm_and_taking_down_leaves_no_process(
    make_cluster: Callable[..., Cluster],
) -> None:
    settings = ["--nodes=1", "--cpus=5", "--max-array-size=11", "--no-accounting"]
    small = make_cluster(*settings, "--extra", "PriorityType=priority/basic")
    small.submit("--wrap", "trap '' TERM; sleep 600 & wait")
    said = small.ask("scontrol", "show", "config")
    cores = small.ask("sinfo", "--noheader", "--format=%c").split()

    subprocess.run([DOWN, small.directory], check=True, capture_output=True, timeout=300)

    assert "MaxArraySize            = 11\n" in said
    assert "PriorityType            = priority/basic\n" in said
    assert cores == ["5"]
    assert processes_of(small.directory) == []


def processes_of(directory: Path) -> list[str]:
    """Name the processes whose command line or environment names ``directory``."""
    found = []
    for entry in Path("/proc").glob("[1-9]*"):
        try:
            said = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
            name = (entry / "comm").read_text().strip()
        except OSError:
            continue
        if str(directory).encode() in said and int(entry.name) != os.getpid():
            found.append(name)
    return found
