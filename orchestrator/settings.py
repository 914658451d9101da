"""Environment variables and config.yaml."""

from __future__ import annotations

import functools
import os
import secrets
from pathlib import Path

from orchestrator.errors import RequestError
from orchestrator.model.experiments import ENGINES, SWEEP_FILES

DATA_DIRECTORY = "data_runs"
"""The directory of a project that has its sweeps' data."""

CLUSTERS = ("auto", "slurm", "local")
"""Where to run, as a person says it; ``auto`` is Slurm where there is one, else this machine."""

SLURM_OPTIONS = ("partition", "account", "qos", "time", "mem", "exclude", "pack")
"""Slurm's options that may be given outside of a sweep file."""

PRESETS = ("data_dir", "cluster", "workers", *SLURM_OPTIONS)
"""Options that the environment and ``config.yaml`` may set."""


def data_directory(chosen: str | os.PathLike[str] | None = None) -> Path:
    """Return the chosen data directory, else the one of the settings, else the project's."""
    if chosen is not None:
        return Path(chosen)
    setting = preset("data_dir")
    return _of_project() if setting is None else expanded(setting)


def expanded(path: str | os.PathLike[str]) -> Path:
    """Return a path with the home directory that it begins with, as ``~/data`` or ``~user/data``.

    Raises
    ------
    RequestError
        If nobody knows that directory.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise RequestError(f"{path}: no home directory is known of that user") from error


def existing_data_directory(chosen: str | os.PathLike[str] | None = None) -> Path:
    """Return the data directory as :func:`data_directory` does.

    Raises
    ------
    RequestError
        If it does not exist.
    """
    data = data_directory(chosen)
    if not data.is_dir():
        wish = "submit a sweep first, or choose another with --data-dir"
        reason = "is a file" if data.exists() else "no such directory"
        raise RequestError(f"{data}: {reason}; {wish}")
    return data


def _of_project() -> Path:
    """Return ``data_runs`` of the project in which somebody is: here, or as far up as it takes.

    A project is a directory with ``data_runs``, or with ``sweeps``.
    """
    here = Path.cwd()
    for above in (here, *here.parents):
        if (above / DATA_DIRECTORY).is_dir() or (above / SWEEP_FILES).is_dir():
            return Path(os.path.relpath(above / DATA_DIRECTORY))
    return Path(DATA_DIRECTORY)


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


def origin(name: str) -> str:
    """Return where :func:`preset` finds an option."""
    return f"${_variable(name)}" if environment(name) else f"config.yaml: {name}"


def environment(name: str) -> str | None:
    """Return what the environment says of an option, or None."""
    return os.environ.get(_variable(name)) or None


def _variable(name: str) -> str:
    return f"RESCAL_SWEEP_{name.upper()}"


@functools.cache
def _config() -> dict[str, str]:
    try:
        home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    except RuntimeError:  # neither $HOME nor an entry in passwd, as in some containers
        return {}
    path = Path(home) / "rescal-sweep" / "config.yaml"
    if not path.exists():
        return {}
    from orchestrator.sweepfile import tree  # noqa: PLC0415  # YAML is loaded only where there is some

    mapping, _ = tree.read(path)
    problems = [
        f"{mapping.keys[key]}: {key}: no such setting; there are {', '.join(PRESETS)}"
        for key in mapping.nodes
        if key not in PRESETS
    ]
    problems += [
        f"{node.position}: {key}: expected a single value"
        for key, node in mapping.nodes.items()
        if not isinstance(node, tree.Leaf)
    ]
    if problems:
        raise RequestError(*problems)
    return {
        key: leaf.text for key, leaf in mapping.nodes.items() if isinstance(leaf, tree.Leaf)
    }


def engine_root() -> Path | None:
    """Return the ReSCAL-snow tree that the environment names, or None."""
    root = os.environ.get("RESCAL_SNOW_ROOT")
    return Path(root) if root else None


def sbatch_option(option: str) -> str | None:
    """Return what people tell sbatch by its own variable, or None."""
    return os.environ.get(f"SBATCH_{option.upper()}") or None


def job_memory_mb() -> float | None:
    """Return the memory of the Slurm job that this process is in, in MB, or None."""
    try:
        if "SLURM_MEM_PER_NODE" in os.environ:
            return float(os.environ["SLURM_MEM_PER_NODE"]) or None
        per_cpu, cpus = os.environ["SLURM_MEM_PER_CPU"], os.environ["SLURM_CPUS_ON_NODE"]
        return float(per_cpu) * float(cpus) or None
    except (KeyError, ValueError):
        return None


def chosen_root(engine: str, position: str = "") -> Path | None:
    """Return the tree of the engine that a sweep file asks for, None for every other engine.

    Raises
    ------
    RequestError
        With the ``position`` of ``run.engine``, where it is rescal and nobody has said where that is.
    """
    root = engine_root()
    if engine == "builtin" or engine not in ENGINES:
        return None
    if engine == "rescal" and root is None:
        before = "" if position.endswith("run.engine") else "run.engine: "
        raise RequestError(
            f"{position}{': ' * bool(position)}{before}rescal was asked for, but $RESCAL_SNOW_ROOT is not set; "
            "set it, or use engine: builtin"
        )
    return root.resolve() if root is not None else None
