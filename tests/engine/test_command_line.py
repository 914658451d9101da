"""The engine's two programs answer their command lines as ReSCAL-snow does."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import orchestrator
from orchestrator.engine import cache, options, parameter_file
from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, Header, header_bytes, parse_header
from tests.engine.conftest import TINY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.conftest import Bench

ENGINE = Path(orchestrator.__file__).parent / "engine"
REFERENCE = Path(__file__).parents[3] / "shared" / "reference"

TINY_DIGESTS = [
    "f6171621ebc10b8c85d405a2c900893b0ceeb99aac0ea1dd7d67d19b5e57a80b",
    "b2cbc128be0d51ce66ca23d4a7e8709fef4fc1f0bc074562d9c69b867cde3179",
    "7c7d779fbf671d51e4d3be2c872d31f66ea914d6483454dfaa75d802f6918d7d",
]

RECORDED = (
    "avalanche-dynamics",
    "avalanche-propagation",
    "centering-open",
    "centering-periodic",
    "centering-turning",
    "close-layer",
    "cone-small",
    pytest.param("no-gas", marks=pytest.mark.slow),
    "no-properties",
    "out-cones",
    "periodic-layer",
    "periodic-layer-2",
    "periodic-sinter",
    "reinjection",
    "rotation-delay-only",
    "rotation-disk-star",
    "rotation-full-open",
    "rotation-full-periodic",
    "rotation-full-unturned",
    "rotation-overlap-open",
    "rotation-overlap-periodic",
    "rotation-overlap-reinjection",
    "rotation-sync",
    pytest.param("seed-example", marks=pytest.mark.slow),
    "sintering-wave",
    "snowfall-small",
    "sync-avalanches",
    "tiny-open",
    "two-dimensional",
    "wind-real-time",
    "wind-two-disk",
    "wind-two-full",
)

SHORT = {"Lgca_speedup": 0, "Init_ncycl": 50}
"""What makes the tiny run start sooner."""


def _digests(frames: tuple[bytes, ...]) -> list[str]:
    return [hashlib.sha256(frame).hexdigest() for frame in frames]


def _times(frames: tuple[bytes, ...]) -> list[float]:
    return [parse_header(frame).time for frame in frames]


def test_the_tiny_recorded_run_is_repeated_byte_for_byte(bench: Bench) -> None:
    bench.cells("-s", "2000")

    ended = bench.streamed("-nv", "-dcsp", "1000_t0", "-stop", "2000_t0", "-s", "1", "-q")

    assert (ended.status, ended.err) == (0, "")
    assert _digests(ended.frames) == TINY_DIGESTS


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_run_is_repeated_byte_for_byte(bench: Bench, name: str) -> None:
    record = REFERENCE / f"{name}.run.json"
    if not record.is_file():
        pytest.skip(f"the recorded run {name} is not here")
    run: dict[str, Any] = json.loads(record.read_text())
    bench.write(run["par"])
    for path in (REFERENCE / "real_data").iterdir():
        shutil.copyfile(path, bench.root / path.name)
    for file, text in run.get("files", {}).items():
        (bench.root / file).write_text(text)
    bench.cells("-s", str(run["genesis_seed"]))

    ended = bench.streamed(
        *("-nv", "-dcsp", f"{run['every']}_t0", "-stop", f"{run['stop']}_t0"),
        *("-s", str(run["seed"]), "-q"),
    )

    assert (ended.status, ended.err) == (0, "")
    assert _digests(ended.frames) == run["sha256_of_each_snapshot"]


TURNING = {**SHORT, "Rot_delay": 0.7, "Rot_angle": 30, "Centering_delay": 0.9}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        TURNING,
        {**TURNING, "Rot_mode": "FULL", "Lgca_reset": "NO"},
        {"Use_lgca": "NO", "Rot_delay": 0.7, "Rot_angle": 30},
    ],
    ids=["plain", "turning", "full", "without gas"],
)
def test_a_run_that_is_asked_to_saves_its_state_and_ends(
    bench: Bench, changes: dict[str, object]
) -> None:
    """It goes on from there, again and again, to the bytes of a run that was never asked."""
    bench.parameters(changes)
    bench.cells()
    words = ("-dcsp", "2t0", "-stop", "4t0", "-s", "1")
    plain = bench.streamed(*words)
    found: list[bytes] = []
    continuing: tuple[str, ...] = ()
    statuses = []

    for _ in range(4):
        ended = bench.asked(*words, "-checkpoint", "state", *continuing)
        found.extend(ended.frames)
        statuses.append(ended.status)
        if ended.status == 0:
            break
        continuing = ("-continue", f"state.{len(found) - 1}")
    else:
        found.extend(bench.streamed(*words, *continuing).frames)

    assert plain.status == 0
    assert tuple(found) == plain.frames
    assert statuses[0] == 250


def test_a_state_that_cannot_be_saved_stops_no_run(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()
    words = ("-dcsp", "1t0", "-stop", "2t0", "-s", "1")
    plain = bench.streamed(*words)
    (bench.root / "state.2").mkdir()  # where the last state should go

    ended = bench.streamed(*words, "-checkpoint", "state", "-checkpoint_end")

    assert (ended.status, ended.frames) == (0, plain.frames)
    assert ended.err == "state.2: the state cannot be saved: Is a directory; the run goes on\n"
    assert not list(bench.root.glob(".state*"))


@pytest.mark.slow
def test_words_that_change_nothing_change_nothing(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()
    plain = bench.streamed("-dcsp", "1t0", "-stop", "2t0")
    assert (plain.status, len(plain.frames)) == (0, 3)

    for words in (
        "-dcsp 1_t0 -stop 2_t0 -csp_borders -uncompressed_csp -info",
        "stray -h 20 -dcsp 1xt0 -what -stop 0.2e1t0 -pat 4 -vel -vss -vel2 -vss2 -cv0 -lc -nv",
        "-stoptime 2t0 -dcsp 1t0 -ls 45 -cv 3x4 -al -lal -q -id 7 -perf_print -tr 9 -fr 0",
        "-stoptime 9t0 -dcsp 9t0 -dcsp 1t0 -stop 2t0",
    ):
        assert bench.streamed(*words.split()) == plain


def test_options_of_pictures_leave_the_option_behind_them() -> None:
    given = options.rescal(
        ["run.par", *["-ls", "-info", "-ch", "3", "-altionly", "-tr", "-csp_borders"]]
    )

    assert (given.info, given.altitudes_only, given.borders) == (True, True, True)


def test_a_seed_that_is_no_number_is_0() -> None:
    assert options.rescal(["run.par", "-s", "abc"]).seed == 0
    assert options.rescal(["run.par", "-s", "-7x"]).seed == -7


def test_an_interval_of_0_means_no_snapshots(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()

    ended = bench.streamed("-dcsp", "0t0", "-stop", "1t0")

    assert (ended.status, ended.frames) == (0, ())


def test_of_a_name_and_its_obsolete_one_the_later_line_counts(bench: Bench) -> None:
    bench.write({**TINY, "Tau_max": 5, "Grdvc_max": 300})
    _, values = parameter_file.read(bench.root / "run.par", {"Tau_max", "Grdvc_max"})
    assert values == {"Tau_max": 300.0}

    bench.write({"Grdvc_max": 300, **TINY, "Tau_max": 5})
    _, values = parameter_file.read(bench.root / "run.par", {"Tau_max", "Grdvc_max"})
    assert values == {"Tau_max": 5.0}


def test_a_still_world_with_a_huge_delay_between_gas_cycles_ends_at_once(bench: Bench) -> None:
    bench.parameters({**SHORT, "Lgca_delay": 1e8})
    bench.air()

    ended = bench.streamed("-dcsp", "0.5t0", "-stop", "1t0")

    assert (ended.status, _times(ended.frames)) == (0, [0.0, 1e8])


@pytest.mark.parametrize("text", ["0.4t0", ".4_t0", "+4e-1 t0", "0.4 and t0"])
def test_a_delay_is_the_number_in_front_of_its_unit(text: str) -> None:
    assert options.rescal(["run.par", "-dcsp", text, "-stop", text]).stop == 0.4


def test_a_run_goes_on_for_half_a_unit_of_time_beyond_its_end(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()

    ended = bench.streamed("-dcsp", "0.4t0", "-stop", "2t0")

    times = _times(ended.frames)
    assert len(times) == 7
    assert times[-1] >= 2.4


def test_a_snapshot_interval_in_minutes_makes_no_snapshots(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()

    ended = bench.streamed("-dcsp", "10", "-stop", "1t0")

    assert (ended.status, ended.frames) == (0, ())


def test_a_start_time_comes_from_the_file_of_parameters_or_else_from_the_cells(
    bench: Bench,
) -> None:
    bench.parameters({**SHORT, "Time": None})
    air = np.full((12, 16, 30), 3, np.uint8)
    header = header_bytes(Header("SNO", 16, 30, 12, cell_bytes=1, time=200.5))
    (bench.root / "DUN.csp").write_bytes(header + air.tobytes())
    restarted = bench.streamed("-dcsp", "50t0", "-stop", "60t0")
    bench.parameters({**SHORT, "Time": 100.0})
    renamed = bench.streamed("-dcsp", "50t0", "-stop", "60t0")

    assert [round(time) for time in _times(restarted.frames)] == [250]
    assert [round(time) for time in _times(renamed.frames)] == [100, 150]


def test_larger_cells_are_read_as_far_as_they_are_known(bench: Bench) -> None:
    bench.parameters(SHORT)
    cells = np.full((12, 16, 30, 16), 0x7F, np.uint8)
    cells[..., 0] = 3
    header = header_bytes(Header("SNO", 16, 30, 12, cell_bytes=16))
    (bench.root / "DUN.csp").write_bytes(header + cells.tobytes())

    ended = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert (ended.status, len(ended.frames[0])) == (0, 104 + 14 * 18 * 32 * 8)
    assert "DUN.csp: cells of 16 bytes, of which the first 8 are read\n" in ended.err


@pytest.mark.slow
def test_the_seed_in_the_file_beats_that_of_the_command_line_in_rescal(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()

    def run(*words: str) -> list[str]:
        ended = bench.streamed("-dcsp", "3t0", "-stop", "3t0", *words)
        assert ended.status == 0
        return _digests(ended.frames)

    seven, eight, default = run("-s", "7"), run("-g", "8"), run()
    assert default == run("-s", "273676")
    bench.parameters({**SHORT, "Seed": 7})
    assert run("-s", "8") == seven
    assert len({tuple(seven), tuple(eight), tuple(default)}) == 3


def test_the_seed_of_the_command_line_beats_that_in_the_file_in_genesis(bench: Bench) -> None:
    def made(*words: str) -> bytes:
        bench.cells(*words)
        return (bench.root / "DUN.csp").read_bytes()

    def default() -> bytes:
        assert bench.run("genesis", "-f", "run.par").status == 0
        return (bench.root / "DUN.csp").read_bytes()

    seven, eight = made("-s", "7"), made("-g", "8")
    unset = default()
    assert unset == made("-s", "68374")
    bench.parameters({"Seed": 7})
    assert default() == seven
    assert made("-s", "8") == eight
    assert len({seven, eight, unset}) == 3


def test_genesis_makes_a_domain_of_given_sizes(bench: Bench) -> None:
    ended = bench.run("genesis", "12", "20", "6", "-s", "1")

    assert ended.status == 0
    data = (bench.root / "SNO_12_20_6.csp").read_bytes()
    header = parse_header(data)
    assert (header.height, header.length, header.depth, header.time) == (12, 20, 6, 0.0)
    assert len(data) == 104 + 12 * 20 * 6 * 8


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("genesis",), 255, "usage: genesis"),
        (("genesis", "-h"), 255, "usage: genesis"),
        (("rescal",), 252, "usage: rescal"),
        (("rescal", "-h"), 252, "usage: rescal"),
        (("rescal", "-dcsp", "5t0"), 252, "usage: rescal"),
    ],
)
def test_a_program_without_a_file_says_how_to_use_it(
    bench: Bench, words: tuple[str, ...], status: int, said: str
) -> None:
    ended = bench.run(*words)

    assert ended.status == status
    assert ended.err.startswith(said)


GENESIS_FAULTS = [
    ({"Model": "VEG"}, 254, "@Model: expected one of SNO, DUN, got VEG"),
    (
        {"Boundary": "open"},
        254,
        "@Boundary: expected one of PERIODIC, OPEN, OUT, CLOSE, REINJECTION, got open",
    ),
    ({"H": ".5"}, 255, "@H: expected a whole number, got '.5'"),
    ({"H": ""}, 255, "@H: expected a whole number, got ''"),
    ({"H": 0}, 255, "@H: expected 1 or more, got 0"),
    ({"L": None}, 255, "run.par: L: expected 1 or more, got 0"),
    ({"Csp_template": "CONE(.5)"}, 255, "@Csp_template: CONE: '.5' is not a number"),
    (
        {"Csp_template": "CONE(1,2,3,4,5)"},
        254,
        "@Csp_template: CONE takes at most 4 numbers, got 5",
    ),
    ({"Csp_file": "DUN.dat"}, 255, "@Csp_file: expected a name that ends in .csp"),
    ({"Csp_file": "none/DUN.csp"}, 255, "none/DUN.csp: cannot be written: No such file"),
    (
        {"Csp_template": "INPUT_ELEVATION(none.tab)"},
        252,
        "none.tab: cannot be read: No such file",
    ),
]


@pytest.mark.parametrize(("changes", "status", "said"), GENESIS_FAULTS)
def test_genesis_refuses_with_a_sentence_and_a_status(
    bench: Bench, changes: dict[str, object], status: int, said: str
) -> None:
    bench.parameters(changes)

    ended = bench.run("genesis", "-f", "run.par")

    assert (ended.status, ended.err.count("\n")) == (status, 1), ended.err
    assert ended.err.startswith(bench.placed(said))
    assert sorted(path.name for path in bench.root.iterdir()) == bench.given


RESCAL_FAULTS = [
    ({"Model": "VEG"}, (), 254, "@Model: expected one of SNO, DUN, got VEG"),
    ({"Ava_mode": "trans"}, (), 254, "@Ava_mode: expected one of NONE, SYNC, TRANS"),
    ({"Rot_mode": "ROUND"}, (), 254, "@Rot_mode: expected one of FULL, SQUARE"),
    ({"Tau_min": "+20"}, (), 255, "@Tau_min: expected a number, got '+20'"),
    ({"Tau_min": "nan"}, (), 255, "@Tau_min: expected a number, got 'nan'"),
    ({"Use_lgca": "yes"}, (), 255, "@Use_lgca: expected YES or NO, got 'yes'"),
    ({"H": 17}, (), 255, "@H: 17 here, but 16 in DUN.csp"),
    ({"L": 31}, (), 255, "@L: 31 here, but 30 in DUN.csp"),
    ({"D": 1}, (), 255, "@D: 1 here, but 12 in DUN.csp"),
    ({"Lambda_E": -1}, (), 255, "@Lambda_E = -1.0: a rate cannot be negative"),
    (
        {"Lambda_E": -1, "Use_lgca": "NO"},
        (),
        255,
        "@Lambda_E = -1.0: a rate cannot be negative",
    ),
    ({"Lambda_D": -1}, (), 255, "@Lambda_D = -1.0: a rate cannot be negative"),
    ({"Lambda_A": -1}, (), 255, "@Lambda_A = -1.0: a rate cannot be negative"),
    ({"Coef_A": -1}, (), 255, "@Coef_A = -1.0: a rate cannot be negative"),
    (
        {"Lambda_C": -1, "Lambda_T": None, "Phys_prop_file": None},
        (),
        255,
        "@Lambda_C = -1.0: a rate cannot be negative, and that of transport is three times",
    ),
    (
        {"Lambda_C": -1, "Lambda_T": -1, "Coef_A": 0, "Phys_prop_file": None},
        (),
        255,
        "@Lambda_C = -1.0: a rate cannot be negative",
    ),
    ({"Csp_file": None}, (), 252, "run.par: Csp_file: expected the cell space to start from"),
    ({"Csp_file": "DUN.dat"}, (), 255, "@Csp_file: expected a name with .csp"),
    ({"Csp_file": "none.csp"}, (), 252, "@Csp_file: none.csp: no such file"),
    ({"Csp_file": "none.csp.gz"}, (), 252, "@Csp_file: none.csp.gz: no such file"),
    ({"Phys_prop_file": "none"}, (), 252, "none: cannot be read: No such file or directory"),
    ({"Qsat_file": "none"}, (), 252, "none: cannot be read: No such file or directory"),
    ({"Qsat_file": None}, (), 252, "run.par: Qsat_file: expected one beside Phys_prop_file"),
    ({"Phys_prop_file": "run.par"}, (), 252, "run.par:1: expected kappa=NUMBER, got 'Model"),
    (
        {"Output_directory": "a/b"},
        (),
        255,
        "Output_directory: a/b: cannot be written to: No su",
    ),
    ({"Output_directory": "run.par"}, (), 255, "Output_directory: run.par: cannot be written"),
    ({"Ava_mode": "PROPAG"}, (), 254, "@Ava_mode = PROPAG: would never end without Ava_delay;"),
    ({"Ava_mode": "PROPAG", "Ava_delay": 0}, (), 254, "@Ava_delay = 0: propagating avalanches"),
    ({"Ava_mode": "SYNC"}, (), 254, "@Ava_angle = 38.0: synchronous avalanches"),
    ({"Centering_delay": -5}, (), 254, "@Centering_delay = -5.0: a delay cannot be negative"),
    ({"Hpp_file": "gas"}, (), 254, "@Hpp_file = gas: an initial gas cannot be read"),
    ({"Mvt_file": "gas"}, (), 254, "run.par:34: Hpp_file = gas: an initial gas cannot be read"),
    ({"Rot_delay": -5}, (), 254, "@Rot_delay = -5.0: a delay cannot be negative"),
    (
        {"Rot_mode": "FULL", "Boundary": "REINJECTION"},
        (),
        254,
        "@Rot_mode = FULL: not with Boundary = REINJECTION",
    ),
    (
        {"Csp_file": None, "Bin_file": "cells.bin"},
        (),
        254,
        "@Bin_file: cells without a header are not read",
    ),
    ({"Time": 1e300}, (), 255, "@Time: expected less than 2^31 t0, got 1e+300"),
    ({"Lgca_delay": -1}, (), 255, "@Lgca_delay: expected 0 or at least 0.001 t0, got -1"),
    ({"Lgca_delay": 1e-9}, (), 255, "@Lgca_delay: expected 0 or at least 0.001 t0, got 1e-09"),
    (
        {"Ava_mode": None, "Ava_angle": 0, "Ava_h_lim": 0},
        (),
        255,
        "@Ava_h_lim: synchronous avalanches need 1 or more, got 0",
    ),
    (
        {"Lambda_C": 1e38, "Coef_B": 1e3},
        (),
        255,
        "@Lambda_C: 1e+38: the rates of Lambda_* and Coef_* are too large together",
    ),
    ({"Csp_file": 300 * "x" + ".csp"}, (), 252, "@Csp_file: xxx"),
    ({}, ("-stop", "1e39t0"), 255, "-stop 1e39t0: expected a number of t0, like 50t0"),
    ({}, ("-data_pipe", "-1"), 255, "-data_pipe -1: no such open file descriptor"),
    (
        {},
        ("-dcsphpp", "1e-9t0"),
        255,
        "-dcsphpp 1e-9t0: expected 0 or a number of t0 from 0.001",
    ),
    ({}, ("-dcsp", "t0"), 255, "-dcsp t0: expected a number of t0, like 50t0"),
    ({}, ("-dcsp", "-1t0"), 255, "-dcsp -1t0: expected 0 or a number of t0"),
    ({}, ("-stop", "soon"), 255, "-stop soon: expected a whole number"),
    ({}, ("-s", "9" * 5000), 255, f"'{60 * '9'}'...: expected at most 18 digits"),
    ({}, ("-stoptime", "5"), 255, "-stoptime 5: expected a time like 100t0"),
    ({}, ("-s",), 255, "-s: expected a value behind it"),
    ({}, ("-tr", "5"), 255, "-tr 5: there is no such picture"),
    ({}, ("-cv", "3"), 252, "-cv 3: expected a value like 10x20"),
    ({}, ("-cv", "-info"), 252, "-cv -info: expected a value like 10x20"),
    ({}, ("-cv",), 252, "-cv : expected a value like 10x20"),
    ({"Prob_link_TT": 1.5}, (), 255, "@Prob_link_TT: a probability is at most 1, got 1.5"),
    (
        {"Ava_mode": "SYNC", "Ava_angle": 0, "Ava_h_lim": 65536},
        (),
        255,
        "@Ava_h_lim: synchronous avalanches need 1 or more, got 0",
    ),
    ({}, ("-dbin", "3", "-dcsp", "5"), 255, "-dbin and -dcsp: give -dcsp in t0"),
    ({}, ("-dbin", "3", "-dcsphpp", "5"), 255, "-dbin and -dcsp: give -dcsp in t0"),
    ({}, ("-data_pipe", "99"), 255, "-data_pipe 99: no such open file descriptor"),
    ({}, ("-data_pipe", "one"), 255, "-data_pipe one: expected a whole number"),
    ({}, ("-data_pipe", "0"), 255, "-data_pipe 0: "),
]


@pytest.mark.parametrize(("changes", "words", "status", "said"), RESCAL_FAULTS)
def test_rescal_refuses_with_a_sentence_and_a_status(
    bench: Bench, changes: dict[str, object], words: tuple[str, ...], status: int, said: str
) -> None:
    bench.air()
    bench.parameters(changes)
    before = sorted(bench.root.iterdir())

    ended = bench.run("rescal", "run.par", "-dcsp", "1t0", "-stop", "1t0", *words)

    assert (ended.status, ended.err.count("\n")) == (status, 1), ended.err
    assert ended.err.startswith(bench.placed(said))
    assert [path for path in sorted(bench.root.iterdir()) if path.name != "out"] == before
    assert not list(bench.root.glob("out/ALTI*"))


WINDS = {
    "short": "2,t0\n5 0 20\n5 90\n",
    "days": "1,days\n5 0 20\n",
    "words": "1,t0\n5 north 20\n",
    "none": "0,t0\n",
    "calm": "2,t0\n0 0 20\n0 90 20\n",
}


@pytest.mark.parametrize(
    ("changes", "status", "frames", "said"),
    [
        # ReSCAL reads winds after its first snapshot, and all else before
        ({"Wind_file": "w"}, 252, 1, "w: cannot be read: No such file or directory"),
        ({"Wind_file": ""}, 252, 1, "Wind_file: expected the name of a file"),
        ({"Wind_file": "short"}, 252, 1, "short: expected 2 rows of three numbers after the"),
        ({"Wind_file": "days"}, 252, 1, "days:1: expected the number of rows and t0 or rt"),
        ({"Wind_file": "words"}, 252, 1, "words: wind 1: expected a number, got 'north'"),
        ({"Wind_file": "none"}, 252, 1, "none:1: expected one row or more, got 0"),
        ({"Wind_file": "calm"}, 252, 1, "calm: expected durations of 0 or more, and one that"),
        ({"Phys_prop_file": "none"}, 252, 0, "none:1: expected kappa=NUMBER"),
        ({"Qsat_file": None, "Wind_file": "w"}, 252, 0, "run.par: Qsat_file: expected one"),
        ({"Csp_file": "w.csp", "Wind_file": "w"}, 252, 0, "@Csp_file: w.csp: no such file"),
        ({"Ava_mode": "trans", "Wind_file": "w"}, 254, 0, "@Ava_mode: expected one of"),
        ({"Prob_link_ET": 2, "Wind_file": "w"}, 255, 0, "@Prob_link_ET: a probability"),
    ],
)
def test_a_mistake_ends_a_run_after_as_many_snapshots_as_in_the_model(
    bench: Bench, changes: dict[str, object], status: int, frames: int, said: str
) -> None:
    bench.air()
    bench.parameters(changes)
    for name, text in WINDS.items():
        (bench.root / name).write_text(text)

    ended = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert (ended.status, len(ended.frames)) == (status, frames), ended.err
    assert ended.err.startswith(bench.placed(said))
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"H 16\n", 252, "run.par:1: expected NAME = VALUE, got 'H16'"),
        (b"# x\n\nH = " + 2000 * b"1", 252, "run.par:3: longer than 1023 characters"),
        (b"H = 1\nH = 1\n", 255, "run.par:2: H stands in line 1 already"),
    ],
)
@pytest.mark.parametrize("words", [("genesis", "-f", "run.par"), ("rescal", "run.par")])
def test_both_programs_name_the_line_of_a_broken_file(
    bench: Bench, words: tuple[str, ...], data: bytes, status: int, said: str
) -> None:
    (bench.root / "run.par").write_bytes(data)

    ended = bench.run(*words)

    assert (ended.status, ended.err) == (status, f"{said}\n")


@pytest.mark.parametrize("words", [("genesis", "-f", "none.par"), ("rescal", "none.par")])
def test_both_programs_say_that_the_file_is_missing(
    bench: Bench, words: tuple[str, ...]
) -> None:
    ended = bench.run(*words)

    assert ended.status == 252
    assert ended.err == "none.par: cannot be read: No such file or directory\n"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda data: data[:50], "the header of the cell space ends after 50 of 104 bytes"),
        (lambda data: data[:-1], "truncated: 46079 of 46080 bytes of cells"),
        (lambda data: b"GIF89a" + data[6:], "not a cell space: it begins with b'GIF89a_\\n'"),
        (
            lambda data: data[:6] + b"b" + data[7:],
            "the cell space was written on a big-endian machine",
        ),
        (lambda data: data[:-8] + bytes([12]) + data[-7:], "holds a cell of state 12"),
        (lambda data: data[:72] + struct.pack("<d", np.nan) + data[80:], "its time is nan"),
        (lambda _data: b"", "not a cell space"),
    ],
)
def test_rescal_says_what_is_wrong_with_its_cells(
    bench: Bench, spoil: Callable[[bytes], bytes], said: str
) -> None:
    bench.cells()
    cells = bench.root / "DUN.csp"
    cells.write_bytes(spoil(cells.read_bytes()))

    ended = bench.run("rescal", "run.par")

    assert (ended.status, ended.err.count("\n")) == (255, 1), ended.err
    assert ended.err.startswith(f"run.par:{bench.line['Csp_file']}: DUN.csp: {said}")


@pytest.mark.parametrize(("boundary", "status"), [("PERIODIC", 255), (None, 255), ("OPEN", 0)])
def test_a_wall_inside_a_cyclic_box_is_refused_with_its_cell(
    bench: Bench, boundary: str | None, status: int
) -> None:
    bench.parameters({**SHORT, "Boundary": boundary})
    cells = np.full((12, 16, 30), Cell.EAUC, np.uint8)
    cells[:, -1] = Cell.DUM
    cells[7, 8, 9] = cells[7, 8, 10] = cells[11, 0, 0] = Cell.BORD
    cellspace.write(bench.root / "DUN.csp", Header("SNO", 16, 30, 12), cells)

    ended = bench.run("rescal", "run.par", "-stop", "1t0")

    said = (
        f"run.par:{bench.line['Csp_file']}: DUN.csp: the cell at length 9, height 8, depth 7 is "
        "a wall (state 5); with Boundary = PERIODIC there are none inside the box\n"
    )
    assert (ended.status, ended.err) == (status, said if status else "")


@pytest.mark.parametrize(
    ("negative", "equal"),
    [
        ({"Lambda_A": -1, "Ava_mode": "NONE"}, {"Ava_mode": "NONE"}),
        (
            {"Lambda_A": -1, "Ava_mode": "SYNC", "Ava_angle": 0},
            {"Ava_mode": "SYNC", "Ava_angle": 0},
        ),
        ({"Lambda_D": -1, "D": 1}, {"D": 1}),
        ({"Lambda_D": -1, "Use_lgca": "NO"}, {"Lambda_D": 0, "Use_lgca": "NO"}),
        (
            {"Coef_A": -1, "Prob_link_ET": 0, "Prob_link_TT": 0, "Lambda_G": 0},
            {"Coef_A": 0, "Prob_link_ET": 0, "Prob_link_TT": 0, "Lambda_G": 0},
        ),
        ({"Coef_A": -1, "Lambda_T": 0}, {"Coef_A": 0, "Lambda_T": 0}),
        ({"Lambda_S": -1}, {"Lambda_S": 0}),
    ],
)
def test_a_negative_rate_drops_a_transition_that_nothing_refers_to(
    bench: Bench, negative: dict[str, object], equal: dict[str, object]
) -> None:
    bench.parameters({**SHORT, "Lambda_I": 0.3, **equal})
    bench.cells()
    plain = bench.streamed("-dcsp", "2t0", "-stop", "2t0")
    bench.parameters({**SHORT, "Lambda_I": 0.3, **negative})

    ended = bench.streamed("-dcsp", "2t0", "-stop", "2t0")

    assert (ended.status, ended.err) == (0, "")
    assert ended.frames == plain.frames


@pytest.mark.parametrize(
    ("height", "boundary", "said"),
    [
        (3, "PERIODIC", ""),
        (1, "PERIODIC", ""),
        (4, "OPEN", ""),
        (3, "OPEN", "@H: the gas needs 4 cells or more, got 3\n"),
    ],
)
def test_a_low_box_needs_no_mixing_rows_where_it_is_cyclic(
    bench: Bench, height: int, boundary: str, said: str
) -> None:
    changes = {"Boundary": boundary, "H": height, "Csp_template": "LAYER(0.5)"}
    bench.parameters({**SHORT, **changes, "Tau_min": 20, "Ava_mode": "NONE"})
    bench.cells()

    ended = bench.streamed("-dcsp", "5t0", "-stop", "5t0")

    assert (ended.status, ended.err) == (255 if said else 0, bench.placed(said))
    if height == 3 and not said:  # less than two boxes high: there is no stress, and no erosion
        first, last = (np.frombuffer(f, np.uint8, offset=104)[::8] for f in ended.frames)
        np.testing.assert_array_equal(first == Cell.GR, last == Cell.GR)
        assert 0 < np.count_nonzero(first == Cell.GR) < 30 * 12


def test_all_unsupported_settings_are_named_at_once(bench: Bench) -> None:
    bench.cells()
    bench.parameters({"Ava_mode": "SYNC", "Rot_delay": -1, "Centering_delay": -2})

    ended = bench.run("rescal", "run.par")

    assert ended.status == 254
    assert [line.split(" = ")[0] for line in ended.err.splitlines()] == [
        bench.placed(f"@{name}") for name in ("Ava_angle", "Rot_delay", "Centering_delay")
    ]


def test_unknown_and_obsolete_names_only_warn(bench: Bench) -> None:
    bench.parameters(
        {**SHORT, "Tau_min": None, "Grdvc_min": 20, "Tau_mim": 3, "Csp_params": "[]"}
    )
    ended = bench.run("genesis", "-f", "run.par")
    assert ended.status == 0

    run = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert run.status == 0
    assert run.err.splitlines() == [
        bench.placed("@Tau_mim: no such parameter, ignored; did you mean Tau_min?"),
        bench.placed("@Grdvc_min is an obsolete name of Tau_min"),
    ]
    bench.parameters(SHORT)
    assert bench.streamed("-dcsp", "1t0", "-stop", "1t0").frames == run.frames


def test_rates_of_sintering_are_unknown_names_to_the_model_of_dunes(bench: Bench) -> None:
    without = {**SHORT, "Model": "DUN", "Lambda_F": None, "Lambda_S": None}
    bench.parameters(without)
    bench.cells()
    plain = bench.streamed("-dcsp", "1t0", "-stop", "1t0")
    bench.parameters({**without, "Lambda_F": "much", "Lambda_S": 5})

    ended = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert (ended.status, ended.frames) == (0, plain.frames)
    assert plain.err == ""
    assert ended.err.splitlines() == [
        bench.placed(f"@{name}: no such parameter of the model DUN, ignored")
        for name in ("Lambda_S", "Lambda_F")
    ]


def test_an_unknown_time_scale_is_told_once(bench: Bench) -> None:
    files = {"Phys_prop_file": "sealevel_snow.prop", "Qsat_file": "PDF.data"}
    own = {name: str(ENGINE / "real_data" / file) for name, file in files.items()}
    bench.parameters({**SHORT, **own, "Lambda_C": 0})
    bench.cells()

    run = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert run.status == 0
    assert run.err == (
        "run.par: Tau_min = 20: no grain would fly in nature at such a threshold; "
        "a t0 is taken to last 1e+06 s\n"
    )


def test_a_threshold_of_zero_becomes_one_only_beside_a_property_file(bench: Bench) -> None:
    def run(**changes: object) -> tuple[bytes, ...]:
        bench.parameters({"Lgca_speedup": 50, "Init_ncycl": 50, "Lambda_I": 0.3, **changes})
        ended = bench.streamed("-dcsp", "10t0", "-stop", "10t0")
        assert (ended.status, ended.err) == (0, "")
        return ended.frames

    bench.cells()
    without: dict[str, object] = {"Phys_prop_file": None, "Qsat_file": None}

    raised = run(Tau_min=0, Tau_max=9)
    absent = run(Tau_min=None, Tau_max=9)
    one = run(Tau_min=1, Tau_max=9, **without)
    zero = run(Tau_min=0, Tau_max=9, **without)

    assert raised == absent == one
    assert zero != one


def test_trivial_values_of_what_is_not_simulated_are_taken(bench: Bench) -> None:
    bench.parameters(
        {**SHORT, "Centering_delay": 0, "Rot_mode": "DISK", "Rot_delay": 0, "Ava_delay": 0}
    )
    bench.cells()

    assert bench.streamed("-dcsp", "1t0", "-stop", "1t0").status == 0


def test_sizes_may_be_left_out_and_the_cells_compressed(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()
    plain = bench.streamed("-dcsp", "1t0", "-stop", "1t0")
    subprocess.run(["gzip", "DUN.csp"], cwd=bench.root, check=True)
    bench.parameters({**SHORT, "H": None, "L": 0, "D": None, "Csp_file": "DUN.csp.gz"})

    ended = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert (ended.status, ended.err) == (0, "")
    assert ended.frames == plain.frames
    assert (bench.root / "DUN.csp.gz").exists()
    assert not (bench.root / "DUN.csp").exists()


def test_a_snapshot_too_large_for_a_frame_is_refused_before_anything_runs(
    bench: Bench,
) -> None:
    bench.parameters({"H": 300, "L": 1000, "D": 1000})
    with (bench.root / "DUN.csp").open("wb") as file:
        file.write(header_bytes(Header("SNO", 300, 1000, 1000, cell_bytes=1)))
        file.truncate(104 + 300 * 1000 * 1000)  # sparse

    ended = bench.streamed("-dcsp", "1t0", "-stop", "1t0")

    assert (ended.status, ended.frames) == (255, ())
    assert "does not fit a frame of 2147483647 bytes" in ended.err
    assert not (bench.root / "out").exists()


def test_a_reader_that_goes_away_ends_the_run_with_a_sentence(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)  # noqa: FBT003  # takes no name
    process = bench.start("rescal", "run.par", "-dcsp", "1t0", "-data_pipe", str(writing))
    os.close(writing)
    os.close(reading)

    _, said = process.communicate(timeout=300)

    assert process.returncode == 255
    assert said.endswith("cannot be written: Broken pipe\n")
    assert said.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_run_quietly(bench: Bench, number: signal.Signals) -> None:
    bench.parameters(SHORT)
    bench.cells()
    process = bench.start("rescal", "run.par", "-dcsp", "1t0")
    deadline = time.monotonic() + 60
    while not list(bench.root.glob("SNO*")) and time.monotonic() < deadline:
        time.sleep(0.01)

    process.send_signal(number)
    _, said = process.communicate(timeout=300)

    assert (process.returncode, said) == (128 + number, "")
    assert not [path for path in bench.root.rglob(".*") if path.is_file()]


def test_wall_time_ends_the_run_with_a_sentence(bench: Bench) -> None:
    bench.parameters(SHORT)
    bench.cells()

    ended = bench.run("rescal", "run.par", "-stop", "0")

    assert (ended.status, ended.err) == (255, "-stop 0: ended after 0 min of wall time\n")


def test_faults_are_found_before_the_kernels_are_loaded(bench: Bench) -> None:
    bench.parameters({"H": 17})
    bench.run("genesis", "-f", "run.par")
    bench.parameters()

    process = bench.start("rescal", "run.par", flags=("-X", "importtime"))
    _, said = process.communicate(timeout=300)

    assert process.returncode == 255
    assert bench.placed("@H: 16 here, but 17 in DUN.csp") in said
    assert "llvmlite" not in said


def test_warming_compiles_and_tells_only_how_long_it_took(bench: Bench) -> None:
    ended = bench.run("warm")

    assert (ended.status, ended.err) == (0, "")
    assert ended.out.count("\n") == 1
    assert float(ended.out.split()[0]) > 0
    assert sorted(path.name for path in bench.root.iterdir()) == bench.given


@pytest.mark.slow
def test_after_warming_no_run_compiles_anything(
    bench: Bench, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bench.run("warm").status == 0
    shared = cache.directory()
    kept = tmp_path_factory.mktemp("kernels")
    shutil.copytree(shared, kept / shared.name)  # which spares half a minute of compiling
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(kept))

    def files() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in kept.rglob("*") if path.is_file()}

    warmed = files()
    assert warmed
    assert bench.run("warm").status == 0
    for changes in (
        {},
        {"Tau_max": None, "Phys_prop_file": None, "Boundary": "REINJECTION"},
        {"Use_lgca": "NO", "Boundary": "PERIODIC"},
        {
            "Ava_mode": "SYNC",
            "Ava_angle": 0,
            "Model": "DUN",
            "Lambda_F": None,
            "Lambda_S": None,
        },
        {"Ava_mode": "PROPAG", "Ava_delay": 1, "Ava_angle": 1},
        {"Rot_mode": "FULL", "Rot_delay": 1, "Rot_angle": 40, "Boundary": "PERIODIC"},
        {"Rot_mode": "FULL", "Rot_delay": 1, "Rot_angle": 40, "Lgca_reset": "NO"},
        {"Rot_mode": "DISK", "Rot_delay": 1, "Rot_angle": 40, "Centering_delay": 1},
    ):
        bench.parameters({**SHORT, **changes})
        bench.cells()
        ended = bench.run("rescal", "run.par", "-info", "-dcsp", "2t0", "-stop", "2t0")
        assert (ended.status, ended.err) == (0, "")
    assert files() == warmed


def test_a_bug_is_told_by_the_program_itself_however_it_was_started() -> None:
    code = """
import os, sys
from orchestrator.engine import genesis, programs
genesis.main = lambda words: 1 / 0
try:
    pid = os.fork()
    if pid == 0:
        programs.run(["genesis"])
finally:  # as the process from which programs are forked ends
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pid else 7)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_an_unknown_program_is_refused(bench: Bench) -> None:
    ended = bench.run("regenesis")

    assert ended.status == 2
    assert ended.err.startswith("usage: python -m orchestrator.engine ")


def test_the_programs_are_listed_for_who_asks(bench: Bench) -> None:
    ended = bench.run("--help")

    assert (ended.status, ended.err) == (0, "")
    listed = [line.split()[0] for line in ended.out.splitlines() if line.startswith("  ")]
    assert listed == [
        *("genesis", "rescal", "check", "qsat", "compile", "warm", "speed", "serve"),
    ]
