"""The tree of accounts: a limit on an account counts the jobs of all accounts and users below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.slurm.units import whole

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = "Cluster,Account,ParentName,GrpSubmitJobs"
"""What :func:`read` wants to know of each account."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account in the tree: its parent, and how many jobs may be queued below it; None is any."""

    parent: str
    group_submit: int | None


def read(text: str, cluster: str) -> dict[str, Account]:
    """Read the accounts of a cluster from the answer of sacctmgr, by name."""
    rows = (line.split("|") for line in text.splitlines())
    return {
        row[1]: Account(row[2], whole(row[3]))
        for row in rows
        if len(row) == 4 and row[0] == cluster
    }


def above(name: str, accounts: Mapping[str, Account]) -> list[str]:
    """Return an account and those above it, the root last; what is unknown ends the list.

    >>> above("team", {"team": Account("lab", None), "lab": Account("root", 4)})
    ['team', 'lab']
    """
    names: list[str] = []
    while name in accounts and name not in names:
        names.append(name)
        name = accounts[name].parent
    return names
