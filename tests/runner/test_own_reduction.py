"""``outputs.own``: functions of the user's, in the job and in everything that reads its results."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator import open_sweep, reduction
from orchestrator.analysis import comparison
from orchestrator.analysis.dataset import labels, variables
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.model import Kind, Outputs, State, own_reductions
from orchestrator.records import arrays, attempts, failures, provenance
from orchestrator.records.journal import Journal
from orchestrator.runner import simulator
from orchestrator.sweepfile import own_outputs
from tests.conftest import make_snapshot, with_arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.conftest import Bench, FakeRoot, Trial

PAGE = Path(__file__).parents[2] / "docs" / "extending" / "own-reduction.md"
FAILING = """
from orchestrator import reduction

seen = []

@reduction(units="1")
def brittle(height_map):
    seen.append(1)
    if len(seen) > 2:
        raise ValueError("no crest")
    return 7
"""


def page(language: str) -> str:
    """Return the first code of a language on the page."""
    code, *_ = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return str(code)


def write(bench: Bench, module: str, outputs: str) -> None:
    """Write the sweep of the bench with these outputs, which begin in its line 8."""
    bench.write("[0]")
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text() + outputs)
    (bench.place / "profiles.py").write_text(module)


@pytest.fixture
def made(bench: Bench) -> Bench:
    """A bench with the page's sweep submitted, whose code is no longer there."""
    write(bench, page("python"), page("yaml"))
    done = bench.run("submit", "winds.yaml", "--wait")
    assert done.returncode == 0, done.stderr
    (bench.place / "profiles.py").unlink()
    return bench


def test_own_reductions_are_computed_in_the_job_and_kept(made: Bench) -> None:
    place = made.sweep.experiment(0)
    reduced = arrays.reduced(place)
    maps = reduced.arrays["height_maps"]
    counts = reduced.arrays["cell_counts"]

    with np.load(place.array_file("profile")) as published:
        assert published["profile"].dtype == np.float32
        assert np.allclose(published["profile"], maps.mean(axis=1))
    shares = [np.histogram(height_map, 10)[0] / height_map.size for height_map in maps]
    assert np.allclose(reduced.arrays["shares"], shares)
    cells = 10 * 12 * 14
    assert reduced.arrays["air"].tolist() == [float(n) for n in cells - counts.sum(axis=1)]


def test_meta_data_describes_them_and_names_their_source(made: Bench) -> None:
    known = json.loads(made.sweep.experiment(0).meta_data.read_text())
    (copy,) = made.sweep.inputs.iterdir()

    profile, shares = known["arrays"]["profile"], known["arrays"]["shares"]
    assert copy.read_text() == page("python")
    assert re.fullmatch(r"profiles-[0-9a-f]{12}\.py", copy.name)
    assert profile["source"]["reference"] == f"{copy.name}:profile"
    assert profile["source"]["sha256"].startswith(copy.stem.partition("-")[2])
    assert (profile["dtype"], profile["dims"]) == ("<f4", ["snapshot", "x"])
    assert (profile["long_name"], profile["units"]) == (
        "mean height along the wind",
        "cells",
    )
    assert (shares["dims"], shares["sizes"]) == (["snapshot", "bin"], {"bin": 10})


def test_datasets_have_them_without_their_code(made: Bench) -> None:
    collected = made.place / "winds.nc"
    wrote = made.run("collect", "winds", "-o", str(collected))

    assert wrote.returncode == 0, wrote.stderr
    for source in (made.sweep.root, collected):
        with open_sweep(source) as dataset:
            assert dataset["profile"].dims[-2:] == ("time", "x")
            assert dataset["shares"].dims[-2:] == ("time", "bin")
            assert dataset["air"].attrs["units"] == "cells"
            profile = dataset["height"].mean("y").values
            assert np.allclose(dataset["profile"].values, profile)
            assert np.allclose(dataset["shares"].sum("bin").values, 1)


def test_verify_computes_them_again_from_the_sweeps_own_copy(made: Bench) -> None:
    place = made.sweep.experiment(0)
    reduced = arrays.reduced(place)
    np.savez(
        place.array_file("air"), air=reduced.arrays["air"] + [0, 1, 0], times=reduced.times
    )

    other = made.run("verify", "winds", "0")

    assert other.returncode == 1, other.stderr
    assert "air: 1 of 1 values differ" in other.stdout
    assert "2 of 3 snapshots equal" in other.stdout


def test_diff_finds_the_code_that_a_sweep_was_submitted_with(made: Bench) -> None:
    compared = made.run("diff", "winds", "winds")

    assert (compared.returncode, compared.stderr) == (0, "")
    assert "2 in both, 0 only in" in compared.stdout


def test_no_numbers_in_one_run_alone_are_a_difference(made: Bench) -> None:
    place = made.sweep.experiment(0)
    reduced = arrays.reduced(place)
    lost = reduced.arrays["profile"].copy()
    lost[1:] = np.nan
    own = tuple(own_reductions.described(json.loads(place.meta_data.read_text())["arrays"]))

    def differences(first: NDArray[np.float32], second: NDArray[np.float32]) -> list[str]:
        one, other = with_arrays(reduced, profile=first), with_arrays(reduced, profile=second)
        return [each.difference for each in comparison.compare(one, other, own=own)]

    sentence = "mean height along the wind: 14 of 14 values differ"
    assert differences(reduced.arrays["profile"], lost) == ["", sentence, sentence]
    assert differences(lost, lost) == ["", "", ""]


def test_one_that_fails_has_no_numbers_since_and_the_run_goes_on(bench: Bench) -> None:
    write(bench, FAILING, "outputs: {own: {brittle: profiles:brittle}}\n")

    done = bench.run("submit", "winds.yaml", "--wait")

    place = bench.sweep.experiment(0)
    record = attempts.read_record(place.attempt(1))
    assert done.returncode == 0, done.stderr
    assert record is not None
    assert (record.state, record.snapshots) == (State.DONE, 3)
    assert failures.reason(record) == (
        "outputs.own.brittle failed at t = 20 t0 and has no values since: "
        "ValueError: no crest (profiles.py, line 10)"
    )
    kept = arrays.reduced(place).arrays
    assert np.array_equal(kept["brittle"], [7, 7, np.nan], equal_nan=True)
    assert len(kept["height_maps"]) == 3


def test_one_that_cannot_be_loaded_in_the_job_costs_nothing_else(
    trial: Trial, fake_root: FakeRoot, frame: Callable[..., bytes]
) -> None:
    states = np.full((5, 4, 6), 3, np.uint8)
    stream = b"".join(frame(states, t) for t in (0.0, 10.0, 20.0))
    fake_root.rescal("send(stream)", stream)
    trial.outputs = Outputs(own={"profile": "profiles-000000000000.py:profile"})

    record = trial.supervise()

    assert record.state is State.DONE
    (cause,) = record.causes
    assert (cause.kind, cause.subject) == (Kind.OWN_OUTPUT, "profile")
    assert cause.detail.startswith("cannot be imported: FileNotFoundError")
    assert len(arrays.reduced(trial.directory).arrays["ffts"]) == 3


def test_a_changed_source_is_another_output(bench: Bench) -> None:
    code = page("python")
    write(bench, code, page("yaml"))
    bench.run("submit", "winds.yaml", "--wait")
    same = json.loads(bench.run("plan", "winds.yaml", "--json").stdout)
    shown = bench.run("plan", "winds.yaml").stdout
    (bench.place / "profiles.py").write_text(
        code.replace("height_map.mean(axis=0)", "height_map.max(axis=0)")
    )

    changed = json.loads(bench.run("plan", "winds.yaml", "--json").stdout)
    again = bench.run("resubmit", "winds.yaml", "--stale", "--wait", "--yes")

    assert same["otherwise"] == []
    assert "outputs of your own: profile (profiles.py:profile), shares (" in shown
    assert (changed["kept"], changed["otherwise"]) == (2, [0, 1])
    assert again.returncode == 0, again.stderr
    kept = arrays.reduced(bench.sweep.experiment(0)).arrays
    assert np.array_equal(kept["profile"], kept["height_maps"].max(axis=1))
    assert len([*bench.sweep.inputs.iterdir()]) == 2


BROKEN = """
from orchestrator import reduction
import numpy as np

@reduction(units="1", dims=("x",))
def flat(height_map):
    return height_map.mean(axis=1)

@reduction(units="1")
def words(height_map):
    return "many"

@reduction(units="1")
def failing(height_map):
    return height_map[0, 0] / missing

@reduction(units="1", dims=("bin",), sizes={"bin": 3})
def three(height_map):
    return np.zeros(3)

@reduction(units="1", dims=("bin",), sizes={"bin": 4})
def four(height_map):
    return np.zeros(4)

@reduction(units="1", planes=True)
def plain_planes(array, states):
    pass

def plain(height_map):
    return 1
"""


@pytest.mark.parametrize(
    ("own", "place"),
    [
        (
            "{a: profiles:flat}",
            ("winds.yaml:8:17: outputs.own.a: profiles:flat"),
        ),
        ("{a: profiles:words}", "winds.yaml:8:17: outputs.own.a: profiles:words"),
        (
            "{a: profiles:failing}",
            ("winds.yaml:8:17: outputs.own.a: profiles:failing"),
        ),
        (
            "{a: profiles:three, b: profiles:four}",
            ("winds.yaml:8:36: outputs.own.b: profiles:four"),
        ),
        (
            "{a: profiles:plain}",
            ("winds.yaml:8:17: outputs.own.a: profiles:plain"),
        ),
        (
            "{a: profiles:other}",
            ("winds.yaml:8:17: outputs.own.a: profiles:other"),
        ),
        (
            "{a: nowhere:flat}",
            ("winds.yaml:8:17: outputs.own.a: nowhere:flat"),
        ),
        (
            "{a: flat}",
            ("winds.yaml:8:17: outputs.own.a: flat"),
        ),
        (
            "{roughness: profiles:flat}",
            ("winds.yaml:8:17: outputs.own.roughness: profiles:flat"),
        ),
        (
            "{a: 'profiles.py:'}",
            ("winds.yaml:8:20: outputs.own.a"),
        ),
        (
            "{a: 'profiles:flat(5)'}",
            ("winds.yaml:8:20: outputs.own.a"),
        ),
        (
            "[profiles:flat]",
            ("winds.yaml:8:16: outputs.own"),
        ),
    ],
)
def test_what_cannot_be_computed_is_refused_with_its_place(
    bench: Bench, own: str, place: str, check_sentences: Callable[..., None]
) -> None:
    write(bench, BROKEN, f"outputs: {{own: {own}}}\n")

    done = bench.run("submit", "winds.yaml")

    check_sentences(done.stderr.splitlines(), place)
    assert done.returncode == 2
    assert not (bench.place / "data_runs").exists()


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("import nothing_of_the_kind\n", "ModuleNotFoundError: No module named"),
        ("def broken(:\n", "SyntaxError: invalid syntax"),
        ("raise SystemExit(3)\n", "SystemExit: 3 (profiles.py, line 1)"),
        (
            "from orchestrator import reduction\nreduction(units='1', dims=('z',))\n",
            "ValueError: dims: z: expected y, x, or a name in sizes with its size",
        ),
        (
            "from orchestrator import reduction\nreduction(units='1', dtype='int8')\n",
            "ValueError: dtype: expected float32 or float64, got int8",
        ),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_its_error(
    bench: Bench, module: str, error: str
) -> None:
    write(bench, module, "outputs: {own: {a: profiles:a}}\n")

    done = bench.run("plan", "winds.yaml")

    start = "winds.yaml:8:17: outputs.own.a: profiles:a: cannot be imported: "
    assert done.stderr.startswith(start + error)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)


@pytest.mark.parametrize("written", ["mypackage.maps:profile", "along_the_wind"])
def test_one_of_an_installed_package_is_known_by_module_and_version(
    bench: Bench, tmp_path: Path, written: str
) -> None:
    site = tmp_path / "site"
    about = site / "mypackage-1.2.dist-info"
    for folder in (site / "mypackage", about):
        folder.mkdir(parents=True)
    (site / "mypackage" / "__init__.py").write_text("")
    (site / "mypackage" / "maps.py").write_text(page("python"))
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mypackage\nVersion: 1.2\n")
    (about / "top_level.txt").write_text("mypackage\n")
    (about / "entry_points.txt").write_text(
        "[rescal_sweep.reductions]\nalong_the_wind = mypackage.maps:profile\n"
    )
    packaged = dataclasses.replace(bench, variables={"PYTHONPATH": str(site)})
    write(packaged, "", f"outputs: {{own: {{profile: {written}}}}}\n")

    done = packaged.run("submit", "winds.yaml", "--wait")

    assert done.returncode == 0, done.stderr
    place = bench.sweep.experiment(0)
    known = json.loads(place.meta_data.read_text())
    assert known["own"] == {"profile": "mypackage.maps:profile 1.2"}
    kept = arrays.reduced(place).arrays
    assert np.allclose(kept["profile"], kept["height_maps"].mean(axis=1))


def test_no_name_of_a_dataset_can_be_taken(made: Bench) -> None:
    grid = lay_out(made.sweep)
    own = {"profile", "shares", "air", "bin", "Lambda_E", "Tau_min"}
    names = {
        *variables.STANDING,
        *variables.series_variables(),
        *variables.array_variables(grid.own),
        *labels.coordinates(grid, variables.status_arrays(grid)),
    }

    assert names - own <= own_outputs.TAKEN
    assert own <= names


def test_a_function_stays_a_plain_one() -> None:
    @reduction(units="cells")
    def highest(height_map: NDArray[np.int16]) -> int:
        return int(height_map.max())

    assert highest(np.array([[1, 5]], np.int16)) == 5


def test_arrays_that_only_some_snapshots_have_are_not_published(
    trial: Trial,
) -> None:
    plain = [make_snapshot(t, np.full((3, 4), 5, np.int16)) for t in (0.0, 10.0)]
    more = dataclasses.replace(plain[0], arrays={**plain[0].arrays, "old": np.ones(2)})
    journal = Journal(trial.files.journal)
    journal.append(more)
    journal.append(plain[1])
    journal.close()

    extent = arrays.publish(trial.files.journal, trial.directory)

    assert extent is not None
    assert extent.snapshots == 2
    assert not trial.directory.array_file("old").exists()
    assert len(arrays.reduced(trial.directory).height_maps) == 2


def test_an_attempt_does_not_go_on_from_one_with_other_own_outputs(trial: Trial) -> None:
    engine = dataclasses.replace(simulator.at_root(trial.fake.root), root=None)
    with_profile = Outputs(own={"profile": "profiles-1.py:profile"})

    kinds = [
        provenance.same_kind(dataclasses.replace(trial.task, outputs=outputs), engine)
        for outputs in (Outputs(), with_profile, with_profile)
    ]

    assert kinds[0] != kinds[1] == kinds[2]


def test_two_sweep_files_with_own_outputs_can_be_compared(bench: Bench) -> None:
    write(bench, page("python"), page("yaml"))
    text = (bench.place / "winds.yaml").read_text()
    (bench.place / "other.yaml").write_text(text.replace("    air: profiles:air\n", ""))

    compared = bench.run("diff", "winds.yaml", "other.yaml")

    assert (compared.returncode, compared.stderr) == (1, "")
    assert re.search(
        r"outputs.own: profile \(profiles-\w+.py:profile\), .*, air \(\S+\) \| profile ",
        compared.stdout,
    )
