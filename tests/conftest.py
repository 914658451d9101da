"""What several tests start from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.model import Experiment, Outputs, Point, Resources, Run, Submission
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


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
    def make(token: str, attempts: dict[int, int], cluster: str = "local") -> Submission:
        return Submission(
            token=token,
            time="2026-01-31T12:00:00Z",
            cluster=cluster,
            attempts=attempts,
            run=Run(stop_t0=100.0, every_t0=50.0),
            outputs=Outputs(),
            resources=Resources(extra={"comment": "a"}),
            root=None,
            axes=(("Tau_min",),),
        )

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
