"""Simulators of a user's own: a command line, a table of parameters, and what takes frames apart."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError
from orchestrator.formats.parameter_values import as_text, checked
from orchestrator.formats.parameters import Kind
from orchestrator.formats.winds import WIND

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Parameter, Value

ENGINE = "engine"
"""The parameter of an experiment that has the simulator which made it, unless that is ReSCAL-snow's model."""

SIDES = ("L", "D")
"""Parameters that every simulator has: length and depth of its domain, in cells."""

Read = Callable[[int], bytes]
"""Reads so many bytes of the pipe, all of them; none at the end of the stream, between two frames."""

Decode = Callable[[Read], Iterator["Frame"]]
"""Takes a stream apart."""

PLACEHOLDERS: Mapping[str, str] = {
    "python": "the interpreter that runs the tool",
    "module": "the file that describes the simulator, which may be the simulator, too",
    "pipe": "the number of the open file to write frames to; a program that wants a path takes `/dev/fd/{pipe}`",
    "parfile": "a file of all parameters, one `NAME = VALUE` per line",
    "seed": "the experiment's seed",
    "stop": "simulated time to run, `run.stop`",
    "every": "simulated time between two frames, `run.every`",
}
"""What a command line may have in braces, besides the names of parameters."""

LARGEST_HEIGHT = 2**15 - 1
"""Height maps are kept as int16."""

_TAKEN = {
    *(WIND, ENGINE, "Seed", "Time", "Csp_file", "Bin_file", "Csp_template", "Output_directory"),
    *("Wind_file", "Phys_prop_file", "Qsat_file"),
}
"""Names that mean something wherever parameters are read."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One snapshot, as a decoder yields it.

    Attributes
    ----------
    time
        In the simulator's unit of time, of which ``run.stop`` and ``run.every`` are.
    heights
        Whole numbers [D, L]: how many cells lie on the ground of each column, where the simulator has
        nothing else. The ground is a cell, too, as in ReSCAL-snow: height maps are one more.
    cells
        Or whole numbers [D, H, L], row 0 on top: 0 grain, 1 mobile grain, 2 sintered grain, 3 air.
    """

    time: float
    heights: NDArray[np.integer] | None = None
    cells: NDArray[np.integer] | None = None


@dataclass(frozen=True, slots=True)
class Simulator:
    """What ``run.engine: MODULE:NAME`` of a sweep file names.

    Attributes
    ----------
    name, version
        As results tell what made them.
    command
        The words of its command line, with :data:`PLACEHOLDERS` and names of parameters in braces.
    parameters
        What a sweep file may set. ``L`` and ``D``, whole numbers, are the length and depth of the
        domain in cells; ``H``, where there is one, is its height, the ground included. A parameter without a default has
        to be set.
    decode
        Yields a frame for each snapshot of the stream; None where they are ReSCAL-snow's own.

    Raises
    ------
    ValueError
        If they do not fit each other.
    """

    name: str
    version: str
    command: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    decode: Decode | None = None

    def __post_init__(self) -> None:
        for field in ("name", "version"):
            _require(field, getattr(self, field), str, "a string")
        _require("command", self.command, (tuple, list), "a tuple of words")
        _require("decode", self.decode, (Callable, NoneType), "a generator function")
        self._check_parameters()
        self._check_command()

    def _check_parameters(self) -> None:
        table = self.table
        for name, count in Counter(parameter.name for parameter in self.parameters).items():
            if count > 1:
                raise ValueError(f"parameters: {name}: the same name twice")
        for side in SIDES:
            if side not in table or table[side].kind is not Kind.INTEGER:
                raise ValueError(f"parameters: {side}: required, a whole number of cells")
        for parameter in self.parameters:
            _check(parameter)

    def _check_command(self) -> None:
        table = self.table
        if not self.command:
            raise ValueError("command: empty; its first word is the program")
        used = set(_names(self.command))
        if "pipe" not in used:
            raise ValueError("command: {pipe} is missing, to which frames are written")
        if unknown := used - {*PLACEHOLDERS, *table}:
            known = ", ".join((*PLACEHOLDERS, *table))
            raise ValueError(f"command: {{{min(unknown)}}}: expected one of {known}")

    @property
    def table(self) -> Mapping[str, Parameter]:
        """Its parameters by name."""
        return {parameter.name: parameter for parameter in self.parameters}

    def settled(self, parameters: Mapping[str, Value]) -> dict[str, Value]:
        """Return the values of all of its parameters, its defaults where nothing is set."""
        values = ((p.name, parameters.get(p.name, p.default)) for p in self.parameters)
        return {name: value for name, value in values if value is not None}

    def words(
        self, parameters: Mapping[str, Value], others: Mapping[str, str]
    ) -> tuple[str, ...]:
        """Return its command line for settled parameters and the other placeholders."""
        texts = {name: as_text(self.table[name], value) for name, value in parameters.items()}
        return tuple(word.format_map({**texts, **others}) for word in self.command)


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """A simulator of a user's own, as a sweep file names it.

    Attributes
    ----------
    reference
        How it is loaded, with the hash of its source: what experiments and submissions keep of it.
    module, sha256
        The file that describes it, and the SHA-256 of that file.
    """

    reference: str
    simulator: Simulator
    module: Path
    sha256: str


def _names(command: tuple[str, ...]) -> Iterator[str]:
    """Yield the names in braces."""
    for word in command:
        try:
            parts = list(string.Formatter().parse(word))
        except ValueError as error:
            raise ValueError(f"command: {word}: {error}") from error
        for _, name, form, conversion in parts:
            if name is not None:
                if form or conversion:
                    raise ValueError(f"command: {word}: expected a name alone in braces")
                yield name


def _require(key: str, value: object, kinds: Any, wish: str) -> None:
    """Refuse a value of another kind."""
    if not isinstance(value, kinds):
        raise ValueError(f"{key}: expected {wish}, got {value!r}")  # noqa: TRY004  # as all others


def _check(parameter: Parameter) -> None:
    """Refuse a parameter that could not be set, or whose default it could not have."""
    name = parameter.name
    if not name.isidentifier():
        raise ValueError(f"parameters: {name}: expected letters, digits and _")
    if name in PLACEHOLDERS or name in _TAKEN:
        raise ValueError(f"parameters: {name}: a name of the tool's own; take another")
    known = f"one of {', '.join(str(kind) for kind in Kind)}"
    _require(f"parameters: {name}: kind", parameter.kind, Kind, known)
    _require(
        f"parameters: {name}: choices", parameter.choices, (tuple, list), "a tuple of texts"
    )
    for field in ("meaning", "unit"):
        _require(f"parameters: {name}: {field}", getattr(parameter, field), str, "a string")
    if parameter.low > parameter.high:
        raise ValueError(
            f"parameters: {name}: low: {parameter.low:g} is more than high, {parameter.high:g}"
        )
    if parameter.default is not None:
        try:
            checked(parameter, parameter.default)
        except FormatError as error:
            raise ValueError(f"parameters: {name}: default: {error}") from error
