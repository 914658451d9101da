"""Kernel cache: its location, its integrity, and a lock so that concurrent jobs compile once.

The directory is the user's, so that the installation may be read-only, and is named after the
engine's sources, since a kernel contains parts from several modules. ``NUMBA_CACHE_DIR`` names
another parent. For each kind of processor there are files of their own.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import functools
import hashlib
import importlib.util
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import llvmlite  # type: ignore[import-untyped]  # it has no types
from llvmlite import binding

from orchestrator.errors import FormatError
from orchestrator.formats.durable import open_regular, private_directory, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# kernels, their parts, and the constants that are compiled into them
SOURCES = (
    "checkpoint",
    "compile",
    "enlarged_box",
    "enlarged_shear",
    "events",
    "flow",
    "gas",
    "gas_layout",
    "ground",
    "jit",
    "kernels",
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

    Its files are executed, so only a directory that nobody else can write to is taken: in the one
    that ``NUMBA_CACHE_DIR`` names, in the user's, in one in the system's temporary folder; else a
    new one for this process alone, with a warning.
    """
    shared = Path(tempfile.gettempdir()) / f"rescal-sweep-{os.geteuid()}"
    for parent in (_absolute("NUMBA_CACHE_DIR"), _home(), shared):
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
        caches = _absolute("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return None
    return caches / "rescal-sweep"


def _absolute(variable: str) -> Path | None:
    """Return the directory that a variable names; None of a relative one: runs have others each."""
    path = Path(os.environ.get(variable, ""))
    return path if path.is_absolute() else None


def content(make: Callable[[], bytes]) -> bytes:
    """Return the kernels that are kept for this kind of processor, made first if need be.

    The first process makes them; others that come meanwhile wait for it. A file that is damaged is
    made anew. Where files cannot be locked, or if the first process takes too long, each makes its
    own, and where none can be written, with a warning.
    """
    kept = _read()
    if kept is not None:
        return kept
    with _locked(_path().with_suffix(".lock")):
        kept = _read()  # somebody has made them meanwhile
        if kept is not None:
            return kept
        made = make()
        try:
            with replacing(_path()) as file:
                file.write(hashlib.sha256(made).digest() + made)
        except OSError as error:
            sys.stderr.write(
                f"warning: compiled kernels cannot be kept: {_path()}: {error.strerror}; "
                "each process compiles them for itself\n"
            )
        return made


def compiled() -> bool:
    """Return whether the kernels are there for this kind of processor."""
    return _read() is not None


def _path() -> Path:
    return directory() / f"{_processor()}.kernels"


def _read() -> bytes | None:
    """Return what is kept; None where there is none, or where it is damaged."""
    size = hashlib.sha256().digest_size
    try:
        with open_regular(_path()) as file:
            digest, kept = file.read(size), file.read()
    except (OSError, FormatError):  # such as a directory in its place
        return None
    return kept if hashlib.sha256(kept).digest() == digest else None


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, or go without one after a while."""
    try:  # not for a pipe in its place, whose reader would be waited for
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    except OSError:
        yield
        return
    with os.fdopen(handle, "wb") as file:
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
    """Name the sources of the kernels, what compiles them, and the kind of processor."""
    content = hashlib.sha256(f"{llvmlite.__version__} {_processor()}".encode())
    numba = importlib.util.find_spec("numba")  # which is not imported for that
    if numba is not None and numba.origin is not None:
        with contextlib.suppress(OSError):
            content.update(Path(numba.origin).with_name("_version.py").read_bytes())
    for name in SOURCES:
        content.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return content.hexdigest()[:12]


def _processor() -> str:
    """Name this kind of processor and its instructions."""
    features = hashlib.sha256(binding.get_host_cpu_features().flatten().encode()).hexdigest()
    return f"{binding.get_host_cpu_name()}-{features[:8]}"
