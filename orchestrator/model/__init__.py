"""The values that flow through a sweep, frozen: what is asked for, what is made, how it stands."""

from orchestrator.model.experiments import (
    Axis,
    Experiment,
    KeepInitial,
    Outputs,
    Point,
    Resources,
    Run,
    Sweep,
)
from orchestrator.model.snapshots import (
    Engine,
    Reduced,
    Snapshot,
    Task,
)
from orchestrator.model.status import (
    Claim,
    Progress,
    Record,
    State,
    Status,
    Submission,
)

__all__ = [
    "Axis",
    "Claim",
    "Engine",
    "Experiment",
    "KeepInitial",
    "Outputs",
    "Point",
    "Progress",
    "Record",
    "Reduced",
    "Resources",
    "Run",
    "Snapshot",
    "State",
    "Status",
    "Submission",
    "Sweep",
    "Task",
]
