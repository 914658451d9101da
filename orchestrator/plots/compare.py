"""Comparing a sweep with an elevation map of a surface in nature."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from orchestrator import plots
from orchestrator.analysis import field
from orchestrator.errors import RequestError
from orchestrator.formats import destination, spelling
from orchestrator.model.pictures import LookWords
from orchestrator.plots import choice, field_comparison
from orchestrator.records import selection
from orchestrator.threads import unnoticed

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from orchestrator.analysis.field import Ranking
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.threads import Progress

WEST = 270.0
"""Where the wind comes from unless it is known, in degrees clockwise from north."""


class Words(LookWords, total=False):
    """The options of a comparison as a person gives them; what is None was not given."""

    time: str | float | None
    wind_from: float | None
    inlet: int | None
    parts: str | Sequence[str] | None
    cell: float | None
    band: int | None
    variable: str | None
    units: str | None


_OF_PICTURE = tuple(LookWords.__annotations__)


def compare(
    sweep: str | os.PathLike[str] | None,
    dem: str | os.PathLike[str],
    *,
    output: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    **options: Unpack[Words],
) -> Ranking:
    """Compare every experiment of a sweep with an elevation map of real snow or sand.

    The map is resampled to the cells of each experiment in metres and cut into pieces as large as
    its domain. Each piece, of both, loses its mean and its trend, a plane.

    Parameters
    ----------
    sweep
        A sweep's name or its file; None for the only one there is.
    dem
        An elevation map in metres: GeoTIFF, NetCDF, or text with x, y and z on each line
        (or rows of heights, with ``cell``).
    output
        Picture to write: the map beside the experiments that are nearest (default: none).
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    **options
        Those of the command ``compare``, by their names and with their words, such as
        ``time="30d"``, ``cell=0.05``, ``wind_from=300`` or ``parts=["spectrum", "heights"]``; and of its
        picture, as :func:`orchestrator.plot` has them.

    Returns
    -------
    Ranking
        The experiments with their distances, the nearest first: ``best`` and ``matches``.

    Raises
    ------
    RequestError
        For an unknown sweep, a file without a map in metres, or where nothing can be compared.
    """
    directory = selection.find_sweep(sweep, data_dir)
    command = f"orchestrator.compare({directory.name!r}, {str(dem)!r})"
    return perform(directory, Path(dem), options, (output, command))


def perform(
    directory: SweepDirectory,
    dem: Path,
    words: Words,
    picture: tuple[str | os.PathLike[str] | None, str],
    progress: Progress = unnoticed,
) -> Ranking:
    """Compare a sweep, and draw it where a file is named; its metadata tell the command beside it."""
    given_words = {name: word for name, word in words.items() if word is not None}
    output, command = picture
    path = None if output is None else destination.ready(Path(output), plots.STILLS)
    if path is None:
        for name in _OF_PICTURE:
            if given_words.get(name, False) is not False:
                raise RequestError(f"--{name}: only for a picture; name its file with -o")
    look = choice.look(given_words)
    time = words.get("time")
    source = field.Source(dem, words.get("cell"), words.get("band"), words.get("variable"))
    wind_from, parts = _wind_from(words.get("wind_from")), _parts(words.get("parts"))
    moment = None if time is None else choice.moment(time, "--time")
    ranking = field.rank(
        directory,
        field.read(source),
        time=moment,
        wind_from=wind_from,
        inlet=_inlet(words.get("inlet")),
        parts=parts,
        progress=progress,
    )
    if path is not None:
        with plots.sheet(look):
            figure = field_comparison.picture(ranking, look)
            plots.save(figure, path, command, look)
    return ranking


def _wind_from(degrees: float | None) -> float:
    wanted = WEST if degrees is None else degrees
    if not (math.isfinite(wanted) and 0 <= wanted <= 360):
        raise RequestError(
            f"--wind-from: expected degrees from 0 to 360, clockwise from north, got {wanted:g}"
        )
    return wanted


def _inlet(cells: int | None) -> int:
    if cells is not None and cells < 0:
        raise RequestError(f"--inlet {cells}: expected cells, 0 or more")
    return cells or 0


def _parts(names: str | Sequence[str] | None) -> tuple[str, ...]:
    """Read the parts of a distance that count, in their own order."""
    if names is None:
        return field.PARTS
    counted = choice.listed(names)
    for name in counted:
        if name not in field.PARTS:
            hint = spelling.did_you_mean(name, field.PARTS)
            raise RequestError(
                f"--parts {name or repr(names)}: expected some of {', '.join(field.PARTS)}{hint}"
            )
    return tuple(name for name in field.PARTS if name in counted)
