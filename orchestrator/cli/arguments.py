"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orchestrator.settings import CLUSTERS, SLURM_OPTIONS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from orchestrator.submission.request import Placement

COLORS = ("auto", "always", "never")
"""When output is coloured."""

Options = Mapping[str, tuple[str | None, Callable[[str], Any] | None, str]]
"""Options by name: metavar, type and meaning."""

THRESHOLD: Options = {
    "threshold": (
        "CELLS",
        float,
        (
            "what is higher than this above the ground row is a dune (default: half a standard "
            "deviation, and at least one cell, above the mean of each map)"
        ),
    ),
}
"""The height above which there are dunes."""

LOOK: Options = {
    "title": ("TEXT", None, "title of the picture; '' for none"),
    "size": (
        "SIZE",
        None,
        "single or double column of a journal, or WxH in mm, e.g. 89x60, 10x8cm",
    ),
    "dpi": ("N", int, "pixels per inch (default: 150; of a film 100)"),
    "font": ("NAME,PT", None, "font and its size, e.g. Arial,8 or 8"),
    "cmap": ("NAME", None, "matplotlib colour map, e.g. viridis"),
    "range": ("LO,HI", None, "range of the colours, or of the vertical axis of curves"),
    "labels": ("NAME=LABEL", list, "label of a parameter or quantity; may be repeated"),
    "bare": (None, bool, "leave out the small print under the picture"),
}
"""How a picture looks."""

_ACCESS = {
    "partition": ("-p", "PARTITION", "Slurm partition (default: the cluster's)"),
    "account": ("-A", "ACCOUNT", "Slurm account to charge"),
    "qos": ("-q", "QOS", "Slurm quality of service"),
}
_SIZE = {
    "time": ("-t", "TIME", "time limit of a job, e.g. 4:00:00, 90min or 4h"),
    "mem": (None, "SIZE", "memory of a job, e.g. 4G"),
    "exclude": (None, "NODES", "nodes that are not to be used"),
    "pack": (None, "N", "experiments at the same time in one job, or: node"),
}


def add_sweep_file(parser: argparse.ArgumentParser) -> None:
    """Add the sweep file that a verb reads, and what is put over its values."""
    parser.add_argument(
        "sweep", metavar="SWEEP.yaml", type=Path, help="sweep file, e.g. sweeps/quickstart.yaml"
    )
    add_overrides(parser)


def add_overrides(parser: argparse.ArgumentParser) -> None:
    """Add what is put over the values of a sweep file."""
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="override a value of the file, e.g. run.stop=100; may be repeated",
    )


def add_sweep(
    parser: argparse.ArgumentParser, *, required: bool = True, several: str = ""
) -> None:
    """Add the sweep that a verb looks at; ``several`` says what is shown of more than one."""
    alone = "" if required else f" (default: the only one{several})"
    parser.add_argument(
        "sweep",
        metavar="SWEEP",
        nargs=None if required else "?",
        help=f"name of a sweep, its directory or its file{alone}",
    )


def add_units(parser: argparse._ActionsContainer) -> None:
    """Add the units in which a verb shows lengths and times."""
    parser.add_argument(
        "--units",
        choices=("model", "si"),
        help="model: cells and t0; si: metres and days (default: model)",
    )


def add_options(parser: argparse._ActionsContainer, options: Options) -> None:
    """Add options of these names; without a metavar it is a switch, of a list it may be repeated."""
    for name, (metavar, kind, meaning) in options.items():
        parts: dict[str, Any] = {"metavar": metavar, "type": kind}
        if kind is list:
            parts = {"metavar": metavar, "action": "append"}
        elif metavar is None:
            parts = {"action": "store_true", "default": None}
        parser.add_argument(f"--{name}", help=meaning, **parts)


def add_experiment(parser: argparse.ArgumentParser) -> None:
    """Add the one experiment that a verb takes."""
    parser.add_argument("experiment", metavar="EXP", help="exp3 or 3")


def add_experiments(parser: argparse.ArgumentParser) -> None:
    """Add the experiments that a verb takes; all where none is named."""
    parser.add_argument(
        "experiments", metavar="EXP", nargs="*", help="exp3, 3, 3-7 or all (default: all)"
    )


def add_everywhere(parser: argparse.ArgumentParser) -> None:
    """Add the options that every verb has."""
    group = parser.add_argument_group("options of every verb")
    group.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="directory of the sweeps' data (default: $RESCAL_SWEEP_DATA_DIR, else data_runs of the project)",
    )
    group.add_argument(
        "--color",
        choices=COLORS,
        default="auto",
        help="whether to print colours (default: on a terminal)",
    )
    group.add_argument("-Q", "--quiet", action="store_true", help="print nothing but errors")
    group.add_argument(
        "-v", "--verbose", action="store_true", help="print which commands of Slurm are run"
    )


def add_placement(parser: argparse.ArgumentParser) -> None:
    """Add what says where to run, and on how much of it."""
    parser.add_argument(
        "--cluster",
        choices=CLUSTERS,
        help="where to run (default: auto, which is Slurm where it is installed, and else this machine)",
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        help="experiments at a time on this machine (default: its cores)",
    )
    add_access(parser)
    _add(parser, _SIZE.items())


def add_access(parser: argparse.ArgumentParser) -> None:
    """Add those of Slurm's own options that say where somebody may run."""
    _add(parser, _ACCESS.items())


def add_waiting(parser: argparse.ArgumentParser, yes: str = "with --wait, ") -> None:
    """Add whether a verb stays until the end; ``yes`` says what else is not asked about."""
    parser.add_argument("--wait", action="store_true", help="stay and show progress to the end")
    parser.add_argument(
        "--yes",
        action="store_true",
        help=f"{yes}stop the experiments on Ctrl-C without asking",
    )


def placement(options: argparse.Namespace) -> Placement:
    """Return what a command line says of where to run."""
    words = ("cluster", "workers", *SLURM_OPTIONS)
    return cast("Placement", {word: getattr(options, word, None) for word in words})


def _add(
    parser: argparse.ArgumentParser, known: Iterable[tuple[str, tuple[str | None, str, str]]]
) -> None:
    for name, (short, metavar, meaning) in known:
        flags = [f"--{name}"] if short is None else [short, f"--{name}"]
        parser.add_argument(*flags, metavar=metavar, help=meaning)
