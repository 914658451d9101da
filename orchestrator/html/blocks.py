"""Experiments as the page stores them: an entry for diagram and table, a block for the rest.

A block is a zlib stream of the length of a JSON object (uint32, little-endian), the object (the
head), and the bytes of the arrays that the head names with their dtypes and shapes, one after the
other. ``levels`` is uint8 [n, rows, columns] (see :class:`~orchestrator.html.downsample.Maps`),
``spectra`` uint8 [n, ky, kx], parts of 255 of the head's ``peaks``; ``series_times`` in t0 and each
quantity, in its unit, are float32 [points].
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from orchestrator.analysis import sampling
from orchestrator.formats.content_names import original
from orchestrator.html import downsample
from orchestrator.html.values import Packed
from orchestrator.model.heights import brimful

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value
    from orchestrator.html.downsample import Allowance, Maps
    from orchestrator.html.values import Exhibit
    from orchestrator.model.snapshots import Reduced

_LENGTH = struct.Struct("<I")
# percentiles: rarer values, such as the waves of a bed that is still flat, are off the scale
_USUAL = (2, 98)
_USUAL_HEIGHTS = (0.5, 99.5)
_COMPRESSION = 4  # 6 takes twice as long for a hundredth less, 9 six times


def pack(
    exhibit: Exhibit,
    names: Sequence[str],
    quantities: Sequence[str],
    allowance: Allowance,
) -> Packed:
    """Pack one experiment at the best resolution that fits its share of the page.

    Parameters
    ----------
    names
        The swept parameters, in the order of the table's columns.
    quantities
        The names of the series, in the order of the table's columns.
    """
    chosen = downsample.snapshots(exhibit.reduced.times, allowance.times)
    height_maps = exhibit.reduced.height_maps
    # a sweep may keep none
    shown = brimful(height_maps[chosen]) if len(height_maps) else height_maps
    details = _details(exhibit)
    series = _series(exhibit, quantities, allowance.points)
    block = b""
    maps = None
    count, depth, length = shown.shape
    sides = downsample.sides(depth, length, count, allowance.block_bytes)
    for side in sides:
        maps = downsample.quantized(shown, side)
        if side < sides[-1] and _far_over(maps, allowance.block_bytes):
            continue
        block = _block(details, exhibit.reduced, chosen, maps, series)
        if len(block) <= allowance.block_bytes:
            break
    number = exhibit.status.experiment.number
    return Packed(number, _entry(exhibit, names, quantities, maps), block)


def _block(
    details: Mapping[str, object],
    reduced: Reduced,
    chosen: NDArray[np.int64],
    maps: Maps,
    series: Mapping[str, NDArray[np.float32]],
) -> bytes:
    arrays: dict[str, NDArray[Any]] = {"levels": maps.levels, **series}
    peaks: list[float] = []
    if len(reduced.spectra):
        arrays["spectra"], peaks = downsample.scaled(reduced.spectra[chosen])
    head = {
        **details,
        "times": [*map(_rounded, reduced.times[chosen])],
        "low": maps.low,
        "step": maps.step,
        "side": maps.side,
        "peaks": [float(f"{peak:.5g}") for peak in peaks],
        "arrays": [[name, a.dtype.str, list(a.shape)] for name, a in arrays.items()],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    parts = [_LENGTH.pack(len(text)), text, *(a.tobytes() for a in arrays.values())]
    return zlib.compress(b"".join(parts), _COMPRESSION)


def _far_over(maps: Maps, most_bytes: int) -> bool:
    """Tell by the map in the middle that all of them have no room, even if half of them are flat."""
    count = len(maps.levels)
    middle = zlib.compress(maps.levels[count // 2].tobytes(), _COMPRESSION) if count else b""
    return len(middle) * count > 2 * most_bytes


def _details(exhibit: Exhibit) -> dict[str, object]:
    depth, length = _domain(exhibit)
    return {
        "depth": depth,
        "length": length,
        "parameters": dict(exhibit.status.experiment.point.parameters),
        "provenance": dict(exhibit.provenance),
        "attempts": list(exhibit.attempts),
        "log_tail": list(exhibit.log_tail),
    }


def _domain(exhibit: Exhibit) -> tuple[int, int]:
    """Return depth and length of the domain in cells; 0 if unknown."""
    _, depth, length = exhibit.reduced.height_maps.shape
    parameters = exhibit.status.experiment.point.parameters
    return depth or int(parameters.get("D", 0)), length or int(parameters.get("L", 0))


def _series(
    exhibit: Exhibit, quantities: Sequence[str], points: int
) -> dict[str, NDArray[np.float32]]:
    """Return the times, and the values of each quantity, at no more than ``points`` snapshots."""
    kept = sampling.evenly(len(exhibit.reduced.times), points)
    series = {"series_times": exhibit.reduced.times[kept].astype("<f4")}
    for quantity in quantities:
        if quantity in exhibit.series:
            series[quantity] = exhibit.series[quantity][kept].astype("<f4")
    return series


def _entry(
    exhibit: Exhibit, names: Sequence[str], quantities: Sequence[str], maps: Maps | None
) -> dict[str, object]:
    status = exhibit.status
    point, record = status.experiment.point, status.record
    return {
        "number": status.experiment.number,
        "values": [_shown(point.parameters.get(name)) for name in names],
        "seed": point.seed,
        "state": status.state.value,
        "fraction": round(status.fraction, 4),
        "time": round(status.time_t0, 2),
        "stop": status.stop_t0,
        "snapshots": len(exhibit.reduced.times),
        "attempt": status.attempt,
        "wall": None if record is None else round(record.wall_s, 1),
        "remark": exhibit.remark,
        "full": None if exhibit.full_t0 is None else _rounded(exhibit.full_t0),
        "last": [_last(exhibit, quantity) for quantity in quantities],
        "spans": [_span(exhibit, quantity) for quantity in quantities],
        "domain": _domain(exhibit),
        "scales": {
            "cell": _finite(exhibit.scales.cell_m),
            "t0": _finite(exhibit.scales.t0_s),
        },
        "winds": None
        if exhibit.winds is None
        else [[round(h, 2), round(s, 4)] for h, s in exhibit.winds.items()],
        "heights": _heights(maps),
        "relief": _relief(maps),
    }


def _rounded(time_t0: float) -> float:
    """Return a time as all of the page has it, which is compared with others of it."""
    return round(float(time_t0), 3)


def _finite(value: float) -> float | None:
    return float(f"{value:.7g}") if np.isfinite(value) else None


def _shown(value: Value | None) -> Value | None:
    """Return a value without the hash that the name of a file has."""
    return original(value) if isinstance(value, str) else value


def _last(exhibit: Exhibit, quantity: str) -> float | None:
    """Return a quantity at the last snapshot; None if it has no value there.

    Counts are exact, measurements have nine digits: the table shows fewer, a CSV file saved from it
    all of them.
    """
    values = exhibit.series.get(quantity, np.zeros(0))
    if not np.isfinite(values[-1:]).any():
        return None
    value = float(values[-1])
    return int(value) if value.is_integer() else float(f"{value:.9g}")


def _span(exhibit: Exhibit, quantity: str) -> list[float] | None:
    """Return the range of a quantity without its rarest values, for the colour scale."""
    values = exhibit.series.get(quantity, np.zeros(0))
    known = np.sort(values[np.isfinite(values)])
    if not len(known):
        return None
    # what np.percentile does, in a tenth of its time
    usual = np.interp(np.array(_USUAL) / 100 * (len(known) - 1), np.arange(len(known)), known)
    return [float(f"{v:.5g}") for v in usual]


def _heights(maps: Maps | None) -> list[float] | None:
    """Return the range of heights without the rarest ones, in cells."""
    if maps is None or not maps.levels.size:
        return None
    low, high = np.percentile(maps.levels, _USUAL_HEIGHTS)
    return [round(maps.low + maps.step * float(level), 2) for level in (low, high)]


def _relief(maps: Maps | None) -> float | None:
    """Return the largest distance of heights from the mean of their map, in cells.

    Rare ones are left out.
    """
    if maps is None or not maps.levels.size:
        return None
    distance = np.abs(maps.levels - maps.levels.mean(axis=(1, 2), keepdims=True))
    return round(maps.step * float(np.percentile(distance, _USUAL_HEIGHTS[1])), 2)
