"""Files that parameters name: found beside the sweep file, and told apart by their content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import text
from orchestrator.errors import FormatError
from orchestrator.formats import winds
from orchestrator.formats.content_names import name_by_content
from orchestrator.formats.templates import named_file
from orchestrator.sweepfile.winds import SPEEDS_NEED

if TYPE_CHECKING:
    from orchestrator.formats.parameters import Value
    from orchestrator.model import Sweep

_PROPERTIES = frozenset({"Phys_prop_file", "Qsat_file"})
_PROJECT = "sweeps"  # the directory of a project that has its sweep files
_LARGEST_BYTES = 1 << 28
_NAMES = (*sorted(_PROPERTIES), "Wind_file", "Csp_template")


def _has_speeds(file: str, path: Path) -> bool:
    """Return whether a wind file has speeds.

    Raises
    ------
    FormatError
        If it has rows that no program would read.
    """
    try:
        table = winds.read(path)
    except FormatError:  # the engine will say what is wrong with it
        return False
    if table.unread:
        raise FormatError(
            f"Wind_file: {file}: {len(table.rows)} winds by its first line, but more rows follow, "
            "which would not be read; correct the number, or remove the rows"
        )
    return table.unit == "rt"


class InputFiles:
    """The input files of a sweep, each read once."""

    def __init__(self, sweep: Sweep) -> None:
        varied = {name for axis in sweep.axes for name in axis.names}
        named = {*sweep.parameters, *sweep.derived, *varied}
        self._names = [name for name in _NAMES if name in named]
        self._beside = sweep.path.parent
        home = self._beside.resolve()
        self._project = home.parent if home.name == _PROJECT else home
        self._found: dict[tuple[str, str], tuple[str, Path] | None] = {}
        self._speeds: set[tuple[str, str]] = set()  # wind files that have them

    def settle(self, parameters: dict[str, Value]) -> dict[str, Path]:
        """Put names that tell the content of files in the place of their paths.

        Thus the key of a point whose file was edited is another one. A file of properties that is
        not there is left to the engine, which has some of its own.

        Returns
        -------
        dict
            Where each of the files is, by its new name.

        Raises
        ------
        FormatError
            If a file is missing, cannot be read, is too large, has speeds of the wind that nothing
        relates to the bed, or lies outside of the project: who sends a sweep file is not to read
        the files of those who run it.
        """
        paths: dict[str, Path] = {}
        for name in self._names:
            value = str(parameters.get(name, ""))
            file = named_file(name, value)
            if not file:
                continue
            if (name, file) not in self._found:
                self._found[name, file] = self._find(name, file)
            if (name, file) in self._speeds and "Phys_prop_file" not in parameters:
                raise FormatError(f"{name}: {file}: {SPEEDS_NEED}")
            if (named_path := self._found[name, file]) is not None:
                named, path = named_path
                before = "(" if name == "Csp_template" else ""
                parameters[name] = value.replace(f"{before}{file}", f"{before}{named}", 1)
                paths[named] = path
        return paths

    def _find(self, name: str, file: str) -> tuple[str, Path] | None:
        path = self._beside / file
        try:
            exists = path.exists()
        except OSError as error:  # a name that is too long, a directory that nobody may enter
            raise FormatError(f"{name}: {path}: cannot be read: {error.strerror}") from error
        if not exists:
            of_the_engine = Path(file).parent in {Path(), Path("real_data")}
            if name in _PROPERTIES and of_the_engine:
                return None
            raise FormatError(f"{name}: {file}: no such file as {path.absolute()}")
        if not path.resolve().is_relative_to(self._project):
            raise FormatError(f"{name}: {file}: lies outside of {self._project}; copy it there")
        if not path.is_file():
            raise FormatError(f"{name}: {file}: expected a regular file, such as a text")
        if (size := path.stat().st_size) > _LARGEST_BYTES:
            raise FormatError(
                f"{name}: {file}: expected at most {text.size(_LARGEST_BYTES)}, "
                f"got {text.size(size)}"
            )
        if name == "Wind_file" and _has_speeds(file, path):
            self._speeds.add((name, file))
        try:
            return name_by_content(path), path.absolute()
        except OSError as error:
            raise FormatError(f"{name}: {path}: cannot be read: {error.strerror}") from error
