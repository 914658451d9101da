"""Drawing a sweep: from what a person chooses to the files."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Unpack

from orchestrator import plots
from orchestrator.analysis.dataset.grid import lay_out
from orchestrator.analysis.measured import own_outputs
from orchestrator.formats import destination
from orchestrator.plots import charts, choice, display, fields, maps, sections
from orchestrator.plots.layout import check_time
from orchestrator.records import selection
from orchestrator.threads import unnoticed

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

    from orchestrator.analysis.dataset.grid import Grid
    from orchestrator.model.pictures import Choice, Words
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.threads import Progress

_STILLS: dict[str, Callable[[Grid, Choice], Iterator[tuple[str, Figure]]]] = {
    "phase-diagram": maps.phase_diagram,
    "profile": maps.profile,
    "series": charts.series_over_time,
    "spectrum": charts.spectrum,
    "quantity": charts.against_parameter,
    "map": fields.over_two_axes,
    "dispersion": charts.dispersion_relation,
    "offset": charts.offsets,
    "heights": charts.height_distribution,
    "dunes": maps.dunes,
    "celerity": charts.celerity_against_height,
    "section": sections.cross_sections,
    "flux": sections.fluxes,
}
"""What draws each kind: the pages of a picture, by their names."""


def plot(
    sweep: str | os.PathLike[str] | None = None,
    kind: str = "phase-diagram",
    *,
    data_dir: str | os.PathLike[str] | None = None,
    **options: Unpack[Words],
) -> list[Path]:
    """Draw a sweep and return the files that were written: one per page, or a PDF of all pages.

    Parameters
    ----------
    sweep
        A sweep's name or its file (default: the only one there is).
    kind
        One of :data:`orchestrator.model.pictures.KINDS`, or the name of a quantity, such as
        ``roughness`` or a number of your own (``outputs.own``), for ``quantity`` of that one.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    **options
        Those of the command ``plot``, by their names and with their words, such as
        ``against="Tau_min"``, ``size="single"`` or ``time="9h"``; numbers may be numbers
        (``time=300``, in t0), names a list (``quantity=["roughness", "mass"]``), windows, ranges and
        sizes pairs (``mean=(200, 600)``), ``labels`` a dictionary.

    Raises
    ------
    RequestError
        For an unknown sweep or choice, or where there is nothing to draw.
    """
    directory = selection.find_sweep(sweep, data_dir)
    chosen = choice.read(kind, options, own_outputs(directory), directory.root)
    return list(draw(directory, chosen, f"orchestrator.plot({directory.name!r}, {kind!r})"))


def draw(
    directory: SweepDirectory, choice: Choice, command: str, progress: Progress = unnoticed
) -> Iterator[Path]:
    """Draw a sweep; yield each file once it is written, with ``command`` in its metadata.

    ``progress`` is called for each frame of a film.
    """
    suffixes = plots.FILMS if choice.kind == "animation" else plots.STILLS
    wanted = choice.output or directory.root / f"{_stem(choice)}{suffixes[0]}"
    path = destination.ready(wanted, suffixes)
    grid, shown = display.displayed(lay_out(directory), choice)
    check_time(grid, "--time", shown.time)
    check_time(grid, "--window", shown.window[0])
    check_time(grid, f"--{shown.summary.how.value}", shown.summary.first)
    with plots.sheet(shown.look):
        if shown.kind == "animation":
            yield from _films(grid, shown, path, command, progress)
        else:
            yield from _pages(grid, shown, path, command)


def _pages(grid: Grid, choice: Choice, path: Path, command: str) -> Iterator[Path]:
    """Write each page of a picture; of a PDF all into one file."""
    if path.suffix.lower() == plots.BOOK:
        figures = (figure for _, figure in _STILLS[choice.kind](grid, choice))
        plots.save_pages(figures, path, command, choice.look)
        yield path
        return
    for name, figure in _STILLS[choice.kind](grid, choice):
        target = _target(choice, path, name)
        plots.save(figure, target, command, choice.look)
        yield target


def _films(
    grid: Grid, choice: Choice, path: Path, command: str, progress: Progress
) -> Iterator[Path]:
    """Write a film of each page that has something to show."""
    for name, film in maps.films(grid, choice):
        frames = len(film.moments)

        def show(numbered: tuple[int, float], film: plots.Film = film) -> None:
            progress(numbered[0], frames)  # noqa: B023  # called before the loop goes on
            film.show(numbered[1])

        noted = dataclasses.replace(film, show=show, moments=[*enumerate(film.moments)])
        target = _target(choice, path, name)
        plots.film(noted, target, command, choice.look)
        yield target


def _stem(choice: Choice) -> str:
    """Return the name of a picture: its kind, or the quantities that it shows."""
    if choice.kind == "quantity":
        return "-".join(choice.quantity) or choice.kind
    return "-".join((choice.kind, *choice.quantity)) if choice.kind == "map" else choice.kind


def _target(choice: Choice, path: Path, page: str) -> Path:
    """Return where a page goes; one experiment goes exactly where it was asked to go."""
    exactly = choice.output is not None and choice.experiment is not None
    if exactly or not page:
        return path
    return path.with_name(f"{path.stem}-{page}{path.suffix}")
