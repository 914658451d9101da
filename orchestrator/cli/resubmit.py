"""Run experiments again that ended badly; what they computed so far is kept until then."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import sweepfile, text
from orchestrator.cli import arguments, resources, screen, status_table, submit, watch
from orchestrator.errors import RequestError
from orchestrator.model import State
from orchestrator.records import failures, ledger
from orchestrator.runner import simulator
from orchestrator.submission import packing, selection
from orchestrator.submission import submit as dispatch
from orchestrator.submission.live_status import Look
from orchestrator.submission.request import Wish, where

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from orchestrator.model import Status

_BY_DEFAULT = "failed,timeout,out_of_memory,node_fail,lost"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep(parser)
    arguments.add_experiments(parser)
    parser.add_argument(
        "--state",
        metavar="STATES",
        help=f"only those in these states; default {_BY_DEFAULT}, "
        "or whatever state they ended in where experiments are given by number",
    )
    submit.add_place(parser)


def perform(options: argparse.Namespace) -> int:
    """Make one more attempt at each chosen experiment."""
    console = screen.console()
    directory = selection.find_sweep(options)
    named = options.sweep.endswith((".yaml", ".yml"))
    sweep = sweepfile.load(Path(options.sweep)) if named else None
    chosen = selection.choose(options.experiments, directory)
    states = _states(options.state, explicit=chosen.explicit)
    place = where(options.cluster)
    with ledger.locked(directory):
        for said in dispatch.mend(directory):
            screen.warn(console, said)
        statuses = Look(directory, chosen.numbers)()
        _refuse_live(statuses, explicit=chosen.explicit)
        statuses = [s for s in statuses if chosen.explicit or not s.orphaned]
        ended = [s for s in statuses if s.state in states]
        again = _alike(options, place, ended)
        if sweep is not None:
            again = [(submit.wished(options, sweep), ended)] if ended else []
        engines = {simulator.find(wish.root) for wish, _ in again}
        for wish, those in again:  # what can be refused is, before anything is written
            packing.refuse_impossible(wish, len(those))
        for engine in engines:
            dispatch.warm(engine, functools.partial(screen.warn, console))
        if sweep is not None and ended:
            for said in dispatch.keep(sweep, directory):
                screen.warn(console, said)
        asked = [dispatch.ask(directory, those, wish) for wish, those in again]
        made = [one for one in asked if one is not None]
        started = [
            dispatch.start(directory, one, place, submit.workers(options))
            for one in made or (None,)
        ]
        if not made:
            console.print(f"{directory.name}: nothing to resubmit")
            console.print(status_table.counts_line(statuses))
            axes = ledger.axes(directory)
            for said in failures.grouped(directory.name, statuses, axes, text.number):
                console.print(said, markup=False, highlight=False, soft_wrap=True)
            return 0
    numbers = sorted(number for one in made for number in one.attempts)
    names = text.names(numbers)
    console.print(
        f"{directory.name}: {text.counted(len(numbers), 'experiment')} resubmitted ({names}); "
        + ", ".join(dict.fromkeys(started)),
        highlight=False,
        soft_wrap=True,
    )
    if not options.wait:
        return 0
    return watch.until_ended(console, directory, numbers, ask=not options.yes)


def _alike(
    options: argparse.Namespace, place: str, statuses: Sequence[Status]
) -> list[tuple[Wish, list[Status]]]:
    """Sort experiments by how each one was made last.

    A sweep file that has changed since may have asked for others in another way.
    """
    found: list[tuple[Wish, list[Status]]] = []
    for status in statuses:
        last = status.submission
        if last is None:  # nobody has asked for it, so nothing has ended
            continue
        asked = resources.effective(options, last.resources)
        wish = Wish(place, last.run, last.outputs, asked, last.root)
        like = next((those for one, those in found if one == wish), None)
        if like is None:
            found.append((wish, [status]))
        else:
            like.append(status)
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


def _refuse_live(statuses: list[Status], *, explicit: bool) -> None:
    live = [s for s in statuses if not s.state.ended and s.attempt]
    if explicit and live:
        raise RequestError(*(_live(status) for status in live))


def _live(status: Status) -> str:
    waits = "; submit starts it if nobody is about to" * (status.state is State.PENDING)
    return f"{status.experiment.name} is {status.state.value}; cancel it first{waits}"
