"""Whether two runs of an experiment are the same, snapshot by snapshot."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.model import reductions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.model.reductions import Reduction
    from orchestrator.model.snapshots import Reduced


@dataclass(frozen=True, slots=True)
class Comparison:
    """One snapshot of both runs.

    Attributes
    ----------
    time_t0
        Simulated time in the first run, in t0; in the second where the first has lost it.
    digest
        SHA-256 of the first run's time and height map, or of its counts where no map is kept;
        empty where the snapshot is lost.
    difference
        What is different, in words; empty where nothing is.
    """

    time_t0: float
    digest: str
    difference: str


def digests(reduced: Reduced) -> list[str]:
    """Return the SHA-256 of each snapshot's time and of its height map, or its cell counts."""
    count = len(reduced.times)
    maps = reduced.height_maps.astype("<i2")
    counts = reduced.cell_counts.astype("<i8")
    kept = next((kind for kind in (maps, counts) if len(kind) == count), None)
    return [
        hashlib.sha256(
            np.float64(time).tobytes() + (b"" if kept is None else kept[i].tobytes())
        ).hexdigest()
        for i, time in enumerate(reduced.times)
    ]


def compare(
    first: Reduced, second: Reduced, recorded: int = 0, own: Sequence[Reduction] = ()
) -> Iterator[Comparison]:
    """Compare each snapshot of the first run with the same one of the second.

    Its time, and of all reductions, ``own`` of the user's among them, what both runs have. Of ``recorded``
    snapshots of the first run, those that are no longer there are different.
    """
    for i, digest in enumerate(digests(first)):
        yield Comparison(float(first.times[i]), digest, _difference(first, second, i, own))
    for i in range(len(first.times), recorded):
        time_t0 = float(second.times[i]) if i < len(second.times) else np.nan
        yield Comparison(time_t0, "", "recorded of the first run, but not in its files")


def _difference(first: Reduced, second: Reduced, index: int, own: Sequence[Reduction]) -> str:
    if index >= len(second.times):
        return "the second run has no such snapshot"
    if first.times[index] != second.times[index]:
        return f"the second run has it at t = {second.times[index]:.9g} t0"
    known = (*reductions.REDUCTIONS, *own)
    differences = (_differs(r, first, second, index) for r in known)
    return next((difference for difference in differences if difference), "")


def _differs(reduction: Reduction, first: Reduced, second: Reduced, index: int) -> str:
    """Say how one array of a snapshot differs, where both runs have it; empty if it does not."""
    both = [reduced.arrays.get(reduction.name, ()) for reduced in (first, second)]
    if any(len(array) <= index for array in both):
        return ""
    before, after = (np.asarray(array[index]) for array in both)
    if before.shape != after.shape:
        sides = " x ".join(map(str, after.shape))
        return f"{reduction.long_name}: {sides} values in the second run"
    known = ~np.isnan(before)
    allowed = reduction.tolerance * float(np.abs(before[known]).max(initial=0.0))
    apart = np.abs(before.astype("f8") - after) > allowed
    count = int(np.count_nonzero(apart | (known == np.isnan(after))))
    return f"{reduction.long_name}: {count} of {before.size} values differ" if count else ""
