"""A reduction is one row of a table: it is made, kept, labelled, compared and drawn by it alone."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import open_sweep
from orchestrator.analysis import comparison
from orchestrator.model import Point, Run, reductions
from orchestrator.model.pictures import Choice
from orchestrator.plots.plot import draw
from orchestrator.records import arrays, intents, ledger
from orchestrator.runner import worker
from orchestrator.runner.queue import Post
from orchestrator.runner.stop import Stop
from tests.conftest import with_arrays

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Submission
    from orchestrator.model.reductions import Reduction
    from orchestrator.records.paths import SweepDirectory
    from tests.conftest import FakeRoot


PAGE = Path(__file__).parents[2] / "docs" / "extending" / "reduction.md"


def _air() -> Reduction:
    """Return the reduction that the page on adding one shows."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    reduction: Reduction = namespace["AIR"]
    return reduction


@pytest.fixture
def sweep(  # what a sweep is made of
    monkeypatch: pytest.MonkeyPatch,
    sweep_directory: SweepDirectory,
    fake_root: FakeRoot,
    make_submission: Callable[..., Submission],
    frame: Callable[..., bytes],
) -> SweepDirectory:
    """A sweep of one experiment that has been run with a fourth reduction in the table."""
    monkeypatch.setattr(reductions, "REDUCTIONS", (*reductions.REDUCTIONS, _air()))
    states = np.full((5, 4, 6), 3, np.uint8)
    states[:, -2:] = 0
    later = states.copy()
    later[0, 0] = 1
    fake_root.rescal("send(stream)", frame(states, 0.0) + frame(later, 10.0))
    point = Point("00", {"H": 4, "L": 6, "D": 5, "Time": 0.0}, 1)
    ledger.enlist(sweep_directory, [point])
    ledger.keep_sweep_file(sweep_directory, "name: winds\n")
    submission = make_submission("t", {0: 1})
    run = Run(stop_t0=10.0, every_t0=10.0)
    intents.intend(
        sweep_directory, dataclasses.replace(submission, run=run, root=fake_root.root)
    )
    with Stop() as stop:
        worker.work(sweep_directory, Post("local:0"), stop)
    return sweep_directory


def test_a_fourth_reduction_is_kept_labelled_compared_and_drawn(
    sweep: SweepDirectory, tmp_path: Path
) -> None:
    place = sweep.experiment(0)
    (path,) = draw(sweep, Choice("series", tmp_path / "air.svg", quantity=("air",)), "plot")
    reduced = arrays.reduced(place)
    other = with_arrays(reduced, air_cells=reduced.arrays["air_cells"] + [0, 1])

    with np.load(place.array_file("air_cells")) as published:
        assert published["air_cells"].tolist() == [60, 54]
        assert published["air_cells"].dtype == np.int32
    with open_sweep(sweep.root) as dataset:
        assert dataset["air"].squeeze().values.tolist() == [60.0, 54.0]
        assert dataset["air"].attrs == {
            "long_name": "cells of air",
            "units": "cells",
            "comment": "",
        }
    assert json.loads(place.meta_data.read_text())["arrays"]["air_cells"] == {
        "dtype": "<i4",
        "dims": ["snapshot"],
        "long_name": "cells of air",
        "units": "cells",
    }
    assert [snapshot.difference for snapshot in comparison.compare(reduced, other)] == [
        "",
        "cells of air: 1 of 1 values differ",
    ]
    assert "air" in path.read_text()
