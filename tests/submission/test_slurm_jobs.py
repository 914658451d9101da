"""The pool on one machine is bounded, survives its starter and frees its slots however it ends."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.records import attempts
from orchestrator.submission import local_pool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.records.paths import SweepDirectory


@pytest.fixture
def lingering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Let workers be a program that only notes its process id and waits to be ended."""
    program = tmp_path / "linger"
    program.write_text(f'#!/bin/sh\necho $$ >> "{tmp_path}/pids"\nexec sleep 60\n')
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    yield tmp_path / "pids"
    for pid in _pids(tmp_path / "pids"):
        os.kill(pid, signal.SIGKILL)


def _pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def _until(count: int, path: Path) -> list[int]:
    deadline = time.monotonic() + 20
    while len(_pids(path)) < count and time.monotonic() < deadline:
        time.sleep(0.01)
    return _pids(path)


def test_no_more_workers_than_slots_are_ever_started(
    sweep_directory: SweepDirectory, lingering: Path
) -> None:
    first = local_pool.start_workers(sweep_directory, "a", at_most=2, slots=3)
    second = local_pool.start_workers(sweep_directory, "b", at_most=9, slots=3)
    third = local_pool.start_workers(sweep_directory, "c", at_most=9, slots=3)

    assert (first, second, third) == (2, 1, 0)
    assert local_pool.live_workers(sweep_directory) == 3
    assert len(set(_until(3, lingering))) == 3


def test_a_killed_worker_frees_its_slot(
    sweep_directory: SweepDirectory, lingering: Path
) -> None:
    local_pool.start_workers(sweep_directory, "a", at_most=1, slots=1)
    (pid,) = _until(1, lingering)

    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    lingering.unlink()

    assert local_pool.live_workers(sweep_directory) == 0
    assert local_pool.start_workers(sweep_directory, "b", at_most=1, slots=1) == 1
    assert len(_until(1, lingering)) == 1


def test_a_slot_of_another_machine_or_of_nobody_holds_no_worker(
    sweep_directory: SweepDirectory,
) -> None:
    sweep_directory.workers.mkdir(parents=True)
    myself = attempts.myself("t", "local:0")
    elsewhere = dataclasses.replace(myself, host="another", boot="another")
    attempts.write_identity(sweep_directory.worker_slot(0), myself)
    attempts.write_identity(sweep_directory.worker_slot(1), elsewhere)
    sweep_directory.worker_slot(2).touch()  # as version 0.1 left them
    sweep_directory.worker_slot(3).write_text("torn {")

    assert local_pool.live_workers(sweep_directory) == 1
