"""Pictures as a journal asks for them."""

from __future__ import annotations

import io
import itertools
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import plots
from orchestrator.model.pictures import Look, Units
from orchestrator.plots import (
    Chart,
    Curve,
    Frame,
    Labels,
    Panel,
    PhaseDiagram,
    Range,
    Scale,
    Stripes,
)
from orchestrator.plots.plane import Plane, _apart
from tests.plots.overlaps import no_text_stands_on_another

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

pytest.importorskip("matplotlib")
from matplotlib.patches import Rectangle
from PIL import Image

SHAPE = (10, 20)


def _figure(look: Look) -> Figure:
    times = np.array([0.0, 10.0])
    curve = Curve(("Tau_min = 0", ""), times, {"q": times}, {"q": times * 0.1}, 2)
    return plots.curves([curve], Chart(Scale("t (t0)"), {"q": Scale("q")}, "winds"), look)


@pytest.mark.parametrize("form", ["curves", "diagram"])
@pytest.mark.parametrize("size_in", [(3.5, 0.0), (7.2, 3.0)])
def test_a_picture_has_the_size_that_was_asked_for_and_nothing_beyond_it(
    tmp_path: Path, size_in: tuple[float, float], form: str
) -> None:
    look = Look(size_in=size_in, dpi=200)
    with plots.sheet(look):
        if form == "curves":
            figure = _figure(look)
        else:
            labels = Labels(("Tau_min = 0", "Tau_min = 1000"), ("Lambda_I = 0.001",) * 2)
            diagram = PhaseDiagram(labels, Frame("winds", Range(0, 9), SHAPE, look=look))
            panel = Panel(np.full(SHAPE, 3, np.int16), 100.0)
            diagram.show(dict.fromkeys(itertools.product(range(2), range(2)), panel))
            figure = diagram.figure
        plots.save(figure, tmp_path / "a.png", "command", look)

    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("L"))
    height = size_in[1] or figure.get_figheight()
    assert np.abs(np.subtract(pixels.shape, (200 * height, 200 * size_in[0]))).max() <= 1
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()


@pytest.mark.parametrize("axes", ["", "x", "y", "xy"])
def test_axes_go_up_by_factors_where_that_is_asked_for(axes: str) -> None:
    times = np.array([1.0, 10.0])
    curve = Curve(
        ("", ""), times, {"q": times, "angle": times}, {"q": times, "angle": times}, 1
    )
    panels = {"q": Scale("q"), "angle": Scale("angle", axial=True)}

    figure = plots.curves([curve], Chart(Scale("t (t0)"), panels, ""), Look(log=axes))

    quantity, angle = figure.axes
    assert quantity.get_xscale() == angle.get_xscale() == ("log" if "x" in axes else "linear")
    assert quantity.get_yscale() == ("log" if "y" in axes else "linear")
    assert angle.get_yscale() == "linear"


@pytest.mark.parametrize("form", ["curves", "diagram", "stripes"])
@pytest.mark.parametrize("size_in", [None, (3.5, 0.0), (7.2, 0.0)])
def test_no_text_stands_on_another(size_in: tuple[float, float] | None, form: str) -> None:
    look = Look(size_in=size_in)
    labels = Labels(
        tuple(f"Tau_min = {tau}" for tau in (0, 100, 200, 1000)),
        tuple(f"Lambda_I = {rate}" for rate in (0.001, 0.005, 0.01)),
    )
    slots = list(itertools.product(range(4), range(3)))
    with plots.sheet(look):
        if form == "curves":
            times = np.array([0.0, 10.0])
            drawn = [
                Curve((labels.rows[i], labels.columns[j]), times, {"q": times}, {"q": times}, 2)
                for i, j in slots
            ]
            notes = ["a note that is so long that it needs a line of its own, and some more"]
            chart = Chart(Scale("t (t0)"), {"q": Scale("q")}, "winds", notes=notes)
            figure = plots.curves(drawn, chart, look)
        elif form == "diagram":
            diagram = PhaseDiagram(labels, Frame("winds", Range(0, 9), SHAPE, look=look))
            diagram.show(dict.fromkeys(slots, Panel(np.full(SHAPE, 3, np.int16), 100.0)))
            figure = diagram.figure
        else:
            stripes = Stripes(np.arange(3.0), np.eye(3, 20, dtype=np.float32), 5)
            figure = plots.space_time(dict.fromkeys(slots, stripes), labels, "winds", look)
        figure.savefig(io.BytesIO(), dpi=100)

    no_text_stands_on_another(figure)


def test_text_is_text_in_the_font_and_size_that_were_asked_for(tmp_path: Path) -> None:
    look = Look(family="DejaVu Serif", points=12.0, title="Dunes of snow", bare=True)
    with plots.sheet(look):
        figure = _figure(look)
        plots.save(figure, tmp_path / "a.svg", "command", look)
        plots.save(figure, tmp_path / "a.pdf", "command", look)

    drawn = (tmp_path / "a.svg").read_text()
    fonts = {
        words: style
        for style, words in re.findall(r'<text style="([^"]+)"[^>]*>([^<]+)<', drawn)
    }
    assert "font-size: 12px; font-family: 'DejaVu Serif'" in fonts["t (t0)"]
    assert "14.6" in fonts["Dunes of snow"]  # 11 to 9
    assert "rescal-sweep" not in re.sub(r"(?s)<metadata>.*</metadata>", "", drawn)
    assert b"/Subtype /Type0" in (tmp_path / "a.pdf").read_bytes()  # embedded as text


def test_the_fonts_are_as_before_afterwards() -> None:
    from matplotlib import rcParams  # noqa: PLC0415  # heavy, and optional

    before = rcParams["font.size"]
    with plots.sheet(Look(points=20.0)):
        inside = rcParams["font.size"]

    assert (inside, rcParams["font.size"]) == (20.0, before)


def test_an_empty_title_leaves_none() -> None:
    assert _figure(Look(title="")).get_suptitle() == ""
    assert _figure(Look()).get_suptitle() == "winds"


def test_the_upright_axis_has_the_range_that_was_asked_for() -> None:
    assert _figure(Look(range=(-2.0, 30.0))).axes[0].get_ylim() == (-2.0, 30.0)


def test_a_lone_ridge_is_not_clipped_but_single_grains_may_be() -> None:
    bed = np.full((100, 200), 5.0)
    bed[::2] = 4.0
    ridge, grains = bed.copy(), bed.copy()
    ridge[50:53, 100:110] = 20.0  # 0.15 % of the map
    grains[::17, ::17] = 20.0
    assert (grains == 20).mean() < 0.01

    of_ridge = plots.range_of([ridge], [ridge])
    of_grains = plots.range_of([grains], [grains])

    assert of_ridge is not None
    assert of_grains is not None
    assert (of_ridge.high, of_ridge.above) == (20.0, False)
    assert of_grains.high < 8
    assert of_grains.above


def test_colours_of_anomalies_have_zero_in_their_middle() -> None:
    above = np.linspace(-3.0, 9.0, 400).reshape(20, 20)

    range_ = plots.range_of([above], [above], centred=True)
    chosen = plots.range_of([above], [above], Look(cmap="PuOr", range=(-4, 4)), centred=True)

    assert range_ is not None
    assert (range_.low, range_.cmap) == (-range_.high, "RdBu_r")
    assert range_.high > 8.5
    assert chosen == Range(-4, 4, below=False, above=True, cmap="PuOr")


def _boxes(diagram: PhaseDiagram) -> list[Any]:
    canvas = diagram.figure.canvas
    canvas.draw()
    return [axes.get_window_extent() for axes in diagram._axes.values()]


@pytest.mark.parametrize("count", [4, 16, 40])
@pytest.mark.parametrize("depth", [5, 20])
def test_maps_in_a_plane_do_not_overlap(count: int, depth: int) -> None:
    random = np.random.default_rng(count)
    right, up = 10 ** random.uniform(-1, 1, count), random.uniform(0, 500, count)
    points = {
        (i, 0): (float(x), float(y)) for i, (x, y) in enumerate(zip(right, up, strict=True))
    }
    plane = Plane(Scale("Lambda_E", logarithmic=True), Scale("Tau_min"), points)
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415

    diagram = PhaseDiagram(plane, Frame("winds", Range(0, 9), (depth, 20)))
    FigureCanvasAgg(diagram.figure)
    diagram.show({slot: Panel(np.full((depth, 20), 3, np.int16), 100.0) for slot in points})

    boxes = _boxes(diagram)
    for one, other in itertools.combinations(boxes, 2):
        assert (
            one.x1 <= other.x0 + 1
            or other.x1 <= one.x0 + 1
            or (one.y1 <= other.y0 + 1 or other.y1 <= one.y0 + 1)
        )
    axes = diagram.figure.axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    if count == 4:  # with so much room each is where its values are
        for (x, y), box in zip(points.values(), boxes, strict=True):
            centre = axes.transData.transform((x, y))
            assert np.hypot(*(centre - [box.x0 + box.width / 2, box.y0 + box.height / 2])) < 3


def test_boxes_in_one_place_move_apart_and_stay_inside() -> None:
    box = np.array([0.2, 0.1])

    moved = _apart(np.full((5, 2), 0.5), box, box / 2)

    for one, other in itertools.combinations(moved, 2):
        assert (np.abs(one - other) >= box - 1e-6).any()
    assert ((moved >= box / 2) & (moved <= 1 - box / 2)).all()


def test_in_metres_a_bar_tells_how_long_things_are() -> None:
    panel = Panel(np.full(SHAPE, 0.3), 10.0, t0_s=7200.0, cell_m=0.1, side=0.1)
    frame = Frame("winds", Range(0, 1), (1.0, 2.0), look=Look(units=Units.SI))
    diagram = PhaseDiagram(Labels(), frame)

    diagram.show({(0, 0): panel})
    diagram.show({(0, 0): panel})

    axes, bar = diagram.figure.axes
    [said] = axes.texts
    [drawn] = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert said.get_text() == "0.5 m"
    assert drawn.get_width() * 2.0 == pytest.approx(0.5)  # of 2 m
    assert bar.get_ylabel() == "height (m)"
    assert diagram.figure.get_supxlabel().startswith(
        "t = 20 h; wind from the left; panel of 2 x 1 m"
    )


def test_where_times_stay_in_t0_no_panel_has_one_in_days() -> None:
    look = Look(units=Units.LENGTHS)
    late = Panel(np.full(SHAPE, 0.3), 10.0, t0_s=7200.0, cell_m=0.1, side=0.1)
    frame = Frame("winds", Range(0, 1), (1.0, 2.0), look=look)
    diagram = PhaseDiagram(Labels(), frame)

    diagram.show({(0, 0): late})

    assert late.when(look.units) == "t = 10 t0"
    assert diagram.figure.get_supxlabel().startswith("t = 10 t0; ")
