"""What several tests start from."""

from __future__ import annotations

import contextlib
import io
import signal
import subprocess
import sys
import unittest.mock
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import numpy as np
import pytest

from orchestrator.cli import main
from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.model import (
    Cluster,
    Experiment,
    Outputs,
    Point,
    Record,
    Resources,
    Run,
    State,
    Submission,
    Task,
)
from orchestrator.model.snapshots import Reduced, Snapshot
from orchestrator.records.paths import ExperimentDirectory, SweepDirectory
from orchestrator.runner import simulator
from orchestrator.runner.attempt import Assignment
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from tests import golden

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value
    from orchestrator.records.paths import AttemptDirectory


def pytest_configure() -> None:
    """Heed Ctrl-C, which a shell's background jobs ignore and hand on to all that tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("untimed")

_TOGETHER = {
    *("slurm", "test_plot.py", "test_field.py", "test_conventions.py"),
    *("test_browser.py", "test_documents.py"),
}
"""Folders and files whose tests share something costly: a cluster, sweeps that ran, a browser."""


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together, when tests run in several processes, what would otherwise be made in each.

    Those of a cluster come first, which one process does in their order, and then the long ones, so
    that at the end no process waits for another.
    """

    def turn(item: pytest.Item) -> int:
        if "slurm" in item.path.parts:
            return 0
        return 1 if item.get_closest_marker("slow") is not None else 2

    items.sort(key=turn)
    for item in items:
        for name in _TOGETHER.intersection(item.path.parts):
            item.add_marker(pytest.mark.xdist_group(name))


def make_snapshot(
    time_t0: float,
    heights: NDArray[Any],
    spectrum: NDArray[Any] | None = None,
    counts: NDArray[Any] | None = None,
) -> Snapshot:
    """Make a reduced snapshot; cells are counted as none where nothing is given."""
    spectra = {} if spectrum is None else {"ffts": spectrum}
    cells = np.zeros(3, np.int64) if counts is None else counts
    return Snapshot(time_t0, {"height_maps": heights, **spectra, "cell_counts": cells})


def make_reduced(
    times: NDArray[Any],
    maps: NDArray[Any],
    spectra: NDArray[Any] | None = None,
    counts: NDArray[Any] | None = None,
) -> Reduced:
    """Make the reduced snapshots of an experiment."""
    given = {"height_maps": maps, "ffts": spectra, "cell_counts": counts}
    return Reduced(times, {name: array for name, array in given.items() if array is not None})


def with_arrays(reduced: Reduced, **arrays: NDArray[Any]) -> Reduced:
    """Put other arrays in the place of some."""
    return Reduced(reduced.times, {**reduced.arrays, **arrays})


@pytest.fixture
def check_sentences(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., None]:
    """Make what checks sentences by the golden file, and by the places given after them."""

    def check(sentences: Iterable[str], *places: str) -> None:
        golden.check(request.node.nodeid, sentences, tmp_path, places)

    return check


@pytest.fixture
def sweep_directory(tmp_path: Path) -> SweepDirectory:
    directory = SweepDirectory(tmp_path / "winds")
    directory.root.mkdir()
    return directory


@pytest.fixture
def make_points() -> Callable[[int], list[Point]]:
    def make(count: int) -> list[Point]:
        return [
            Point(f"{i:016x}", {"H": 20, "Tau_min": float(i)}, seed=1) for i in range(count)
        ]

    return make


@pytest.fixture
def make_submission() -> Callable[..., Submission]:
    def make(
        token: str, attempts: dict[int, int], cluster: Cluster = Cluster.LOCAL
    ) -> Submission:
        return Submission(
            token=token,
            time="2026-01-31T12:00:00Z",
            cluster=cluster,
            attempts=attempts,
            run=Run(stop_t0=100.0, every_t0=50.0),
            outputs=Outputs(),
            resources=Resources(extra={"comment": "a"}),
            root=None,
        )

    return make


@pytest.fixture
def make_record() -> Callable[..., Record]:
    """Make the record of a finished run, but for what is given."""

    def make(**given: Any) -> Record:
        finished: dict[str, Any] = {
            "state": State.DONE,
            "causes": (),
            "attempt": 1,
            "snapshots": 3,
            "expected": 3,
            "time_t0": 100.5,
            "started": "2026-01-31T12:00:00Z",
            "ended": "2026-01-31T12:01:00Z",
            "wall_s": 60.0,
            "simulating_s": 59.0,
            "reducing_s": 1.0,
            "host": "n1",
        }
        return Record(**{**finished, **given})

    return make


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(0, Point("00", {"H": 20, "Tau_min": 5.0}, seed=1))


_PREAMBLE = """#!{python} -SE
import os, signal, struct, subprocess, sys, time
pipe = int(sys.argv[sys.argv.index("-data_pipe") + 1]) if "-data_pipe" in sys.argv else -1
stream = open("{stream}", "rb").read() if os.path.exists("{stream}") else b""

def send(data):
    part = memoryview(data)
    while part:
        part = part[os.write(pipe, part):]

"""


class FakeRoot:
    """A ReSCAL-snow tree whose programs are what a test wants them to be."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "build").mkdir(parents=True)
        (root / "scripts" / "real_data").mkdir(parents=True)
        self.genesis("open('DUN.csp', 'wb').write(b'cells')")
        self.rescal("send(stream)")

    def genesis(self, code: str) -> None:
        """Let genesis be Python ``code``."""
        self._program("genesis", code)

    def rescal(self, code: str, stream: bytes | None = None) -> None:
        """Let rescal be ``code``, in which ``send(bytes)`` and ``stream`` are known."""
        if stream is not None:
            (self.root / "stream").write_bytes(stream)
        self._program("rescal", code)

    def _program(self, name: str, code: str) -> None:
        path = self.root / "build" / name
        preamble = _PREAMBLE.format(python=sys.executable, stream=self.root / "stream")
        path.write_text(preamble + code + "\n")
        path.chmod(0o755)


@pytest.fixture
def fake_root(tmp_path: Path) -> FakeRoot:
    return FakeRoot(tmp_path / "rescal-snow")


@pytest.fixture
def frame() -> Callable[..., bytes]:
    """Make the bytes of one snapshot on the pipe from its states [D, H, L], without walls."""

    def make(states: NDArray[np.uint8], time: float, cell_bytes: int = 8) -> bytes:
        depth, height, length = states.shape
        header = Header("SNO", height, length, depth, cell_bytes, time, borders=True)
        cells = np.full((*header.stored_shape, cell_bytes), 0xAB, np.uint8)
        cells[..., 0] = 5
        cells[1:-1, 1:-1, 1:-1, 0] = states
        body = header_bytes(header) + cells.tobytes()
        return frames.pack_size(len(body)) + body

    return make


class Trial:
    """An experiment whose first attempt is claimed, ready to be supervised."""

    def __init__(self, root: FakeRoot, directory: ExperimentDirectory) -> None:
        self.fake = root
        self.directory = directory
        self.run = Run(stop_t0=20.0, every_t0=10.0, silence_s=60.0)
        self.outputs = Outputs()
        self.parameters: dict[str, Value] = {"H": 4, "L": 6, "D": 5, "Time": 0.0}
        self.files = self.claim(1)

    def claim(self, number: int) -> AttemptDirectory:
        files = self.directory.attempt(number)
        files.root.mkdir(parents=True)
        return files

    @property
    def task(self) -> Task:
        """The latest attempt."""
        number = self.directory.attempts()[-1].number
        experiment = Experiment(0, Point("00", self.parameters, seed=17))
        return Task(experiment, number, self.run, self.outputs)

    def supervise(
        self,
        stop: Stop | None = None,
        make: Callable[..., Record] = supervise,
        options: tuple[str, ...] = (),
    ) -> Record:
        engine = simulator.at_root(self.fake.root)
        if stop is not None:
            return make(Assignment(self.task, engine, self.directory, stop), options)
        with Stop() as never:
            return make(Assignment(self.task, engine, self.directory, never), options)

    def maps(self) -> NDArray[np.int16]:
        """Return the published height maps."""
        with np.load(self.directory.height_maps) as published:
            found: NDArray[np.int16] = published["height_maps"]
        return found


@pytest.fixture
def trial(fake_root: FakeRoot, tmp_path: Path) -> Trial:
    return Trial(fake_root, ExperimentDirectory(tmp_path / "exp0"))


GENESIS = """#!{python}
import struct
print("genesis speaks")
open("DUN.csp", "wb").write(b"cells")
"""

# sends as many snapshots as it is asked for, as fast as it is let: it waits for a file named "go"
# in the root after the first one if the parameter Tau_min is 7, and fails if it is 13
RESCAL = """#!{python}
import os, struct, sys, time
par = dict(line.split(" = ") for line in open(sys.argv[1]).read().splitlines() if " = " in line)
value = lambda option: sys.argv[sys.argv.index(option) + 1]
H, L, D = (int(par[name]) for name in "HLD")
every, stop = (float(value(o).split("_")[0]) for o in ("-dcsp", "-stop"))
tau = float(par["Tau_min"])
print("rescal speaks", flush=True)

def chunk(tag, payload):
    return struct.pack("<i", 8 + len(payload)) + tag + payload

def frame(t, rows):
    body = chunk(b"MODL", b"SNO\\0") + chunk(b"SIZE", struct.pack("<3i", H, L, D))
    body += chunk(b"CELL", struct.pack("<i", 8)) + chunk(b"TIME", struct.pack("<d", t))
    body += chunk(b"BORD", struct.pack("<4i", H + 2, L + 2, D + 2, 1))
    head = b"\\x8aCSP@1_\\n" + chunk(b"HDSZ", struct.pack("<i", 20 + len(body))) + body
    cell = lambda state: bytes([state]) + bytes(7)
    plane = b"".join(cell(3 if y < H - rows else 0) * (L + 2) for y in range(H + 2))
    return struct.pack("<i", len(head) + len(plane) * (D + 2)) + head + plane * (D + 2)

fd = int(value("-data_pipe"))
t, i = 0.0, 0
while t <= stop + 0.5:
    if i == 1 and tau == 13:
        print("tau 13 brings bad luck", flush=True)
        sys.exit(3)
    while i == 1 and tau == 7 and not os.path.exists("{root}/go"):
        time.sleep(0.02)
    data = memoryview(frame(t, i))
    while data:
        data = data[os.write(fd, data):]
    t, i = t + every, i + 1
"""

SWEEP = """\
name: winds
parameters: {{H: 10, L: 14, D: 12, Csp_template: "LAYER(2)"}}
sweep:
  grid:
    Lambda_E: [1, 2]
    Tau_min: {taus}
run: {{stop: 20, every: 10, engine: rescal}}
"""


def without_progress(
    done: subprocess.CompletedProcess[str],
) -> subprocess.CompletedProcess[str]:
    """Leave out the line that a command prints which takes over two seconds, as on a busy machine."""
    lines = done.stderr.splitlines(keepends=True)
    done.stderr = "".join(line for line in lines if not line.endswith(" so far\n"))
    return done


def run_from(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command from a directory.

    ``submit`` is a process of its own; others run in this one, which spares loading their libraries.
    """
    if words[0] == "submit":
        command = [str(Path(sys.executable).with_name("rescal-sweep")), *words]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        return without_progress(done)
    printed, told = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(place),
        unittest.mock.patch.object(sys, "argv", ["rescal-sweep", *words]),
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(told),
    ):
        status = main(words)
    done = subprocess.CompletedProcess(words, status, printed.getvalue(), told.getvalue())
    return without_progress(done)


@dataclass(frozen=True)
class Bench:
    """Runs the command as a user would, in a directory of its own."""

    place: Path
    root: Path
    command: str = "rescal-sweep"
    slurm_conf: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def sweep(self) -> SweepDirectory:
        return SweepDirectory(self.place / "data_runs" / "winds")

    def write(self, taus: str) -> None:
        (self.place / "winds.yaml").write_text(SWEEP.format(taus=taus))

    def environment(self) -> dict[str, str]:
        found = {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.place),
            "XDG_RUNTIME_DIR": str(self.place),
            "RESCAL_SNOW_ROOT": str(self.root),
            "RESCAL_SWEEP_CLUSTER": "local" if self.slurm_conf is None else "slurm",
            **self.variables,
        }
        return found if self.slurm_conf is None else {**found, "SLURM_CONF": self.slurm_conf}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.command, *words],
            cwd=self.place,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return without_progress(done)

    def go(self) -> None:
        (self.root / "go").touch()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    root = tmp_path / "rescal root"
    for part in ("build", "src", "scripts/real_data"):
        (root / part).mkdir(parents=True)
    for name, text in (("genesis", GENESIS), ("rescal", RESCAL)):
        program = root / "build" / name
        # a path with a space cannot stand behind #!, so env finds the interpreter
        source = text.replace("{python}", "/usr/bin/env python3").replace("{root}", str(root))
        program.write_text(source)
        program.chmod(0o755)
    place = tmp_path / "project"
    place.mkdir()
    made = Bench(place, root)
    yield made
    made.go()  # what still waits goes on and ends
