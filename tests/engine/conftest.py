"""The engine's programs as processes of their own, and a small run to give them."""

from __future__ import annotations

import os
import re
import signal
import struct
import subprocess
import sys
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, Header
from tests.engine.parameters import SNOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ENGINE = (sys.executable, "-m", "orchestrator.engine")

TINY = {
    "Model": "SNO",
    "Boundary": "OPEN",
    "Time": 0.0,
    "H": 16,
    "L": 30,
    "D": 12,
    "Phys_prop_file": "sealevel_snow.prop",
    "Qsat_file": "PDF.data",
    "Csp_file": "DUN.csp",
    "Csp_template": "SNOWFALL(3.5)",
    "Output_directory": "./out",
    **SNOW,
    "Lambda_I": 0.003,
    "Ava_h_lim": 1,
    "Lgca_delay": 1,
    "Tau_min": 20,
    "Tau_max": 900,
}
"""The recorded run ``tiny-open``; its stress thresholds do not depend on its property files."""

PROPERTIES = "kappa=0.4\nz_0=1e-3\nz=1.0\nrhoair=1.25\nrhosand=250\ng=9.81\nd=2e-4\n"
SATURATED_FLUX = "3\n0 0.5 1\n50 0.25 0.5\n100 0.05 0.125\n"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended and what it said; ``frames`` came through its data pipe."""

    status: int
    out: str
    err: str
    frames: tuple[bytes, ...] = ()


class Bench:
    """A directory in which the programs are started."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sealevel_snow.prop").write_text(PROPERTIES)
        (root / "PDF.data").write_text(SATURATED_FLUX)
        self.line: dict[str, int] = {}
        self.parameters()
        self.given = sorted(path.name for path in root.iterdir())

    def parameters(self, changes: Mapping[str, object] | None = None) -> None:
        """Write ``run.par``: the tiny run with changes; None takes a name away."""
        self.write({**TINY, **(changes or {})})

    def write(self, values: Mapping[str, object]) -> None:
        """Write ``run.par``."""
        lines = [f"{name} = {value}\n" for name, value in values.items() if value is not None]
        self.line = {line.split()[0]: number for number, line in enumerate(lines, 1)}
        (self.root / "run.par").write_text("".join(lines))

    def placed(self, sentence: str) -> str:
        """Return a sentence whose first word, ``@NAME``, is given its place in ``run.par``."""
        return re.sub(r"^@(\w+)", lambda m: f"run.par:{self.line[m[1]]}: {m[1]}", sentence)

    def air(self) -> None:
        """Write a cell space of nothing but air."""
        plane = np.full((16, 30), Cell.EAUC, np.uint8)
        cellspace.write(self.root / "DUN.csp", Header("SNO", 16, 30, 12), 12 * [plane])

    def run(self, *words: str) -> Ended:
        """Run one of the engine's programs until it ends."""
        ended = subprocess.run(
            [*ENGINE, *words], cwd=self.root, capture_output=True, text=True, check=False
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def start(
        self,
        *words: str,
        flags: tuple[str, ...] = (),
        stdout: int | IO[bytes] = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """Start one of the engine's programs and leave it to the test; pipes are inherited."""
        return subprocess.Popen(
            [sys.executable, *flags, *ENGINE[1:], *words],
            cwd=self.root,
            close_fds=False,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def cells(self, *words: str) -> None:
        """Run ``genesis``, which has to succeed."""
        ended = self.run("genesis", "-f", "run.par", *(words or ("-s", "2000")))
        assert (ended.status, ended.err) == (0, "")

    def asked(self, *words: str) -> Ended:
        """Run ``rescal run.par`` with a data pipe, and ask it to stop after its first words."""
        return self.streamed(*words, asking=True)

    def streamed(self, *words: str, asking: bool = False) -> Ended:
        """Run ``rescal run.par`` with a data pipe."""
        reading, writing = os.pipe()
        command = [*ENGINE, "rescal", "run.par", *words, "-data_pipe", str(writing)]
        with (
            subprocess.Popen(
                command,
                cwd=self.root,
                pass_fds=[writing],
                stdout=subprocess.PIPE if asking else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
            os.fdopen(reading, "rb") as pipe,
        ):
            os.close(writing)
            if asking:
                _await_snapshot(process)
                process.send_signal(signal.SIGUSR1)
            stream = pipe.read()
            assert process.stderr is not None
            said = process.stderr.read()
        return Ended(process.returncode, "", said, tuple(_frames(stream)))


def _await_snapshot(process: subprocess.Popen[str]) -> None:
    """Wait until a run tells about a snapshot, the one from which it goes on included."""
    assert process.stdout is not None
    for line in process.stdout:
        if "snapshot" in line:
            return


def _frames(stream: bytes) -> list[bytes]:
    """Cut a stream into its frames; the sizes in front have to fit exactly."""
    found, at = [], 0
    while at < len(stream):
        (size,) = struct.unpack_from("<i", stream, at)
        assert at + 4 + size <= len(stream)
        found.append(stream[at + 4 : at + 4 + size])
        at += 4 + size
    return found


@pytest.fixture(scope="session")
def make_bench() -> Callable[[Path], Bench]:
    return Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
