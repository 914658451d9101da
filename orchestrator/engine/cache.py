"""Kernel cache: its location, its integrity, and a lock so that concurrent jobs compile once.

The directory is the user's, so that the installation may be read-only, and is named after the
engine's sources, since a kernel contains parts from several modules. ``NUMBA_CACHE_DIR`` overrides
it. For each kind of processor there are files of their own.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import hashlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llvmlite import binding  # type: ignore[import-untyped]  # it has no types

from orchestrator.formats.durable import private_directory, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# kernels, their parts, and the constants that are compiled into them
SOURCES = (
    "checkpoint",
    "enlarged_box",
    "enlarged_shear",
    "events",
    "flow",
    "gas",
    "gas_layout",
    "ground",
    "jit",
    "kmc_loop",
    "pairs",
    "propagation",
    "random48",
    "rotation",
    "shear",
    "slopes",
    "states",
    "time_steps",
    "toppling",
    "transitions",
    "velocity_average",
)
_PATIENCE_S = 300.0  # compiling takes a tenth of this
_PAUSE_S = 0.2


@functools.cache
def directory() -> Path:
    """Return the directory of compiled kernels, made if need be.

    Its files are executed, so only a directory that nobody else can write to is taken: the one
    that ``NUMBA_CACHE_DIR`` names, the user's, one in the system's temporary folder; else a new
    one for this process alone, with a warning.
    """
    named = os.environ.get("NUMBA_CACHE_DIR")
    shared = Path(tempfile.gettempdir()) / f"rescal-sweep-{os.geteuid()}"
    if named and (private := private_directory(Path(named))):
        return private
    for parent in (_home(), shared):
        if (
            parent
            and private_directory(parent)
            and (private := private_directory(parent / _digest()))
        ):
            return private
    alone = tempfile.TemporaryDirectory(prefix="rescal-sweep-")
    atexit.register(alone.cleanup)
    sys.stderr.write(
        "warning: compiled kernels cannot be kept: neither the user's cache nor the temporary "
        f"folder can be written to by this user alone; they are compiled for this run in {alone.name}\n"
    )
    return Path(alone.name)


def _home() -> Path | None:
    """Return where the user's caches are; None without a home."""
    try:
        caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return caches / "rescal-sweep"


def ensure(compile_all: Callable[[], None], load: Callable[[], None] = lambda: None) -> bool:
    """Have the kernels ready for this kind of processor; return whether they were compiled here.

    Kept kernels are made ready by ``load``. The first process calls ``compile_all``; others that
    come meanwhile wait for it. Files that are missing, cut off or cannot be loaded are compiled
    anew, once. Where files cannot be locked, or if the first process takes too long, each compiles
    on its own.
    """
    done = _done()
    damaged: object = None
    if _is_whole(done):
        damaged = _stamp(done)
        with contextlib.suppress(Exception):  # whatever reading a damaged file raises
            load()
            return False
    with _locked(done.with_suffix(".lock")):
        if _is_whole(done) and _stamp(done) != damaged:  # somebody has mended it meanwhile
            load()
            return False
        for path in _kernels():
            path.unlink(missing_ok=True)
        compile_all()
        sizes = {str(path.relative_to(directory())): path.stat().st_size for path in _kernels()}
        with contextlib.suppress(OSError), replacing(done) as file:
            file.write(json.dumps(sizes).encode())
    return True


def compiled() -> bool:
    """Return whether the kernels are there for this kind of processor."""
    return _is_whole(_done())


def _done() -> Path:
    return directory() / f"{_processor()}.done"


def _kernels() -> list[Path]:
    """Return the files of compiled kernels and their indices."""
    return [path for path in directory().rglob("*") if path.suffix in {".nbi", ".nbc"}]


def _is_whole(done: Path) -> bool:
    """Return whether all files are there that compiling has left, none of them shorter."""
    try:
        sizes = json.loads(done.read_bytes())
        return isinstance(sizes, dict) and all(
            (directory() / name).stat().st_size >= size for name, size in sizes.items()
        )
    except (OSError, ValueError, TypeError):
        return False


def _stamp(path: Path) -> object:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, or go without one after a while."""
    try:
        file = path.open("w")
    except OSError:
        yield
        return
    with file:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_PAUSE_S)
            except OSError:  # a file system without locks
                break
            else:
                break
        yield


def _digest() -> str:
    """Name the sources of the kernels and the kind of processor."""
    content = hashlib.sha256(_processor().encode())
    for name in SOURCES:
        content.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return content.hexdigest()[:12]


def _processor() -> str:
    """Name this kind of processor and its instructions."""
    features = hashlib.sha256(binding.get_host_cpu_features().flatten().encode()).hexdigest()
    return f"{binding.get_host_cpu_name()}-{features[:8]}"
