"""The programs that a cluster is made of, and Debian's packages that bring them."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.slurm.bringup.layout import NotHereError, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BASE = {
    "munged": "munge",
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "sbatch": "slurm-client",
}
_ACCOUNTING = {
    "slurmdbd": "slurmdbd",
    "mariadbd": "mariadb-server-core",
    "mariadb-install-db": "mariadb-server-core",
    "mariadb": "mariadb-client-core",
}
_WITH = {"slurmdbd": ["slurm-wlm-mysql-plugin"]}
_POLICY = Path("/usr/sbin/policy-rc.d")
_WAIT_S = 300  # for who else installs packages


def require(path: str, log: Path, *, accounting: bool, install: bool) -> None:
    """Make sure that every program is on ``path``, installing what is not where that is allowed.

    Raises
    ------
    NotHereError
        Where programs are missing and may not or cannot be installed.
    """
    wanted = {**_BASE, **(_ACCOUNTING if accounting else {})}
    missing = [program for program in wanted if shutil.which(program, path=path) is None]
    if not missing:
        return
    need = sorted({package for m in missing for package in (wanted[m], *_WITH.get(m, []))})
    lacking = f"not on this machine: {', '.join(missing)}"
    if not install:
        raise NotHereError(f"{lacking} (Debian: apt-get install {' '.join(need)})")
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotHereError(f"{lacking}; only root on Debian can install {' '.join(need)}")
    options = [
        "--quiet",
        "--yes",
        "--no-install-recommends",
        f"-oDPkg::Lock::Timeout={_WAIT_S}",
    ]
    with log.open("ab") as file, _no_daemon_starts():
        for command in (
            ["apt-get", "update", "--quiet"],
            ["apt-get", "install", *options, *need],
        ):
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                check=False,
            )
            if done.returncode and "install" in command:
                raise SetupError(f"{' '.join(command)} failed; see {log}")


@contextmanager
def _no_daemon_starts() -> Iterator[None]:
    """Forbid packages to start their daemons, as Debian's own policy file does."""
    if _POLICY.exists():  # whoever put it there means it
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink(missing_ok=True)
