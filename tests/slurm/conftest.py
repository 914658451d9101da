"""The real Slurm cluster that tests here run on, and a desk at it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.records.paths import SweepDirectory
    from tests.conftest import Bench

collect_ignore = ["bringup"]

_HERE = Path(__file__).parent
_NOT_HERE = 3  # the exit status of `up` where the machine lacks something


@dataclass(frozen=True)
class Cluster:
    """A throw-away Slurm cluster that is up, and what tests may do to it."""

    directory: Path

    @property
    def configuration(self) -> Path:
        """What SLURM_CONF must name."""
        return self.directory / "etc/slurm.conf"

    def pid(self, part: str) -> int:
        """Return the process id of ``n1`` .. ``n4``, ``slurmctld``, ``slurmdbd``, ``mariadb``."""
        return int((self.directory / "pids" / part).read_text().split()[0])

    def kill(self, part: str) -> None:
        """End a part without warning."""
        os.kill(self.pid(part), signal.SIGKILL)

    def stop(self, part: str) -> None:
        """End a part in good order."""
        run("down", self.directory, "--part", part)

    def mend(self) -> None:
        """Bring back every part that does not run."""
        run("up", self.directory, "--no-install")

    def settle(self) -> None:
        """End what earlier tests left, and wait until every node is free."""
        self.ask("scancel", "--quiet", f"--user={os.geteuid()}")
        if not eventually(lambda: self._states() == {"idle"}, within_s=15):
            self.mend()
            if not eventually(lambda: self._states() == {"idle"}, within_s=60):
                nodes, jobs = (
                    self.ask("scontrol", "show", "nodes"),
                    self.ask("squeue", "--long"),
                )
                pytest.fail(f"the cluster does not come to rest\n{nodes}\n{jobs}")

    def _states(self) -> set[str]:
        return set(self.ask("sinfo", "--Node", "--noheader", "--format=%T").split())

    def ask(self, *command: str) -> str:
        """Run a client of Slurm, which must succeed, and return what it printed."""
        environment = {**os.environ, "SLURM_CONF": str(self.configuration)}
        return subprocess.run(
            command, env=environment, check=True, capture_output=True, text=True, timeout=300
        ).stdout

    def submit(self, *words: str) -> str:
        """Submit with sbatch and return the job's id."""
        command = ("sbatch", "--parsable", "--output=/dev/null", *words)
        return self.ask(*command).strip()


@dataclass(frozen=True)
class Desk:
    """Runs the command as a user of a cluster would, and looks at what became of the sweep."""

    bench: Bench

    @property
    def sweep(self) -> SweepDirectory:
        """The sweep ``winds``."""
        return self.bench.sweep

    def write(self, taus: str, name: str = "winds") -> None:
        """Write the sweep file: two values of Lambda_E by these of Tau_min."""
        self.bench.write(taus)
        path = self.bench.place / "winds.yaml"
        path.write_text(path.read_text().replace("name: winds", f"name: {name}"))

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run the command."""
        return self.bench.run(*words)

    def go(self) -> None:
        """Let the experiments at Tau_min = 7 go on."""
        self.bench.go()

    def status(self) -> dict[str, Any]:
        """Return what the command tells programs."""
        done = self.run("status", "winds", "--json")
        assert done.returncode == 0, done.stderr
        document: dict[str, Any] = json.loads(done.stdout)
        return document

    def counts(self) -> dict[str, int]:
        """Return how many experiments are in which state."""
        found: dict[str, int] = self.status()["counts"]
        return found

    def experiments(self) -> list[dict[str, Any]]:
        """Return what is told of each experiment."""
        found: list[dict[str, Any]] = self.status()["experiments"]
        return found

    def snapshots(self) -> list[int]:
        """Return how many snapshots of each experiment there are."""
        return [e["snapshots"] for e in self.experiments()]

    def attempts(self) -> list[int]:
        """Return how many attempts were made at each experiment."""
        numbers = [one["number"] for one in self.experiments()]
        return [len(self.sweep.experiment(n).attempts()) for n in numbers]

    def files(self, name: str) -> list[Path]:
        """Return the files of this name in all attempts."""
        return sorted(self.sweep.root.glob(f"exp*/attempts/*/{name}"))

    def noted(self) -> list[dict[str, Any]]:
        """Return what is written down of submissions."""
        return [json.loads(line) for line in self.sweep.submissions.read_text().splitlines()]


def run(verb: str, directory: Path, *words: str) -> None:
    """Run ``tests/slurm/up`` or ``down``; skip where the machine lacks what it needs."""
    done = subprocess.run(
        [str(_HERE / verb), str(directory), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode == _NOT_HERE and not _required():
        pytest.skip(f"no Slurm cluster for the tests: {done.stderr.strip().splitlines()[-1]}")
    if done.returncode:
        pytest.fail(f"tests/slurm/{verb} failed\n{done.stderr}")


def eventually(true: Callable[[], bool], within_s: float = 60.0) -> bool:
    """Wait until ``true`` says so; tell whether it did in time."""
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="session")
def make_cluster() -> Iterator[Callable[..., Cluster]]:
    """Bring up further clusters, with settings of their own, for the rest of the session."""
    made: list[Path] = []

    def make(*words: str) -> Cluster:
        directory = Path(tempfile.mkdtemp(prefix="slurm-test-"))
        made.append(directory)
        install = () if _required() else ("--no-install",)
        run("up", directory, *install, *words)
        return Cluster(directory)

    yield make
    for directory in made:
        if (directory / "settings.json").exists():
            run("down", directory, "--purge")
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(make_cluster: Callable[..., Cluster]) -> Cluster:
    """The cluster of four nodes that most tests share.

    RESCAL_SWEEP_TEST_SLURM names the directory of one that is up already and stays up; where
    RESCAL_SWEEP_REQUIRE_SLURM is 1 there has to be one.
    """
    given = os.environ.get("RESCAL_SWEEP_TEST_SLURM")
    if given:
        there = Cluster(Path(given).resolve())
        there.mend()
        return there
    return make_cluster()


@pytest.fixture
def desk(sit_at: Callable[[Cluster], Desk], cluster: Cluster) -> Desk:
    """A desk at the cluster that most tests share, which is at rest."""
    cluster.settle()
    return sit_at(cluster)


@pytest.fixture
def sit_at(bench: Bench) -> Callable[[Cluster], Desk]:
    """Return what makes a desk at a cluster of the test's own."""
    return lambda cluster: Desk(
        dataclasses.replace(bench, slurm_conf=str(cluster.configuration))
    )


@pytest.fixture
def wait_until() -> Callable[..., bool]:
    """Return ``eventually``."""
    return eventually


@pytest.fixture(autouse=True)
def _talk_to_the_cluster(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let what a test starts talk to the shared cluster, and to no other."""
    for name in list(os.environ):
        if name.startswith(("SLURM_", "SBATCH_", "SQUEUE_", "SACCT_", "SINFO_")):
            monkeypatch.delenv(name)
    if "cluster" in request.fixturenames:
        shared: Cluster = request.getfixturevalue("cluster")
        monkeypatch.setenv("SLURM_CONF", str(shared.configuration))


def _required() -> bool:
    return os.environ.get("RESCAL_SWEEP_REQUIRE_SLURM") == "1"
