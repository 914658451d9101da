"""Whether two runs of an experiment are the same, snapshot by snapshot."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.model import Reduced

_SPECTRA_TOLERANCE = 1e-5  # of the largest value; processors may round transforms differently


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


def compare(first: Reduced, second: Reduced, recorded: int = 0) -> Iterator[Comparison]:
    """Compare each snapshot of the first run with the same one of the second.

    Its time, and of height map, counts of cells and spectrum what both runs have. Of ``recorded``
    snapshots of the first run, those that are no longer there are different.
    """
    for i, digest in enumerate(digests(first)):
        yield Comparison(float(first.times[i]), digest, _difference(first, second, i))
    for i in range(len(first.times), recorded):
        time_t0 = float(second.times[i]) if i < len(second.times) else np.nan
        yield Comparison(time_t0, "", "recorded of the first run, but not in its files")


def _difference(first: Reduced, second: Reduced, index: int) -> str:
    if index >= len(second.times):
        return "the second run has no such snapshot"
    if first.times[index] != second.times[index]:
        return f"the second run has it at t = {second.times[index]:.9g} t0"
    looks = (_maps, _counts, _spectra)
    return next((said for look in looks if (said := look(first, second, index))), "")


def _maps(first: Reduced, second: Reduced, index: int) -> str:
    if not (len(first.height_maps) > index and len(second.height_maps) > index):
        return ""
    one, other = first.height_maps[index], second.height_maps[index]
    if one.shape != other.shape:
        return f"a map of {other.shape[0]} x {other.shape[1]} columns in the second run"
    columns = int(np.count_nonzero(one != other))
    return f"{columns} of {one.size} columns have another height" if columns else ""


def _counts(first: Reduced, second: Reduced, index: int) -> str:
    if not (len(first.cell_counts) > index and len(second.cell_counts) > index):
        return ""
    one, other = first.cell_counts[index], second.cell_counts[index]
    if not one.any() or not other.any() or (one == other).all():  # zeros where none were kept
        return ""
    words = (" ".join(map(str, counts)) for counts in (one, other))
    return "grains, mobile and sintered ones are {}, in the second run {}".format(*words)


def _spectra(first: Reduced, second: Reduced, index: int) -> str:
    if not (len(first.spectra) > index and len(second.spectra) > index):
        return ""
    one, other = first.spectra[index], second.spectra[index]
    if one.shape == other.shape:
        off = float(np.abs(one - other).max(initial=0.0))
        if off <= _SPECTRA_TOLERANCE * float(np.abs(one).max(initial=0.0)):
            return ""
    return "the spectra differ, all else is equal"
