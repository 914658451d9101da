"""Pictures show the values that they are given, and what made them."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import plots
from orchestrator.errors import RequestError
from orchestrator.plots import (
    Chart,
    Curve,
    Film,
    Frame,
    Labels,
    Panel,
    PhaseDiagram,
    Range,
    Scale,
    Shade,
    Stripes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

pytest.importorskip("matplotlib")
from matplotlib import colormaps
from matplotlib.colors import to_hex
from PIL import Image, ImageSequence

SHAPE = (10, 20)
ROWS, COLUMNS = ("Tau_min = 0", "Tau_min = 100"), ("Lambda_I = 0.001", "Lambda_I = 0.01")


def _panel(height: int, remark: str = "") -> Panel:
    return Panel(np.full(SHAPE, height, np.int16), 100.0, remark)


def _rendered(figure: Figure) -> list[NDArray[np.uint8]]:
    """Draw a figure and return the pixels within each of its axes, uint8 [y, x, rgb]."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    boxes = [axes.bbox.padded(-5) for axes in figure.axes]
    height = len(pixels)
    return [
        pixels[int(height - box.y1) : int(height - box.y0), int(box.x0) : int(box.x1)].copy()
        for box in boxes
    ]


@pytest.fixture
def diagram() -> PhaseDiagram:
    return PhaseDiagram(Labels(ROWS, COLUMNS), Frame("winds", Range(0.0, 10.0), SHAPE))


def test_a_phase_diagram_has_each_map_in_its_place(diagram: PhaseDiagram) -> None:
    places = list(itertools.product(range(2), range(2)))
    diagram.show({place: _panel(2 + 2 * i) for i, place in enumerate(places)})

    axes = diagram.figure.axes[:4]
    brightness = [float(np.asarray(a.images[0].get_array()).mean()) for a in axes]
    assert brightness == sorted(brightness)
    assert len(set(brightness)) == 4
    assert [a.get_title() for a in axes[:2]] == list(COLUMNS)
    assert axes[2].get_ylabel() == "Tau_min\n= 100"


def test_level_ground_has_the_colour_of_its_height(diagram: PhaseDiagram) -> None:
    """On both levels of a map with a step, a few cells off it."""
    heights = np.full(SHAPE, 2, np.int16)
    heights[:, 10:] = 7
    single = np.full(SHAPE, 2, np.int16)
    single[5, 5] = 9

    diagram.show({(0, 0): Panel(heights, 100.0), (0, 1): Panel(single, 100.0)})

    lit, grain = (np.asarray(axes.images[0].get_array()) for axes in diagram.figure.axes[:2])
    colours = colormaps["cividis"]([0.2, 0.7, 0.9])[:, :3]
    assert lit[4, 3] == pytest.approx(colours[0])
    assert lit[4, 15] == pytest.approx(colours[1])
    assert np.all(lit[4, 10] > colours[1])  # it faces the light, but its colour is not softened
    assert grain[5, 5] == pytest.approx(colours[2], abs=0.01)


@pytest.mark.parametrize("shape", [(1, 20), (10, 1), (1, 1)])
def test_domains_of_one_row_or_column_are_drawn(shape: tuple[int, int]) -> None:
    diagram = PhaseDiagram(Labels(), Frame("winds", Range(0.0, 10.0), shape))

    diagram.show({(0, 0): Panel(np.full(shape, 5, np.int16), 100.0)})

    drawn = np.asarray(diagram.figure.axes[0].images[0].get_array())
    assert drawn.shape == (*shape, 3)
    assert drawn[0, 0] == pytest.approx(colormaps["cividis"](0.5)[:3])


def test_a_scale_of_colours_tells_what_lies_beyond() -> None:
    bed, spike = np.full((20, 20), 5), np.full((20, 20), 5)
    bed[:, ::2], spike[0, 0], spike[0, 1:] = 3, 20, -4
    both = plots.range_of([bed], [bed, spike])
    high, none = plots.range_of([bed], [bed, bed.clip(4, 9)]), plots.range_of([], [])

    assert both == Range(3.0, 5.0, below=True, above=True, whole=True)
    assert high == Range(3.0, 5.0, whole=True)
    assert none is None
    figure = PhaseDiagram(Labels(), Frame("winds", both, SHAPE)).figure
    _rendered(figure)
    (triangles,) = [a for a in figure.axes[1:] if a.get_ylabel() == "height (cells)"]
    assert len([patch for patch in triangles.patches if patch.get_visible()]) == 2


@pytest.mark.parametrize("height", [0, 5, 10], ids=["dark", "middling", "light"])
def test_a_map_of_what_has_not_ended_well_is_hatched(
    diagram: PhaseDiagram, height: int
) -> None:
    hatched = _panel(height, "timeout")
    diagram.show({(0, 0): _panel(height), (0, 1): _panel(height), (1, 0): hatched})

    _, done, timeout = _rendered(diagram.figure)[:3]  # on the first one is the wind
    colour = done[0, 0].astype(int)
    assert np.array_equal(done, np.broadcast_to(done[0, 0], done.shape))
    for third in np.array_split(timeout.astype(int), 3, axis=1):
        differs = np.abs(third - colour).max(axis=2) > 60
        assert 0.1 < differs.mean() < 0.6  # seen all over the map, which is seen through it
        assert np.ptp(third.sum(axis=2)) > 350  # dark lines on light ones, or the reverse


def test_an_empty_cell_is_hatched_where_something_went_wrong(diagram: PhaseDiagram) -> None:
    diagram.show({(0, 1): Panel(None, 0.0, "failed")})

    missing, failed = _rendered(diagram.figure)[:2]
    assert np.ptp(missing) == 0
    for third in np.array_split(failed, 3, axis=1):
        assert np.mean(third < 100) > 0.05


def test_what_is_hatched_tells_why_and_since_when(diagram: PhaseDiagram) -> None:
    stopped = Panel(np.full(SHAPE, 3, np.int16), 20.504, "node_fail")
    diagram.show({(0, 0): _panel(3), (0, 1): stopped, (1, 0): Panel(None, 0.0, "failed")})

    told = [[text.get_text() for text in axes.texts] for axes in diagram.figure.axes[:4]]
    assert told == [[], ["node fail, t = 20.5 t0"], ["failed"], []]
    assert _small_print(diagram).startswith(
        "t = 100 t0; wind from the left; hatched: incomplete"
    )


def test_a_map_of_another_time_tells_it_and_the_small_print_that_of_the_others(
    diagram: PhaseDiagram,
) -> None:
    earlier = Panel(np.full(SHAPE, 3, np.int16), 20.0, apart=True)

    others = {(1, 0): _panel(3), (1, 1): _panel(3)}
    diagram.show({(0, 0): _panel(3), (0, 1): earlier, **others})

    told = [[text.get_text() for text in axes.texts] for axes in diagram.figure.axes[:2]]
    assert told == [[], ["t = 20 t0"]]
    assert not diagram.figure.axes[1].collections  # it is not hatched
    assert _small_print(diagram).startswith("t = 100 t0; wind from the left; panels of")


def test_columns_without_a_height_are_white_and_a_full_domain_tells_since_when(
    diagram: PhaseDiagram,
) -> None:
    heights = np.full(SHAPE, 5.0)
    heights[:, 3] = np.nan
    full = Panel(np.full(SHAPE, np.nan), 100.0, apart=True, full_from_t0=60.0)

    diagram.show({(0, 0): Panel(heights, 100.0), (0, 1): full})

    drawn = [np.asarray(axes.images[0].get_array()) for axes in diagram.figure.axes[:2]]
    assert (drawn[0] == 1).all(axis=2).sum(axis=0).tolist() == [0] * 3 + [10] + [0] * 16
    assert (drawn[1] == 1).all()
    (said,) = diagram.figure.axes[1].texts
    assert said.get_text() == "t = 100 t0, full from t = 60 t0 on"
    assert "; white: columns without air; " in _small_print(diagram)


def test_the_small_print_tells_sizes_and_explains_holes(diagram: PhaseDiagram) -> None:
    places = list(itertools.product(range(2), range(2)))

    diagram.show(dict.fromkeys(places, _panel(3)))
    whole = _small_print(diagram)
    diagram.show(dict.fromkeys(places[:3], _panel(3)))

    assert "wind from the left; panels of 20 x 10 cells; rescal" in whole
    assert "; plain grey: not in the sweep; panels" in _small_print(diagram)
    times = np.array([0.0, 10.0])
    one = {(0, 0): Stripes(times, np.array([[0, 1], [np.nan, 2]], np.float32), 5)}
    profile = plots.space_time(one, Labels(ROWS, COLUMNS), "winds")
    told = "row y = 5; wind from the left; grey: columns without air; light grey: not in"
    assert profile.get_supxlabel().startswith(told)


@pytest.mark.parametrize(
    ("highest", "paths", "said"),
    [
        (0, (), "no dunes above the threshold"),
        (1, (), "outlines of dunes"),
        (1, (np.zeros((2, 2)),), "outlines of dunes, and the paths on which they came"),
    ],
)
def test_the_small_print_tells_what_is_drawn_of_dunes(
    diagram: PhaseDiagram, highest: int, paths: tuple[NDArray[np.float64], ...], said: str
) -> None:
    outlines = np.zeros(SHAPE, np.int16)
    outlines[2:5, 2:5] = highest

    diagram.show({(0, 0): dataclasses.replace(_panel(3), outlines=outlines, paths=paths)})

    assert said in _small_print(diagram).split("; ")


def test_rows_have_room_for_what_stands_beside_them(tmp_path: Path) -> None:
    points = tuple(
        f"Tau_min = {i}\nLambda_I = 0.01\nCoef_A = {i}\nCoef_B = 2" for i in range(3)
    )
    figure = PhaseDiagram(
        Labels(points, ("",)), Frame("winds", Range(0.0, 10.0), (10, 100))
    ).figure

    plots.save(figure, tmp_path / "a.png", "command")
    boxes = [axes.yaxis.label.get_window_extent() for axes in figure.axes[:3]]
    assert [axes.get_ylabel() for axes in figure.axes[:3]] == list(points)
    assert all(lower.y1 < upper.y0 for upper, lower in itertools.pairwise(boxes))
    assert all(box.x0 > 0 for box in boxes)


@pytest.mark.parametrize("shape", [(20, 60), (60, 20), (10, 100)])
@pytest.mark.parametrize("columns", [("",), COLUMNS])
def test_no_text_stands_beyond_the_edge(
    tmp_path: Path, shape: tuple[int, int], columns: tuple[str, ...]
) -> None:
    """Though the sweep has a long name, and its rows have long values."""
    rows = ("Lambda_E = 1\nCsp_template = SNOWFALL(4)", "Lambda_E = 4\nCsp_template = CONE(8)")
    name = "snowfall-wind-strength-and-avalanche-angle-of-2026, exp1024"
    diagram = PhaseDiagram(Labels(rows, columns), Frame(name, Range(0.0, 10.0), shape))
    panel = Panel(np.full(shape, 3, np.int16), 1234.56, "timeout", full_from_t0=9.0)
    diagram.show(dict.fromkeys(itertools.product(range(2), range(len(columns))), panel))
    stripes = Stripes(np.array([0.0, 10.0]), np.zeros((2, 9), np.float32), 5)
    profile = plots.space_time({(0, 0): stripes}, Labels(rows, columns), name)

    for figure in (diagram.figure, profile):
        plots.save(figure, tmp_path / "a.png", "command")

        with Image.open(tmp_path / "a.png") as picture:
            pixels = np.asarray(picture.convert("L"))
            size = [round(inches * 150) for inches in figure.get_size_inches()]
        assert np.abs(np.subtract(pixels.shape[::-1], size)).max() <= 1
        for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
            assert (edge == 255).all()
        said = figure.get_suptitle() + figure.get_supxlabel()
        assert said.replace("\n", "").startswith(
            f"{name}t = " if figure is diagram.figure else name
        )


@pytest.mark.parametrize(
    ("length", "numbers"),
    [
        (40, ["2", "5", "10", "20", "50"]),
        (400, ["2", "5", "10", "20", "50", "100", "200", "500"]),
    ],
)
def test_powers_of_ten_have_numbers_where_there_is_room(
    length: int, numbers: list[str]
) -> None:
    wavelengths = length / np.arange(1, length // 2)
    power, error = wavelengths**2, np.full_like(wavelengths, 50.0)
    found = [Curve(("a", ""), wavelengths, {"power": power}, {"power": error}, 2)]
    scales = Scale("wavelength", logarithmic=True), {"power": Scale("power", logarithmic=True)}

    figure = plots.curves(found, Chart(*scales, "winds"))

    _rendered(figure)
    (axes,) = figure.axes
    low, high = axes.get_xlim()
    shown = [
        text.get_text()
        for where, text in zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        if low <= where <= high
    ]
    assert [text for text in shown if text] == [n for n in numbers if low <= float(n) <= high]
    assert not any(text.get_text() for text in axes.get_xticklabels(minor=True))
    band = np.asarray(axes.collections[0].get_paths()[0].vertices)[:, 1]
    assert band.min() == power.min()  # where the error is more than the mean


def test_numbers_on_one_scale_of_powers_have_one_form() -> None:
    power = {"power": np.array([5e-6, 2e-5, 9e-4])}
    scales = Scale("wavelength"), {"power": Scale("power", logarithmic=True)}

    figure = plots.curves(
        [Curve(("a", ""), np.arange(3.0), power, {"power": np.zeros(3)}, 2)],
        Chart(*scales, "winds"),
    )

    _rendered(figure)
    (axes,) = figure.axes
    numbers = [text.get_text() for text in axes.get_yticklabels()]
    assert len(numbers) >= 7
    assert all("10^" in number for number in numbers)


def test_where_nothing_is_hatched_the_small_print_tells_nothing_of_it(
    diagram: PhaseDiagram,
) -> None:
    diagram.show({(0, 0): _panel(3), (0, 1): _panel(3, "timeout")})
    diagram.show({(0, 0): _panel(3), (0, 1): _panel(3)})

    _, done = _rendered(diagram.figure)[:2]
    assert np.ptp(done.reshape(-1, 3), axis=0).max() == 0
    assert "hatched" not in _small_print(diagram)


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([0.5, 0.5], "t = 0.5 t0"),
        ([0.5, 1.0], "t = 0.5 to 1 t0"),
        ([1000.5, 1000.51], "t = 1000.5 t0"),
        ([400.0026, 400.1654], "t = 400 t0"),
        ([0.0, 0.0], "t = 0 t0"),
        ([], "no data"),
    ],
)
def test_times_are_told_as_they_are(
    diagram: PhaseDiagram, times: list[float], told: str
) -> None:
    height_map = np.zeros(SHAPE, np.int16)
    diagram.show({(0, i): Panel(height_map, time) for i, time in enumerate(times)})

    assert _small_print(diagram).startswith(f"{told}; ")


def test_maps_of_unequal_domains_are_drawn_to_one_scale(diagram: PhaseDiagram) -> None:
    large, small = np.full(SHAPE, 10, np.int16), np.full((5, 10), 10, np.int16)
    large_ones = dict.fromkeys([(0, 0), (0, 1)], Panel(large, 100.0))
    diagram.show({**large_ones, (1, 0): Panel(small, 100.0)})

    drawn = [np.any(pixels < 250, axis=2) for pixels in _rendered(diagram.figure)[1:3]]
    assert drawn[0].all()
    assert drawn[1].mean() == pytest.approx(0.25, abs=0.02)
    assert drawn[1][0, 0]


def _small_print(diagram: PhaseDiagram) -> str:
    return diagram.figure.get_supxlabel()


def test_showing_again_replaces_what_was_shown(diagram: PhaseDiagram) -> None:
    for height in (2, 8):
        diagram.show({(0, 0): _panel(height), (1, 1): Panel(None, 0.0, "pending")})

    first, last = diagram.figure.axes[0], diagram.figure.axes[3]
    assert len(first.images) == 1
    assert len(last.texts) == len(last.collections) == 1


def test_of_no_power_powers_of_ten_have_no_value() -> None:
    nothing = {"power": np.zeros(3)}
    found = [Curve(("a", ""), np.array([2.0, 4.0, 8.0]), nothing, nothing, 2)]
    scales = Scale("wavelength", logarithmic=True), {"power": Scale("power", logarithmic=True)}

    figure = plots.curves(found, Chart(*scales, "winds"))
    figure.draw_without_rendering()

    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["no value"]
    assert np.isnan(np.asarray(axes.lines[0].get_ydata(), float)).all()


def test_a_panel_without_values_says_so_and_has_no_scale() -> None:
    nothing, zeros = np.full((2, 3), np.nan), np.zeros((2, 3))
    values = {"wavelength": nothing[0], "sintered": zeros[0]}
    found = [plots.Curve(("a", ""), np.array([0.0, 10.0, 20.0]), values, values, 2)]
    scales = Scale("t"), {"wavelength": Scale("wavelength"), "sintered": Scale("sintered")}

    figure = plots.curves(found, Chart(*scales, "winds"))

    upper, lower = figure.axes
    assert [text.get_text() for text in upper.texts] == ["no value"]
    assert list(upper.get_yticks()) == []
    assert list(lower.get_yticks()) == [0]


def test_the_scale_of_a_single_value_has_its_number_with_the_digits_that_it_deserves() -> None:
    value, none = {"wavelength": np.array([41.849123])}, {"wavelength": np.array([np.nan])}
    scales = Scale("t"), {"wavelength": Scale("wavelength")}

    figure = plots.curves(
        [Curve(("a", ""), np.array([30.0]), value, none, 1)], Chart(*scales, "winds")
    )

    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["41.85"]


def test_curves_are_the_mean_over_seeds_with_its_error() -> None:
    nan, times = np.nan, np.array([0.0, 10.0, 20.0, 30.0])
    means, errors = np.array([2.0, 2.0, nan, 5.0]), np.array([1.0, 1.0, nan, nan])
    found = [Curve(("Tau_min = 0", ""), times, {"roughness": means}, {"roughness": errors}, 2)]
    scales = Scale("t (t0)"), {"roughness": Scale("roughness (cells)")}

    figure = plots.curves(found, Chart(*scales, "winds"))

    (axes,) = figure.axes
    line, alone = axes.lines
    assert np.array_equal(np.asarray(line.get_ydata()), means, equal_nan=True)
    assert (alone.get_xdata(), alone.get_ydata()) == ([30.0], [5.0])  # no line shows it
    band = axes.collections[0].get_paths()[0].vertices
    assert {1.0, 3.0} == set(np.asarray(band)[:, 1].tolist())
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("t (t0)", "roughness (cells)")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Tau_min = 0"]


def test_means_of_other_seeds_are_thin_and_not_joined_with_each_other() -> None:
    """Of both seeds twice, then of the second twice and of the first once."""
    times, means = np.arange(5.0), np.array([1.0, 2.0, 7.0, 8.0, 0.0])
    errors = np.array([0.1, 0.1, np.nan, np.nan, np.nan])
    sets = {"q": np.array([0, 0, 2, 2, 1])}
    found = [Curve(("a", ""), times, {"q": means}, {"q": errors}, 2, sets, every=False)]

    figure = plots.curves(found, Chart(Scale("t"), {"q": Scale("q")}, "winds", notes=("late",)))

    whole, thin, alone = figure.axes[0].lines
    nan = np.nan
    drawn = [[1.0, 2.0, nan, nan, nan, nan, nan], [nan, nan, nan, 7.0, 8.0, nan, 0.0]]
    for line, expected in zip((whole, thin), drawn, strict=True):
        assert np.array_equal(np.asarray(line.get_ydata()), expected, equal_nan=True)
    assert thin.get_linewidth() < whole.get_linewidth() / 2
    assert np.asarray(alone.get_xdata()).tolist() == [4.0]
    told = "mean of up to 2 seeds and its standard error; thin: of some of these seeds; late; "
    assert figure.get_supxlabel().startswith(told)


def test_directions_go_the_shorter_way_round_and_stay_within_their_bounds() -> None:
    times, means = np.arange(4.0), np.array([70.0, 85.0, -80.0, -70.0])
    values = {"q": means}, {"q": np.full(4, 30.0)}
    found = [Curve(("a", ""), times, *values, 2)]

    figure = plots.curves(found, Chart(Scale("t"), {"q": Scale("q", axial=True)}, "winds"))

    (axes,) = figure.axes
    drawn = np.asarray(axes.lines[0].get_ydata())
    assert np.array_equal(drawn, [70.0, 85.0, np.nan, -80.0, -70.0], equal_nan=True)
    bands = np.concatenate([path.vertices for path in axes.collections[0].get_paths()])
    assert (bands[:, 1].min(), bands[:, 1].max()) == (-90, 90)
    assert axes.get_yticks().tolist() == [-90, -45, 0, 45, 90]


def test_where_points_are_many_colours_tell_a_number_of_theirs() -> None:
    """In powers of ten here: the middle one of 1, 10 and 100 has the middle colour."""
    times = np.array([0.0, 10.0])
    numbers = {"a": 100.0, "b": 1.0, "c": 10.0}
    found = [
        Curve((name, ""), times, {"q": times + i}, {"q": times * 0}, 1)
        for i, name in enumerate(numbers)
    ]
    shade = Shade("Lambda_E", numbers, logarithmic=True)

    figure = plots.curves(found, Chart(Scale("t"), {"q": Scale("q")}, "winds", shade))

    axes, bar = figure.axes
    assert bar.get_ylabel() == "Lambda_E"
    assert not figure.legends
    drawn = [str(line.get_color()) for line in axes.lines]
    shades = colormaps["viridis"](np.linspace(0, 0.9, 256))
    assert drawn == [to_hex(shades[i]) for i in (255, 0, 128)]


def test_profiles_stand_over_time() -> None:
    times, heights = np.array([0.0, 10.0]), np.array([[0, 1, 2], [3, 4, 5]], np.float32)

    figure = plots.space_time({(0, 0): Stripes(times, heights, 5)}, Labels(), "winds")

    (mesh,) = figure.axes[0].collections
    assert np.array_equal(np.asarray(mesh.get_array()).reshape(2, 3), heights)
    assert figure.axes[0].get_ylabel() == "t (t0)"
    assert figure.axes[0].get_ylim() == (0.0, 15.0)  # from the first snapshot on
    assert figure.get_supxlabel().startswith("row y = 5; wind from the left")


def test_panels_of_a_broken_axis_have_their_own_titles() -> None:
    over = {(0, 0): "a", (0, 1): "b", (1, 0): "c"}
    labels = Labels(("", ""), ("", ""), over)
    diagram = PhaseDiagram(labels, Frame("winds", Range(0.0, 10.0), SHAPE))
    diagram.show({(1, 0): _panel(3)})
    times, heights = np.array([0.0, 10.0]), np.array([[0, 1, 2], [3, 4, 5]], np.float32)
    profile = plots.space_time({(1, 0): Stripes(times, heights, 5)}, labels, "winds")

    for figure in (diagram.figure, profile):
        assert [axes.get_title() for axes in figure.axes[:4]] == ["a", "b", "c", ""]
        assert [axes.axison for axes in figure.axes[:4]] == [True, True, True, False]
    distances = [axes.get_xlabel() for axes in profile.axes[:4]]
    assert distances[:3] == ["", "x (cells)", "x (cells)"]


def test_profiles_of_unequal_domains_tell_that_their_rows_differ() -> None:
    times, nothing = np.array([0.0, 10.0]), np.empty((0, 0), np.float32)
    panels = {
        (0, 0): Stripes(times, np.zeros((2, 6), np.float32), 5),
        (0, 1): Stripes(times, np.zeros((2, 3), np.float32), 10, "node_fail"),
        (0, 2): Stripes(np.empty(0), nothing, 0, "failed"),
    }

    figure = plots.space_time(panels, Labels(("",), ("a", "b", "c")), "winds")

    told = [[text.get_text() for text in axes.texts] for axes in figure.axes[:3]]
    assert told == [[], ["node fail"], ["failed"]]
    assert figure.get_supxlabel().startswith("middle rows, y = 5 to 10; ")


@pytest.mark.parametrize(
    ("suffix", "mark"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_a_picture_tells_the_command_that_made_it(
    tmp_path: Path, diagram: PhaseDiagram, suffix: str, mark: bytes
) -> None:
    diagram.show({(0, 0): _panel(3)})

    plots.save(diagram.figure, tmp_path / f"a{suffix}", "rescal-sweep plot winds")

    written = (tmp_path / f"a{suffix}").read_bytes()
    assert written.startswith(mark)
    assert b"rescal-sweep plot winds" in written
    assert [p.name for p in tmp_path.iterdir()] == [f"a{suffix}"]


def test_a_film_has_a_frame_for_each_moment(tmp_path: Path, diagram: PhaseDiagram) -> None:
    path = tmp_path / "a.gif"

    plots.film(
        Film(diagram.figure, lambda h: diagram.show({(0, 0): _panel(h)}), (1, 5, 9)),
        path,
        "plot winds",
    )

    with Image.open(path) as film:
        assert film.info["comment"] == b"plot winds"
        assert film.info["duration"] == 120  # in hundredths of a second
        assert sum(1 for _ in ImageSequence.Iterator(film)) == 3
    assert [p.name for p in tmp_path.iterdir()] == ["a.gif"]


def test_what_no_picture_can_be_is_told(tmp_path: Path, diagram: PhaseDiagram) -> None:
    with pytest.raises(RequestError, match=r"written as .png, .svg or .pdf"):
        plots.save(diagram.figure, tmp_path / "a.bmp", "")
    with pytest.raises(RequestError, match=r"written as .gif or .mp4"):
        plots.film(Film(diagram.figure, print, ()), tmp_path / "a.avi", "")


@pytest.mark.parametrize(("words", "lines"), [((), 1), (("OPEN", "PERIODIC"), 0)])
def test_marks_over_words_are_not_joined(words: tuple[str, ...], lines: int) -> None:
    values = np.array([0.0, 1.0])
    curve = Curve(("", ""), values, {"q": values}, {"q": np.full(2, np.nan)}, 1)
    chart = Chart(Scale("Boundary", words=words), {"q": Scale("q")}, "", marked=True)

    axes = plots.curves([curve], chart).axes[0]

    assert len(axes.get_lines()) == lines
    assert np.shape(axes.collections[0].get_offsets()) == (2, 2)


def test_directions_are_not_joined_the_longer_way_round() -> None:
    x, means = np.arange(4.0), np.array([80.0, 88.0, -85.0, -70.0])
    found = [Curve(("a", ""), x, {"q": means}, {"q": np.full(4, np.nan)}, 1)]

    chart = Chart(Scale("divergence"), {"q": Scale("q", axial=True)}, "winds", marked=True)
    figure = plots.curves(found, chart)

    [line] = figure.axes[0].lines
    drawn = np.asarray(line.get_ydata())
    assert np.array_equal(drawn, [80, 88, np.nan, -85, -70], equal_nan=True)
    assert "; \N{MINUS SIGN}90 and 90 degrees are one direction; " in figure.get_supxlabel()


def test_a_long_legend_has_room_beside_the_panels(tmp_path: Path) -> None:
    x = np.arange(3.0)
    found = [
        Curve(
            (f"Lambda_S = {n}, Tau_min = 100, Ava_angle = 50\n0.4 ± 0.1 cells", ""),
            x,
            {"q": x},
            {"q": x},
            1,
        )
        for n in range(14)
    ]
    figure = plots.curves(found, Chart(Scale("t"), {"q": Scale("q")}, "hardening"))

    plots.save(figure, tmp_path / "a.png", "command")

    [legend] = figure.legends
    box, height = legend.get_window_extent(), figure.get_figheight() * figure.dpi
    assert box.y0 > 0.15 * figure.dpi
    assert box.y1 <= height
    written = figure._suptitle.get_window_extent()  # type: ignore[attr-defined]
    assert written.x1 < box.x0
