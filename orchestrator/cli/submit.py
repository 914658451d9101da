"""Run what is new in a sweep file: the experiments that have not been asked for before."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from orchestrator import ledger, report, simulator, spec
from orchestrator.cli import (
    comparison,
    dispatch,
    follow,
    parting,
    resources,
    screen,
    selection,
    settings,
    wishes,
)
from orchestrator.errors import RequestError
from orchestrator.submission import local
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    import argparse

    from orchestrator.model import Sweep


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    selection.add_sweep_file(parser)
    add_place(parser)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Add what says where to run and whether to stay."""
    add_resources(parser)
    parser.add_argument("--wait", action="store_true", help="stay and show progress to the end")
    parser.add_argument(
        "--yes",
        action="store_true",
        help="with --wait: Ctrl-C stops the experiments without asking",
    )


def add_resources(parser: argparse.ArgumentParser) -> None:
    """Add what says where to run, and on how much of it."""
    parser.add_argument(
        "--cluster",
        choices=wishes.CLUSTERS,
        help="where to run; auto: on Slurm where there is one, else here",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        help="experiments at a time on this machine; default its cores",
    )
    resources.add(parser)


def perform(request: argparse.Namespace) -> int:
    """Submit, and with ``--wait`` stay until the end."""
    console = screen.console()
    sweep = spec.load(request.sweep, request.set)
    data = settings.data_directory(request)
    for warning in sweep.warnings:
        screen.warn(console, f"warning: {warning}")
    wish = wished(request, sweep)
    # what can be refused is, before anything is written
    engine = simulator.find(wish.root)
    seen = comparison.compare(sweep, data)
    parting.refuse_impossible(wish, len(seen.wanted))
    settings.writable(data)
    tell = functools.partial(screen.warn, console)
    dispatch.warm(engine, tell)
    directory = SweepDirectory(data / sweep.name)
    with ledger.locked(directory):
        planned = dispatch.enlist(sweep, data, tell)
        made = dispatch.ask_for_new(directory, wish)
        started = dispatch.start(directory, made, wish.cluster, workers(request))
    new, found = len(made.attempts) if made else 0, planned.reconciliation
    asked = f"{report.counted(new, 'experiment')} submitted"
    counted = f"{asked}, {len(found.kept)} kept, {len(found.orphaned)} orphaned"
    console.print(
        f"{sweep.name}: {counted}; {started}; {directory.root}", highlight=False, soft_wrap=True
    )
    for said in comparison.told_otherwise(planned):
        screen.warn(console, said)
    if not request.wait:
        console.print(f"look with: rescal-sweep status {sweep.name}", highlight=False)
        return 0
    orphaned = ledger.orphaned(directory)
    numbers = [e.number for e in ledger.experiments(directory) if e.number not in orphaned]
    return follow.until_ended(console, directory, numbers, ask=not request.yes)


def wished(request: argparse.Namespace, sweep: Sweep) -> wishes.Wish:
    """Return how a sweep file and the command line want attempts to be made."""
    place = wishes.where(request.cluster)
    asked = resources.effective(request, sweep.resources)
    return wishes.wished(sweep, place, asked)


def workers(request: argparse.Namespace) -> int:
    """Return how many experiments may run at a time on this machine."""
    said: str | None = request.workers or settings.preset("workers")
    place = "--workers" if request.workers else settings.place_of("workers")
    if said is None:
        return local.cores()
    if not said.isdecimal() or int(said) < 1:
        raise RequestError(f"{place}: expected a whole number from 1 on, got {said}")
    return int(said)
