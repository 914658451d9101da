"""What an engine does to its own directory harms neither the sweep nor anything outside of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import State
from orchestrator.records import attempts
from orchestrator.records.failures import reason
from orchestrator.records.status import read_statuses

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Bench

FIRST = "Lambda_E = 1"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    place = tmp_path / "outside"
    place.mkdir()
    (place / "1").mkdir()
    return place


def _let_engine(bench: Bench, code: str) -> None:
    """Let the engine of the first experiment do something before its second snapshot."""
    program = bench.root / "build" / "rescal"
    text = program.read_text()
    done = f"    if i == 1 and float(par['Lambda_E']) == 1:\n        import shutil; {code}\n"
    program.write_text(
        text.replace("    if i == 1 and tau == 13:", f"{done}    if i == 1 and tau == 13:")
    )


def _files(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["out", "attempts", "attempts/1"])
def test_nothing_is_written_behind_a_link_that_an_engine_has_made(
    bench: Bench, outside: Path, name: str
) -> None:
    _let_engine(bench, f"shutil.rmtree('{name}', True); os.symlink('{outside}', '{name}')")
    bench.write("[0]")

    bench.run("submit", "winds.yaml", "--workers", "1", "--wait")

    states = [status.state for status in read_statuses(bench.sweep)]
    assert _files(outside) == []
    assert states[0] in {State.FAILED, State.LOST}
    assert states[1] is State.DONE


def test_an_experiment_with_a_link_is_refused_and_the_others_go_on(
    bench: Bench, outside: Path
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    out = bench.sweep.experiment(0).out
    shutil.rmtree(out)
    out.symlink_to(outside)

    bench.run("resubmit", "winds", "0-1", "--workers", "1", "--wait", "--yes")

    told = bench.run("status", "winds").stdout
    assert _files(outside) == []
    assert "exp0/out: it is a link, which is not followed" in told
    assert [s.state for s in read_statuses(bench.sweep)] == [State.FAILED, State.DONE]


@pytest.mark.parametrize("name", [".", "attempts", "attempts/1"])
def test_an_engine_that_removes_its_attempt_has_failed_and_is_not_run_again(
    bench: Bench, name: str
) -> None:
    _let_engine(bench, f"shutil.rmtree(os.path.abspath('{name}'))")
    bench.write("[0]")

    bench.run("submit", "winds.yaml", "--workers", "1", "--wait")

    record = attempts.read_record(bench.sweep.experiment(0).attempt(1))
    assert record is not None
    assert record.state is State.FAILED
    assert [s.state for s in read_statuses(bench.sweep)] == [State.FAILED, State.DONE]
    assert bench.sweep.log.read_text().count("exp0 attempt 1 started") == 1
    assert reason(record)
    shutil.rmtree(bench.sweep.root)
