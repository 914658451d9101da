"""Probing this machine, the engine, the file system and Slurm."""

from __future__ import annotations

import os
import platform
import secrets
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator import settings
from orchestrator._version import __version__
from orchestrator.errors import RequestError
from orchestrator.formats.durable import (
    append_lines,
    read_json,
    read_lines,
    sync_directory,
    write_json,
)
from orchestrator.model import Resources
from orchestrator.records import attempts
from orchestrator.records.lock import locked
from orchestrator.records.paths import ExperimentDirectory, SweepDirectory
from orchestrator.runner import simulator
from orchestrator.slurm import cluster, feasibility, units
from orchestrator.slurm.client import Unknown, ask
from orchestrator.submission.request import installed
from orchestrator.submission.resources import effective

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.slurm.cluster import Limits
    from orchestrator.submission.request import Placement

_LITTLE_SPACE = 5e9
_FEW_INODES = 50_000
_PROBE_S = 60.0
_TRIED = 20
_SLOW_MS = 20.0
_PROBE = "import orchestrator, platform; print(orchestrator.__version__, platform.node())"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: how it is, what was looked at, what was found and what to do."""

    mark: str
    what: str
    result: str


def findings(
    data_dir: str | os.PathLike[str] | None, placement: Placement, *, probe: bool
) -> Iterator[Finding]:
    """Yield a line for each thing that is looked at, what submitting needs first.

    Parameters
    ----------
    probe
        Whether a job of one minute is submitted to look at a compute node.
    """
    cores = len(os.sched_getaffinity(0))
    yield Finding(
        "ok", "this machine", f"Python {platform.python_version()}, {cores} cores to use"
    )
    yield _engine()
    yield from _file_system(settings.data_directory(data_dir))
    yield from _slurm(placement, probe=probe)


def _engine() -> Finding:
    """Start the engine that `auto` would take; the built-in one compiles what it has not yet."""
    try:
        engine = simulator.find(settings.engine_root())
    except RequestError as error:
        return Finding("failure", "engine", f"{error}; set RESCAL_SNOW_ROOT to a built tree")
    if not engine.compiles:
        return Finding("ok", "engine", f"ReSCAL at {engine.root} {engine.version}".rstrip())
    try:
        took = simulator.warm(engine)
    except RequestError as error:
        return Finding("failure", "engine", f"the built-in one does not start: {error}")
    return Finding(
        "ok", "engine", f"built-in {__version__}, compiled and started in {took:.1f} s"
    )


def _file_system(data: Path) -> Iterator[Finding]:
    """Try what claims and atomic files rest on, in the data directory itself."""
    what = f"data directory {data}"
    trial = data / f".doctor-{secrets.token_hex(4)}"
    try:
        trial.mkdir(parents=True)
    except OSError as error:
        yield Finding("failure", what, f"{error.strerror}; choose another with --data-dir")
        return
    try:
        yield from _semantics(trial, what)
    finally:
        shutil.rmtree(trial, ignore_errors=True)
    free = shutil.disk_usage(data).free
    inodes = os.statvfs(data)
    space = f"{free / 1e9:.1f} GB free"
    few = inodes.f_files > 0 and inodes.f_favail < _FEW_INODES
    if few:
        space += f", only {inodes.f_favail} files more; an experiment has about 20"
    yield Finding("warning" if few or free < _LITTLE_SPACE else "ok", what, space)


def _semantics(trial: Path, what: str) -> Iterator[Finding]:
    """Do what a submission does: name directories, replace files, append lines, lock, sync."""
    try:
        yield from _claims(trial, what)
        yield _locks(trial, what)
        if not sync_directory(trial):
            risk = (
                "names of files cannot be synced here; a machine that loses power may lose some"
            )
            yield Finding("warning", what, risk)
    except OSError as error:
        yield Finding("failure", what, f"{error.strerror}; choose another with --data-dir")
    except RequestError as error:
        yield Finding("failure", what, str(error))


def _claims(trial: Path, what: str) -> Iterator[Finding]:
    first, second = (attempts.myself(token, "doctor") for token in ("one", "other"))
    experiment = ExperimentDirectory(trial)
    if attempts.claim(experiment, 1, first) is None or attempts.claim(experiment, 1, second):
        yield Finding(
            "failure", what, "one directory can be named twice, so claims do not hold"
        )
        return
    for content in ("old", "new"):
        write_json(trial / "file", {"content": content})
    if read_json(trial / "file") != {"content": "new"}:
        yield Finding("failure", what, "renaming over a file does not replace it")
        return
    append_lines(trial / "lines", [{"number": 1}])
    append_lines(trial / "lines", [{"number": 2}])
    if len(list(read_lines(trial / "lines"))) != 2:
        yield Finding("failure", what, "lines that are appended do not stay")
        return
    before = time.perf_counter()
    for i in range(_TRIED):
        (trial / str(i)).mkdir()
    each_ms = 1000 * (time.perf_counter() - before) / _TRIED
    mark = "ok" if each_ms < _SLOW_MS else "warning"
    yield Finding(mark, what, f"makes and renames as it must, {each_ms:.1f} ms a directory")


def _locks(trial: Path, what: str) -> Finding:
    """Take the lock of a sweep, with the kernel's help or without."""
    before = time.perf_counter()
    with locked(SweepDirectory(trial / "sweep")):
        kernel = not (trial / "sweep" / ".lock.held").exists()
    took_ms = 1000 * (time.perf_counter() - before)
    if not kernel:
        lack = "has no locks of the kernel's (Lustre: -o flock; NFS: a lock daemon)"
        return Finding("warning", what, f"{lack}; a directory takes their place")
    return Finding("ok", what, f"locks in {took_ms:.1f} ms")


def _slurm(placement: Placement, *, probe: bool) -> Iterator[Finding]:
    if installed() is None:
        yield Finding("ok", "Slurm", "not here; sweeps run on this machine")
        return
    limits = cluster.limits()
    if isinstance(limits, Unknown):
        reason = f"{limits.reason}; nothing is submitted until it answers"
        yield Finding("warning", "Slurm", f"{reason}; --cluster local runs on this machine")
        return
    summary = f"{limits.cluster}, {limits.version}; arrays of up to {limits.max_array_size}"
    yield Finding("ok", "Slurm", f"{summary}, {limits.max_job_count} jobs in all")
    if not limits.accounting:
        yield Finding(
            "warning",
            "accounting",
            "off; a job's cause of death is known for "
            f"{limits.min_job_age_s // 60} min only, and limits of accounts not at all",
        )
    elif limits.unknown:
        yield Finding("warning", "accounting", f"does not answer: {limits.unknown}")
    else:
        yield Finding("ok", "accounting", "on")
    partitions = cluster.partitions()
    if isinstance(partitions, Unknown):
        yield Finding("failure", "partitions", partitions.reason)
        return
    for partition in partitions:
        cores = max((node.cpus for node in partition.nodes), default=0)
        able = sum(node.able for node in partition.nodes)
        longest = (
            "any time" if partition.max_time_s is None else units.duration(partition.max_time_s)
        )
        summary = f"{partition.state}, up to {longest}, {able} of {len(partition.nodes)} nodes of {cores} cores"
        yield Finding(
            "ok" if partition.up and able else "warning", f"partition {partition.name}", summary
        )
    yield from _mine(limits)
    if probe:
        resources = effective(Resources(), placement)
        if problems := feasibility.check(resources, partitions, limits):
            yield from (Finding("failure", "compute node", problem) for problem in problems)
        else:
            yield _probe(resources)


def _mine(limits: Limits) -> Iterator[Finding]:
    """Say which accounts the person has, and what they allow."""
    for association in limits.associations:
        parts = [f"QOS {', '.join(association.qos) or 'none'}"]
        if association.partition is not None:
            parts.append(f"in {association.partition} alone")
        if association.max_submit is not None:
            parts.append(f"at most {association.max_submit} jobs queued")
        if association.max_time_s is not None:
            parts.append(f"jobs of up to {units.duration(association.max_time_s)}")
        default = " (default)" if association.default else ""
        yield Finding("ok", f"account {association.account}{default}", "; ".join(parts))


def _probe(resources: Resources) -> Finding:
    """Run this Python on a compute node for a moment."""
    words = ["srun", "--quiet", "--time=1", "--ntasks=1", "--job-name=rescal-sweep-doctor"]
    words.append(f"--immediate={_PROBE_S:g}")  # gives up and takes the job away
    words += [
        f"--{option}={getattr(resources, option)}"
        for option in ("partition", "account", "qos")
        if getattr(resources, option) is not None
    ]
    before = time.perf_counter()
    answer = ask(*words, sys.executable, "-P", "-c", _PROBE, patience_s=_PROBE_S + 30)
    if isinstance(answer, Unknown):
        wish = "install the package where compute nodes see it, as on a shared file system"
        if "allocate" in answer.reason:  # the job has not started
            wish = f"no node took it within {_PROBE_S:g} s; try another partition with -p, or later"
        return Finding("failure", "compute node", f"{answer.reason}; {wish}")
    version, _, node = answer.strip().partition(" ")
    took = time.perf_counter() - before
    if version != __version__:
        return Finding(
            "failure", "compute node", f"{node} has version {version} of the package"
        )
    return Finding("ok", "compute node", f"{node} runs this Python, after {took:.1f} s")
