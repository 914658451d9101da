"""The interface of old: one dictionary, one directory, the same results as a sweep's."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator.datarun import DataRun
from orchestrator.errors import EngineError, RequestError
from orchestrator.model import State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import FakeRoot

    Frame = Callable[..., bytes]

WISH: dict[str, Any] = {
    "Model": "SNO",
    "H": 4,
    "L": 6,
    "D": 5,
    "Time": 0.0,
    "Csp_file": "DUN.csp",
    "stop after": "20_t0",
    "output interval": "10_t0",
    "random seed": 77,
    "quit": True,
}


@pytest.fixture
def stream(frame: Frame) -> bytes:
    states = np.full((5, 4, 6), 3, np.uint8)
    states[:, -1] = 0
    return b"".join(frame(states, time) for time in (0.0, 10.0, 20.0))


@pytest.fixture(autouse=True)
def _no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RESCAL_SNOW_ROOT", raising=False)


def test_a_run_leaves_its_arrays_under_data_runs_of_the_root(
    fake_root: FakeRoot, stream: bytes
) -> None:
    fake_root.rescal("print(*sys.argv[1:-1]); send(stream)", stream)
    run = DataRun(WISH, "exp7", rescal_root=fake_root.root)

    run.setup()
    record = run.run_simulation()

    assert record.state is State.DONE
    directory = fake_root.root / "data_runs" / "exp7"
    assert run.experiment_directory == directory
    np.testing.assert_array_equal(
        np.load(directory / "out" / "height_maps.npz")["height_maps"], np.ones((3, 5, 6))
    )
    assert np.load(directory / "out" / "ffts.npz")["ffts"].shape == (3, 1, 1)
    assert (directory / "attempts" / "1" / "engine.log").read_text() == (
        "run.par -nv -dcsp 10_t0 -stop 20_t0 -s 77 -q -data_pipe\n"
    )


def test_setup_makes_the_parameter_file_and_may_be_repeated(fake_root: FakeRoot) -> None:
    run = DataRun({**WISH, "parfile": "cone.par"}, "a", rescal_root=fake_root.root)

    run.setup()
    run.setup()

    text = (run.experiment_directory / "run.par").read_text()
    assert text.splitlines()[:2] == ["Model = SNO", "H = 4"]
    assert (run.experiment_directory / "cone.par").read_text() == text


def test_a_second_run_is_a_second_attempt(fake_root: FakeRoot, stream: bytes) -> None:
    fake_root.rescal("send(stream)", stream)
    run = DataRun(WISH, "a", rescal_root=fake_root.root)

    assert [run.run_simulation().attempt, run.run_simulation().attempt] == [1, 2]


def test_a_link_that_the_user_has_made_is_where_the_run_lives(
    fake_root: FakeRoot, stream: bytes, tmp_path: Path
) -> None:
    fake_root.rescal("send(stream)", stream)
    (tmp_path / "large disk").mkdir()
    (tmp_path / "link").symlink_to("large disk")
    run = DataRun(WISH, tmp_path / "link", rescal_root=fake_root.root)

    record = run.run_simulation()

    assert record.state is State.DONE
    assert (tmp_path / "large disk" / "out" / "height_maps.npz").is_file()


@pytest.mark.parametrize(
    ("parent", "place"),
    [
        ("data_runs", "data_runs/a"),
        ("winds", "data_runs/winds/a"),
        ("data_runs/winds", "data_runs/winds/a"),
    ],
)
def test_relative_directories_are_under_data_runs(
    fake_root: FakeRoot, parent: str, place: str
) -> None:
    run = DataRun(WISH, "a", parent, rescal_root=fake_root.root)

    assert run.experiment_directory == fake_root.root / place


def test_absolute_directories_are_taken_as_they_are(
    fake_root: FakeRoot, tmp_path: Path
) -> None:
    assert DataRun(WISH, "a", tmp_path, fake_root.root).experiment_directory == tmp_path / "a"
    whole = DataRun(WISH, tmp_path / "b", rescal_root=fake_root.root)
    assert whole.experiment_directory == tmp_path / "b"


def test_the_root_comes_from_the_environment(
    fake_root: FakeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RESCAL_SNOW_ROOT", str(fake_root.root))

    assert DataRun(WISH, "a").experiment_directory == fake_root.root / "data_runs" / "a"


def test_without_a_root_the_current_directory_is_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    run = DataRun(WISH, "a")
    run.setup()

    assert run.experiment_directory == tmp_path / "data_runs" / "a"
    assert (tmp_path / "data_runs" / "a" / "run.par").exists()


def test_all_problems_are_reported_at_once(fake_root: FakeRoot) -> None:
    wish = {
        **WISH,
        "Tau_mim": 3,
        "H": "high",
        "stop afer": 20,
        "output interval": "10",
        "random seed": 1.5,
        "parfile": "../run.par",
        "premade_csp": "nowhere.csp",
        "Ava_mode": "SIDEWAYS",
    }

    with pytest.raises(RequestError) as caught:
        DataRun(wish, "a", rescal_root=fake_root.root)

    assert caught.value.problems == (
        "H: expected a whole number, got 'high'",
        "Tau_mim: no such parameter or run option; did you mean Tau_min?",
        "stop afer: no such parameter or run option; did you mean stop after?",
        "Ava_mode: expected one of NONE, SYNC, TRANS, PROPAG, got SIDEWAYS",
        "output interval: expected a time in t0, as 200 or '200_t0', got '10'",
        "random seed: expected a whole number, got 1.5",
        "parfile: expected a name without directories, got '../run.par'",
        "premade_csp: 'nowhere.csp': no such file",
    )
    assert not (fake_root.root / "data_runs").exists()


def test_a_run_must_end_some_time(fake_root: FakeRoot) -> None:
    endless = {name: value for name, value in WISH.items() if name != "stop after"}

    with pytest.raises(RequestError, match="stop after: expected a time in t0"):
        DataRun(endless, "a", rescal_root=fake_root.root)


def test_a_root_without_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="expected an executable build/rescal"):
        DataRun(WISH, "a", rescal_root=tmp_path)


def test_values_may_be_texts_and_numbers_of_numpy(fake_root: FakeRoot) -> None:
    wish = {**WISH, "H": np.int64(40), "Lambda_I": "1e-3", "Tau_min": np.float32(0.5)}
    wish |= {"High_mobility": True, "Use_lgca": "NO", "Csp_params": []}
    run = DataRun(wish, "a", rescal_root=fake_root.root)

    run.setup()

    lines = (run.experiment_directory / "run.par").read_text().splitlines()
    for line in ("H = 40", "Lambda_I = 0.001", "Tau_min = 0.5", "High_mobility = 1"):
        assert line in lines
    assert {"Use_lgca = NO", "Csp_params = []"} < set(lines)


def test_options_reach_the_engine(fake_root: FakeRoot) -> None:
    wish = {**WISH, "png interval": "5_t0", "info interval": True, "usage info": True}
    wish |= {"show params": True, "nice": True}
    fake_root.rescal("print(os.nice(0), *sys.argv[1:])")

    DataRun(wish, "a", rescal_root=fake_root.root).run_without_piping()

    log = fake_root.root / "data_runs" / "a" / "attempts" / "1" / "engine.log"
    niceness = min(19, os.nice(0) + 10)
    assert log.read_text() == (
        f"{niceness} run.par -nv -dcsp 10_t0 -stop 20_t0 -s 77 -q -h -hm -info -dpng 5_t0\n"
    )


def test_a_premade_cell_space_is_started_from(
    fake_root: FakeRoot, stream: bytes, tmp_path: Path
) -> None:
    given = tmp_path / "given.csp"
    given.write_text("given")
    fake_root.genesis("sys.exit('must not run')")
    fake_root.rescal("assert open('DUN.csp').read() == 'given'; send(stream)", stream)

    record = DataRun(
        {**WISH, "premade_csp": given}, "a", rescal_root=fake_root.root
    ).run_simulation()

    assert record.state is State.DONE
    assert given.read_text() == "given"


def test_files_are_left_as_the_engine_writes_them(fake_root: FakeRoot) -> None:
    fake_root.rescal("assert pipe < 0; open('SNO00000_t0.csp', 'w').write('cells')")
    run = DataRun(WISH, "a", rescal_root=fake_root.root)

    record = run.run_without_piping()

    assert record.state is State.DONE
    assert (run.experiment_directory / "SNO00000_t0.csp").read_text() == "cells"
    assert not list((run.experiment_directory / "out").iterdir())


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        ((True, False), ["cell_counts.npz", "height_maps.npz"]),
        ((False, True), ["cell_counts.npz", "ffts.npz"]),
        ((False, False), ["cell_counts.npz"]),
    ],
)
def test_only_wanted_arrays_are_kept(
    fake_root: FakeRoot, stream: bytes, kept: tuple[bool, bool], left: list[str]
) -> None:
    fake_root.rescal("send(stream)", stream)
    run = DataRun(WISH, "a", "data_runs", fake_root.root, *kept)

    assert run.run_simulation().snapshots == 3
    out = run.experiment_directory / "out"
    assert sorted(path.name for path in out.iterdir()) == left


def test_a_bad_end_is_an_error_with_the_reason(fake_root: FakeRoot) -> None:
    fake_root.rescal("print('no wind today'); sys.exit(3)")
    run = DataRun(WISH, "a", rescal_root=fake_root.root)

    with pytest.raises(EngineError) as caught:
        run.run_simulation()

    assert str(caught.value) == (
        f"{run.experiment_directory}: failed: rescal exited with status 3 after 0 of 3 "
        'snapshots, at t = 0 t0; last output: "no wind today"'
    )


def test_runs_can_be_made_in_threads(fake_root: FakeRoot, stream: bytes) -> None:
    fake_root.rescal("send(stream)", stream)
    runs = [DataRun(WISH, f"exp{i}", rescal_root=fake_root.root) for i in range(3)]
    threads = [threading.Thread(target=run.run_simulation) for run in runs]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for run in runs:
        with np.load(run.experiment_directory / "out" / "height_maps.npz") as published:
            assert published["height_maps"].shape == (3, 5, 6)


@pytest.mark.parametrize(
    "wind",
    [
        [{"duration": np.float64(10), "angle": -45}, {"duration": 5, "angle": np.int64(45)}],
        "10 t0 at -45, 5 t0 at 45",
    ],
)
def test_winds_become_the_wind_file_of_the_run(fake_root: FakeRoot, wind: Any) -> None:
    run = DataRun({**WISH, "wind": wind, "Tau_min": 3}, "a", rescal_root=fake_root.root)

    run.setup()

    assert (run.experiment_directory / "wind").read_text() == "2,t0\n10 -45 3\n5 45 3\n"
    assert "Wind_file = wind" in (run.experiment_directory / "run.par").read_text()


@pytest.mark.parametrize(
    ("wind", "place"),
    [
        ([{"duration": 10}], "wind.1.angle"),
        ([{"duration": -1, "angle": 2}], "wind.1.duration: -1"),
        ("10 t0", "wind"),
        (7, "wind"),
        ([{"duration": 9, "angle": 3, "speed": 8}], "wind"),
    ],
)
def test_winds_that_are_none_are_refused(
    fake_root: FakeRoot, wind: Any, place: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(RequestError) as refused:
        DataRun({**WISH, "wind": wind}, "a", rescal_root=fake_root.root)

    check_sentences(refused.value.problems, place)


def test_winds_and_a_wind_file_are_one_too_many(fake_root: FakeRoot) -> None:
    with pytest.raises(RequestError, match="Wind_file: beside wind; keep one of the two"):
        DataRun(
            {**WISH, "wind": "1 t0 at 2", "Wind_file": "w"}, "a", rescal_root=fake_root.root
        )
