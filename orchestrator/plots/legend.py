"""The legend of curves: what is drawn of each colour and each style, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.plots import marks, style
from orchestrator.plots.text_width import width_in, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from orchestrator.model.pictures import Look

WIDTH_IN = 1.9
"""Of a legend beside panels."""

_SYMBOL_IN = 0.4  # that a symbol takes before what a legend says of it
_FOOT_IN = 0.4  # that the small print takes under a legend
_LINE = 1.25  # times the size of labels is a line of a legend high


@dataclass(frozen=True, slots=True)
class Entry:
    """What a legend names: a label, and the symbol and the line that it stands for, if any."""

    label: str
    mark: marks.Mark
    symbol: str
    lined: bool


def entries(
    labels: Sequence[tuple[str, str]],
    colours: Mapping[str, str],
    shown: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    *,
    marked: bool,
) -> Iterator[Entry]:
    """Yield what is to be named of the curves that are seen: their colours, then their styles.

    Parameters
    ----------
    labels
        What the colour of each curve tells, and what its style.
    colours
        Those to be named, by the first label.
    shown
        Whether a curve has values, and whether they are joined by a line, bool [curve] each.
    marked
        Whether values are marks.
    """
    seen, joined = shown
    others = dict.fromkeys(second for _, second in labels)
    styles = {other: marks.Mark("0.3", number) for number, other in enumerate(others)}
    circles = {first: marks.Mark(colour) for first, colour in colours.items()}
    for side, looks in enumerate((circles, styles)):
        for label, mark in looks.items():
            of = [i for i, both in enumerate(labels) if seen[i] and both[side] == label]
            if label and of:
                line = bool(joined[of].any())
                alone = "" if line else "."  # of values that make no line
                yield Entry(label, mark, mark.symbol if marked else alone, line)


def draw(figure: Figure, named: Sequence[Entry], look: Look, *, under: bool) -> None:
    """Draw the legend beside the panels or under them, and make the figure larger by it.

    Under them it stands above the small print, which is there already. Labels with lines of their own are
    broken further only where the size of the figure is certain.
    """
    from matplotlib.lines import Line2D  # noqa: PLC0415  # heavy, and optional

    handles = []
    labels = [_broken(entry.label, further=look.size_in is not None) for entry in named]
    for entry, label in zip(named, labels, strict=True):
        handle = Line2D([], [], color=entry.mark.colour, label=label, markersize=4)
        handle.set_linestyle(entry.mark.line if entry.lined else "none")
        handle.set_marker(entry.symbol)
        handles.append(handle)
    if handles and under:
        figure.legend(
            handles=handles,
            loc="outside lower center",
            borderaxespad=72 * style.small_print_in(figure) / style.points(style.TICKS),
            frameon=False,
            ncols=2,
        )
    elif handles:
        figure.legend(handles=handles, loc="outside right upper", frameon=False)
        if look.size_in is None:
            widest = max(width_in(label, style.points(style.TICKS)) for label in labels)
            more_in = max(0.0, widest + _SYMBOL_IN - WIDTH_IN)
            figure.set_figwidth(figure.get_figwidth() + more_in)
    if look.has_height:
        return
    count = sum(1 + label.count("\n") for label in labels)
    between = len(named) / 2
    lines = (count / 2 + 1 if handles else 0) if under else count + between
    legend_in = lines * style.points(_LINE) / 72
    height = figure.get_figheight()
    figure.set_figheight(height + legend_in if under else max(height, legend_in + _FOOT_IN))


def _broken(label: str, *, further: bool) -> str:
    """Return a label in lines that have room; unless ``further``, one that has its own as it is."""
    lines = label.split("\n")
    if len(lines) > 1 and not further:
        return label
    room = WIDTH_IN - _SYMBOL_IN
    return "\n".join(wrapped(line, room, style.points()).rstrip() for line in lines)
