"""How much memory experiments will need, and what a job gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.cli.sentences import cost_lines
from orchestrator.model import EngineKind, Experiment, Point, Resources, State, Status
from orchestrator.records.memory import expected_mb
from orchestrator.slurm import cluster, feasibility
from orchestrator.submission.cost import Cost
from orchestrator.submission.packing import Packing

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Record, Submission

RECORDED = Path(__file__).parents[1] / "slurm_texts" / "recorded"
SMALL = {"H": 50, "L": 200, "D": 100}
LARGE = {"H": 100, "L": 400, "D": 100}


@pytest.fixture
def ended(
    make_submission: Callable[..., Submission], make_record: Callable[..., Record]
) -> Callable[[float], Status]:
    def make(memory_mb: float) -> Status:
        record = dataclasses.replace(make_record(), memory_mb=memory_mb)
        point = Point("0", SMALL, 1)
        status = Status(Experiment(0, point), State.DONE, 1, make_submission("a", {}))
        return dataclasses.replace(status, record=record)

    return make


def test_memory_grows_with_the_cells_as_measured(ended: Callable[[float], Status]) -> None:
    """A million cells take 12 MB at least, and what goes beyond 340 MB."""
    seen = [ended(100.0), ended(90.0), ended(0.0)]  # the last is of an earlier version

    assert expected_mb([SMALL, LARGE], seen, EngineKind.BUILTIN) == pytest.approx(88 + 48 + 150)
    assert expected_mb([LARGE], [ended(335.0)], EngineKind.BUILTIN) == pytest.approx(
        323 + 48 + 150
    )
    assert expected_mb([LARGE], [ended(400.0)], EngineKind.BUILTIN) == pytest.approx(
        340 + 240 + 150
    )
    assert expected_mb([LARGE], [ended(105.0)], EngineKind.RESCAL) == pytest.approx(
        5 + 400 + 45
    )


def test_before_anything_was_measured_only_the_built_in_engine_is_known(
    ended: Callable[[float], Status],
) -> None:
    assert expected_mb([SMALL], [], EngineKind.BUILTIN) == pytest.approx(80 + 12 + 150)
    assert expected_mb([SMALL], [ended(0.0)], EngineKind.RESCAL) is None
    assert expected_mb([], [], EngineKind.BUILTIN) is None


@pytest.mark.parametrize(
    ("resources", "of_cluster", "of_partition", "mb"),
    [
        (Resources(), "100", "", 100),
        (Resources(pack=3), "100", "", 300),
        (Resources(), "100", "DefMemPerNode=700", 700),
        (Resources(), "UNLIMITED", "DefMemPerCPU=50", 50),
        (Resources(), "UNLIMITED", "", None),
        (Resources(mem="3G"), "100", "", 3072),
        (Resources(extra={"mem_per_cpu": "2G"}, pack=2), "100", "", 4096),
        (Resources(pack=0), "100", "", 2000),  # all of a node
    ],
)
def test_a_job_gets_what_it_asks_for_or_what_the_site_gives(
    resources: Resources, of_cluster: str, of_partition: str, mb: float | None
) -> None:
    config = (RECORDED / "config.txt").read_text()
    config = config.replace("DefMemPerCPU            = 100", f"DefMemPerCPU = {of_cluster}")
    rows = (RECORDED / "partitions.txt").read_text()
    if of_partition:
        rows = rows.replace("DefMemPerNode=UNLIMITED", of_partition)
    partitions = cluster.read_partitions(rows, (RECORDED / "nodes.txt").read_text())
    limits = cluster.read_limits(config)

    assert isinstance(limits, cluster.Limits)
    assert feasibility.memory_mb(resources, partitions, limits) == mb


def test_a_plan_warns_where_engines_need_more_than_their_job_gets() -> None:
    packing = Packing(
        slurm=True, jobs=2, at_once=2, together=4, cores=4, limit_s=60.0, memory_mb=1000.0
    )

    def warned(experiment_mb: float | None, packing: Packing = packing) -> list[str]:
        cost = Cost(packing, (10.0,), 10.0, 20.0, "scaling", 0, experiment_mb)
        return [line for line in cost_lines(cost) if "memory" in line]

    ends = "and a job gets 1000M; --mem or slurm.mem asks for more"
    many = f"warning: 4 experiments at a time are expected to need 1145M of memory, {ends}"
    assert warned(300.0) == [many]
    assert warned(250.0) == warned(None) == []
    assert warned(300.0, dataclasses.replace(packing, memory_mb=None)) == []
    assert warned(300.0, dataclasses.replace(packing, slurm=False)) == []
    alone = dataclasses.replace(packing, together=1, memory_mb=200.0)
    assert warned(300.0, alone)[0].startswith(
        "warning: an experiment is expected to need 287M of"
    )
