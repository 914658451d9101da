"""Run experiments again that ended badly; what they computed so far is kept until then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import ledger, report, simulator, spec
from orchestrator.cli import dispatch, follow, resources, screen, settings, submit
from orchestrator.cli.look import Look
from orchestrator.errors import RequestError
from orchestrator.model import State

if TYPE_CHECKING:
    import argparse

    from orchestrator.model import Standing
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
    wish = _wish(request, directory)
    simulator.find(wish.root)
    dispatch.refuse_impossible(wish, len(chosen.numbers))
    with ledger.locked(directory):
        for said in dispatch.mend(directory):
            console.print(said, style="yellow", highlight=False, soft_wrap=True)
        standings = Look(directory, chosen.numbers)()
        _refuse_live(standings, explicit=chosen.explicit)
        standings = [s for s in standings if chosen.explicit or not s.orphaned]
        again = [s for s in standings if s.state in states]
        made = dispatch.ask(directory, again, wish) if again else None
        started = dispatch.start(directory, made, wish.cluster, submit.workers(request))
        if made is None:
            console.print(f"{directory.name}: nothing to resubmit")
            console.print(report.counts_line(standings))
            return 0
    numbers = sorted(made.attempts)
    names = ", ".join(f"exp{n}" for n in numbers[:8]) + (", ..." if len(numbers) > 8 else "")
    console.print(
        f"{directory.name}: {len(numbers)} experiments resubmitted ({names}); {started}",
        highlight=False,
        soft_wrap=True,
    )
    if not request.wait:
        return 0
    return follow.until_ended(console, directory, numbers, ask=not request.yes)


def _wish(request: argparse.Namespace, directory: SweepDirectory) -> dispatch.Wish:
    """Return how to make the attempts: as the named file says, else as they were made last."""
    if request.sweep.endswith((".yaml", ".yml")):
        return submit.wished(request, spec.load(Path(request.sweep)))
    made = ledger.submissions(directory)
    if not made:
        raise RequestError(f"{directory.name}: nothing was submitted yet")
    last = made[-1]
    return dispatch.Wish(
        cluster=dispatch.where(request.cluster),
        run=last.run,
        outputs=last.outputs,
        resources=resources.effective(request, last.resources),
        root=last.root,
        axes=last.axes,
    )


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
