"""What a throw-away cluster consists of: its settings, its files and the text in them."""

from __future__ import annotations

import dataclasses
import json
import os
import pwd
import random
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

CLUSTER = "throwaway"
ACCOUNT = "science"

_LONGEST_SOCKET = 100  # the kernel's limit on the path of a unix socket is 107
_PORTS = range(20_000, 32_000)  # below those that the kernel gives to outgoing connections


class SetupError(Exception):
    """The cluster cannot be brought up; the message says why."""


class NotHereError(SetupError):
    """This machine lacks something that bringing a cluster up needs."""


@dataclass(frozen=True)
class Settings:
    """How a cluster is made; kept from its first start on.

    Attributes
    ----------
    port
        First of a block on loopback: controller, database daemon, then one per node.
    extra
        Lines after all others in slurm.conf, where a later line wins.
    """

    nodes: int = 4
    cpus: int = 2
    memory_mb: int = 2000
    accounting: bool = True
    cgroup: bool = False
    max_array_size: int = 1001
    max_job_count: int = 20_000
    extra: tuple[str, ...] = ()
    port: int = 0

    @property
    def node_names(self) -> list[str]:
        """The virtual nodes, ``n1`` and on."""
        return [f"n{i}" for i in range(1, self.nodes + 1)]

    @property
    def debug_nodes(self) -> int:
        """How many of them make the partition for trying things out."""
        return max(1, self.nodes // 2)


@dataclass(frozen=True)
class Place:
    """The directory of a cluster and every path in it."""

    root: Path

    @property
    def settings(self) -> Path:
        """The settings, written before anything is started."""
        return self.root / "settings.json"

    @property
    def slurm_conf(self) -> Path:
        """What SLURM_CONF names."""
        return self.root / "etc/slurm.conf"

    @property
    def slurmdbd_conf(self) -> Path:
        """The database daemon looks for it beside slurm.conf."""
        return self.root / "etc/slurmdbd.conf"

    @property
    def cgroup_conf(self) -> Path:
        """Node daemons look for it beside slurm.conf."""
        return self.root / "etc/cgroup.conf"

    @property
    def munge_key(self) -> Path:
        """The secret that this cluster's parts share."""
        return self.root / "munge/key"

    @property
    def munge_socket(self) -> Path:
        """Where munged listens; every user has to reach it."""
        return self.root / "munge/socket"

    @property
    def database(self) -> Path:
        """MariaDB's own directory."""
        return self.root / "database"

    @property
    def database_socket(self) -> Path:
        """Where MariaDB listens; it has no port."""
        return self.root / "run/mariadb"

    def log(self, part: str) -> Path:
        """Name the log of a part."""
        return self.root / f"log/{part}.log"

    def pid(self, part: str) -> Path:
        """Name the file with the process id of a part that was started."""
        return self.root / f"pids/{part}"

    def make(self) -> None:
        """Make the directories; users other than ours must be able to enter."""
        if len(str(self.munge_socket)) > _LONGEST_SOCKET:
            raise SetupError(f"{self.root}: too long a path for the sockets in it")
        if not all(c.isascii() and (c.isalnum() or c in "/._-") for c in str(self.root)):
            raise SetupError(f"{self.root}: slurm.conf takes letters, digits, / . _ and - only")
        for name in ("etc", "munge", "run", "log", "pids", "state", "spool"):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for path in (self.root, self.root / "etc", self.root / "munge"):
            path.chmod(0o755)


def load(place: Place) -> Settings | None:
    """Read the settings of a cluster that was made before."""
    try:
        data = json.loads(place.settings.read_bytes())
    except FileNotFoundError:
        return None
    return Settings(**{**data, "extra": tuple(data["extra"])})


def save(place: Place, settings: Settings) -> None:
    """Keep the settings, all or nothing."""
    draft = place.settings.with_suffix(".draft")
    draft.write_text(json.dumps(dataclasses.asdict(settings), indent=1) + "\n")
    draft.replace(place.settings)


def free_ports(count: int) -> int:
    """Find ``count`` neighbouring ports on which nobody listens; return the first."""
    for _ in range(200):
        first = random.randrange(_PORTS.start, _PORTS.stop - count)
        with ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    one = stack.enter_context(socket.socket())
                    one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise SetupError(f"no {count} neighbouring free ports in {_PORTS.start}-{_PORTS.stop}")


def me() -> str:
    """Return the name of the user to whom everything here belongs."""
    return pwd.getpwuid(os.geteuid()).pw_name


def slurm_conf(place: Place, settings: Settings) -> str:
    """Return the text of slurm.conf.

    Times are far shorter than a site's, so that a lost node is noticed within a test's patience
    and a requeued job need not wait two minutes for its old credential to expire.
    """
    host = socket.gethostname().split(".")[0]
    last = settings.port + 1 + settings.nodes
    track = (
        ("cgroup", "cgroup", "cgroup") if settings.cgroup else ("linuxproc", "none", "linux")
    )
    accounting = {"AccountingStorageType": "accounting_storage/none"}
    if settings.accounting:
        accounting = {
            "AccountingStorageType": "accounting_storage/slurmdbd",
            "AccountingStorageHost": "127.0.0.1",
            "AccountingStoragePort": str(settings.port + 1),
            "AccountingStoragePass": str(place.munge_socket),
            "AccountingStoreFlags": "job_comment",
        }
    options = {
        "ClusterName": CLUSTER,
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "SlurmctldPort": str(settings.port),
        "SlurmUser": me(),
        "SlurmdUser": me(),
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={place.munge_socket},cred_expire=10",
        **_listening(host),
        "StateSaveLocation": str(place.root / "state"),
        "SlurmdSpoolDir": str(place.root / "spool/%n"),
        "SlurmctldPidFile": str(place.root / "run/slurmctld.pid"),
        "SlurmdPidFile": str(place.root / "run/slurmd-%n.pid"),
        "SlurmctldLogFile": str(place.log("slurmctld")),
        "SlurmdLogFile": str(place.root / "log/%n.log"),
        "ProctrackType": f"proctrack/{track[0]}",
        "TaskPlugin": f"task/{track[1]}",
        "JobAcctGatherType": f"jobacct_gather/{track[2]}",
        "JobAcctGatherFrequency": "1",
        "MpiDefault": "none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "DefMemPerCPU": "100",
        "SchedulerParameters": "sched_interval=1,sched_min_interval=0,batch_sched_delay=0,bf_interval=2",
        "MaxArraySize": str(settings.max_array_size),
        "MaxJobCount": str(settings.max_job_count),
        "KillWait": "3",
        "MessageTimeout": "5",
        "SlurmctldTimeout": "10",
        "SlurmdTimeout": "10",
        "ReturnToService": "2",
        # virtual nodes claim more than the machine has, and may
        "SlurmdParameters": "config_overrides",
        **accounting,
    }
    nodes = (
        f"NodeName={_range(settings.nodes)} NodeHostname={host} NodeAddr=127.0.0.1"
        f" Port={_span(settings.port + 2, last)} CPUs={settings.cpus}"
        f" RealMemory={settings.memory_mb} Feature=virtual"
    )
    usual = "DefaultTime=0:05:00 State=UP"
    partitions = (
        f"PartitionName=pbatch Nodes=ALL Default=YES MaxTime=24:00:00 {usual}",
        f"PartitionName=pdebug Nodes={_range(settings.debug_nodes)} MaxTime=1:00:00 {usual}",
    )
    lines = [f"{name}={value}" for name, value in options.items()]
    return "\n".join([*lines, nodes, *partitions, *settings.extra, ""])


def slurmdbd_conf(place: Place, settings: Settings) -> str:
    """Return the text of slurmdbd.conf."""
    options = {
        "DbdHost": "localhost",
        "DbdAddr": "127.0.0.1",
        "DbdPort": settings.port + 1,
        "SlurmUser": me(),
        "AuthType": "auth/munge",
        "AuthInfo": place.munge_socket,
        "StorageType": "accounting_storage/mysql",
        "StorageHost": "localhost",
        "StorageUser": me(),
        "StorageLoc": "slurm_acct_db",
        "LogFile": place.log("slurmdbd"),
        "PidFile": place.root / "run/slurmdbd.pid",
    }
    return "\n".join([*(f"{name}={value}" for name, value in options.items()), ""])


def cgroup_conf(settings: Settings) -> str:
    """Return the text of cgroup.conf.

    A node daemon loads a cgroup plugin even where nothing uses it, and finding out which one fails
    in a container without /sys/fs/cgroup; naming one does not.
    """
    second = settings.cgroup and Path("/sys/fs/cgroup/cgroup.controllers").exists()
    return (
        f"CgroupPlugin=cgroup/v{2 if second else 1}\n"
        "ConstrainRAMSpace=yes\nConstrainSwapSpace=yes\nAllowedSwapSpace=0\n"
    )


def _listening(host: str) -> dict[str, str]:
    """Keep parts off the network: they listen where the host's name leads, if it leads home."""
    try:
        with socket.socket() as probe:
            probe.bind((host, 0))
    except OSError:
        return {}
    return {"CommunicationParameters": "NoCtldInAddrAny,NoInAddrAny"}


def _range(count: int) -> str:
    return "n1" if count == 1 else f"n[1-{count}]"


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"
