"""The block ``sample``: where its points lie, and what is refused of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from orchestrator import sweepfile
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Sweep

REST = "name: s\nparameters: {H: 30, L: 60, D: 20}\nrun: {stop: 10, every: 5}\n"
ERODE = "Lambda_E: {low: 0.5, high: 8, scale: log}"
HEIGHT = "Ava_h_lim: {low: 1, high: 4}"
FORCE = "Tau_min: {low: 10, high: 20}"
POINTS = (
    (1.10548, 1, 15.8836),
    (6.88179, 3, 11.764),
    (3.61961, 2, 19.8704),
    (0.579473, 4, 12.7771),
)


def _load(folder: Path, sample: str, rest: str = "") -> Sweep:
    path = folder / "s.yaml"
    path.write_text(f"sweep: {{sample: {sample}{rest}}}\n{REST}", encoding="utf-8")
    return sweepfile.load(path)


def _columns(folder: Path, sample: str) -> dict[str, list[float]]:
    [axis] = _load(folder, sample).axes
    values = [list(column) for column in zip(*axis.points, strict=True)]
    return dict(zip(axis.names, values, strict=True))


@pytest.mark.parametrize("method", ["sobol", "latin-hypercube"])
@pytest.mark.parametrize("seed", [1, 7])
def test_every_part_of_every_range_has_one_point(
    tmp_path: Path, method: str, seed: int
) -> None:
    block = f"{{method: {method}, n: 16, seed: {seed}, space: {{{ERODE}, {HEIGHT}, {FORCE}}}}}"
    columns = _columns(tmp_path, block)

    assert list(columns) == ["Lambda_E", "Ava_h_lim", "Tau_min"]
    octaves = [math.log2(value / 0.5) for value in columns["Lambda_E"]]
    assert sorted(int(octave / 4 * 16) for octave in octaves) == list(range(16))
    assert sorted(columns["Ava_h_lim"]) == [h for h in (1, 2, 3, 4) for _ in range(4)]
    assert all(type(h) is int for h in columns["Ava_h_lim"])
    assert sorted(int((tau - 10) / 10 * 16) for tau in columns["Tau_min"]) == list(range(16))


@pytest.mark.parametrize("method", ["sobol", "halton", "random"])
def test_a_larger_n_keeps_the_points_there_are(tmp_path: Path, method: str) -> None:
    def points(n: int) -> list[tuple[object, ...]]:
        block = f"{{method: {method}, n: {n}, space: {{{ERODE}, {FORCE}}}}}"
        return list(_load(tmp_path, block).axes[0].points)

    assert points(32)[:8] == points(8)


def test_the_points_are_these_for_ever(tmp_path: Path) -> None:
    """Another library must not draw others: an experiment is known by its values."""
    block = f"{{n: 4, space: {{{ERODE}, {HEIGHT}, {FORCE}}}}}"

    assert _load(tmp_path, block).axes[0].points == POINTS
    assert _load(tmp_path, block.replace("n: 4", "n: 4, seed: 2")).axes[0].points != POINTS


def test_a_linear_range_has_as_many_points_in_its_lower_half(tmp_path: Path) -> None:
    values = _columns(tmp_path, "{n: 64, space: {Coef_A: {low: 0, high: 1}}}")["Coef_A"]

    assert sum(value < 0.5 for value in values) == 32
    assert sum(values) / 64 == pytest.approx(0.5, abs=0.01)


def test_a_sample_knows_which_of_its_ranges_are_even_in_the_logarithm(tmp_path: Path) -> None:
    space = "Coef_A: {low: 1, high: 2, scale: log}, Coef_B: {low: 1, high: 2}"

    [axis] = _load(tmp_path, f"{{n: 4, space: {{{space}}}}}").axes

    assert (axis.names, axis.logarithmic) == (("Coef_A", "Coef_B"), ("Coef_A",))


def test_real_values_have_six_digits_and_stay_within_the_range(tmp_path: Path) -> None:
    space = "Lambda_E: {low: 0.12345678, high: 0.12345679}"
    values = _columns(tmp_path, f"{{n: 1, space: {{{space}}}}}")["Lambda_E"]

    assert 0.12345678 <= values[0] <= 0.12345679
    values = _columns(tmp_path, f"{{n: 16, space: {{{ERODE}}}}}")["Lambda_E"]
    assert values == [float(f"{value:.6g}") for value in values]


def test_samples_multiply_with_other_blocks(tmp_path: Path) -> None:
    sweep = _load(tmp_path, f"{{n: 4, space: {{{ERODE}}}}}", ", grid: {Coef_A: [0, 1]}")

    assert [(axis.names, len(axis.points)) for axis in sweep.axes] == [
        (("Lambda_E",), 4),
        (("Coef_A",), 2),
    ]


@pytest.mark.parametrize(
    ("sample", "place"),
    [
        (
            f"{{n: 12, space: {{{ERODE}}}}}",
            "s.yaml:1:18: sweep.sample.n",
        ),
        (f"{{n: 16, space: {{{ERODE}}}}}", ""),
        (f"{{n: 12, method: halton, space: {{{ERODE}}}}}", ""),
    ],
)  # fmt: skip
def test_sobols_points_lie_evenly_for_powers_of_two(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sample: str,
    place: str,
    check_sentences: Callable[..., None],
) -> None:
    monkeypatch.chdir(tmp_path)
    found = [text.rpartition("/")[2] for text in _load(tmp_path, sample).warnings]

    check_sentences(found, *[place] * bool(place))


@pytest.mark.parametrize(
    ("sample", "place"),
    [
        ("3", "1:17: sweep.sample"),
        ("{space: {Coef_A: {low: 0, high: 1}}}", "1:17: sweep.sample.n"),
        ("{n: 3}", "1:17: sweep.sample.space: required"),
        ("{n: 3, space: 1}", "1:31: sweep.sample.space"),
        ("{n: 3, space: {}}", "1:31: sweep.sample.space"),
        ("{n: 0, space: {Coef_A: {low: 0, high: 1}}}", "1:21: sweep.sample.n"),
        ("{n: 1e9, space: {Coef_A: {low: 0, high: 1}}}", "1:18: sweep.sample.n"),
        ("{n: 3, m: 2, space: {Coef_A: {low: 0, high: 1}}}", "1:24: sweep.sample.m"),
        ("{n: 3, method: sobel, space: {Coef_A: {low: 0, high: 1}}}", "1:32: sweep.sample.method"),
        ("{n: 3, seed: -1, space: {Coef_A: {low: 0, high: 1}}}", "1:30: sweep.sample.seed"),
        ("{n: 3, space: {Coef_Q: {low: 0, high: 1}}}", "1:32: sweep.sample.space.Coef_Q"),
        ("{n: 3, space: {Coef_A: {low: 9, high: 8}}}", "1:49: sweep.sample.space.Coef_A.high"),
        ("{n: 3, space: {Coef_A: 3}}", "1:40: sweep.sample.space.Coef_A"),
        ("{n: 3, space: {Coef_A: {low: 1}}}", "1:40: sweep.sample.space.Coef_A.high"),
        ("{n: 3, space: {Coef_A: {low: 1, high: a}}}", "1:55: sweep.sample.space.Coef_A.high"),
        ("{n: 3, space: {Coef_A: {low: 0, high: 1, scale: log}}}", "1:41: sweep.sample.space.Coef_A.low"),
        ("{n: 3, space: {Coef_A: {low: 0, high: 1, step: 1}}}", "1:58: sweep.sample.space.Coef_A.step"),
        ("{n: 3, space: {Ava_h_lim: {low: 1.5, high: 3}}}", "1:49: sweep.sample.space.Ava_h_lim.low"),
        ("{n: 3, space: {Use_lgca: {low: 0, high: 1}}}", "1:32: sweep.sample.space.Use_lgca"),
        ("{n: 5, space: {Ava_h_lim: {low: 1, high: 4}}}", "1:18: sweep.sample.n"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sample_has_a_place_and_a_sentence(
    tmp_path: Path, sample: str, place: str, check_sentences: Callable[..., None]
) -> None:
    with pytest.raises(RequestError) as caught:
        _load(tmp_path, sample)

    check_sentences(caught.value.problems, f"{tmp_path}/s.yaml:{place}")
