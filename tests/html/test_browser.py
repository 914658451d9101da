"""The page in a real browser, opened from the disk: it draws, listens, and asks for nothing."""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import html
from orchestrator.analysis.dataset.grid import Dimension
from orchestrator.analysis.scales import Scales
from orchestrator.html.diagram import diagram
from orchestrator.model import State
from orchestrator.model.snapshots import Reduced
from tests.html.conftest import NAMES, QUANTITIES, laid_out, without_maps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from playwright.sync_api import Browser, Page

    from orchestrator.html import Exhibit, Overview
    from orchestrator.model import Point

FAILED = 4  # of the six experiments; it has three of six snapshots
SEED = Dimension("seed", {"seed": [1]})
WINDOW = {"width": 1280, "height": 1600}  # every picture is in sight
DRAWN = """() => [...document.querySelectorAll('.cell .picture')].every(
  (one) => one.querySelector('canvas').width > 2 || one.querySelector('.figure').textContent)"""
PLACE = """one => {
  const {top, bottom, left, right} = one.getBoundingClientRect();
  return [top, bottom, left, right];
}"""
PIXELS = """canvas => {
  const copy = document.createElement('canvas');
  [copy.width, copy.height] = [canvas.width, canvas.height];
  const pen = copy.getContext('2d', {willReadFrequently: true});
  pen.drawImage(canvas, 0, 0);
  return Array.from(pen.getImageData(0, 0, copy.width, copy.height).data);
}"""


@dataclasses.dataclass
class Opener:
    """Opens the page in tabs of a kind, and keeps what browsers complain of and ask for."""

    browser: Browser
    address: str
    complaints: list[str] = dataclasses.field(default_factory=list)
    asked: list[str] = dataclasses.field(default_factory=list)

    def __call__(self, fragment: str = "", **kind: Any) -> Page:
        tab = self.browser.new_context(**{"viewport": WINDOW, **kind}).new_page()
        tab.set_default_timeout(120_000)
        tab.on("console", lambda message: self.complaints.append(message.text))
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("request", lambda request: self.asked.append(request.url))
        tab.goto(self.address + fragment)
        tab.wait_for_function(DRAWN)
        return tab


@pytest.fixture
def written(tmp_path: Path, make_exhibit: Callable[..., Exhibit], overview: Overview) -> Path:
    fields = {"remark": "rescal exited, with 3", "log_tail": ("</script>bad luck",)}
    exhibits = [make_exhibit(n) for n in range(6)]
    exhibits[FAILED] = make_exhibit(FAILED, State.FAILED, 3, **fields)
    path = tmp_path / "report.html"
    _write(path, exhibits, overview)
    return path


@pytest.fixture
def open_page(browser: Browser, written: Path) -> Iterator[Opener]:
    opener = Opener(browser, written.as_uri())
    yield opener
    for context in browser.contexts:
        context.close()
    assert opener.complaints == []
    assert {url.partition("#")[0] for url in opener.asked} <= {opener.address}


def _write(path: Path, exhibits: Iterable[Exhibit], overview: Overview) -> None:
    allowance = html.allowance(6, np.array(overview.times))
    shown = list(exhibits)
    packed = [html.pack(exhibit, NAMES, list(QUANTITIES), allowance) for exhibit in shown]
    path.write_bytes(html.render(laid_out(overview, shown), packed))


def _pixels(tab: Page, number: int) -> list[int]:
    pixels: list[int] = tab.locator(f".cell[data-number='{number}'] canvas").evaluate(PIXELS)
    return pixels


def _rows(tab: Page) -> list[str]:
    return tab.locator("#body tr th").all_inner_texts()


def test_the_page_shows_every_experiment_on_the_grid_of_the_axes(open_page: Opener) -> None:
    tab = open_page()

    cells = tab.locator("table.grid .cell")
    labels = tab.locator("table.grid th").all_inner_texts()

    assert cells.count() == 6
    assert [label.replace("\xa0", " ") for label in labels] == [
        *("Tau_min = 0", "Tau_min = 100"),
        *(f"Lambda_I = {value}" for value in ("0", "0.5", "1")),
    ]
    assert tab.locator(".cell .note").all_inner_texts() == ["failed"]
    assert tab.title() == "winds · rescal-sweep"


def test_the_slider_changes_the_pictures(open_page: Opener) -> None:
    tab = open_page()
    last, partial = _pixels(tab, 1), _pixels(tab, FAILED)

    tab.locator("#time").press("ArrowLeft")
    before = _pixels(tab, 1)

    assert tab.locator("#time-text").inner_text() == "t = 40 t0"
    assert before != last
    assert _pixels(tab, FAILED) == partial  # it ended at 20 t0
    assert tab.locator(f".cell[data-number='{FAILED}'] .figure").inner_text() == "t = 20"


def test_the_pictures_are_coloured_by_height(open_page: Opener) -> None:
    tab = open_page("#t=0")
    low = _pixels(tab, 1)

    tab.locator("#time").press("End")
    high = _pixels(tab, 1)

    yellow = [sum(p - b for p, b in zip(v[::4], v[2::4], strict=True)) for v in (low, high)]
    assert yellow[1] > yellow[0]  # from blue to yellow as the bed grows


def test_a_picture_of_another_time_than_the_slider_tells_its_own(
    open_page: Opener, written: Path, overview: Overview, make_exhibit: Callable[..., Exhibit]
) -> None:
    stops = tuple(float(t) for t in (*range(6), *range(10, 51, 10)))
    _write(written, [make_exhibit(0)], dataclasses.replace(overview, times=stops))
    tab = open_page("#open=0&t=0")
    tab.locator("#detail[open]").wait_for()

    texts = []
    for stop in (0, 3, 50):
        tab.locator("#detail-time").fill(str(stops.index(stop)))
        caption = tab.locator(".map figcaption").inner_text().partition(";")[0]
        texts.append((tab.locator(".cell .figure").inner_text(), caption))

    assert texts == [
        ("", "t = 0 t0"),
        ("t = 0", "t = 0 t0, the nearest there is"),
        ("", "t = 50 t0"),
    ]


def test_what_plays_goes_on_and_can_be_stopped_after_the_sides_were_changed(
    open_page: Opener,
) -> None:
    tab = open_page("#t=0")
    tab.locator("#play").click()

    tab.locator("#side-rows").select_option("Tau_min")

    assert tab.locator("#play").inner_text() == "Pause"
    tab.locator("#play").click()
    assert tab.locator("#play").inner_text() == "Play"
    stopped = tab.locator("#time-text").inner_text()
    tab.wait_for_timeout(700)  # it would have gone on after 500
    assert tab.locator("#time-text").inner_text() == stopped


def test_the_keyboard_stays_with_the_control_that_changes_the_diagram(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    exhibits = [make_exhibit(n) for n in range(6)]
    other = [
        dataclasses.replace(one.status.experiment, number=6 + n, point=_reseeded(one))
        for n, one in enumerate(exhibits)
    ]
    more = [
        dataclasses.replace(one, status=dataclasses.replace(one.status, experiment=again))
        for one, again in zip(exhibits, other, strict=True)
    ]
    _write(written, [*exhibits, *more], overview)
    tab = open_page("#rows=Tau_min&columns=Lambda_I")

    focused = []
    for name in ("pick-seed", "side-rows"):
        tab.locator(f"#{name}").focus()
        tab.keyboard.press("ArrowDown")
        focused.append(tab.evaluate("document.activeElement.id"))

    assert focused == ["pick-seed", "side-rows"]
    chosen = [tab.locator(f"#{name}").input_value() for name in focused]
    assert chosen == ["seed = 2", "Lambda_I"]


def _reseeded(exhibit: Exhibit) -> Point:
    return dataclasses.replace(exhibit.status.experiment.point, seed=2)


def test_numbers_take_the_place_of_maps(open_page: Opener, overview: Overview) -> None:
    tab = open_page()

    tab.locator("#show").select_option("roughness")

    assert tab.locator("#scale-text").inner_text().startswith("roughness: 0.")
    texts = tab.locator(".cell .figure").all_inner_texts()
    assert [text for text in texts if "t = 20" in text] == [
        tab.locator(f".cell[data-number='{FAILED}'] .figure").inner_text()
    ]  # which has no other
    values = [float(text.partition(",")[0]) for text in texts]
    assert len(values) == 6
    assert min(values) > 0.4
    assert [*overview.quantities] == ["mean_height", "roughness"]


def test_a_sweep_without_height_maps_shows_its_numbers(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    _write(written, (without_maps(make_exhibit(n)) for n in range(6)), overview)

    tab = open_page("#open=1&t=2")
    tab.locator("#detail[open]").wait_for()

    offered = tab.locator("#show option").all_inner_texts()
    labels = tab.locator("#detail svg").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert offered == ["mean height", "roughness"]
    assert all(float(text) > 4 for text in tab.locator(".cell .figure").all_inner_texts())
    assert "t = 20 t0; 40 \u00d7 20 cells; no height maps were kept" in (
        tab.locator("#detail figcaption").first.inner_text()
    )
    assert [label.partition(":")[0] for label in labels] == ["mean height", "roughness"]
    assert tab.locator("#detail .map canvas").count() == 0


def test_words_fit_what_is_shown(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    flat = {**make_exhibit(0).series, "roughness": np.full(6, np.nan)}
    failed = without_maps(make_exhibit(2, State.FAILED, series={}))
    nothing = dataclasses.replace(failed.reduced, times=np.zeros(0))
    failed = dataclasses.replace(failed, reduced=nothing)
    _write(written, [make_exhibit(0, series=flat), make_exhibit(1), failed], overview)
    tab = open_page()

    reading = [tab.locator("#reading").inner_text()]
    tab.locator(".cell[data-number='0']").hover()
    tip = tab.locator("#tip", has_text="exp0")
    tip.wait_for()
    numbers = tip.locator("dd").all_inner_texts()
    tab.locator("#show").select_option("roughness")
    reading.append(tab.locator("#reading").inner_text())
    panel = open_page("#open=2")
    panel.locator("#detail[open]").wait_for()
    paragraphs = panel.locator("#detail-body p").all_inner_texts()

    assert [text.partition(" ")[0] for text in reading] == ["Each", "Hatched:"]
    assert (numbers[0][-5:], numbers[1]) == ("cells", "\u2013")
    assert paragraphs[-1] == "There are no snapshots."


def test_domains_of_unequal_size_are_drawn_to_one_scale(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    shapes = [(20, 40) if n % 3 else (10, 10) for n in range(6)]
    _write(written, (make_exhibit(n, shape=shapes[n]) for n in range(6)), overview)

    tab = open_page()

    small, large = (
        tab.locator(f".cell[data-number='{n}'] .picture").bounding_box() for n in (0, 1)
    )
    assert small is not None
    assert large is not None
    assert small["width"] / large["width"] == pytest.approx(10 / 40, rel=0.02)
    assert small["height"] / large["height"] == pytest.approx(10 / 20, rel=0.02)


@pytest.mark.parametrize("height", [800, 520, 200])
def test_the_numbers_of_every_picture_are_within_the_window(
    open_page: Opener,
    written: Path,
    make_exhibit: Callable[..., Exhibit],
    overview: Overview,
    height: int,
) -> None:
    remark = "rescal exited, with 3, which it does after long thought " * 4
    _write(
        written, (make_exhibit(n, shape=(40, 40), remark=remark) for n in range(6)), overview
    )
    tab = open_page()
    tab.set_viewport_size({"width": 1280, "height": height})

    places = []
    for n in range(6):
        cell = tab.locator(f".cell[data-number='{n}'] .picture")
        cell.evaluate("one => one.scrollIntoView({block: 'center', behavior: 'instant'})")
        tab.mouse.move(2, 2)
        cell.hover()
        tab.locator("#tip:not([hidden])").wait_for()
        places.append(tab.locator("#tip").evaluate(PLACE))

    for top, bottom, left, right in places:
        assert top >= 0
        assert left >= 0
        assert right <= 1280
        assert bottom <= height or top == 8  # there may be more of it than window


def test_the_numbers_of_a_picture_follow_the_time_and_go_with_escape(
    open_page: Opener,
) -> None:
    tab = open_page()
    cell = tab.locator(".cell[data-number='1']")
    cell.hover()
    tab.locator("#tip", has_text="at 50 t0").wait_for()
    described = cell.get_attribute("aria-describedby")

    tab.locator("#time").focus()
    tab.keyboard.press("Home")
    tab.locator("#tip", has_text="at 0 t0").wait_for()
    tab.keyboard.press("Escape")

    assert described == "tip"
    assert tab.locator("#tip").is_hidden()
    assert cell.get_attribute("aria-describedby") is None
    tab.keyboard.press("End")
    assert tab.locator("#tip").is_hidden()


def test_the_keyboard_walks_the_grid_opens_an_experiment_and_closes_it(
    open_page: Opener,
) -> None:
    tab = open_page("#rows=Tau_min&columns=Lambda_I")

    tab.locator(".cell[data-number='0']").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowDown")
    tip = tab.locator("#tip").inner_text().replace("\xa0", " ")
    tab.keyboard.press("Enter")
    tab.locator("#detail[open]").wait_for()
    shown = tab.locator("#detail").inner_text()
    tab.keyboard.press("Escape")
    tab.locator("#detail:not([open])").wait_for(state="attached")

    assert tip.startswith(
        "exp4 · failed\nTau_min = 100, Lambda_I = 0.5, seed = 1\nrescal exited"
    )
    assert "exp4 failed" in shown.replace("\n", " ")
    assert "rescal exited, with 3" in shown
    assert "</script>bad luck" in shown
    assert "rescal run.par -s 1" in shown
    assert "t = 20 t0, the last one there is; 40 \u00d7 20 cells; wind from the left" in shown
    assert tab.evaluate("document.activeElement.dataset.number") == "4"
    tab.wait_for_function("() => !location.hash.includes('open')")  # the address follows later


def test_an_experiment_has_its_series_and_its_spectrum(open_page: Opener) -> None:
    tab = open_page("#open=1&t=5")

    tab.locator("#detail[open]").wait_for()

    labels = tab.locator("#detail svg").evaluate_all("all => all.map(one => one.ariaLabel)")
    assert [label.partition(":")[0] for label in labels] == ["mean height", "roughness"]
    assert labels[0].endswith("cells at 50 t0")
    line = tab.locator("#detail svg .line").first.get_attribute("d")
    assert line is not None
    assert line.count("L") == 5  # six snapshots
    spectrum = tab.locator(".spectrum").inner_text()
    assert "No wave stands out. The brightest wave has an amplitude of " in spectrum
    tab.keyboard.press("Tab")
    tab.locator("#next").click()
    assert tab.locator("#detail-title").inner_text().startswith("exp2")


def test_a_quantity_is_drawn_against_a_parameter(open_page: Opener) -> None:
    tab = open_page()
    figure = tab.locator("#dependence-figure")

    # one of six experiments has failed
    assert figure.locator(".dot").count() == 5
    assert figure.locator("svg").get_attribute("aria-label") == (
        "roughness (cells) against Lambda_I, 2 lines of 5 points"
    )
    tab.locator("#dependence-quantity").select_option("mean_height")
    tab.locator("#dependence-against").select_option("Tau_min")
    again = open_page(tab.evaluate("location.hash"))
    drawn = again.locator("#dependence-figure")
    assert drawn.locator("svg").get_attribute("aria-label") == (
        "mean height (cells) against Tau_min, 3 lines of 5 points"
    )
    assert "mean height" in drawn.locator("text").last.inner_html()
    labels = [f"Lambda_I = {value}" for value in ("0", "0.5", "1")]
    assert drawn.locator(".key li").all_inner_texts() == labels
    drawn.locator(".dot").nth(1).click()
    again.locator("#detail[open]").wait_for()


def test_what_is_shown_stands_in_the_address(open_page: Opener) -> None:
    tab = open_page()
    tab.locator("#time").press("Home")
    tab.locator("#side-rows").select_option("Lambda_I")
    tab.locator("#words").fill("tau_min=100")

    again = open_page(tab.evaluate("location.hash"))  # tab.url may be told of it late

    assert again.locator("#time-text").inner_text() == "t = 0 t0"
    assert again.locator("table.grid tbody th").first.inner_text() == "Lambda_I =\xa00"
    assert _rows(again) == ["exp3", "exp4", "exp5"]


def test_another_address_in_the_same_tab_shows_what_it_says(open_page: Opener) -> None:
    tab = open_page("#t=3&words=exp1")

    tab.evaluate("location.hash = '#t=0&open=2&words=tau_min%3D100&state=failed'")
    tab.locator("#detail[open]").wait_for()
    shown = tab.locator("#detail-title").inner_text()
    tab.keyboard.press("Escape")
    tab.evaluate("location.hash = '#show=roughness'")
    tab.locator("#count", has_text="6 of 6").wait_for()

    assert shown.startswith("exp2")
    assert tab.locator("#time-text").inner_text() == "t = 50 t0"
    assert tab.locator("#show").input_value() == "roughness"
    assert (tab.locator("#words").input_value(), tab.locator("#state").input_value()) == (
        "",
        "",
    )


def test_the_way_back_closes_an_experiment_and_the_way_forward_opens_it(
    open_page: Opener,
) -> None:
    tab = open_page()
    tab.locator(".cell[data-number='1']").click()
    tab.locator("#detail[open]").wait_for()
    tab.locator("#next").click()
    tab.locator("#detail-time").fill("2")
    entries = tab.evaluate("history.length")

    tab.go_back()
    tab.locator("#detail:not([open])").wait_for(state="attached")
    time = tab.locator("#time-text").inner_text()
    tab.go_forward()
    tab.locator("#detail[open]").wait_for()
    again = tab.locator("#detail-title").inner_text()
    for number in (4, 5):
        tab.keyboard.press("Escape")
        tab.locator(f"[data-open='{number}']").click()
        tab.locator("#detail[open]").wait_for()
    tab.wait_for_function("() => location.hash.includes('open=5')")

    assert time == "t = 20 t0"
    assert again.startswith("exp2")
    assert tab.evaluate("history.length") == entries  # closing leaves nothing behind
    tab.go_back()
    tab.locator("#detail:not([open])").wait_for(state="attached")


def test_sorting_and_filtering_change_the_rows(open_page: Opener) -> None:
    tab = open_page()
    all_rows = _rows(tab)

    tab.locator("[data-sort='p.Lambda_I']").click()
    tab.locator("[data-sort='p.Lambda_I']").click()
    downwards = _rows(tab)
    order = tab.locator("th:has([data-sort='p.Lambda_I'])").get_attribute("aria-sort")
    tab.locator("#words").fill("lambda_i = 0.5")
    some = _rows(tab)
    tab.locator("#state").select_option("failed")
    one = _rows(tab)
    tab.locator("#words").fill("exp1")

    assert all_rows == [f"exp{n}" for n in range(6)]
    assert downwards == ["exp2", "exp5", "exp1", "exp4", "exp0", "exp3"]
    assert order == "descending"
    assert some == ["exp1", "exp4"]
    assert one == ["exp4"]
    assert _rows(tab) == []
    assert tab.locator("#count").inner_text() == "0 of 6"


def test_the_state_that_the_table_is_filtered_by_is_the_one_its_box_names(
    open_page: Opener,
) -> None:
    none_left, unheard_of = open_page("#state=running"), open_page("#state=tired")

    assert none_left.locator("#state option:checked").inner_text() == "running (0)"
    assert _rows(none_left) == []
    assert unheard_of.locator("#state option:checked").inner_text() == "all"
    assert len(_rows(unheard_of)) == 6


def test_the_pictures_of_one_axis_follow_each_other_in_its_order(
    open_page: Opener, written: Path, overview: Overview, make_exhibit: Callable[..., Exhibit]
) -> None:
    points = dataclasses.replace(overview, axes=(NAMES,))
    _write(written, [make_exhibit(n) for n in (5, 0, 4)], points)

    labels = open_page().locator(".flow .label").all_inner_texts()

    assert [text.replace("\xa0", " ") for text in labels] == [
        *("Tau_min = 0, Lambda_I = 0", "Tau_min = 100, Lambda_I = 0.5"),
        "Tau_min = 100, Lambda_I = 1",
    ]


def test_a_sample_is_in_its_plane_where_there_is_room_or_in_a_list(
    open_page: Opener, written: Path, overview: Overview, make_exhibit: Callable[..., Exhibit]
) -> None:
    values = {0: (1.0, 0.0), 1: (2.0, 100.0), 2: (4.0, 400.0), 3: (8.0, 300.0)}
    exhibits = []
    for number, (rate, tau) in values.items():
        exhibit = make_exhibit(number)
        experiment = exhibit.status.experiment
        swept = {"Tau_min": tau, "Lambda_I": rate}
        parameters = {**experiment.point.parameters, **swept}
        point = dataclasses.replace(experiment.point, parameters=parameters)
        status = dataclasses.replace(
            exhibit.status, experiment=dataclasses.replace(experiment, point=point)
        )
        exhibits.append(dataclasses.replace(exhibit, status=status))
    taus, rates = ([pair[i] for pair in values.values()] for i in (1, 0))
    sample = Dimension("point", {"point": range(4), "Tau_min": taus, "Lambda_I": rates})
    laid = diagram([sample, SEED], [exhibit.status for exhibit in exhibits], panel=2.0)
    plane = dataclasses.replace(overview, axes=(NAMES,), diagram=laid)
    allowance = html.allowance(4, np.array(overview.times))
    packed = [html.pack(exhibit, NAMES, list(QUANTITIES), allowance) for exhibit in exhibits]
    written.write_bytes(html.render(plane, packed))

    tab, phone = open_page(), open_page(viewport={"width": 400, "height": 800})

    field = tab.locator(".plane .field").bounding_box()
    assert field is not None
    middles = {}
    for number in values:
        box = tab.locator(f".cell[data-number='{number}'] .picture").bounding_box()
        assert box is not None
        middles[number] = (
            (box["x"] + box["width"] / 2 - field["x"]) / field["width"],
            1 - (box["y"] + box["height"] / 2 - field["y"]) / field["height"],
        )
    assert laid.plane is not None
    for number, place in enumerate(laid.plane.points):
        assert middles[number] == pytest.approx(place[:2], abs=0.01)
    assert middles[0][0] < middles[1][0] < middles[3][0] < middles[2][0]  # by Tau_min
    assert tab.locator(".plane .side").all_inner_texts() == ["Tau_min", "Lambda_I (1/t0)"]
    tab.locator(".cell[data-number='0']").focus()
    for key, number in (("ArrowRight", 1), ("ArrowUp", 3), ("ArrowDown", 2)):
        tab.keyboard.press(key)
        assert tab.evaluate("document.activeElement.dataset.number") == str(number)
    tab.locator("#layout").select_option("list")
    assert tab.locator(".flow .cell").count() == 4
    assert "layout=list" in tab.url
    assert phone.locator(".flow .cell").count() == 4
    phone.set_viewport_size({"width": 1280, "height": 900})
    phone.wait_for_selector(".plane")


def test_the_table_is_saved_as_csv_as_it_is_shown(open_page: Opener) -> None:
    tab = open_page()
    tab.locator("#words").fill("tau_min=100")

    with tab.expect_download() as download:
        tab.locator("#csv").click()

    text = Path(download.value.path()).read_text(encoding="utf-8")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert download.value.suggested_filename == "winds.csv"
    assert [line["experiment"] for line in lines] == ["exp3", "exp4", "exp5"]
    assert [line["Lambda_I"] for line in lines] == ["0", "0.5", "1"]
    assert (lines[1]["state"], lines[1]["remark"]) == ("failed", "rescal exited, with 3")
    assert float(lines[0]["roughness"]) > float(lines[1]["roughness"])


def _ground(tab: Page) -> str:
    colour: str = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_light_and_dark_follow_the_system_until_somebody_chooses(open_page: Opener) -> None:
    light, dark = open_page(color_scheme="light"), open_page(color_scheme="dark")
    before = _ground(light), _ground(dark)

    dark.locator("#theme").click()

    assert before == ("rgb(246, 248, 250)", "rgb(15, 21, 27)")
    assert _ground(dark) == before[0]
    assert dark.locator("#theme").inner_text() == "Dark"


@pytest.mark.parametrize("fragment", ["", "#open=4"])
def test_a_phone_needs_no_scrolling_sideways(open_page: Opener, fragment: str) -> None:
    phone = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}

    tab = open_page(fragment, **phone)

    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    if fragment:
        tab.locator("#detail[open]").wait_for()
        assert tab.evaluate("document.querySelector('#detail-body').scrollWidth") <= 360


def test_focus_is_seen_and_the_first_stop_skips_to_the_diagram(open_page: Opener) -> None:
    tab = open_page()

    tab.keyboard.press("Tab")
    first = tab.evaluate("document.activeElement.textContent")
    tab.keyboard.press("Enter")

    assert first == "Skip to the phase diagram"
    assert tab.evaluate("document.activeElement.id") == "main"
    tab.keyboard.press("Tab")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_all_of_the_page_is_printed_though_it_is_out_of_sight(
    browser: Browser, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    long = dataclasses.replace(overview, sweep_file="# a line that goes on and on\n" * 60)
    _write(written, (make_exhibit(n) for n in range(90)), long)
    tab = browser.new_page(viewport={"width": 700, "height": 400})
    tab.goto(written.as_uri())
    undrawn = tab.locator(".cell canvas[width='2']").count()
    tab.wait_for_function(
        """() => {
             dispatchEvent(new Event('beforeprint'));
             return !document.querySelector('.cell canvas[width="2"]');
           }""",
        timeout=300_000,
    )
    tab.emulate_media(media="print")
    tab.set_viewport_size({"width": 700, "height": 900})  # about A4

    cut_off = tab.evaluate(
        """[...document.querySelectorAll('.scroll, pre')].filter((one) =>
             getComputedStyle(one).overflow !== 'visible' ||
             one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight + 2
           ).map((one) => one.id || one.ariaLabel)"""
    )

    assert undrawn > 0
    assert len(_rows(tab)) == 90
    assert cut_off == []
    tab.close()


def test_an_open_experiment_is_printed_to_its_end(open_page: Opener) -> None:
    tab = open_page("#open=1")
    tab.locator("#detail[open]").wait_for()
    tab.emulate_media(media="print")

    sheets = tab.pdf(format="A5").count(b"/Type /Page\n")
    hidden = tab.evaluate(
        "(({scrollHeight, clientHeight}) => scrollHeight - clientHeight)"
        "(document.querySelector('#detail-body'))"
    )

    assert tab.locator("main").is_hidden()  # all sheets are of the experiment
    assert sheets >= 2
    assert hidden == 0


def test_what_has_focus_is_not_hidden_under_headers_that_stay(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    _write(written, (make_exhibit(n) for n in range(30)), overview)
    tab = open_page("#rows=Lambda_I&columns=Tau_min")
    tab.set_viewport_size({"width": 390, "height": 600})
    header = "document.querySelector('.rows th').getBoundingClientRect().bottom"
    labels = "document.querySelector('.grid tbody th').getBoundingClientRect().right"

    from_header, from_labels = [], []
    tab.locator("[data-open='25']").focus()
    for _ in range(20):
        tab.keyboard.press("Shift+Tab")
        from_header.append(
            tab.evaluate(f"document.activeElement.getBoundingClientRect().top - {header}")
        )
    tab.locator(".cell[data-number='27']").focus()
    for _ in range(9):
        tab.keyboard.press("ArrowLeft")
        from_labels.append(
            tab.evaluate(f"document.activeElement.getBoundingClientRect().left - {labels}")
        )

    assert min(from_header) >= 0
    assert min(from_labels) >= 0


def test_without_javascript_the_page_offers_nothing_that_needs_it(
    browser: Browser, written: Path
) -> None:
    tab = browser.new_context(java_script_enabled=False).new_page()
    tab.goto(written.as_uri())

    assert tab.locator("button:visible, select:visible, input:visible").count() == 0
    assert "JavaScript" in tab.locator("#main").inner_text()
    assert "JavaScript" not in tab.locator("footer").inner_text()
    progress = tab.locator("#progress").inner_text()
    assert "done 5" in progress
    assert "failed 1" in progress
    assert "rescal-sweep logs winds exp4" in progress
    tab.context.close()


def test_every_control_has_a_name(open_page: Opener) -> None:
    tab = open_page("#open=1")
    tab.locator("#detail[open]").wait_for()

    nameless = tab.evaluate(
        """[...document.querySelectorAll('button, input, select, [role=img]')].filter((one) =>
             !(one.labels?.length || one.ariaLabel || one.textContent.trim())).map((one) => one.outerHTML)"""
    )

    assert nameless == []


def test_a_page_that_follows_is_loaded_again_by_itself(
    browser: Browser, written: Path, overview: Overview
) -> None:
    following = dataclasses.replace(overview, follow_s=1)
    written.write_bytes(html.render(following, []))
    tab = browser.new_page()
    tab.goto(written.as_uri())
    offered = tab.locator("#follow").inner_text()
    written.write_bytes(html.render(dataclasses.replace(overview, name="later"), []))

    tab.wait_for_function("() => document.title.startsWith('later')")

    assert offered.strip() == "reload every 1 s"
    assert tab.locator("#follow").is_hidden()
    tab.close()


@pytest.fixture
def following(written: Path, overview: Overview, make_exhibit: Callable[..., Exhibit]) -> Path:
    """Return a page that is loaded again every second, of experiments with long logs."""
    logs = tuple(f"line {n}" for n in range(40))
    exhibits = (make_exhibit(n, log_tail=logs) for n in range(6))
    _write(written, exhibits, dataclasses.replace(overview, follow_s=1))
    return written


def _open_following(browser: Browser, path: Path, fragment: str = "") -> Page:
    """Return a tab of a small window with a clock that only the test moves on."""
    tab = browser.new_context(viewport={"width": 700, "height": 500}).new_page()
    tab.set_default_timeout(120_000)
    tab.clock.install()
    tab.goto(path.as_uri() + fragment)
    return tab


def _loads_again(tab: Page, seconds: int) -> bool:
    loads: list[Page] = []
    tab.on("load", lambda loaded: loads.append(loaded))  # noqa: PLW0108  # it takes no builtin
    tab.clock.run_for(1000 * seconds)
    for _ in range(20):
        if not loads:
            tab.wait_for_timeout(50)
    return bool(loads)


def test_an_open_experiment_is_at_the_same_place_after_the_page_was_loaded_again(
    browser: Browser, following: Path
) -> None:
    tab = _open_following(browser, following)
    tab.locator("[data-open='3']").focus()
    tab.keyboard.press("Enter")
    tab.locator("#detail[open]").wait_for()
    tab.locator("#next").focus()
    tab.evaluate("document.querySelector('#detail-body').scrollTop = 300")
    tab.evaluate("document.querySelector('#detail pre').scrollTop = 120")

    again = _loads_again(tab, 6)
    tab.locator("#detail[open]").wait_for()

    assert again
    tab.wait_for_function("() => document.querySelector('#detail-body').scrollTop === 300")
    assert tab.evaluate("document.querySelector('#detail pre').scrollTop") == 120
    assert tab.evaluate("document.activeElement.id") == "next"
    tab.keyboard.press("Escape")
    assert tab.evaluate("document.activeElement.dataset.open") == "3"
    tab.context.close()


def test_table_and_filter_are_at_the_same_place_after_the_page_was_loaded_again(
    browser: Browser, following: Path
) -> None:
    tab = _open_following(browser, following, "#words=seed")
    tab.evaluate("document.querySelector('#rows').scrollLeft = 90")
    tab.locator("#words").focus()
    tab.keyboard.press("ArrowLeft")

    while_writing = _loads_again(tab, 10)
    later = _loads_again(tab, 30)

    assert (while_writing, later) == (False, True)
    assert tab.evaluate("document.querySelector('#rows').scrollLeft") == 90
    assert tab.evaluate("document.activeElement.id") == "words"
    assert tab.evaluate("document.activeElement.selectionStart") == 3
    tab.locator(".cell[data-number='2']").focus()
    assert _loads_again(tab, 6)
    assert tab.evaluate("document.activeElement.dataset.number") == "2"
    tab.context.close()


def test_nothing_is_loaded_again_while_text_is_selected_or_once_somebody_said_no(
    browser: Browser, following: Path
) -> None:
    tab = _open_following(browser, following)
    tab.evaluate("getSelection().selectAllChildren(document.querySelector('#reproduce pre'))")

    while_selected = _loads_again(tab, 10)
    tab.evaluate("getSelection().removeAllRanges()")
    tab.locator("#again").uncheck()
    unticked = _loads_again(tab, 10)
    tab.reload()

    assert (while_selected, unticked) == (False, False)
    assert not tab.locator("#again").is_checked()
    assert not _loads_again(tab, 10)
    tab.context.close()


def test_lengths_and_times_are_in_metres_and_days_where_that_is_chosen(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    """A cell is a tenth of a metre, and a t0 a tenth of a day, or a whole one in the second row."""
    scales = [Scales(0.1, 8640.0), Scales(0.1, 86400.0)]
    _write(written, (make_exhibit(n, scales=scales[n // 3]) for n in range(6)), overview)
    tab = open_page()
    before = tab.locator("#scale-text").inner_text()

    tab.select_option("#units", "si")
    after = tab.locator("#scale-text").inner_text()
    head = [
        text.split()[0:2] for text in tab.locator("thead button[data-sort]").all_inner_texts()
    ]
    tab.locator("[data-open='1']").click()
    tab.locator("#detail[open]").wait_for()
    caption = tab.locator("#detail-body figcaption").first.inner_text()
    label = tab.locator("#chart-roughness").get_attribute("aria-label")

    low, high = (float(text) for text in re.findall(r"[0-9.]+", before))
    assert [float(text) for text in re.findall(r"[0-9.]+", after)] == pytest.approx(
        [low / 10, high / 10]
    )
    assert (before.endswith("cells"), after.endswith("m")) == (True, True)
    assert ["d"] in head
    assert re.search("t = 5 d; 4 . 2 m", caption)
    assert label is not None
    assert re.fullmatch(r"roughness: [0-9.]+ m at 0 d, [0-9.]+ m at 5 d", label)
    assert "units=si" in tab.url
    tab.close()


def test_scale_and_table_are_in_metres_while_some_experiments_have_not_begun(
    open_page: Opener, written: Path, make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    """Nor does one without a length of a t0, as in winds of several strengths, keep it in cells."""
    begun = [
        make_exhibit(n, scales=Scales(0.1, 8640.0 if n < 5 else math.nan)) for n in range(1, 6)
    ]
    none = Reduced(np.empty(0), {})
    pending = make_exhibit(0, State.PENDING, reduced=none, series={})
    _write(written, [pending, *begun], overview)
    tab = open_page()
    before = tab.locator("#scale-text").inner_text()

    tab.select_option("#units", "si")

    after = tab.locator("#scale-text").inner_text()
    numbers = [[float(n) for n in re.findall(r"[0-9.]+", text)] for text in (before, after)]
    assert after.endswith(" m")
    assert numbers[1] == pytest.approx([n / 10 for n in numbers[0]])
    ticks = tab.locator("#scale-ticks .tick").all_inner_texts()
    assert numbers[1][0] <= float(ticks[0]) < float(ticks[-1]) <= numbers[1][1]
    head = tab.locator("thead button[data-sort]").all_inner_texts()
    assert {"t0", "roughness (m)"} <= {text.strip() for text in head}
    tab.close()


def test_a_page_without_scales_has_no_choice_of_units(open_page: Opener) -> None:
    tab = open_page()

    assert tab.locator("#units").count() == 0
    tab.close()
