"""What is not said on the command line: environment, then ``config.yaml``, then built in."""

from __future__ import annotations

import functools
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import ledger, workspace
from orchestrator.errors import RequestError
from orchestrator.workspace import SweepDirectory

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Iterable


PRESETS = ("data_dir", "cluster", "workers", "partition", "time", "account", "qos", "pack")
"""Options that the environment and ``config.yaml`` may set."""


def add_data_directory(parser: argparse.ArgumentParser) -> None:
    """Add ``--data-dir`` to a verb."""
    parser.add_argument(
        "--data-dir",
        metavar="DIR",
        type=Path,
        help="where sweeps are kept; default $RESCAL_SWEEP_DATA_DIR, else ./data_runs",
    )


def data_directory(request: argparse.Namespace) -> Path:
    """Return the data directory that a command means."""
    said: Path | None = request.data_dir
    if said is not None:
        return said
    return Path(preset("data_dir") or "data_runs")


def writable(data: Path) -> None:
    """Refuse a data directory in which nothing can be written."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / f".probe-{secrets.token_hex(4)}"
        probe.mkdir()
        probe.rmdir()
    except OSError as error:
        raise RequestError(
            f"{data}: cannot be written ({error.strerror}); "
            "choose another with --data-dir or $RESCAL_SWEEP_DATA_DIR"
        ) from error


def preset(name: str) -> str | None:
    """Return what the environment, else the user's ``config.yaml``, says of an option.

    The environment's names are the options' in capitals behind ``RESCAL_SWEEP_``.
    """
    return environment(name) or _config().get(name)


def environment(name: str) -> str | None:
    """Return what the environment says of an option, or None."""
    return os.environ.get(f"RESCAL_SWEEP_{name.upper()}") or None


@functools.cache
def _config() -> dict[str, str]:
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    path = Path(home) / "rescal-sweep" / "config.yaml"
    if not path.exists():
        return {}
    from orchestrator.spec import tree  # noqa: PLC0415  # YAML is loaded only where there is some

    said, _ = tree.read(path)
    problems = [
        f"{said.keys[key]}: {key}: no such setting; there are {', '.join(PRESETS)}"
        for key in said.nodes
        if key not in PRESETS
    ]
    problems += [
        f"{node.place}: {key}: expected a single value"
        for key, node in said.nodes.items()
        if not isinstance(node, tree.Leaf)
    ]
    if problems:
        raise RequestError(*problems)
    return {key: leaf.text for key, leaf in said.nodes.items() if isinstance(leaf, tree.Leaf)}


def engine_root() -> Path | None:
    """Return the ReSCAL-snow tree that the environment names, or None."""
    root = os.environ.get("RESCAL_SNOW_ROOT")
    return Path(root) if root else None


def find_sweep(request: argparse.Namespace) -> SweepDirectory:
    """Find the sweep that a command names, by its name or its sweep file.

    Without a name the only sweep of the data directory is meant.
    """
    data = data_directory(request)
    known = [directory.name for directory in workspace.sweeps(data)]
    said: str | None = request.sweep
    if said is None:
        if len(known) == 1:
            return SweepDirectory(data / known[0])
        listed = f"there are {', '.join(known)}" if known else "there is none yet"
        raise RequestError(f"{data}: name a sweep: {listed}")
    name = _name_in_file(Path(said)) if said.endswith((".yaml", ".yml")) else said.rstrip("/")
    name = Path(name).name
    if name not in known:
        listed = f"there are {', '.join(known)}" if known else "nothing was submitted yet"
        raise RequestError(f"{data}: no sweep {name!r}; {listed}")
    return SweepDirectory(data / name)


def _name_in_file(path: Path) -> str:
    from orchestrator import spec  # noqa: PLC0415  # YAML is loaded only where a file is named

    return spec.load(path).name


@dataclass(frozen=True, slots=True)
class Chosen:
    """Experiments picked on a command line; ``explicit`` when numbers were given."""

    numbers: tuple[int, ...]
    explicit: bool


def choose(words: Collection[str], directory: SweepDirectory) -> Chosen:
    """Read ``exp3``, ``3``, ``3-7`` and ``all``; no word at all means every experiment."""
    known = {e.number for e in ledger.experiments(directory)}
    if not words or "all" in words:
        return Chosen(tuple(sorted(known)), explicit="all" in words)
    picked: set[int] = set()
    problems = []
    for word in words:
        numbers = _numbers(word)
        if numbers is None:
            problems.append(f"{word!r} names no experiment; write exp3, 3, 3-7 or all")
        elif missing := [n for n in numbers if n not in known]:
            problems.append(f"{directory.name} has no {_exps(missing)}; it has {_exps(known)}")
        else:
            picked.update(numbers)
    if problems:
        raise RequestError(*problems)
    return Chosen(tuple(sorted(picked)), explicit=True)


def _numbers(word: str) -> range | None:
    first, dash, last = word.removeprefix("exp").partition("-")
    last = last.removeprefix("exp") if dash else first
    if not (first.isdecimal() and last.isdecimal()) or len(first + last) > 14:
        return None
    numbers = range(int(first), int(last) + 1)
    return numbers if len(numbers) in range(1, 1_000_001) else None


def _exps(numbers: Iterable[int]) -> str:
    ordered = sorted(numbers)
    if len(ordered) == 1:
        return f"exp{ordered[0]}"
    return f"exp{ordered[0]} to exp{ordered[-1]}" if ordered else "none"


def chosen_root(engine: str) -> Path | None:
    """Return the tree of the engine that a sweep file asks for, None for the built-in one."""
    root = engine_root()
    if engine == "builtin":
        return None
    if engine == "rescal" and root is None:
        raise RequestError(
            "run.engine: rescal was asked for, but $RESCAL_SNOW_ROOT is not set; "
            "set it, or use engine: builtin"
        )
    return root.resolve() if root is not None else None
