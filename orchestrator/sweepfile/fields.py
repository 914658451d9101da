"""Keys of a sweep file, field by field: one description for reader, schema and reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.model.experiments import ENGINES
from orchestrator.sweepfile import scalars

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.sweepfile.tree import Leaf


@dataclass(frozen=True, slots=True)
class Field:
    """One field: how its text becomes a value, its JSON Schema and its meaning.

    A ``nullable`` field may be null, which takes back what a template says.

    Attributes
    ----------
    default
        What leaving it out means, as a file would say it; None where no value says it.
    absent
        What leaving it out means where no value says it.
    """

    convert: Callable[[Leaf], Any]
    schema: Mapping[str, Any]
    meaning: str
    nullable: bool = False
    unit: str = ""
    default: bool | int | str | None = None
    absent: str = ""


_TEXT = {"type": ["string", "number", "boolean"]}
_SWITCH = {"type": "boolean"}
_COUNT = {"type": "integer", "minimum": 1}
_POSITIVE = {"type": "number", "exclusiveMinimum": 0}
_TIME = {"type": ["string", "number"], "examples": ["4:00:00", "90min", "4h", "1-12:00:00"]}


def _line(meaning: str, absent: str = "none") -> Field:
    return Field(scalars.line, _TEXT, meaning, nullable=True, absent=absent)


def _kept(meaning: str) -> Field:
    return Field(scalars.switch, _SWITCH, meaning, default=True)


RUN: Mapping[str, Field] = {
    "stop": Field(
        scalars.length_t0,
        _POSITIVE,
        "simulated time to run, in t0",
        unit="t0",
        absent="required",
    ),
    "every": Field(
        scalars.length_t0, _POSITIVE, "t0 between two snapshots", unit="t0", absent="required"
    ),
    "engine": Field(
        scalars.engine,
        {
            "anyOf": [
                {"enum": [*ENGINES]},
                {"type": "string", "pattern": f"^{scalars.REFERENCE}$"},
            ]
        },
        "auto takes $RESCAL_SNOW_ROOT where it is set, else the built-in engine; MODULE:NAME is a "
        "simulator of your own",
        default="auto",
    ),
    "silence": Field(
        scalars.duration_s,
        _TIME,
        "how long an engine may neither write nor use a processor",
        default="10min",
    ),
    "checkpoint_every": Field(
        scalars.duration_s,
        _TIME,
        "least wall time between two saved states",
        absent="as often as costs under 1 %",
    ),
    "on_timeout": Field(
        scalars.choice("auto", "continue", "rerun"),
        {"enum": ["auto", "continue", "rerun"]},
        "whether a retry resumes from the last checkpoint; auto: only if the result is bit-identical",
        default="auto",
    ),
    "stop_when": Field(
        scalars.condition,
        _TEXT,
        "ends an experiment as stopped, such as mobile_fraction < 1e-4: a formula over t, mean_height, "
        "roughness, highest, grains, mobile_fraction, sintered_fraction and mass_drift, at each "
        "snapshot but the first",
        nullable=True,
        absent="never",
    ),
    "invalid_when": Field(
        scalars.condition,
        _TEXT,
        "ends an experiment as invalid, such as mass_drift > 0.05, by a formula over the same",
        nullable=True,
        absent="never",
    ),
    "time_limit": Field(
        scalars.duration_s,
        _TIME,
        "wall time after which an attempt ends as a timeout, such as 90min; a bare number is minutes",
        nullable=True,
        absent="none but the job's",
    ),
}
"""The fields of ``run``."""

OUTPUTS: Mapping[str, Field] = {
    "height_maps": _kept("keep height maps"),
    "ffts": _kept("keep spectra"),
    "keep_initial": Field(
        scalars.keep_initial,
        {"enum": [True, False, "gzip"]},
        "keep the initial cell space",
        default="gzip",
    ),
    "keep_final": _kept(
        "keep the engine's state at the end, from which a later run.stop goes on"
    ),
}
"""The fields of ``outputs``, without ``own``."""

OWN = "own"
"""The key under ``outputs`` for reductions of a user's own."""

NESTED: Mapping[str, str] = {
    "outputs.own": "reductions of your own: MODULE:FUNCTION by the name of what it computes",
    "slurm.extra": "further options of sbatch by their long names; true for a bare flag",
}
"""Keys that are mappings with names of the file's own, and their meanings."""

OWN_WISH = "names and functions, such as {profile: mymodule:profile}"
"""What is expected there."""

NAME = "[a-z][a-z0-9_]{0,39}"
"""What such a reduction may be called."""

SLURM: Mapping[str, Field] = {
    "partition": _line("partition", "the cluster's default"),
    "time": Field(
        scalars.minutes,
        _TIME,
        "time limit of a job",
        nullable=True,
        absent="the partition's default",
    ),
    "pack": Field(
        scalars.pack,
        {"anyOf": [_COUNT, {"const": "node"}]},
        "experiments at the same time in one job; node: one per core of a whole node",
        default=1,
    ),
    "jobs": Field(
        scalars.jobs,
        _COUNT,
        "maximum number of jobs at once",
        nullable=True,
        absent="no maximum",
    ),
    "account": _line("account to charge", "the user's default"),
    "qos": _line("quality of service", "the account's default"),
    "constraint": _line("features that a node must have"),
    "reservation": _line("reservation to use"),
    "mem": Field(
        scalars.memory,
        _TEXT,
        "memory of a job, such as 4G",
        nullable=True,
        absent="the partition's default",
    ),
    "exclude": _line("nodes to avoid"),
    "mail_user": _line("whom to mail"),
    "mail_type": _line("when to mail, such as END,FAIL", "sbatch's default"),
    "retries": Field(
        scalars.few,
        {"type": "integer", "minimum": 0, "maximum": scalars.MOST_FEW},
        "how often jobs submit again, with twice as much, what their time or memory was too little for, and as "
        "it was what they never reached",
        default=0,
    ),
}
"""The fields of ``slurm``, without ``extra``."""

SEEDS: Mapping[str, Field] = {
    "first": Field(
        scalars.seed, {"type": "integer", "minimum": 0}, "the first seed", absent="required"
    ),
    "count": Field(scalars.count, _COUNT, "number of consecutive seeds", absent="required"),
}
"""The fields of ``seeds`` where it is a mapping."""

SECTIONS: Mapping[str, str] = {
    "name": "name of the sweep and of its directory under data_runs",
    "description": "what it is for, in a sentence",
    "extends": "a template, by its name",
    "parameters": "held constant; ReSCAL's own names",
    "sweep": "what varies: grid, zip, list, sample",
    "derived": "parameters computed from others, by formulas",
    "where": "keep only the points for which this holds",
    "seeds": "replicates: a number, a range, a list, or {first, count}",
    "run": "how long and how often",
    "outputs": "what is kept",
    "slurm": "what is requested of Slurm",
}
"""The keys of a sweep file and their meanings."""

BLOCKS = ("grid", "zip", "list", "sample")
"""The keys of ``sweep``."""
