"""A pipe or a directory in the place of any file of a sweep: nobody waits, and nothing breaks."""

from __future__ import annotations

import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from orchestrator import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Bench

VERBS = (
    "status winds --json",
    "export winds",
    "report winds",
    "logs winds exp0",
    "cancel winds",
    "plan winds.yaml",
    "diff winds.yaml winds",
)
UNSAID = "this is a bug of rescal-sweep"


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("replace", [_pipe, _directory])
def test_no_verb_waits_or_breaks(
    bench: Bench,
    replace: Callable[[Path], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench.write("[0]")
    assert bench.run("submit", "winds.yaml", "--wait").returncode == 0
    monkeypatch.chdir(bench.place)
    for name, value in bench.environment().items():
        monkeypatch.setenv(name, value)
    root, whole = bench.sweep.root, bench.place / "whole"
    shutil.copytree(root, whole)
    files = [p.relative_to(whole) for p in sorted(whole.rglob("*")) if p.is_file()]
    files = [path for path in files if "exp1" not in path.parts]
    assert len(files) > 15

    wrong = []
    for path in files:
        for verb in VERBS:
            shutil.rmtree(root)
            shutil.copytree(whole, root)
            (root / path).unlink()
            replace(root / path)
            signal.alarm(60)  # a verb that waits ends the test
            code = cli.main(verb.split())
            signal.alarm(0)
            told = capsys.readouterr()
            if code not in {0, 1, 2} or UNSAID in told.err or "Errno" in told.err:
                wrong.append((str(path), verb, code, told.err))
    assert wrong == []
