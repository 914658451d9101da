"""The main job on one machine: from a sweep file to results, seen from other terminals too."""

from __future__ import annotations

import dataclasses
import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator.engine import cache, kernels
from orchestrator.model import Cluster
from orchestrator.records import intents, pace

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.model import Submission
    from orchestrator.records.paths import AttemptDirectory
    from tests.conftest import Bench


def _status(bench: Bench) -> dict[str, Any]:
    done = bench.run("status", "winds", "--json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _until(bench: Bench, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not true(status := _status(bench)):
        assert time.monotonic() < deadline, status
        time.sleep(0.1)
    return status


def _states(status: dict[str, Any]) -> list[str]:
    return [one["state"] for one in status["experiments"]]


def test_a_sweep_runs_to_the_end_and_leaves_its_results(bench: Bench) -> None:
    bench.write("[0, 100]")

    done = bench.run("submit", "winds.yaml", "--wait")

    assert done.returncode == 0, done.stderr
    assert "4 experiments: 4 done" in done.stdout
    for number in range(4):
        place = bench.sweep.experiment(number)
        with np.load(place.height_maps) as file:
            assert file["height_maps"].shape == (3, 12, 14)
            assert file["height_maps"][:, 0, 0].tolist() == [1, 2, 3]
            assert file["times"].tolist() == [0.0, 10.0, 20.0]
        with np.load(place.array_file("ffts")) as file:
            assert file["ffts"].shape == (3, 1, 1)
        account = json.loads(place.meta_data.read_text())
        assert account["data"] == "complete"
        assert account["parameters"]["Lambda_E"] == [1.0, 1.0, 2.0, 2.0][number]
    assert bench.sweep.sweep_file(1).read_text() == (bench.place / "winds.yaml").read_text()
    events = bench.sweep.log.read_text().splitlines()
    assert sum("done: 3 of 3 snapshots" in event for event in events) == 4


def test_submitting_an_extended_file_runs_only_what_is_new(bench: Bench) -> None:
    bench.write("[0, 100]")
    bench.run("submit", "winds.yaml", "--wait")
    before = [bench.sweep.experiment(n).meta_data.stat().st_mtime_ns for n in range(4)]
    bench.write("[100, 200]")

    planned = bench.run("plan", "winds.yaml", "--json")
    done = bench.run("submit", "winds.yaml", "--wait")

    plan = json.loads(planned.stdout)
    assert (plan["new"], plan["kept"], plan["orphaned"]) == (2, 2, [0, 2])
    assert [(e["number"], e["plan"]) for e in plan["experiments"]] == [
        (1, "kept"),
        (4, "new"),
        (3, "kept"),
        (5, "new"),
    ]
    assert done.returncode == 0, done.stderr
    assert [bench.sweep.experiment(n).meta_data.stat().st_mtime_ns for n in range(4)] == before
    assert sorted(p.name for p in bench.sweep.root.glob("exp?")) == [
        f"exp{n}" for n in range(6)
    ]
    assert bench.sweep.sweep_file(2).exists()
    assert "4 experiments: 4 done" in done.stdout
    assert "4 experiments: 4 done; 2 orphaned" in bench.run("status", "winds").stdout
    orphaned = [e["number"] for e in _status(bench)["experiments"] if e["orphaned"]]
    assert orphaned == [0, 2]


def test_what_is_no_longer_in_the_file_is_not_run_again_unless_it_is_named(
    bench: Bench,
) -> None:
    bench.write("[0, 13]")
    bench.run("submit", "winds.yaml", "--wait")
    bench.write("[0]")

    shrunk = bench.run("submit", "winds.yaml", "--wait")
    again = bench.run("resubmit", "winds", "--wait")
    named = bench.run("resubmit", "winds", "exp1", "--wait")

    assert shrunk.returncode == 0, shrunk.stderr
    assert "0 experiments submitted, 2 kept, 2 orphaned" in shrunk.stdout
    assert "nothing to resubmit" in again.stdout
    assert named.returncode == 1
    assert [e["attempt"] for e in _status(bench)["experiments"]] == [1, 2, 1, 1]


def test_what_is_resubmitted_by_name_is_made_as_it_was_asked_for(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    bench.write("[0, 100]")
    file = bench.place / "winds.yaml"
    file.write_text(file.read_text().replace("stop: 20", "stop: 10"))
    changed = bench.run("submit", "winds.yaml", "--wait")

    again = bench.run("resubmit", "winds", "exp0", "exp2", "--wait", "--yes")
    by_file = bench.run("resubmit", "winds.yaml", "exp1", "--wait", "--yes")
    planned = json.loads(bench.run("plan", "winds.yaml", "--json").stdout)
    file.write_text("# later\n" + file.read_text())
    bench.run("resubmit", "winds.yaml", "exp3", "--wait", "--yes")
    bench.write("[0]")
    other = bench.run("resubmit", "winds.yaml", "exp3", "--wait", "--yes")

    assert (
        "exp0, exp1: kept with their earlier run and output settings; "
        "to run them again with the new ones: rescal-sweep resubmit winds.yaml --stale"
    ) in changed.stdout
    assert planned["otherwise"] == [0]
    assert again.returncode == by_file.returncode == 0, again.stderr
    assert "2 experiments resubmitted (exp0, exp2)" in again.stdout
    found = _status(bench)["experiments"]
    assert [(e["attempt"], e["stop_t0"], e["snapshots"]) for e in found] == [
        (2, 20, 3),
        (2, 10, 2),
        (2, 10, 2),
        (3, 20, 3),
    ]
    kept = [path.name for path in bench.sweep.root.glob("sweep*.yaml")]
    assert sorted(kept) == ["sweep.2.yaml", "sweep.3.yaml", "sweep.yaml"]
    assert bench.sweep.sweep_file(3).read_text().startswith("# later\n")
    assert "winds.yaml has other experiments than the sweep has" in other.stderr + other.stdout
    assert found[1]["reason"] == "an earlier attempt came further, and its data stay"
    for number, count in enumerate([3, 3, 2, 3]):
        with np.load(bench.sweep.experiment(number).height_maps) as published:
            assert len(published["times"]) == count
    account = json.loads(bench.sweep.experiment(1).meta_data.read_text())
    assert (account["attempt"], account["stop_t0"], account["attempts"]) == (1, 20, [1, 2])


def test_all_means_all_that_ended_badly_and_a_number_means_that_one(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    every = bench.run("resubmit", "winds", "all")
    refused = bench.run("resubmit", "winds", "1", "--wait")
    several = bench.run("resubmit", "winds", "--state", "done", "--wait")
    one = bench.run("resubmit", "winds", "1", "--wait", "--yes")

    assert (refused.returncode, several.returncode) == (2, 2)
    assert refused.stderr == (
        "1 experiment is done (exp1) and would be computed again; --yes does so\n"
    )
    assert several.stderr == (
        "2 experiments are done (exp0, exp1) and would be computed again; --yes does so\n"
    )
    assert every.stdout.startswith("winds: nothing to resubmit\n2 experiments: 2 done\n")
    assert "1 experiment resubmitted (exp1)" in one.stdout
    assert [len(bench.sweep.experiment(number).attempts()) for number in range(2)] == [1, 2]


def test_programs_are_told_of_every_sweep_there_is(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    shutil.copytree(bench.sweep.root, bench.sweep.root.with_name("again"))

    told = json.loads(bench.run("status", "--json").stdout)

    assert [(one["sweep"], one["counts"]) for one in told["sweeps"]] == [
        ("again", {"done": 2}),
        ("winds", {"done": 2}),
    ]


def test_who_follows_the_log_of_what_waits_sees_it_start(bench: Bench) -> None:
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    words = [bench.command, "logs", "winds", "1", "-f"]
    place, environment = bench.place, bench.environment()
    with subprocess.Popen(
        words, cwd=place, env=environment, stdout=subprocess.PIPE, text=True
    ) as following:
        _until(bench, lambda s: s["experiments"][0]["snapshots"] == 1)
        waits = following.poll() is None
        bench.go()
        said, _ = following.communicate(timeout=300)

    assert waits
    assert following.returncode == 0
    assert said.endswith("-- attempt 1 done\n")


def test_planning_changes_nothing(bench: Bench) -> None:
    bench.write("[0]")

    done = bench.run("plan", "winds.yaml")

    assert done.returncode == 0, done.stderr
    assert "2 new, 0 kept, 0 orphaned" in done.stdout
    assert not (bench.place / "data_runs").exists()


def test_a_failed_experiment_disturbs_no_other_and_can_be_resubmitted(bench: Bench) -> None:
    bench.write("[0, 13]")

    first = bench.run("submit", "winds.yaml", "--wait")
    status = _status(bench)
    again = bench.run("resubmit", "winds", "--wait")

    assert first.returncode == 1
    assert _states(status) == ["done", "failed", "done", "failed"]
    failed = status["experiments"][1]
    assert "exited with status 3" in failed["reason"]
    assert "tau 13 brings bad luck" in failed["reason"]
    assert failed["snapshots"] == 1
    assert again.returncode == 1
    assert [e["attempt"] for e in _status(bench)["experiments"]] == [1, 2, 1, 2]
    logs = bench.run("logs", "winds", "exp1")
    assert "rescal speaks\ntau 13 brings bad luck\n-- attempt 2 failed: " in logs.stdout


def test_workers_go_on_when_the_terminal_closes_and_are_found_from_another(
    bench: Bench,
) -> None:
    bench.write("[0, 7]")

    submitted = bench.run("submit", "winds.yaml", "--workers", "1")
    running = _until(bench, lambda s: s["experiments"][1]["snapshots"] == 1)
    bench.go()
    ended = _until(bench, lambda s: s["counts"] == {"done": 4})

    assert submitted.returncode == 0
    assert _states(running) == ["done", "running", "pending", "pending"]
    assert {e["job"] for e in ended["experiments"]} == {"local:0"}


def test_cancelling_ends_what_waits_and_what_runs(bench: Bench) -> None:
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    _until(bench, lambda s: s["experiments"][0]["snapshots"] == 1)

    cancelled = bench.run("cancel", "winds")
    log = bench.sweep.log.read_text()
    ended = _until(bench, lambda s: s["counts"] == {"cancelled": 2})
    left = bench.run("resubmit", "winds")

    assert cancelled.returncode == 0
    assert cancelled.stdout == (
        "winds: 1 cancelled, 1 asked to stop, 0 had ended before\n"
        "look whether they have stopped: rescal-sweep status winds\n"
    )
    assert "exp0 attempt 1 asked to stop: cancelled on request\n" in log
    assert "exp1 attempt 1 cancelled while pending\n" in log
    assert [e["job"] for e in ended["experiments"]] == ["local:0", None]
    assert left.stdout.startswith("winds: nothing to resubmit\n2 experiments: 2 cancelled\n")
    assert "rescal-sweep resubmit winds --state cancelled\n" in left.stdout
    assert [e["snapshots"] for e in ended["experiments"]] == [1, 0]
    with np.load(bench.sweep.experiment(0).height_maps) as file:
        assert file["height_maps"].shape == (1, 12, 14)
    account = json.loads(bench.sweep.experiment(0).meta_data.read_text())
    assert account["data"] == "partial"


def _kill_worker(bench: Bench) -> AttemptDirectory:
    """Kill the only worker of a sweep of two in its first experiment; return the attempt."""
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    _until(bench, lambda s: s["experiments"][0]["snapshots"] == 1)
    attempt = bench.sweep.experiment(0).attempt(1)
    os.kill(json.loads(attempt.claim.read_text())["pid"], signal.SIGKILL)
    return attempt


def test_a_killed_worker_leaves_a_lost_experiment_that_resubmit_completes(
    bench: Bench,
) -> None:
    _kill_worker(bench)

    lost = _until(bench, lambda s: _states(s)[0] == "lost")
    bench.go()
    done = bench.run("resubmit", "winds", "--wait")

    assert _states(lost) == ["lost", "pending"]
    assert done.returncode == 0, done.stdout
    _until(bench, lambda s: s["counts"] == {"done": 2})
    record = json.loads(bench.sweep.experiment(0).attempt(1).record.read_text())
    assert record["state"] == "lost"


def test_a_claim_that_was_damaged_keeps_nobody_from_resubmitting(bench: Bench) -> None:
    attempt = _kill_worker(bench)
    attempt.claim.write_text("")
    ahead = time.time() + 1e6  # a clock was wrong
    os.utime(attempt.root, (ahead, ahead))

    lost = _until(bench, lambda s: _states(s)[0] == "lost")
    bench.go()
    done = bench.run("resubmit", "winds", "--wait")

    assert _states(lost) == ["lost", "pending"]
    assert done.returncode == 0, done.stdout
    _until(bench, lambda s: s["counts"] == {"done": 2})


@pytest.mark.parametrize("text", ["{}", '{"snapshots": "many"}', "[]", "torn"])
def test_an_account_that_was_damaged_is_written_anew(bench: Bench, text: str) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    account = bench.sweep.experiment(0).meta_data
    account.write_text(text)

    done = bench.run("resubmit", "winds", "0", "--wait", "--yes")

    assert done.returncode == 0, done.stdout
    assert json.loads(account.read_text())["data"] == "complete"


@pytest.mark.parametrize("told", [True, False], ids=["yes", "no word"])
def test_ctrl_c_stops_experiments_only_if_told_to(bench: Bench, *, told: bool) -> None:
    bench.write("[7]")
    with subprocess.Popen(
        [bench.command, "submit", "winds.yaml", "--wait", *["--yes"] * told],
        cwd=bench.place,
        env=bench.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as waiting:
        _until_exists(bench)
        _until(bench, lambda s: all(e["snapshots"] == 1 for e in s["experiments"]))
        os.killpg(waiting.pid, signal.SIGINT)
        printed, _ = waiting.communicate(timeout=300)

    assert waiting.returncode == 130
    assert _states(_status(bench)) == ["cancelled" if told else "running"] * 2
    if not told:
        assert "they run on; look with: rescal-sweep status winds" in printed
        bench.run("cancel", "winds")


@pytest.mark.parametrize(
    ("answers", "ends"),
    [
        (["w\n", "\x03", "s\n"], "cancelled"),
        (["\n", "\x03", "stop\n"], "cancelled"),
        (["what\n", "l\n"], "running"),
        (["\x03"], "running"),
    ],
    ids=["wait, then stop", "a bare line waits", "leave", "ctrl-c again"],
)
def test_ctrl_c_on_a_terminal_asks_what_to_do(
    bench: Bench, answers: list[str], ends: str
) -> None:
    bench.write("[7]")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(bench.place)
        os.execve(
            f"{Path(sys.executable).parent}/rescal-sweep",
            ["rescal-sweep", "submit", "winds.yaml", "--wait"],
            bench.environment() | {"TERM": "xterm"},
        )
    _until_exists(bench)
    _until(bench, lambda s: all(e["snapshots"] == 1 for e in s["experiments"]))
    shown = b""
    for answer in ["\x03", *answers]:
        os.write(terminal, answer.encode())
        shown = b""
        while b"ait on? [w]" not in shown:  # until it asks again, or ends
            try:
                shown += os.read(terminal, 4096)
            except OSError:
                break
            if answer in {"w\n", "\n"} and b"2 running" in shown:
                break  # it waits on
    _, status = os.waitpid(child, 0)
    os.close(terminal)

    assert os.waitstatus_to_exitcode(status) == 130
    assert _states(_status(bench)) == [ends] * 2
    bench.run("cancel", "winds")


def test_the_hint_about_other_times_works_when_pasted(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    longer = ("winds.yaml", "--set", "run.stop=30")

    planned = bench.run("plan", *longer).stdout
    (command,) = re.findall(r"to go on to t = 30 t0: rescal-sweep (.*)", planned)
    again = bench.run(*shlex.split(command), "--wait")

    assert planned.count("kept, done, with other run or outputs") == 2
    assert command == "resubmit winds.yaml --stale --set=run.stop=30"
    assert "2 experiments resubmitted (exp0, exp1)" in again.stdout
    assert [e["stop_t0"] for e in _status(bench)["experiments"]] == [30, 30]
    assert "nothing to resubmit" in bench.run(*shlex.split(command)).stdout
    for words in (["winds", "--stale"], ["winds", "--set", "run.stop=30"]):
        assert bench.run("resubmit", *words).returncode == 2


def test_a_plan_tells_of_what_ended_badly(bench: Bench) -> None:
    bench.write("[13]")
    bench.run("submit", "winds.yaml", "--wait")

    planned = bench.run("plan", "winds.yaml").stdout

    hint = "submit leaves them so; to run them again: rescal-sweep resubmit winds"
    assert f"2 failed: {hint}\n" in planned


def test_a_copied_file_that_kept_its_name_takes_nothing_away(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    bench.write("[100]")

    refused = bench.run("submit", "winds.yaml")
    alone = bench.run("run", "winds.yaml")

    problem = (
        "name: none of the 2 experiments in data_runs/winds is in this file; "
        "give it another name, or leave all of them out with --yes"
    )
    assert f"submit would refuse: {problem[6:]}" in bench.run("plan", "winds.yaml").stdout
    assert (refused.returncode, alone.returncode) == (2, 2)
    assert refused.stderr == f"winds.yaml:1:1: {problem}\n"
    assert _states(_status(bench)) == ["done", "done"]
    assert bench.run("submit", "winds.yaml", "--wait", "--yes").returncode == 0
    assert "2 experiments: 2 done; 2 orphaned" in bench.run("status", "winds").stdout
    bench.write("[200]")
    assert "4 experiments" not in bench.run("submit", "winds.yaml").stderr


def test_waiting_tells_in_a_pipe_what_has_ended_since_and_not_before(bench: Bench) -> None:
    bench.write("[0]")
    first = bench.run("submit", "winds.yaml", "--wait").stdout
    bench.write("[0, 100]")

    second = bench.run("submit", "winds.yaml", "--wait").stdout
    third = bench.run("submit", "winds.yaml", "--wait").stdout

    ends = [re.findall(r"(?m)^(exp\d) done", told) for told in (first, second, third)]
    assert [sorted(told) for told in ends] == [["exp0", "exp1"], ["exp2", "exp3"], []]
    assert third.endswith("4 experiments: 4 done\n")


def test_sweeps_share_the_cores_of_a_machine(bench: Bench) -> None:
    bench.write("[7]")
    file = bench.place / "winds.yaml"
    (bench.place / "others.yaml").write_text(file.read_text().replace("winds", "others"))
    bench.run("submit", "winds.yaml", "--workers", "1")
    _until(bench, lambda s: s["counts"].get("running", 0) == 1)

    other = bench.run("submit", "others.yaml", "--workers", "1", "--cluster", "local")
    shown = bench.run("status", "others").stdout

    assert "1 worker started" in other.stdout
    assert "2 pending until other sweeps leave a core of this machine to them" in shown
    bench.go()
    _until(bench, lambda s: s["counts"] == {"done": 2})
    while "2 experiments: 2 done" not in bench.run("status", "others").stdout:
        time.sleep(0.1)


def test_a_first_plan_learns_how_long_it_takes_from_other_sweeps(bench: Bench) -> None:
    bench.write("[0]")
    file = bench.place / "winds.yaml"
    (bench.place / "others.yaml").write_text(file.read_text().replace("winds", "others"))
    first = json.loads(bench.run("plan", "others.yaml", "--json").stdout)["usage"]
    bench.run("submit", "winds.yaml", "--wait")

    later = json.loads(bench.run("plan", "others.yaml", "--json").stdout)["usage"]
    shown = bench.run("plan", "others.yaml").stdout

    assert first["learnt_from"] == "scaling"
    assert (later["learnt_from"], later["learnt_from_experiments"]) == ("other sweeps", 2)
    assert later["experiment_s"] != first["experiment_s"]
    assert "learnt from 2 experiments of other sweeps" in shown


def test_a_project_that_is_there_is_left_as_it_is(bench: Bench) -> None:
    bench.run("init", "dunes")
    changed = bench.place / "dunes" / "sweeps" / "quickstart.yaml"
    changed.write_text("name: mine\n")

    again = bench.run("init", "dunes")
    (bench.place / "dunes" / "sweeps" / "erosion.yaml").unlink()
    parted = bench.run("init", "dunes")

    assert again.stderr == "dunes: a project is there already; nothing was written\n"
    assert (again.returncode, parted.returncode) == (2, 2)
    assert "dunes/sweeps/quickstart.yaml: exists already; nothing was written" in parted.stderr
    assert changed.read_text() == "name: mine\n"


def test_a_first_plan_of_all_takes_a_short_run_of_the_engine_once_it_is_compiled(
    bench: Bench,
) -> None:
    """No half minute is spent on compiling it for that."""
    bench.run("init", ".")
    words = ("plan", "sweeps/quickstart.yaml", "--set", "run.engine=builtin")
    known = {"NUMBA_CACHE_DIR": str(cache.directory().parent)}
    kernels.load()
    with_kernels = dataclasses.replace(bench, variables=known)

    before = json.loads(bench.run(*words, "--json").stdout)["usage"]
    measured = json.loads(with_kernels.run(*words, "--json").stdout)["usage"]
    again = json.loads(with_kernels.run(*words, "--json").stdout)["usage"]

    assert before["learnt_from"] == "scaling"
    assert measured["learnt_from"] == "measured"
    assert again == measured  # it is kept
    kept = json.loads((cache.directory() / "speed.json").read_text())
    here = pace.measured(**kept)
    point = {"H": 40, "L": 160, "D": 80}
    assert measured["experiment_s"] == pytest.approx(here.seconds(point, 1000.0))
    assert "by a short run of the engine on this machine" in with_kernels.run(*words).stdout


def _until_exists(bench: Bench) -> None:
    deadline = time.monotonic() + 60
    while not bench.sweep.ledger.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_one_experiment_runs_in_the_foreground(bench: Bench) -> None:
    bench.write("[0, 100]")

    done = bench.run("run", "winds.yaml", "exp2")
    again = bench.run("run", "winds.yaml", "exp2")

    assert done.returncode == 0, done.stderr
    assert _states(_status(bench)) == [
        "never_submitted",
        "never_submitted",
        "done",
        "never_submitted",
    ]
    assert again.returncode == 2
    assert "exp2 is done" in again.stderr


def test_running_one_passes_over_what_the_sweep_file_no_longer_has(bench: Bench) -> None:
    bench.write("[0, 100]")
    bench.run("run", "winds.yaml", "exp3")
    bench.write("[100]")

    done = bench.run("run", "winds.yaml")
    others = bench.run("submit", "winds.yaml", "--wait")

    assert done.returncode == 0, done.stderr
    assert "0 experiments submitted, 2 kept, 2 orphaned" in others.stdout
    assert _states(_status(bench)) == ["never_submitted", "done", "never_submitted", "done"]
    orphaned = [e["number"] for e in _status(bench)["experiments"] if e["orphaned"]]
    assert orphaned == [0, 2]


def test_watching_ends_with_what_the_sweep_file_has(bench: Bench) -> None:
    bench.write("[0, 100]")
    bench.run("run", "winds.yaml", "exp3")
    bench.write("[100]")
    bench.run("run", "winds.yaml")

    watched = bench.run("status", "winds", "--watch")

    assert watched.stdout.count("2 experiments: 2 done; 2 orphaned") == 1


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([], "submission half was never released; it is void"),
        (
            ["submitted"],
            "submission half was sent; those of its jobs that were held are released now",
        ),
    ],
)
def test_running_one_settles_what_a_submitter_left_half_done(
    bench: Bench, make_submission: Callable[..., Submission], events: list[str], said: str
) -> None:
    """It died before its jobs were released, and the controller has forgotten them since."""
    bench.write("[0]")
    bench.run("run", "winds.yaml", "exp1")
    intents.intend(bench.sweep, make_submission("half", {0: 1}, Cluster.SLURM))
    for event in events:
        intents.note(bench.sweep, event, "half", job_ids=["17"])
    commands = {
        "squeue": "",
        "scancel": "",
        "scontrol": "echo 'Invalid job id specified for job 17' >&2; exit 1",
        "with": f'PATH="{bench.place}:$PATH" exec "$@"',
    }
    for name, text in commands.items():
        (bench.place / name).write_text(f"#!/bin/sh\n{text}\n")
        (bench.place / name).chmod(0o755)
    beside_slurm = dataclasses.replace(bench, command=str(bench.place / "with"))

    done = beside_slurm.run("rescal-sweep", "run", "winds.yaml", "exp0")

    assert done.returncode == 0, done.stderr
    assert said in done.stdout
    assert _states(_status(bench)) == ["done", "done"]


def test_what_a_foreground_run_had_asked_for_and_never_begun_is_submitted(
    bench: Bench, make_submission: Callable[..., Submission]
) -> None:
    """It was killed before its claim, so nobody will make its attempt; those it made count."""
    bench.write("[0]")
    bench.run("run", "winds.yaml", "exp1")
    intents.intend(bench.sweep, make_submission("half", {0: 1}, Cluster.HERE))

    done = bench.run("submit", "winds.yaml", "--cluster", "local", "--wait")

    assert done.returncode == 0, done.stderr
    assert "submission half was never begun; it is void" in done.stdout
    assert done.stdout.count("void") == 1
    assert "1 experiment submitted" in done.stdout
    assert _states(_status(bench)) == ["done", "done"]
    assert [len(bench.sweep.experiment(number).attempts()) for number in range(2)] == [1, 1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["submit", "none.yaml"], "none.yaml: no such file"),
        (["submit", "none"], "none: no such file; expected a sweep file, such as none.yaml"),
        (["submit", "bad.yaml"], "bad.yaml:1:8: name: expected a name of letters"),
        (["status", "nothing"], "data_runs: no such directory; submit a sweep first"),
        (["submit", "winds.yaml", "--data-dir", "/proc/x"], "/proc/x: cannot be written"),
        (["plan", "winds.yaml"], "~nobody-here/data: no home directory is known of that user"),
        (
            ["submit", "winds.yaml", "--set", "run.stop=-1"],
            "--set run.stop: expected a number above 0",
        ),
    ],
)
def test_a_wrong_request_gets_a_sentence_and_changes_nothing(
    bench: Bench, words: list[str], said: str
) -> None:
    bench.write("[0]")
    (bench.place / "bad.yaml").write_text("name:  ../up\nrun: {stop: 1, every: 1}\n")
    elsewhere = {"RESCAL_SWEEP_DATA_DIR": "~nobody-here/data"} if words[0] == "plan" else {}

    done = dataclasses.replace(bench, variables=elsewhere).run(*words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (bench.place / "data_runs").exists()


def test_a_sweep_that_is_named_by_its_path_is_shown_where_there_is_no_project(
    bench: Bench, tmp_path: Path
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    nowhere = tmp_path / "nowhere"
    nowhere.mkdir()

    shown = subprocess.run(
        [bench.command, "status", str(bench.sweep.root)],
        cwd=nowhere,
        env=bench.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (shown.returncode, shown.stderr) == (0, "")
    assert "2 experiments: 2 done" in shown.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
def test_nobody_needs_a_home_or_a_name(bench: Bench) -> None:
    """As in a container whose user is a mere number."""
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    capabilities = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    somebody = ("setpriv", "--reuid=61234", "--clear-groups", *capabilities)
    environment = {k: v for k, v in bench.environment().items() if k != "HOME"}

    shown = [
        subprocess.run(
            [*somebody, bench.command, *words.split()],
            cwd=bench.place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        for words in ("status winds", "collect winds -o w.nc", "cancel winds")
    ]

    assert [(done.returncode, done.stderr) for done in shown] == [(0, "")] * 3
    assert "2 experiments: 2 done" in shown[0].stdout


def test_a_root_without_programs_is_refused(bench: Bench) -> None:
    bench.write("[0]")
    (bench.root / "build" / "rescal").unlink()

    done = bench.run("submit", "winds.yaml")

    assert done.returncode == 2
    assert "build/rescal" in done.stderr
    assert not (bench.place / "data_runs").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")
def test_a_full_disk_gets_a_sentence_and_no_half_written_line(bench: Bench) -> None:
    bench.write("[0, 100]")
    small = bench.place / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=False
    )
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")

    try:
        (small / "fill").write_bytes(b"x" * 4096 * 14)
        done = bench.run("submit", "winds.yaml", "--data-dir", str(small / "d"))
        ledger = small / "d" / "winds" / "experiments.jsonl"
        lines = ledger.read_bytes() if ledger.exists() else b""
    finally:
        subprocess.run(["umount", str(small)], check=True)

    assert done.returncode == 2, done.stderr
    assert done.stderr.rstrip().endswith("No space left on device")
    assert "Traceback" not in done.stderr
    assert lines == b"" or lines.endswith(b"\n")


def test_an_experiment_is_verified_by_running_it_again(bench: Bench) -> None:
    bench.write("[0, 13]")
    bench.run("submit", "winds.yaml", "--wait")
    place = bench.sweep.experiment(0)

    equal = bench.run("verify", "winds", "exp0")
    with np.load(place.height_maps) as file:
        times, maps = file["times"], file["height_maps"]
    maps[2, 3, 4] += 1
    np.savez_compressed(place.height_maps, times=times, height_maps=maps)
    tampered = bench.run("verify", "winds", "0")
    partial = bench.run("verify", "winds", "1")

    assert equal.returncode == 0, equal.stderr
    assert equal.stdout.splitlines()[-1] == "exp0: 3 of 3 snapshots equal"
    assert tampered.returncode == 1
    assert "height of the lowest air or mobile cell: 1 of 168 values differ" in tampered.stdout
    assert partial.returncode == 1
    assert "the second run failed: rescal exited with status 3" in partial.stderr
    assert not list(bench.sweep.root.glob(".verify-*"))


def test_what_keeps_no_height_maps_is_verified_by_what_it_keeps(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--set", "outputs.height_maps=false", "--wait")
    counts = bench.sweep.experiment(0).array_file("cell_counts")

    equal = bench.run("verify", "winds", "exp0")
    with np.load(counts) as file:
        arrays = dict(file)
    arrays["cell_counts"][2, 0] += 1
    np.savez_compressed(counts, **arrays)
    tampered = bench.run("verify", "winds", "exp0")

    assert (equal.returncode, equal.stderr) == (0, "")
    assert equal.stdout.splitlines()[0].startswith("it kept no height maps")
    assert equal.stdout.splitlines()[-1] == "exp0: 3 of 3 snapshots equal"
    assert tampered.returncode == 1
    assert tampered.stdout.splitlines()[-1] == "exp0: 2 of 3 snapshots equal"


def test_a_sweep_of_which_only_the_numbers_were_written_down_can_be_looked_at(
    bench: Bench,
) -> None:
    """So it is after a submitter that was killed between the ledger and its intent."""
    told = {
        "status winds": "2 experiments: 2 never_submitted",
        "resubmit winds": "nothing to resubmit",
        "resubmit winds exp1": "nothing to resubmit",
        "cancel winds": "0 cancelled",
        "plot winds": "nothing was submitted yet",
        "logs winds 0": "exp0 has not started",
        "submit winds.yaml --wait": "2 experiments: 2 done",
    }
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    lines = bench.sweep.ledger.read_bytes()
    shutil.rmtree(bench.sweep.root)
    bench.sweep.root.mkdir()
    bench.sweep.ledger.write_bytes(lines)

    for words, said in told.items():
        done = bench.run(*words.split())
        assert said in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
