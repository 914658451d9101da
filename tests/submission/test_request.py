"""Where experiments run is what a person asked for, or an error that says what to write."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Bench

INSTALLED = "Slurm is installed here"
LOCAL = "use --cluster local to run on this machine"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that is the whole PATH of a machine."""
    folder = tmp_path / "only"
    folder.mkdir()
    (folder / "python3").symlink_to(sys.executable)
    return folder


def at(bench: Bench, place: Path, **variables: str) -> Bench:
    """Return the bench on a machine with this PATH, where nobody has chosen a cluster."""
    bench.write("[0]")
    told = {"PATH": f"{place}", "RESCAL_SWEEP_CLUSTER": "auto", **variables}
    command = bench.place / "command"
    python = shlex.quote(sys.executable)
    command.write_text(f'#!/bin/sh\nexec {python} -m orchestrator "$@"\n')
    command.chmod(0o755)
    return dataclasses.replace(bench, variables=told, command=str(command))


@pytest.mark.parametrize("verb", ["plan", "submit"])
def test_a_slurm_that_is_installed_but_silent_never_starts_workers_here(
    bench: Bench, place: Path, verb: str
) -> None:
    (place / "sbatch").write_text("#!/bin/sh\nexit 1\n")
    (place / "sbatch").chmod(0o755)

    done = at(bench, place).run(verb, "winds.yaml")

    assert done.returncode == 2
    assert f"{INSTALLED} ({place}/sbatch) but does not answer: scontrol is not" in done.stderr
    assert LOCAL in done.stderr
    shown = [line.split() for line in done.stdout.splitlines()]
    table = [["0", "1", "0", "1", "new"], ["1", "2", "0", "1", "new"]] if verb == "plan" else []
    assert [words for words in shown if words[-1:] == ["new"]] == table
    assert not bench.sweep.root.exists()


def test_a_configuration_that_is_gone_is_told_at_once(bench: Bench, place: Path) -> None:
    (place / "sbatch").write_text("#!/bin/sh\nexit 1\n")
    (place / "sbatch").chmod(0o755)

    done = at(bench, place, SLURM_CONF="/nowhere/slurm.conf").run("plan", "winds.yaml")

    assert done.returncode == 2
    assert "$SLURM_CONF: no such file as /nowhere/slurm.conf" in done.stderr


def test_a_configuration_without_clients_is_a_slurm_too(bench: Bench, place: Path) -> None:
    done = at(bench, place, SLURM_CONF="/nowhere/slurm.conf").run("submit", "winds.yaml")

    assert done.returncode == 2
    assert f"{INSTALLED} ($SLURM_CONF) but does not answer: sbatch is not" in done.stderr


def test_where_slurm_was_chosen_its_silence_is_an_error(bench: Bench, place: Path) -> None:
    done = at(bench, place).run("plan", "winds.yaml", "--cluster", "slurm")

    assert done.returncode == 2
    assert (
        f"no Slurm controller answers here, as slurm needs (sbatch is not on the PATH); {LOCAL}"
        in (done.stderr)
    )


@pytest.mark.parametrize("before", [("plan", "auto"), ("submit", "local")])
@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("-p", "pbatch"), "--partition"),
        (("-A", "science", "-t", "10"), "--account, --time"),
        (("-q", "normal"), "--qos"),
        (("--mem", "4G", "--exclude", "n1", "--pack", "2"), "--mem, --exclude, --pack"),
        (("--set", "slurm.jobs=2"), "--set slurm.jobs"),
        (("--set", "slurm={jobs: 2}"), "--set slurm"),
    ],
)
def test_options_of_slurm_are_never_dropped_silently(
    bench: Bench, place: Path, before: tuple[str, str], words: tuple[str, ...], named: str
) -> None:
    verb, cluster = before

    done = at(bench, place).run(verb, "winds.yaml", "--cluster", cluster, *words)

    assert done.returncode == 2
    assert f"{named}: only for Slurm" in done.stderr
    assert not bench.sweep.root.exists()


def test_what_the_sweep_file_itself_asks_of_slurm_is_no_error_on_a_laptop(
    bench: Bench, place: Path
) -> None:
    laptop = at(bench, place)
    path = bench.place / "winds.yaml"
    path.write_text(path.read_text() + "slurm: {partition: pbatch, pack: 4, time: 10}\n")

    done = laptop.run("plan", "winds.yaml")

    assert done.returncode == 0, done.stderr
    assert "on this machine" in done.stdout
