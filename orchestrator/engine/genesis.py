"""Initial cell spaces: what a template makes of a domain, and the program that writes it."""

from __future__ import annotations

import dataclasses
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import options, parameter_file
from orchestrator.engine.exit_status import Exit, ExitError, ending
from orchestrator.engine.random48_arrays import Draws
from orchestrator.engine.shapes import SHAPES, Plane
from orchestrator.errors import FormatError, quoted
from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, Header
from orchestrator.formats.parameters import genesis_names
from orchestrator.formats.templates import parse_template

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value
    from orchestrator.formats.parfile import ParFile
    from orchestrator.formats.templates import Chosen

_LARGEST_ARGUMENT = 2.0**31
_REINJECTION_COLUMN = 5
_ELEVATION = re.compile(r"([+-]?)0*([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Domain:
    """What to fill, and how.

    Attributes
    ----------
    elevations
        int64 [D, L], what INPUT_ELEVATION reads; None for other templates.
    reinjection
        Whether a line of sources goes into the ceiling.
    """

    height: int
    length: int
    depth: int
    template: Chosen
    elevations: NDArray[np.int64] | None = None
    reinjection: bool = False


def planes(domain: Domain, seed: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the planes of the initial cell space, D of them, uint8 [H, L], row 0 on top.

    Each is overwritten by the next one.
    """
    shape = SHAPES[domain.template.template.name]
    arguments = {name: np.float32(v) for name, v in domain.template.arguments.items()}
    draws = Draws(seed)
    cells = np.empty((domain.height, domain.length), np.uint8)
    elevations = domain.elevations
    if elevations is None:
        elevations = np.empty((0, 0), np.int64)
    for k in range(domain.depth):
        cells[:] = Cell.EAUC
        plane = Plane(cells, k, domain.height, domain.length, domain.depth, draws, elevations)
        with np.errstate(all="ignore"):  # as in C: divisions by zero give what is never reached
            shape(plane, **arguments)
        for row in (cells[0], cells[-1]):
            row[row != Cell.IN] = Cell.DUM
        if domain.reinjection:
            cells[0, _REINJECTION_COLUMN : _REINJECTION_COLUMN + 1] = Cell.IN
        yield cells


def main(words: Sequence[str]) -> None:
    """Run ``genesis`` with the words of its command line.

    Raises
    ------
    ExitError
        With ReSCAL's exit status; then no file has appeared.
    """
    words_read = options.genesis(words)
    for word in words_read.unknown:
        sys.stderr.write(f"{word}: no such option, ignored\n")
    if words_read.parfile is None:
        assert words_read.sizes is not None
        sizes = dict(zip("HLD", words_read.sizes, strict=True))
        file, values, where = None, dict[str, "Value"](sizes), "command line"
    else:
        file, values = parameter_file.read(words_read.parfile, set(genesis_names()))
        for sentence in parameter_file.warnings(file):
            sys.stderr.write(f"{sentence}\n")
        where = str(words_read.parfile)
    domain = _domain(file, values, where)
    target = _target(file, values, raw=words_read.raw)
    seed = words_read.seed_or(_whole(values, "Seed"))
    header = Header(str(values.get("Model", "SNO")), domain.height, domain.length, domain.depth)
    try:
        cellspace.write(target, header, planes(domain, seed))
    except OSError as error:
        raise ExitError(
            Exit.REFUSED, f"{target}: cannot be written: {error.strerror}"
        ) from error
    size = f"{header.height} x {header.length} x {header.depth}"
    sys.stdout.write(f"{target}: {domain.template.template.name}, {size} cells\n")


def _domain(file: ParFile | None, values: Mapping[str, Value], source: str) -> Domain:
    sizes = [_whole(values, name) or 0 for name in "HLD"]
    for name, size in zip("HLD", sizes, strict=True):
        if size < 1:
            raise ExitError(
                Exit.REFUSED,
                f"{_position(file, name, source)}: {name}: expected 1 or more, got {size}",
            )
    height, length, depth = sizes
    if (height + 2) * (length + 2) * (depth + 2) > cellspace.LARGEST_CELLS:
        raise ExitError(
            Exit.REFUSED,
            f"{source}: H, L, D: {height} x {length} x {depth} cells are more than can be simulated",
        )
    text = str(values.get("Csp_template", "CUSTOM"))
    where = _position(file, "Csp_template", source)
    with ending(Exit.UNSUPPORTED, where):
        chosen = parse_template(text)
    try:
        domain = domain_of(chosen, height, length, depth)
    except FormatError as error:
        raise ExitError(Exit.REFUSED, f"{where}: Csp_template: {error}") from error
    return dataclasses.replace(domain, reinjection=values.get("Boundary") == "REINJECTION")


def domain_of(chosen: Chosen, height: int, length: int, depth: int) -> Domain:
    """Return the domain of a template, whose elevations are read if it names a file.

    Raises
    ------
    FormatError
        If an argument is too large.
    ExitError
        If the file cannot be read, or its elevations do not fit.
    """
    for name, value in chosen.arguments.items():
        if abs(value) >= _LARGEST_ARGUMENT:
            raise FormatError(f"{name}: {value} is too large")
    if not chosen.file:
        return Domain(height, length, depth, chosen)
    return Domain(
        height, length, depth, chosen, _elevations(Path(chosen.file), height, length, depth)
    )


def _elevations(path: Path, height: int, length: int, depth: int) -> NDArray[np.int64]:
    """Read D times L elevations, row by row."""
    try:
        words = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not a text of numbers"
        raise ExitError(Exit.UNREADABLE, f"{path}: cannot be read: {why}") from error
    try:
        elevations = np.array([_elevation(word) for word in words], np.int64)
    except FormatError as error:
        raise ExitError(
            Exit.UNSUPPORTED, f"{path}: expected whole numbers, got {error}"
        ) from error
    if elevations.size != depth * length:
        raise ExitError(
            Exit.UNSUPPORTED,
            f"{path}: expected {depth * length} elevations, D = {depth} rows of L = {length}, "
            f"got {elevations.size}",
        )
    if elevations.max() >= height // 2:
        raise ExitError(
            Exit.UNSUPPORTED,
            f"{path}: an elevation of {elevations.max()}, "
            f"but they must stay below half the height, {height // 2}",
        )
    return elevations.reshape(depth, length)


def _elevation(word: str) -> int:
    match = _ELEVATION.fullmatch(word)
    if not match:
        raise FormatError(quoted(word))
    return int(match[1] + match[2])


def _target(file: ParFile | None, values: Mapping[str, Value], *, raw: bool) -> Path:
    """Return the file to write."""
    if "Csp_file" in values:
        path = Path(str(values["Csp_file"]))
        if path.suffix not in {".csp", ".CSP"}:
            where = _position(file, "Csp_file", "")
            raise ExitError(
                Exit.REFUSED,
                f"{where}: Csp_file: expected a name that ends in .csp, got {path}",
            )
        return path
    if "Bin_file" in values or raw:
        what = (
            f"{_position(file, 'Bin_file', '')}: Bin_file" if "Bin_file" in values else "-bin"
        )
        raise ExitError(
            Exit.UNSUPPORTED, f"{what}: cells without a header are not written; use Csp_file"
        )
    sizes = "_".join(str(values[name]) for name in "HLD")
    return Path(f"{values.get('Model', 'SNO')}_{sizes}.csp")


def _position(file: ParFile | None, name: str, otherwise: str) -> str:
    return otherwise if file is None else file.line_of(name)


def _whole(values: Mapping[str, Value], name: str) -> int | None:
    value = values.get(name)
    return None if value is None else int(value)
