"""``run.engine``: a simulator of the user's own, from its table of parameters to its frames in the job."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator import open_sweep
from orchestrator.errors import StreamError
from orchestrator.formats.parameters import Kind as ParameterKind
from orchestrator.formats.parameters import Parameter
from orchestrator.model import Kind, State
from orchestrator.model.simulators import Frame, OwnEngine, Simulator
from orchestrator.records import attempts, failures
from orchestrator.runner.decoder import CutError
from orchestrator.runner.own_decoder import OwnDecoder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.model import Record
    from orchestrator.model.simulators import Decode, Read
    from tests.conftest import Bench

MODULE = """
import struct, sys, time
import numpy as np
from orchestrator import Frame, Kind, Parameter, Simulator

def frames(read):
    while head := read(8):
        (now,) = struct.unpack("<d", head)
        if now == 20 and FAULT == "decoder":
            raise ValueError("no such time")
        heights = np.frombuffer(read(4 * 12), "<i4").reshape(3, 4)
        if now == 20:
            yield from FRAMES.get(FAULT, lambda t, h: [Frame(t, heights=h)])(now, heights)
            if FAULT == "early":
                return
        else:
            yield Frame(now, heights)

FAULT = "{fault}"
FRAMES = {{
    "columns": lambda t, h: [Frame(t, h.T)],
    "floats": lambda t, h: [Frame(t, h / 3)],
    "deep": lambda t, h: [Frame(t, h - 100)],
    "nothing": lambda t, h: [Frame(t)],
    "numbers": lambda t, h: [7],
    "endless": lambda t, h: [Frame(float("nan"), h)],
    "past": lambda t, h: [Frame(5.0, h)],
    "planes": lambda t, h: [Frame(t, cells=np.where(np.arange(9, -1, -1)[:, None] < h[:, None], 0, 3))],
}}

engine = Simulator(
    name="toy",
    version="2.1",
    command=({command}, "{{pipe}}", "{{every}}", "{{stop}}", "{{seed}}", "{{rate}}", "{{wet}}", "{{parfile}}"),
    parameters=(
        Parameter("L", Kind.INTEGER, None, "length", "cells", low=1, high=100),
        Parameter("D", Kind.INTEGER, 3, "depth", "cells", low=1, high=100),
        Parameter("rate", Kind.DOUBLE, 1.0, "growth", "cells/t", low=0, high=8),
        Parameter("wet", Kind.BOOLEAN, False, "whether it is wet"),
        Parameter("kind", Kind.TEXT, "round", "of grains", choices=("round", "flat")),
    ),
    decode=frames,
)

if __name__ == "__main__":
    pipe, every, stop, seed, rate, wet, parfile = sys.argv[1:]
    print("toy", wet, seed)
    with open(int(pipe), "wb") as out:
        for n in range(int(float(stop) / float(every)) + 1):
            if FAULT == "waits" and n == 2:
                time.sleep(600)
            if FAULT == "exit" and n == 2:
                out.flush()
                sys.exit("out of sand")
            heights = np.arange(12, dtype="<i4") + int(n * float(rate))
            frame = struct.pack("<d", n * float(every)) + heights.tobytes()
            out.write(frame[:20] if FAULT == "cut" and n == 2 else frame)
            out.flush()
            if FAULT == "cut" and n == 2:
                break
"""
SWEEP = """name: winds
parameters: {{L: 4{more}}}
sweep:
  grid:
    rate: [0, 2]
run: {{engine: "toys:engine", stop: 30, every: 10}}
"""


def write(bench: Bench, fault: str = "", more: str = "", command: str = "") -> None:
    """Write a simulator and its sweep; the rates stand in line 5, the engine in line 6."""
    words = command or '"{python}", "{module}"'
    (bench.place / "toys.py").write_text(MODULE.format(fault=fault, command=words))
    (bench.place / "winds.yaml").write_text(SWEEP.format(more=more))


def submit(bench: Bench, *words: str) -> None:
    done = bench.run("submit", "winds.yaml", "--wait", *words)
    assert done.returncode == 0, done.stdout + done.stderr


def record_of(bench: Bench, number: int = 1) -> Record:
    record = attempts.read_record(bench.sweep.experiment(number).attempt(1))
    assert record is not None
    return record


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def maps(bench: Bench, number: int) -> np.ndarray:
    with np.load(bench.sweep.experiment(number).height_maps) as file:
        return np.asarray(file["height_maps"])


def test_its_frames_are_reduced_as_those_of_any_engine(bench: Bench) -> None:
    write(bench)

    submit(bench)

    first = np.arange(12).reshape(3, 4) + 1  # the ground is a cell
    assert maps(bench, 0).tolist() == [first.tolist()] * 4
    assert maps(bench, 1).tolist() == [(first + 2 * n).tolist() for n in range(4)]
    with np.load(bench.sweep.experiment(1).array_file("cell_counts")) as file:
        grains = [66 + 12 * 2 * n for n in range(4)]
        assert file["cell_counts"].tolist() == [[n, 0, 0] for n in grains]
        assert file["times"].tolist() == [0.0, 10.0, 20.0, 30.0]
    with open_sweep(bench.sweep.root) as dataset:
        means = dataset["mean_height"].squeeze("seed").sel(rate=2.0)
        assert means.values.tolist() == [6.5, 8.5, 10.5, 12.5]
        assert dataset["rate"].attrs == {"long_name": "growth", "units": "cells/t"}


def test_cells_are_kept_as_they_are(bench: Bench) -> None:
    write(bench, "planes", more=", wet: true")

    submit(bench)

    assert maps(bench, 0)[2].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 0, 0]]
    assert "toy YES 1" in bench.sweep.experiment(0).attempt(1).engine_log.read_text()


def test_what_it_reads_and_what_made_it_is_written_down(bench: Bench) -> None:
    write(bench, more=", kind: flat")

    submit(bench)

    place = bench.sweep.experiment(1)
    known = json.loads(place.meta_data.read_text())
    (copy,) = bench.sweep.inputs.iterdir()
    assert re.fullmatch(r"toys-[0-9a-f]{12}\.py", copy.name)
    settled = {"L": 4, "D": 3, "rate": 2.0, "wet": False, "kind": "flat"}
    assert known["parameters"] == {**settled, "engine": f"{copy.name}:engine"}
    assert (known["engine"], known["engine_version"]) == ("toy", "2.1")
    assert len(known["engine_digest"]) == 64
    assert known["commands"]["toy"][1] == str(copy)
    assert place.parfile.read_text() == "L = 4\nD = 3\nrate = 2.0\nwet = NO\nkind = flat\n"
    assert record_of(bench).engine == "toy 2.1"


def test_another_source_makes_other_experiments(bench: Bench) -> None:
    write(bench)
    submit(bench)
    before = json.loads(bench.run("plan", "winds.yaml", "--json").stdout)
    with (bench.place / "toys.py").open("a") as file:
        file.write("# edited\n")

    after = json.loads(bench.run("plan", "winds.yaml", "--json").stdout)

    assert [e["plan"] for e in before["experiments"]] == ["kept", "kept"]
    assert (after["new"], after["orphaned"]) == (2, [0, 1])
    difference = bench.run("diff", "winds", "winds.yaml").stdout
    assert "experiments: 0 in both, 2 only in winds, 2 only in winds.yaml" in difference


def test_a_job_runs_the_copy_even_where_the_file_is_gone(bench: Bench) -> None:
    write(bench)
    submit(bench)
    (bench.place / "toys.py").unlink()

    again = bench.run("resubmit", "winds", "0", "--wait", "--yes")
    verified = bench.run("verify", "winds", "1")

    assert again.returncode == 0, again.stderr
    assert "exp1: 4 of 4 snapshots equal" in verified.stdout
    assert bench.run("diff", "winds", "winds").returncode == 0


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (
            "decoder",
            "snapshot 3: the decoder of toy failed: ValueError: no such time (toys.py, line 10)",
        ),
        ("columns", "snapshot 3: it has 4 x 3 columns; D x L are 3 x 4"),
        (
            "floats",
            "snapshot 3: its heights are float64; expected an array of whole numbers [D, L]",
        ),
        ("deep", "snapshot 3: its heights go from -96 to -85; expected 0 to 32766"),
        ("nothing", "snapshot 3: expected heights or cells, and not both"),
        ("numbers", "snapshot 3: the decoder of toy yields int; expected orchestrator.Frame"),
        ("endless", "snapshot 3: its time is nan"),
        ("past", "a snapshot at t = 5 t0 came after one at 10 t0"),
        ("early", "the decoder of toy ends after 3 snapshots, but the stream goes on"),
    ],
)
def test_what_is_wrong_with_a_frame_is_a_sentence_and_the_rest_is_kept(
    bench: Bench, fault: str, sentence: str
) -> None:
    write(bench, fault)

    done = bench.run("submit", "winds.yaml", "--wait")

    record = record_of(bench)
    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert (record.state, record.causes[0].kind) == (State.FAILED, Kind.BAD_STREAM)
    assert failures.reason(record) == sentence
    assert len(maps(bench, 1)) == (3 if fault == "early" else 2)


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (
            "exit",
            Kind.EXITED,
            'toy exited with status 1 after 2 of 4 snapshots, at t = 10 t0; last output: "out of sand"',
        ),
        (
            "cut",
            Kind.EXITED,
            (
                "toy exited with status 0 after 2 of 4 snapshots, at t = 10 t0; the stream ends "
                'inside snapshot 3 (its decoder asked for 48 bytes, 12 came); last output: "toy NO 1"'
            ),
        ),
    ],
)
def test_how_it_ended_is_told_by_its_name(
    bench: Bench, fault: str, kind: Kind, sentence: str
) -> None:
    write(bench, fault)

    bench.run("submit", "winds.yaml", "--wait")

    record = record_of(bench)
    assert (record.state, record.causes[0].kind) == (State.FAILED, kind)
    assert failures.reason(record) == sentence
    assert len(maps(bench, 1)) == 2


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("rate: [", "rat: [", "5:5: sweep.grid.rat"),
        ("[0, 2]", "[0, 9]", "5:15: sweep.grid.rate"),
        ("L: 4", "L: 4.5", "2:17: parameters.L"),
        (
            "L: 4",
            "L: 4, kind: square",
            "2:26: parameters.kind",
        ),
        ("L: 4", "wet: maybe, L: 4", "2:19: parameters.wet"),
        ("L: 4", "wet: true", "1:1: parameters.L"),
        ("L: 4", "L: 4, Tau_min: 3", "2:20: parameters.Tau_min"),
        (
            "toys:engine",
            "toys:engin",
            "6:7: run.engine: toys:engin",
        ),
        (
            "toys:engine",
            "toys:frames",
            "6:7: run.engine: toys:frames: frames",
        ),
        (
            "toys:engine",
            "toy:engine",
            ("6:7: run.engine: toy:engine"),
        ),
        (
            "toys:engine",
            "clash:engine",
            ("6:7: run.engine: clash:engine: parameters: roughness"),
        ),
        (
            "toys:engine",
            "toys.py:engine",
            "6:7: run.engine: toys.py:engine",
        ),
        (
            "every: 10",
            "every: 10, on_timeout: continue",
            "6:51: run.on_timeout",
        ),
    ],
)
def test_plan_checks_the_file_by_its_table(
    bench: Bench, old: str, new: str, place: str, check_sentences: Callable[..., None]
) -> None:
    write(bench)
    described = (bench.place / "toys.py").read_text()
    (bench.place / "clash.py").write_text(
        described.replace('"kind", Kind', '"roughness", Kind')
    )
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text().replace(old, new, 1))

    planned = bench.run("plan", "winds.yaml")

    assert (planned.returncode, planned.stdout) == (2, "")
    check_sentences(planned.stderr.splitlines(), f"winds.yaml:{place}")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"{pipe}", ', ""),
        ('"{rate}"', '"{rat}"'),
        ('Parameter("L"', 'Parameter("length"'),
        ("Kind.DOUBLE, 1.0", "Kind.DOUBLE, -1.0"),
        ('Parameter("wet"', 'Parameter("seed"'),
        ('"wet", Kind', '"rate", Kind'),
        ('"{seed}"', '"{seed"'),
        ('command=("{python}", "{module}", ', 'command="{pipe}" or ('),
        ("Kind.DOUBLE", "float"),
        ('("round", "flat")', '"round"'),
        ("low=0, high=8", "low=8, high=0"),
        ('"cells/t"', "8"),
        ('"2.1"', "2.1"),
        ("decode=frames", "decode=frames(None)"),
    ],
)
def test_a_description_that_contradicts_itself_is_refused(
    bench: Bench, old: str, new: str, check_sentences: Callable[..., None]
) -> None:
    write(bench)
    path = bench.place / "toys.py"
    path.write_text(path.read_text().replace(old, new, 1))

    planned = bench.run("validate", "winds.yaml")

    assert planned.returncode == 2
    place = "winds.yaml:6:7: run.engine: toys:engine: cannot be imported"
    check_sentences(planned.stderr.splitlines(), place)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("sandbox9", "its command sandbox9: no such program"),
        (
            "./toy",
            (
                "its command ./toy: expected an absolute path, a name on the PATH, or {python} and "
                "{module}"
            ),
        ),
    ],
)
def test_a_command_that_is_missing_is_found_before_anything_is_submitted(
    bench: Bench, command: str, sentence: str
) -> None:
    write(bench, command=f'"{command}"')

    done = bench.run("submit", "winds.yaml")

    assert done.returncode == 2
    assert done.stderr == f"winds.yaml:6:7: run.engine: toys:engine: {sentence}\n"
    assert not bench.sweep.root.exists()


def test_a_command_that_is_gone_in_the_job_is_a_sentence(bench: Bench) -> None:
    program = bench.place / "toy"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    write(bench, command=f'"{program}"')
    submitted = bench.run("submit", "winds.yaml", "--wait")
    assert submitted.returncode == 1  # it sends nothing
    program.unlink()

    again = bench.run("resubmit", "winds", "0", "--wait", "--yes")

    record = attempts.read_record(bench.sweep.experiment(0).attempt(2))
    assert again.returncode == 1
    assert record is not None
    assert failures.reason(record) == f"cannot start {program}: No such file or directory"


def test_one_that_is_cancelled_keeps_what_it_sent(bench: Bench) -> None:
    write(bench, "waits")
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text().replace("rate: [0, 2]", "rate: [2]"))
    submitted = bench.run("submit", "winds.yaml")
    assert submitted.returncode == 0, submitted.stderr
    first = bench.sweep.experiment(0).attempt(1)
    until(lambda: (now := attempts.read_progress(first)) is not None and now.snapshots == 2)

    cancelled = bench.run("cancel", "winds")
    until(lambda: attempts.read_record(first) is not None)

    assert "1 asked to stop" in cancelled.stdout
    assert record_of(bench, 0).state is State.CANCELLED
    assert record_of(bench, 0).snapshots == len(maps(bench, 0)) == 2


def test_conditions_on_results_end_it(bench: Bench) -> None:
    write(bench)
    path = bench.place / "winds.yaml"
    path.write_text(
        path.read_text().replace("every: 10", "every: 10, stop_when: mean_height > 7")
    )

    submit(bench)

    assert record_of(bench, 0).state is State.DONE
    assert record_of(bench, 1).state is State.STOPPED
    assert len(maps(bench, 1)) == 2


def test_run_makes_one_in_the_foreground(bench: Bench) -> None:
    write(bench)

    done = bench.run("run", "winds.yaml", "1")

    assert done.returncode == 0, done.stderr
    assert record_of(bench, 1).engine == "toy 2.1"


def test_one_that_is_installed_is_known_by_its_source(bench: Bench) -> None:
    write(bench)
    package = bench.place / "package"
    package.mkdir()
    source = package / "toys.py"
    (bench.place / "toys.py").rename(source)
    info = package / "toys-3.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 3.4\n")
    (info / "top_level.txt").write_text("toys\n")
    (info / "entry_points.txt").write_text("[rescal_sweep.engines]\ntoy = toys:engine\n")
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text().replace('"toys:engine"', "toy"))
    bench = type(bench)(bench.place, bench.root, variables={"PYTHONPATH": str(package)})

    submit(bench)

    known = json.loads(bench.sweep.experiment(0).meta_data.read_text())
    reference = known["parameters"]["engine"]
    assert re.fullmatch(r"toys:engine 3\.4 [0-9a-f]{12}", reference)
    source.write_text(source.read_text() + "# edited\n")
    again = bench.run("resubmit", "winds", "0", "--wait", "--yes")
    record = attempts.read_record(bench.sweep.experiment(0).attempt(2))
    assert again.returncode == 1
    assert record is not None
    changed = f"{source} has changed since it was submitted; submit again"
    assert failures.reason(record) == f"cannot start {reference}: {changed}"


def test_the_pace_of_one_is_learnt_from_itself_alone(bench: Bench) -> None:
    write(bench)
    before = bench.run("plan", "winds.yaml").stdout

    submit(bench)

    path = bench.place / "winds.yaml"
    path.write_text(path.read_text().replace("[0, 2]", "[0, 2, 3]"))
    after = bench.run("plan", "winds.yaml").stdout
    assert "time: not known of this simulator until one has finished" in before
    assert "learnt from 2 finished" in after


def test_own_reductions_take_its_frames(bench: Bench) -> None:
    write(bench)
    module = """
from orchestrator import reduction

@reduction(units="cells", planes=True)
def air(count, states, first):
    count += (states == 3).sum()
"""
    (bench.place / "profiles.py").write_text(module)
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text() + "outputs: {own: {air: 'profiles:air'}}\n")

    submit(bench)

    with np.load(bench.sweep.experiment(0).array_file("air")) as file:
        assert file["air"].tolist() == [12.0 * 12 - 66] * 4  # 13 rows, one of them ground


def test_help_of_a_sweep_needs_no_simulator(tmp_path: Path) -> None:
    code = "import orchestrator.cli, sys; assert 'orchestrator.model.own_engines' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def decoder_of(decode: Decode, sent: bytes) -> OwnDecoder:
    """Return a decoder of a stream of domains of 2 x 3 columns."""
    sides = tuple(Parameter(name, ParameterKind.INTEGER, None, "side") for name in "LD")
    toy = Simulator("toy", "1", ("toy", "{pipe}"), sides, decode)
    engine = OwnEngine("toys.py:engine", toy, Path("toys.py"), "")
    return OwnDecoder(engine, io.BytesIO(sent).readinto, {"L": 3, "D": 2})


def test_a_decoder_that_swallows_the_end_of_a_stream_cannot_hide_it() -> None:
    def swallowing(read: Read) -> Iterator[Frame]:
        with contextlib.suppress(Exception):
            read(8)
        yield Frame(0.0, np.zeros((2, 3), int))

    with pytest.raises(CutError, match="asked for 8 bytes, 5 came"):
        decoder_of(swallowing, bytes(5)).header()


def test_planes_of_a_frame_have_a_ground_and_air_above_the_highest_column() -> None:
    def once(read: Read) -> Iterator[Frame]:
        yield Frame(read(1)[0], np.array([[0, 1, 2], [2, 0, 0]]))

    decoder = decoder_of(once, bytes([7]))
    header = decoder.header()
    (planes,) = decoder.planes()

    assert header is not None
    assert (header.time, header.depth, header.height, header.length) == (7.0, 2, 4, 3)
    assert planes[0].tolist() == [[3, 3, 3], [3, 3, 0], [3, 0, 0], [6, 6, 6]]
    assert decoder.header() is None
    assert not decoder.inside


@pytest.mark.parametrize("size", [-1, 2**40])
def test_a_decoder_cannot_ask_for_more_than_a_snapshot_may_have(size: int) -> None:
    def greedy(read: Read) -> Iterator[Frame]:
        yield Frame(len(read(size)), np.zeros((2, 3), int))

    with pytest.raises(StreamError, match=r"decoder of toy failed: ValueError: read\("):
        decoder_of(greedy, bytes(5)).header()
