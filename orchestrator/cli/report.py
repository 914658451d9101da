"""Write one HTML page of a sweep: pictures, numbers, failures, and how to reproduce it."""

from __future__ import annotations

import math
import shlex
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import html, text
from orchestrator.cli import arguments, screen
from orchestrator.errors import RequestError
from orchestrator.formats import destination
from orchestrator.formats.durable import replacing
from orchestrator.html import report_data
from orchestrator.model import State
from orchestrator.records import failures, ledger
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.status import time_left_s
from orchestrator.submission import selection
from orchestrator.submission.watch import Abandonment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from orchestrator.model import Status
    from orchestrator.records.ledger import SweptAxis
    from orchestrator.records.paths import SweepDirectory

_EVERY_S = 10.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser, required=False)
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="default: report.html of the sweep"
    )
    parser.add_argument(
        "--follow",
        action="store_true",
        help="write it again as snapshots arrive, until no experiment goes on",
    )
    parser.add_argument(
        "--every",
        metavar="SECONDS",
        type=float,
        default=_EVERY_S,
        help=f"how often --follow looks; default {_EVERY_S:g}",
    )


def perform(options: argparse.Namespace) -> int:
    """Write the page, once or until no experiment goes on, and say where it is."""
    if not options.every > 0 or math.isinf(options.every):
        raise RequestError(f"--every: expected seconds above 0, got {options.every:g}")
    directory = selection.find_sweep(options.sweep, options.data_dir)
    path = destination.ready(
        options.output or directory.root / "report.html", (".html", ".htm")
    )
    written = _Written(directory, path)
    if options.follow:
        try:
            return _follow(directory, written, options.every)
        except KeyboardInterrupt:
            written.leave()
            raise
    written.show(_wanted(LiveStatus(directory)), None)
    return 0


def _follow(directory: SweepDirectory, written: _Written, every_s: float) -> int:
    """Write the page again and again until no experiment goes on; return the exit code."""
    live = LiveStatus(directory)
    abandonment = Abandonment(directory)
    while True:
        statuses = _wanted(live)
        left = [s for s in statuses if not s.state.ended]
        going_on = bool(left) and not abandonment.seen_in(statuses)
        written.show(statuses, math.ceil(every_s) if going_on else None)
        if not going_on:
            break
        time.sleep(every_s)
    if left:
        counts = Counter(s.state.value for s in left)
        said = ", ".join(f"{count} {state}" for state, count in counts.items())
        again = f"rescal-sweep resubmit {directory.name}"
        print(f"{directory.name}: {said}, and nobody runs them: {again} starts workers again")
    return 1 if left else 0


def _wanted(live: LiveStatus) -> list[Status]:
    return [s for s in live.read() if not s.orphaned]


class _Written:
    """The page of a sweep on the disk, and what of the sweep was read for it."""

    def __init__(self, directory: SweepDirectory, path: Path) -> None:
        self._directory = directory
        self._path = path
        self._axes = ledger.swept_axes(directory)
        names = [name for axis in self._axes for name in axis.names]
        self._collected = report_data.Collected(directory, names)
        self._last: Sequence[Status] = ()
        self._told = False

    def show(self, statuses: Sequence[Status], follow_s: int | None) -> None:
        """Write the page if there is something new on it, or if it is the last one."""
        with screen.console().status(f"reading {self._directory.name}"):
            changed = self._collected.update(statuses)
        if changed or follow_s is None:
            self._write(statuses, follow_s)
        if not self._told:
            print(f"wrote {self._path}", flush=True)
            self._told = True

    def leave(self) -> None:
        """Write once more what was written last, as a page that nobody writes again."""
        if self._last:
            self._write(self._last, None)

    def _write(self, statuses: Sequence[Status], follow_s: int | None) -> None:
        overview = _overview(self._directory, self._axes, statuses, follow_s)
        with replacing(self._path) as file:
            file.write(html.render(overview, self._collected.packed))
        self._last = statuses


def _overview(
    directory: SweepDirectory,
    axes: Sequence[SweptAxis],
    statuses: Sequence[Status],
    follow_s: int | None,
) -> html.Overview:
    name, (content, templates) = directory.name, _sweep_file(directory)
    names = tuple(axis.names for axis in axes)
    return html.Overview(
        name=name,
        description=_description(directory),
        axes=names,
        sorted=tuple(axis.sorted for axis in axes),
        quantities=report_data.QUANTITIES,
        times=tuple(round(float(t), 6) for t in report_data.share(statuses).times),
        written=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        progress=_progress(statuses),
        causes=tuple(failures.grouped(name, statuses, names)),
        sweep_file=content,
        templates=templates,
        commands=(_submitted(name, content), f"rescal-sweep report {name}"),
        follow_s=follow_s,
    )


def _progress(statuses: Sequence[Status]) -> str:
    done = sum(s.state is State.DONE for s in statuses)
    left = text.seconds(time_left_s(statuses))
    going_on = f"; about {left} left" if left else ""
    return f"{done} of {len(statuses)} experiments are done{going_on}."


def _sweep_file(directory: SweepDirectory) -> tuple[str, dict[str, str]]:
    """Return the text of the sweep file, and those of what it extends, by name."""
    from orchestrator.sweepfile import layers, problems  # noqa: PLC0415  # YAML, as below

    path = ledger.last_sweep_file(directory)
    if not path.exists():
        return "", {}
    found = layers.chain(path, (), problems.Problems())
    return found.text, found.templates


def _submitted(name: str, text: str) -> str:
    """Return the command that submits a sweep file with what was said over it."""
    from orchestrator.sweepfile.layers import overrides_of  # noqa: PLC0415  # YAML, as below

    said = [word for override in overrides_of(text) for word in ("--set", override)]
    return shlex.join(["rescal-sweep", "submit", f"{name}.yaml", *said, "--wait"])


def _description(directory: SweepDirectory) -> str:
    """Return what the sweep file says of itself; its templates are not needed for that."""
    from orchestrator.sweepfile import tree  # noqa: PLC0415  # YAML is loaded only by those who read it

    path = ledger.last_sweep_file(directory)
    if not path.exists():
        return ""
    said, _ = tree.read(path)
    leaf = said.nodes.get("description")
    return leaf.text if isinstance(leaf, tree.Leaf) else ""
