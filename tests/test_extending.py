"""The pages of docs/extending are true: their code is executed, and has the effect they name."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator import cli, open_sweep
from orchestrator.analysis import observables
from orchestrator.cli import verbs
from orchestrator.model.simulators import PLACEHOLDERS
from orchestrator.sweepfile import own_engine
from orchestrator.sweepfile.own_outputs import GROUP

if TYPE_CHECKING:
    import pytest

    from tests.conftest import Bench

PAGES = Path(__file__).parents[1] / "docs" / "extending"


def blocks(page: str) -> list[str]:
    """Return the Python code of a page, block by block."""
    return re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)


def executed(code: str, **names: Any) -> dict[str, Any]:
    """Execute code and return its names."""
    namespace = {"__name__": "page", **names}
    exec(code, namespace)
    return namespace


def test_a_verb_is_one_file_and_one_line(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, line = blocks("verb")
    counts = types.ModuleType("orchestrator.cli.verbs.counts")
    exec(module, counts.__dict__)
    monkeypatch.setitem(sys.modules, counts.__name__, counts)
    monkeypatch.setitem(verbs.GROUPS, "Look", dict(verbs.GROUPS["Look"]))
    executed(line, GROUPS=verbs.GROUPS)
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    code = cli.main(["counts", "winds", "--data-dir", str(bench.place / "data_runs")])

    assert (code, capsys.readouterr().out) == (0, "done: 2\n")
    assert verbs.verbs()["counts"] == "print how many experiments of a sweep are in each state"


def test_an_observable_is_one_row(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("observable")
    known = {**observables.QUANTITIES, "crest_height": executed(code)["CREST"]}
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    monkeypatch.setattr(observables, "QUANTITIES", known)

    with open_sweep(bench.sweep.root) as dataset:
        height = dataset["height"].values
        crests = np.nanmax(height, axis=(-2, -1))
        assert dataset["crest_height"].values.tolist() == crests.tolist()
        assert dataset["crest_height"].attrs["units"] == "cells"
        assert crests.min() > 0


def test_one_screen_leads_to_every_page() -> None:
    text = (PAGES / "index.md").read_text()
    pages = {path.name for path in PAGES.glob("*.md")} - {"index.md"}

    assert len(text.splitlines()) <= 30
    assert pages <= set(re.findall(r"\]\(([\w-]+\.md)", text))
    for group in (GROUP, own_engine.GROUP):
        assert f"`{group}`" in text


def test_a_simulator_is_one_file(bench: Bench) -> None:
    (code,) = blocks("own-simulator")
    page = (PAGES / "own-simulator.md").read_text()
    (sweep,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (bench.place / "toy.py").write_text(code)
    (bench.place / "toy.yaml").write_text(sweep)

    done = bench.run("submit", "toy.yaml", "--wait")

    assert done.returncode == 0, done.stderr
    with open_sweep(bench.place / "data_runs" / "toy") as dataset:
        assert dataset["time"].values.tolist() == [float(t) for t in range(11)]
        grown = dataset["mean_height"].squeeze("seed").isel(time=-1).values
        assert np.allclose(grown, [1 + 0.5 * 10, 1 + 2 * 10], rtol=0.05)
    assert len(code.partition("if __name__")[0].splitlines()) <= 60
    for name, meaning in PLACEHOLDERS.items():
        assert f"| `{{{name}}}` | {meaning} |\n" in page


WITH_A_ROW = """
import sys, types
from pathlib import Path
from orchestrator.formats import parameters
{code}
row = {{HUMIDITY.name: HUMIDITY}}
parameters.PARAMETERS = types.MappingProxyType({{**parameters.PARAMETERS, **row}})
from orchestrator import cli
sys.exit(cli.main(sys.argv[1:]))
"""


def test_a_parameter_is_one_row(tmp_path: Path) -> None:
    (code,) = blocks("parameter")
    path = tmp_path / "wet.yaml"
    text = "name: wet\nextends: snowfall\nparameters: {H: 9, L: 9, D: 9}\nsweep: {grid: {Humidity: [0, %]}}\nrun: {stop: 1, every: 1}\n"

    def plan(value: str) -> subprocess.CompletedProcess[str]:
        path.write_text(text.replace("%", value))
        words = ["plan", "wet.yaml", "--json", "--cluster", "local"]
        command = [sys.executable, "-c", WITH_A_ROW.format(code=code), *words]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    planned, refused = plan("0.5"), plan("2")

    points = json.loads(planned.stdout)["experiments"]
    assert [point["parameters"]["Humidity"] for point in points] == [0.0, 0.5]
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith("wet.yaml:4:30: sweep.grid.Humidity")
