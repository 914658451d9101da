"""Every path under a data directory; nobody else joins paths there."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ATTEMPT = re.compile(r"[1-9][0-9]{0,5}")
_NO_NAME = re.compile(r"[^\w.-]|^(?=[.-])", re.ASCII)  # what names of files should not have
_EXPERIMENT = re.compile(r"exp(0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class AttemptDirectory:
    """The files of one try at one experiment; that it has its name is the claim."""

    root: Path

    @property
    def number(self) -> int:
        """The attempt's number, counted from 1."""
        return int(self.root.name)

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories from the experiment's to this one."""
        return self.root.parent.parent, self.root.parent, self.root

    @property
    def claim(self) -> Path:
        """Who took the attempt."""
        return self.root / "claim.json"

    @property
    def account(self) -> Path:
        """How it is made: parameters, engine, commands; what ``meta_data`` says of its data."""
        return self.root / "account.json"

    @property
    def progress(self) -> Path:
        """How far it has come; rewritten as a sign of life."""
        return self.root / "progress.json"

    @property
    def journal(self) -> Path:
        """Every reduced snapshot, appended and durable as soon as it is made."""
        return self.root / "snapshots.journal"

    @property
    def engine_log(self) -> Path:
        """What the engine wrote to its standard output and error."""
        return self.root / "engine.log"

    @property
    def cancel_request(self) -> Path:
        """Present once somebody has asked for this attempt to stop."""
        return self.root / "cancel"

    @property
    def spare(self) -> Path:
        """Keeps space for the record and for a request to cancel, should the disk be full."""
        return self.root / "spare"

    @property
    def checkpoint(self) -> Path:
        """The stem of the engine's saved states, ``checkpoint.3`` and so on."""
        return self.root / "checkpoint"

    @property
    def record(self) -> Path:
        """The final account."""
        return self.root / "record.json"


@dataclass(frozen=True, slots=True)
class ExperimentDirectory:
    """The files of one experiment."""

    root: Path

    @property
    def directories(self) -> tuple[Path, ...]:
        """The directories that the engine and its supervisor write to, but for attempts."""
        return self.root, self.out, self.attempts_root

    @property
    def cellspace(self) -> Path:
        """The initial cell space, as genesis makes it."""
        return self.root / "DUN.csp"

    @property
    def parfile(self) -> Path:
        """What the engine reads."""
        return self.root / "run.par"

    @property
    def meta_data(self) -> Path:
        """JSON: parameters, command lines, engine, seed, attempts, host, times."""
        return self.root / "meta_data"

    @property
    def inputs(self) -> Path:
        """Files that parameters name, one copy for all experiments of the sweep."""
        return self.root.parent / "inputs"

    @property
    def out(self) -> Path:
        """The engine's own logs and the reduced snapshots."""
        return self.root / "out"

    def array_file(self, name: str) -> Path:
        """Name the file of a reduction: its array [snapshot, ...] and ``times`` float64 in t0."""
        return self.out / f"{name}.npz"

    @property
    def height_maps(self) -> Path:
        """``height_maps`` int16 [snapshot, D, L], in cells."""
        return self.array_file("height_maps")

    @property
    def attempts_root(self) -> Path:
        """The directory of all attempts."""
        return self.root / "attempts"

    def attempt(self, number: int) -> AttemptDirectory:
        """Return the directory of attempt ``number``, whether it exists or not."""
        return AttemptDirectory(self.attempts_root / str(number))

    def attempt_draft(self, name: str) -> AttemptDirectory:
        """Return where a claim is written before the attempt gets its number."""
        return AttemptDirectory(self.attempts_root / f".draft-{name}")

    def attempts(self) -> list[AttemptDirectory]:
        """All attempts that were ever claimed, in their order."""
        return [self.attempt(number) for number in sorted(self.attempt_numbers())]

    def attempt_numbers(self) -> list[int]:
        """Return the numbers of all attempts that were ever claimed, in any order."""
        try:
            names = os.listdir(self.attempts_root)  # noqa: PTH208  # ten thousand of these; no path objects
        except (FileNotFoundError, NotADirectoryError):
            return []
        return [int(name) for name in names if _ATTEMPT.fullmatch(name)]


@dataclass(frozen=True, slots=True)
class SweepDirectory:
    """The files of one sweep."""

    root: Path

    @property
    def name(self) -> str:
        """The sweep's name."""
        return self.root.name

    def sweep_file(self, version: int) -> Path:
        """Name the sweep file as submitted: ``sweep.yaml``, then ``sweep.2.yaml`` and so on."""
        return self.root / ("sweep.yaml" if version == 1 else f"sweep.{version}.yaml")

    def template(self, name: str) -> Path:
        """Name a file that the sweep file extends; it is found there from the copy, too."""
        return self.root / "templates" / f"{name}.yaml"

    @property
    def inputs(self) -> Path:
        """Files that parameters name, as they were when submitted."""
        return self.root / "inputs"

    @property
    def ledger(self) -> Path:
        """Number, key, parameters and seed of every experiment; append-only."""
        return self.root / "experiments.jsonl"

    @property
    def submissions(self) -> Path:
        """One line per submission: the intent, later the job ids."""
        return self.root / "submissions.jsonl"

    @property
    def log(self) -> Path:
        """One line per event of any experiment."""
        return self.root / "log.txt"

    @property
    def series(self) -> Path:
        """What was measured of published snapshots; may be removed, and is made again."""
        return self.root / ".series.npz"

    @property
    def lock(self) -> Path:
        """Held while the ledger or the submissions change."""
        return self.root / ".lock"

    @property
    def spare(self) -> Path:
        """Keeps space for what is cancelled on a full disk."""
        return self.root / ".spare"

    @property
    def jobs(self) -> Path:
        """What jobs and local workers leave."""
        return self.root / "jobs"

    def jobs_of(self, user: str) -> Path:
        """Scripts, pickles and output of the Slurm jobs of a person, who alone may write there."""
        return self.jobs / _NO_NAME.sub("_", user)

    def worker_log(self, token: str, index: int) -> Path:
        """Name the file with standard output and error of a local worker."""
        return self.jobs / f"{token}.{index}.log"

    @property
    def workers(self) -> Path:
        """One file per slot of the pool of this machine."""
        return self.jobs / "workers"

    def worker_slot(self, slot: int) -> Path:
        """Name the file that says which worker has a slot."""
        return self.workers / str(slot)

    def experiment(self, number: int) -> ExperimentDirectory:
        """Return the directory of experiment ``number``, whether it exists or not."""
        return ExperimentDirectory(self.root / f"exp{number}")

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the experiments that have a directory."""
        names = os.listdir(self.root) if self.root.is_dir() else []  # noqa: PTH208  # thousands
        for name in names:
            if _EXPERIMENT.fullmatch(name):
                yield int(name[3:])


def sweeps(data_directory: Path) -> Iterator[SweepDirectory]:
    """Yield every sweep under ``data_directory``, by name."""
    if not data_directory.is_dir():
        return
    for entry in sorted(data_directory.iterdir()):
        if is_sweep(entry):
            yield SweepDirectory(entry)


def is_sweep(path: Path) -> bool:
    """Return whether a directory is that of a sweep."""
    return SweepDirectory(path).ledger.is_file()
