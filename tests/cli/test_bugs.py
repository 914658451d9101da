"""A bug is told in one line, which names the file to send."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from orchestrator.model import Point, State
from orchestrator.records import attempts, intents, ledger
from orchestrator.records.failures import reason
from orchestrator.runner.queue import Post
from orchestrator.runner.stop import Stop
from orchestrator.runner.worker import work

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Submission
    from orchestrator.records.paths import SweepDirectory

# a verb that does what no verb should
BROKEN = """
import sys, types
from orchestrator import cli
from orchestrator.cli.verbs import GROUPS
verb = types.ModuleType("orchestrator.cli.verbs.broken", "Do it.")
verb.EXAMPLES = ()
verb.configure = lambda parser: None
verb.perform = lambda options: {}["missing"]
sys.modules[verb.__name__] = verb
GROUPS["Look"]["broken"] = "do it"
sys.argv = ["rescal-sweep", "broken"]
sys.exit(cli.main())
"""


def test_a_verb_with_a_bug_prints_one_line_with_the_file_of_its_traceback(
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BROKEN],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    (written,) = tmp_path.iterdir()
    sentence = "this is a bug of rescal-sweep (KeyError('missing')); please send its makers"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{sentence} {written}\n"
    assert "rescal-sweep broken\n" in written.read_text()
    assert written.read_text().endswith("KeyError: 'missing'\n")


def test_a_bug_in_a_worker_is_the_cause_of_its_attempts_and_written_once(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    wrong = [Point(f"{i:016x}", {"H": 20, "Seed": "x"}, seed=1) for i in range(2)]
    ledger.enlist(sweep_directory, wrong)
    intents.intend(sweep_directory, make_submission("a", {0: 1, 1: 1}))

    with Stop() as stop:
        work(sweep_directory, Post("1_0", "a"), stop)

    (written,) = sweep_directory.jobs.glob("bug-*.txt")
    for number in range(2):
        record = attempts.read_record(sweep_directory.experiment(number).attempt(1))
        assert record is not None
        assert record.state is State.FAILED
        assert reason(record).endswith(f"please send its makers {written}")
