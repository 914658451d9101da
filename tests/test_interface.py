"""The Python interface does what the verbs do."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import orchestrator
from orchestrator import settings
from orchestrator.errors import RequestError
from orchestrator.model import State

if TYPE_CHECKING:
    from orchestrator.model.pictures import Words
    from tests.conftest import Bench


@pytest.fixture
def desk(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """This process at a bench: its directory, its engine and its settings."""
    monkeypatch.chdir(bench.place)
    for name, value in bench.environment().items():
        monkeypatch.setenv(name, value)
    settings._config.cache_clear()
    bench.write("[0, 100]")
    return bench


def test_a_sweep_goes_its_whole_way_from_python(desk: Bench) -> None:
    planned = orchestrator.plan("winds.yaml")

    submitted = orchestrator.submit("winds.yaml", workers=2)
    *_, last = orchestrator.watch("winds", interval_s=0.1)

    assert len(planned.comparison.wanted) == 4
    assert (submitted.numbers, submitted.started.workers) == ((0, 1, 2, 3), 2)
    assert last.counts == orchestrator.status("winds").counts == {State.DONE: 4}
    assert repr(last) == "winds: 4 experiments: 4 done"
    root = desk.sweep.root.relative_to(desk.place)
    compared = f"winds: 4 experiments in {root}: 4 new, 0 kept, 0 orphaned"
    assert repr(planned).startswith(f"{compared}\nabout ")
    assert repr(submitted) == f"{compared}; 4 experiments submitted"
    shown = repr(orchestrator.table("winds")).splitlines()
    assert shown[0] == "4 rows"
    assert shown[1].startswith("experiment, Lambda_E, Tau_min, seed, state, ")
    assert [line.split(", ")[0] for line in shown[2:]] == ["exp0", "exp1", "exp2", "exp3"]
    assert max(map(len, shown)) <= 103
    with orchestrator.open_sweep(desk.sweep.root) as dataset:
        assert dataset.sizes["time"] == 3
    for word in ("winds", "winds.yaml", "data_runs/winds", None):
        with orchestrator.open_sweep(word) as dataset:
            assert dataset.sizes["time"] == 3
    with pytest.raises(RequestError, match="data_runs: no sweep 'wind'; there are winds; did"):
        orchestrator.open_sweep("wind")
    assert [path.name for path in orchestrator.plot("winds")] == ["phase-diagram.png"]
    options: Words = {"against": "Tau_min", "size": (89, 60), "labels": {"Tau_min": "stress"}}
    options["mean"] = (0, 10)
    drawn = orchestrator.plot("winds", "mean_height,mass", **options)
    assert [path.name for path in drawn] == ["mean_height-mass.png"]
    rows = orchestrator.table("winds")
    assert [row["Tau_min"] for row in rows] == [0, 100, 0, 100]
    with pytest.raises(RequestError, match=r"units: expected model or si, got cgs"):
        orchestrator.table("winds", units="cgs")
    assert orchestrator.report("winds").read_text().startswith("<!doctype html>")


def test_what_failed_is_resubmitted_and_what_runs_is_cancelled(desk: Bench) -> None:
    desk.write("[13, 7]")
    orchestrator.submit("winds.yaml", workers=2)
    running = next(
        now
        for now in orchestrator.watch("winds", interval_s=0.1)
        if now.counts.get(State.FAILED) == 2 and now.counts.get(State.RUNNING) == 2
    )
    assert [status.state for status in running.experiments] == [
        *(State.FAILED, State.RUNNING, State.FAILED, State.RUNNING),
    ]

    cancelled = orchestrator.cancel("winds", ["1-3"])
    *_, last = orchestrator.watch("winds", interval_s=0.1)
    again = orchestrator.resubmit("winds", states=["cancelled"], workers=1)
    desk.go()
    *_, ended = orchestrator.watch("winds", interval_s=0.1)

    assert (cancelled.cancelled, cancelled.stopping, cancelled.ended) == (2, 2, 1)
    assert last.counts == {State.FAILED: 2, State.CANCELLED: 2}
    assert again.numbers == (1, 3)
    assert repr(again) == "winds: 2 experiments resubmitted (exp1, exp3)"
    assert ended.counts == {State.DONE: 2, State.FAILED: 2}


def test_a_wrong_request_is_an_error_with_its_place(desk: Bench) -> None:
    with pytest.raises(
        RequestError, match=r"--workers: expected a whole number from 1 on, got 0"
    ):
        orchestrator.submit("winds.yaml", workers=0)
    with pytest.raises(RequestError, match=r"data_runs: no such directory"):
        orchestrator.status("winds")
    assert not (desk.place / "data_runs").exists()


def test_the_interface_and_nothing_internal_is_listed() -> None:
    assert set(orchestrator.__all__) == {
        *("plan", "submit", "status", "watch", "resubmit", "cancel"),
        *("compare", "open_sweep", "over_seeds", "plot", "reduction", "report", "table"),
        *("Frame", "Kind", "Parameter", "Simulator"),
    }
    assert dir(orchestrator) == sorted([*orchestrator.__all__, "__version__"])
    for name in orchestrator.__all__:
        assert getattr(orchestrator, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'sbmit'"):
        orchestrator.sbmit  # noqa: B018


def test_importing_it_loads_nothing_heavy() -> None:
    heavy = ("numpy", "yaml", "rich", "submitit", "matplotlib", "xarray")
    code = f"import sys, orchestrator; print([m for m in {heavy} if m in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_every_constant_that_a_module_keeps_for_itself_is_read_in_it() -> None:
    unread = []
    for path in sorted(Path(orchestrator.__file__).parent.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        names = re.findall(r"^(_[A-Z][A-Z0-9_]*)\b.* = ", text, re.MULTILINE)
        unread += [(path.name, n) for n in names if len(re.findall(rf"\b{n}\b", text)) == 1]

    assert unread == []
