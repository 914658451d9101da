"""Jobs that were queued are never forgotten, whatever Slurm answers about the last of them."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.model import Cluster, Resources
from orchestrator.records import intents
from orchestrator.submission import recovery, start
from tests.submission.test_packing import SITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory

SLURM = {
    "sbatch": """
if [ -e PLACE/asked ]; then
    touch PLACE/slow
    echo "sbatch: error: Batch job submission failed: Socket timed out" >&2
    exit 1
fi
touch PLACE/asked
echo "Submitted batch job 17"
""",
    "squeue": """
if [ -e PLACE/queue ]; then exec cat PLACE/queue; fi
if [ -e PLACE/slow ]; then exit 1; fi
if [ -e PLACE/asked ]; then echo 17; fi
""",
    "scontrol": 'echo "$@" >> PLACE/told',
    "srun": "",
}


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Slurm that takes one job and is too slow for the next; ``told`` has what is released."""
    place = tmp_path / "slurm"
    place.mkdir()
    for name, text in SLURM.items():
        (place / name).write_text(f"#!/bin/sh\n{text.replace('PLACE', str(place))}\n")
        (place / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
    monkeypatch.setattr("orchestrator.submission.slurm_jobs._SLOW_S", 0.0)
    return place


def test_a_last_job_without_an_answer_holds_no_other_and_is_found_later(
    sweep_directory: SweepDirectory, slurm: Path, make_submission: Callable[..., Submission]
) -> None:
    made = make_submission("t", {0: 1}, Cluster.SLURM)
    retried = dataclasses.replace(made, resources=Resources(retries=1, time_min=10))
    intents.intend(sweep_directory, retried)

    started = start.send_jobs(sweep_directory, retried, SITE, 1.0)

    assert started.job_ids == ("17",)
    sent = intents.submission(sweep_directory, "t")
    assert (sent.job_ids, sent.last_job) == (("17",), "")
    assert (slurm / "told").read_text() == "release 17\n"
    assert (
        "t: what ends with its jobs is not retried: Slurm did not"
        in sweep_directory.log.read_text()
    )

    row = "{}|{}|N/A|N/A|10:00|||winds.{}"
    rows = [(17, "RUNNING", "t"), (18, "PENDING", "t"), (19, "PENDING", "u")]
    (slurm / "queue").write_text("".join(f"{row.format(*values)}\n" for values in rows))
    done = recovery.recover(sweep_directory)
    again = recovery.recover(sweep_directory)

    assert done == ["submission t was sent; those of its jobs that were held are released now"]
    assert again == []
    assert intents.submission(sweep_directory, "t").all_jobs == ("17", "18")
    assert (slurm / "told").read_text() == "release 17\nrelease 18\n"
