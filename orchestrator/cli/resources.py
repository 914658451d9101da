"""What is asked of Slurm: command line, environment, sweep file, user's file, in this order."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from orchestrator.cli import settings
from orchestrator.errors import FormatError, RequestError
from orchestrator.spec.fields import SLURM
from orchestrator.spec.problems import Place
from orchestrator.spec.tree import Leaf

if TYPE_CHECKING:
    import argparse

    from orchestrator.model import Resources

_OPTIONS = {
    "partition": ("-p", "PARTITION"),
    "time": ("-t", "TIME"),
    "account": ("-A", "ACCOUNT"),
    "qos": ("-q", "QOS"),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add Slurm's own options to a verb."""
    for name, (short, shown) in _OPTIONS.items():
        parser.add_argument(short, f"--{name}", metavar=shown)
    parser.add_argument("--mem", metavar="SIZE")
    parser.add_argument("--exclude", metavar="NODES")
    parser.add_argument(
        "--pack", metavar="N", help="experiments at the same time in one job, or: node"
    )


def effective(request: argparse.Namespace, asked: Resources) -> Resources:
    """Return what a sweep file asks for with all that is said elsewhere put over or under it."""
    changes: dict[str, Any] = {}
    for option in (*_OPTIONS, "mem", "exclude", "pack"):
        name = "time_min" if option == "time" else option
        unsaid = getattr(asked, name) == (1 if option == "pack" else None)
        said = getattr(request, option)
        place = f"--{option}"
        if said is None:
            said, place = settings.environment(option), f"$RESCAL_SWEEP_{option.upper()}"
        if said is None and unsaid:
            said, place = settings.preset(option), f"config.yaml: {option}"
        if said is not None:
            changes[name] = _converted(option, said, place)
    return dataclasses.replace(asked, **changes)


def _converted(option: str, said: str, place: str) -> Any:
    try:
        return SLURM[option].convert(Leaf(Place(place), said))
    except FormatError as error:
        raise RequestError(f"{place}: {error}") from error
