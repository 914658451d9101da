"""What is asked for: a sweep, its points, and the experiments that they become."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.formats.parameters import PARAMETERS
from orchestrator.model import reductions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.formulas import Formula
    from orchestrator.model.reductions import Reduction
    from orchestrator.model.simulators import OwnEngine
    from orchestrator.model.winds import WindRows


SWEEP_FILES = "sweeps"
"""The directory of a project that has its sweep files."""

ENGINES = ("auto", "rescal", "builtin")
"""What ``run.engine`` may be, besides a reference to a simulator of the user's own."""

_ROUNDING = 1e-9  # so that 0.7 / 0.1 is 7


SHORTEST_T0, LONGEST_T0 = 1e-9, 2.0**40
"""Ends of how long a run may be, and the time between its snapshots, in t0."""

MOST_COUNT = 10**9
"""Of what is counted: snapshots, attempts, jobs, the ids of processes."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One swept parameter, or several that vary together.

    ``points[i]`` holds one value per name. ``block`` is what it was written as in the sweep file:
    ``grid`` (one name), ``zip``, ``list`` or ``sample``; of the names ``logarithmic`` the points are
    even in the logarithm.
    """

    names: tuple[str, ...]
    points: tuple[tuple[Value, ...], ...]
    block: str = "grid"
    logarithmic: tuple[str, ...] = ()


class OnTimeout(enum.Enum):
    """Whether a retry resumes from the last checkpoint."""

    AUTO = "auto"  # only if the result is bit-identical
    CONTINUE = "continue"  # also from cell states only
    RERUN = "rerun"  # never


class EngineKind(enum.Enum):
    """Who has made an engine."""

    BUILTIN = "builtin"
    RESCAL = "rescal"
    OWN = "own"  # the user


@dataclass(frozen=True, slots=True)
class Run:
    """How long an experiment simulates and how often it is looked at.

    ``silence_s`` is the longest time in which an engine may neither write nor use a processor;
    ``time_limit_s`` ends an attempt as a timeout, None leaves that to the job. An engine that can
    saves its state no more often than every ``checkpoint_every_s`` of wall time, and ``on_timeout``
    says whether the next attempt resumes from there. ``stop_when`` and ``invalid_when`` are formulas
    over :data:`orchestrator.model.conditions.NUMBERS` of each snapshot but the first, empty for none.
    """

    stop_t0: float
    every_t0: float
    engine: str = ENGINES[0]
    silence_s: float = 600.0
    time_limit_s: float | None = None
    checkpoint_every_s: float = 0.0
    on_timeout: OnTimeout = OnTimeout.AUTO
    stop_when: str = ""
    invalid_when: str = ""

    @property
    def own_engine(self) -> bool:
        """Whether a simulator of the user's own is asked for, by its reference."""
        return self.engine not in ENGINES

    def kind(self, root: Path | None) -> EngineKind:
        """Return whose engine it asks for, where ``root`` is the tree of ReSCAL-snow, if any."""
        if self.own_engine:
            return EngineKind.OWN
        return EngineKind.BUILTIN if root is None else EngineKind.RESCAL

    def multiples(self, start_t0: float = 0.0) -> range:
        """Return the multiples of the interval at which snapshots are asked for.

        From the start time on, the first up to 0.1 t0 before; the engine stops half a t0 late.

        Examples
        --------
        >>> Run(stop_t0=200, every_t0=50).multiples()
        range(0, 5)
        >>> Run(stop_t0=1, every_t0=0.5).multiples(start_t0=10.25)
        range(21, 24)
        >>> Run(stop_t0=0.2, every_t0=0.1).multiples()
        range(0, 8)
        """
        first = math.ceil((start_t0 - 0.1) / self.every_t0)
        first = max(first, math.floor(start_t0 / self.every_t0))  # of several, the last counts
        last = math.floor((start_t0 + self.stop_t0 + 0.5) / self.every_t0 + _ROUNDING)
        return range(first, last + 1)


class KeepInitial(enum.Enum):
    """What becomes of the initial cell space after genesis."""

    PLAIN = "plain"
    GZIP = "gzip"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Outputs:
    """What an experiment leaves behind.

    ``own`` has what :func:`orchestrator.model.own_reductions.load` is given for each reduction that
    is not the tool's, by its name.
    """

    height_maps: bool = True
    ffts: bool = True
    keep_initial: KeepInitial = KeepInitial.GZIP
    keep_final: bool = True
    own: Mapping[str, str] = field(default_factory=dict)

    def keeps(self, reduction: Reduction) -> bool:
        """Return whether a reduction that ships is kept."""
        return reduction.output is None or bool(getattr(self, reduction.output))

    def shipped(self) -> tuple[str, ...]:
        """Return the names of the reductions that ship and are kept."""
        return tuple(r.name for r in reductions.REDUCTIONS if self.keeps(r))


@dataclass(frozen=True, slots=True)
class Resources:
    """What is asked of Slurm, by Slurm's own option names; None is what nobody has asked.

    Attributes
    ----------
    retries
        How often jobs may submit again what their time or memory was too little for, and what they
        never reached.
    """

    partition: str | None = None
    time_min: int | None = None
    pack: int | None = None
    jobs: int | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    reservation: str | None = None
    mem: str | None = None
    exclude: str | None = None
    mail_user: str | None = None
    mail_type: str | None = None
    retries: int = 0
    extra: Mapping[str, Value] = field(default_factory=dict)

    @property
    def together(self) -> int:
        """How many experiments run at the same time in a job; 0 is one per core of a node."""
        return 1 if self.pack is None else self.pack


@dataclass(frozen=True, slots=True)
class Sweep:
    """One sweep file, checked as a whole.

    ``axes`` multiply in their order, the last one varying fastest; seeds vary fastest of all.
    ``text`` is the file as written, with everything it extends folded in only in ``parameters``;
    ``templates`` has the text of each file that it extends, by name; ``positions`` where each
    parameter and some keys stand, as ``winds.yaml:12:7``; ``overrides`` what was put over the file's values; ``modules`` the files of ``outputs.own`` by
    the names that they are copied to; ``reductions`` what these are; ``wind`` the winds, unless there
    are none or they are swept as a whole.
    """

    name: str
    description: str
    parameters: Mapping[str, Value]
    axes: tuple[Axis, ...]
    derived: Mapping[str, Formula]
    where: Formula | None
    seeds: tuple[int, ...]
    run: Run
    outputs: Outputs
    resources: Resources
    path: Path
    text: str
    templates: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    wind: WindRows | None = None
    overrides: tuple[str, ...] = ()
    modules: Mapping[str, Path] = field(default_factory=dict)
    reductions: tuple[Reduction, ...] = ()
    engine: OwnEngine | None = None

    @property
    def table(self) -> Mapping[str, Parameter]:
        """The parameters that its engine has, by name."""
        return PARAMETERS if self.engine is None else self.engine.simulator.table


@dataclass(frozen=True, slots=True)
class Point:
    """One parameter set and its seed, before it has a number.

    ``key`` is a hash of parameters and seed alone: the same values, the same key, for ever. A
    parameter that names a file has a name with the hash of its content; ``inputs`` has the paths
    of these files, by that name, until they are copied into the sweep's directory.
    """

    key: str
    parameters: Mapping[str, Value]
    seed: int
    inputs: Mapping[str, Path] = field(default_factory=dict, compare=False)

    @property
    def periodic(self) -> bool:
        """Whether what leaves its domain on one side comes in on the other."""
        boundary = PARAMETERS["Boundary"]
        return self.parameters.get(boundary.name, boundary.default) == "PERIODIC"


@dataclass(frozen=True, slots=True)
class Experiment:
    """A point with its number, which is its own for ever."""

    number: int
    point: Point

    @property
    def name(self) -> str:
        """The directory's name, as ``exp3``."""
        return f"exp{self.number}"
