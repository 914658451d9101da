"""What the tool relies on in a reduction of a user's own, check by check."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.conformance.checks import Check, NonconformingError
from orchestrator.errors import FormatError
from orchestrator.formats.cellspace import CELL_BYTES, Cell, Header
from orchestrator.model import own_reductions
from orchestrator.records import failures
from orchestrator.runner.own_outputs import Guarded
from orchestrator.runner.reducer import Reducer
from orchestrator.sweepfile import code_files, scalars
from orchestrator.sweepfile.own_outputs import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from orchestrator.model import Cause
    from orchestrator.model.reductions import Reduction

_UNIT = re.compile(r"[A-Za-z0-9%°µ][A-Za-z0-9%°µ /*^._-]*")
_TIME_T0 = 40.0
_NAME = "own"
_BATCH = 4  # planes at a time


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A reduction as a sweep file would name it, and the domain [D, H, L] on which it is tried."""

    reference: str
    folder: Path
    domain: tuple[int, int, int]

    def load(self) -> Reduction:
        """Return it as a job would."""
        try:
            written = scalars.call(self.reference, self.reference)
            reference, path = code_files.find(written, self.folder, GROUP)
            modules = self.folder if path is None else path.parent
            return own_reductions.load(_NAME, reference, modules)
        except FormatError as error:
            raise NonconformingError(f"{self.reference}: {error}") from error


def reduction_checks(
    reference: str,
    folder: str | Path = ".",
    *,
    domain: tuple[int, int, int] = (20, 16, 30),
    any_domain: bool = True,
) -> list[Check]:
    """Return the checks of a reduction, to be the parameters of a test.

    Parameters
    ----------
    reference
        As ``outputs.own`` has it: ``MODULE:FUNCTION``, or the name of an entry point.
    folder
        Where the sweep file would be, beside the module.
    domain
        Depth, height and length in cells on which it is tried.
    any_domain
        Whether it has to take domains of every depth and length, down to 1.

    Returns
    -------
    list of Check
        Each of which raises :class:`NonconformingError` if it fails.
    """
    candidate = _Candidate(reference, Path(folder), domain)
    depth, height, length = domain
    others = ((1, height, length), (depth, height, 1), (1, height, 1)) if any_domain else ()
    return [
        Check("is_declared", partial(_is_declared, candidate)),
        Check("unit", partial(_unit, candidate)),
        *(
            Check(f"shape_of_{d}x{n}", partial(_shape, candidate, (d, h, n)))
            for d, h, n in (domain, *others)
        ),
        Check("bare_ground", partial(_takes, candidate, 0.0)),
        Check("full_domain", partial(_takes, candidate, 1.0)),
        Check("has_numbers", partial(_has_numbers, candidate)),
        Check("deterministic", partial(_deterministic, candidate)),
        Check("keeps_nothing", partial(_keeps_nothing, candidate)),
        Check("any_batches", partial(_any_batches, candidate)),
        Check("cut_off", partial(_cut_off, candidate)),
    ]


def _is_declared(candidate: _Candidate) -> None:
    """Check that it can be loaded, and that its name and unit say something."""
    if not candidate.load().long_name.strip():
        raise NonconformingError("long_name: empty; say what it is in words")


def _unit(candidate: _Candidate) -> None:
    """Check that the unit is one, as datasets need it."""
    units = candidate.load().units
    if not _UNIT.fullmatch(units):
        raise NonconformingError(f"units: expected one such as cells, t0 or 1, got {units!r}")


def _shape(candidate: _Candidate, domain: tuple[int, int, int]) -> None:
    """Check that it makes what it declares, of a domain of a size."""
    own = candidate.load()
    values = _reduced(own, [_cells(domain, 1)])[0]
    wanted = own.shape_in(domain[0], domain[2])
    if values.shape != wanted or values.dtype != np.dtype(own.dtype):
        made = f"{values.dtype} {values.shape}"
        raise NonconformingError(f"expected {np.dtype(own.dtype)} {wanted}, got {made}")


def _takes(candidate: _Candidate, share: float) -> None:
    """Check that it takes a bed without a grain, or one without a cell of air."""
    domain = candidate.domain
    cells = np.full(domain, Cell.EAUC if share == 0.0 else Cell.GR, np.uint8)
    cells[:, -1] = Cell.DUM
    _reduced(candidate.load(), [cells])


def _has_numbers(candidate: _Candidate) -> None:
    """Check that it has numbers of a usual bed, and none that is infinite."""
    values = _reduced(candidate.load(), [_cells(candidate.domain, 1)])[0]
    if not np.isfinite(values).any():
        raise NonconformingError("expected numbers of a bed with dunes, got none")
    if np.isinf(values).any():
        raise NonconformingError('expected numbers or "not a number", got an infinite one')


def _deterministic(candidate: _Candidate) -> None:
    """Check that it makes the same of the same bed in two runs, so that verify can compare."""
    bed = _cells(candidate.domain, 1)
    first, second = (_reduced(candidate.load(), [bed])[0] for _ in range(2))
    _alike(first, second, "the same bed twice")


def _keeps_nothing(candidate: _Candidate) -> None:
    """Check that what it makes of a snapshot does not depend on those before, which a retry may lack."""
    beds = [_cells(candidate.domain, seed) for seed in (1, 2, 1)]
    after = _reduced(candidate.load(), beds)
    _alike(after[0], after[2], "a bed before and after another one")
    alone = _reduced(candidate.load(), beds[1:2])[0]
    _alike(after[1], alone, "a bed after another one and alone")


def _any_batches(candidate: _Candidate) -> None:
    """Check that it makes the same however many planes arrive at a time."""
    bed = _cells(candidate.domain, 1)
    own = candidate.load()
    whole = _reduced(own, [bed], batch=len(bed))[0]
    for batch in (1, 3):
        parts = _reduced(own, [bed], batch=batch)[0]
        _alike(whole, parts, f"a bed as a whole and by {batch} planes")


def _cut_off(candidate: _Candidate) -> None:
    """Check that a snapshot of which only some planes came leaves no trace in the next."""
    own = candidate.load()
    bed, faults = _cells(candidate.domain, 1), list["Cause"]()
    depth, length = bed.shape[0], bed.shape[2]
    guarded = Guarded(own, faults)
    guarded.begin((depth, length), _TIME_T0)
    guarded.add(bed[: (depth + 1) // 2], _as_sent(bed[: (depth + 1) // 2]), 0)
    after = _Source(bed, _BATCH).reduced(guarded)
    _refuse(faults)
    _alike(
        after,
        _reduced(candidate.load(), [bed])[0],
        "a bed after one that was cut off and alone",
    )


def _alike(first: NDArray[Any], second: NDArray[Any], what: str) -> None:
    """Refuse arrays that differ by more than rounding."""
    if first.shape == second.shape and np.allclose(first, second, rtol=1e-4, equal_nan=True):
        return
    raise NonconformingError(f"expected the same of {what}, got\n{first}\nand\n{second}")


def _reduced(
    own: Reduction, beds: Sequence[NDArray[np.uint8]], batch: int = _BATCH
) -> list[NDArray[Any]]:
    """Return what a reduction makes of beds in one run, ``batch`` planes at a time."""
    faults: list[Cause] = []
    guarded = Guarded(own, faults)
    arrays = [_Source(bed, batch).reduced(guarded) for bed in beds]
    _refuse(faults)
    return arrays


def _refuse(faults: Sequence[Cause]) -> None:
    if faults:
        raise NonconformingError(
            failures.sentence(faults[0]).removeprefix(f"outputs.own.{_NAME} ")
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """A bed, uint8 [D, H, L], as it comes from an engine, some planes at a time."""

    bed: NDArray[np.uint8]
    batch: int
    inside: bool = False

    def header(self) -> Header:
        """Return the size and time of the bed."""
        depth, height, length = self.bed.shape
        return Header("SNO", height, length, depth, time=_TIME_T0)

    def planes(self) -> Iterator[NDArray[np.generic]]:
        """Yield the planes as an engine would send them."""
        for first in range(0, len(self.bed), self.batch):
            yield _as_sent(self.bed[first : first + self.batch])

    def reduced(self, guarded: Guarded) -> NDArray[Any]:
        """Return what a reduction makes of the bed."""
        snapshot = Reducer(self, [], [guarded]).reduce(self.header())
        return snapshot.arrays[_NAME].copy()


def _as_sent(states: NDArray[np.uint8]) -> NDArray[Any]:
    """Return cells of states, which came to rest the earlier the lower they are, uint64 [plane, H, L]."""
    cells = np.zeros((*states.shape, CELL_BYTES), np.uint8)
    cells[..., 0] = states
    row = np.arange(states.shape[1])[::-1, None].astype(np.uint8)
    cells[..., CELL_BYTES // 2] = np.minimum(row, int(_TIME_T0))
    return cells.view("<u8")[..., 0]


def _cells(domain: tuple[int, int, int], seed: int) -> NDArray[np.uint8]:
    """Return a bed with every state of a grain in it, uint8 [D, H, L]."""
    depth, height, length = domain
    rng = np.random.default_rng(seed)
    heights = rng.integers(1, max(2, height - 1), (depth, length))
    row = np.arange(height)[::-1, None]
    grains = rng.choice([Cell.GR, Cell.GRV], (depth, height, length))
    cells = np.where(row < heights[:, None, :], grains, Cell.EAUC)
    cells = np.where((row == heights[:, None, :]) & (rng.random(domain) < 0.2), Cell.GRJ, cells)
    return np.where(row == 0, Cell.DUM, cells).astype(np.uint8)
