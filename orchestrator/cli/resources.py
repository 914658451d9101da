"""What is asked of Slurm: command line, environment, sweep file, user's file, in this order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from orchestrator.errors import FormatError, RequestError
from orchestrator.submission import settings
from orchestrator.sweepfile.fields import SLURM
from orchestrator.sweepfile.problems import Place
from orchestrator.sweepfile.tree import Leaf

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from orchestrator.model import Resources

_ACCESS = {
    "partition": ("-p", "PARTITION", "of Slurm; default the cluster's own"),
    "account": ("-A", "ACCOUNT", "whom Slurm charges"),
    "qos": ("-q", "QOS", "quality of service"),
}
_SIZE = {
    "time": ("-t", "TIME", "limit of a job, as 4:00:00, 90min or 4h"),
    "mem": (None, "SIZE", "memory of a job, as 4G"),
    "exclude": (None, "NODES", "nodes to avoid"),
    "pack": (None, "N", "experiments at the same time in one job, or: node"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add Slurm's own options to a verb."""
    add_access(parser)
    _add(parser, _SIZE)


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add those of Slurm's own options that say where somebody may run."""
    _add(parser, _ACCESS)


def _add(
    parser: argparse.ArgumentParser, known: Mapping[str, tuple[str | None, str, str]]
) -> None:
    for name, (short, shown, meaning) in known.items():
        flags = [f"--{name}"] if short is None else [short, f"--{name}"]
        parser.add_argument(*flags, metavar=shown, help=meaning)


def effective(options: argparse.Namespace, asked: Resources) -> Resources:
    """Return what a sweep file asks for with all that is said elsewhere put over or under it."""
    changes: dict[str, Any] = {}
    for option in (*_ACCESS, *_SIZE):
        name = "time_min" if option == "time" else option
        said, place = getattr(options, option, None), f"--{option}"
        if said is None:
            said, place = settings.environment(option), f"$RESCAL_SWEEP_{option.upper()}"
        if said is None and getattr(asked, name) is None:
            said, place = settings.preset(option), f"config.yaml: {option}"
        if said is not None:
            changes[name] = _converted(option, said, place)
    return dataclasses.replace(asked, **changes)


def _converted(option: str, said: str, place: str) -> Any:
    try:
        return SLURM[option].convert(Leaf(Place(place), said))
    except FormatError as error:
        raise RequestError(f"{place}: {error}") from error
