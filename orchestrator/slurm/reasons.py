"""Why a job waits, in words: the reasons that squeue shows, and whether the job will ever start."""

from __future__ import annotations

import re

_NEVER = {
    "PartitionTimeLimit": "it asks for more time than the partition allows",
    "PartitionNodeLimit": "it asks for more or fewer nodes than the partition allows",
    "PartitionConfig": "no node of the partition has what it asks for",
    "PartitionDown": "the partition is down",
    "PartitionInactive": "the partition is inactive",
    "MaxMemPerLimit": "it asks for more memory than the partition allows",
    "BadConstraints": "no node meets its constraints",
    "JobHeldUser": "it is held; scontrol release lets it start",
    "JobHeldAdmin": "an administrator holds it",
    "DependencyNeverSatisfied": "what it depends on has failed",
    "AccountNotAllowed": "the partition does not take its account",
    "QOSNotAllowed": "the partition does not take its QOS",
    "InvalidAccount": "its account does not exist",
    "InvalidQOS": "its QOS does not exist",
    "ReservationDeleted": "its reservation was deleted",
    "AccountingPolicy": "a limit of its account forbids it",
    "AssociationTimeLimit": "it asks for more time than its account allows",
    "QOSTimeLimit": "it asks for more time than its QOS allows",
    "launch failed requeued held": "its start failed and Slurm holds it; scontrol release lets it start",
    "job requeued in held state": "it was requeued and is held; scontrol release lets it start",
    "job requeued in special exit state": "it was requeued and is held; scontrol release lets it start",
    "JobHoldMaxRequeue": "it was requeued as often as the site allows; scontrol release lets it start",
    "DeadLine": "it cannot end before its deadline",
}
_LATER = {
    "None": "Slurm has not looked at it yet",
    "WaitingForScheduling": "Slurm has not looked at it yet",
    "Priority": "others are before it",
    "Resources": "nodes are busy",
    "BeginTime": "it may not start yet, as after a requeue",
    "Cleaning": "its last attempt is being cleaned up after a requeue",
    "Dependency": "another job has to end first",
    "ReqNodeNotAvail": "the nodes that it needs are not available",
    "NodeDown": "a node that it needs is down",
    "FrontEndDown": "no front end takes jobs",
    "Reservation": "its reservation has not begun",
    "Licenses": "licenses are in use",
    "BurstBufferResources": "the burst buffer is full",
    "BurstBufferStageIn": "its data are being staged in",
    "Prolog": "the site's preparations for it run",
    "SchedDefer": "Slurm looks at it later",
    "PowerNotAvail": "the cluster uses as much power as it may",
    "PowerReserved": "the power that it needs is reserved for others",
    "BurstBufferOperation": "the burst buffer is being prepared",
    "FedJobLock": "another cluster of the federation may start it",
    "JobArrayTaskLimit": "as many elements run as were asked for at once",
    "AssociationJobLimit": "as many jobs run as its account allows",
    "AssociationResourceLimit": "jobs of its account use all that they may",
    "QOSJobLimit": "as many jobs run as its QOS allows",
    "QOSResourceLimit": "jobs of its QOS use all that they may",
    "QOSUsageThreshold": "its account has used too much lately for its QOS",
    "JobLaunchFailure": "its start failed",
    "SystemFailure": "Slurm or a node failed",
}
_LIMIT = re.compile(
    r"(?:(?P<whose>QOS|Assoc)|(?=Max\w+PerAccount$))(?P<kind>Max|Min|Grp)(?P<what>Cpu|CPU|Node|Mem(?:ory)?|GRES|Jobs?|Submit"
    r"Jobs?|Wall(?:Duration)?|Billing|BB|Energy|License|Unknown)(?P<budget>(?:Run)?Minutes)?"
    r"(?P<per>Per(?:Job|Node|User|Account|Acct))?(?:Limit|NotSatisfied)?",
    re.IGNORECASE,
)
_THINGS = {
    "cpu": "CPUs",
    "node": "nodes",
    "mem": "memory",
    "memory": "memory",
    "gres": "GPUs or other GRES",
    "job": "jobs",
    "jobs": "jobs",
    "submitjob": "queued jobs",
    "submitjobs": "queued jobs",
    "wall": "time",
    "wallduration": "time",
    "billing": "billed resources",
    "bb": "burst buffer",
    "energy": "energy",
    "license": "licenses",
    "unknown": "of something",
}


def meaning(reason: str) -> tuple[str, bool] | None:
    """Return what a reason means and whether it keeps a job from ever starting.

    None for one that is not known.

    Examples
    --------
    >>> meaning("QOSMaxJobsPerUserLimit")
    ('your jobs use all the jobs that its QOS allows a user', False)
    >>> meaning("AssocMaxNodePerJobLimit")
    ('it asks for more nodes than its account allows a job', True)
    """
    word = reason.strip("()").partition(",")[0]
    if word in _NEVER:
        return _NEVER[word], True
    if word in _LATER:
        return _LATER[word], False
    match = _LIMIT.fullmatch(word)
    return None if match is None else _of_limit(match)


def explained(line: str) -> str:
    """Return a line of sbatch's with what the limit that it ends with means.

    >>> explained("sbatch: error: QOSMaxSubmitJobPerUserLimit")
    'sbatch: error: QOSMaxSubmitJobPerUserLimit (your jobs use all the queued jobs that its QOS allows a user)'
    """
    words = line.split()
    known = meaning(words[-1]) if words and not words[-1].islower() else None
    return line if known is None else f"{line} ({known[0]})"


def _of_limit(match: re.Match[str]) -> tuple[str, bool]:
    """Put the name of a limit into words; of a job alone, waiting does not help."""
    whose = "account" if (match["whose"] or "").lower() == "assoc" else "QOS"
    kind, what = match["kind"].lower(), match["what"].lower()
    per = (match["per"] or "").lower().removeprefix("per")
    things = _THINGS[what] + (" and minutes" if match["budget"] else "")
    if kind == "min":
        return f"it asks for fewer {things} than its {whose} demands", True
    if per in {"job", "node"} or (kind == "max" and what.startswith("wall")):
        return f"it asks for more {things} than its {whose} allows a {per or 'job'}", True
    if kind == "grp":
        return f"jobs of its {whose} use all the {things} that they may together", False
    who = "an account" if per in {"account", "acct"} else "a user"
    jobs = f"jobs of its {per}" if per in {"account", "acct"} else "your jobs"
    return f"{jobs} use all the {things} that its {whose} allows {who}", False
