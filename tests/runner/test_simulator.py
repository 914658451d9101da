"""Engines are found whole or refused by what they lack, and told apart by their contents."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import RequestError
from orchestrator.model import Run
from orchestrator.runner import simulator

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import FakeRoot


def test_an_engine_is_found_in_a_tree(fake_root: FakeRoot) -> None:
    engine = simulator.find(fake_root.root)

    assert engine.name == "rescal"
    assert engine.genesis == (str(fake_root.root / "build" / "genesis"),)
    assert engine.rescal == (str(fake_root.root / "build" / "rescal"),)
    assert engine.real_data == fake_root.root / "scripts" / "real_data"
    assert engine.root == fake_root.root
    assert engine.version == ""


def test_the_version_is_read_from_the_program(fake_root: FakeRoot) -> None:
    path = fake_root.root / "build" / "rescal"
    path.write_bytes(b"\x7fELF\0\0ReSCAL 1.6 (2016-10)\0more\0")

    assert simulator.at_root(fake_root.root).version == "ReSCAL 1.6 (2016-10)"


def test_engines_that_differ_have_different_digests(fake_root: FakeRoot) -> None:
    before = simulator.at_root(fake_root.root).digest
    assert simulator.at_root(fake_root.root).digest == before
    fake_root.genesis("print('another')")

    after = simulator.at_root(fake_root.root).digest

    assert len(before) == len(after) == 64
    assert after != before


def test_everything_that_a_tree_lacks_is_said(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "rescal").write_text("not executable")

    with pytest.raises(RequestError) as caught:
        simulator.at_root(tmp_path)

    assert caught.value.problems == (
        f"{tmp_path}: expected an executable build/genesis, found none",
        f"{tmp_path}: expected an executable build/rescal, found a file that is not executable",
        f"{tmp_path}: expected a directory scripts/real_data, found none",
    )


def test_a_tree_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="found no directory"):
        simulator.find(tmp_path / "nowhere")


def test_the_built_in_engine_needs_no_tree() -> None:
    engine = simulator.find(None)

    assert engine.name == "builtin"
    assert engine.root is None
    assert engine.genesis[-2:] == ("orchestrator.engine", "genesis")
    assert engine.rescal[-2:] == ("orchestrator.engine", "rescal")
    assert len(engine.digest) == 64
    assert {path.name for path in engine.real_data.iterdir()} >= {
        "sealevel_snow.prop",
        "PDF.data",
    }


@pytest.mark.parametrize(
    ("stop", "every", "said"),
    [
        (200.0, 50.0, ["-dcsp", "50_t0", "-stop", "200_t0"]),
        (1e6, 0.25, ["-dcsp", "0.25_t0", "-stop", "1000000_t0"]),
        (0.1, 1e-5, ["-dcsp", "1e-05_t0", "-stop", "0.1_t0"]),
    ],
)
def test_times_are_written_as_the_engine_reads_them(
    fake_root: FakeRoot, stop: float, every: float, said: list[str]
) -> None:
    engine = simulator.at_root(fake_root.root)

    command = simulator.rescal_command(engine, "run.par", Run(stop, every), 1234, 7)

    assert list(command[1:]) == ["run.par", "-nv", *said, "-s", "1234", "-q", "-data_pipe", "7"]


def test_genesis_gets_the_seed_of_the_original_scripts(fake_root: FakeRoot) -> None:
    engine = simulator.at_root(fake_root.root)

    assert simulator.genesis_command(engine, "run.par")[1:] == ("-f", "run.par", "-s", "2000")
    assert simulator.genesis_command(engine, "run.par", 0)[1:] == ("-f", "run.par", "-s", "0")


def test_importing_the_supervisor_imports_nothing_heavy() -> None:
    code = "import sys, json, orchestrator.runner.supervisor; print(json.dumps(sorted(sys.modules)))"
    command = [*simulator.builtin().genesis[:1], "-c", code]

    loaded = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)

    heavy = {"numba", "scipy", "xarray", "matplotlib", "submitit", "rich", "yaml", "asyncio"}
    assert heavy.isdisjoint(loaded)
    assert not [name for name in loaded if name.startswith("orchestrator.engine")]
