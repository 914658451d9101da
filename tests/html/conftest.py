"""Experiments and sweeps as a page takes them, and a browser that opens what comes of them."""

from __future__ import annotations

import dataclasses
import os
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import html
from orchestrator.analysis import observables
from orchestrator.analysis.dataset.grid import Dimension
from orchestrator.html.diagram import NO_DIAGRAM, diagram
from orchestrator.model import Experiment, Point, State, Status
from orchestrator.model.reductions import spectrum
from orchestrator.records.failures import Trouble
from tests.conftest import make_reduced, with_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from playwright.sync_api import Browser

    from orchestrator.html import Exhibit, Overview
    from orchestrator.model.snapshots import Reduced

QUANTITIES = {name: observables.QUANTITIES[name] for name in ("mean_height", "roughness")}
NAMES = ("Tau_min", "Lambda_I")
SHAPE = (20, 40)


def dunes(number: int, snapshots: int, shape: tuple[int, int] = SHAPE) -> Reduced:
    """Return waves that grow, as many as the number tells, under single grains."""
    depth, length = shape
    _, x = np.mgrid[:depth, :length]
    growth = np.arange(snapshots)[:, None, None]
    waves = 5 + growth * (1 + np.sin(2 * np.pi * (1 + number % 4) * x / length))
    grains = np.random.default_rng(number).integers(0, 2, (snapshots, *shape))
    maps = (waves + grains).astype(np.int16)
    spectra = np.stack([spectrum(one) for one in maps])
    times = np.linspace(0.0, 10.0 * (snapshots - 1), snapshots)
    return make_reduced(times, maps, spectra, np.full((snapshots, 3), (90, 8, 2)))


def without_maps(exhibit: Exhibit) -> Exhibit:
    """Return an experiment that keeps its numbers and neither height maps nor spectra."""
    none = np.zeros((0, 0, 0), np.int16)
    reduced = with_arrays(exhibit.reduced, height_maps=none, ffts=none.astype(np.float32))
    return dataclasses.replace(exhibit, reduced=reduced)


@pytest.fixture
def make_exhibit() -> Callable[..., Exhibit]:
    def make(
        number: int,
        state: State = State.DONE,
        snapshots: int = 6,
        shape: tuple[int, int] = SHAPE,
        **fields: Any,
    ) -> Exhibit:
        depth, length = shape
        swept = {"Tau_min": 100.0 * (number // 3), "Lambda_I": 0.5 * (number % 3)}
        parameters = {"H": 20, "L": length, "D": depth, **swept}
        reduced = dunes(number, snapshots, shape)
        experiment = Experiment(number, Point(f"{number:016x}", parameters, seed=1))
        made = html.Exhibit(
            status=Status(experiment, state, 1, None),
            remark="",
            reduced=reduced,
            series={
                "mean_height": reduced.height_maps.mean(axis=(1, 2)),
                "roughness": reduced.height_maps.std(axis=(1, 2)),
            },
            provenance={"Engine": "builtin", "Command (rescal)": "rescal run.par -s 1"},
            attempts=("done after 8 s on node1",),
            log_tail=("rescal speaks",),
        )
        return dataclasses.replace(made, **fields)

    return make


def laid_out(
    overview: Overview, exhibits: Sequence[Exhibit], axes: Sequence[Sequence[str]] = ()
) -> Overview:
    """Return an overview with the diagram of experiments, along the axes of sorted points."""
    statuses = [exhibit.status for exhibit in exhibits]
    points = [status.experiment.point for status in statuses]
    dimensions = []
    for names in axes or overview.axes:
        on_axis = sorted({tuple(p.parameters[name] for name in names) for p in points})
        columns = dict(zip(names, map(list, zip(*on_axis, strict=True)), strict=True))
        dimensions.append(Dimension(names[0], columns))
    dimensions.append(Dimension("seed", {"seed": sorted({point.seed for point in points})}))
    return dataclasses.replace(overview, diagram=diagram(dimensions, statuses, panel=2.0))


@pytest.fixture
def overview() -> Overview:
    return html.Overview(
        name="winds",
        description="Snowfall against wind",
        axes=(("Tau_min",), ("Lambda_I",)),
        diagram=NO_DIAGRAM,
        quantities=QUANTITIES,
        times=(0.0, 10.0, 20.0, 30.0, 40.0, 50.0),
        written="2026-01-31 12:00 UTC",
        progress="5 of 6 experiments are done.",
        used=("6 experiments in 7 attempts: 1.2 core-hours",),
        causes=(
            Trouble(
                "1 failed (rescal exited): look with rescal-sweep logs winds exp4",
                ("rescal-sweep logs winds exp4",),
            ),
        ),
        sweep_file="name: winds\nextends: snow\n",
        templates={"snow": "parameters: {H: 20}  # <low>\n"},
        commands=("rescal-sweep submit winds.yaml --wait",),
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium; where RESCAL_SWEEP_REQUIRE_BROWSER is 1 there has to be one."""
    required = os.environ.get("RESCAL_SWEEP_REQUIRE_BROWSER") == "1"
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None and not required:
        pytest.skip("there is no Chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  # starts a process of its own

    with sync_playwright() as playwright:
        # root has no sandbox, as in a container
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
