"""Run experiments again that ended badly; what they computed so far is kept until then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import collection, ledger, report, spec
from orchestrator.cli import dispatch, follow, screen, settings, submit
from orchestrator.errors import RequestError
from orchestrator.model import State

if TYPE_CHECKING:
    import argparse

    from orchestrator.model import Standing, Sweep
    from orchestrator.workspace import SweepDirectory

_BY_DEFAULT = "failed,timeout,out_of_memory,node_fail,lost"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    parser.add_argument("sweep", metavar="SWEEP")
    parser.add_argument("experiments", metavar="EXP", nargs="*", help="exp3, 3, 3-7 or all")
    parser.add_argument(
        "--state", metavar="STATES", help=f"only those in these states; default {_BY_DEFAULT}"
    )
    submit.add_place(parser)
    settings.add_data_directory(parser)


def perform(request: argparse.Namespace) -> int:
    """Make one more attempt at each chosen experiment."""
    console = screen.console()
    directory = settings.find_sweep(request)
    chosen = settings.choose(request.experiments, directory)
    states = _states(request.state, explicit=chosen.explicit)
    sweep = _settings(request.sweep, directory)
    root = settings.chosen_root(sweep.run.engine)
    with ledger.locked(directory):
        standings = collection.standings(directory, chosen.numbers)
        _refuse_live(standings, explicit=chosen.explicit)
        again = [s for s in standings if s.state in states]
        if not again:
            started = dispatch.start_locally(directory, "again", submit.workers(request))
            said = f"nothing to resubmit: {report.counts_line(standings)}"
            console.print(f"{directory.name}: {said}", highlight=False)
            return 0
        made = dispatch.ask(sweep, directory, again, dispatch.cluster(request.cluster), root)
        started = dispatch.start_locally(directory, made.token, submit.workers(request))
        ledger.note(directory, "submitted", made.token, workers=started)
    names = ", ".join(s.experiment.name for s in again[:8]) + (
        ", ..." if len(again) > 8 else ""
    )
    console.print(
        f"{directory.name}: {len(again)} experiments resubmitted ({names}); "
        f"{started} workers started",
        highlight=False,
        soft_wrap=True,
    )
    if not request.wait:
        return 0
    numbers = [s.experiment.number for s in again]
    return follow.until_ended(console, directory, numbers, ask=not request.yes)


def _settings(said: str, directory: SweepDirectory) -> Sweep:
    """Read the sweep file that was named, else the one that was submitted last."""
    named = said.endswith((".yaml", ".yml"))
    return spec.load(Path(said) if named else ledger.last_sweep_file(directory))


def _states(text: str | None, *, explicit: bool) -> set[State]:
    if text is None and explicit:
        return {state for state in State if state.ended}
    wanted = (text or _BY_DEFAULT).split(",")
    known = {state.value: state for state in State if state.ended}
    unknown = [word for word in wanted if word.strip() not in known]
    if unknown:
        raise RequestError(f"--state {', '.join(unknown)}: not one of {', '.join(known)}")
    return {known[word.strip()] for word in wanted}


def _refuse_live(standings: list[Standing], *, explicit: bool) -> None:
    live = [s for s in standings if not s.state.ended and s.attempt]
    if explicit and live:
        problems = (f"{s.experiment.name} is {s.state.value}; cancel it first" for s in live)
        raise RequestError(*problems)
