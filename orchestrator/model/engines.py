"""What simulates, and what it is to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.model.experiments import EngineKind

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.model.experiments import Experiment, Outputs, Run
    from orchestrator.model.simulators import OwnEngine


@dataclass(frozen=True, slots=True)
class Engine:
    """A pair of programs that simulate, and where their property files are.

    ``genesis`` and ``rescal`` are command lines up to the programs' own arguments; ``root`` is the
    ReSCAL-snow tree they come from, or None. ``serve`` is the command line
    of a program that starts both faster, where there is one. An engine of a user's ``own`` has a
    command line for each experiment instead.
    """

    name: str
    kind: EngineKind
    genesis: tuple[str, ...]
    rescal: tuple[str, ...]
    real_data: Path
    root: Path | None = None
    version: str = ""
    digest: str = ""
    serve: tuple[str, ...] = ()
    own: OwnEngine | None = None

    @property
    def resumes_exactly(self) -> bool:
        """Whether it saves its whole state, so that a resumed run has the same bytes."""
        return self.kind is EngineKind.BUILTIN

    @property
    def checks(self) -> bool:
        """Whether it says what it would refuse in a parameter set without running it."""
        return self.kind is EngineKind.BUILTIN

    @property
    def compiles(self) -> bool:
        """Whether it compiles kernels at its first start on a machine."""
        return self.kind is EngineKind.BUILTIN

    @property
    def program(self) -> str:
        """What sentences call the program that simulates."""
        return "rescal" if self.own is None else self.name

    @property
    def title_in_words(self) -> str:
        """What a sentence calls it."""
        return "built-in engine" if self.root is None else f"engine at {self.root}"

    @property
    def title(self) -> str:
        """Name and version, as far as they are known."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True, slots=True)
class Task:
    """What one attempt at an experiment is to do."""

    experiment: Experiment
    attempt: int
    run: Run
    outputs: Outputs
