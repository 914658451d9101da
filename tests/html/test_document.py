"""The page holds what it was given, whole, escaped and small; no browser is needed for that."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from orchestrator import html
from orchestrator.model import State
from orchestrator.records.failures import Trouble
from tests.conftest import make_reduced, with_arrays
from tests.html.conftest import NAMES, QUANTITIES, SHAPE, laid_out, without_maps
from tests.html.unpacking import unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.html import Allowance, Exhibit, Overview, Packed

HOSTILE = '</script><script>alert(1)</script>\u2028<!-- "&amp;'


class Elements(HTMLParser):
    """The text of every element that has an id or is a script or a heading."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._open = dict(attrs).get("id") or tag
        self.texts.setdefault(self._open, "")

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data


@pytest.fixture
def allowance() -> Allowance:
    return html.allowance(6, np.arange(0.0, 51.0, 10.0))


def _packed(exhibit: Exhibit, allowance: Allowance) -> Packed:
    return html.pack(exhibit, NAMES, list(QUANTITIES), allowance)


def _page(overview: Overview, exhibits: Sequence[Exhibit], allowance: Allowance) -> str:
    packed = [_packed(exhibit, allowance) for exhibit in exhibits]
    return html.render(laid_out(overview, exhibits), packed).decode()


def _read(text: str) -> tuple[dict[str, Any], dict[int, bytes]]:
    """Return the data and the blocks of a page, as a browser would find them."""
    texts = Elements(text).texts
    blocks = {
        int(name.removeprefix("block-")): base64.b64decode(content, validate=False)
        for name, content in texts.items()
        if name.startswith("block-")
    }
    return json.loads(texts["data"]), blocks


def test_a_page_gives_back_maps_spectra_and_series(
    make_exhibit: Callable[..., Exhibit], overview: Overview, allowance: Allowance
) -> None:
    exhibits = [make_exhibit(n) for n in range(3)]

    data, blocks = _read(_page(overview, exhibits, allowance))

    assert [one["number"] for one in data["experiments"]] == sorted(blocks) == [0, 1, 2]
    for exhibit in exhibits:
        head, arrays = unpack(blocks[exhibit.status.experiment.number])
        maps = head["low"] + head["step"] * arrays["levels"]
        assert (maps == exhibit.reduced.height_maps).all()
        assert head["times"] == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
        assert head["parameters"] == dict(exhibit.status.experiment.point.parameters)
        assert arrays["series_times"].tolist() == head["times"]
        assert arrays["roughness"] == pytest.approx(exhibit.series["roughness"])
        spectra = exhibit.reduced.spectra
        peaks = np.array(head["peaks"])[:, None, None]
        assert np.abs(arrays["spectra"] / 255 * peaks - spectra).max() <= peaks.max() / 500


def test_a_page_has_the_position_of_each_experiment_on_the_labelled_axes(
    make_exhibit: Callable[..., Exhibit], overview: Overview, allowance: Allowance
) -> None:
    exhibits = [make_exhibit(n) for n in (5, 0, 4)]

    data, _ = _read(_page(overview, exhibits, allowance))

    assert data["diagram"] == {
        "axes": [
            {"id": "Tau_min", "labels": ["Tau_min = 0", "Tau_min = 100"]},
            {"id": "Lambda_I", "labels": [f"Lambda_I = {v}" for v in ("0", "0.5", "1")]},
            {"id": "seed", "labels": ["seed = 1"]},
        ],
        "positions": [[1, 2, 0], [0, 0, 0], [1, 1, 0]],
        "rows": 1,  # the longer one, for pictures twice as wide as high
        "columns": 0,
        "plane": None,
    }


def test_the_entries_tell_parameters_state_and_the_last_numbers(
    make_exhibit: Callable[..., Exhibit], allowance: Allowance
) -> None:
    exhibit = make_exhibit(4, State.FAILED, 3, remark="rescal exited with status 3")

    entry = _packed(exhibit, allowance).entry

    last = exhibit.reduced.height_maps[-1]
    assert entry["values"] == [100.0, 0.5]
    assert (entry["state"], entry["snapshots"]) == ("failed", 3)
    assert entry["remark"] == "rescal exited with status 3"
    assert entry["last"] == pytest.approx([last.mean(), last.std()], rel=1e-4)
    flat = {**exhibit.series, "roughness": np.array([1.0, 2.0, np.nan])}
    ended = _packed(dataclasses.replace(exhibit, series=flat), allowance).entry["last"]
    assert isinstance(ended, list)
    assert ended[1] is None  # a value of another time would tell nothing of the last
    spans = [np.percentile(series, [2, 98]) for series in exhibit.series.values()]
    assert np.array(entry["spans"]) == pytest.approx(np.array(spans), rel=1e-4)


def test_a_count_is_whole_and_a_measurement_has_nine_digits(
    make_exhibit: Callable[..., Exhibit], allowance: Allowance
) -> None:
    exhibit = make_exhibit(1)
    series = {"mean_height": np.full(6, 12345311256.0), "roughness": np.full(6, 12.3456789012)}

    entry = _packed(dataclasses.replace(exhibit, series=series), allowance).entry

    assert json.dumps(entry["last"]) == "[12345311256, 12.3456789]"


def test_an_experiment_without_snapshots_has_a_block_without_maps(
    make_exhibit: Callable[..., Exhibit], allowance: Allowance
) -> None:
    exhibit = make_exhibit(1, State.PENDING)
    none = dataclasses.replace(
        exhibit,
        reduced=make_reduced(
            np.zeros(0), np.zeros((0, 0, 0), np.int16), np.zeros((0, 0, 0), np.float32)
        ),
        series={},
    )

    packed = _packed(none, allowance)

    head, arrays = unpack(packed.block)
    assert head["times"] == []
    assert arrays["levels"].size == 0
    assert packed.entry["last"] == [None, None]
    assert packed.entry["heights"] is None


def test_an_experiment_without_height_maps_tells_its_numbers_and_its_domain(
    make_exhibit: Callable[..., Exhibit], allowance: Allowance
) -> None:
    packed = _packed(without_maps(make_exhibit(1)), allowance)

    head, arrays = unpack(packed.block)
    assert head["times"] == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    assert (head["depth"], head["length"]) == packed.entry["domain"] == SHAPE
    assert arrays["levels"].size == 0
    assert arrays["mean_height"] == pytest.approx(make_exhibit(1).series["mean_height"])
    assert packed.entry["heights"] is None


def test_a_domain_is_full_at_the_very_snapshot_at_which_it_becomes_so(
    make_exhibit: Callable[..., Exhibit], allowance: Allowance
) -> None:
    exhibit = make_exhibit(1)
    late = exhibit.reduced.times + 0.0061
    reduced = dataclasses.replace(exhibit.reduced, times=late)

    packed = _packed(
        dataclasses.replace(exhibit, reduced=reduced, full_t0=float(late[2])), allowance
    )

    head, _ = unpack(packed.block)
    assert [time >= packed.entry["full"] for time in head["times"]] == [False] * 2 + [True] * 4
    assert _packed(exhibit, allowance).entry["full"] is None


def test_a_block_is_made_coarser_until_it_is_as_small_as_it_must_be(
    make_exhibit: Callable[..., Exhibit], allowance: Allowance
) -> None:
    exhibit = make_exhibit(2, shape=(100, 200))
    small = dataclasses.replace(allowance, block_bytes=3000)

    sharp, coarse = (_packed(exhibit, share) for share in (allowance, small))

    assert unpack(sharp.block)[0]["side"] == 1
    assert unpack(coarse.block)[0]["side"] > 1
    assert len(coarse.block) <= 3000


def test_hostile_words_stay_words(
    make_exhibit: Callable[..., Exhibit], overview: Overview, allowance: Allowance
) -> None:
    command = f"rescal-sweep logs {HOSTILE}"
    cause = Trouble(f"{HOSTILE}: look with {command}", (command,))
    hostile = dataclasses.replace(
        overview,
        name=HOSTILE,
        description=HOSTILE,
        sweep_file=HOSTILE,
        used=(HOSTILE,) * len(overview.used),
        causes=(cause,),
    )
    exhibit = make_exhibit(0, State.FAILED, remark=HOSTILE, log_tail=(HOSTILE,))
    tame = _page(overview, [make_exhibit(0)], allowance)

    text = _page(hostile, [exhibit], allowance)

    elements = Elements(text)
    data, blocks = _read(text)
    assert elements.tags == Elements(tame).tags
    assert elements.texts["h1"].strip() == HOSTILE
    assert data["name"] == HOSTILE
    assert elements.texts["li"].strip().endswith(f"{HOSTILE}: look with")
    assert elements.texts["code"].startswith(f"rescal-sweep logs {HOSTILE}")
    assert data["experiments"][0]["remark"] == HOSTILE
    assert unpack(blocks[0])[0]["log_tail"] == [HOSTILE]
    assert "<script>alert" not in text


def test_counts_and_causes_are_there_without_the_page_s_program(
    make_exhibit: Callable[..., Exhibit], overview: Overview, allowance: Allowance
) -> None:
    states = [State.PENDING, State.OUT_OF_MEMORY, State.DONE, State.DONE]
    exhibits = [make_exhibit(n, state) for n, state in enumerate(states)]

    text = _page(overview, exhibits, allowance)
    well = _page(dataclasses.replace(overview, causes=()), exhibits, allowance)

    assert re.findall(r'<span class="badge (\w+)">([\w ]+)</span> (\d+)', text) == [
        ("done", "done", "2"),
        ("pending", "pending", "1"),
        ("out_of_memory", "out of memory", "1"),
    ]
    command = "<code>rescal-sweep logs winds exp4</code>"
    assert f"<li>1 failed (rescal exited): look with {command}</li>" in text
    assert "What went wrong" not in well


def test_a_page_asks_for_nothing_from_elsewhere(
    make_exhibit: Callable[..., Exhibit], overview: Overview, allowance: Allowance
) -> None:
    text = _page(overview, [make_exhibit(0)], allowance)

    assert re.findall(r'\b(?:src|data|action)="', text) == []
    assert re.findall(r'href="(?!#|data:)([^"]*)"', text) == [
        "https://doi.org/10.21105/joss.01699"
    ]
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_a_thousand_experiments_are_less_than_20_megabytes(
    make_exhibit: Callable[..., Exhibit], overview: Overview
) -> None:
    allowance = html.allowance(1000, np.arange(0.0, 1001.0, 10.0))
    exhibit = make_exhibit(3, snapshots=101, shape=(100, 200), log_tail=("x" * 80,) * 40)
    noise = np.random.default_rng(0).integers(0, 250, (101, 100, 200)).astype(np.int16)
    rough = with_arrays(exhibit.reduced, height_maps=noise)  # as bad as it gets
    packed = _packed(dataclasses.replace(exhibit, reduced=rough), allowance)

    text = html.render(laid_out(overview, [exhibit]), [packed] * 1000)

    assert len(text) < 20_000_000


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_text_stands_out_from_its_ground_as_wcag_aa_asks(overview: Overview) -> None:
    text = html.render(overview, []).decode()
    pairs = re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\);", text)
    colours = {name: shades for name, *shades in pairs}

    for name in ("ink", "muted", "accent", *(state for state in _STATES if state in colours)):
        for ground in ("ground", "surface"):
            for shade in (0, 1):
                contrast = _contrast(colours[name][shade], colours[ground][shade])
                assert contrast >= 4.5, (name, ground, shade)
    assert {"done", "failed", "timeout", "cancelled"} <= set(colours)


_STATES = ("done", "running", "pending", "failed", "timeout", "cancelled")
