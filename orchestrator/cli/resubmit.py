"""Run experiments again that ended badly; what they computed so far is kept until then."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import causes, ledger, report, simulator, spec
from orchestrator.cli import (
    dispatch,
    follow,
    parting,
    resources,
    screen,
    selection,
    submit,
    wishes,
)
from orchestrator.cli.look import Look
from orchestrator.errors import RequestError
from orchestrator.model import State

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from orchestrator.cli.wishes import Wish
    from orchestrator.model import Standing

_BY_DEFAULT = "failed,timeout,out_of_memory,node_fail,lost"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selection.add_sweep(parser)
    selection.add_experiments(parser)
    parser.add_argument(
        "--state",
        metavar="STATES",
        help=f"only those in these states; default {_BY_DEFAULT}, "
        "or whatever state they ended in where experiments are given by number",
    )
    submit.add_place(parser)


def perform(request: argparse.Namespace) -> int:
    """Make one more attempt at each chosen experiment."""
    console = screen.console()
    directory = selection.find_sweep(request)
    named = request.sweep.endswith((".yaml", ".yml"))
    sweep = spec.load(Path(request.sweep)) if named else None
    chosen = selection.choose(request.experiments, directory)
    states = _states(request.state, explicit=chosen.explicit)
    place = wishes.where(request.cluster)
    with ledger.locked(directory):
        for said in dispatch.mend(directory):
            screen.warn(console, said)
        standings = Look(directory, chosen.numbers)()
        _refuse_live(standings, explicit=chosen.explicit)
        standings = [s for s in standings if chosen.explicit or not s.orphaned]
        ended = [s for s in standings if s.state in states]
        again = _alike(request, place, ended)
        if sweep is not None:
            again = [(submit.wished(request, sweep), ended)] if ended else []
        engines = {simulator.find(wish.root) for wish, _ in again}
        for wish, those in again:  # what can be refused is, before anything is written
            parting.refuse_impossible(wish, len(those))
        for engine in engines:
            dispatch.warm(engine, functools.partial(screen.warn, console))
        if sweep is not None and ended:
            for said in dispatch.keep(sweep, directory):
                screen.warn(console, said)
        asked = [dispatch.ask(directory, those, wish) for wish, those in again]
        made = [one for one in asked if one is not None]
        started = [
            dispatch.start(directory, one, place, submit.workers(request))
            for one in made or (None,)
        ]
        if not made:
            console.print(f"{directory.name}: nothing to resubmit")
            console.print(report.counts_line(standings))
            axes = ledger.axes(directory)
            for said in causes.grouped(directory.name, standings, axes, report.number):
                console.print(said, markup=False, highlight=False, soft_wrap=True)
            return 0
    numbers = sorted(number for one in made for number in one.attempts)
    names = report.names(numbers)
    console.print(
        f"{directory.name}: {report.counted(len(numbers), 'experiment')} resubmitted ({names}); "
        + ", ".join(dict.fromkeys(started)),
        highlight=False,
        soft_wrap=True,
    )
    if not request.wait:
        return 0
    return follow.until_ended(console, directory, numbers, ask=not request.yes)


def _alike(
    request: argparse.Namespace, place: str, standings: Sequence[Standing]
) -> list[tuple[Wish, list[Standing]]]:
    """Sort experiments by how each one was made last.

    A sweep file that has changed since may have asked for others in another way.
    """
    found: list[tuple[Wish, list[Standing]]] = []
    for standing in standings:
        last = standing.submission
        if last is None:  # nobody has asked for it, so nothing has ended
            continue
        asked = resources.effective(request, last.resources)
        wish = wishes.Wish(place, last.run, last.outputs, asked, last.root)
        like = next((those for one, those in found if one == wish), None)
        if like is None:
            found.append((wish, [standing]))
        else:
            like.append(standing)
    return found


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
        raise RequestError(*(_live(standing) for standing in live))


def _live(standing: Standing) -> str:
    waits = "; submit starts it if nobody is about to" * (standing.state is State.PENDING)
    return f"{standing.experiment.name} is {standing.state.value}; cancel it first{waits}"
