"""One attempt at one experiment, from the initial cell space to the record."""

from orchestrator.supervisor.attempt import supervise
from orchestrator.supervisor.stop import Stop

__all__ = ["Stop", "supervise"]
