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
        path.stem for path in folder.glob("*.py") if "engine.jit import" in path.read_text()
    }

    assert with_kernels <= set(cache.SOURCES)
    assert all((folder / f"{name}.py").is_file() for name in cache.SOURCES)


def test_kernels_are_kept_in_the_users_cache_under_a_digest(kept: Path) -> None:
    place = cache.directory()

    assert place.parent == kept
    assert re.fullmatch("[0-9a-f]{12}", place.name)


def test_the_parent_of_the_directory_can_be_given(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))

    assert cache.directory().parent == tmp_path / "given"
    assert not kept.exists()


@pytest.mark.parametrize("given", [False, True], ids=["the user's cache", "NUMBA_CACHE_DIR"])
def test_kernels_of_other_sources_are_not_taken(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, given: bool
) -> None:
    if given:
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given"))
    assert cache.content(lambda: b"earlier") == b"earlier"

    monkeypatch.setattr(cache, "SOURCES", cache.SOURCES[1:])
    cache.directory.cache_clear()

    assert cache.content(lambda: b"later") == b"later"
    assert kept.exists() is not given


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_a_relative_directory_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Each run would have its own, beside its results."""
    for each in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, "kernels")

    assert cache.directory().parent == tmp_path / "home" / ".cache" / "rescal-sweep"
    assert not (tmp_path / "kernels").exists()


def test_without_a_home_to_write_to_a_temporary_place_is_taken(
    kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.parent.write_text("a file, not a directory")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    place = cache.directory()

    assert place.is_relative_to(tmp_path)
    assert os.access(place, os.W_OK)


def test_kernels_are_made_once(kept: Path) -> None:
    made: list[bytes] = []

    def make() -> bytes:
        made.append(b"code")
        return b"code"

    assert not cache.compiled()
    assert [cache.content(make), cache.content(make)] == [b"code", b"code"]

    assert made == [b"code"]
    assert cache.compiled()
    assert [path.suffix for path in sorted(cache.directory().iterdir())] == [
        ".kernels",
        ".lock",
    ]
    assert kept.exists()


def _make(log: Path) -> bytes:
    with log.open("a") as file:
        file.write("made\n")
    time.sleep(0.3)  # as compiling does; the others come meanwhile
    return b"code"


def _start(log: Path) -> None:
    assert cache.content(lambda: _make(log)) == b"code"


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
    assert log.read_text() == "made\n"


def test_a_failure_to_compile_leaves_no_mark(kept: Path) -> None:
    def fail() -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.content(fail)

    assert cache.content(lambda: b"code") == b"code"
    assert kept.exists()


def _damage(path: Path, how: str) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= how == "a flipped bit"
    path.unlink()
    if how == "a directory":
        path.mkdir()
    elif how == "a pipe":
        os.mkfifo(path)
    elif how != "missing":
        path.write_bytes(content[: {"empty": 0, "cut off": -1}.get(how)])


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    "how", ["missing", "empty", "cut off", "a flipped bit", "a directory", "a pipe"]
)
def test_damaged_kernels_are_made_anew(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    cache.content(lambda: b"code")
    (file,) = cache.directory().glob("*.kernels")
    _damage(file, how)

    assert not cache.compiled()
    assert cache.content(lambda: b"other") == b"other"
    warned = capsys.readouterr().err
    if how == "a directory":  # which no file can take the place of
        assert warned == (
            f"warning: compiled kernels cannot be kept: {file}: Is a directory; "
            "each process compiles them for itself\n"
        )
    else:
        assert not warned
        assert cache.content(lambda: b"again") == b"other"


@pytest.mark.usefixtures("kept")
def test_nobody_waits_for_a_pipe_in_place_of_the_lock() -> None:
    cache.content(lambda: b"code")
    (kernels,) = cache.directory().glob("*.kernels")
    kernels.unlink()
    lock = kernels.with_suffix(".lock")
    lock.unlink()
    os.mkfifo(lock)

    assert cache.content(lambda: b"other") == b"other"
    assert cache.content(lambda: b"again") == b"other"


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
