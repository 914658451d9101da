"""Frozen values: what is asked for, made, and known."""

from orchestrator.model.causes import Cause, Continuation, Kind
from orchestrator.model.engines import Engine, Task
from orchestrator.model.experiments import (
    Axis,
    EngineKind,
    Experiment,
    KeepInitial,
    OnTimeout,
    Outputs,
    Point,
    Resources,
    Run,
    Sweep,
)
from orchestrator.model.status import (
    Claim,
    Cluster,
    Progress,
    Record,
    State,
    Status,
    Submission,
)

__all__ = [
    "Axis",
    "Cause",
    "Claim",
    "Cluster",
    "Continuation",
    "Engine",
    "EngineKind",
    "Experiment",
    "KeepInitial",
    "Kind",
    "OnTimeout",
    "Outputs",
    "Point",
    "Progress",
    "Record",
    "Resources",
    "Run",
    "State",
    "Status",
    "Submission",
    "Sweep",
    "Task",
]
