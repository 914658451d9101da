"""No reader knows an exception but the project's own, whatever stands in a file.

About a minute in all; ``make fuzz`` goes on for as long as wanted.
"""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

from orchestrator import formulas, sweepfile
from orchestrator.analysis import field
from orchestrator.engine import wind
from orchestrator.errors import OrchestratorError
from orchestrator.formats import cellspace, frames, parfile, properties, templates
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.model import (
    Cluster,
    Outputs,
    Point,
    Progress,
    Resources,
    Run,
    State,
    Submission,
)
from orchestrator.records import arrays, attempts, intents, ledger
from orchestrator.records.journal import Journal, read_journal
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.paths import ExperimentDirectory, SweepDirectory
from orchestrator.runner.decoder import Decoder
from orchestrator.slurm import cluster, jobs, units
from orchestrator.submission.status import status_of
from orchestrator.sweepfile import expansion
from tests.analysis.elevation_maps import WRITERS
from tests.conftest import SWEEP, make_snapshot
from tests.fuzz.mutations import mutated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
SWEEPS = [path.read_bytes() for path in sorted((ROOT / "sweeps").glob("*.yaml"))]
RECORDED = ROOT / "tests" / "slurm_texts" / "recorded"
REAL_DATA = ROOT / "orchestrator" / "engine" / "real_data"

fuzzed = hypothesis.settings(hypothesis.settings.get_profile("fuzz"))


@contextlib.contextmanager
def _own_errors() -> Iterator[None]:
    """Let pass what the project itself raises, for which verbs have a sentence."""
    with contextlib.suppress(OrchestratorError):
        yield


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


@fuzzed
@hypothesis.given(mutated(*SWEEPS, SWEEP.format(taus="[0, 100]").encode()))
def test_sweep_files(scratch: Path, data: bytes) -> None:
    path = scratch / "w.yaml"
    path.write_bytes(data)

    with _own_errors():
        expansion.expand(sweepfile.load(path))


@fuzzed
@hypothesis.given(
    mutated(b"Tau_min + 1000", b"0 < a < 5 and b != 'OPEN'", b"max(a, 2 ** b) // 3")
)
def test_formulas(data: bytes) -> None:
    with _own_errors():
        formulas.parse(data.decode(errors="replace")).evaluate(
            {"a": 3, "b": 2.5, "Tau_min": 1e308}
        )


@fuzzed
@hypothesis.given(mutated(b"H = 50\nL = 400\nCsp_template = LAYER(2)\nTau_min = 1e3\n"))
def test_parameter_files(scratch: Path, data: bytes) -> None:
    path = scratch / "run.par"
    path.write_bytes(data)

    with _own_errors():
        parfile.read(path)
    with _own_errors():
        templates.parse_template(data.decode(errors="replace"))


@fuzzed
@hypothesis.given(mutated(*(path.read_bytes()[:3000] for path in sorted(REAL_DATA.glob("*")))))
def test_files_of_properties_and_winds(scratch: Path, data: bytes) -> None:
    path = scratch / "file"
    path.write_bytes(data)

    for read in (properties.read_properties, properties.read_saturated_flux, wind.read):
        with _own_errors():
            read(path)


HEADER = Header("SNO", 4, 6, 5, 8, 10.0, borders=True)
SPACE = header_bytes(HEADER) + np.zeros((*HEADER.stored_shape, 8), np.uint8).tobytes()
FRAME = frames.pack_size(len(SPACE)) + SPACE


@fuzzed
@hypothesis.given(mutated(SPACE, SPACE[:200]))
def test_cell_spaces(scratch: Path, data: bytes) -> None:
    path = scratch / "DUN.csp"
    path.write_bytes(data)

    with _own_errors():
        cellspace.read(path)


@fuzzed
@hypothesis.given(mutated(FRAME * 2, FRAME[:100], FRAME + FRAME[:50]))
def test_streams_of_frames(data: bytes) -> None:
    stream = io.BytesIO(data)

    def fill(target: memoryview) -> int:
        return stream.readinto(target)

    decoder = Decoder(fill)
    with _own_errors():
        while decoder.header() is not None:
            for _ in decoder.planes():
                pass


def _journal(place: Path) -> bytes:
    journal = Journal(place / "journal")
    for i in range(3):
        journal.append(make_snapshot(10.0 * i, np.zeros((4, 6), np.int16)))
    journal.close()
    return (place / "journal").read_bytes()


def _published(place: Path) -> bytes:
    directory = ExperimentDirectory(place)
    arrays.publish(place / "journal", directory)
    return directory.height_maps.read_bytes()


with tempfile.TemporaryDirectory() as _made:
    JOURNAL = _journal(Path(_made))
    ARRAYS = _published(Path(_made))


@fuzzed
@hypothesis.given(mutated(JOURNAL), mutated(ARRAYS))
def test_journals_and_arrays(scratch: Path, journal: bytes, published: bytes) -> None:
    directory = ExperimentDirectory(scratch / "exp0")
    attempt = directory.attempt(1)
    attempt.root.mkdir(parents=True, exist_ok=True)
    directory.out.mkdir(exist_ok=True)
    attempt.journal.write_bytes(journal)
    directory.height_maps.write_bytes(published)

    found = arrays.reduced(directory)

    assert len(found.height_maps) in {0, len(found.times)}
    assert sum(1 for _ in read_journal(attempt.journal)) <= 3


def _sweep(place: Path) -> SweepDirectory:
    """Make a sweep with one experiment that has ended and one that waits."""
    directory = SweepDirectory(place)
    directory.root.mkdir()
    points = [Point(f"{i:016x}", {"H": 20, "Tau_min": float(i)}, seed=1) for i in range(2)]
    ledger.enlist(directory, points)
    asked = Submission(
        token="a",
        time="2026-01-31T12:00:00Z",
        cluster=Cluster.LOCAL,
        attempts={0: 1, 1: 1},
        run=Run(stop_t0=100.0, every_t0=50.0),
        outputs=Outputs(),
        resources=Resources(),
        root=None,
    )
    intents.intend(directory, asked)
    intents.note(directory, "submitted", "a", workers=1)
    intents.leave_out(directory, [1])
    attempt = attempts.claim(directory.experiment(0), 1, attempts.myself("a", "local:0"))
    assert attempt is not None
    attempts.write_progress(attempt, Progress(10.0, 1, 1.0, roughness=(0.5,)))
    attempts.end(attempt, State.FAILED, None)
    return directory


with tempfile.TemporaryDirectory() as _made:
    _directory = _sweep(Path(_made) / "w")
    _attempt = _directory.experiment(0).attempt(1)
    LEDGER = _directory.ledger.read_bytes()
    SUBMISSIONS = _directory.submissions.read_bytes()
    WITHDRAWN = (
        b'{"event":"withdrawn","token":"","kind":"cancelled","attempts":[[1,1,1]]}\n'
        b'{"event":"axes","token":"","axes":[{"names":["Tau_min"],"block":"grid"}]}\n'
    )
    CLAIM, PROGRESS, RECORD = (
        path.read_bytes() for path in (_attempt.claim, _attempt.progress, _attempt.record)
    )


@pytest.fixture(scope="module")
def sweep(scratch: Path) -> SweepDirectory:
    return _sweep(scratch / "sweep")


def _look(directory: SweepDirectory) -> None:
    with _own_errors():
        json.dumps(status_of(directory, ask_slurm=False).as_json())
    with _own_errors():
        LiveStatus(directory).read()


@fuzzed
@hypothesis.given(mutated(LEDGER), mutated(SUBMISSIONS, SUBMISSIONS + WITHDRAWN))
def test_ledgers_and_submissions(sweep: SweepDirectory, known: bytes, asked: bytes) -> None:
    sweep.ledger.write_bytes(known)
    sweep.submissions.write_bytes(SUBMISSIONS)
    _look(sweep)
    sweep.ledger.write_bytes(LEDGER)
    sweep.submissions.write_bytes(asked)
    _look(sweep)
    with _own_errors():
        intents.unfinished(sweep)


@fuzzed
@hypothesis.given(mutated(CLAIM), mutated(PROGRESS), mutated(RECORD))
def test_claims_progress_and_records(
    sweep: SweepDirectory, claim: bytes, progress: bytes, record: bytes
) -> None:
    attempt = sweep.experiment(0).attempt(1)
    sweep.ledger.write_bytes(LEDGER)
    sweep.submissions.write_bytes(SUBMISSIONS)
    for path, data in (
        (attempt.claim, claim),
        (attempt.progress, progress),
        (attempt.record, record),
    ):
        path.write_bytes(data)

    status_of(sweep, ask_slurm=False).as_json()


def _text(name: str) -> bytes:
    return (RECORDED / f"{name}.txt").read_bytes()


SLURM: dict[str, tuple[Callable[[str], object], bytes]] = {
    "queue": (jobs.read_queue, _text("queue")),
    "accounts": (jobs.read_accounts, _text("accounts") + _text("steps")),
    "config": (cluster.read_limits, _text("config")),
    "associations": (
        lambda t: cluster.read_limits(_text("config").decode(), t),
        _text("associations"),
    ),
    "qos": (lambda t: cluster.read_limits(_text("config").decode(), "", t), _text("qos")),
    "partitions": (
        lambda t: cluster.read_partitions(t, _text("nodes").decode()),
        _text("partitions"),
    ),
    "nodes": (
        lambda t: cluster.read_partitions(_text("partitions").decode(), t),
        _text("nodes"),
    ),
    "durations": (units.seconds, b"1-12:00:00"),
    "moments": (units.moment, b"2026-01-31T12:00:00"),
    "memory": (units.megabytes, b"100.5Mc"),
    "indices": (units.indices, b"0-3,8-20:4%2"),
    "hosts": (units.names, b"n[08-10,12],login"),
}


@pytest.mark.parametrize("name", SLURM)
@fuzzed
@hypothesis.given(st.data())
def test_what_slurm_prints(name: str, data: st.DataObject) -> None:
    read, text = SLURM[name]

    read(data.draw(mutated(text)).decode(errors="replace"))


def _survey(kind: str) -> bytes:
    """Return an elevation map as a file of a kind."""
    heights = np.random.default_rng(1).normal(0, 1, (14, 15))
    with tempfile.TemporaryDirectory() as place:
        path = WRITERS[kind](Path(place) / f"survey.{kind}", heights, (0.5, 0.5))
        return path.read_bytes()


@fuzzed
@hypothesis.given(st.data())
@pytest.mark.parametrize("kind", WRITERS)
def test_elevation_maps(scratch: Path, kind: str, data: st.DataObject) -> None:
    path = scratch / f"survey.{kind}"
    path.write_bytes(data.draw(mutated(_survey(kind))))

    with _own_errors():
        field.read(field.Source(path))
