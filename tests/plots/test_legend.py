"""A legend shows what is in the picture: symbols, and lines where there are any."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from orchestrator import plots
from orchestrator.plots import Chart, Curve, Scale

SEVERAL, ONE, NONE = [1.0, 2.0, 3.0], [np.nan, 2.0, np.nan], [np.nan] * 3
Line = tuple[str, str, str]


def _legend(
    values: dict[tuple[str, str], list[float]],
    *,
    marked: bool = True,
    joined: bool = True,
    logarithmic: bool = False,
) -> list[Line]:
    """Return label, symbol and style of line of each entry."""
    drawn = [
        Curve(labels, np.arange(3.0), {"mass": np.array(of)}, {"mass": np.full(3, np.nan)}, 1)
        for labels, of in values.items()
    ]
    panels = {"mass": Scale("mass", logarithmic=logarithmic)}
    chart = Chart(Scale("hop"), panels, "hops", marked=marked, joined=joined)
    figure = plots.curves(drawn, chart)
    return [
        (text.get_text(), str(line.get_marker()), str(line.get_linestyle()))
        for legend in figure.legends
        for text, line in zip(legend.get_texts(), legend.get_lines(), strict=True)
    ]


def test_points_of_a_line_have_symbol_and_line_and_single_points_a_symbol() -> None:
    values = {("sand = 0.4", ""): SEVERAL, ("sand = 0.8", ""): ONE}

    assert _legend(values) == [("sand = 0.4", "o", "-"), ("sand = 0.8", "o", "None")]
    assert _legend(values, joined=False) == [
        ("sand = 0.4", "o", "None"),
        ("sand = 0.8", "o", "None"),
    ]


def test_curves_have_lines_and_single_values_dots() -> None:
    values = {("sand = 0.4", ""): SEVERAL, ("sand = 0.8", ""): ONE}

    assert _legend(values, marked=False) == [
        ("sand = 0.4", "", "-"),
        ("sand = 0.8", ".", "None"),
    ]


def test_what_has_no_value_has_no_entry() -> None:
    values = {("a", "x"): SEVERAL, ("b", "x"): NONE, ("a", "y"): NONE, ("a", "z"): ONE}

    assert _legend(values) == [("a", "o", "-"), ("x", "o", "-"), ("z", "^", "None")]


def test_what_powers_of_ten_cannot_show_has_no_entry() -> None:
    values = {("a", ""): SEVERAL, ("b", ""): [-1.0, 0.0, -2.0]}

    assert _legend(values, logarithmic=True) == [("a", "o", "-")]


def test_an_empty_label_has_no_entry_beside_others() -> None:
    values = {("a", ""): SEVERAL, ("a", "x"): SEVERAL}

    assert _legend(values) == [("a", "o", "-"), ("x", "s", "--")]


def test_a_wide_legend_takes_no_width_from_the_panels() -> None:
    def width_in(label: str) -> float:
        x = np.arange(3.0)
        drawn = [Curve((label, ""), x, {"mass": x}, {"mass": x}, 1)]
        figure = plots.curves(drawn, Chart(Scale("hop"), {"mass": Scale("mass")}, "hops"))
        figure.draw_without_rendering()
        return float(figure.axes[0].get_position().width * figure.get_figwidth())

    narrow, wide = width_in("sand = 0.4"), width_in("sand = 0.4, " * 5 + "\n0.4 ± 0.1 cells")

    assert wide > 0.8 * narrow
