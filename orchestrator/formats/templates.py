"""The templates of the initial cell space, as ``Csp_template`` names them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from orchestrator.errors import FormatError
from orchestrator.formats.parameter_values import RefusedValueError, leading_number
from orchestrator.formats.spelling import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

_CALL = re.compile(r"([A-Z0-9_]+)(?:\(([^()]*)\))?")
_WORD_END = re.compile(r"[^A-Za-z0-9_]")
_DIGIT_FIRST = re.compile(r"-?[0-9]")


@dataclass(frozen=True, slots=True)
class Template:
    """One template: its arguments with their defaults, in order.

    ``injects`` tells whether it makes cells from which grains fall, so that ``Lambda_I`` acts.
    """

    name: str
    arguments: Mapping[str, float]
    meaning: str
    injects: bool = False


def _template(
    name: str, meaning: str, *, injects: bool = False, **arguments: float
) -> Template:
    return Template(name, MappingProxyType(arguments), meaning, injects)


_ALL = (
    _template("CUSTOM", "nine rows of grains"),
    _template("INPUT_ELEVATION", "heights from a text file; flag 1: snowfall", flag=0.0),
    _template("LAYER", "a flat layer", h=1.0),
    _template("SNOWFALL", "a flat layer under a source of snow", injects=True, h=1.0),
    _template(
        "SNOWCONE",
        "a cone on a layer under a source of snow",
        injects=True,
        h=30.0,
        w=100.0,
        x=0.0,
        y=0.0,
        d=0.0,
    ),
    _template("BLOCK", "a block", xmin=30.0, xmax=50.0, ymin=50.0, ymax=150.0, h=20.0),
    _template("CYLINDER", "a cylinder", h=20.0, w=100.0),
    _template("CONE", "a cone", h=30.0, w=100.0, x=0.0, y=0.0),
    _template("RCONE", "a cone, sized relative to the domain", rh=0.66, rw=0.4, rx=0.5, ry=0.5),
    _template("CONE3", "three cones", h=40.0, w=126.0),
    _template("CONE5", "five cones", h=40.0, w=126.0),
    _template("RCONE5", "five cones, sized relative to the domain", rh=0.66, rw=0.2),
    _template("RWALL", "a wall across the wind", rh=0.5, rx=0.3),
    _template(
        "WAVES_2D",
        "two-dimensional waves of many periods",
        pmin=10.0,
        pmax=60.0,
        ufd=0.0,
        amp=4.0,
        mh=30.0,
    ),
    _template("WAVY_NS_LAYER", "a ridge with a wavy front", per=40.0, amp=15.0, h=5.0),
    _template("WAVE", "one triangular ridge", h=15.0, hg=0.0),
    _template("TRIANGLES", "triangular ridges", n=8.0, h=10.0, mh=20.0),
    _template(
        "SRC_DISK", "a disk of sources on the floor", injects=True, w=40.0, x=100.0, y=0.0
    ),
    _template("SRC_DISK_CEIL", "a disk of sources above", injects=True, w=40.0, x=100.0, y=0.0),
    _template("SMILEY", "a decoration"),
    _template("FORSTEP", "forward steps", h=0.15, n=0.1, hg=2.0, p=0.0),
)

TEMPLATES: Mapping[str, Template] = MappingProxyType({t.name: t for t in _ALL})
"""Every template by its name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A template with the values of all its arguments.

    ``file`` is the text file of heights that INPUT_ELEVATION names, else empty.
    """

    template: Template
    arguments: Mapping[str, float]
    file: str = ""

    @property
    def injects(self) -> bool:
        """Whether it makes cells from which grains fall."""
        return self.template.injects or self.arguments.get("flag") == 1


@functools.lru_cache(maxsize=1024)  # the points of a sweep have few
def parse_template(text: str) -> Chosen:
    """Read ``NAME`` or ``NAME(a,b,...)``; missing arguments take their defaults.

    Raises
    ------
    FormatError
        For an unknown name or too many arguments.
    RefusedValueError
        For something that is not a number.

    >>> dict(parse_template("CONE(20,40)").arguments)
    {'h': 20.0, 'w': 40.0, 'x': 0.0, 'y': 0.0}
    """
    match = _CALL.fullmatch(text.replace(" ", ""))
    if not match:
        word = _WORD_END.split(text)[0]
        hint = "" if word in TEMPLATES else did_you_mean(word, TEMPLATES)
        wish = "expected NAME or NAME(numbers)"
        raise FormatError(f"Csp_template: {wish}, got {text!r}{hint}")
    template = TEMPLATES.get(match[1])
    if template is None:
        hint = did_you_mean(match[1], TEMPLATES)
        raise FormatError(f"Csp_template: no template {match[1]!r}; there are {_names()}{hint}")
    words = match[2].split(",") if match[2] else []
    file = ""
    if template.name == "INPUT_ELEVATION":
        if not words or not words[0]:
            raise FormatError("Csp_template: INPUT_ELEVATION needs the name of a file")
        file, *words = words
    if len(words) > len(template.arguments):
        raise FormatError(
            f"Csp_template: {template.name} takes at most {len(template.arguments)} numbers, "
            f"got {len(words)}"
        )
    values = [leading_number(word) if _DIGIT_FIRST.match(word) else None for word in words]
    if None in values:
        bad = words[values.index(None)]
        raise RefusedValueError(f"Csp_template: {template.name}: {bad!r} is not a number")
    arguments = {
        name: value
        for name, value in zip(template.arguments, values, strict=False)
        if value is not None
    }
    return Chosen(template, MappingProxyType({**template.arguments, **arguments}), file)


def named_file(name: str, value: str) -> str:
    """Return the file that the value of a parameter names; empty if it names none."""
    return parse_template(value).file if name == "Csp_template" and value else value


def _names() -> str:
    return ", ".join(TEMPLATES)
