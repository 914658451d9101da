"""Whatever an engine does, its attempt ends with a record that says so, and its snapshots stay."""

from __future__ import annotations

import dataclasses
import gc
import gzip
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.model import Cause, KeepInitial, Kind, Outputs, Run, State, Status
from orchestrator.records import attempts, failures, journal
from orchestrator.records.failures import reason
from orchestrator.runner import results, watchdog
from orchestrator.runner.decoder import Decoder
from orchestrator.runner.stop import Stop
from orchestrator.runner.unpiped import supervise_to_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.conftest import Trial

    Frame = Callable[..., bytes]


def _states(seed: int) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 4, (5, 4, 6)).astype(np.uint8)


def _heights(*seeds: int) -> NDArray[np.int64]:
    states = np.array([_states(seed) for seed in seeds])
    found: NDArray[np.int64] = np.argmax((states % 2 == 1)[:, :, ::-1, :], axis=2)
    return found


@pytest.fixture
def three(frame: Frame) -> bytes:
    """Three snapshots, as many as the trial asks for."""
    return b"".join(frame(_states(i), 10.0 * i) for i in range(3))


def test_a_whole_run_is_done_and_complete(trial: Trial, three: bytes) -> None:
    trial.fake.genesis("print('made'); open('DUN.csp', 'wb').write(b'cells')")
    trial.fake.rescal("print('ran'); send(stream)", three)

    record = trial.supervise()

    assert (record.state, reason(record)) == (State.DONE, "")
    assert (record.snapshots, record.expected, record.time_t0) == (3, 3, 20.0)
    assert record.exit_status == 0
    assert record.complete
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1, 2))
    assert attempts.read_record(trial.files) == record
    assert trial.files.engine_log.read_text() == "made\nran\n"
    assert not trial.files.journal.exists()


def test_an_attempt_that_has_ended_leaves_no_buffers_to_the_collector(
    trial: Trial, three: bytes
) -> None:
    trial.fake.rescal("send(stream)", three)
    gc.collect()

    gc.disable()
    try:
        trial.supervise()
        left = [each for each in gc.get_objects() if type(each) is Decoder]  # no proxy of one
    finally:
        gc.enable()

    assert left == []


def test_it_is_noted_from_when_on_the_domain_is_full(trial: Trial, frame: Frame) -> None:
    """In the second of three snapshots two of thirty columns have reached the ceiling."""
    states = [np.full((5, 4, 6), 3, np.uint8) for _ in range(3)]
    for now in states:
        now[:, -1] = 0  # the ground
    states[1][0, :, :2] = states[2][0, :, :2] = 0
    stream = b"".join(frame(now, 10.0 * i) for i, now in enumerate(states))
    trial.fake.rescal("send(stream)", stream)

    record = trial.supervise()

    assert (record.state, record.full_t0) == (State.DONE, 10.0)
    read = attempts.read_record(trial.files)
    assert read == record
    status = Status(trial.task.experiment, State.DONE, 1, None, record=read)
    assert failures.remark(status) == "domain full from t = 10 t0 on"


def test_the_engine_reads_a_parameter_file_and_gets_the_seed(
    trial: Trial, three: bytes
) -> None:
    data = trial.fake.root / "scripts" / "real_data"
    (data / "snow.prop").touch()
    (data / "PDF.data").touch()
    trial.parameters |= {"Phys_prop_file": "real_data/snow.prop", "Qsat_file": "PDF.data"}
    trial.parameters |= {"Seed": 5, "Use_lgca": False}
    trial.fake.genesis("print(*sys.argv[1:]); open('DUN.csp', 'wb')")
    trial.fake.rescal("print(*sys.argv[1:-1]); send(stream)", three)

    record = trial.supervise()

    assert record.state is State.DONE
    assert trial.directory.parfile.read_text().splitlines() == [
        "H = 4",
        "L = 6",
        "D = 5",
        "Time = 0.0",
        f"Phys_prop_file = {data}/snow.prop",
        f"Qsat_file = {data}/PDF.data",
        "Use_lgca = NO",
        "Csp_file = DUN.csp",
        "Output_directory = ./out",
    ]
    assert trial.files.engine_log.read_text() == (
        "-f run.par -s 5\nrun.par -nv -dcsp 10_t0 -stop 20_t0 -s 17 -q -data_pipe\n"
    )


def test_a_property_file_that_is_missing_is_named(trial: Trial) -> None:
    trial.parameters["Qsat_file"] = "real_data/PDF.dat"

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == (
        f"Qsat_file: 'real_data/PDF.dat': the engine at {trial.fake.root} has none"
    )


def test_the_account_says_how_it_was_made(trial: Trial, three: bytes) -> None:
    trial.fake.rescal("send(stream)", three)

    record = trial.supervise()

    told = json.loads(trial.directory.meta_data.read_text())
    assert told["parameters"] == trial.parameters
    assert told["seed"] == 17
    assert told["engine"] == "rescal"
    assert len(told["engine_digest"]) == 64
    assert told["commands"]["genesis"][1:] == ["-f", "run.par", "-s", "2000"]
    assert told["attempts"] == [1]
    assert (told["state"], told["data"], told["snapshots"]) == ("done", "complete", 3)
    assert told["ended"] == record.ended
    assert told["host"] == record.host


@pytest.mark.parametrize(
    ("keep", "left"),
    [
        (KeepInitial.PLAIN, {"DUN.csp": b"cells"}),
        (KeepInitial.GZIP, {"DUN.csp.gz": b"cells"}),
        (KeepInitial.NO, {}),
    ],
)
def test_the_initial_cell_space_is_kept_as_asked(
    trial: Trial, three: bytes, keep: KeepInitial, left: dict[str, bytes]
) -> None:
    trial.outputs = Outputs(keep_initial=keep)
    trial.fake.rescal("assert open('DUN.csp').read() == 'cells'; send(stream)", three)

    record = trial.supervise()

    assert record.state is State.DONE
    found = {path.name: path.read_bytes() for path in trial.directory.root.glob("DUN*")}
    unpacked = {n: gzip.decompress(b) if n.endswith("gz") else b for n, b in found.items()}
    assert unpacked == left


def test_a_given_cell_space_is_taken_instead_of_genesis(
    trial: Trial, three: bytes, tmp_path: Path
) -> None:
    given = tmp_path / "earlier.csp.gz"
    given.write_bytes(gzip.compress(b"given cells"))
    trial.parameters["Csp_file"] = str(given)
    trial.fake.genesis("sys.exit('must not run')")
    trial.fake.rescal("assert open('DUN.csp').read() == 'given cells'; send(stream)", three)

    assert trial.supervise().state is State.DONE
    assert gzip.decompress(given.read_bytes()) == b"given cells"


SNAPSHOT = 4 + 104 + 7 * 6 * 8 * 8


@pytest.mark.parametrize(
    ("length", "kept", "place"),
    [
        (SNAPSHOT + 2, 1, "the size of snapshot 2 (2 of 4 bytes)"),
        (SNAPSHOT + 10, 1, "the header of snapshot 2 (6 of 20 bytes)"),
        (2 * SNAPSHOT + 4 + 50, 2, "the header of snapshot 3 (50 of 104 bytes)"),
        (2 * SNAPSHOT + 108 + 700, 2, "plane 2 of 7 of snapshot 3 (316 of 384 bytes)"),
        (3 * SNAPSHOT - 1, 2, "plane 7 of 7 of snapshot 3 (383 of 384 bytes)"),
        (50, 0, "the header of snapshot 1 (46 of 104 bytes)"),
    ],
)
@pytest.mark.parametrize(
    ("end", "said", "status"),
    [
        ("sys.exit(3)", "exited with status 3", 3),
        ("os.kill(os.getpid(), 6)", "was killed by signal 6 (SIGABRT)", -6),
        ("sys.exit(0)", "exited with status 0", 0),
    ],
)
def test_a_cut_stream_fails_with_its_place_and_keeps_what_came_before(  # noqa: PLR0913, PLR0917
    trial: Trial,
    three: bytes,
    length: int,
    kept: int,
    place: str,
    end: str,
    said: str,
    status: int,
) -> None:
    trial.fake.rescal(f"send(stream[:{length}]); print('oh', flush=True); {end}", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == (
        f"rescal {said} after {kept} of 3 snapshots, at t = {max(0, kept - 1) * 10} t0; "
        f'the stream ends inside {place}; last output: "oh"'
    )
    assert (record.snapshots, record.exit_status) == (kept, status)
    assert record.last_lines == ("oh",)
    if kept:
        np.testing.assert_array_equal(trial.maps(), _heights(*range(kept)))
    assert len(list(journal.read_journal(trial.files.journal))) == kept
    told = json.loads(trial.directory.meta_data.read_text())
    assert told["data"] == ("partial" if kept else "none")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("data[0:4] = bytes(4)", "a frame announces 0 bytes"),
        ("data[0:4] = struct.pack('<i', -1)", "a frame announces -1 bytes"),
        ("data[0:4] = struct.pack('<i', 2**31 - 1)", "the frame announces 2147483543 bytes of"),
        ("data[4:8] = b'\\x7fELF'", "not a cell space: it begins with b'\\x7fELF"),
        ("data[44:48] = struct.pack('<i', 400)", "the header contradicts itself"),
    ],
)
def test_a_broken_stream_stops_the_engine_and_says_what_is_wrong(
    trial: Trial, three: bytes, change: str, said: str
) -> None:
    code = f"data = bytearray(stream[:{SNAPSHOT}])\n{change}\nsend(stream[:{SNAPSHOT}])\n"
    trial.fake.rescal(code + "send(data)\ntime.sleep(600)", three)
    before = time.monotonic()

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record).startswith(f"snapshot 2: {said}")
    assert record.snapshots == 1
    assert record.exit_status == -signal.SIGINT
    np.testing.assert_array_equal(trial.maps(), _heights(0))
    assert time.monotonic() - before < 30


def test_an_engine_that_sends_nothing_has_failed(trial: Trial) -> None:
    trial.fake.rescal("sys.exit(0)")

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == "rescal exited with status 0 but made no snapshot"


def test_an_engine_that_ends_too_early_has_failed(trial: Trial, three: bytes) -> None:
    trial.run = Run(stop_t0=200.0, every_t0=10.0)
    trial.fake.rescal("send(stream)", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == (
        "rescal exited with status 0 before the end after 3 of 21 snapshots, at t = 20 t0"
    )


def test_times_count_and_not_the_number_of_snapshots(trial: Trial, frame: Frame) -> None:
    trial.fake.rescal("send(stream)", frame(_states(0), 0.0) + frame(_states(2), 20.0))

    record = trial.supervise()

    assert record.state is State.DONE
    assert (record.snapshots, record.expected) == (2, 3)
    assert reason(record).startswith("2 of 3 snapshots")


def test_a_killed_engine_hints_at_memory(trial: Trial, three: bytes) -> None:
    trial.fake.rescal("print('busy', flush=True); send(stream); os.kill(os.getpid(), 9)", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == (
        "rescal was killed by signal 9 (SIGKILL) after 3 of 3 snapshots, at t = 20 t0; "
        "somebody killed it, or memory ran out"
    )


def test_an_engine_that_closes_the_pipe_and_works_on_is_stopped(
    trial: Trial, three: bytes
) -> None:
    trial.run = dataclasses.replace(trial.run, silence_s=0.5)
    trial.fake.rescal("send(stream); os.close(pipe)\nwhile True: pass", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == "rescal closed the data pipe but did not end"
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1, 2))


def test_an_engine_that_hangs_is_stopped(trial: Trial, three: bytes) -> None:
    trial.run = dataclasses.replace(trial.run, silence_s=0.4)
    trial.fake.rescal(f"send(stream[:{SNAPSHOT + 99}]); time.sleep(600)", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == "rescal hangs: it neither wrote nor used a processor for 0.4 s"
    np.testing.assert_array_equal(trial.maps(), _heights(0))


def test_an_engine_that_computes_does_not_hang(trial: Trial, three: bytes) -> None:
    trial.run = dataclasses.replace(trial.run, silence_s=0.4)
    compute = "end = time.process_time() + 1.2\nwhile time.process_time() < end: pass\n"
    trial.fake.rescal(compute + "send(stream)", three)

    assert trial.supervise().state is State.DONE


def test_an_engine_that_ignores_signals_is_killed(trial: Trial, three: bytes) -> None:
    trial.run = dataclasses.replace(trial.run, silence_s=0.2)
    ignore = "for n in (2, 15): signal.signal(n, signal.SIG_IGN)\n"
    trial.fake.rescal(f"{ignore}send(stream[:{SNAPSHOT}]); time.sleep(600)", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert record.exit_status == -signal.SIGKILL
    assert reason(record).startswith("rescal hangs")


def test_a_grandchild_that_holds_the_pipe_neither_hangs_nor_survives(
    trial: Trial, three: bytes
) -> None:
    hold = "child = subprocess.Popen(['sleep', '600'], pass_fds=[pipe])\nprint(child.pid)\n"
    trial.fake.rescal(f"{hold}send(stream)", three)
    before = time.monotonic()

    record = trial.supervise()

    assert record.state is State.DONE
    assert time.monotonic() - before < 30
    pid = int(trial.files.engine_log.read_text())
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123  # not a file
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (
            "print('no template FOO'); sys.exit(254)",
            'genesis exited with status 254; last output: "no template FOO"',
        ),
        ("os.kill(os.getpid(), 11)", "genesis was killed by signal 11 (SIGSEGV)"),
        ("pass", "genesis exited with status 0 but made no DUN.csp"),
    ],
)
def test_a_failed_genesis_is_quoted(trial: Trial, code: str, sentence: str) -> None:
    trial.fake.genesis(code)

    record = trial.supervise()

    assert (record.state, reason(record)) == (State.FAILED, sentence)
    assert record.snapshots == 0
    assert not trial.directory.height_maps.exists()


def test_a_genesis_that_hangs_is_stopped(trial: Trial) -> None:
    trial.run = dataclasses.replace(trial.run, silence_s=0.2)
    trial.fake.genesis("time.sleep(600)")

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == "genesis hangs: it neither wrote nor used a processor for 0.2 s"


def test_a_program_that_cannot_be_started_is_named(trial: Trial) -> None:
    path = trial.fake.root / "build" / "rescal"
    path.write_bytes(b"\x7fELF, but not really")
    path.chmod(0o755)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record) == f"cannot start {path}: Exec format error"


def test_a_time_limit_ends_an_attempt_in_time(trial: Trial, three: bytes) -> None:
    trial.run = dataclasses.replace(trial.run, time_limit_s=0.5)
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\nwhile True: time.sleep(0.01)", three)

    record = trial.supervise()

    assert record.state is State.TIMEOUT
    assert reason(record) == "reached its time limit of 0.5 s"
    np.testing.assert_array_equal(trial.maps(), _heights(0))


def test_a_cancel_request_is_found(trial: Trial, three: bytes) -> None:
    cancel = f"open({str(trial.files.cancel_request)!r}, 'w')\n"
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\n{cancel}time.sleep(600)", three)

    record = trial.supervise()

    assert record.state is State.CANCELLED
    assert reason(record) == "cancelled on request"
    np.testing.assert_array_equal(trial.maps(), _heights(0))


def test_a_superseded_attempt_stops_and_publishes_nothing(trial: Trial, three: bytes) -> None:
    task = trial.task
    later = f"os.mkdir({str(trial.directory.attempt(2).root)!r})\n"
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\n{later}time.sleep(600)", three)
    before = time.monotonic()

    record = trial.supervise()

    assert time.monotonic() - before < 30
    assert task.attempt == record.attempt == 1
    assert record.state is State.LOST
    assert reason(record) == "attempt 2 was started meanwhile"
    assert not trial.directory.height_maps.exists()
    assert "state" not in json.loads(trial.directory.meta_data.read_text())


def test_a_request_to_stop_waits_for_the_snapshot_that_is_arriving(
    trial: Trial, three: bytes
) -> None:
    go = trial.directory.root / "go"
    trial.fake.rescal(
        f"send(stream[:{SNAPSHOT + 200}])\n"
        f"os.kill(os.getppid(), 12)\n"  # SIGUSR2
        f"for i in range({SNAPSHOT + 200}, {2 * SNAPSHOT}, 300):\n"
        f"    time.sleep(0.05); send(stream[i:min(i + 300, {2 * SNAPSHOT})])\n"
        f"open({str(go)!r}, 'w')\ntime.sleep(600)",
        three,
    )

    with Stop.on_signals() as stop:
        record = trial.supervise(stop)

    assert record.state is State.TIMEOUT
    assert reason(record) == "stopped by SIGUSR2"
    assert record.snapshots == 2
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1))


def test_a_request_to_stop_does_not_wait_for_a_snapshot_that_stalls(
    trial: Trial, three: bytes
) -> None:
    stalled = f"send(stream[:{SNAPSHOT + 200}])\nos.kill(os.getppid(), 15)\ntime.sleep(600)"
    trial.fake.rescal(stalled, three)

    with Stop.on_signals() as stop:
        record = trial.supervise(stop)

    assert (record.state, reason(record)) == (State.TIMEOUT, "stopped by SIGTERM")
    assert record.snapshots == 1


@pytest.mark.parametrize(
    ("asked", "state", "sentence"),
    [
        (False, State.TIMEOUT, "stopped by SIGTERM"),
        (True, State.CANCELLED, "cancelled on request"),
    ],
)
def test_a_signal_to_the_whole_job_is_no_failure_of_the_engine(
    trial: Trial,
    three: bytes,
    asked: bool,  # noqa: FBT001  # a case
    state: State,
    sentence: str,
) -> None:
    if asked:
        attempts.request_cancel(trial.files)
    both = "os.kill(os.getpid(), 15)" if asked else "os.kill(os.getppid(), 15)\n" * 2
    trial.fake.rescal(
        f"send(stream[:{SNAPSHOT}])\nos.kill(os.getppid(), 15)\n{both}\nos.kill(os.getpid(), 15)",
        three,
    )

    with Stop.on_signals() as stop:
        record = trial.supervise(stop)

    assert record.state is state
    assert reason(record).startswith(sentence)
    assert record.snapshots <= 1


def test_an_engine_that_somebody_else_terminates_has_failed(trial: Trial, three: bytes) -> None:
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\nos.kill(os.getpid(), 15)", three)

    record = trial.supervise()

    assert record.state is State.FAILED
    assert reason(record).startswith("rescal was killed by signal 15 (SIGTERM) after 1 of 3")


def test_a_request_to_stop_waits_for_a_slow_snapshot_only_so_long(
    trial: Trial, three: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "_GRACE_S", 0.5)
    drip = "while True: send(stream[:1]); time.sleep(0.05)"
    trial.fake.rescal(
        f"send(stream[:{SNAPSHOT + 200}])\nos.kill(os.getppid(), 15)\n{drip}", three
    )

    with Stop.on_signals() as stop:
        record = trial.supervise(stop)

    assert record.state is State.TIMEOUT
    assert record.snapshots == 1


def test_ctrl_c_cancels(trial: Trial, three: bytes) -> None:
    trial.fake.rescal("send(stream)\nos.kill(os.getppid(), 2)\ntime.sleep(600)", three)

    with Stop.on_signals() as stop:
        record = trial.supervise(stop)

    assert (record.state, reason(record)) == (State.CANCELLED, "interrupted")
    assert record.snapshots == 3


def test_a_stop_asked_for_before_ends_at_once(trial: Trial) -> None:
    trial.fake.genesis("time.sleep(600)")

    with Stop() as stop:
        stop.request(State.CANCELLED, Cause(Kind.CANCELLED))
        record = trial.supervise(stop)

    assert (record.state, reason(record)) == (State.CANCELLED, "cancelled on request")


SUPERVISOR = """
import sys
from pathlib import Path
from orchestrator.runner import simulator
from orchestrator.records.failures import reason
from orchestrator.model import Experiment, Outputs, Point, Run, Task
from orchestrator.runner.attempt import Assignment
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from orchestrator.records.paths import ExperimentDirectory
{before}
directory = ExperimentDirectory(Path(sys.argv[2]))
point = Point("00", {{"H": 4, "L": 6, "D": 5, "Time": 0.0}}, seed=17)
task = Task(Experiment(0, point), 1, Run(20.0, 10.0), Outputs())
with Stop.on_signals() as stop:
    engine = simulator.at_root(Path(sys.argv[1]))
    record = supervise(Assignment(task, engine, directory, stop))
print(record.state.value, reason(record))
"""


def _start(trial: Trial, before: str = "") -> subprocess.Popen[str]:
    """Supervise the trial's first attempt in a process of its own."""
    code = SUPERVISOR.format(before=textwrap.dedent(before))
    command = [sys.executable, "-c", code, str(trial.fake.root), str(trial.directory.root)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _kept(trial: Trial) -> int:
    return len(list(journal.read_journal(trial.files.journal)))


def test_killing_the_supervisor_ends_the_engine_and_leaves_the_journal(
    trial: Trial, three: bytes
) -> None:
    trial.fake.rescal(
        f"send(stream[:{2 * SNAPSHOT}])\nprint(os.getpid(), flush=True)\ntime.sleep(600)", three
    )
    with _start(trial) as supervisor:
        _until(lambda: _kept(trial) == 2 and trial.files.engine_log.read_text().endswith("\n"))
        pid = int(trial.files.engine_log.read_text())
        assert _lives(pid)

        supervisor.kill()
        supervisor.wait()

    _until(lambda: not _lives(pid))
    assert attempts.read_record(trial.files) is None
    found = [s.arrays["height_maps"] for s in journal.read_journal(trial.files.journal)]
    np.testing.assert_array_equal(found, _heights(0, 1))


def test_the_next_attempt_publishes_what_a_killed_one_left(trial: Trial, three: bytes) -> None:
    trial.fake.rescal(f"send(stream[:{2 * SNAPSHOT}])\ntime.sleep(600)", three)
    with _start(trial) as supervisor:
        _until(lambda: _kept(trial) == 2)
        supervisor.kill()
    trial.claim(2)
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\nsys.exit(1)", three)

    record = trial.supervise()

    assert (record.attempt, record.state, record.snapshots) == (2, State.FAILED, 1)
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1))
    told = json.loads(trial.directory.meta_data.read_text())
    assert (told["attempt"], told["attempts"]) == (1, [1, 2])
    assert (told["data"], told["snapshots"]) == ("partial", 2)


def test_an_attempt_that_comes_less_far_leaves_what_is_said_of_the_data(
    trial: Trial, three: bytes
) -> None:
    trial.fake.rescal("send(stream)", three)
    assert trial.supervise().state is State.DONE
    before = json.loads(trial.directory.meta_data.read_text())
    second = trial.claim(2)
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\nsys.exit(1)", three)

    assert trial.supervise().state is State.FAILED

    np.testing.assert_array_equal(trial.maps(), _heights(0, 1, 2))
    told = json.loads(trial.directory.meta_data.read_text())
    assert (told["attempt"], told["state"], told["data"]) == (1, "done", "complete")
    assert told == {**before, "attempts": [1, 2]}
    account = json.loads(second.account.read_text())
    assert account["engine_digest"] != told["engine_digest"]


def test_complete_data_do_not_replace_what_reaches_further(trial: Trial, three: bytes) -> None:
    trial.fake.rescal("send(stream)", three)
    assert trial.supervise().state is State.DONE
    second = trial.claim(2)
    trial.run = dataclasses.replace(trial.run, stop_t0=trial.run.every_t0)
    trial.fake.rescal(f"send(stream[:{2 * SNAPSHOT}])", three)

    record = trial.supervise()

    assert (record.state, record.snapshots) == (State.DONE, 2)
    assert reason(record) == "an earlier attempt came further, and its data stay"
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1, 2))
    assert [s.time_t0 for s in journal.read_journal(second.journal)] == [0.0, 10.0]
    assert json.loads(trial.directory.meta_data.read_text())["attempt"] == 1


def test_a_later_attempt_completes_what_is_partial(trial: Trial, three: bytes) -> None:
    trial.fake.rescal(f"send(stream[:{2 * SNAPSHOT}])\nsys.exit(1)", three)
    assert trial.supervise().state is State.FAILED
    trial.claim(2)
    trial.fake.rescal("send(stream)", three)

    record = trial.supervise()

    assert record.state is State.DONE
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1, 2))
    assert json.loads(trial.directory.meta_data.read_text())["data"] == "complete"


@pytest.mark.parametrize(
    ("number", "state", "sentence"),
    [
        (signal.SIGTERM, "timeout", "stopped by SIGTERM"),
        (signal.SIGUSR2, "timeout", "stopped by SIGUSR2"),
        (signal.SIGINT, "cancelled", "interrupted"),
    ],
)
def test_signals_end_a_supervisor_with_a_record(
    trial: Trial, three: bytes, number: signal.Signals, state: str, sentence: str
) -> None:
    trial.fake.rescal(f"send(stream[:{2 * SNAPSHOT}])\ntime.sleep(600)", three)
    with _start(trial) as supervisor:
        _until(lambda: _kept(trial) == 2)
        supervisor.send_signal(number)
        printed, complaint = supervisor.communicate(timeout=300)

    assert (printed, complaint) == (f"{state} {sentence}\n", "")
    record = attempts.read_record(trial.files)
    assert record is not None
    assert (record.state.value, record.snapshots) == (state, 2)
    np.testing.assert_array_equal(trial.maps(), _heights(0, 1))


def test_a_full_disk_fails_with_a_sentence_and_leaves_no_drafts(
    trial: Trial, three: bytes
) -> None:
    trial.fake.rescal("send(stream)", three)
    limit = """
    import atexit, resource
    atexit._clear()  # what measures these tests could not write either
    from orchestrator.records.journal import Journal
    plain = Journal.append
    def append(self, snapshot):
        if snapshot.time_t0 == 10.0:  # no file may grow any more
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        plain(self, snapshot)
    Journal.append = append
    """
    with _start(trial, limit) as supervisor:
        printed, complaint = supervisor.communicate(timeout=300)

    assert complaint == ""
    assert printed == "failed cannot write the results: File too large\n"
    assert len(list(journal.read_journal(trial.files.journal))) == 1
    left = {path.name for path in trial.directory.root.rglob("*") if path.is_file()}
    assert not [name for name in left if name.startswith(".")]
    assert "record.json" not in left


def test_progress_is_told_at_each_snapshot(trial: Trial, three: bytes) -> None:
    told = f"""
def when(count):
    while True:
        try:
            if '"snapshots": %d,' % count in open({str(trial.files.progress)!r}).read(): return
        except OSError: pass
        time.sleep(0.01)
send(stream[:{SNAPSHOT}]); when(1)
send(stream[{SNAPSHOT}:{2 * SNAPSHOT}]); when(2)
send(stream[{2 * SNAPSHOT}:]); when(3)
"""
    trial.fake.rescal(told, three)

    assert trial.supervise().state is State.DONE
    progress = attempts.read_progress(trial.files)
    assert progress is not None
    assert (progress.snapshots, progress.time_t0) == (3, 20.0)
    assert progress.wall_s > 0
    assert progress.pid is not None


def test_what_has_come_is_published_during_the_run(
    trial: Trial, three: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "_FIRST_COST_S", 0.0)
    wait = f"while not os.path.exists({str(trial.directory.array_file('ffts'))!r}): time.sleep(0.01)"
    trial.fake.rescal(f"send(stream[:{SNAPSHOT}])\n{wait}\nsys.exit(3)", three)

    record = trial.supervise()

    assert (record.exit_status, record.snapshots) == (3, 1)
    np.testing.assert_array_equal(trial.maps(), _heights(0))


def test_a_sign_of_life_is_given_between_snapshots(
    trial: Trial, three: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "_BEAT_S", 0.0)
    monkeypatch.setattr(watchdog, "_LOOK_S", 0.05)
    wait = f"""
def told(): return os.stat({str(trial.files.progress)!r}).st_mtime_ns
before, beats = told(), 0
while beats < 3:
    time.sleep(0.01)
    if told() != before: before, beats = told(), beats + 1
send(stream)
"""
    trial.fake.rescal(wait, three)

    assert trial.supervise().state is State.DONE


def test_files_instead_of_the_pipe_are_left_as_the_engine_writes_them(trial: Trial) -> None:
    late = "subprocess.Popen('sleep 0.3; echo packed > SNO00000_t0.csp.gz', shell=True)"
    trial.fake.rescal(f"print(*sys.argv[1:]); {late}")

    record = trial.supervise(make=supervise_to_files, options=("-info",))

    assert record.state is State.DONE
    assert (trial.directory.root / "SNO00000_t0.csp.gz").read_text() == "packed\n"
    said = trial.files.engine_log.read_text()
    assert said == "run.par -nv -dcsp 10_t0 -stop 20_t0 -s 17 -q -info\n"
    told = json.loads(trial.directory.meta_data.read_text())
    assert (told["state"], told["data"], told["snapshots"]) == ("done", "complete", 0)


def test_an_idle_wait_uses_no_processor(trial: Trial, three: bytes) -> None:
    trial.fake.rescal(
        f"send(stream[:{SNAPSHOT}]); time.sleep(1.5); send(stream[{SNAPSHOT}:])", three
    )
    before = time.process_time()

    record = trial.supervise()

    assert record.state is State.DONE
    assert time.process_time() - before < 0.5
    assert record.reducing_s < 0.5 < record.simulating_s


def test_a_request_that_comes_too_late_disturbs_nobody() -> None:
    with Stop() as stop:
        pass
    reading, writing = os.pipe()  # they may have the numbers of the pipe that was closed

    stop.request(State.CANCELLED, Cause(Kind.CANCELLED))

    os.close(writing)
    assert os.read(reading, 1) == b""
    os.close(reading)


def test_signal_handlers_are_put_back() -> None:
    before = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGUSR2, signal.SIGINT)]

    with Stop.on_signals() as stop:
        os.kill(os.getpid(), signal.SIGUSR2)
        assert stop.requested

    after = [signal.getsignal(n) for n in (signal.SIGTERM, signal.SIGUSR2, signal.SIGINT)]
    assert after == before


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ([0.0, 20.0, 10.0], "a snapshot at t = 10 t0 came after one at 20 t0"),
        ([0.0, 1e300], "a snapshot is at t = 1e+300 t0; expected 0 to 240"),
        ([0.0, 5000.0], "a snapshot is at t = 5000 t0; expected 0 to 240"),
        ([-50.0], "a snapshot is at t = -50 t0; expected 0 to 240"),
    ],
)
def test_times_that_cannot_be_are_not_believed(
    trial: Trial, frame: Frame, times: list[float], sentence: str
) -> None:
    stream = b"".join(frame(_states(0), time) for time in times)
    trial.fake.rescal("send(stream); time.sleep(9)", stream)

    record = trial.supervise()

    assert (record.state, reason(record)) == (State.FAILED, sentence)
    assert record.snapshots == len(times) - 1


def test_a_domain_that_was_not_asked_for_is_not_kept(trial: Trial, three: bytes) -> None:
    trial.parameters |= {"L": 7}
    trial.fake.rescal("send(stream)", three)

    record = trial.supervise()

    assert (
        reason(record) == "a snapshot has a domain of 4 x 6 x 5 cells, 4 x 7 x 5 were asked for"
    )
    assert record.snapshots == 0
    assert not trial.directory.height_maps.exists()


def test_a_journal_that_was_damaged_meanwhile_is_no_success(trial: Trial, three: bytes) -> None:
    journal = str(trial.files.journal)
    flip = (
        f"data = bytearray(open({journal!r}, 'rb').read()); data[60] ^= 1\n"
        f"open({journal!r}, 'wb').write(data)"
    )
    wait = f"while not os.path.exists({journal!r}): time.sleep(0.01)"
    trial.fake.rescal(
        f"send(stream[:{2 * SNAPSHOT}])\n{wait}\ntime.sleep(0.3)\n{flip}\nsend(stream[{2 * SNAPSHOT}:])",
        three,
    )

    record = trial.supervise()
    kept = trial.files.journal.exists()
    trial.claim(2)
    trial.fake.rescal("send(stream)")
    again = trial.supervise()

    assert (record.state, record.causes[0].kind) == (State.FAILED, Kind.DAMAGED)
    assert reason(record) == f"{journal} is damaged: 0 of 3 snapshots can be read"
    assert kept
    assert (again.state, again.snapshots) == (State.DONE, 3)
    assert len(trial.maps()) == 3
