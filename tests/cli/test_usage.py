"""What a sweep has used: told from its records, and beside them by Slurm's accounts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from orchestrator.records import attempts
from orchestrator.slurm import usage

if TYPE_CHECKING:
    from tests.conftest import Bench


def test_the_usage_is_that_of_all_attempts(bench: Bench) -> None:
    bench.write("[0]")
    bench.go()
    bench.run("submit", "winds.yaml", "--wait")
    bench.run("resubmit", "winds", "1", "--wait", "--yes")

    told = json.loads(bench.run("status", "winds", "--usage", "--json").stdout)
    shown = bench.run("status", "winds", "--usage")

    made = [a for number in (0, 1) for a in bench.sweep.experiment(number).attempts()]
    records = [record for a in made if (record := attempts.read_record(a)) is not None]
    assert len(records) == 3
    assert [each["attempts"] for each in told["experiments"]] == [1, 2]
    wall_s = sum(record.wall_s for record in records)
    assert told["core_hours"] == pytest.approx(wall_s / 3600)
    assert told["memory_mb"] == max(record.memory_mb for record in records) > 5  # a Python
    cpu_s = sum(record.cpu_s for record in records)
    assert 0 < cpu_s < wall_s
    assert told["jobs"] is None
    assert "2 experiments in 3 attempts: " in shown.stdout
    assert f"{100 * cpu_s / wall_s:.0f} % of it computing" in shown.stdout
    assert shown.returncode == 0


def test_attempts_that_ended_badly_are_counted(bench: Bench) -> None:
    bench.write("[13]")  # at which the engine of the tests fails
    bench.go()
    bench.run("submit", "winds.yaml", "--wait")

    told = json.loads(bench.run("status", "winds", "--usage", "--json").stdout)
    shown = bench.run("status", "winds", "--usage").stdout
    bench.run("report", "winds")
    page = (bench.sweep.root / "report.html").read_text()

    for sentence in shown.splitlines()[-2:]:
        assert f'<p class="small">{sentence[0].upper()}{sentence[1:]}.</p>' in page
    assert [(e["attempts"], e["ended_badly"]) for e in told["experiments"]] == [(1, 1)] * 2
    assert "core-hours in 2 attempts that ended badly" in shown


def test_nothing_is_used_before_anything_has_ended(bench: Bench) -> None:
    bench.write("[7]")  # whose engine waits until it may go on
    bench.run("submit", "winds.yaml")

    assert "nothing used yet: no attempt has ended" in bench.run("status", "--usage").stdout


def test_every_start_of_a_job_counts_with_the_memory_of_its_steps() -> None:
    answer = (
        "7_0|60|2|01:30.250||2Gc|winds.a\n"
        "7_0.batch|60|2|00:00.250|10M||batch\n"
        "7_0.0|60|2|01:30|1G||python\n"
        "7_0|30|2|1-00:00:10||2Gc|winds.a\n"
        "8|10|1|00:01||4000M|winds.b\n"
        "8.extern|10|1|00:00|||extern\n"
        "cut off|\n"
    )

    first, again, other = usage.read(answer)

    assert (first.core_s, first.cpu_s) == (120, 90)
    assert (first.memory_mb, first.requested_mb) == (1024, 4096)  # 2 GB for each of two cores
    assert (again.core_s, again.cpu_s, again.memory_mb) == (60, 86410, None)
    assert (other.name, other.memory_mb, other.requested_mb) == ("winds.b", None, 4000)
