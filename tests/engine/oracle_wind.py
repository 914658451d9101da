"""What a wind speed does, for the second, slow program: ``speed`` of the model's description."""

# the model's own symbols
# ruff: noqa: N806

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

f32 = np.float32


class Nature(NamedTuple):
    """A property file, rows ``tau e r`` of the saturated flux, and two rates; single precision."""

    kappa: Any
    z_0: Any
    z: Any
    ra: Any
    rs: Any
    g: Any
    d: Any
    table: Sequence[tuple[Any, Any, Any]]
    Lambda_T: Any
    Lambda_C: Any

    def speed(self, v: Any, tau_min: Any, tau_max: Any) -> tuple[Any, Any, Any]:
        """Return ``Tau_min``, ``Tau_max`` and the time scale of a wind of ``v`` m/s."""
        ut = f32(0.1 * math.sqrt(float(self.rs / self.ra * self.g * self.d)))
        l0 = f32(float(f32(5) * (self.rs / self.ra) * self.d) / 4.0)
        if v >= 0:
            u = f32(float(v * self.kappa) / math.log(float(self.z / self.z_0)))
            Q = f32(1) - (ut / u) * (ut / u) if u else f32(-np.inf)
            first = next((i for i, row in enumerate(self.table) if row[2] <= Q), None)
            if first is None:
                tau_min, e, _ = self.table[-1]
            else:
                tau, e, r = self.table[first]
                above = self.table[first - 1]
                s = (Q - r) / (above[2] - r)
                tau_min = above[0] * s + tau * (f32(1) - s)
            tau_min = tau_min or f32(1)
            tau_max = f32(float(tau_min) + 1000.0)
        else:
            tau_min = tau_min or f32(1)
            at_least = (row for row in self.table if row[0] >= tau_min)
            _, e, r = next(at_least, (None, f32(0), f32(1)))
            u = ut / np.sqrt(f32(1) - r) if r < 1 else f32(0)
        if not u > ut:
            return tau_min, tau_max, f32(1e6)
        least = 22.0 * float(self.ra / self.rs) * float(np.sqrt(self.d / self.g))
        qs = f32(least * float(u * u - ut * ut))
        return tau_min, tau_max, ((self.Lambda_T * e) / self.Lambda_C) * (l0 * l0) / qs
