"""Replicates as statistics: what several seeds of a point tell, and how many would tell enough."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import formulas
from orchestrator.analysis.directions import folded
from orchestrator.errors import RequestError, optional
from orchestrator.formulas import FormulaError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from orchestrator.formulas import Formula

_LEVEL = 0.95
_MOST = 200  # seeds that are ever proposed for a point
_CALL = re.compile(r"\b(ci|sem|std|mean)\s*\(\s*([A-Za-z_]\w*)\s*\)")


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of a quantity from ``count`` seeds, of one value or of arrays of them.

    Attributes
    ----------
    count
        Seeds that have a value.
    mean, std
        Sample mean, and standard deviation with ``count - 1`` in the denominator; not a number
        for no seed, and for one.
    """

    count: NDArray[np.intp]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]

    @property
    def sem(self) -> NDArray[np.float64]:
        """Standard error of the mean."""
        return self.std / np.sqrt(self.count)

    @property
    def half_width(self) -> NDArray[np.float64]:
        """Half the width of the 95 % confidence interval of the mean, by Student's t."""
        with optional("confidence intervals need"):
            from scipy.special import stdtrit  # noqa: PLC0415  # heavy, and optional

        factor = stdtrit(np.maximum(self.count - 1, 1), 0.5 + _LEVEL / 2)
        return np.where(self.count > 1, factor * self.sem, np.inf)


def spread(values: ArrayLike, axis: int = 0, *, axial: bool = False) -> Spread:
    """Return what replicates tell; those that are not a number do not count.

    Parameters
    ----------
    values
        float64 with the seeds along ``axis``.
    axial
        Whether they are directions in degrees of which the opposite is the same, such as a wave's.
        Their mean is that of the doubled angles on a circle (Mardia and Jupp, Directional
        Statistics, 2000, section 9.1), in (-90, 90], and deviations are the shorter way round.
    """
    seeds = np.moveaxis(np.asarray(values, np.float64), axis, 0)
    known = ~np.isnan(seeds)
    count = known.sum(axis=0)
    some, several = np.maximum(count, 1), np.maximum(count - 1, 1)
    if axial:
        doubled = np.where(known, np.exp(2j * np.radians(seeds)), 0).sum(axis=0)
        mean = np.where(count > 0, folded(np.degrees(np.angle(doubled)) / 2), np.nan)
        away = folded(seeds - mean)
    else:
        mean = np.where(count > 0, np.where(known, seeds, 0).sum(axis=0) / some, np.nan)
        away = seeds - mean
    variance = np.where(known, away**2, 0).sum(axis=0) / several
    return Spread(count, mean, np.where(count > 1, np.sqrt(variance), np.nan))


@dataclass(frozen=True, slots=True)
class Criterion:
    """When a point needs more seeds: a formula of ``ci``, ``sem``, ``std`` and ``mean``.

    ``ci(q)`` is half the confidence interval over the mean, so that 0.1 is ten percent.
    """

    text: str
    quantities: tuple[str, ...]
    _formula: Formula

    def unmet(self, spreads: Mapping[str, Spread]) -> bool:
        """Tell whether more seeds are wanted, which they are where nothing can be told.

        Raises
        ------
        RequestError
            Where the formula has no value, or one that is neither true nor untrue.
        """
        if any(spread.count == 0 for spread in spreads.values()):
            return True
        values: dict[str, float] = {"n": int(min(spread.count for spread in spreads.values()))}
        for name, spread in spreads.items():
            mean, width = float(spread.mean), float(spread.half_width)
            values[f"mean_{name}"] = mean
            values[f"ci_{name}"] = _part(width, abs(mean))
            values[f"std_{name}"] = float(spread.std) if spread.count > 1 else math.inf
            values[f"sem_{name}"] = float(spread.sem) if spread.count > 1 else math.inf
        finite = {
            name: 1.0 if math.isinf(spread) else spread for name, spread in values.items()
        }
        unmet = self._holds(finite)
        if finite == values:
            return unmet
        try:
            return bool(self._formula.evaluate(values))
        except FormulaError:  # of what is not known yet, such as twice an endless interval
            return True

    def _holds(self, values: Mapping[str, float]) -> bool:
        try:
            value = self._formula.evaluate(values)
        except FormulaError as error:
            raise RequestError(f"{_origin(self.text)}: {error}") from error
        if not isinstance(value, bool):
            wanted = "expected a comparison such as ci(wavelength) > 0.1"
            got = value if isinstance(value, str) else f"{value:.4g}"
            raise RequestError(f"{_origin(self.text)}: {wanted}, got {got}")
        return value


def _origin(text: str) -> str:
    return f"--extend-seeds {text!r}"


def _part(width: float, mean: float) -> float:
    """Return a width as a part of the mean; of no width none, whatever the mean is."""
    if width == 0:
        return 0.0
    return width / mean if mean else math.inf


def criterion(text: str, known: Mapping[str, bool]) -> Criterion:
    """Read a criterion such as ``ci(wavelength) > 0.1``.

    Parameters
    ----------
    known
        For every quantity, whether it is axial, as in :func:`spread`.

    Raises
    ------
    RequestError
        Where it is no formula, names a quantity that is not in ``known``, or asks for a part of a
        direction.
    """
    origin = _origin(text)
    called = [(match[1], match[2]) for match in _CALL.finditer(text)]
    if unknown := [name for _, name in called if name not in known]:
        raise RequestError(f"{origin}: {unknown[0]}: expected one of {', '.join(known)}")
    if axial := [name for function, name in called if function == "ci" and known[name]]:
        wanted = f"sem({axial[0]}), which is in degrees"
        raise RequestError(f"{origin}: ci({axial[0]}): a direction has no parts; use {wanted}")
    try:
        formula = formulas.parse(_CALL.sub(_name, text))
    except FormulaError as error:
        raise RequestError(f"{origin}: {error}") from error
    allowed = {f"{function}_{name}" for function, name in called} | {"n"}
    if not called or not set(formula.names) <= allowed:
        raise RequestError(f"{origin}: expected a formula such as ci(wavelength) > 0.1")
    return Criterion(text, tuple(dict.fromkeys(name for _, name in called)), formula)


def _name(call: re.Match[str]) -> str:
    """Return the name that stands for a call, as long as that, so that columns stay."""
    return f"{call[1]}_{call[2]}".ljust(len(call[0]))


def seeds_wanted(criterion: Criterion, spreads: Mapping[str, Spread], made: int) -> int | None:
    """Return how many seeds would do if more of them turn out as the ``made`` ones did.

    The same share of them has a value, and these vary as much. None where two hundred would not do,
    or where fewer than two have a value.
    """
    count = int(min((spread.count for spread in spreads.values()), default=0))
    if count < 2:
        return None
    for number in range(count, _MOST + 1):
        supposed = {
            name: Spread(np.array(number), spread.mean, spread.std)
            for name, spread in spreads.items()
        }
        if not criterion.unmet(supposed):
            wanted = max(made, math.ceil(number * made / count))
            return wanted if wanted <= _MOST else None
    return None
