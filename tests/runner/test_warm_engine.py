"""Engines that a warm process starts for a worker: the same bytes, and nothing outlives anything."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cluster, Kind, Point, Run, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import orphans, worker
from orchestrator.runner.queue import Post
from orchestrator.runner.stop import Stop
from tests.engine.parameters import snowfall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Record, Submission

SHORT = Run(stop_t0=40.0, every_t0=20.0)
LONG = Run(stop_t0=1e6, every_t0=1e6)
SNOWFALL = snowfall(H=20, L=40, D=16, Lambda_I=0.01, Tau_min=0, Lgca_speedup=100)
DEADLINE_S = 60.0

ASKED_AT_ONCE = """
import os, signal
from pathlib import Path
from orchestrator.runner import orphans, process, simulator
from orchestrator.runner.group import Group
from orchestrator.runner.stop import Stop
from orchestrator.runner.warm_engine import WarmEngine

orphans.adopt()
with Stop() as stop:
    programs = WarmEngine(stop)
    launch = programs.prepare(simulator.builtin())
    for _ in range(20):
        with Group() as group:
            words = (*simulator.builtin().rescal[:-1], "warm")
            pid = launch(process.Program(words, Path("/"), group), 2)
            os.kill(pid, signal.SIGUSR1)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    programs.close()
"""
WITHOUT_LISTS = "mount -t tmpfs none /proc && exec "
READ_ONLY_LISTS = "mount -o bind,ro /proc /proc && mount -o remount,bind,ro /proc && exec "
UNSHARED = ("unshare", "--map-root-user", "--mount", "sh", "-c")


class Crew:
    """A sweep and one worker on it, a process as on any machine."""

    def __init__(
        self, directory: SweepDirectory, make_submission: Callable[..., Submission]
    ) -> None:
        self.directory = directory
        self.count = 0
        self.worker: subprocess.Popen[bytes] | None = None
        self._make_submission = make_submission

    def submit(self, run: Run, *parameters: dict[str, Value]) -> None:
        points = [Point(f"{i:02}", {**SNOWFALL, **p}, i + 1) for i, p in enumerate(parameters)]
        self.count = len(points)
        ledger.enlist(self.directory, points)
        wanted = dict.fromkeys(range(self.count), 1)
        submission = self._make_submission("t", wanted, Cluster.LOCAL)
        intents.intend(self.directory, dataclasses.replace(submission, run=run, root=None))

    def start(self, before: str = "") -> int:
        words = [sys.executable, "-P", "-m", "orchestrator.runner", str(self.directory.root)]
        words += ["--job", "local:0"]
        if before:
            words = [*UNSHARED, before + shlex.join(words)]
        self.worker = subprocess.Popen(words)
        return self.worker.pid

    def finish(self) -> list[Record]:
        assert self.worker is not None
        assert self.worker.wait(DEADLINE_S) == 0
        found = [self.record(number) for number in range(self.count)]
        return [record for record in found if record is not None]

    def record(self, number: int) -> Record | None:
        return attempts.read_record(self.directory.experiment(number).attempt(1))

    def published(self, number: int) -> tuple[bytes, bytes]:
        experiment = self.directory.experiment(number)
        return experiment.height_maps.read_bytes(), experiment.array_file("ffts").read_bytes()

    def server(self) -> int:
        """Return the process that starts engines for the worker, once it is there."""
        assert self.worker is not None
        worker = self.worker.pid
        return min(until(lambda: [p for p in children(worker) if name(p).startswith("python")]))

    def engine(self) -> int:
        """Return the engine that runs, once it has sent its first snapshot."""
        assert self.worker is not None
        worker = self.worker.pid
        until(lambda: [n for n in range(self.count) if self._snapshots(n)])
        (pid,) = until(lambda: [p for p in children(worker) if name(p) == "rescal"])
        return pid

    def _snapshots(self, number: int) -> int:
        progress = attempts.read_progress(self.directory.experiment(number).attempt(1))
        return 0 if progress is None or self.record(number) is not None else progress.snapshots


def until(look: Callable[[], list[int]]) -> list[int]:
    """Look until there is something to see."""
    deadline = time.monotonic() + DEADLINE_S
    while not (seen := look()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return seen


def children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in path.read_text().split()] if path.exists() else []


def name(pid: int) -> str:
    """Return what lists of processes call one."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def gone(pid: int) -> bool:
    try:
        return b") Z " in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return True


@pytest.fixture
def crew(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> Iterator[Crew]:
    crew = Crew(sweep_directory, make_submission)
    yield crew
    if crew.worker is not None:
        crew.worker.kill()
        crew.worker.wait()


MODES: list[dict[str, Value]] = [
    {},
    {"Ava_mode": "SYNC", "Ava_angle": 0},
    {"Rot_mode": "FULL", "Rot_delay": 10, "Rot_angle": 30},
    {"Ava_mode": "PROPAG", "Ava_delay": 5},
]


def test_engines_that_are_forked_compute_the_same_bytes(
    crew: Crew, tmp_path: Path, make_submission: Callable[..., Submission]
) -> None:
    crew.submit(SHORT, *MODES)
    crew.start()
    records = crew.finish()
    assert [record.state for record in records] == [State.DONE] * len(MODES), [
        r.causes for r in records
    ]

    (tmp_path / "plain").mkdir()
    plain = Crew(SweepDirectory(tmp_path / "plain"), make_submission)
    plain.submit(SHORT, *MODES)
    assert not orphans.adopting()  # so that programs are started one by one here
    with Stop() as stop:
        worker.work(plain.directory, Post("local:0"), stop)
    for number in range(len(MODES)):
        assert crew.published(number) == plain.published(number), MODES[number]


def test_an_engine_is_a_process_of_its_own(crew: Crew) -> None:
    crew.submit(LONG, {})
    worker = crew.start()
    engine, server = crew.engine(), crew.server()
    entries = Path(f"/proc/{engine}/fd").iterdir()
    handles = {int(entry.name): str(entry.readlink()) for entry in entries}
    log = crew.directory.experiment(0).attempt(1).engine_log

    assert engine in children(worker)
    assert children(server) == []
    assert os.getpgid(engine) not in {os.getpgid(worker), os.getpgid(server)}
    assert Path(f"/proc/{engine}/cwd").resolve() == crew.directory.experiment(0).root
    assert handles[0] == "/dev/null"
    assert handles[1] == handles[2]
    assert len(handles) == 5  # the pipe of snapshots, and the lifeline
    assert all(target.startswith("pipe:") for number, target in handles.items() if number)
    assert "model SNO, 20 x 40 x 16 cells, seed 1" in log.read_text()


def test_nothing_outlives_a_worker_that_is_killed(crew: Crew) -> None:
    crew.submit(LONG, {})
    worker = crew.start()
    engine, server = crew.engine(), crew.server()

    os.kill(worker, signal.SIGKILL)

    until(lambda: [pid for pid in (engine, server) if gone(engine) and gone(server)])


def test_an_engine_that_crashes_costs_one_attempt(crew: Crew) -> None:
    crew.submit(Run(stop_t0=2000.0, every_t0=1000.0), {}, {})
    crew.start()
    server = crew.server()
    os.kill(crew.engine(), signal.SIGSEGV)
    first, second = crew.finish()

    assert (first.state, second.state) == (State.FAILED, State.DONE)
    assert first.exit_status == -signal.SIGSEGV
    assert gone(server)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_warm_process_that_is_lost_costs_nothing(crew: Crew, number: signal.Signals) -> None:
    crew.submit(Run(stop_t0=400.0, every_t0=200.0), *[{}] * 3)
    crew.start()
    server = crew.server()
    engine = crew.engine()
    os.kill(server, number)
    records = crew.finish()

    assert [record.state for record in records] == [State.DONE] * 3
    assert gone(engine)
    assert gone(server)


def test_what_cannot_be_started_is_said_by_the_program(crew: Crew) -> None:
    crew.submit(SHORT, {"Csp_template": "SNOWFALL(1e30)"}, {})
    crew.start()
    first, second = crew.finish()

    assert (first.state, second.state) == (State.FAILED, State.DONE)
    assert first.causes[0].kind is Kind.EXITED
    assert first.causes[0].program == "genesis"
    assert "Csp_template: " in first.causes[0].last_line


def test_an_engine_heeds_signals_from_the_start() -> None:
    words = [sys.executable, "-P", "-c", ASKED_AT_ONCE]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, timeout=DEADLINE_S)

    # unless it had ended, or was started by itself
    statuses = set(map(int, done.stdout.split())) - {0, -signal.SIGUSR1}
    assert statuses == {128 + signal.SIGUSR1}


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*UNSHARED, WITHOUT_LISTS + "true"], check=False).returncode != 0,
    reason="nobody may mount here",
)
@pytest.mark.parametrize("before", [WITHOUT_LISTS, READ_ONLY_LISTS])
def test_engines_run_where_processes_are_not_listed_or_cannot_be_named(
    crew: Crew, before: str
) -> None:
    crew.submit(SHORT, {}, {})
    crew.start(before)

    assert [record.state for record in crew.finish()] == [State.DONE] * 2
