"""Which engine simulates, what identifies it, and its command lines."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import settings
from orchestrator._version import PACKAGE, __version__
from orchestrator.errors import FormatError, RequestError, StartError
from orchestrator.formats.content_names import original
from orchestrator.model import Engine, EngineKind, own_engines
from orchestrator.model.simulators import ENGINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Point, Run, Sweep
    from orchestrator.model.simulators import OwnEngine

_GENESIS_SEED = 2000  # what ReSCAL-snow's own run scripts use
SAVED = 250
"""The built-in engine's exit status where it has saved its state because it was asked to."""

CANNOT_GO_ON = 251
"""The built-in engine's exit status where it cannot go on from a checkpoint."""

_VERSION = re.compile(rb"ReSCAL[ -]\d[ -~]{1,40}")


def find(root: Path | None) -> Engine:
    """Return the engine of a ReSCAL-snow tree, or the built-in one without a tree."""
    return builtin() if root is None else at_root(root)


def of_sweep(sweep: Sweep, root: Path | None) -> Engine:
    """Return the engine of a sweep file: the user's own that it names, or :func:`find`'s."""
    return find(root) if sweep.engine is None else own(sweep.engine)


def of_experiment(parameters: Mapping[str, Value], root: Path | None, inputs: Path) -> Engine:
    """Return the engine of an experiment: of the user's own, from its parameters, or :func:`find`'s.

    Parameters
    ----------
    inputs
        Where the sweep's copies of files are.

    Raises
    ------
    StartError
        If one of the user's own cannot be loaded, or is another than it was.
    """
    reference = parameters.get(ENGINE)
    if reference is None:
        return find(root)
    try:
        return own(own_engines.load(str(reference), inputs))
    except FormatError as error:
        raise StartError(original(str(reference)), str(error)) from error


def own(engine: OwnEngine) -> Engine:
    """Return an engine of the user's own; its digest is of what describes it and of its program."""
    simulator, program = engine.simulator, shutil.which(engine.simulator.command[0])
    files = [engine.module, *([Path(program)] if program is not None else [])]
    return Engine(
        name=simulator.name,
        kind=EngineKind.OWN,
        genesis=(),
        rescal=(),
        real_data=engine.module.parent,
        version=simulator.version,
        digest=_digest_of_files(files),
        own=engine,
    )


def own_command(
    engine: OwnEngine, point: Point, run: Run, parfile: str, pipe: int
) -> tuple[str, ...]:
    """Return the command line of a simulator of the user's own, which writes frames to ``pipe``."""
    simulator = engine.simulator
    others = {
        "python": sys.executable,
        "module": str(engine.module),
        "pipe": str(pipe),
        "parfile": parfile,
        "seed": str(point.seed),
        "stop": repr(run.stop_t0),
        "every": repr(run.every_t0),
    }
    return simulator.words(simulator.settled(point.parameters), others)


def builtin() -> Engine:
    """Return the engine that comes with this package."""
    package = PACKAGE
    command = (sys.executable, "-P", "-m", "orchestrator.engine")
    sources = sorted(
        entry.path
        for part in ("engine", "formats")
        for entry in os.scandir(package / part)
        if entry.name.endswith(".py")
    )
    return Engine(
        name="builtin",
        kind=EngineKind.BUILTIN,
        genesis=(*command, "genesis"),
        rescal=(*command, "rescal"),
        real_data=package / "engine" / "real_data",
        version=__version__,
        digest=_digest_of_files(sources),
        serve=(*command, "serve"),
    )


def warm(engine: Engine) -> float:
    """Let the built-in engine compile what it has not compiled yet; return the seconds it took.

    ReSCAL-snow has nothing to compile. Many engines that start at once would wait for one.
    """
    if not engine.compiles:
        return 0.0
    before = time.perf_counter()
    command = (*engine.rescal[:-1], "warm")
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        raise RequestError(last[0])
    return time.perf_counter() - before


def speed(engine: Engine) -> dict[str, Any]:
    """Return how long a small run of the built-in engine takes on this machine; {} if unknown.

    Its ``parameters``, the time ``simulated_t0`` and the ``wall_s`` that it took.
    """
    if not engine.compiles:
        return {}
    done = subprocess.run(
        (*engine.rescal[:-1], "speed"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    try:  # before it there is what a site prints in every Python
        measured: dict[str, Any] = json.loads(b"".join(done.stdout.splitlines()[-1:]))
    except ValueError:
        return {}
    return measured


def at_root(root: Path) -> Engine:
    """Return the engine that was built in a ReSCAL-snow tree, refusing an incomplete tree."""
    tree = settings.expanded(root).absolute()
    programs = tree / "build" / "genesis", tree / "build" / "rescal"
    real_data = tree / "scripts" / "real_data"
    if not tree.is_dir():
        raise RequestError(
            f"{root}: expected the root of a ReSCAL-snow tree, found no directory"
        )
    problems = [
        f"{root}: expected an executable {program.relative_to(tree)}, found "
        + ("a file that is not executable" if program.is_file() else "none")
        for program in programs
        if not (program.is_file() and os.access(program, os.X_OK))
    ]
    if not real_data.is_dir():
        problems.append(f"{root}: expected a directory scripts/real_data, found none")
    if problems:
        raise RequestError(*problems)
    genesis, rescal = programs
    return Engine(
        name="rescal",
        kind=EngineKind.RESCAL,
        genesis=(str(genesis),),
        rescal=(str(rescal),),
        real_data=real_data,
        root=tree,
        version=_version_in(rescal, rescal.stat().st_mtime_ns),
        digest=_digest_of_files(programs),
    )


def genesis_command(engine: Engine, parfile: str, seed: int | None = None) -> tuple[str, ...]:
    """Return the command line that makes the initial cell space."""
    number = _GENESIS_SEED if seed is None else seed
    return (*engine.genesis, "-f", parfile, "-s", str(number))


def rescal_command(
    engine: Engine, parfile: str, run: Run, seed: int, pipe: int | None
) -> tuple[str, ...]:
    """Return the command line that simulates; snapshots go to ``pipe``, or to files without."""
    times = ("-dcsp", in_t0(run.every_t0), "-stop", in_t0(run.stop_t0))
    to = () if pipe is None else ("-data_pipe", str(pipe))
    return (*engine.rescal, parfile, "-nv", *times, "-s", str(seed), "-q", *to)


def in_t0(value: float) -> str:
    """Write a time as the engine's options take it, exactly.

    Examples
    --------
    >>> in_t0(50.0), in_t0(0.25)
    ('50_t0', '0.25_t0')
    """
    return f"{int(value) if float(value).is_integer() else float(value)}_t0"


def _digest_of_files(paths: Iterable[str | Path]) -> str:
    """Return a SHA-256 over the contents of files, in their order."""
    whole = hashlib.sha256()
    for path in paths:
        stat = os.stat(path)  # noqa: PTH116  # a hundred files before each experiment
        whole.update(_digest(path, stat.st_mtime_ns, stat.st_size))
    return whole.hexdigest()


@functools.lru_cache(maxsize=256)
def _digest(path: str | Path, _modified_ns: int, _size: int) -> bytes:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@functools.lru_cache(maxsize=8)
def _version_in(program: Path, _modified_ns: int) -> str:
    """Return the version that a program carries among its texts; starting it takes a second."""
    match = _VERSION.search(program.read_bytes())
    return match[0].decode().strip() if match else ""
