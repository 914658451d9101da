"""Make a starter project: sweeps/ to submit, templates/ to extend, data_runs/ for what comes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import RequestError
from orchestrator.model.experiments import SWEEP_FILES

if TYPE_CHECKING:
    import argparse


EXAMPLES = ("my-dunes",)


_SUFFIXES = {".yaml", ".py"}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory",
        metavar="DIR",
        nargs="?",
        type=Path,
        default=Path(),
        help="directory to make it in (default: here)",
    )


def perform(options: argparse.Namespace) -> int:
    """Copy what ships with the package; overwrite nothing."""
    from orchestrator.cli import screen
    from orchestrator.sweepfile.layers import shipped

    target: Path = options.directory
    files = {
        target / kind / source.name: source
        for kind in ("sweeps", "templates")
        for source in sorted(shipped(kind).iterdir())
        if source.suffix in _SUFFIXES
    }
    there = [path for path in files if path.exists()]
    if len(there) == len(files):
        raise RequestError(f"{target}: a project is there already; nothing was written")
    if there:
        raise RequestError(*(f"{path}: exists already; nothing was written" for path in there))
    try:
        (target / "data_runs").mkdir(parents=True, exist_ok=True)
        for path, source in files.items():
            path.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, path)
    except OSError as error:
        raise RequestError(f"{target}: cannot be written: {error.strerror}") from error
    console = screen.console(options)
    screen.say(console, f"made {target.resolve()} with {len(files)} files")
    outer = next((p for p in target.resolve().parents if (p / SWEEP_FILES).is_dir()), None)
    if outer is not None:
        screen.say(console, f"it lies within another project, {outer}")
    screen.say(console, "next: rescal-sweep plan sweeps/quickstart.yaml")
    return 0
