"""Further attempts are made with the engine that the person has chosen now, and that is said."""

from __future__ import annotations

import dataclasses
import json
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import Bench


def _roots(bench: Bench) -> list[str | None]:
    lines = map(json.loads, bench.sweep.submissions.read_text().splitlines())
    return [line["root"] for line in lines if line["event"] == "intended"]


def test_another_root_in_the_environment_makes_the_next_attempt_and_is_named_once(
    bench: Bench,
) -> None:
    bench.write("[13]")
    bench.run("submit", "winds.yaml", "--wait")
    mended = bench.root.with_name("mended root")
    shutil.copytree(bench.root, mended)
    program = mended / "build" / "rescal"
    program.write_text(program.read_text().replace("tau == 13", "tau == -1"))
    other = dataclasses.replace(bench, root=mended)

    done = other.run("resubmit", "winds", "--wait")

    assert done.returncode == 0, done.stdout + done.stderr
    assert _roots(bench) == [str(bench.root), str(mended)]
    said = "".join((done.stdout + done.stderr).split())
    told = f"the engine is {mended}; the last attempt was made with {bench.root}"
    assert said.count("".join(told.split())) == 1


def test_the_same_root_is_not_mentioned_and_none_leaves_the_last(bench: Bench) -> None:
    bench.write("[13]")
    bench.run("submit", "winds.yaml", "--wait")

    same = bench.run("resubmit", "winds", "--wait")
    unset = dataclasses.replace(bench, variables={"RESCAL_SNOW_ROOT": ""})
    without = unset.run("resubmit", "winds", "--wait")

    assert _roots(bench) == [str(bench.root)] * 3
    assert "the engine is" not in same.stdout + same.stderr + without.stdout + without.stderr
