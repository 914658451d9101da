"""Sobol, Halton, Latin hypercube and random samples: the block ``sample``."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.errors import optional
from orchestrator.formats.parameters import Kind
from orchestrator.sweepfile import parameters, scalars
from orchestrator.sweepfile.consistency import MOST_EXPERIMENTS
from orchestrator.sweepfile.fields import Field
from orchestrator.sweepfile.problems import located
from orchestrator.sweepfile.sections import converted, mapping
from orchestrator.sweepfile.tree import Branch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.sweepfile.own_names import Names
    from orchestrator.sweepfile.problems import Position, Problems
    from orchestrator.sweepfile.tree import Node

    Take = Callable[[str, str, Position], bool]

METHODS = ("sobol", "halton", "latin-hypercube", "random")
SCALES = ("linear", "log")
_DIGITS = 6

SAMPLE: Mapping[str, Field] = {
    "method": Field(
        scalars.choice(*METHODS),
        {"enum": list(METHODS)},
        "sobol (default), halton, latin-hypercube or random. Except for latin-hypercube, increasing "
        "n keeps the existing points",
        default="sobol",
    ),
    "n": Field(
        scalars.count,
        {"type": "integer", "minimum": 1},
        "number of points; Sobol's are even if it is a power of 2",
        absent="required",
    ),
    "seed": Field(
        scalars.seed,
        {"type": "integer", "minimum": 0},
        "seed of the points; default 1",
        default=1,
    ),
}
"""The fields of ``sweep.sample``, without ``space``."""

RANGE: Mapping[str, Field] = {
    "low": Field(scalars.number, {"type": "number"}, "the smallest value", absent="required"),
    "high": Field(scalars.number, {"type": "number"}, "the largest value", absent="required"),
    "scale": Field(
        scalars.choice(*SCALES),
        {"enum": list(SCALES)},
        "log: as many points between 1 and 10 as between 10 and 100",
        default="linear",
    ),
}
"""The fields of one parameter's range under ``space``."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Points of a block: ``rows[i]`` holds one value per name, ``logarithmic`` those with such a scale."""

    names: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    logarithmic: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Range:
    """The range of a parameter, both ends included."""

    parameter: Parameter
    low: float
    high: float
    log: bool

    def values(self, shares: NDArray[np.float64]) -> list[Value]:
        """Return the values at shares of the range, from 0 to below 1.

        Real values are rounded to six significant digits: they are read, typed and named.
        """
        import numpy as np  # noqa: PLC0415  # heavy, and only samples need it

        whole = self.parameter.kind is Kind.INTEGER
        low, high = self.low, self.high + 1 if whole else self.high
        if self.log:
            low, high = math.log(low), math.log(high)
        drawn = low + shares * (high - low)
        drawn = np.exp(drawn) if self.log else drawn
        if whole:
            drawn = np.floor(drawn)
            return [int(min(max(value, self.low), self.high)) for value in drawn]
        rounded = (float(f"{value:.{_DIGITS}g}") for value in drawn)
        return [min(max(value, self.low), self.high) for value in rounded]


def read(key: str, node: Node, take: Take, known: Names, problems: Problems) -> Sample | None:
    """Read the block and draw its points; None if something is wrong with it.

    Parameters
    ----------
    key
        The block's dotted key, for sentences.
    take
        Notes that a key, a parameter and its place make an axis; returns whether they can.
    known
        What may be named.

    Raises
    ------
    RequestError
        If SciPy is needed and not installed.
    """
    before = len(problems)
    if not isinstance(node, Branch):
        wish = "method, n, seed and space, as {n: 64, space: {Lambda_E: {low: 0.5, high: 8}}}"
        problems.add(node.position, key, f"expected {wish}, got {scalars.shown(node)}")
        return None
    section = mapping(node, key, SAMPLE, problems, but="space")
    if "n" not in section.positions:
        problems.add(node.position, f"{key}.n", "required, as in n: 64")
    n = section.values.get("n", 1)
    if n > MOST_EXPERIMENTS:
        text = f"{n} points; a sweep has at most {MOST_EXPERIMENTS} experiments"
        problems.add(section.positions["n"], f"{key}.n", text)
    ranges = _space(f"{key}.space", node, take, known, problems)
    if len(problems) > before:
        return None
    method = section.values.get("method", METHODS[0])
    shares = _shares(method, n, len(ranges), section.values.get("seed", 1))
    columns = [each.values(shares[:, i]) for i, each in enumerate(ranges)]
    rows = tuple(zip(*columns, strict=True))
    position = section.positions["n"]
    if len(set(rows)) < n:
        text = f"only {len(set(rows))} of {n} points differ; take fewer, or widen a range"
        problems.add(position, f"{key}.n", text)
        return None
    names = tuple(each.parameter.name for each in ranges)
    logarithmic = tuple(each.parameter.name for each in ranges if each.log)
    return Sample(names, rows, logarithmic, _warnings(position, key, method, n))


def _space(
    key: str, node: Branch, take: Take, known: Names, problems: Problems
) -> list[_Range]:
    space = node.nodes.get("space")
    wish = "parameters and ranges, as {Lambda_E: {low: 0.5, high: 8, scale: log}}"
    if space is None:
        problems.add(node.position, key, f"required: {wish}")
    elif not isinstance(space, Branch) or not space.nodes:
        shown = "an empty one" if isinstance(space, Branch) else scalars.shown(space)
        problems.add(space.position, key, f"expected {wish}, got {shown}")
    else:
        names = [name for name in space.nodes if take(f"{key}.{name}", name, space.keys[name])]
        ranges = [
            _range(f"{key}.{name}", known.described(name), space, problems) for name in names
        ]
        return [each for each in ranges if each is not None]
    return []


def _range(key: str, parameter: Parameter, space: Branch, problems: Problems) -> _Range | None:
    """Read the range of one parameter, whose ends it must be able to have."""
    name, node = parameter.name, space.nodes[parameter.name]
    if parameter.kind in {Kind.TEXT, Kind.BOOLEAN}:
        text = "has no range; write its values under grid"
        problems.add(space.keys[name], key, text)
        return None
    if not isinstance(node, Branch):
        text = f"expected a range such as {{low: 1, high: 10}}, got {scalars.shown(node)}"
        problems.add(node.position, key, text)
        return None
    before = len(problems)
    section = mapping(node, key, RANGE, problems)
    for end in ("low", "high"):
        if end not in section.positions:
            problems.add(node.position, f"{key}.{end}", "required")
        elif end in section.values:
            read = partial(parameters.value, parameter)
            converted(f"{key}.{end}", node.nodes[end], read, problems)
    if len(problems) > before:
        return None
    low, high = float(section.values["low"]), float(section.values["high"])
    log = section.values.get("scale") == "log"
    if not low < high:
        text = f"expected more than low, {low:g}, got {high:g}"
        problems.add(section.positions["high"], f"{key}.high", text)
    elif log and low <= 0:
        text = f"expected a number above 0, since the scale is log, got {low:g}"
        problems.add(section.positions["low"], f"{key}.low", text)
    return _Range(parameter, low, high, log) if len(problems) == before else None


def _shares(method: str, n: int, axes: int, seed: int) -> NDArray[np.float64]:
    """Spread n points over the unit cube.

    Returns
    -------
    ndarray
        Shape (n, axes), in [0, 1). Sobol's and Halton's sequences are scrambled (Owen 1998,
        doi:10.1006/jcom.1998.0487), so that no point lies on a corner.
    """
    import numpy as np  # noqa: PLC0415  # as above

    if method == "random":
        return np.random.default_rng(seed).random((n, axes))
    with optional(f"the points of sweep.sample (method {method}) need"):
        from scipy.stats import qmc  # noqa: PLC0415  # heavy, and optional
    kinds = {"sobol": qmc.Sobol, "halton": qmc.Halton, "latin-hypercube": qmc.LatinHypercube}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # _warnings names the place
        shares: NDArray[np.float64] = kinds[method](axes, rng=seed).random(n)
    return shares


def _warnings(position: Position, key: str, method: str, n: int) -> tuple[str, ...]:
    if method != "sobol" or n & (n - 1) == 0:
        return ()
    near = sorted({1 << (n.bit_length() - 1), 1 << n.bit_length()})
    text = f"Sobol's points lie evenly for powers of 2, such as {near[0]} or {near[1]}; got {n}"
    return (located(position, f"{key}.n", text),)
