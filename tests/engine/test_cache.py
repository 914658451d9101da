"""Compiled kernels are kept once per user, and one process compiles them for all."""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.engine import cache

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cache.directory.cache_clear()
    yield tmp_path / "cache" / "rescal-sweep"
    cache.directory.cache_clear()


def test_every_module_with_kernels_is_part_of_the_name_of_the_directory() -> None:
    folder = Path(cache.__file__).parent
    with_kernels = {
        path.stem for path in folder.glob("*.py") if "engine.jit" in path.read_text()
    }

    assert with_kernels <= set(cache.SOURCES)
    assert all((folder / f"{name}.py").is_file() for name in cache.SOURCES)


def test_kernels_are_kept_in_the_users_cache_under_a_digest(kept: Path) -> None:
    place = cache.directory()

    assert place.parent == kept
    assert re.fullmatch("[0-9a-f]{12}", place.name)


def test_the_directory_can_be_given(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))

    assert cache.directory() == tmp_path / "given"
    assert not kept.exists()


def test_without_a_home_to_write_to_a_temporary_place_is_taken(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.parent.write_text("a file, not a directory")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    place = cache.directory()

    assert place.is_relative_to(tmp_path)
    assert os.access(place, os.W_OK)


def test_kernels_are_compiled_once(kept: Path) -> None:
    calls: list[int] = []

    assert cache.ensure(lambda: calls.append(1))
    assert not cache.ensure(lambda: calls.append(2))

    assert calls == [1]
    assert [path.suffix for path in sorted(cache.directory().iterdir())] == [".done", ".lock"]
    assert kept.exists()


def _compile(log: Path) -> None:
    with log.open("a") as file:
        file.write("compiled\n")
    time.sleep(0.3)  # as compiling does; the others come meanwhile


def _start(log: Path) -> None:
    cache.ensure(lambda: _compile(log))


@pytest.mark.usefixtures("kept")
def test_of_many_that_start_together_one_compiles_and_the_others_wait(tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    together = [context.Process(target=_start, args=(log,)) for _ in range(5)]

    for process in together:
        process.start()
    for process in together:
        process.join()

    assert [process.exitcode for process in together] == [0] * 5
    assert log.read_text() == "compiled\n"


def test_a_failure_to_compile_leaves_no_mark(kept: Path) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.ensure(fail)

    assert cache.ensure(lambda: None)
    assert kept.exists()


def _write(size: int) -> None:
    (cache.directory() / "kernel.nbi").write_bytes(b"x" * size)


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("left", [None, 0, 99])
def test_kernels_that_are_missing_or_cut_off_are_compiled_anew_once(left: int | None) -> None:
    cache.ensure(lambda: _write(100))
    kernel = cache.directory() / "kernel.nbi"
    kernel.unlink() if left is None else os.truncate(kernel, left)

    assert cache.ensure(lambda: _write(100))
    assert not cache.ensure(lambda: _write(100))
    assert kernel.stat().st_size == 100


@pytest.mark.usefixtures("kept")
def test_kernels_that_cannot_be_loaded_are_compiled_anew() -> None:
    cache.ensure(lambda: _write(100))

    def load() -> None:
        raise EOFError

    assert cache.ensure(lambda: _write(100), load)
    assert not cache.ensure(lambda: _write(100))


def test_a_cache_that_others_can_write_to_is_not_used(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.mkdir(parents=True)
    kept.chmod(0o777)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    shared = tmp_path / f"rescal-sweep-{os.geteuid()}"
    shared.symlink_to(kept)

    place = cache.directory()

    assert not place.is_relative_to(kept)
    assert place.parent == tmp_path
    assert place.stat().st_mode & 0o777 == 0o700
