"""ReSCAL-snow's parameters: names, kinds, defaults and ranges."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = bool | int | float | str


class Kind(enum.Enum):
    """What a parameter's value is; FLOAT is single precision in ReSCAL, DOUBLE double."""

    INTEGER = "integer"
    FLOAT = "float"
    DOUBLE = "double"
    BOOLEAN = "boolean"
    TEXT = "text"


class Program(enum.Enum):
    """Who reads a parameter."""

    BOTH = "genesis and rescal"
    GENESIS = "genesis"
    RESCAL = "rescal"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter.

    Attributes
    ----------
    default
        What an absent name means, None where it means "unset".
    low, high
        The range outside which nothing can be meant; both ends belong to it.
    choices
        The texts that are possible; empty for any.
    in_nature
        What it stands for outside of the model, in a sentence; empty where ``meaning`` says all.
    """

    name: str
    kind: Kind
    default: Value | None
    meaning: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    program: Program = Program.RESCAL
    in_nature: str = ""


def _rate(name: str, default: float, meaning: str, in_nature: str = "") -> Parameter:
    return Parameter(name, Kind.FLOAT, default, meaning, "1/t0", 0.0, in_nature=in_nature)


def _share(name: str, default: float, meaning: str) -> Parameter:
    return Parameter(name, Kind.FLOAT, default, meaning, low=0.0, high=1.0)


def _text(
    name: str, meaning: str, program: Program = Program.RESCAL, in_nature: str = ""
) -> Parameter:
    return Parameter(name, Kind.TEXT, None, meaning, program=program, in_nature=in_nature)


def _switched_on(name: str, meaning: str) -> Parameter:
    return Parameter(name, Kind.BOOLEAN, default=True, meaning=meaning)


def _size(name: str, meaning: str, in_nature: str) -> Parameter:
    return Parameter(
        *(name, Kind.INTEGER, None, meaning, "cells", 1, 100_000),
        program=Program.BOTH,
        in_nature=in_nature,
    )


_ALL = (
    Parameter(
        "Model", Kind.TEXT, None, "the model", choices=("SNO", "DUN"), program=Program.BOTH
    ),
    _size(
        "H", "height of the domain", "several times the depth of the bed, for the wind to pass"
    ),
    _size(
        "L",
        "length of the domain, along the wind",
        "should hold several dunes; a cell is 9 cm of snow with sealevel_snow.prop",
    ),
    _size(
        "D",
        "depth of the domain, across the wind",
        "a few tens of cells are enough for dunes that lie across the wind",
    ),
    _text("Csp_file", "the initial cell space", Program.BOTH),
    _text("Bin_file", "raw cells instead of a cell space", Program.BOTH),
    _text(
        "Csp_template",
        "how genesis makes the initial cells",
        Program.GENESIS,
        "the bed at the start, such as LAYER(4), a flat one, and SNOWFALL(4), one on which snow falls",
    ),
    _text("Csp_params", "written by ReSCAL's own scripts, read by nobody", Program.NEITHER),
    Parameter(
        "Seed",
        Kind.INTEGER,
        None,
        "seed of the generator; beats the command line in rescal",
        low=-(2.0**31),
        high=2.0**32 - 1,
        program=Program.BOTH,
    ),
    Parameter("Time", Kind.DOUBLE, None, "start time; absent: the cell space's", "t0", low=0.0),
    Parameter(
        "Boundary",
        Kind.TEXT,
        "PERIODIC",
        "what happens at the sides",
        choices=("PERIODIC", "OPEN", "OUT", "CLOSE", "REINJECTION"),
        program=Program.BOTH,
        in_nature="PERIODIC is a piece of an endless plain: what leaves downwind comes in upwind; with "
        "OPEN nothing comes in, as behind a fence",
    ),
    Parameter("Output_directory", Kind.TEXT, "../out", "where logs go"),
    _rate(
        "Lambda_E",
        0.0,
        "erosion rate",
        "a grain at the surface is picked up at this rate, where the wind is strong enough",
    ),
    _rate(
        "Lambda_C",
        0.0,
        "deposition rate",
        "a moving grain comes to rest at this rate; Lambda_T / Lambda_C is the length of a hop in cells",
    ),
    Parameter(
        *("Lambda_T", Kind.FLOAT, -1.0, "transport rate", "1/t0", -1.0),
        in_nature="saltation and drift: a moving grain goes one cell downwind at this rate; "
        "negative: 3 Lambda_C",
    ),
    _rate(
        "Lambda_D",
        0.0,
        "diffusion rate of resting grains",
        "creep (reptation): a resting grain moves one cell across the wind at this rate",
    ),
    _rate(
        "Lambda_D_mob",
        0.0,
        "diffusion rate of mobile grains",
        "a moving grain is scattered one cell across the wind at this rate",
    ),
    _rate("Lambda_G", 0.0, "fall rate", "gravity: so large that grains fall at once"),
    _rate(
        "Lambda_I",
        1.0,
        "injection rate",
        "snowfall, or the supply of sand: a grain falls at this rate from each face of a source, such as "
        "those of SNOWFALL",
    ),
    Parameter(
        *("Lambda_F", Kind.FLOAT, 0.1, "erosion of sintered grains over Lambda_E", "", 0.0),
        in_nature="how hard sintered snow is: 0 is ice, which never erodes; 1 erodes at the rate of "
        "fresh snow",
    ),
    _rate(
        "Lambda_S",
        0.0,
        "sintering rate",
        "hardening of snow: a resting grain becomes a sintered one at this rate",
    ),
    Parameter("Coef_A", Kind.FLOAT, 0.0, "vertical over horizontal transport", low=0.0),
    Parameter("Coef_B", Kind.FLOAT, 10.0, "deposition before an obstacle", low=0.0),
    Parameter("Coef_C", Kind.FLOAT, 500.0, "deposition behind an obstacle", low=0.0),
    _share("Prob_link_ET", 0.5, "probability that an eroded grain is lifted"),
    _share("Prob_link_TT", 0.5, "probability that a lifted grain moves on"),
    Parameter("High_mobility", Kind.INTEGER, 0, "whether grains hop over obstacles", "", 0, 1),
    _switched_on("Use_lgca", "whether there is wind at all"),
    Parameter(
        *("Tau_min", Kind.FLOAT, 0.0, "stress below which nothing erodes"),
        in_nature="the strength of the wind, the other way round: a low value is a strong wind, 0 the "
        "strongest, for the gas always blows the same; it decides how long a t0 is, too",
    ),
    Parameter(
        *("Tau_max", Kind.FLOAT, 0.0, "stress above which all erodes"),
        in_nature="between Tau_min and this, erosion grows in proportion to the stress; templates set it "
        "to Tau_min + 1000; 0: the highest gas speed",
    ),
    Parameter(
        "Ava_mode",
        Kind.TEXT,
        "SYNC",
        "how avalanches happen",
        choices=("NONE", "SYNC", "TRANS", "PROPAG"),
    ),
    _rate(
        "Lambda_A",
        1.0,
        "avalanche rate",
        "avalanches: a grain slides at this rate down a slope steeper than Ava_angle",
    ),
    _rate("Lambda_A_unstable", 0.0, "avalanche rate in unstable times"),
    Parameter("Ava_h_lim", Kind.INTEGER, 1, "step that is still stable", "cells", low=0),
    Parameter("Ava_nb_cel", Kind.INTEGER, 1, "cells moved per site and sweep, SYNC", low=1),
    Parameter("Ava_delay", Kind.FLOAT, 0.0, "time between avalanche sweeps", "t0", low=0.0),
    Parameter("Ava_duration", Kind.FLOAT, 1.0, "length of stable times", "t0", low=0.0),
    Parameter(
        *("Ava_angle", Kind.FLOAT, 0.0, "angle of repose; 0: none", "degrees", 0, 90),
        in_nature="the steepest slope that loose snow or sand keeps",
    ),
    Parameter(
        "Ava_angle_unstable", Kind.FLOAT, 0.0, "angle in unstable times", "degrees", 0, 90
    ),
    _switched_on("Ava_upwind", "whether windward slopes slide too"),
    Parameter("Init_ncycl", Kind.INTEGER, None, "gas cycles before the start", low=0),
    Parameter("Lgca_delay", Kind.DOUBLE, 1.0, "time between gas cycles", "t0", low=0.0),
    Parameter("Lgca_speedup", Kind.INTEGER, 0, "forcing passes at the start", low=0),
    Parameter("Lgca_gfor", Kind.FLOAT, 0.001, "strength of the forcing", low=0.0, high=1.0),
    _switched_on("Lgca_reset", "new gas after a rotation or centering"),
    _text("Hpp_file", "initial gas"),
    _text(
        "Phys_prop_file",
        "physical properties, for the time scale",
        in_nature="what drifts, and in which air: densities and grain size, which make a cell so many "
        "metres and a t0 so many seconds; sealevel_snow.prop, niwot_snow.prop and desert_sand.prop ship",
    ),
    _text("Qsat_file", "saturated flux, for the time scale"),
    _text("Wind_file", "a wind that changes"),
    Parameter(
        "Rot_mode",
        Kind.TEXT,
        "OVERLAP",
        "how the domain is turned",
        choices=("FULL", "SQUARE", "DISK", "TABLE", "OVERLAP", "CYCLE"),
    ),
    Parameter("Rot_angle", Kind.FLOAT, 0.0, "by how much the wind turns", "degrees"),
    Parameter("Rot_delay", Kind.FLOAT, 0.0, "how often it turns", "t0", low=0.0),
    Parameter("Rot_ncycl", Kind.INTEGER, None, "gas cycles after a turn", low=0),
    Parameter("Centering_delay", Kind.FLOAT, 0.0, "time between centerings", "t0", low=0.0),
    Parameter("Grdvc_min", Kind.FLOAT, None, "obsolete name of Tau_min"),
    Parameter("Grdvc_max", Kind.FLOAT, None, "obsolete name of Tau_max"),
    _text("Mvt_file", "obsolete name of Hpp_file"),
    Parameter("Mvt_gfor", Kind.FLOAT, None, "obsolete name of Lgca_gfor", low=0.0, high=1.0),
)

PARAMETERS: Mapping[str, Parameter] = MappingProxyType({p.name: p for p in _ALL})
"""Every parameter by its name, in the order in which files are written."""

ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "Grdvc_min": "Tau_min",
        "Grdvc_max": "Tau_max",
        "Mvt_file": "Hpp_file",
        "Mvt_gfor": "Lgca_gfor",
    }
)
"""Obsolete names and what they are called today."""


def rescal_names() -> Iterable[str]:
    """Return the names that ``rescal`` reads."""
    wanted = {Program.BOTH, Program.RESCAL}
    return [name for name, p in PARAMETERS.items() if p.program in wanted]


def genesis_names() -> Iterable[str]:
    """Return the names that ``genesis`` reads."""
    wanted = {Program.BOTH, Program.GENESIS}
    return [name for name, p in PARAMETERS.items() if p.program in wanted]
