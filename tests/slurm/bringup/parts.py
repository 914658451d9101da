"""The parts of a throw-away cluster, each started if it does not run and awaited until it serves."""

from __future__ import annotations

import os
import shutil
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from tests.slurm.bringup import processes
from tests.slurm.bringup.layout import ACCOUNT, CLUSTER, SetupError, me

if TYPE_CHECKING:
    from tests.slurm.bringup.layout import Place, Settings

_ABLE = {"idle", "allocated", "mixed", "completing"}
_OVER = {"CD", "CA", "F", "TO", "NF", "PR", "BF", "OOM", "DL", "RV"}


def munge(place: Place) -> None:
    """Serve signatures, with a key of this cluster's own."""
    if processes.running(place, "munged") is None:
        say("starting munged")
        if not place.munge_key.exists():
            place.munge_key.touch(0o600)
            place.munge_key.write_bytes(os.urandom(1024))
        place.munge_socket.unlink(missing_ok=True)
        options = {
            "key-file": place.munge_key,
            "socket": place.munge_socket,
            "pid-file": place.root / "run/munged.pid",
            "log-file": place.log("munged"),
            "seed-file": place.root / "munge/seed",
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        processes.start(place, "munged", ["munged", "--foreground", "--force", *words])
    processes.wait(place, "munged", ["munge", "--no-input", f"--socket={place.munge_socket}"])


def database(place: Place) -> None:
    """Serve an empty database, on a unix socket alone."""
    socket, user = f"--socket={place.database_socket}", f"--user={me()}"
    files = f"--datadir={place.database}"
    if processes.running(place, "mariadb") is None:
        say("starting MariaDB")
        if not (place.database / "mysql").is_dir():
            _make_database(place, user, files)
        options = [socket, user, files, f"--pid-file={place.root / 'run/mariadb.pid'}"]
        options += ["--innodb-buffer-pool-size=64M", "--innodb-flush-log-at-trx-commit=0"]
        options += ["--innodb-lock-wait-timeout=900", "--skip-networking"]
        processes.start(place, "mariadb", ["mariadbd", "--no-defaults", *options])
    statement = "create database if not exists slurm_acct_db"
    client = ["mariadb", "--no-defaults", socket, user, "--execute", statement]
    processes.wait(place, "mariadb", client)


def accounting(place: Place) -> None:
    """Serve the accounts, which know this cluster, one account and this user."""
    if processes.running(place, "slurmdbd") is None:
        say("starting slurmdbd")
        processes.start(place, "slurmdbd", ["slurmdbd", "-D"])
    show = ("sacctmgr", "--noheader", "--parsable2", "show", "account", "format=account")
    processes.wait(place, "slurmdbd", show)
    if ACCOUNT in (processes.call(place, *show) or "").split():
        return
    for words in (
        ("cluster", CLUSTER),
        ("account", ACCOUNT, f"cluster={CLUSTER}"),
        ("user", me(), f"account={ACCOUNT}", "adminlevel=Administrator"),
    ):
        if processes.call(place, "sacctmgr", "--immediate", "add", *words) is None:
            raise SetupError(f"sacctmgr refused to add {' '.join(words)}")


def controller(place: Place) -> bool:
    """Serve the cluster; tell whether it had to be started."""
    fresh = processes.running(place, "slurmctld") is None
    if fresh:
        say("starting slurmctld")
        processes.start(place, "slurmctld", ["slurmctld", "-D"])
    processes.wait(place, "slurmctld", ["scontrol", "show", "config"])
    return fresh


def nodes(place: Place, settings: Settings) -> bool:
    """Have every node able to take jobs; tell whether one had to be started."""
    dead = [n for n in settings.node_names if processes.running(place, n) is None]
    if dead:
        say(f"starting {' '.join(dead)}")
    for name in dead:
        (place.root / "spool" / name).mkdir(exist_ok=True)
        processes.start(place, name, _as_a_machine(place, name, ["slurmd", "-D", "-N", name]))
    deadline, resume = time.monotonic() + 60, time.monotonic() + 5
    while missing := sorted(set(settings.node_names) - _able_nodes(place)):
        ended = [n for n in missing if processes.running(place, n) is None]
        if ended or time.monotonic() > deadline:
            which = ended[0] if ended else missing[0]
            raise SetupError(f"node {which} does not come up; see {place.log(which)}")
        if time.monotonic() > resume:  # one that was given up stays so until it is told
            resume += 10
            words = (f"nodename={','.join(missing)}", "state=resume")
            processes.call(place, "scontrol", "update", *words)
        time.sleep(0.1)
    return bool(dead)


def first_job(place: Place, settings: Settings) -> None:
    """Run a job and see it in the accounts, which a new controller fills some seconds late."""
    say("running a first job")
    command = ("srun", "--quiet", "--time=1", "--job-name=up", "printenv", "SLURM_JOB_ID")
    job = processes.call(place, *command)
    if job is None:
        raise SetupError(f"a first job did not run; see the logs in {place.root / 'log'}")
    if settings.accounting:
        ask = [
            "sacct",
            "--noheader",
            "--allocations",
            "--format=State",
            f"--jobs={job.strip()}",
        ]
        processes.wait(place, "slurmdbd", ask, said="COMPLETED")


def cancel_all_jobs(place: Place) -> None:
    """End all jobs while their node daemons can still see to it."""
    ask = ("squeue", "--noheader", "--states=all", "--format=%A %t")
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        rows = [row.split() for row in (processes.call(place, *ask) or "").splitlines()]
        left = sorted({job for job, state in rows if state not in _OVER})
        if not left:
            return
        for first in range(0, len(left), 500):
            some = left[first : first + 500]
            processes.call(place, "scancel", "--quiet", "--full", "--signal=KILL", *some)
            processes.call(place, "scancel", "--quiet", *some)
        time.sleep(0.1)


def say(text: str) -> None:
    """Tell the person what is being done."""
    sys.stderr.write(f"slurm: {text}\n")


def _as_a_machine(place: Place, node: str, command: list[str]) -> list[str]:
    """Let a command see a machine of its own: another host name, another boot, the same files.

    Only root can; else all nodes are this machine under names of Slurm's own.
    """
    folder = place.root / "spool" / node
    boot, hosts = folder / "boot_id", folder / "hosts"
    boot.write_text(f"{uuid.uuid4()}\n")
    hosts.write_text(f"127.0.0.1 {node}\n{Path('/etc/hosts').read_text()}")
    script = (
        'hostname "$1" && mount --bind "$2" /proc/sys/kernel/random/boot_id'
        ' && mount --bind "$3" /etc/hosts && shift 3 && exec "$@"'
    )
    # no process in between: the part's id is the daemon's
    shell = ["unshare", "--uts", "--mount", "sh", "-c", script, "sh", node]
    apart = [*shell, str(boot), str(hosts)]
    able = os.geteuid() == 0 and processes.call(place, *apart, "true") is not None
    return [*apart, *command] if able else command


def _able_nodes(place: Place) -> set[str]:
    said = processes.call(place, "sinfo", "--Node", "--noheader", "--format=%N %T") or ""
    return {name for name, state in map(str.split, said.splitlines()) if state in _ABLE}


def _make_database(place: Place, user: str, files: str) -> None:
    shutil.rmtree(place.database, ignore_errors=True)
    options = ["--no-defaults", "--skip-test-db", user, files]
    options += ["--force"]  # the host's name need not resolve
    options += ["--auth-root-authentication-method=socket", f"--auth-root-socket-user={me()}"]
    if processes.call(place, "mariadb-install-db", *options) is None:
        shutil.rmtree(place.database, ignore_errors=True)
        raise SetupError(f"mariadb-install-db could not make {place.database}")
