"""Contradictions between the parts of a sweep file, and what is missing in it."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formats import winds
from orchestrator.formats.parameters import ALIASES
from orchestrator.formats.winds import WIND
from orchestrator.model.experiments import Run
from orchestrator.sweepfile.problems import unknown
from orchestrator.sweepfile.winds import SPEEDS_NEED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.formulas import Formula
    from orchestrator.model import Axis
    from orchestrator.sweepfile.own_names import Names
    from orchestrator.sweepfile.parameters import Settled
    from orchestrator.sweepfile.problems import Position, Problems
    from orchestrator.sweepfile.sections import Section

MOST_EXPERIMENTS = 100_000
"""A sweep has at most so many experiments; more is refused before any is made."""

_MOST_SNAPSHOTS = 1_000_000
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]*)?")
_NEEDED = ("H", "L", "D")
_CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a sweep before they are checked together; ``position`` is its file's beginning.

    ``known`` is what it may name.
    """

    position: Position
    known: Names
    axes: Sequence[Axis]
    settled: Settled
    seeds: Sequence[int]
    run: Section
    outputs: Section

    @property
    def needed(self) -> tuple[str, ...]:
        """The parameters that have to have values."""
        if self.known.rescal:
            return _NEEDED
        return tuple(p.name for p in self.known.table.values() if p.default is None)

    @property
    def names(self) -> set[str]:
        """All parameters that have values."""
        swept = {name for axis in self.axes for name in axis.names}
        others = {WIND} if self.settled.wind is not None else set()
        if not self.known.rescal:  # which has its defaults from the start
            others = {p.name for p in self.known.table.values() if p.default is not None}
        return {*self.settled.values, *self.settled.formulas, *swept, *others}

    def position_of(self, name: str) -> Position:
        """Return where a parameter is settled; the file's beginning if it is not."""
        return self.settled.positions.get(name, self.position)

    def own(self, name: str) -> bool:
        """Whether the file itself or the command line settles a parameter, and no template."""
        position = self.position_of(name)
        return position.source == self.position.source or not position.line

    def values(self, name: str) -> set[Value] | None:
        """Return all values that a parameter takes; None where a formula decides."""
        if name in self.settled.formulas:
            return None
        if name in self.settled.values:
            return {self.settled.values[name]}
        for axis in self.axes:
            if name in axis.names:
                column = axis.names.index(name)
                return {row[column] for row in axis.points}
        default = self.known.described(name).default
        return set() if default is None else {default}

    @property
    def by_speed(self) -> bool:
        """Whether there are winds whose strength is a speed."""
        if self.settled.wind is not None:
            return self.settled.wind.unit == "rt"
        return any(winds.parse(str(text)).unit == "rt" for text in self.values(WIND) or ())

    @property
    def thresholds(self) -> set[float]:
        """The thresholds of single winds, as far as they are numbers or names of such."""
        return {low for text in self._of_winds for low in self._numbers_of(text)}

    @property
    def threshold_pairs(self) -> Iterator[tuple[float, float]]:
        """The thresholds of single winds, likewise, each with values of ``Tau_max`` beside it."""
        for text in sorted(self._of_winds):
            lows = self._numbers_of(text)
            if lows and text in self.names:
                yield from self.pairs(text, "Tau_max")
            else:
                yield from itertools.product(lows, sorted(self.numbers("Tau_max")))

    @property
    def _of_winds(self) -> set[str]:
        """The formulas of the thresholds of single winds."""
        rows = self.settled.wind.rows if self.settled.wind is not None else ()
        return set() if self.by_speed else {row[2].formula.text for row in rows if len(row) > 2}

    def _numbers_of(self, text: str) -> set[float]:
        """Return the values of a formula that is a number or a name; none of any other."""
        if _NUMBER.fullmatch(text):
            return {float(text)}
        return {float(v) for v in self.values(text) or () if not isinstance(v, str)}

    @property
    def winds_last_t0(self) -> set[float]:
        """The mean durations of the winds, in t0, as far as they are numbers."""
        if self.by_speed:
            return set()
        rows = self.settled.wind.rows if self.settled.wind is not None else ()
        texts = [row[0].formula.text for row in rows]
        means = set()
        if texts and all(map(_NUMBER.fullmatch, texts)):
            means.add(sum(map(float, texts)) / len(texts))
        for text in self.values(WIND) or ():
            blowing = winds.parse(str(text)).rows
            means.add(sum(row.duration for row in blowing) / len(blowing))
        return means

    def numbers(self, name: str) -> set[float]:
        """Return the values of a number; none where a formula decides."""
        return {float(value) for value in self.values(name) or ()}

    def rates(self, name: str) -> set[float]:
        """Return the values of a rate; a negative Lambda_T is three times Lambda_C."""
        rates = self.numbers(name)
        if min(rates, default=0.0) < 0:
            return {rate for rate in rates if rate >= 0} | self.rates("Lambda_C")
        return rates

    def pairs(self, a: str, b: str) -> Iterable[tuple[float, float]]:
        """Return the pairs of values that two numbers take; none where a formula decides."""
        for axis in self.axes:
            if a in axis.names and b in axis.names:
                i, j = axis.names.index(a), axis.names.index(b)
                return [(float(row[i]), float(row[j])) for row in axis.points]
        return itertools.product(sorted(self.numbers(a), reverse=True), sorted(self.numbers(b)))


def check(parts: Parts, where: Formula | None, position: Position, problems: Problems) -> None:
    """Note what contradicts itself or is missing; ``position`` is where ``where`` stands."""
    names, positions = parts.names, parts.settled.positions
    mentioned = names | set(positions)  # a value that was refused is not missing too
    for name in parts.needed:
        if name not in mentioned:
            unit = parts.known.table[name].unit
            wish = f"required, in {unit}" if unit else "required"
            problems.add(parts.position, f"parameters.{name}", wish)
    wind = parts.settled.wind
    own_threshold = wind is not None and wind.own_threshold
    for name, formula in parts.settled.formulas.items():
        known = mentioned | {"Tau_min"} if own_threshold else mentioned
        _check_names(parts, formula, known, positions[name], f"derived.{name}", problems)
    if where is not None:
        _check_names(parts, where, mentioned, position, "where", problems)
    if own_threshold:
        _computed_from_threshold(parts, problems)
    if parts.known.rescal:
        _check_rescal(parts, mentioned, problems)
    elif parts.run.values.get("on_timeout") == _CONTINUE:
        text = (
            "a simulator of your own begins anew each time, since its frames are not its whole "
            "state; leave it out"
        )
        problems.add(parts.run.positions["on_timeout"], "run.on_timeout", text)
    _check_run(parts, problems)
    _check_count(parts, problems)


def _check_rescal(parts: Parts, mentioned: Iterable[str], problems: Problems) -> None:
    """Note what contradicts itself among parameters of ReSCAL-snow."""
    names, positions = parts.names, parts.settled.positions
    _check_wind(parts, mentioned, problems)
    for name, today in ALIASES.items():
        if {name, today} <= names:
            problems.add(
                positions[name], name, f"an obsolete name of {today}, which is set too"
            )
    if "Phys_prop_file" in names and "Qsat_file" not in mentioned:
        text = "needs Qsat_file beside it, as real_data/PDF.data"
        problems.add(positions["Phys_prop_file"], "parameters.Phys_prop_file", text)


def _computed_from_threshold(parts: Parts, problems: Problems) -> None:
    """Note formulas over a threshold that each wind has of its own."""
    for name, formula in parts.settled.formulas.items():
        if "Tau_min" in formula.names:
            text = f"each wind has a Tau_min of its own; set {name} as a number"
            problems.add(parts.settled.positions[name], f"derived.{name}", text)


def _check_wind(parts: Parts, mentioned: Iterable[str], problems: Problems) -> None:
    """Note names in the winds that have no value, and speeds that mean nothing."""
    wind, positions = parts.settled.wind, parts.settled.positions
    for number, formula in wind.numbers if wind is not None else ():
        _check_names(parts, formula, mentioned, positions[number], number, problems)
    if parts.by_speed and "Phys_prop_file" not in parts.names:
        problems.add(positions[WIND], f"parameters.{WIND}", SPEEDS_NEED)


def _check_names(  # noqa: PLR0913, PLR0917  # a formula, its place, and what it may name
    parts: Parts,
    formula: Formula,
    known: Iterable[str],
    position: Position,
    key: str,
    problems: Problems,
) -> None:
    for name in formula.names:
        if name not in known:
            if name in parts.known.table:
                text = f"{name} has no value in this sweep"
            else:
                text = f"{name}: {unknown(name, known, 'parameter')}"
            problems.add(position, key, text)


def _check_run(parts: Parts, problems: Problems) -> None:
    run, outputs = parts.run, parts.outputs
    for key in ("stop", "every"):
        if key not in run.positions:
            problems.add(parts.position, f"run.{key}", "required, in t0")
    if {"stop", "every"} <= run.values.keys():
        stop, every = run.values["stop"], run.values["every"]
        if every > stop:
            text = f"{every:g} t0 is more than run.stop, {stop:g} t0"
            problems.add(run.positions["every"], "run.every", text)
        elif (many := len(Run(stop, every).multiples())) > _MOST_SNAPSHOTS:
            text = f"{many:.4g} snapshots; expected at most {_MOST_SNAPSHOTS}"
            problems.add(run.positions["every"], "run.every", text)
    if outputs.values.get("height_maps") is False and outputs.values.get("ffts") is False:
        text = "without height_maps and ffts nothing would be left of a run"
        problems.add(outputs.positions["ffts"], "outputs.ffts", text)


def _check_count(parts: Parts, problems: Problems) -> None:
    points = math.prod(len(axis.points) for axis in parts.axes) * len(parts.seeds)
    if points > MOST_EXPERIMENTS:
        factors = [*(len(axis.points) for axis in parts.axes), len(parts.seeds)]
        product = " x ".join(str(factor) for factor in factors if factor > 1)
        text = f"{product} experiments; a sweep has at most {MOST_EXPERIMENTS}"
        problems.add(parts.position, "sweep", text)


def ordered(settled: Settled, problems: Problems) -> dict[str, Formula]:
    """Return the formulas so that each comes after those that it needs."""
    waiting = dict(settled.formulas)
    done: dict[str, Formula] = {}
    while waiting:
        ready = [n for n, f in waiting.items() if not any(used in waiting for used in f.names)]
        if not ready:
            first = next(iter(waiting))
            circle = ", ".join(waiting)
            text = (
                f"computed in a circle: {circle}"
                if len(waiting) > 1
                else "computed from itself"
            )
            problems.add(settled.positions[first], f"derived.{first}", text)
            return done
        done |= {name: waiting.pop(name) for name in ready}
    return done
