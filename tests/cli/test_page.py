"""The page of a sweep, written by the command that a user gives."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shlex
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.html.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Bench


def _data(path: Path) -> dict[str, Any]:
    text = path.read_text()
    found = re.search(r'id="data">(.*?)</script>', text)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def _unpacked(path: Path, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    found = re.search(rf'id="block-{number}">(.*?)</script>', path.read_text())
    assert found is not None
    return unpack(base64.b64decode(found[1]))


def _started(bench: Bench, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [bench.command, *words],
        cwd=bench.place,
        env=bench.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_sweep_with_a_failure_becomes_one_page(bench: Bench) -> None:
    bench.write("[0, 12]")
    bench.run("submit", "winds.yaml", "--set", "sweep.grid.Tau_min=[0, 13]", "--wait")

    done = bench.run("report", "winds", "-o", "pages/winds.html")

    written = bench.place / "pages" / "winds.html"
    data = _data(written)
    assert (done.returncode, done.stdout) == (0, "wrote pages/winds.html\n")
    assert [one["state"] for one in data["experiments"]] == ["done", "failed"] * 2
    assert [one["values"] for one in data["experiments"]] == [[1, 0], [1, 13], [2, 0], [2, 13]]
    assert data["axes"] == [["Lambda_E"], ["Tau_min"]]
    assert data["times"] == [0.0, 10.0, 20.0]
    causes = re.findall(r"<li>(.*<code>.*)</li>", written.read_text())
    assert len(causes) == 1
    assert "<code>rescal-sweep resubmit winds --state failed</code>" in causes[0]
    assert data["follow"] is None
    again = "rescal-sweep submit winds.yaml --set 'sweep.grid.Tau_min=[0, 13]' --wait\n"
    assert again in html.unescape(written.read_text())
    told, arrays = _unpacked(written, 2)
    with np.load(bench.sweep.experiment(2).height_maps) as file:
        assert (told["low"] + told["step"] * arrays["levels"] == file["height_maps"]).all()
    told, arrays = _unpacked(written, 1)
    assert told["log_tail"] == ["genesis speaks", "rescal speaks", "tau 13 brings bad luck"]
    assert told["provenance"]["Engine"] == "rescal"
    assert shlex.split(told["provenance"]["Command (rescal)"])[1] == "run.par"
    assert told["attempts"][0].startswith("failed after ")
    assert len(arrays["levels"]) == 1
    assert "Lambda_E: [1, 2]" in written.read_text()


def test_a_page_has_what_the_sweep_file_extends_as_it_was(bench: Bench) -> None:
    bench.write("[0]")
    file, template = bench.place / "winds.yaml", bench.place / "templates" / "calm.yaml"
    template.parent.mkdir()
    template.write_text("parameters: {Coef_A: 0.2}  # <calm>\n")
    file.write_text("extends: calm\n" + file.read_text())
    bench.run("submit", "winds.yaml", "--wait")
    template.write_text("parameters: {Coef_A: 0.3}\n")

    bench.run("report", "winds", "-o", "winds.html")

    written = (bench.place / "winds.html").read_text()
    assert "parameters: {Coef_A: 0.2}  # &lt;calm&gt;" in written
    assert "Coef_A: 0.3" not in written
    again = bench.run("plan", "data_runs/winds/sweep.yaml")
    assert "nothing is new" in again.stdout, again.stdout


def test_a_page_that_follows_shows_each_snapshot_and_ends_with_the_sweep(bench: Bench) -> None:
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--yes")
    written = bench.sweep.root / "report.html"

    following = _started(bench, "report", "winds", "--follow", "--every", "0.1")
    _until(lambda: written.exists() and _snapshots(written) == [1, 1])
    running = _data(written)
    bench.go()
    said, problems = following.communicate(timeout=300)

    assert running["follow"] == 1
    assert [one["state"] for one in running["experiments"]] == ["running", "running"]
    assert (following.returncode, problems) == (0, "")
    assert said == f"wrote {written.relative_to(bench.place)}\n"
    assert _data(written)["follow"] is None
    assert _snapshots(written) == [3, 3]


def _snapshots(written: Path) -> list[int]:
    return [one["snapshots"] for one in _data(written)["experiments"]]


def test_following_ends_with_a_word_once_nobody_is_left_to_run_the_rest(bench: Bench) -> None:
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--workers", "1")
    written = bench.sweep.root / "report.html"

    following = _started(bench, "report", "winds", "--follow", "--every", "0.1")
    _until(lambda: written.exists() and _snapshots(written) == [1, 0])
    claim = json.loads(bench.sweep.experiment(0).attempt(1).claim.read_text())
    os.kill(claim["pid"], signal.SIGKILL)
    said, problems = following.communicate(timeout=300)

    assert (following.returncode, problems) == (1, "")
    assert said.splitlines()[1:] == [
        "winds: 1 pending, and nobody runs them: rescal-sweep resubmit winds starts workers again"
    ]
    last = _data(written)
    assert [one["state"] for one in last["experiments"]] == ["lost", "pending"]
    assert last["follow"] is None


def test_following_is_left_with_ctrl_c_and_the_page_stays_and_loads_no_more(
    bench: Bench,
) -> None:
    bench.write("[7]")
    bench.run("submit", "winds.yaml", "--yes")

    following = _started(bench, "report", "winds", "--follow", "--every", "600")
    assert following.stdout is not None
    said = following.stdout.readline()
    following.send_signal(signal.SIGINT)
    _, problems = following.communicate(timeout=300)
    bench.go()

    assert said == "wrote data_runs/winds/report.html\n"
    assert (following.returncode, problems) == (130, "")
    left = _data(bench.sweep.root / "report.html")
    assert left["name"] == "winds"
    assert left["follow"] is None  # nobody writes it again


def test_what_cannot_be_written_is_refused_with_a_sentence(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    directory = bench.run("report", "winds", "-o", "data_runs")
    never = bench.run("report", "winds", "--every", "0")
    unknown = bench.run("report", "wind")

    assert (directory.returncode, never.returncode, unknown.returncode) == (2, 2, 2)
    assert directory.stderr == "data_runs: this is a directory; name a file in it\n"
    assert never.stderr == "--every: expected seconds above 0, got 0\n"
    assert "no sweep 'wind'; there are winds" in unknown.stderr
