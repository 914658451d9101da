"""The directory of an experiment: what the engine reads, and the account of how it was made."""

from __future__ import annotations

import functools
import gzip
import os
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError, RequestError
from orchestrator.formats import parfile
from orchestrator.formats.cellspace import HEADER_BYTES, parse_header
from orchestrator.formats.durable import read_json, replacing, write_json
from orchestrator.model import KeepInitial

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.model import Engine, Experiment, Record, Scalar, Task
    from orchestrator.workspace import AttemptDirectory, ExperimentDirectory

_PROPERTY_FILES = ("Phys_prop_file", "Qsat_file")
_REAL_DATA = "real_data"
_PIECE_BYTES = 1 << 20
_NO_DATA = {"data": "none", "snapshots": 0}


def prepare(
    experiment: Experiment,
    engine: Engine,
    directory: ExperimentDirectory,
    cells: Path | None = None,
) -> None:
    """Make the directory of an experiment and the parameter file in it; may be repeated.

    With ``cells`` the engine starts from these, at the time that they say, instead of from those
    that genesis makes.
    """
    parameters = _for_engine(experiment, engine, directory)
    if cells is not None:
        parameters["Csp_file"] = cells.name
        parameters.pop("Time", None)
    directory.out.mkdir(parents=True, exist_ok=True)
    with replacing(directory.parfile, durable=False) as file:
        file.write(parfile.text(parameters).encode())


def _for_engine(
    experiment: Experiment, engine: Engine, directory: ExperimentDirectory
) -> dict[str, Scalar]:
    """Return the parameters as the engine is to read them.

    ``Seed`` is left out, because there it would win over the seed on the command line.
    """
    parameters = {k: v for k, v in experiment.point.parameters.items() if k != "Seed"}
    parameters["Csp_file"] = directory.cellspace.name
    parameters["Output_directory"] = f"./{directory.out.name}"
    for name in _PROPERTY_FILES:
        if name in parameters:
            path = _property_file(name, str(parameters[name]), engine, directory)
            parameters[name] = str(path)
    return parameters


def _property_file(
    name: str, value: str, engine: Engine, directory: ExperimentDirectory
) -> Path:
    """Find a property file: one of the engine's own by its name, any other by its path."""
    given = Path(value)
    if given.parent in {Path(), Path(_REAL_DATA)}:
        path = engine.real_data / given.name
    else:
        path = directory.root / given
    if not path.is_file():
        raise RequestError(f"{name}: {value!r}: no such file as {path}")
    path = path.absolute()
    if all("!" <= character <= "~" for character in str(path)):
        return path
    # the engine deletes blanks and everything foreign from the lines it reads
    directory.root.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, directory.root / path.name)
    return Path(path.name)


def genesis_seed(experiment: Experiment) -> int | None:
    """Return the seed of the initial cell space where the parameters give one."""
    seed = experiment.point.parameters.get("Seed")
    return None if seed is None else int(seed)


def premade(experiment: Experiment, directory: ExperimentDirectory) -> Path | None:
    """Return the cell space to start from where it is given, None where genesis is to make it."""
    given = str(experiment.point.parameters.get("Csp_file", ""))
    if Path(given) in {Path(), Path(directory.cellspace.name)}:
        return None
    path = directory.root / given
    if not path.is_file():
        raise RequestError(f"Csp_file: {given!r}: no such file as {path}")
    return path


def take_premade(path: Path, directory: ExperimentDirectory) -> None:
    """Copy a given cell space to where the engine looks for it, decompressed."""
    try:
        with path.open("rb") as file, replacing(directory.cellspace) as target:
            source = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            shutil.copyfileobj(source, target, _PIECE_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise RequestError(f"Csp_file: {path}: cannot be decompressed: {error}") from error


def settle_initial(directory: ExperimentDirectory, keep: KeepInitial) -> None:
    """Compress or remove the initial cell space once the engine has read it; may be repeated.

    The engine starts from the plain file, since ReSCAL would decompress another in place.
    """
    plain = directory.cellspace
    if keep is KeepInitial.PLAIN or not plain.exists():
        return
    if keep is KeepInitial.GZIP:
        packed = plain.with_name(f"{plain.name}.gz")
        with (
            plain.open("rb") as source,
            replacing(packed) as file,
            # neither name nor time in it, so that equal cells make equal files
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as target,
        ):
            shutil.copyfileobj(source, target, _PIECE_BYTES)
    plain.unlink()


def start_t0(experiment: Experiment, directory: ExperimentDirectory) -> float:
    """Return the simulated time at which a run starts: as given, else the cell space's own."""
    given = experiment.point.parameters.get("Time")
    if given is not None:
        return float(given)
    try:
        with directory.cellspace.open("rb") as file:
            return parse_header(file.read(HEADER_BYTES)).time
    except (OSError, FormatError):  # the engine will say what is wrong with it
        return 0.0


def describe(
    task: Task,
    engine: Engine,
    directory: ExperimentDirectory,
    commands: Mapping[str, Sequence[str]],
) -> None:
    """Write down, before the engine starts, what an attempt is made from and how.

    ``meta_data`` says it too, as long as it has no data of an earlier attempt to tell of.
    """
    experiment, attempt = task.experiment, directory.attempt(task.attempt)
    account = {
        "experiment": directory.root.name,
        "attempt": attempt.number,
        "parameters": dict(experiment.point.parameters),
        "seed": experiment.point.seed,
        **made_alike(task, engine),
        "engine": engine.name,
        "engine_version": engine.version,
        "rescal_root": None if engine.root is None else str(engine.root),
        "commands": {name: list(command) for name, command in commands.items()},
        "host": os.uname().nodename,
        "processor": processor(),
    }
    write_json(attempt.account, account, durable=False)
    if _known(directory)["snapshots"] == 0:
        _tell(directory, {**account, **_NO_DATA})


def made_alike(task: Task, engine: Engine) -> dict[str, Any]:
    """Return what two attempts at an experiment must share if one is to go on with the other."""
    return {
        "engine_digest": engine.digest,
        "stop_t0": task.run.stop_t0,
        "every_t0": task.run.every_t0,
        "height_maps": task.outputs.height_maps,
        "ffts": task.outputs.ffts,
    }


def credit(
    directory: ExperimentDirectory, attempt: AttemptDirectory, snapshots: int, time_t0: float
) -> None:
    """Tell in ``meta_data`` that the data so far are this attempt's, and how it is made."""
    reach = {"data": "partial", "snapshots": snapshots, "time_t0": time_t0}
    _tell(directory, {**(read_json(attempt.account) or {}), **reach})


def conclude(
    directory: ExperimentDirectory,
    attempt: AttemptDirectory,
    record: Record,
    *,
    published: bool,
) -> None:
    """Tell in ``meta_data`` how an attempt ended whose data are ``published``.

    Of another only that it was made, unless there are no data at all.
    """
    known = _known(directory)
    if published or known["snapshots"] == 0:
        data = "complete" if record.complete else "partial" if published else "none"
        known = {
            **(read_json(attempt.account) or {"attempt": attempt.number}),
            "data": data,
            "snapshots": record.snapshots if published else 0,
            "time_t0": record.time_t0,
            "state": record.state.value,
            "reason": record.reason,
            "started": record.started,
            "ended": record.ended,
            "wall_s": record.wall_s,
        }
    _tell(directory, known)


def _known(directory: ExperimentDirectory) -> Mapping[str, Any]:
    """Return what is told of the data so far; of none where that cannot be read."""
    known = read_json(directory.meta_data) or {}
    return known if isinstance(known.get("snapshots"), int) else _NO_DATA


def _tell(directory: ExperimentDirectory, known: Mapping[str, Any]) -> None:
    made = [attempt.number for attempt in directory.attempts()]
    write_json(directory.meta_data, {**known, "attempts": made}, durable=False)  # records are


@functools.cache
def processor() -> str:
    """Return the name of this machine's processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, os.uname().machine)
