"""The parameters of a run with ReSCAL's names, types and defaults, and what is refused."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.formats.parameters import Value


class Boundary(enum.Enum):
    """What happens at the walls of the box."""

    PERIODIC = "PERIODIC"
    OPEN = "OPEN"
    OUT = "OUT"
    CLOSE = "CLOSE"
    REINJECTION = "REINJECTION"


class Avalanches(enum.Enum):
    """How slopes relax."""

    NONE = "NONE"
    SYNC = "SYNC"
    TRANS = "TRANS"
    PROPAG = "PROPAG"


class Rotation(enum.Enum):
    """What is turned when the wind turns."""

    OVERLAP = "OVERLAP"  # the box, whose sides are joined
    DISK = "DISK"  # a disk in its middle
    FULL = "FULL"  # the whole box, inside a larger one

    @classmethod
    def _missing_(cls, value: object) -> Rotation | None:
        return {"CYCLE": cls.OVERLAP, "TABLE": cls.DISK, "SQUARE": cls.FULL}.get(str(value))


@dataclass(frozen=True, slots=True)
class Settings:
    """What the dynamics need to know, rounded as the model rounds it.

    ``np.float32`` fields are single precision; ``transport`` is None where the file has no
    ``Lambda_T`` or a negative one; ``stabilisation`` and ``rotation_cycles`` are None where
    ``Init_ncycl`` and ``Rot_ncycl`` are absent.
    """

    model: str
    boundary: Boundary
    erosion: np.float32
    deposition: np.float32
    transport: np.float32 | None
    diffusion: np.float32
    mobile_diffusion: np.float32
    gravity: np.float32
    injection: np.float32
    sintered_erosion: np.float32
    sintering: np.float32
    lift: np.float32
    obstacle_ahead: np.float32
    obstacle_behind: np.float32
    link_erosion_lift: np.float32
    link_lift_forward: np.float32
    high_mobility: bool
    gas: bool
    tau_min: np.float32
    tau_max: np.float32
    avalanches: Avalanches
    avalanche_rate: np.float32
    step_limit: int
    cells_per_visit: int
    sweep_delay: np.float32
    angle: np.float32
    upwind: bool
    stabilisation: int | None
    gas_delay: float
    speedup: int
    forcing: np.float32
    stable_time: np.float32
    unstable_angle: np.float32
    unstable_rate: np.float32
    rotation: Rotation
    rotation_angle: np.float32
    rotation_delay: np.float32
    rotation_cycles: int | None
    renew_gas: bool
    centering_delay: np.float32
    wind_file: bool

    @property
    def periodic(self) -> bool:
        """Whether the box is cyclic in length and depth."""
        return self.boundary is Boundary.PERIODIC

    @property
    def turns(self) -> bool:
        """Whether the wind can turn."""
        return self.wind_file or (self.rotation_delay != 0 and self.rotation_angle != 0)

    @property
    def slides(self) -> bool:
        """Whether single grains slide, as transitions."""
        return self.avalanches in {Avalanches.TRANS, Avalanches.PROPAG}

    def cycles_after_turn(self, Lp: int) -> int:
        """Return the gas cycles after a turn or a translation, in a box of padded length ``Lp``."""
        if self.rotation_cycles is not None:
            return self.rotation_cycles
        return 2 * Lp if self.renew_gas and self.speedup == 0 else 150


def in_16_bits(number: int) -> int:
    """Return what is left of a number in 16 bits, as two's complement."""
    return (number + 0x8000) % 0x10000 - 0x8000


def read(parameters: Mapping[str, Value], model: str) -> Settings:
    """Return the settings that ``parameters`` ask for, with ReSCAL's defaults for absent names."""

    def single(name: str, default: float = 0.0, alias: str = "") -> np.float32:
        return np.float32(parameters.get(name, parameters.get(alias, default)))

    def whole(name: str, default: int = 0) -> int:
        return int(parameters.get(name, default))

    transport = single("Lambda_T", -1.0)
    cycles, turned = parameters.get("Init_ncycl"), parameters.get("Rot_ncycl")
    return Settings(
        model=model,
        boundary=Boundary(parameters.get("Boundary", "PERIODIC")),
        erosion=single("Lambda_E"),
        deposition=single("Lambda_C"),
        transport=None if transport < 0 else transport,
        diffusion=single("Lambda_D"),
        mobile_diffusion=single("Lambda_D_mob"),
        gravity=single("Lambda_G"),
        injection=single("Lambda_I", 1.0),
        sintered_erosion=single("Lambda_F", 0.1),
        sintering=single("Lambda_S"),
        lift=single("Coef_A"),
        obstacle_ahead=single("Coef_B", 10.0),
        obstacle_behind=single("Coef_C", 500.0),
        link_erosion_lift=single("Prob_link_ET", 0.5),
        link_lift_forward=single("Prob_link_TT", 0.5),
        high_mobility=whole("High_mobility") != 0,
        gas=bool(parameters.get("Use_lgca", True)),
        tau_min=single("Tau_min", alias="Grdvc_min"),
        tau_max=single("Tau_max", alias="Grdvc_max"),
        avalanches=Avalanches(parameters.get("Ava_mode", "SYNC")),
        avalanche_rate=single("Lambda_A", 1.0),
        step_limit=whole("Ava_h_lim", 1),
        cells_per_visit=whole("Ava_nb_cel", 1),
        sweep_delay=single("Ava_delay"),
        angle=single("Ava_angle"),
        upwind=bool(parameters.get("Ava_upwind", True)),
        stabilisation=None if cycles is None else max(int(cycles), 50),
        gas_delay=float(parameters.get("Lgca_delay", 0.0)) or 1.0,
        speedup=whole("Lgca_speedup"),
        forcing=single("Lgca_gfor", 0.001, alias="Mvt_gfor"),
        stable_time=single("Ava_duration", 1.0),
        unstable_angle=single("Ava_angle_unstable"),
        unstable_rate=single("Lambda_A_unstable"),
        rotation=Rotation(parameters.get("Rot_mode", "OVERLAP")),
        rotation_angle=single("Rot_angle"),
        rotation_delay=single("Rot_delay"),
        rotation_cycles=None if turned is None else int(turned),
        renew_gas=bool(parameters.get("Lgca_reset", True)),
        centering_delay=single("Centering_delay"),
        wind_file="Wind_file" in parameters,
    )


def refuse_unsupported(parameters: Mapping[str, Value]) -> None:
    """Raise one RequestError that names every setting this engine does not simulate."""
    problems = tuple(_unsupported(parameters))
    if problems:
        raise RequestError(*problems)


def _unsupported(parameters: Mapping[str, Value]) -> Iterator[str]:
    wanted = read(parameters, "SNO")
    yield from _avalanches(parameters, wanted)
    yield from _turns(parameters, wanted)
    for name in ("Hpp_file", "Mvt_file"):
        if name in parameters:
            yield f"{name} = {parameters[name]}: an initial gas cannot be read; leave it out"
    if wanted.erosion < 0:  # it sets off others in every run
        yield f"Lambda_E = {parameters['Lambda_E']}: a rate cannot be negative"


def _avalanches(parameters: Mapping[str, Value], wanted: Settings) -> Iterator[str]:
    mode, delay = wanted.avalanches, wanted.sweep_delay
    if mode is Avalanches.SYNC and wanted.angle != 0:
        yield (
            f"Ava_angle = {parameters['Ava_angle']}: synchronous avalanches know no angle; "
            "set Ava_angle = 0 or Ava_mode = TRANS"
        )
    if mode is Avalanches.SYNC and delay != 0 and wanted.unstable_angle != 0:
        yield (
            f"Ava_angle_unstable = {parameters['Ava_angle_unstable']}: synchronous avalanches know "
            "no angle; leave it out or set Ava_mode = TRANS"
        )
    if mode is Avalanches.PROPAG:
        for name, value in (("Ava_delay", delay), ("Ava_angle", wanted.angle)):
            if value == 0 and name in parameters:
                yield f"{name} = 0: propagating avalanches would never end; give a positive one"
            elif value == 0:
                yield f"Ava_mode = PROPAG: would never end without {name}; give a positive one"
    if delay < 0:
        yield f"Ava_delay = {parameters['Ava_delay']}: a delay cannot be negative"
    if delay != 0 and wanted.slides:
        if wanted.stable_time < 0:
            yield f"Ava_duration = {parameters['Ava_duration']}: a time cannot be negative"
        if wanted.unstable_rate < 0:
            yield f"Lambda_A_unstable = {parameters['Lambda_A_unstable']}: a rate cannot be negative"


def _turns(parameters: Mapping[str, Value], wanted: Settings) -> Iterator[str]:
    for name, delay in (
        ("Rot_delay", wanted.rotation_delay),
        ("Centering_delay", wanted.centering_delay),
    ):
        if delay < 0:
            yield f"{name} = {parameters[name]}: a delay cannot be negative"
    if wanted.rotation is not Rotation.FULL:
        return
    mode = f"Rot_mode = {parameters['Rot_mode']}"
    if wanted.boundary is Boundary.REINJECTION:
        yield f"{mode}: not with Boundary = REINJECTION; use OVERLAP or DISK"
    if not wanted.periodic:
        return
    if wanted.avalanches in {Avalanches.SYNC, Avalanches.PROPAG}:
        yield (
            f"{mode}: with Boundary = PERIODIC only Ava_mode = TRANS or NONE, "
            f"not {wanted.avalanches.value}"
        )
    if wanted.centering_delay != 0:
        yield f"{mode}: with Boundary = PERIODIC there is no centering; leave Centering_delay out"
