"""Names of a sweep file's own: quantities that are no parameters, but that formulas use.

A divergence of two winds is one. It is held constant, swept or computed like a parameter, and
formulas of ``parameters.wind`` or ``derived`` make of it what an engine reads. It begins with a small
letter, so that no misspelt parameter is taken for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.formats.parameters import PARAMETERS, Kind, Parameter
from orchestrator.formats.winds import WIND
from orchestrator.formulas.expressions import FUNCTIONS
from orchestrator.sweepfile import winds
from orchestrator.sweepfile.tree import Branch, Leaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PATTERN = "[a-z][A-Za-z0-9_]*"
"""What such a name looks like."""

CLASH = "the name of what is measured; choose another one"
"""What is wrong with a name of a file's own, or of a simulator's, that is reserved."""

RESERVED = frozenset(
    {
        *("seed", "point", "time", "y", "x", "ky", "kx", "cell_state", "time_s", "y_m", "x_m"),
        *("state", "progress", "wall_time", "cell_size", "time_scale", "experiment"),
        *("shear_velocity", "wind_10m"),
        *("snapshot_time", "unplaced", "full_from", "height", "spectrum", "cell_counts"),
        *("mean_height", "roughness", "wavelength", "orientation", "mass", "migration_speed"),
        *("mobile_fraction", "sintered_fraction", "crest_orientation", "crest_alignment"),
        *("wavelength_error", "second_wavelength"),
    }
)
"""Names that a dataset of a sweep has for what is measured."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")
_TAKEN = {WIND, "seed", "and", "or", "not", "true", "false", *FUNCTIONS}

_WINDS = Parameter(WIND, Kind.TEXT, None, "winds that blow one after the other")


@dataclass(frozen=True, slots=True)
class Names:
    """What a file and its templates may give values to.

    Attributes
    ----------
    table
        The parameters of the file's engine.
    own
        The names of their own that formulas use.
    """

    table: Mapping[str, Parameter]
    own: frozenset[str]

    @property
    def rescal(self) -> bool:
        """Whether the parameters are those of ReSCAL-snow."""
        return self.table is PARAMETERS

    def described(self, name: str) -> Parameter:
        """Return what is known of a name."""
        return described(name, self.table)


def names(layers: Sequence[Branch], table: Mapping[str, Parameter]) -> Names:
    """Return what a file and its templates may name, where ``table`` has their engine's parameters."""
    folded = {name.lower() for name in table}
    words = {
        word for text in _formulas(layers) for word in _WORD.findall(_QUOTED.sub("", text))
    }
    own = frozenset(
        word
        for word in words - _TAKEN
        if re.fullmatch(PATTERN, word) and word.lower() not in folded
    )
    return Names(table, own)


def described(name: str, table: Mapping[str, Parameter]) -> Parameter:
    """Return what is known of a parameter in ``table``, of the winds, or of a name of a file's own."""
    if name == WIND:
        return _WINDS
    return table.get(name) or Parameter(name, Kind.DOUBLE, None, "of the sweep file's own")


def _formulas(layers: Iterable[Branch]) -> Iterator[str]:
    for layer in layers:
        derived, held = layer.nodes.get("derived"), layer.nodes.get("parameters")
        if isinstance(derived, Branch):
            yield from (leaf.text for leaf in derived.nodes.values() if isinstance(leaf, Leaf))
        if isinstance(held, Branch) and WIND in held.nodes:
            yield from winds.texts_of([held.nodes[WIND]])
