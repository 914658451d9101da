"""The verbs around a sweep: explain, templates, validate, diff, export, open, prune, completion."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator import reference
from orchestrator.errors import RequestError
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.model import State
from orchestrator.records import ledger
from tests.conftest import run_from

if TYPE_CHECKING:
    from tests.conftest import Bench


@pytest.mark.parametrize(
    ("name", "kind", "details"),
    [
        ("Lambda_E", "parameter of ReSCAL-snow", {"unit": "1/t0", "range": "0 or more"}),
        ("boundary", "parameter of ReSCAL-snow", {"read by": "genesis and rescal"}),
        ("run.stop", "key of the sweep file", {"unit": "t0", "default": "required"}),
        ("silence", "key of the sweep file", {"type": "time", "default": "10min"}),
        (
            "checkpoint_every",
            "key of the sweep file",
            {"default": "as often as costs under 1 %"},
        ),
        ("keep_final", "key of the sweep file", {"type": "true or false", "default": "true"}),
        ("low", "key of the sweep file", {"type": "number", "default": "required"}),
        ("parameters.wind.angle", "key of the sweep file", {"unit": "degrees"}),
        ("slurm.pack", "key of the sweep file", {"default": "1"}),
        ("outputs.own", "key of the sweep file", {}),
        ("extra", "key of the sweep file", {}),
        ("engine", "key of the sweep file", {"one of": "auto, rescal, builtin"}),
        ("CONE", "template of the initial bed (Csp_template)", {}),
        ("cone", "template of sweep files", {}),
        ("roughness", "quantity over time", {"unit": "cells"}),
        ("node_fail", "state of an experiment", {}),
        ("wind", "key of the sweep file", {}),
        ("parameters.wind", "key of the sweep file", {}),
        ("linspace", "key of the sweep file", {}),
        ("logspace", "key of the sweep file", {}),
        ("t0", "word of the model", {}),
        ("cell", "word of the model", {}),
        ("mass_drift", "number for run.stop_when and run.invalid_when", {}),
        ("cell_size", "variable of the dataset", {"unit": "m"}),
        ("full_from", "variable of the dataset", {"unit": "t0"}),
    ],
)
def test_a_name_is_explained(name: str, kind: str, details: dict[str, str]) -> None:
    (entry,) = reference.find(name)

    assert entry.kind == kind
    assert entry.meaning
    assert details.items() <= entry.details.items()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Lambda_I", "snowfall"),
        ("Lambda_E", "picked up"),
        ("Lambda_C", "length of a hop"),
        ("Lambda_T", "drift"),
        ("Lambda_S", "hardening of snow"),
        ("Lambda_F", "0 is ice"),
        ("Tau_min", "a low value is a strong wind"),
        ("Tau_max", "Tau_min + 1000"),
        ("Csp_template", "the bed at the start"),
        ("Boundary", "comes in upwind"),
        ("Ava_angle", "steepest slope"),
        ("Phys_prop_file", "grain size"),
        ("L", "several dunes"),
    ],
)
def test_a_parameter_is_explained_by_what_it_is_in_nature(name: str, words: str) -> None:
    entry, *_ = reference.find(name)

    assert words in entry.details["in nature"]


def test_every_parameter_and_state_has_a_meaning_and_an_unknown_name_a_hint() -> None:
    assert {*PARAMETERS} <= {*reference.names()["parameter of ReSCAL-snow"]}
    assert all(reference.find(state.value)[0].meaning for state in State)
    with pytest.raises(RequestError, match=r"'Tau_mni'; did you mean Tau_min\?"):
        reference.find("Tau_mni")


def test_what_is_explained_is_broken_between_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    narrow = run_from(tmp_path, "explain", "Tau_min").stdout
    monkeypatch.delenv("COLUMNS")
    wide = run_from(tmp_path, "explain", "Tau_min").stdout

    assert "  in nature: the strength of the wind, the other\n  way round: a low" in narrow
    assert "  in nature: the strength of the wind, the other way round: a low" in wide
    assert narrow.split() == wide.split()


def test_a_name_is_explained_on_the_command_line(bench: Bench) -> None:
    shown = bench.run("explain", "Tau_min").stdout.splitlines()

    assert shown[0] == "Tau_min: parameter of ReSCAL-snow"
    assert "  default: 0" in shown
    assert bench.run("explain", "Tau_mni").returncode == 2
    assert "roughness" in bench.run("explain").stdout


def test_templates_of_the_project_are_listed_before_those_that_ship(bench: Bench) -> None:
    own = bench.place / "templates"
    own.mkdir()
    (own / "cone.yaml").write_text("# A cone of our own. It is small.\nparameters: {H: 9}\n")

    shown = bench.run("templates").stdout.splitlines()

    assert shown[0].split() == ["cone", *["A", "cone", "of", "our", "own"]]
    assert shown[1].strip() == "templates/cone.yaml"
    assert [line.split()[0] for line in shown[::2]] == ["cone", "sand", "sintering", "snowfall"]


def test_files_are_validated_together_and_nothing_is_made(bench: Bench) -> None:
    bench.write("[0]")
    bad = bench.place / "bad.yaml"
    bad.write_text((bench.place / "winds.yaml").read_text().replace("Tau_min", "Tau_mni"))

    done = bench.run("validate", "winds.yaml", "bad.yaml", "none.yaml")

    assert done.returncode == 2
    assert done.stdout == "winds.yaml: valid; 2 experiments\n"
    assert (
        "bad.yaml:6:5: sweep.grid.Tau_mni: no such parameter; did you mean Tau_min?"
        in done.stderr
    )
    assert "none.yaml: no such file" in done.stderr
    assert bench.run("validate", "winds.yaml").returncode == 0
    assert not (bench.place / "data_runs").exists()


def test_two_sweep_files_are_compared_by_what_they_run(bench: Bench) -> None:
    bench.write("[0, 100]")
    other = bench.place / "other.yaml"
    text = (bench.place / "winds.yaml").read_text()
    other.write_text(text.replace("[0, 100]", "[100, 200]").replace("stop: 20", "stop: 30"))
    bench.run("run", "winds.yaml", "exp0")

    done = bench.run("diff", "winds", "other.yaml")
    same = bench.run("diff", "winds", "winds.yaml")

    assert (done.returncode, same.returncode) == (1, 0)
    assert done.stdout.splitlines() == [
        "Tau_min: 0, 100 | 100, 200",
        "run.stop_t0: 20.0 | 30.0",
        "experiments: 2 in both, 2 only in winds, 2 only in other.yaml",
    ]


def test_simulators_that_differ_are_named_once(bench: Bench) -> None:
    text = "name: slabs\nrun: {{engine: '{}:engine', stop: 2, every: 1}}\n"
    source = (
        "from orchestrator import Kind, Parameter, Simulator\n"
        "sides = tuple(Parameter(name, Kind.INTEGER, 8, name) for name in 'LD')\n"
        "engine = Simulator('slabs', '{}', ('true', '{{pipe}}'), sides, list)\n"
    )
    sources = {name: source.format(name) for name in ("first", "second")}
    for name, code in sources.items():
        (bench.place / f"{name}.py").write_text(code)
        (bench.place / f"{name}.yaml").write_text(text.format(name))

    done = bench.run("diff", "first.yaml", "second.yaml")

    codes = [
        f"{name}-{hashlib.sha256(code.encode()).hexdigest()[:12]}.py:engine"
        for name, code in sources.items()
    ]
    assert done.stdout.splitlines() == [
        f"run.engine: {codes[0]} | {codes[1]}",
        "experiments: 0 in both, 1 only in first.yaml, 1 only in second.yaml",
    ]


def test_a_table_has_a_row_for_each_experiment(bench: Bench) -> None:
    bench.write("[0, 13]")
    bench.run("submit", "winds.yaml", "--wait")

    printed = bench.run("export", "winds").stdout
    written = bench.run("export", "winds", "-o", "table.csv")

    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [row["experiment"] for row in rows] == ["exp0", "exp1", "exp2", "exp3"]
    assert [row["Tau_min"] for row in rows] == ["0.0", "13.0", "0.0", "13.0"]
    assert [row["state"] for row in rows] == ["done", "failed", "done", "failed"]
    assert [float(row["mean_height"]) for row in rows] == [3.0, 1.0, 3.0, 1.0]
    assert [row["time_t0"] for row in rows] == ["20.0", "0.0", "20.0", "0.0"]
    assert written.stdout == "wrote table.csv\n"
    assert (bench.place / "table.csv").read_text() == printed
    assert bench.run("export", "winds", "-o", "table.txt").returncode == 2


def test_a_page_is_written_though_there_is_no_browser(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    shown = dataclasses.replace(bench, variables={"BROWSER": "/bin/false"}).run("open")

    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("data_runs/winds/report.html")
    assert (bench.sweep.root / "report.html").stat().st_size > 10_000


def test_only_what_the_file_no_longer_has_is_removed_and_its_number_not_given_again(
    bench: Bench,
) -> None:
    bench.write("[0, 100]")
    bench.run("submit", "winds.yaml", "--wait")
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    asked = bench.run("prune", "winds")
    there = sorted(bench.sweep.numbers())
    done = bench.run("prune", "winds", "--yes")

    assert "2 orphaned experiments (exp1, exp3), " in asked.stdout
    assert asked.stdout.endswith("nothing was removed; --yes removes them\n")
    assert there == [0, 1, 2, 3]
    assert done.stdout.endswith("removed 2 experiments\n")
    assert sorted(bench.sweep.numbers()) == [0, 2]
    assert [e.number for e in ledger.experiments(bench.sweep)] == [0, 2]
    assert "2 experiments: 2 done\n" in bench.run("status", "winds").stdout
    bench.write("[0, 100]")
    bench.run("submit", "winds.yaml", "--wait")
    assert [e.number for e in ledger.experiments(bench.sweep)] == [0, 2, 4, 5]
    assert "nothing to remove" in bench.run("prune", "winds").stdout


def test_on_a_terminal_only_a_yes_removes_and_computes_again(bench: Bench) -> None:
    bench.write("[0, 100]")
    bench.run("submit", "winds.yaml", "--wait")
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    keyboard, terminal = pty.openpty()

    def typed(keys: str, *verb: str) -> str:
        os.write(keyboard, keys.encode())
        words = [f"{Path(sys.executable).parent}/rescal-sweep", *verb]
        done = subprocess.run(
            words,
            cwd=bench.place,
            env=bench.environment(),
            stdin=terminal,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout

    for keys in ("\x04", "\n", "no\n"):  # the end of input, a bare line, a word
        assert typed(keys, "prune", "winds").endswith(
            "nothing was removed; --yes removes them\n"
        )
        again = typed(keys, "resubmit", "winds", "exp0")
        assert again.startswith("1 experiment is done (exp0) and would be computed again\n")
        assert again.endswith("y for yes: nothing was resubmitted\n")
    assert sorted(bench.sweep.numbers()) == [0, 1, 2, 3]
    assert "1 experiment resubmitted (exp0)" in typed("y\n", "resubmit", "winds", "exp0")
    assert typed("y\n", "prune", "winds").endswith("removed 2 experiments\n")
    assert sorted(bench.sweep.numbers()) == [0, 2]
    os.close(keyboard)
    os.close(terminal)


def test_what_runs_is_not_removed(bench: Bench) -> None:
    bench.write("[0, 7]")
    bench.run("submit", "winds.yaml")
    bench.write("[0]")
    bench.run("submit", "winds.yaml")

    done = bench.run("prune", "winds", "--yes")

    assert "exp1, exp3: not ended; cancel them first" in done.stdout
    assert {1, 3} <= {*bench.sweep.numbers()}
    bench.go()


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("rescal-sweep stat", ["status"]),
        ("rescal-sweep status --wa", ["--watch"]),
        ("rescal-sweep status w", ["winds"]),
        ("rescal-sweep logs winds exp", ["exp0", "exp1"]),
        ("rescal-sweep plan wi", ["winds.yaml"]),
    ],
)
def test_shells_complete_what_is_there(bench: Bench, line: str, candidates: list[str]) -> None:
    bench.write("[0]")
    bench.run("run", "winds.yaml", "exp0")
    out = bench.place / "candidates"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": line,
        "COMP_POINT": str(len(line)),
        "COMP_TYPE": "9",
    }

    dataclasses.replace(bench, variables=asked).run()

    assert [word.strip() for word in out.read_text().split("\n")] == candidates


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_code_for_a_shell_is_printed(bench: Bench, shell: str) -> None:
    done = bench.run("completion", shell)

    assert done.returncode == 0
    assert "rescal-sweep" in done.stdout
    if shell == "bash":
        program = f"{Path(sys.executable).parent}/rescal-sweep"
        code = f'{done.stdout}\ncomplete -p rescal-sweep; command -v "{program}"'
        said = subprocess.run(
            ["bash", "-c", code], capture_output=True, text=True, check=True, timeout=60
        )
        assert "_python_argcomplete" in said.stdout
