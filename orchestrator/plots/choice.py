"""The options of a picture, read from what a person says on a command line or in Python."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import text
from orchestrator.analysis import dunes, observables
from orchestrator.errors import RequestError
from orchestrator.formats import spelling
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.model.pictures import (
    CHOSEN,
    FRAMES,
    KINDS,
    QUANTITIES_SHOWN,
    Choice,
    How,
    Look,
    Moment,
    Summary,
    Units,
)
from orchestrator.model.reductions import REDUCTIONS
from orchestrator.plots import colours, style

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from orchestrator.model.pictures import Words
    from orchestrator.model.reductions import Reduction

_MAPS = ("phase-diagram", "profile", "animation", "dunes")
_NUMBERS = ("quantity", "map")
_CURVES = (
    *("series", "spectrum", "dispersion", "offset", "heights", "celerity"),
    *("section", "flux"),
)
_ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "time": ("phase-diagram", "dunes", "spectrum", "heights", "section", *_NUMBERS),
    "mean": _NUMBERS,
    "rate": _NUMBERS,
    "crosses": _NUMBERS,
    "rows": (*_MAPS, "map"),
    "columns": (*_MAPS, "map"),
    "panels": (*_CURVES, "quantity"),
    "experiment": (*_MAPS, *_CURVES),
    "quantity": ("series", *_NUMBERS),
    "against": ("quantity",),
    "x": ("section", "flux"),
    "y": ("profile", "section"),
    "frames": ("animation",),
    "relative": ("phase-diagram", "animation", "heights", "dunes", "section"),
    "window": ("dispersion", "offset", "flux", "celerity"),
    "fit": ("series",),
    "threshold": ("dunes", "celerity"),
    "log": (*_CURVES, "quantity"),
}
"""Options that other kinds would ignore."""

_SUMMARIES = ("time", "mean", "rate", "crosses")
_IN_NATURE = ("phase-diagram", "dunes", "section", *_NUMBERS)
_COLUMNS_IN = {"single": 3.5, "double": 7.2}  # 89 and 183 mm
_LENGTHS_IN = {"mm": 1 / 25.4, "cm": 1 / 2.54, "in": 1.0}
_SMALLEST_IN, _LARGEST_IN = 0.5, 100.0
_AXES = ("", "x", "y", "xy")
_DPI = (10, 2400)


_DRAWN = {
    "height_maps": "phase-diagram",
    "ffts": "spectrum",
    "cell_counts": "mobile_fraction,sintered_fraction",
}
"""What is drawn of the arrays of every sweep."""


def read(
    kind: str, words: Words, own: Sequence[Reduction] = (), sweep: Path = Path("SWEEP")
) -> Choice:
    """Return what is to be drawn; the name of a quantity is short for ``quantity`` of that one.

    ``own`` are the user's reductions, and ``sweep`` is the directory, which commands name.

    Raises
    ------
    RequestError
        For an unknown kind, an option that it would ignore, or one that is not readable.
    """
    chosen: dict[str, Any] = {name: value for name, value in words.items() if value is not None}
    known = observables.quantities(own)
    arrays = {r.name: r for r in (*REDUCTIONS, *own) if r.dims}
    for option, names in (("kind", kind), ("--quantity", chosen.get("quantity"))):
        for name in listed(names or ()):
            if name in arrays and name not in {*KINDS, *known}:
                raise RequestError(f"{option}: {_no_number(arrays[name], sweep)}")
            if name in PARAMETERS:
                raise RequestError(f"{option}: {_no_quantity(name, sweep)}")
    if all(name.strip() in known for name in kind.split(",")):
        if "quantity" in chosen:
            raise RequestError(f"--quantity: {kind} is one already")
        kind, chosen["quantity"] = "quantity", kind
    if kind not in KINDS:
        hint = spelling.did_you_mean(kind, (*KINDS, *known))
        wanted = f"{', '.join(KINDS)} or the name of a quantity"
        raise RequestError(f"kind: expected one of {wanted}, got {kind}{hint}")
    _refuse(kind, chosen)
    return Choice(
        kind=kind,
        output=Path(chosen["output"]) if "output" in chosen else None,
        time=moment(chosen["time"], "--time") if "time" in chosen else None,
        seed=chosen.get("seed"),
        rows=chosen.get("rows"),
        columns=chosen.get("columns"),
        panels=chosen.get("panels"),
        experiment=str(chosen["experiment"]) if "experiment" in chosen else None,
        quantity=_quantities(chosen["quantity"], known) if "quantity" in chosen else (),
        against=chosen.get("against"),
        summary=_summary(chosen),
        x=chosen.get("x"),
        y=chosen.get("y"),
        frames=_frames(chosen.get("frames", FRAMES)),
        relative=bool(chosen.get("relative")),
        window=_window(chosen["window"], "--window") if "window" in chosen else (None, None),
        fit=bool(chosen.get("fit")),
        threshold=dunes.checked(_number(chosen["threshold"], "--threshold"))
        if "threshold" in chosen
        else None,
        look=look(chosen),
    )


def _no_quantity(name: str, sweep: Path) -> str:
    """Say how a parameter is drawn that was taken for a quantity."""
    command = f"rescal-sweep plot {sweep.name} {QUANTITIES_SHOWN[0]} --against {name}"
    return f"{name} is a parameter; a quantity is drawn against it: {command}"


def _no_number(array: Reduction, sweep: Path) -> str:
    """Say what an array is that was taken for a quantity, and how it is shown."""
    what = (
        f"{array.name} is no number but an array ({', '.join(array.dims)}) for each snapshot, in "
        f"out/{array.name}.npz"
    )
    if array.name in _DRAWN:
        return (
            f"{what}; rescal-sweep plot {sweep.name} {_DRAWN[array.name]} draws what it holds"
        )
    dims = ", ".join(f'"{dim}"' for dim in array.dims)
    return (
        f"{what}; rescal-sweep collect {sweep.name} -o {sweep.name}.nc writes it with the axes of the "
        f'sweep, and in Python orchestrator.open_sweep("{sweep}")["{array.name}"].mean([{dims}]) is '
        "a series of its mean; a number that outputs.own keeps of it, by a reduction without dims, "
        f"is a quantity: rescal-sweep plot {sweep.name} NAME"
    )


def _refuse(kind: str, chosen: Mapping[str, Any]) -> None:
    """Refuse options that a kind would ignore, and those that exclude each other."""
    for name, kinds in _ONLY_FOR.items():
        if chosen.get(name, False) is not False and kind not in kinds:
            raise RequestError(f"--{name}: only for {_and(kinds)}, not for {kind}")
    if "experiment" in chosen:
        for name in ("seed", "rows", "columns", "panels"):
            if name in chosen:
                raise RequestError(
                    f"--{name}: --experiment {chosen['experiment']} is one alone"
                )
    if "x" in chosen and "y" in chosen:
        raise RequestError(f"--y {chosen['y']}: --x {chosen['x']} is there already")
    if len(several := [f"--{name}" for name in _SUMMARIES if name in chosen]) > 1:
        raise RequestError(f"{several[1]}: {several[0]} is there already")
    in_nature = "time" in chosen and moment(chosen["time"], "--time").in_nature
    if in_nature and kind not in _IN_NATURE:
        raise RequestError(f"--time in nature: only for {_and(_IN_NATURE)}, not for {kind}")


def _and(kinds: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(kinds[:-1]), kinds[-1])))


def listed(names: str | Sequence[str]) -> list[str]:
    """Read names that are parted by commas."""
    return [name.strip() for name in (names.split(",") if isinstance(names, str) else names)]


def _quantities(names: str | Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """Read the names of quantities, each once, parted by commas."""
    stripped = listed(names)
    for name in stripped:
        if name not in known:
            hint = spelling.did_you_mean(name, known)
            raise RequestError(
                f"--quantity {name or repr(names)}: expected one of {', '.join(known)}{hint}"
            )
    if twice := [name for i, name in enumerate(stripped) if name in stripped[:i]]:
        raise RequestError(f"--quantity {twice[0]}: is there twice")
    return tuple(stripped)


def moment(word: str | float, option: str) -> Moment:
    """Read a time: a number is in t0, a duration such as ``30d`` in nature.

    Raises
    ------
    RequestError
        With the option, for anything else.
    """
    time_s = text.read_seconds(str(word).strip())
    if time_s is not None:
        return Moment(time_s, in_nature=True)
    with contextlib.suppress(ValueError):
        time_t0 = float(word)
        if 0 <= time_t0 < math.inf:
            return Moment(time_t0)
    raise RequestError(f"{option}: expected a time in t0 such as 300, or 30d, got {word}")


def _summary(chosen: Mapping[str, Any]) -> Summary:
    for how in (How.MEAN, How.RATE):
        if how.value in chosen:
            return Summary(how, *_window(chosen[how.value], f"--{how.value}"))
    if "crosses" in chosen:
        return Summary(How.CROSSING, level=_number(chosen["crosses"], "--crosses"))
    time = moment(chosen["time"], "--time") if "time" in chosen else None
    return Summary(How.AT, time, time)


def _window(window: str | Sequence[float], option: str) -> tuple[Moment | None, Moment | None]:
    """Read both ends of a window; what is left out is the first or the last snapshot."""
    ends = window.split(",") if isinstance(window, str) else [str(end) for end in window]
    if len(ends) != 2:
        raise RequestError(f"{option}: expected FROM,TO such as 200,600, got {window}")
    first, last = (moment(end, option) if end.strip() else None for end in ends)
    if first and last and first.in_nature != last.in_nature:
        raise RequestError(
            f"{option}: expected both ends in t0 or both in nature, got {window}"
        )
    if first and last and not first.value < last.value:
        raise RequestError(f"{option}: expected an end after the beginning, got {window}")
    return first, last


def _number(word: Any, option: str) -> float:
    try:
        number = float(word)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise RequestError(f"{option}: expected a number, got {word}")
    return number


def _frames(count: int) -> int:
    if count < 2:
        raise RequestError(f"--frames {count}: expected 2 or more")
    return count


def look(chosen: Mapping[str, Any]) -> Look:
    """Read how a picture looks, of which everything may be left out.

    Raises
    ------
    RequestError
        For an option that is not readable, such as a font that is not there.
    """
    family, points = _font(chosen.get("font"))
    return Look(
        title=chosen.get("title"),
        size_in=_size(chosen.get("size")),
        dpi=_dpi(chosen.get("dpi")),
        family=family,
        points=points,
        cmap=None if "cmap" not in chosen else colours.known_colours(chosen["cmap"]),
        range=_range(chosen.get("range")),
        labels=_labels(chosen.get("labels")),
        bare=bool(chosen.get("bare")),
        units=_units(chosen.get("units")),
        log=_log(chosen.get("log")),
    )


def _log(axes: str | None) -> str:
    chosen = "".join(sorted(axes or ""))
    if chosen not in _AXES:
        raise RequestError(f"--log: expected {' or '.join(_AXES[1:])}, got {axes}")
    return chosen


def _size(size: str | Sequence[float] | None) -> tuple[float, float] | None:
    """Read the size of a picture in inches; numbers without a unit are mm."""
    if size is None:
        return None
    if isinstance(size, str) and size in _COLUMNS_IN:
        return _COLUMNS_IN[size], 0.0
    sides, unit = size, "mm"
    if isinstance(size, str):
        unit = next((name for name in _LENGTHS_IN if size.endswith(name)), "mm")
        sides = size.removesuffix(unit).split("x")  # type: ignore[assignment]  # numbers below
    wanted = f"--size: expected single, double or WxH in mm such as 89x60, got {size}"
    try:
        inches = [float(side) * _LENGTHS_IN[unit] for side in sides]
    except ValueError:
        raise RequestError(wanted) from None
    if len(inches) != 2 or any(math.isnan(side) for side in inches):
        raise RequestError(wanted)
    if not all(_SMALLEST_IN <= side <= _LARGEST_IN for side in inches):
        least, most = (f"{25.4 * side:g}" for side in (_SMALLEST_IN, _LARGEST_IN))
        raise RequestError(f"--size: expected sides of {least} to {most} mm, got {size}")
    return inches[0], inches[1]


def _dpi(dpi: int | None) -> int | None:
    least, most = _DPI
    if dpi is not None and not least <= dpi <= most:
        raise RequestError(f"--dpi: expected a number from {least} to {most}, got {dpi}")
    return dpi


def _font(font: str | float | None) -> tuple[str | None, float | None]:
    """Read the family of a font and its size in points: ``Arial,8``, ``Arial`` or ``8``."""
    if font is None:
        return None, None
    family, comma, size = str(font).rpartition(",")
    try:
        points = float(size)
    except ValueError:
        if comma:
            raise RequestError(f"--font: expected NAME,POINTS, got {font}") from None
        family, points = size, math.nan
    if not (4 <= points <= 40 or math.isnan(points)):
        raise RequestError(f"--font: expected 4 to 40 points, got {points:g}")
    if family:
        style.known_font(family.strip())
    return family.strip() or None, None if math.isnan(points) else points


def _range(ends: str | Sequence[float] | None) -> tuple[float, float] | None:
    if ends is None:
        return None
    parts = ends.split(",") if isinstance(ends, str) else list(ends)
    if len(parts) != 2:
        raise RequestError(f"--range: expected LO,HI such as 0,20, got {ends}")
    low, high = (_number(part, "--range") for part in parts)
    if not low < high:
        raise RequestError(f"--range: expected LO below HI, got {ends}")
    return low, high


def _labels(labels: str | Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Read what is written instead of names: ``Lambda_I=snowfall rate``, one or several."""
    if labels is None or isinstance(labels, Mapping):
        return dict(labels or {})
    names = {}
    for label in [labels] if isinstance(labels, str) else labels:
        name, equals, instead = label.partition("=")
        if not (equals and name.strip() and instead.strip()):
            raise RequestError(f"--labels: expected NAME=LABEL, got {label}")
        names[name.strip()] = instead.strip()
    return names


def _units(units: str | None) -> Units:
    chosen = units or Units.MODEL.value
    if chosen not in CHOSEN:
        raise RequestError(f"--units: expected {' or '.join(CHOSEN)}, got {units}")
    return Units(chosen)
