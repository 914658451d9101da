"""The page of a sweep on disk, written once or repeatedly while the sweep runs."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import html, text
from orchestrator.analysis import observables
from orchestrator.analysis.dataset.grid import lay_out, own_reductions
from orchestrator.formats import destination
from orchestrator.formats.durable import replacing
from orchestrator.html import report_data
from orchestrator.html.diagram import NO_DIAGRAM, diagram
from orchestrator.records import failures, intents, ledger, selection, winds
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import present, time_left_s
from orchestrator.submission import usage
from orchestrator.threads import unnoticed

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from orchestrator.model import Status
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.threads import Progress


def report(
    sweep: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    *,
    data_dir: str | os.PathLike[str] | None = None,
) -> Path:
    """Write one self-contained HTML page of a sweep and return its path.

    Parameters
    ----------
    sweep
        A sweep's name or its file (default: the only one there is).
    output
        File to write (default: ``report.html`` in the sweep's directory).
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    """
    directory = selection.find_sweep(sweep, data_dir)
    path = page_path(directory, output)
    Page(directory, path).show(present(LiveStatus(directory).read()), None)
    return path


def page_path(directory: SweepDirectory, output: str | os.PathLike[str] | None = None) -> Path:
    """Return the path of the page (default: ``report.html`` in the sweep's directory).

    Raises
    ------
    RequestError
        If no page can be written there.
    """
    path = directory.root / "report.html" if output is None else Path(output)
    return destination.ready(path, (".html", ".htm"))


class Page:
    """The page of a sweep on the disk, kept up to date while the sweep runs."""

    def __init__(self, directory: SweepDirectory, path: Path) -> None:
        self.directory = directory
        self._path = path
        self._axes = intents.axes(directory)
        names = [name for axis in self._axes for name in axis]
        self._collected = report_data.Collected(directory, names)
        self._diagram = NO_DIAGRAM
        self._last: Sequence[Status] = ()

    def show(
        self,
        statuses: Sequence[Status],
        follow_s: int | None,
        progress: Progress = unnoticed,
    ) -> None:
        """Write the page if an experiment has changed, or if it will not be written again.

        Parameters
        ----------
        follow_s
            Seconds after which the page reloads; None for the last one.
        progress
            Called for each experiment that is read.
        """
        changed = self._collected.update(statuses, progress)
        if changed or follow_s is None:
            self._write(statuses, follow_s)

    def leave(self) -> None:
        """Write the same page again, as one that no longer reloads."""
        if self._last:
            self._write(self._last, None)

    def _write(self, statuses: Sequence[Status], follow_s: int | None) -> None:
        if {status.experiment.number for status in statuses} != self._diagram.positions.keys():
            self._diagram = _diagram(self.directory, statuses)
        overview = _overview(self.directory, self._axes, self._diagram, statuses, follow_s)
        packed = [p for p in self._collected.packed if p.number in self._diagram.positions]
        with replacing(self._path) as file:
            file.write(html.render(overview, packed))
        self._last = statuses


def _diagram(directory: SweepDirectory, statuses: Sequence[Status]) -> html.Diagram:
    if not statuses:
        return NO_DIAGRAM
    grid = lay_out(directory, ask_slurm=False)  # of which only the dimensions are needed
    return diagram(grid.dimensions, statuses, grid.length / grid.depth)


def _overview(
    directory: SweepDirectory,
    axes: tuple[tuple[str, ...], ...],
    diagram: html.Diagram,
    statuses: Sequence[Status],
    follow_s: int | None,
) -> html.Overview:
    name, (content, templates) = directory.name, _sweep_file(directory)
    return html.Overview(
        name=name,
        description=_description(directory),
        axes=axes,
        diagram=diagram,
        quantities=observables.quantities(own_reductions(directory, statuses)),
        times=tuple(round(float(t), 6) for t in report_data.share(statuses).times),
        written=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        progress=_progress(statuses),
        used=_used(directory, ask_slurm=follow_s is None),
        causes=tuple(failures.grouped(selection.word(directory), statuses, axes)),
        sweep_file=content,
        templates=templates,
        commands=(
            _submitted(name, content) + selection.data_option(directory),
            f"rescal-sweep report {selection.word(directory)}",
        ),
        follow_s=follow_s,
        turning=any(winds.turning(directory, s.experiment.point.parameters) for s in statuses),
    )


def _used(directory: SweepDirectory, *, ask_slurm: bool) -> tuple[str, ...]:
    """Return what the sweep has used; Slurm's accounts are slow to ask while a page is followed."""
    used = usage.usage_of(directory, ask_slurm=ask_slurm)
    return tuple(sentence[0].upper() + sentence[1:] for sentence in usage.sentences(used))


def _progress(statuses: Sequence[Status]) -> str:
    done = sum(s.state.complete for s in statuses)
    left = text.time_left(time_left_s(statuses))
    going_on = f"; {left}" if left else ""
    return f"{done} of {len(statuses)} experiments are done{going_on}."


def _sweep_file(directory: SweepDirectory) -> tuple[str, dict[str, str]]:
    """Return the text of the sweep file, and of the files that it extends, by name."""
    from orchestrator.sweepfile import layers, problems  # noqa: PLC0415  # YAML, as below

    path = ledger.last_sweep_file(directory)
    if not path.exists():
        return "", {}
    chain = layers.chain(path, (), problems.Problems())
    return chain.text, chain.templates


def _submitted(name: str, text: str) -> str:
    """Return the command that submits a sweep file with the overrides it records."""
    from orchestrator.sweepfile.layers import overrides_of  # noqa: PLC0415  # YAML, as below

    options = [word for override in overrides_of(text) for word in ("--set", override)]
    return shlex.join(["rescal-sweep", "submit", f"{name}.yaml", *options, "--wait"])


def _description(directory: SweepDirectory) -> str:
    """Return the description in the sweep file; its templates are not read."""
    from orchestrator.sweepfile import tree  # noqa: PLC0415  # YAML is loaded only by those who read it

    path = ledger.last_sweep_file(directory)
    if not path.exists():
        return ""
    root, _ = tree.read(path)
    leaf = root.nodes.get("description")
    return leaf.text if isinstance(leaf, tree.Leaf) else ""
