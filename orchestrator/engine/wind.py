"""Winds that change by a file: their rows, and what a wind speed means for the threshold.

The relations of wind speed, threshold and duration of a t0 are those of the model's authors
(Narteau et al. 2009, section 3; Rozier and Narteau 2014, section 2), rounded as they round them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.errors import FormatError
from orchestrator.formats import winds
from orchestrator.formats.properties import UNKNOWN_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.formats.parameters import Value
    from orchestrator.formats.properties import Properties, SaturatedFlux


class Row(NamedTuple):
    """One wind: how long it blows, from where, in degrees, and how strongly."""

    duration: np.float32
    angle: np.float32
    value: np.float32


@dataclass(frozen=True, slots=True)
class WindFile:
    """The winds of a wind file in single precision."""

    unit: str
    rows: tuple[Row, ...]


def read(path: Path) -> WindFile:
    """Read a wind file.

    Raises
    ------
    FormatError
        If it is not named or :func:`orchestrator.formats.winds.read` refuses it.
    """
    if path == Path():
        raise FormatError("Wind_file: expected the name of a file")
    table = winds.read(path)
    rows = tuple(Row(*map(np.float32, row)) for row in table.rows)
    return WindFile(table.unit, rows)


def unsuited(
    file: WindFile, nature: Properties, flux: SaturatedFlux, tau_min: float
) -> Iterator[tuple[str, str]]:
    """Yield a parameter and why speeds of a wind file mean nothing beside its value.

    ``tau_min`` is the threshold before the first wind.
    """
    if file.unit != "rt":
        return
    if any(row.value >= 0 for row in file.rows):
        if nature.z <= nature.z_0:
            why = (
                f"z, the height of a speed, {nature.z:g} m, is not above z_0, {nature.z_0:g} m"
            )
            yield "Phys_prop_file", why
        if flux.ratio[0] < 1:
            yield "Qsat_file", "its first row must have the relative flux 1"
    if file.rows[0].value < 0 and tau_min > flux.tau[-1]:
        yield (
            "Tau_min",
            f"{tau_min:g}: beyond the table of Qsat_file, which the winds of Wind_file need",
        )


class Strength(NamedTuple):
    """What a wind does: thresholds of the stress, and the seconds that a t0 lasts."""

    tau_min: np.float32
    tau_max: np.float32
    time_scale: np.float32


def strength_at_first(values: Mapping[str, Value]) -> Strength:
    """Return the strength of the wind by the parameters alone, beside no file."""
    tau_min, tau_max = (np.float32(values.get(name, 0)) for name in ("Tau_min", "Tau_max"))
    return Strength(tau_min, tau_max, np.float32(1))


@dataclass(frozen=True, slots=True)
class Physics:
    """What relates the model to nature; rates per t0, single precision."""

    properties: Properties
    flux: SaturatedFlux
    transport: np.float32
    deposition: np.float32

    @classmethod
    def of(
        cls, values: Mapping[str, Value], properties: Properties, flux: SaturatedFlux
    ) -> Physics:
        """Return what files of nature mean to a run with the rates of ``values``."""
        transport, deposition = (
            np.float32(values.get(name, 0)) for name in ("Lambda_T", "Lambda_C")
        )
        if "Lambda_T" not in values or transport < 0:
            transport = np.float32(3) * deposition
        return cls(properties, flux, transport, deposition)

    def strength(self, speed: np.float32, before: Strength) -> Strength:
        """Return what a wind of ``speed`` m/s does; a negative one keeps the thresholds of ``before``.

        Raises
        ------
        ExitError
            If the table of the flux does not reach as far.
        """
        p, table = self.properties, self.flux
        dense = p.rhosand / p.rhoair
        threshold = np.float32(0.1 * math.sqrt(float(dense * p.g * p.d)))
        if speed < 0:
            tau_min, tau_max = before.tau_min or np.float32(1), before.tau_max
            row = min(int(np.searchsorted(table.tau, tau_min)), table.tau.size - 1)
            ratio, erosion = table.ratio[row], table.erosion[row]
            known = bool(table.tau[row] >= tau_min) and ratio < 1
            friction = threshold / np.sqrt(np.float32(1) - ratio) if known else np.float32(0)
        else:
            friction = np.float32(
                float(np.float32(speed * p.kappa)) / math.log(float(np.float32(p.z / p.z_0)))
            )
            tau_min, erosion = self._threshold(friction, threshold)
            tau_min = tau_min or np.float32(1)
            tau_max = np.float32(float(tau_min) + 1000.0)
        return Strength(tau_min, tau_max, self._scale(friction, threshold, erosion))

    def _threshold(
        self, friction: np.float32, threshold: np.float32
    ) -> tuple[np.float32, np.float32]:
        """Return the threshold of stress at which the flux is that of a wind, and the erosion."""
        table = self.flux
        with np.errstate(divide="ignore"):
            relative = threshold / friction
        ratio = np.float32(1) - relative * relative
        rows = np.flatnonzero(ratio >= table.ratio)
        if not rows.size:
            return table.tau[-1], table.erosion[-1]
        row = int(rows[0])
        if row == 0:
            raise ExitError(
                Exit.REFUSED, f"Wind_file: a shear velocity of {friction:g} m/s is too large"
            )
        share = (ratio - table.ratio[row]) / (table.ratio[row - 1] - table.ratio[row])
        tau = table.tau[row - 1] * share + table.tau[row] * (np.float32(1) - share)
        return np.float32(tau), table.erosion[row]

    def _scale(
        self, friction: np.float32, threshold: np.float32, erosion: np.float32
    ) -> np.float32:
        """Return the seconds of a t0: the model's flux over that in nature."""
        p = self.properties
        if not friction > threshold or self.deposition == 0:
            return np.float32(UNKNOWN_S)
        cell = np.float32(float((np.float32(5) * (p.rhosand / p.rhoair)) * p.d) / 4.0)
        excess = friction * friction - threshold * threshold
        in_nature = np.float32(
            22.0 * float(p.rhoair / p.rhosand) * float(np.sqrt(p.d / p.g)) * float(excess)
        )
        in_model = (self.transport * erosion) / self.deposition
        return np.float32(in_model * (cell * cell) / in_nature)


@dataclass(slots=True)
class Vane:
    """Where in its file the wind stands.

    Attributes
    ----------
    due
        When the next row begins, in t0.
    row, direction
        The present row and its angle, single precision.
    started
        Whether the file has been looked at.
    """

    due: float = -math.inf
    row: int = -1
    direction: float = 0.0
    started: bool = False


@dataclass(frozen=True, slots=True)
class Weather:
    """The winds of a run and what they act by.

    Attributes
    ----------
    file
        None where the wind does not change.
    physics
        None where there are no properties of nature.
    fixed_threshold
        Whether the threshold of the parameters holds, whatever the file says.
    fault
        What is wrong with the file, which ends a run after its first snapshot, as in the model.
    """

    file: WindFile | None = None
    physics: Physics | None = None
    fixed_threshold: bool = True
    fault: ExitError | None = None

    def begin(self, vane: Vane, time: float, now: Strength) -> tuple[np.float32, Strength]:
        """Find the first row; return its angle and what its wind does.

        Raises
        ------
        ExitError
            If a speed is too large, or the rows last for no time that can be counted.
        """
        assert self.file is not None
        total = np.float32(0)
        for row in self.file.rows:
            if self._by_speed:
                now = self._blow(row, now)
            total = np.float32(total + self._lasting(row, now))
        if not 0 < total < np.inf:
            raise ExitError(
                Exit.REFUSED,
                f"Wind_file: all its rows last {total:g} t0; expected a time above 0 in single "
                "precision",
            )
        due, number = np.float32(float(total) * math.floor(time / float(total))), 0
        while float(due) <= time:
            if number == len(self.file.rows):
                raise ExitError(
                    Exit.REFUSED, f"Wind_file: its rows do not reach the start at {time:g} t0"
                )
            row = self.file.rows[number]
            if self._by_speed:
                now = self._blow(row, now)
            due = np.float32(due + self._lasting(row, now))
            number += 1
        vane.due, vane.row, vane.started = float(due), max(number - 1, 0), True
        row = self.file.rows[vane.row]
        angle = np.float32(row.angle + np.float32(90)) if self.file.unit == "rt" else row.angle
        vane.direction = float(row.angle if self.file.unit == "rt" else angle)
        return angle, now if self._by_speed else self._blow(row, now)

    def turn(self, vane: Vane, now: Strength) -> tuple[np.float32, Strength]:
        """Go to the next row; return by how much the wind turns and what it does."""
        assert self.file is not None
        vane.row = (vane.row + 1) % len(self.file.rows)
        row = self.file.rows[vane.row]
        angle = np.float32(row.angle - np.float32(vane.direction))
        vane.direction = float(row.angle)
        now = self._blow(row, now)
        vane.due = float(np.float32(np.float32(vane.due) + self._lasting(row, now)))
        return angle, now

    @property
    def _by_speed(self) -> bool:
        return self.file is not None and self.file.unit == "rt" and self.physics is not None

    def _lasting(self, row: Row, now: Strength) -> np.float32:
        if not self._by_speed:
            return row.duration
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # as in C
            return np.float32(row.duration / now.time_scale)

    def _blow(self, row: Row, now: Strength) -> Strength:
        """Return what the wind of a row does."""
        if self._by_speed:
            assert self.physics is not None
            return self.physics.strength(row.value, now)
        if self.file is not None and self.file.unit == "t0" and not self.fixed_threshold:
            now = now._replace(tau_min=row.value)
        if self.physics is not None and (self.file is None or self.file.unit == "t0"):
            return self.physics.strength(np.float32(-1), now)
        return now
