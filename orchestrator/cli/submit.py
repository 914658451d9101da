"""Run what is new in a sweep file: the experiments that have not been asked for before."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from orchestrator import sweepfile, text
from orchestrator.cli import arguments, resources, screen, watch
from orchestrator.errors import RequestError
from orchestrator.records import ledger
from orchestrator.records.paths import SweepDirectory
from orchestrator.runner import simulator
from orchestrator.submission import local_pool, packing, plan, request, settings, submit
from orchestrator.submission.request import CLUSTERS, where

if TYPE_CHECKING:
    import argparse

    from orchestrator.model import Sweep
    from orchestrator.submission.request import Wish


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep_file(parser)
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
        choices=CLUSTERS,
        help="where to run; auto: on Slurm where there is one, else here",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        help="experiments at a time on this machine; default its cores",
    )
    resources.add(parser)


def perform(options: argparse.Namespace) -> int:
    """Submit, and with ``--wait`` stay until the end."""
    console = screen.console()
    sweep = sweepfile.load(options.sweep, options.set)
    data = settings.data_directory(options)
    for warning in sweep.warnings:
        screen.warn(console, f"warning: {warning}")
    wish = wished(options, sweep)
    # what can be refused is, before anything is written
    engine = simulator.find(wish.root)
    seen = plan.compare(sweep, data)
    packing.refuse_impossible(wish, len(seen.wanted))
    settings.writable(data)
    tell = functools.partial(screen.warn, console)
    submit.warm(engine, tell)
    directory = SweepDirectory(data / sweep.name)
    with ledger.locked(directory):
        planned = submit.enlist(sweep, data, tell)
        made = submit.ask_for_new(directory, wish)
        started = submit.start(directory, made, wish.cluster, workers(options))
    new, found = len(made.attempts) if made else 0, planned.reconciliation
    asked = f"{text.counted(new, 'experiment')} submitted"
    counted = f"{asked}, {len(found.kept)} kept, {len(found.orphaned)} orphaned"
    console.print(
        f"{sweep.name}: {counted}; {started}; {directory.root}", highlight=False, soft_wrap=True
    )
    for said in plan.told_otherwise(planned):
        screen.warn(console, said)
    if not options.wait:
        console.print(f"look with: rescal-sweep status {sweep.name}", highlight=False)
        return 0
    orphaned = ledger.orphaned(directory)
    numbers = [e.number for e in ledger.experiments(directory) if e.number not in orphaned]
    return watch.until_ended(console, directory, numbers, ask=not options.yes)


def wished(options: argparse.Namespace, sweep: Sweep) -> Wish:
    """Return how a sweep file and the command line want attempts to be made."""
    place = where(options.cluster)
    asked = resources.effective(options, sweep.resources)
    return request.wished(sweep, place, asked)


def workers(options: argparse.Namespace) -> int:
    """Return how many experiments may run at a time on this machine."""
    said: str | None = options.workers or settings.preset("workers")
    place = "--workers" if options.workers else settings.place_of("workers")
    if said is None:
        return local_pool.cores()
    if not said.isdecimal() or int(said) < 1:
        raise RequestError(f"{place}: expected a whole number from 1 on, got {said}")
    return int(said)
