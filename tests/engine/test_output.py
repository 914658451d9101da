"""Snapshots, maps of altitude and logs come out as ReSCAL-snow writes them."""

from __future__ import annotations

import dataclasses
import gzip
import os
import re
import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.engine.schedule import Schedule
from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, header_bytes, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from tests.engine.conftest import Bench, Ended

SHORT = {"Lgca_speedup": 0, "Init_ncycl": 50, "Lambda_I": 0.3}

LOGS = ["CELL.log", "CGV_COEF.log", "DENSITE.log", "TRANSITIONS.log", "VEL.log"]
COLUMNS = 25 + 8 + 4  # transitions, those of them that have a check, links
MAPS = ["ALTI00000_t0.log", "ALTI00001_t0.log", "ALTI00002_t0.log"]
STATES = ["GR", "GRJ", "GRV", "EAUC", "VEG", "BORD", "DUM", "IN", "OUT", "TUNNEL"]


def _prepare(bench: Bench) -> Bench:
    bench.parameters(SHORT)
    bench.cells()
    bench.given.append("DUN.csp")
    return bench


@pytest.fixture
def ready(bench: Bench) -> Bench:
    """A directory in which a short run can start; its directory for logs is yet to be made."""
    return _prepare(bench)


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, make_bench: Callable[[Path], Bench]
) -> Bench:
    """A directory in which the short run has left its files, with walls, and rows in its logs."""
    bench = _prepare(make_bench(tmp_path_factory.mktemp("finished")))
    _run(bench, "-info", "-csp_borders", "-uncompressed_csp")
    return bench


@pytest.fixture(scope="module")
def frames(
    tmp_path_factory: pytest.TempPathFactory, make_bench: Callable[[Path], Bench]
) -> tuple[bytes, ...]:
    """What the short run sends through its pipe."""
    bench = _prepare(make_bench(tmp_path_factory.mktemp("frames")))
    ended = bench.streamed("-dcsp", "5t0", "-stop", "10t0")
    assert (ended.status, len(ended.frames)) == (0, 3)
    return ended.frames


def _run(bench: Bench, *words: str) -> None:
    ended = bench.run("rescal", "run.par", "-dcsp", "5t0", "-stop", "10t0", *words)
    assert (ended.status, ended.err) == (0, "")


def _new(bench: Bench) -> list[str]:
    return sorted({path.name for path in bench.root.iterdir()} - {*bench.given, "out"})


def _logs(bench: Bench) -> list[str]:
    return sorted(path.name for path in (bench.root / "out").iterdir())


def _altitudes(cells: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count what is not air from the wall below up to the first air, as int64 [D, L]."""
    air = cells[:, ::-1, :] == Cell.EAUC
    heights: NDArray[np.int64] = np.where(air.any(1), air.argmax(1), cells.shape[1])
    return heights + 1


def test_a_frame_is_a_header_and_the_cells_with_their_walls(
    finished: Bench, frames: tuple[bytes, ...]
) -> None:
    first, *_, last = frames

    header = parse_header(last)
    assert (header.model, header.height, header.length, header.depth) == ("SNO", 16, 30, 12)
    assert header.borders
    assert last[:104] == header_bytes(header)
    wide = np.frombuffer(last, np.uint8, offset=104).reshape(14, 18, 32, 8)
    assert not wide[..., 1:4].any()
    walls = wide[..., 0] == Cell.BORD
    assert not walls[1:-1, 1:-1, 1:-1].any()
    assert walls.sum() == 14 * 18 * 32 - 12 * 16 * 30
    times = np.frombuffer(last, "<i4", offset=104).reshape(14, 18, 32, 2)[..., 1]
    assert times.min() == 0
    assert 0 < times.max() <= header.time
    assert not times[wide[..., 0] != Cell.GR].any()
    start = np.frombuffer(first, np.uint8, offset=104).reshape(14, 18, 32, 8)
    _, made, _ = cellspace.read(finished.root / "DUN.csp")
    np.testing.assert_array_equal(start[1:-1, 1:-1, 1:-1, 0], made)


def test_a_pipe_gets_neither_files_nor_maps(ready: Bench) -> None:
    ready.streamed("-dcsp", "5t0", "-stop", "10t0")

    assert _new(ready) == []
    assert _logs(ready) == LOGS


def test_standard_output_can_be_the_pipe(ready: Bench, frames: tuple[bytes, ...]) -> None:
    with (ready.root / "stream").open("wb") as stream:
        process = ready.start(
            *("rescal", "run.par", "-dcsp", "5t0", "-stop", "10t0"),
            *("-data_pipe", "1"),
            stdout=stream,
        )
        _, said = process.communicate(timeout=300)
    assert (process.returncode, said) == (0, "")

    data = (ready.root / "stream").read_bytes()

    assert data == b"".join(struct.pack("<i", len(frame)) + frame for frame in frames)


def test_maps_alone_are_written_when_asked_for(ready: Bench) -> None:
    _run(ready, "-altionly")

    assert _new(ready) == []
    assert _logs(ready) == sorted(MAPS + LOGS)


def test_a_pipe_gets_nothing_when_only_maps_are_asked_for(ready: Bench) -> None:
    ended = ready.streamed("-dcsp", "5t0", "-stop", "10t0", "-altionly")

    assert (ended.status, ended.frames) == (0, ())


def test_snapshots_are_compressed_files_in_the_working_directory(
    ready: Bench, frames: tuple[bytes, ...]
) -> None:
    _run(ready)

    assert _new(ready) == [f"SNO0000{number}_t0.csp.gz" for number in range(3)]
    assert _logs(ready) == sorted(MAPS + LOGS)
    for number, frame in enumerate(frames):
        data = gzip.decompress((ready.root / f"SNO0000{number}_t0.csp.gz").read_bytes())
        header = parse_header(data)
        assert not header.borders
        assert header.time == parse_header(frame).time
        wide = np.frombuffer(frame, np.uint64, offset=104).reshape(14, 18, 32)
        assert data == header_bytes(header) + wide[1:-1, 1:-1, 1:-1].tobytes()


def test_snapshots_with_walls_are_the_frames_of_the_pipe(
    finished: Bench, frames: tuple[bytes, ...]
) -> None:
    assert _new(finished) == [f"SNO0000{number}_t0.csp" for number in range(3)]
    for number, frame in enumerate(frames):
        assert (finished.root / f"SNO0000{number}_t0.csp").read_bytes() == frame


def test_maps_count_the_solid_cells_of_each_column(finished: Bench) -> None:
    for number in range(3):
        _, cells, _ = cellspace.read(finished.root / f"SNO0000{number}_t0.csp")
        lines = (finished.root / "out" / f"ALTI0000{number}_t0.log").read_text().split("\n")
        assert lines.pop() == ""
        assert all(line.endswith(" ") for line in lines)
        np.testing.assert_array_equal(
            [line.split() for line in lines], _altitudes(cells).astype(str)
        )


def test_a_map_starts_the_same_thickness_again(ready: Bench) -> None:
    ready.parameters({**SHORT, "Lambda_I": 0.003})
    _run(ready, "-uncompressed_csp")
    _, cells, _ = cellspace.read(ready.root / "SNO00002_t0.csp")
    ready.parameters(
        {
            "Csp_template": "INPUT_ELEVATION(out/ALTI00002_t0.log, 1)",
            "Csp_file": "again.csp",
        }
    )

    ready.cells()

    _, again, _ = cellspace.read(ready.root / "again.csp")
    np.testing.assert_array_equal(_altitudes(again), _altitudes(cells))


def test_a_snapshot_can_be_started_from_with_walls_or_without(
    ready: Bench, frames: tuple[bytes, ...]
) -> None:
    (ready.root / "walled.csp").write_bytes(frames[1])
    header, states, times = cellspace.read(ready.root / "walled.csp")
    plain = np.stack([states.astype(np.int32), times], axis=-1).tobytes()
    bare = header_bytes(dataclasses.replace(header, borders=False)) + plain
    (ready.root / "plain.csp.gz").write_bytes(gzip.compress(bare))

    def continued(name: str) -> Ended:
        ready.parameters({**SHORT, "Time": None, "Csp_file": name})
        return ready.streamed("-dcsp", "5t0", "-stop", "5t0")

    walled = continued("walled.csp")

    assert walled.status == 0
    assert walled == continued("plain.csp.gz")
    assert parse_header(walled.frames[0]).time == parse_header(frames[1]).time
    assert walled.frames[0] == frames[1]


def test_the_model_of_dunes_names_its_files(ready: Bench) -> None:
    ready.parameters({**SHORT, "Model": "DUN", "Lambda_F": None, "Lambda_S": None})
    ready.cells()

    _run(ready)

    assert _new(ready) == [f"DUN0000{number}_t0.csp.gz" for number in range(3)]
    data = gzip.decompress((ready.root / "DUN00001_t0.csp.gz").read_bytes())
    assert parse_header(data).model == "DUN"


def test_without_a_model_cells_of_another_one_are_run_as_snow(ready: Bench) -> None:
    _run(ready, "-uncompressed_csp")
    snow = (ready.root / "SNO00002_t0.csp").read_bytes()
    cells = ready.root / "DUN.csp"
    cells.write_bytes(cells.read_bytes().replace(b"SNO", b"DUN", 1))
    ready.parameters({**SHORT, "Model": None})

    ended = ready.run(
        *("rescal", "run.par", "-dcsp", "5t0", "-stop", "10t0", "-uncompressed_csp")
    )

    assert ended.status == 0
    assert ended.err == "DUN.csp: a cell space of the model DUN, not SNO\n"
    assert (ready.root / "SNO00002_t0.csp").read_bytes() == snow
    assert not list(ready.root.glob("DUN0*"))


def test_an_older_compressed_file_is_left_as_it_is(ready: Bench) -> None:
    older = ready.root / "SNO00001_t0.csp.gz"
    older.write_bytes(b"older")

    _run(ready)

    assert older.read_bytes() == b"older"
    assert _new(ready) == [
        *("SNO00000_t0.csp.gz", "SNO00001_t0.csp", "SNO00001_t0.csp.gz", "SNO00002_t0.csp.gz")
    ]


def test_pictures_take_numbers_although_none_is_drawn(ready: Bench) -> None:
    ended = ready.run("rescal", "run.par", "-dcsp", "4t0", "-dpng", "2t0", "-stop", "8t0")

    assert ended.status == 0
    assert _new(ready) == [f"SNO0000{number}_t0.csp.gz" for number in (0, 2, 4)]


@pytest.mark.parametrize(
    ("every", "every_picture", "start", "times", "numbers"),
    [
        (20.0, None, 0.0, [0.0, 20.1, 40.2], [0, 1, 2]),
        (20.0, 10.0, 0.0, [0.0, 20.1, 40.2], [0, 2, 4]),
        (10.0, 20.0, 0.0, [0.0, 10.1, 20.1, 30.1], [0, 1, 2, 3]),
        (10.0, 10.0, 0.0, [0.0, 10.1], [0, 1]),
        (50.0, 25.0, 60.0, [100.1, 150.1], [1, 3]),
    ],
)
def test_snapshots_and_pictures_share_their_numbers(
    every: float,
    every_picture: float | None,
    start: float,
    times: list[float],
    numbers: list[int],
) -> None:
    shared = Schedule.starting(start, every=every, every_picture=every_picture)
    moments = (start + time for time in range(100))

    taken = [
        (time, shared.number) for time in moments if time >= shared.due and shared.take(time)
    ]

    assert taken[: len(times)] == list(zip(map(round, times), numbers, strict=True))


def test_a_step_beyond_both_is_a_picture_and_its_snapshot_comes_in_the_next_turn(
    bench: Bench,
) -> None:
    bench.parameters(
        {**SHORT, "Csp_template": "LAYER(0)", "Ava_mode": "NONE", "Lgca_delay": 25}
    )
    bench.cells()

    ended = bench.streamed("-dpng", "10t0", "-dcsp", "20t0", "-stop", "60t0")
    files = bench.run("rescal", "run.par", "-dpng", "10t0", "-dcsp", "20t0", "-stop", "60t0")

    assert [parse_header(frame).time for frame in ended.frames] == [0.0, 50.0]
    assert files.status == 0
    assert {path.name for path in bench.root.glob("SNO*")} == {
        *("SNO00000_t0.csp.gz", "SNO00002_t0.csp.gz")
    }


def test_numbers_begin_again_after_a_hundred_thousand() -> None:
    schedule = Schedule.starting(0.0, every=1.0, every_picture=None)

    numbers = [schedule.number for time in range(100_002) if schedule.take(float(time))]

    assert numbers == [*range(100_000), 0, 1]


def test_a_file_that_cannot_be_written_leaves_no_draft(ready: Bench) -> None:
    (ready.root / "SNO00001_t0.csp").mkdir()

    ended = ready.run("rescal", "run.par", "-uncompressed_csp", "-dcsp", "5t0")

    assert (ended.status, ended.err.count("\n")) == (255, 1)
    assert "SNO00001_t0.csp" in ended.err
    assert "cannot be written: Is a directory" in ended.err
    assert _new(ready) == ["SNO00000_t0.csp", "SNO00001_t0.csp"]


def test_a_full_disk_ends_the_run_with_a_sentence(ready: Bench) -> None:
    with open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123  # a device
        os.set_inheritable(full.fileno(), True)  # noqa: FBT003  # takes no name
        process = ready.start(
            "rescal", "run.par", "-dcsp", "5t0", "-data_pipe", str(full.fileno())
        )
    _, said = process.communicate(timeout=300)

    assert process.returncode == 255
    assert said.endswith("cannot be written: No space left on device\n")
    assert said.count("\n") == 1


def test_a_directory_for_logs_may_be_there_already(ready: Bench) -> None:
    ready.parameters({**SHORT, "Output_directory": "logs/"})
    (ready.root / "logs").mkdir()
    _run(ready)

    assert sorted(path.name for path in (ready.root / "logs").iterdir()) == sorted(MAPS + LOGS)


def test_logs_without_rows_are_their_headers(ready: Bench) -> None:
    ready.streamed("-stop", "1t0")

    texts = {name: (ready.root / "out" / name).read_text() for name in LOGS}
    assert texts["CELL.log"] == "\n# CELL STATES\n"
    assert texts["CGV_COEF.log"] == "        cgv_coef"
    assert texts["TRANSITIONS.log"] == "\n# NUMBER OF OCCURRENCES\n\n    "
    assert texts["DENSITE.log"] == "\tmvt cells \tfluid nodes \tdensity \ttrapped cells\n"
    assert texts["VEL.log"] == "      \t maxvel \t meanvel\n"


def _rows(path: Path, skip: int = 0) -> list[list[str]]:
    return [line.split() for line in path.read_text().splitlines()[skip:] if line.strip()]


def test_rows_tell_the_state_at_each_snapshot(finished: Bench) -> None:
    out = finished.root / "out"
    assert {*LOGS, "TIME.log", "PROB_CGV.log"} <= {*_logs(finished)}
    states, *counts = _rows(out / "CELL.log", skip=14)
    assert states == STATES
    times = _rows(out / "TIME.log", skip=1)
    assert len(counts) == len(times) == 3
    for number in range(3):
        data = (finished.root / f"SNO0000{number}_t0.csp").read_bytes()
        held = np.frombuffer(data, np.uint8, offset=104)[::8]
        assert counts[number][0] == f"{number:04d}:"
        assert [int(n) for n in counts[number][1:]] == np.bincount(held, minlength=10).tolist()
        assert float(times[number][2]) == parse_header(data).time
    assert [row[0] for row in _rows(out / "CGV_COEF.log", skip=1)] == [
        "0000:",
        "0001:",
        "0002:",
    ]


def test_the_probabilities_of_erosion_are_listed(finished: Bench) -> None:
    rows = np.array(_rows(finished.root / "out" / "PROB_CGV.log"), float)

    np.testing.assert_array_equal(rows[:, 0], np.arange(2500))
    expected = np.clip((rows[:, 0] - 20) / 880, 0, 1)
    np.testing.assert_allclose(rows[:, 1], expected, atol=1e-6)


def test_every_kind_of_transition_has_a_column_that_is_zero_at_the_start(
    finished: Bench,
) -> None:
    text = (finished.root / "out" / "TRANSITIONS.log").read_text()

    assert text.removeprefix("\n# NUMBER OF OCCURRENCES\n\n    ") == (
        "\n0001:" + "          0" * COLUMNS
    )


@pytest.mark.parametrize("tau_max", [900, None])
def test_rows_change_the_run_only_where_they_settle_tau_max(
    ready: Bench, tau_max: int | None
) -> None:
    ready.parameters({**SHORT, "Tau_max": tau_max})

    plain = ready.streamed("-dcsp", "5t0", "-stop", "10t0")
    logged = ready.streamed("-dcsp", "5t0", "-stop", "10t0", "-info")

    assert len(plain.frames) == len(logged.frames) == 3
    assert (logged == plain) == (tau_max is not None)
    shares = np.array(_rows(ready.root / "out" / "PROB_CGV.log"), float)[:, 1]
    largest = tau_max or 20 + 1 / (shares[21] - shares[20])
    expected = np.clip((np.arange(2500) - 20) / (largest - 20), 0, 1)
    np.testing.assert_allclose(shares, expected, atol=1e-4)


def test_each_sweep_of_avalanches_has_a_line_also_after_a_run_was_continued(
    ready: Bench,
) -> None:
    sweeping = {"Ava_mode": "SYNC", "Ava_angle": 0, "Ava_delay": 1, "Ava_h_lim": 65538}
    ready.parameters({**SHORT, **sweeping, "Ava_nb_cel": 1})
    log = ready.root / "out" / "AVA.log"
    ready.streamed("-dcsp", "9t0", "-stop", "6t0")
    whole = log.read_text("ascii")
    log.unlink()

    ready.streamed("-dcsp", "9t0", "-stop", "2t0", "-checkpoint", "state", "-checkpoint_end")
    before = log.read_text("ascii")
    ready.streamed("-dcsp", "9t0", "-stop", "6t0", "-continue", "state.0")

    line = r"avalanches : \d+   passes : [1-9]\d*   csp_time : \d+\.\d{6}   h_lim : 2"
    assert all(re.fullmatch(line, text) for text in whole.splitlines())
    assert "   csp_time : 0.000000   " in whole.splitlines()[0]
    assert len(before.splitlines()) < len(whole.splitlines()) > 6
    assert log.read_text("ascii") == whole
