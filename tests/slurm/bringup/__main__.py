"""``up`` and ``down``: bring a throw-away cluster up, or take it down."""

from __future__ import annotations

import argparse
import dataclasses
import fcntl
import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.slurm.bringup import layout, packages, parts, processes
from tests.slurm.bringup.layout import NotHereError, Place, Settings, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FAILED, NOT_HERE = 1, 3
"""Exit statuses: something went wrong; this machine lacks what is needed."""

_CORE = ("slurmctld", "slurmdbd", "mariadb", "munged")


def up(place: Place, settings: Settings) -> None:
    """Start every part that does not run, and return once a job has run from end to end."""
    _write_configuration(place, settings)
    parts.munge(place)
    if settings.accounting:
        parts.database(place)
        parts.accounting(place)
    controller_started = parts.controller(place)
    if parts.nodes(place, settings) or controller_started:
        parts.first_job(place, settings)


def down(place: Place) -> None:
    """End all jobs and what they have left behind, then everything that was started here."""
    there = processes.parts(place)
    if processes.running(place, "slurmctld") is not None:
        parts.cancel_all_jobs(place)
    processes.stop_leftovers(place)  # a node daemon waits for them
    for part in [p for p in there if p not in _CORE]:
        processes.stop(place, part, patience_s=3)
    for part in [p for p in _CORE if p in there]:
        processes.stop(place, part)
    processes.stop_leftovers(place)


def main(arguments: Sequence[str]) -> int:
    """Do what the command line asks; return the exit status."""
    began = time.monotonic()
    verb, asked = _arguments(arguments)
    place = Place(asked.directory.resolve())
    if verb == "down" and not place.settings.exists():
        parts.say(f"{place.root}: no cluster was made there")
        return FAILED
    try:
        with _alone(place):
            if verb == "up":
                _bring_up(place, asked)
            elif asked.part:
                for part in asked.part:
                    processes.stop(place, part)
            else:
                down(place)
        if verb == "down" and asked.purge:
            shutil.rmtree(place.root)
    except SetupError as error:
        parts.say(str(error))
        return NOT_HERE if isinstance(error, NotHereError) else FAILED
    parts.say(f"{verb} in {time.monotonic() - began:.1f} s")
    if verb == "up":
        sys.stdout.write(f"export SLURM_CONF={place.slurm_conf}\n")
    return 0


def _bring_up(place: Place, asked: argparse.Namespace) -> None:
    names = {field.name for field in dataclasses.fields(Settings)}
    wishes = {k: v for k, v in vars(asked).items() if k in names and v is not None}
    kept = layout.load(place)
    settings = kept or dataclasses.replace(Settings(), **wishes)
    for name, value in wishes.items():
        if getattr(settings, name) != value:
            raise SetupError(
                f"{place.root} was made with {name} = {getattr(settings, name)}, not {value};"
                " name another directory, or take that cluster down with --purge first"
            )
    if settings.cgroup and os.geteuid() != 0:
        raise NotHereError("only root can enforce memory through cgroups")
    packages.require(
        processes.environment(place)["PATH"],
        place.log("apt"),
        accounting=settings.accounting,
        install=asked.install,
    )
    if kept is None:
        port = layout.free_ports(settings.nodes + 2)
        settings = dataclasses.replace(settings, port=port)
        layout.save(place, settings)
    up(place, settings)


def _write_configuration(place: Place, settings: Settings) -> None:
    for path, text, mode in (
        (place.slurm_conf, layout.slurm_conf(place, settings), 0o644),
        (place.cgroup_conf, layout.cgroup_conf(settings), 0o644),
        (place.slurmdbd_conf, layout.slurmdbd_conf(place, settings), 0o600),
    ):
        draft = path.with_suffix(".draft")
        draft.touch(mode)
        draft.write_text(text)
        draft.replace(path)


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """Let one at a time bring a cluster up or down; others wait."""
    place.make()
    with (place.root / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _arguments(arguments: Sequence[str]) -> tuple[str, Any]:
    top = argparse.ArgumentParser(prog="tests/slurm")
    verbs = top.add_subparsers(dest="verb", required=True)
    default = Settings()
    rise = verbs.add_parser(
        "up",
        prog="tests/slurm/up",
        description="Bring up a Slurm cluster in DIR, or what is not running of it. Prints the "
        'line that a shell needs: eval "$(tests/slurm/up DIR)"',
    )
    rise.add_argument("directory", metavar="DIR", type=Path)
    for name, text in (
        ("nodes", "virtual nodes"),
        ("cpus", "CPUs of each, which the machine need not have"),
        ("memory-mb", "memory of each"),
        ("max-array-size", "Slurm's MaxArraySize"),
        ("max-job-count", "Slurm's MaxJobCount"),
    ):
        usual = getattr(default, name.replace("-", "_"))
        rise.add_argument(f"--{name}", type=int, metavar="N", help=f"{text} (default {usual})")
    rise.add_argument("--no-accounting", dest="accounting", action="store_false", default=None)
    rise.add_argument(
        "--cgroup",
        action="store_true",
        default=None,
        help="enforce memory; one such cluster at a time",
    )
    rise.add_argument(
        "--extra", action="append", metavar="LINE", help="a line for the end of slurm.conf"
    )
    rise.add_argument(
        "--no-install", dest="install", action="store_false", help="install no packages"
    )
    fall = verbs.add_parser(
        "down", prog="tests/slurm/down", description="Take the cluster in DIR down."
    )
    fall.add_argument("directory", metavar="DIR", type=Path)
    fall.add_argument("--purge", action="store_true", help="remove DIR as well")
    fall.add_argument(
        "--part",
        action="append",
        help="stop this only: slurmctld, slurmdbd, mariadb, munged, n1 ...",
    )
    asked = top.parse_args(arguments)
    if getattr(asked, "extra", None):
        asked.extra = tuple(asked.extra)
    return asked.verb, asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
