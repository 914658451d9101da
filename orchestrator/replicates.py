"""Replicates as statistics: what several seeds of a point tell, and how many would tell enough."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator import arithmetic
from orchestrator.arithmetic import FormulaError
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from orchestrator.arithmetic import Formula

_LEVEL = 0.95
_MOST = 200  # seeds that are ever proposed for a point
_CALL = re.compile(r"\b(ci|sem|std|mean)\s*\(\s*([A-Za-z_]\w*)\s*\)")


@dataclass(frozen=True, slots=True)
class Spread:
    """What is known of a quantity from ``count`` seeds.

    Attributes
    ----------
    mean, std
        Sample mean, and standard deviation with ``count - 1`` in the denominator.
    """

    count: int
    mean: float
    std: float

    @property
    def sem(self) -> float:
        """Standard error of the mean."""
        return self.std / math.sqrt(self.count) if self.count else math.nan

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % confidence interval of the mean, by Student's t."""
        if self.count < 2:
            return math.inf
        from scipy.special import stdtrit  # noqa: PLC0415  # heavy, and optional

        return float(stdtrit(self.count - 1, 0.5 + _LEVEL / 2)) * self.sem


def spread(values: Sequence[float]) -> Spread:
    """Return what ``values``, one per seed, tell; those that are not a number do not count."""
    known = np.array([value for value in values if not math.isnan(value)])
    if known.size == 0:
        return Spread(0, math.nan, math.nan)
    return Spread(
        known.size,
        float(known.mean()),
        float(known.std(ddof=1)) if known.size > 1 else math.nan,
    )


@dataclass(frozen=True, slots=True)
class Wish:
    """When a point needs more seeds: a formula of ``ci``, ``sem``, ``std`` and ``mean``.

    ``ci(q)`` is half the confidence interval over the mean, so that 0.1 is ten percent.
    """

    text: str
    quantities: tuple[str, ...]
    _formula: Formula

    def unmet(self, spreads: Mapping[str, Spread]) -> bool:
        """Tell whether more seeds are wanted."""
        values: dict[str, bool | int | float | str] = {
            "n": min((s.count for s in spreads.values()), default=0)
        }
        for name, one in spreads.items():
            mean = abs(one.mean)
            values[f"ci_{name}"] = one.half_width / mean if mean > 0 else math.inf
            values[f"sem_{name}"], values[f"std_{name}"] = one.sem, one.std
            values[f"mean_{name}"] = one.mean
        return bool(self._formula.evaluate(values))


def wish(text: str, known: Collection[str]) -> Wish:
    """Read a wish such as ``ci(wavelength) > 0.1``.

    Raises
    ------
    RequestError
        Where it is no formula, or names a quantity that is not in ``known``.
    """
    place = f"--extend-seeds {text!r}"
    called = [(match[1], match[2]) for match in _CALL.finditer(text)]
    if unknown := [name for _, name in called if name not in known]:
        raise RequestError(f"{place}: {unknown[0]}: expected one of {', '.join(known)}")
    try:
        formula = arithmetic.parse(_CALL.sub(r"\1_\2", text))
    except FormulaError as error:
        raise RequestError(f"{place}: {error}") from error
    allowed = {f"{function}_{name}" for function, name in called} | {"n"}
    if not called or not set(formula.names) <= allowed:
        raise RequestError(f"{place}: expected a formula such as ci(wavelength) > 0.1")
    return Wish(text, tuple(dict.fromkeys(name for _, name in called)), formula)


def seeds_wanted(wished: Wish, spreads: Mapping[str, Spread]) -> int | None:
    """Return how many seeds would do if more of them vary as those that are known.

    None where two hundred would not, or where fewer than two are known.
    """
    count = min((s.count for s in spreads.values()), default=0)
    if count < 2:
        return None
    for number in range(count, _MOST + 1):
        supposed = {name: Spread(number, s.mean, s.std) for name, s in spreads.items()}
        if not wished.unmet(supposed):
            return number
    return None
