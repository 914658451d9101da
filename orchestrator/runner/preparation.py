"""The directory of an experiment: what the engine reads, and the account of how it was made."""

from __future__ import annotations

import gzip
import shutil
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError, ParameterError
from orchestrator.formats import parfile, winds
from orchestrator.formats.cellspace import HEADER_BYTES, parse_header
from orchestrator.formats.content_names import is_intact
from orchestrator.formats.durable import open_regular, refuse_links, remove_drafts, replacing
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.templates import named_file
from orchestrator.model import KeepInitial

if TYPE_CHECKING:
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Engine, Experiment
    from orchestrator.records.paths import ExperimentDirectory

PROPERTY_FILES = ("Phys_prop_file", "Qsat_file")
"""Parameters that name files of physical properties."""

_REAL_DATA = "real_data"
_PIECE_BYTES = 1 << 20


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
    refuse_links(*directory.directories)
    own = engine.own
    if own is None:
        parameters, table = _for_engine(experiment, engine, directory), PARAMETERS
    else:
        parameters = own.simulator.settled(experiment.point.parameters)
        table = own.simulator.table
    if cells is not None:
        parameters["Csp_file"] = cells.name
        parameters.pop("Time", None)
    directory.out.mkdir(parents=True, exist_ok=True)
    for folder in (directory.root, directory.out):  # nobody else writes there now
        remove_drafts(folder, older_s=0.0)
    remove_drafts(directory.attempts_root)
    with replacing(directory.parfile, durable=False) as file:
        file.write(parfile.text(parameters, table).encode())


def _for_engine(
    experiment: Experiment, engine: Engine, directory: ExperimentDirectory
) -> dict[str, Value]:
    """Return the parameters as the engine is to read them.

    ``Seed`` is left out, because there it would win over the seed on the command line.
    """
    parameters, wind = winds.for_engine(experiment.point.parameters)
    parameters.pop("Seed", None)
    if wind is not None:
        directory.root.mkdir(parents=True, exist_ok=True)
        with replacing(directory.root / winds.WIND, durable=False) as file:
            file.write(wind.encode())
    parameters["Csp_file"] = directory.cellspace.name
    parameters["Output_directory"] = f"./{directory.out.name}"
    copied = _copy_inputs(parameters, directory)
    for name in PROPERTY_FILES:
        if name in parameters and name not in copied:
            path = _property_file(name, str(parameters[name]), engine, directory)
            parameters[name] = str(path)
    return parameters


def _copy_inputs(parameters: dict[str, Value], directory: ExperimentDirectory) -> set[str]:
    """Copy the files that parameters name from the sweep's; return which parameters.

    Raises
    ------
    ParameterError
        If one no longer has the content that its name tells.
    """
    copied: set[str] = set()
    for name in ("Wind_file", "Csp_template", *PROPERTY_FILES):
        file = named_file(name, str(parameters.get(name, "")))
        if file and (path := _input(file, directory)) is not None:
            if not is_intact(path):
                raise ParameterError(
                    name,
                    f"{file}: changed since it was submitted; remove {path} and submit the sweep again",
                )
            directory.root.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, directory.root / path.name)
            copied.add(name)
    return copied


def _input(file: str, directory: ExperimentDirectory) -> Path | None:
    """Return the sweep's copy of a file that a parameter names, if it has one."""
    path = directory.inputs / file
    return path if path.parent == directory.inputs and path.is_file() else None


def _property_file(
    name: str, value: str, engine: Engine, directory: ExperimentDirectory
) -> Path:
    """Find a property file: one of the engine's own by its name, any other by its path."""
    path = property_file(name, value, engine, directory.root)
    if all("!" <= character <= "~" for character in str(path)):
        return path
    # the engine deletes blanks and everything foreign from the lines it reads
    directory.root.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, directory.root / path.name)
    return Path(path.name)


def property_file(name: str, value: str, engine: Engine, root: Path) -> Path:
    """Return the path of a property file: the engine's own by its name, any other from ``root``.

    Raises
    ------
    ParameterError
        If there is no such file.
    """
    named = Path(value)
    own = named.parent in {Path(), Path(_REAL_DATA)}
    path = (engine.real_data / named.name if own else root / named).absolute()
    if not path.is_file():
        if not own:
            raise ParameterError(name, f"{value!r}: no such file as {path}")
        known = ", ".join(sorted(each.name for each in engine.real_data.glob("*"))) or "none"
        raise ParameterError(name, f"{value!r}: the {engine.title_in_words} has {known}")
    return path


def genesis_seed(experiment: Experiment) -> int | None:
    """Return the seed of the initial cell space where the parameters give one."""
    seed = experiment.point.parameters.get("Seed")
    return None if seed is None else int(seed)


def premade(experiment: Experiment, directory: ExperimentDirectory) -> Path | None:
    """Return the cell space to start from where it is given, None where genesis is to make it."""
    named = str(experiment.point.parameters.get("Csp_file", ""))
    if Path(named) in {Path(), Path(directory.cellspace.name)}:
        return None
    path = directory.root / named
    if not path.is_file():
        raise ParameterError("Csp_file", f"{named!r}: no such file as {path}")
    return path


def take_premade(path: Path, directory: ExperimentDirectory) -> None:
    """Copy a given cell space to where the engine looks for it, decompressed."""
    try:
        with path.open("rb") as file, replacing(directory.cellspace) as target:
            source = gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file
            shutil.copyfileobj(source, target, _PIECE_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ParameterError("Csp_file", f"{path}: cannot be decompressed: {error}") from error


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
    time = experiment.point.parameters.get("Time")
    if time is not None:
        return float(time)
    try:
        with open_regular(directory.cellspace) as file:
            return parse_header(file.read(HEADER_BYTES)).time
    except (OSError, FormatError):  # the engine will say what is wrong with it
        return 0.0
