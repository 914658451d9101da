"""What befalls jobs on a real Slurm: every experiment ends once, and nothing computed is lost."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.records import attempts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slurm.conftest import Cluster, Desk

pytestmark = [pytest.mark.slurm, pytest.mark.slow]


def _waiting(desk: Desk, wait_until: Callable[..., bool], *words: str) -> str:
    """Submit two experiments that wait after their first snapshot; return their job's id."""
    desk.write("[7]")
    said = desk.run("submit", "winds.yaml", "--pack", "2", *words)
    assert said.returncode == 0, said.stdout + said.stderr
    waiting = wait_until(lambda: desk.snapshots() == [1, 1], within_s=90)
    assert waiting, json.dumps(desk.status()["experiments"], indent=1)
    return str(desk.experiments()[0]["job"])


def _kill_all_of_the_job_of(pid: int) -> None:
    """Kill every process of a job, those of Slurm first, that they cannot tell of it."""
    mark = next(
        part
        for part in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        if part.startswith(b"SLURM_JOB_ID=")
    )
    step = b"slurmstepd: [%s." % mark.partition(b"=")[2]
    slurms, others = [], []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cmdline").read_bytes().startswith(step):
                slurms.append(int(process.name))
            elif mark in (process / "environ").read_bytes().split(b"\0"):
                others.append(int(process.name))
    for number in slurms + others:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _let_minutes_pass_in_silence(desk: Desk) -> None:
    """Let the last sign of life of what runs on another node be as old as it takes."""
    for path in (*desk.files("claim.json"), *desk.files("progress.json")):
        before = path.stat().st_mtime - 2 * attempts.PATIENCE_S
        os.utime(path, (before, before))


def test_a_requeued_job_goes_on_with_what_it_had_begun(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _waiting(desk, wait_until, "-t", "10")

    cluster.ask("scontrol", "requeue", job)
    ended = wait_until(lambda: "running" not in desk.counts())
    desk.go()
    done = wait_until(lambda: desk.counts() == {"done": 2}, within_s=60)

    assert ended
    assert done, desk.status()
    assert desk.attempts() == [2, 2]
    assert {e["job"] for e in desk.experiments()} == {job}


def test_a_node_that_dies_gives_its_experiments_to_the_next(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    _waiting(desk, wait_until, "-t", "10", "--set", "slurm.extra={nodelist: n4}")
    claim = json.loads(desk.files("claim.json")[0].read_text())

    cluster.kill("n4")
    _kill_all_of_the_job_of(claim["pid"])  # as where the power is gone
    _let_minutes_pass_in_silence(desk)
    pending = wait_until(lambda: desk.counts() == {"pending": 2}, within_s=60)
    seen = desk.experiments()[0]["reason"]
    desk.go()
    cluster.mend()
    done = wait_until(lambda: desk.counts() == {"done": 2}, within_s=90)

    assert pending, desk.status()
    assert "requeued" in seen or "waits" in seen
    assert done, desk.status()
    assert desk.attempts() == [2, 2]


def test_a_node_daemon_that_dies_alone_leaves_its_experiments_to_end_in_peace(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    _waiting(desk, wait_until, "-t", "10", "--set", "slurm.extra={nodelist: n3}")

    cluster.kill("n3")
    down = wait_until(
        lambda: cluster.ask("sinfo", "-h", "-n", "n3", "-o", "%T").startswith("down"), 60
    )
    states = desk.counts()
    desk.go()
    done = wait_until(lambda: desk.counts() == {"done": 2})
    cluster.mend()

    assert down
    assert states == {"running": 2}
    assert done, desk.status()
    assert desk.attempts() == [1, 1]


def test_what_reaches_the_time_limit_keeps_its_snapshots_and_is_resubmitted_with_more(
    desk: Desk, wait_until: Callable[..., bool]
) -> None:
    _waiting(desk, wait_until, "-t", "2")  # the warning comes 40 to 100 s before the end
    limited = wait_until(lambda: desk.counts() == {"timeout": 2}, within_s=120)
    reason = desk.experiments()[0]["reason"]
    mended = desk.run("status", "winds").stdout
    desk.go()

    again = desk.run("resubmit", "winds", "--state", "timeout", "-t", "3", "--wait")

    assert limited, desk.status()
    # the warning goes to all processes of the job, and the engine may be the first to heed it
    assert reason.startswith("stopped by SIGUSR2")
    assert reason.endswith("(1 snapshot kept)")
    assert "rescal-sweep resubmit winds --state timeout -t 3min" in mended
    assert again.returncode == 0, again.stdout + again.stderr
    assert desk.attempts() == [2, 2]


def test_what_its_job_had_too_little_time_for_is_submitted_again_by_it(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    _waiting(desk, wait_until, "-t", "2", "--set", "slurm.retries=1")
    again = wait_until(lambda: desk.attempts() == [2, 2], within_s=150)
    began = wait_until(lambda: desk.counts() == {"running": 2}, within_s=60)
    limits = set(cluster.ask("squeue", "-h", "-t", "R", "-o", "%l").split())
    desk.go()
    watched = desk.run("status", "winds", "--watch")

    assert again, desk.status()
    assert began, desk.status()
    assert "4:00" in limits
    assert desk.counts() == {"done": 2}, watched.stdout
    log = desk.sweep.log.read_text()
    assert "exp0, exp1 submitted again by their job; time limit 4 min; 0 retries left" in log


def test_without_accounts_a_sweep_runs_and_is_judged_by_its_files(
    sit_at: Callable[[Cluster], Desk],
    make_cluster: Callable[..., Cluster],
) -> None:
    desk = sit_at(make_cluster("--no-accounting", "--nodes", "2"))
    desk.write("[0, 13]")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")
    doctor = desk.run("doctor").stdout

    assert done.returncode == 1
    assert desk.counts() == {"done": 2, "failed": 2}
    assert "tau 13 brings bad luck" in desk.experiments()[1]["reason"]
    assert re.search(r"warning +accounting: off; .* known for 5 min only", doctor)


def test_paths_with_blanks_and_odd_names_are_taken_as_they_are(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    desk.write("[0]", name="Winds_of-2.0")
    words = ("--data-dir", "my data/of today", "--set", "slurm.extra={comment: a b 'c'}")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait", *words)

    assert done.returncode == 0, done.stdout + done.stderr
    place = desk.bench.place / "my data/of today/Winds_of-2.0"
    assert len(list(place.glob("exp*/out/height_maps.npz"))) == 2
    told = ("sacct", "-X", "-n", "-P", "--format=JobName,Comment")
    assert wait_until(
        lambda: re.search(r"(?m)^Winds_of-2\.0\..+\|a b 'c'$", cluster.ask(*told))
    )


def test_an_array_that_is_too_long_is_cut_and_nothing_runs_twice(
    sit_at: Callable[[Cluster], Desk], make_cluster: Callable[..., Cluster]
) -> None:
    desk = sit_at(make_cluster("--no-accounting", "--max-array-size", "9"))
    desk.write(str(list(range(20, 30))))

    done = desk.run("submit", "winds.yaml", "-t", "10", "--wait")

    assert done.returncode == 0, done.stdout + done.stderr
    assert desk.attempts() == [1] * 20
    (sent,) = [line for line in desk.noted() if line["event"] == "submitted"]
    assert sent["chunks"] == [9, 9, 2]
    assert len(set(sent["job_ids"])) == 3


def test_a_failing_experiment_disturbs_no_other_in_its_job(desk: Desk) -> None:
    desk.write("[0, 13, 20, 21]")

    done = desk.run("submit", "winds.yaml", "-t", "10", "--pack", "node", "--wait")

    assert done.returncode == 1
    assert desk.counts() == {"done": 6, "failed": 2}
    assert desk.attempts() == [1] * 8
    said = desk.run("status", "winds").stdout
    assert "2 of 2 at Tau_min = 13" in said


def test_a_requeued_experiment_can_be_cancelled_alone(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    job = _waiting(desk, wait_until, "-t", "10")
    for path in desk.files("claim.json"):  # killed without a word
        os.kill(json.loads(path.read_text())["pid"], signal.SIGKILL)
    cluster.ask("scontrol", "requeue", job)

    cancelled = desk.run("cancel", "winds", "1")
    desk.go()
    done = wait_until(lambda: desk.experiments()[0]["state"] == "done", within_s=60)

    assert cancelled.returncode == 0
    assert done, desk.status()
    assert desk.attempts() == [2, 1]
    assert not attempts.read_record(desk.sweep.experiment(1).attempt(1))


DEAF = """\
import contextlib
import os
import signal
import time

from orchestrator import reduction


@reduction(units="1")
def deaf(height_map):
    for number in range(2) if "SLURM_JOB_ID" in os.environ else ():
        with contextlib.suppress(FileExistsError), open(f"{PLACE}/deaf-{number}", "x"):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            time.sleep(600)
    return height_map.mean()
"""


def test_what_a_time_limit_ends_together_with_its_script_is_submitted_again_by_the_last_job(
    desk: Desk, cluster: Cluster, wait_until: Callable[..., bool]
) -> None:
    """The workers of the first attempts heed no warning, and their job's script waits for them."""
    desk.write("[0]")
    (desk.bench.place / "deafness.py").write_text(f"PLACE = {str(desk.bench.place)!r}\n{DEAF}")
    words = ("outputs.own={deaf: 'deafness:deaf'}", "slurm.retries=1")
    options = [word for pair in words for word in ("--set", pair)]

    sent = desk.run("submit", "winds.yaml", "-t", "1", "--pack", "2", *options)
    done = wait_until(lambda: desk.counts() == {"done": 2}, within_s=240)

    def accounts() -> str:
        return cluster.ask("sacct", "-X", "-n", "-P", "--format=JobName,State,TimelimitRaw")

    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert done, desk.status()
    assert desk.attempts() == [2, 2]
    first, again = (line["token"] for line in desk.noted() if line["event"] == "submitted")
    assert f"winds.{first}|TIMEOUT|1\n" in accounts()
    # a job ends a moment after its experiments
    assert wait_until(lambda: f"winds.{again}|COMPLETED|2\n" in accounts()), accounts()
    for number in range(2):
        record = attempts.read_record(desk.sweep.experiment(number).attempt(1))
        assert record is not None
        assert record.state.value == "timeout"
    log = desk.sweep.log.read_text()
    assert "exp0, exp1 submitted again by the last job; time limit 2 min; 0 retries left" in log
