"""Where compiled kernels are kept, and that a thousand jobs do not all compile them.

The directory is the user's, so that the installation may be read-only, and is named after the
engine's sources, since a kernel contains parts from several modules. ``NUMBA_CACHE_DIR`` overrides
it. For each kind of processor there are files of their own.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from llvmlite import binding  # type: ignore[import-untyped]  # it has no types

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
    """Return the directory of compiled kernels, made if need be."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    shared = Path(tempfile.gettempdir()) / f"rescal-sweep-{os.getuid()}"
    for place in (given and Path(given), home / "rescal-sweep" / _digest(), shared / _digest()):
        if place:
            with contextlib.suppress(OSError):
                place.mkdir(parents=True, exist_ok=True)
                if os.access(place, os.W_OK):
                    return place
    return Path(tempfile.mkdtemp(prefix="rescal-sweep-"))


def ensure(compile_all: Callable[[], None]) -> bool:
    """Have the kernels compiled for this kind of processor; return whether it was done here.

    The first process calls ``compile_all``; others that come meanwhile wait for it. Where files
    cannot be locked, or if the first one takes too long, each compiles on its own.
    """
    done = directory() / f"{_processor()}.done"
    if done.exists():
        return False
    with _locked(done.with_suffix(".lock")):
        if done.exists():
            return False
        compile_all()
        with contextlib.suppress(OSError):
            done.touch()
    return True


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
    """Name the sources of the kernels by their content."""
    content = hashlib.sha256()
    for name in SOURCES:
        content.update(Path(__file__).with_name(f"{name}.py").read_bytes())
    return content.hexdigest()[:12]


def _processor() -> str:
    """Name this kind of processor and its instructions."""
    features = hashlib.sha256(binding.get_host_cpu_features().flatten().encode()).hexdigest()
    return f"{binding.get_host_cpu_name()}-{features[:8]}"
