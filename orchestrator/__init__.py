"""Parameter sweeps of ReSCAL-snow, run on Slurm or on one machine and reduced while they run.

The Python interface beside the command line; each name is loaded when it is first used:

>>> import orchestrator
>>> planned = orchestrator.plan("sweeps/quickstart.yaml")  # doctest: +SKIP
>>> orchestrator.submit("sweeps/quickstart.yaml", partition="pdebug")  # doctest: +SKIP
>>> for now in orchestrator.watch("quickstart"):  # doctest: +SKIP
...     print(now.counts)
>>> dataset = orchestrator.open_sweep("data_runs/quickstart")  # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from orchestrator._version import __version__ as __version__  # handed on

if TYPE_CHECKING:
    from orchestrator.analysis.dataset import open_sweep, over_seeds
    from orchestrator.analysis.table import table
    from orchestrator.formats.parameters import Kind, Parameter
    from orchestrator.html.report import report
    from orchestrator.model.own_reductions import reduction
    from orchestrator.model.simulators import Frame, Simulator
    from orchestrator.plots.compare import compare
    from orchestrator.plots.plot import plot
    from orchestrator.submission.cancel import cancel
    from orchestrator.submission.plan import plan
    from orchestrator.submission.resubmit import resubmit
    from orchestrator.submission.status import status
    from orchestrator.submission.submit import submit
    from orchestrator.submission.watch import watch

__all__ = [
    "Frame",
    "Kind",
    "Parameter",
    "Simulator",
    "cancel",
    "compare",
    "open_sweep",
    "over_seeds",
    "plan",
    "plot",
    "reduction",
    "report",
    "resubmit",
    "status",
    "submit",
    "table",
    "watch",
]

_HOMES = {
    "Frame": "orchestrator.model.simulators",
    "Kind": "orchestrator.formats.parameters",
    "Parameter": "orchestrator.formats.parameters",
    "Simulator": "orchestrator.model.simulators",
    "cancel": "orchestrator.submission.cancel",
    "compare": "orchestrator.plots.compare",
    "open_sweep": "orchestrator.analysis.dataset",
    "over_seeds": "orchestrator.analysis.dataset",
    "plan": "orchestrator.submission.plan",
    "plot": "orchestrator.plots.plot",
    "reduction": "orchestrator.model.own_reductions",
    "report": "orchestrator.html.report",
    "resubmit": "orchestrator.submission.resubmit",
    "status": "orchestrator.submission.status",
    "submit": "orchestrator.submission.submit",
    "table": "orchestrator.analysis.table",
    "watch": "orchestrator.submission.watch",
}


def __getattr__(name: str) -> Any:
    """Load a part of the interface."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """List the interface and nothing internal."""
    return [*__all__, "__version__"]
