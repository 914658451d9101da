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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the dynamics need to know, rounded as the model rounds it.

    ``np.float32`` fields are single precision; ``transport`` is None where the file has no
    ``Lambda_T`` or a negative one; ``stabilisation`` is None where ``Init_ncycl`` is absent.
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


def read(parameters: Mapping[str, Value], model: str) -> Settings:
    """Return the settings that ``parameters`` ask for, with ReSCAL's defaults for absent names."""

    def single(name: str, default: float = 0.0, alias: str = "") -> np.float32:
        return np.float32(parameters.get(name, parameters.get(alias, default)))

    def whole(name: str, default: int = 0) -> int:
        return int(parameters.get(name, default))

    transport = single("Lambda_T", -1.0)
    cycles = parameters.get("Init_ncycl")
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
    )


def refuse_unsupported(parameters: Mapping[str, Value]) -> None:
    """Raise one RequestError that names every setting this engine does not simulate."""
    problems = tuple(_unsupported(parameters))
    if problems:
        raise RequestError(*problems)


def _unsupported(parameters: Mapping[str, Value]) -> Iterator[str]:
    mode = parameters.get("Ava_mode", "SYNC")
    if mode == "PROPAG":
        yield "Ava_mode = PROPAG: propagating avalanches are not simulated; use TRANS, SYNC or NONE"
    if mode == "SYNC" and parameters.get("Ava_angle", 0):
        yield (
            f"Ava_angle = {parameters['Ava_angle']}: synchronous avalanches know no angle; "
            "set Ava_angle = 0 or Ava_mode = TRANS"
        )
    if mode == "TRANS" and parameters.get("Ava_delay", 0):
        yield (
            f"Ava_delay = {parameters['Ava_delay']}: avalanches of changing angle are not "
            "simulated; leave Ava_delay out or use Ava_mode = SYNC"
        )
    if parameters.get("Rot_delay", 0) and parameters.get("Rot_angle", 0):
        yield f"Rot_delay = {parameters['Rot_delay']}: wind rotation is not simulated; set it to 0"
    if parameters.get("Wind_file"):
        yield f"Wind_file = {parameters['Wind_file']}: a changing wind is not simulated; leave it out"
    if parameters.get("Centering_delay", 0):
        yield (
            f"Centering_delay = {parameters['Centering_delay']}: automatic centering is not "
            "simulated; set it to 0"
        )
    for name in ("Hpp_file", "Mvt_file"):
        if parameters.get(name):
            yield f"{name} = {parameters[name]}: an initial gas cannot be read; leave it out"
    if float(parameters.get("Lambda_E", 0)) < 0:  # it sets off others in every run
        yield f"Lambda_E = {parameters['Lambda_E']}: a rate cannot be negative"
