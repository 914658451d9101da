"""The processes of a throw-away cluster: started in sessions of their own, ended by their ids."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.slurm.bringup.layout import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.slurm.bringup.layout import Place


def environment(place: Place) -> dict[str, str]:
    """Return what every part and every client of the cluster needs, and nothing of ours."""
    keep = {k: v for k, v in os.environ.items() if k in {"HOME", "LANG", "TERM", "TZ", "USER"}}
    path = [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return {
        **keep,
        "PATH": ":".join(dict.fromkeys(filter(None, path))),
        "SLURM_CONF": str(place.slurm_conf),
        "MYSQL_UNIX_PORT": str(place.database_socket),
    }


def start(place: Place, part: str, command: Sequence[str]) -> None:
    """Start a part in the background and write down which process it is."""
    with place.log(part).open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=place.root,
            env=environment(place),
            start_new_session=True,
        )
    draft = place.pid(f".{part}")
    draft.write_text(f"{process.pid} {_started(process.pid)}\n")
    draft.replace(place.pid(part))


def running(place: Place, part: str) -> int | None:
    """Return the id of a part's process, or None where that very process has ended."""
    try:
        pid, started = map(int, place.pid(part).read_text().split())
    except (FileNotFoundError, ValueError):
        return None
    return pid if started and _started(pid) == started else None


def stop(place: Place, part: str, patience_s: float = 20.0) -> None:
    """End a part and wait until it is gone; ask first."""
    pid = running(place, part)
    if pid is not None:
        _end(pid, _started(pid), patience_s)
    place.pid(part).unlink(missing_ok=True)


def parts(place: Place) -> list[str]:
    """Name the parts that were started and not stopped."""
    return sorted(p.name for p in (place.root / "pids").glob("[!.]*"))


def stop_leftovers(place: Place) -> int:
    """End what jobs of this cluster have left behind, and return how many those were.

    They outlive their node daemon. What node daemons start has the node's name and this very
    cluster's configuration in its environment; nothing else has both.
    """
    ours = f"SLURM_CONF={place.slurm_conf}".encode()
    left = [pid for pid, said in _environments() if ours in said and _on_a_node(pid, said)]
    for pid in left:
        _end(pid, _started(pid), 0.0)
    return len(left)


def wait(place: Place, part: str, command: Sequence[str], said: str = "") -> None:
    """Wait until a client succeeds with ``said`` in its answer, but no longer than the part lives.

    Raises
    ------
    SetupError
        With the end of the part's log, where it has ended or keeps silent for a minute.
    """
    deadline = time.monotonic() + 60
    while (answer := call(place, *command)) is None or said not in answer:
        ended = running(place, part) is None
        if ended or time.monotonic() > deadline:
            why = "has ended" if ended else "does not answer after a minute"
            raise SetupError(
                f"{part} {why} ({' '.join(command[:3])})\n{_tail(place.log(part))}"
            )
        time.sleep(0.05)


def call(place: Place, *command: str, within_s: float = 30.0) -> str | None:
    """Run a client and return what it printed, or None where it failed."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment(place),
            cwd=place.root,
            timeout=within_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode else done.stdout


def _tail(log: Path, lines: int = 8) -> str:
    try:
        said = log.read_text(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        said = ["(it wrote no log)"]
    return "\n".join([f"the end of {log}:", *(f"  {line}" for line in said)])


def _end(pid: int, started: int, patience_s: float) -> None:
    steps = ((signal.SIGTERM, patience_s), (signal.SIGKILL, 10.0))
    for number, seconds in steps[0 if patience_s else 1 :]:
        deadline = time.monotonic() + seconds
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        while time.monotonic() < deadline:
            if not started or _started(pid) != started:
                return
            time.sleep(0.02)


def _started(pid: int) -> int:
    """Return the start time of a process in kernel ticks; 0 for a dead one or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] in "ZX" else int(fields[19])


def _environments() -> Iterator[tuple[int, list[bytes]]]:
    for entry in Path("/proc").glob("[1-9]*"):
        try:
            yield int(entry.name), (entry / "environ").read_bytes().split(b"\0")
        except OSError:  # gone, or another user's
            continue


def _on_a_node(pid: int, said: list[bytes]) -> bool:
    if any(word.startswith(b"SLURMD_NODENAME=") for word in said):
        return True
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == "slurmstepd"
    except OSError:
        return False
