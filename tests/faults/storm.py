"""A storm of faults at random moments of small sweeps, each of which must end as if there were none.

    python -m tests.faults.storm [--rounds N] [--seed S]

Each round runs a sweep while workers and engines are killed and stopped, experiments are cancelled
and resubmitted, the disk is full for a moment, and file systems answer in odd ways. Then
everything that has not ended well is resubmitted without faults. At the end all arrays must be those
of an undisturbed run, byte for byte, and no engine may have run beside another of its experiment
or twice for one attempt. Printed are the rounds, the faults and what differed; a round is made again
with the seed that is printed.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import errno
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.model import Cause, Cluster, Kind, Outputs, Point, Resources, Run, State
from orchestrator.records import ledger
from orchestrator.records.lock import locked
from orchestrator.records.paths import SweepDirectory
from orchestrator.records.status import read_statuses
from orchestrator.runner import orphans
from orchestrator.runner.queue import Post
from orchestrator.runner.stop import Stop
from orchestrator.runner.worker import work
from orchestrator.submission.cancel import cancel_these
from orchestrator.submission.intent import intend
from orchestrator.submission.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestrator.formats.parameters import Value

EXPERIMENTS, SNAPSHOTS = 3, 5
RUN = Run(stop_t0=10.0 * (SNAPSHOTS - 1), every_t0=10.0, engine="rescal")
_PATIENCE_S = 60.0  # with a round that does not end
_FILE_SYSTEMS = (f"flock={errno.ENOSYS}", f"syncdir={errno.EINVAL}", "rename=lost", "stale=7")

GENESIS = """#!/bin/sh
echo "made" > DUN.csp
"""
# tells of each start, and of a start while another one lives; sends the frames of its parameters,
# and lives on if nobody takes them
RESCAL = """#!/bin/sh
trap "" PIPE
[ "$(readlink "/proc/$(cat running 2>/dev/null)/cwd")" = "$(pwd)" ] && echo "$$" >> ../beside
echo $$ > running
echo "$(ls attempts | sort -n | tail -1)" >> starts
for fd; do :; done
tau=$(sed -n 's/^Tau_min = //p' "$1")
for frame in "{root}/frames/$tau"/*; do cat "$frame" > "/dev/fd/$fd" || sleep 5; sleep 0.01; done
rm running
"""


@dataclass(slots=True)
class Round:
    """One sweep in the storm."""

    root: Path
    sweep: SweepDirectory
    random: random.Random
    preload: dict[str, str] = field(default_factory=dict)
    workers: dict[int, subprocess.Popen[bytes] | None] = field(default_factory=dict)
    faults: collections.Counter[str] = field(default_factory=collections.Counter)

    @property
    def request(self) -> Request:
        """How attempts are asked for."""
        return Request(Cluster.LOCAL, RUN, Outputs(), Resources(), self.root)

    def begin(self) -> None:
        """Number the experiments and ask for all of them."""
        self.sweep.root.mkdir(parents=True)
        parameters: dict[str, Value] = {"H": 6, "L": 8, "D": 6, "Time": 0.0}
        points = [
            Point(f"{i:016x}", {**parameters, "Tau_min": i}, seed=1) for i in range(EXPERIMENTS)
        ]
        ledger.enlist(self.sweep, points)
        self.ask_again()

    def ask_again(self) -> None:
        """Ask for another attempt at what has not ended well."""
        with locked(self.sweep):
            ended = [s for s in read_statuses(self.sweep) if s.state.ended]
            bad = [s for s in ended if s.state is not State.DONE]
            intend(self.sweep, bad, self.request)

    def start_worker(self) -> None:
        """Start a worker, in most rounds by forking, since Python takes long to start."""
        if self.preload:
            command = [sys.executable, "-P", "-m", "orchestrator.runner", str(self.sweep.root)]
            environment = {**os.environ, **self.preload}
            popen = subprocess.Popen(
                [*command, "--job", "local:0"], env=environment, stderr=subprocess.DEVNULL
            )
            self.workers[popen.pid] = popen
            return
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException), Stop.on_signals() as stop:
                orphans.adopt()
                os.dup2(
                    os.open(self.root / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2
                )
                work(self.sweep, Post("local:0"), stop)
            os._exit(0)
        self.workers[pid] = None

    def living(self) -> list[int]:
        """Return the workers that live."""
        for pid, popen in list(self.workers.items()):
            ended = (
                os.waitpid(pid, os.WNOHANG)[0] if popen is None else popen.poll() is not None
            )
            if ended:
                del self.workers[pid]
        return list(self.workers)

    def settled(self) -> bool:
        """Return whether all experiments have ended, however."""
        return all(s.state.ended for s in read_statuses(self.sweep))


def _kill(to: signal.Signals) -> Callable[[Round], None]:
    def fault(now: Round) -> None:
        if living := now.living():
            os.kill(now.random.choice(living), to)

    return fault


def _pause(now: Round) -> None:
    if living := now.living():
        pid = now.random.choice(living)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(now.random.uniform(0, 0.05))
        os.kill(pid, signal.SIGCONT)


def _kill_engine(now: Round) -> None:
    told = [
        s.progress.pid
        for s in read_statuses(now.sweep)
        if s.state is State.RUNNING and s.progress
    ]
    for pid in [pid for pid in told if pid is not None][:1]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _cancel(now: Round) -> None:
    chosen = now.random.sample(range(EXPERIMENTS), now.random.randint(1, EXPERIMENTS))
    cancel_these(now.sweep, read_statuses(now.sweep, chosen), Cause(Kind.CANCELLED))


def _another_worker(now: Round) -> None:
    now.start_worker()


def _damage(now: Round) -> None:
    """Change a byte of a journal."""
    for number in now.random.sample(range(EXPERIMENTS), EXPERIMENTS):
        for attempt in now.sweep.experiment(number).attempts()[-1:]:
            with contextlib.suppress(OSError), attempt.journal.open("r+b") as file:
                size = file.seek(0, os.SEEK_END)
                if size:
                    place = now.random.randrange(size)
                    file.seek(place)
                    byte = file.read(1)
                    file.seek(place)
                    file.write(bytes([byte[0] ^ 1]))


def _fill(now: Round) -> None:
    """Take all that is left of the disk for a moment."""
    filler = now.sweep.root.parent / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 65536):
            pass
    time.sleep(now.random.uniform(0, 0.1))
    filler.unlink(missing_ok=True)


FAULTS: dict[str, Callable[[Round], None]] = {
    "kill a worker": _kill(signal.SIGKILL),
    "terminate a worker": _kill(signal.SIGTERM),
    "interrupt a worker": _kill(signal.SIGINT),
    "stop a worker for a while": _pause,
    "kill an engine": _kill_engine,
    "cancel": _cancel,
    "start another worker": _another_worker,
    "damage a journal": _damage,
}


def storm_round(root: Path, place: Path, seed: int, preload: str, *, small: bool) -> Round:
    """Run one sweep through its faults, and then to its end."""
    chance = random.Random(seed)
    now = Round(root, SweepDirectory(place / "s"), chance)
    if preload and chance.random() < 0.15:
        fault = chance.choice(_FILE_SYSTEMS)
        faulty = "attempts/1" if fault.startswith("rename") else "exp"
        now.preload = {"LD_PRELOAD": preload, "FAULTS": fault, "FAULTY": faulty}
        now.faults[f"a file system with {fault.partition('=')[0]}"] += 1
    faults = {**FAULTS, "fill the disk": _fill} if small and chance.random() < 0.2 else FAULTS
    now.begin()
    for _ in range(chance.randint(2, 6)):
        if not now.living():
            now.ask_again()
            now.start_worker()
        time.sleep(chance.uniform(0, 1.0 if now.preload else 0.15))
        name = chance.choice(list(faults))
        now.faults[name] += 1
        faults[name](now)
    _finish(now)
    return now


def _finish(now: Round) -> None:
    """Let everything end well, without faults."""
    now.preload = {}
    deadline = time.monotonic() + _PATIENCE_S
    while not all(s.state is State.DONE for s in read_statuses(now.sweep)):
        if not now.living():
            now.ask_again()
            now.start_worker()
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    for pid in now.living():
        os.kill(pid, signal.SIGTERM)
    while now.living():
        time.sleep(0.01)


def differences(now: Round, expected: Sequence[dict[str, bytes]]) -> Iterator[str]:
    """Yield what of a round is not as it would be without faults."""
    for status in read_statuses(now.sweep):
        place = now.sweep.experiment(status.experiment.number)
        if status.state is not State.DONE:
            yield f"{status.experiment.name} is {status.state.value}"
        elif published(place.out) != expected[status.experiment.number]:
            yield f"{status.experiment.name} has other arrays"
        starts = collections.Counter((place.root / "starts").read_text().split())
        for attempt in [number for number, count in starts.items() if count > 1]:
            yield f"{status.experiment.name} attempt {attempt} was started {starts[attempt]} times"
        if place.out.is_dir() and any(
            path.name.startswith(".") for path in place.out.iterdir()
        ):
            yield f"{status.experiment.name} has drafts left"
    if (now.sweep.root / "beside").exists():
        yield "two engines ran in one directory"


def published(out: Path) -> dict[str, bytes]:
    """Return the arrays in a directory by the names of their files."""
    return {path.name: path.read_bytes() for path in out.glob("*.npz")}


def make_engine(root: Path) -> None:
    """Make a ReSCAL-snow tree whose engine sends the frames of its parameters."""
    (root / "build").mkdir(parents=True)
    (root / "scripts" / "real_data").mkdir(parents=True)
    for name, text in (("genesis", GENESIS), ("rescal", RESCAL.replace("{root}", str(root)))):
        (root / "build" / name).write_text(text)
        (root / "build" / name).chmod(0o755)
    for tau in range(EXPERIMENTS):
        chance = np.random.default_rng(tau)
        (root / "frames" / str(tau)).mkdir(parents=True)
        for i in range(SNAPSHOTS):
            header = Header("SNO", 6, 8, 6, 8, 10.0 * i, borders=True)
            cells = np.zeros((*header.stored_shape, 8), np.uint8)
            cells[..., 0] = chance.integers(0, 4, header.stored_shape)
            body = header_bytes(header) + cells.tobytes()
            frame = frames.pack_size(len(body)) + body
            (root / "frames" / str(tau) / str(i)).write_bytes(frame)


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[bool]:
    """Mount a small file system, where that is allowed; tell whether it is one."""
    command = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)]
    mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(place)], check=True)


def _library(place: Path) -> str:
    """Build the library of odd file systems; empty where there is no compiler."""
    source, library = Path(__file__).with_name("faults.c"), place / "faults.so"
    command = ["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    with contextlib.suppress(FileNotFoundError):
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return str(library)
    return ""


def main() -> int:
    """Run the storm; return 1 if a round differed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    given = parser.parse_args()
    faults: collections.Counter[str] = collections.Counter()
    differing = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        root, library = Path(scratch) / "root", _library(Path(scratch))
        make_engine(root)
        calm = Round(root, SweepDirectory(Path(scratch) / "calm" / "s"), random.Random(0))
        calm.begin()
        _finish(calm)
        expected = [published(calm.sweep.experiment(i).out) for i in range(EXPERIMENTS)]
        for seed in range(given.seed, given.seed + given.rounds):
            place = Path(scratch) / f"round{seed}"
            place.mkdir()
            with small_disk(place) as small:
                made = storm_round(root, place, seed, library, small=small)
                found = list(differences(made, expected))
                log = made.sweep.log.read_text() if found else ""
            faults.update(made.faults)
            differing += bool(found)
            if found:
                print(f"seed {seed}, after {dict(made.faults)}: {'; '.join(found)}\n{log}")
    counted = ", ".join(f"{count} x {name}" for name, count in sorted(faults.items()))
    print(f"{given.rounds} rounds from seed {given.seed}: {differing} differed; {counted}")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
