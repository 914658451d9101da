"""The content of a page: the sweep as a whole, its phase diagram, and each experiment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.analysis.scales import Scales

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.analysis.observables import Quantity
    from orchestrator.model import Status
    from orchestrator.model.snapshots import Reduced
    from orchestrator.records.failures import Trouble


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a sweep.

    Attributes
    ----------
    id
        The names of its parameters, separated by spaces.
    labels
        One per point, in the order in which they are shown, with a line per parameter.
    """

    id: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What stands along a side of a plane: its label, both ends, and whether it goes up by factors."""

    label: str
    low: float
    high: float
    logarithmic: bool


@dataclass(frozen=True, slots=True)
class Plane:
    """Where the experiments of a sample are in the plane of two of its parameters.

    Places are shares of both sides, from the lower left corner.

    Attributes
    ----------
    axis
        The index of the axis of its points.
    right, up
        Its two sides.
    form
        Its height over its width.
    box
        Width and height of a picture.
    points
        By the index of a point on the axis, where the middle of its picture is and, behind it, where its
        values are if that is elsewhere.
    """

    axis: int
    right: Side
    up: Side
    form: float
    box: tuple[float, float]
    points: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Diagram:
    """The layout of the phase diagram.

    Attributes
    ----------
    axes
        Those of the sweep in their order, and the seeds.
    positions
        By the number of an experiment, the index of its point on each axis.
    rows, columns
        The index of the axis that goes down at first, and across; None where there is none.
    plane
        In which a sample is shown at first; None of what is no sample.
    """

    axes: tuple[Axis, ...]
    positions: Mapping[int, tuple[int, ...]]
    rows: int | None = None
    columns: int | None = None
    plane: Plane | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The sweep as a whole.

    Attributes
    ----------
    axes
        The names of the parameters on each axis of the sweep.
    diagram
        Where the experiments stand; those without a position are not on the page.
    quantities
        What is measured, by the name under which series hold it.
    times
        The stops of the time slider, in t0.
    written
        Date and time at which the page is written, in UTC.
    progress
        A sentence on the progress of the sweep.
    used
        Sentences on what the sweep has used, such as core-hours.
    causes
        What ended badly, for each cause, with the commands that mend it.
    sweep_file
        The text of the sweep file as it was submitted last.
    templates
        The text of each file that the sweep file extends, by name.
    commands
        Command lines that reproduce the sweep and this page.
    turning
        Whether the wind turns in some of the experiments; else it comes from the left.
    follow_s
        Seconds after which the page reloads; None for a page that does not.
    """

    name: str
    description: str
    axes: tuple[tuple[str, ...], ...]
    diagram: Diagram
    quantities: Mapping[str, Quantity]
    times: tuple[float, ...]
    written: str
    progress: str
    used: tuple[str, ...]
    causes: tuple[Trouble, ...]
    sweep_file: str
    templates: Mapping[str, str]
    commands: tuple[str, ...]
    follow_s: int | None = None
    turning: bool = False


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One experiment, with all that the page shows of it.

    Attributes
    ----------
    remark
        A note for the reader, such as why it failed; may be empty.
    series
        By the name of a quantity, float64 [s] at the times of ``reduced``.
    provenance
        Engine, command lines, host and times, by label.
    attempts
        One sentence per attempt.
    log_tail
        Last lines of the output of the engine.
    winds
        Headings in degrees, clockwise from the right, each with its share of the time; empty where
        they are not known, None where the wind comes from the left.
    scales
        What a cell and a t0 are in nature.
    full_t0
        Simulated time from which the ceiling cuts the surface off; None where it does not.
    """

    status: Status
    remark: str
    reduced: Reduced
    series: Mapping[str, NDArray[np.float64]]
    provenance: Mapping[str, str]
    attempts: tuple[str, ...]
    log_tail: tuple[str, ...]
    winds: Mapping[float, float] | None = None
    scales: Scales = field(default_factory=Scales)
    full_t0: float | None = None


@dataclass(frozen=True, slots=True)
class Packed:
    """One experiment as the page stores it.

    Attributes
    ----------
    number
        Of the experiment.
    entry
        What diagram and table show at once, ready for JSON.
    block
        The rest, compressed (see :mod:`~orchestrator.html.blocks`); the page unpacks it on
        demand.
    """

    number: int
    entry: Mapping[str, object]
    block: bytes
