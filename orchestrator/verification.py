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
        Simulated time in the first run, in t0.
    digest
        SHA-256 of the first run's time and height map.
    difference
        What is different, in words; empty where nothing is.
    """

    time_t0: float
    digest: str
    difference: str


def digests(reduced: Reduced) -> list[str]:
    """Return the SHA-256 of each snapshot's time and height map."""
    return [
        hashlib.sha256(np.float64(time).tobytes() + one.astype("<i2").tobytes()).hexdigest()
        for time, one in zip(reduced.times, reduced.height_maps, strict=False)
    ]


def compare(first: Reduced, second: Reduced) -> Iterator[Comparison]:
    """Compare each snapshot of the first run with the same one of the second."""
    theirs = digests(second)
    for i, digest in enumerate(digests(first)):
        if i >= len(theirs):
            difference = "the second run has no such snapshot"
        elif digest != theirs[i]:
            difference = _difference(first, second, i)
        else:
            difference = _spectra(first, second, i)
        yield Comparison(float(first.times[i]), digest, difference)


def _difference(first: Reduced, second: Reduced, index: int) -> str:
    if first.times[index] != second.times[index]:
        return f"the second run has it at t = {second.times[index]:.9g} t0"
    one, other = first.height_maps[index], second.height_maps[index]
    if one.shape != other.shape:
        return f"a map of {other.shape[0]} x {other.shape[1]} columns in the second run"
    columns = int(np.count_nonzero(one != other))
    return f"{columns} of {one.size} columns have another height"


def _spectra(first: Reduced, second: Reduced, index: int) -> str:
    if not (len(first.spectra) > index and len(second.spectra) > index):
        return ""
    one, other = first.spectra[index], second.spectra[index]
    if one.shape == other.shape:
        off = float(np.abs(one - other).max(initial=0.0))
        if off <= _SPECTRA_TOLERANCE * float(np.abs(one).max(initial=1.0)):
            return ""
    return "the height maps are equal, the spectra are not"
