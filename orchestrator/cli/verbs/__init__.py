"""The verbs: one a file, none of which imports another.

Each has ``EXAMPLES`` of what may stand behind it, ``configure``, which adds its arguments to a parser,
and ``perform``, which does what they say and returns the exit status.
They import what they perform with when they perform, so that help and mistakes are answered at once.
"""

from __future__ import annotations

GROUPS = {
    "Start": {
        "init": "make a starter project: sweeps/, templates/, data_runs/",
        "doctor": "probe this machine, the engine, the file system and Slurm",
        "templates": "list the templates that a sweep file may extend",
        "explain": "explain a parameter, a key, a template, a quantity or a state",
        "completion": "print what makes a shell complete words",
        "schema": "print the JSON Schema of a sweep file, for editors",
    },
    "Run": {
        "validate": "check sweep files as plan does, without its table",
        "diff": "show what two sweep files differ in",
        "plan": "show what submitting a sweep file would do; change nothing",
        "submit": "run what is new in a sweep file",
        "run": "run one experiment here, in the foreground",
        "resubmit": "run experiments again that ended badly",
        "cancel": "stop a sweep, or some of its experiments",
        "prune": "remove the experiments that the sweep file no longer has",
    },
    "Look": {
        "status": "show where the experiments of a sweep stand",
        "logs": "show what an experiment wrote",
        "plot": "draw a sweep: phase diagram, series, spectrum, profile, animation",
        "compare": "compare a sweep with an elevation map of real snow or sand",
        "report": "write one HTML page of a sweep, also while it runs",
        "open": "open the page of a sweep in a browser",
        "export": "write parameters and final quantities as CSV",
        "collect": "write a sweep to one labelled dataset",
        "verify": "run an experiment again and compare every snapshot",
    },
}
"""The verbs and what each of them does, in the order of a first sweep."""


def verbs() -> dict[str, str]:
    """Return every verb with what it does."""
    return {verb: summary for group in GROUPS.values() for verb, summary in group.items()}
