"""What shells complete: sweep files, sweeps and experiments that are there."""

from __future__ import annotations

import argparse
import os
import shlex
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import argcomplete
from argcomplete.completers import FilesCompleter

from orchestrator import settings
from orchestrator.cli import arguments
from orchestrator.cli.verbs import verbs
from orchestrator.errors import OrchestratorError
from orchestrator.records import ledger, paths, selection

if TYPE_CHECKING:
    from collections.abc import Iterable


def complete() -> None:
    """Answer the shell, which asks in the environment; does not return."""
    line = os.environ.get("COMP_LINE", "")
    try:
        words = shlex.split(line)
    except ValueError:  # an open quotation
        words = line.split()
    top = argparse.ArgumentParser(prog="rescal-sweep", add_help=False)
    several = top.add_subparsers()
    for verb, summary in verbs().items():
        parser = several.add_parser(verb, help=summary)
        if verb in words:  # the others only need their names
            import_module(f"orchestrator.cli.verbs.{verb}").configure(parser)
            arguments.add_everywhere(parser)
            _attach(parser)
    argcomplete.autocomplete(top)


def _attach(parser: argparse.ArgumentParser) -> None:
    """Tell of each argument, by what its help calls it, what may stand there."""
    known = {"SWEEP.yaml": sweep_files, "SWEEP": sweeps, "EXP": experiments}
    for action in parser._actions:  # noqa: SLF001  # argparse shows them nowhere else
        if (completer := known.get(str(action.metavar))) is not None:
            action.completer = completer  # type: ignore[attr-defined]  # as argcomplete wants it


def sweep_files(prefix: str, **_known: Any) -> Iterable[str]:
    """Return sweep files and folders that begin so."""
    files: Iterable[str] = FilesCompleter(("yaml", "yml"))(prefix)
    return files


def sweeps(prefix: str, parsed_args: argparse.Namespace, **_known: Any) -> Iterable[str]:
    """Return the names of sweeps that begin so, or sweep files."""
    data = settings.data_directory(getattr(parsed_args, "data_dir", None))
    names = [sweep.name for sweep in paths.sweeps(data) if sweep.name.startswith(prefix)]
    return names or sweep_files(prefix)


def experiments(prefix: str, parsed_args: argparse.Namespace, **_known: Any) -> Iterable[str]:
    """Return the experiments of the sweep on the line that begin so."""
    try:
        data_dir = getattr(parsed_args, "data_dir", None)
        directory = selection.find_sweep(Path(parsed_args.sweep), data_dir)
        names = [experiment.name for experiment in ledger.experiments(directory)]
    except (OrchestratorError, OSError, TypeError):
        return ()
    return [name for name in names if name.startswith(prefix)]
