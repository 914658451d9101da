"""The conformance kit: pytest runs it as an author does, on what is right and on what is wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.conformance import reduction_checks, simulator_checks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.conformance import Check
    from orchestrator.formats.parameters import Value

PAGES = Path(__file__).parents[1] / "docs" / "extending"
TEST = """
import pytest
from pathlib import Path
from orchestrator.conformance import {kind}_checks

@pytest.mark.parametrize("check", {kind}_checks({arguments}))
def test_it(check):
    check()
"""
REDUCTIONS = """
import numpy as np
from orchestrator import reduction

seen = []

@reduction(units="cells", dims=("x",))
def good(height_map):
    return height_map.mean(axis=0)

@reduction(units="1", dims=("y",), planes=True)
def good_planes(array, states, first):
    array[first : first + len(states)] = (states == 3).mean(axis=(1, 2))

@reduction(units=" many ", dims=("x",))
def unit(height_map):
    return height_map[0]

@reduction(units="cells", dims=("x",))
def wide(height_map):
    return np.zeros(30)

@reduction(units="1")
def divides(height_map):
    return np.float64(1) / (height_map.max() - 1) if height_map.max() > 1 else 1 // 0

@reduction(units="1")
def nothing(height_map):
    return np.nan

@reduction(units="1")
def counts(height_map):
    seen.append(1)
    return len(seen)

@reduction(units="1")
def random(height_map):
    return np.random.default_rng().random()

@reduction(units="1", planes=True)
def batches(count, states, first):
    count += 1

@reduction(units="1", planes=True)
def remembers(array, states, first, *, depth):
    seen.append((states == 3).sum())
    if first + len(states) == depth:
        array[()] = sum(seen)
        seen.clear()

def plain(height_map):
    return 1
"""
SIMULATOR = """
import struct, sys, time
import numpy as np
from orchestrator import Frame, Kind, Parameter, Simulator

def frames(read):
    while head := read(12):
        size, now = struct.unpack("<id", head)
        if size != 4 * L * D and FAULT != "trusting":
            raise ValueError(f"a frame of {{size}} bytes")
        if FAULT == "eager":
            yield Frame(now, np.zeros((D, L), int))
        heights = np.frombuffer(read(4 * L * D), "<i4").reshape(D, L)
        yield Frame(now, heights % 99 if FAULT == "trusting" else heights)

FAULT = "{fault}"
L, D = 6, 5

engine = Simulator(
    name="toy",
    version="1",
    command=("{{python}}", "{{module}}", "{{pipe}}", "{{seed}}", "{{stop}}", "{{every}}", "{{L}}", "{{D}}"),
    parameters=(
        Parameter("L", Kind.INTEGER, 6, "length", "cells", low=1 if FAULT == "small" else 6, high=6),
        Parameter("D", Kind.INTEGER, 5, "depth", "cells", low=5, high=5),
        Parameter("wet", Kind.BOOLEAN, None, "whether it is wet"),
    ),
    decode=frames,
)

if __name__ == "__main__":
    pipe, seed, stop, every, L, D = map(float, sys.argv[1:])
    rng = np.random.default_rng(None if FAULT == "random" else 1 if FAULT == "seeds" else int(seed))
    if FAULT == "hangs":
        time.sleep(30)
    with open(int(pipe), "wb") as out:
        for n in range(int(stop / every) + (FAULT != "short")):
            heights = rng.integers(0, 9, (5, 6)).astype("<i4") - (5 if FAULT == "deep" else 0)
            out.write(struct.pack("<id", heights.nbytes, n * every) + heights.tobytes())
    if FAULT == "exit":
        sys.exit("no more sand")
"""


def run(place: Path, kind: str, arguments: str) -> tuple[set[str], set[str], str]:
    """Return the names of the checks that passed and failed, and what pytest printed."""
    (place / "test_it.py").write_text(TEST.format(kind=kind, arguments=arguments))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-rA",
        "-q",
        "-p",
        "no:cacheprovider",
        "test_it.py",
    ]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    passed, failed = (
        set(re.findall(rf"(?m)^{word} test_it.py::test_it\[(.*?)\]", done.stdout))
        for word in ("PASSED", "FAILED")
    )
    return passed, failed, done.stdout


def failing(checks: Iterable[Check]) -> dict[str, str]:
    """Return what the checks that fail say, by their names."""
    sentences = {}
    for check in checks:
        try:
            check()
        except AssertionError as error:
            sentences[check.name] = str(error)
    return sentences


@pytest.mark.parametrize("name", ["good", "good_planes"])
def test_a_good_reduction_passes_every_check(tmp_path: Path, name: str) -> None:
    (tmp_path / "mine.py").write_text(REDUCTIONS)

    passed, failed, text = run(tmp_path, "reduction", f'"mine:{name}"')

    assert failed == set(), text
    assert passed == {check.name for check in reduction_checks("mine:good")}
    assert len(passed) == 13


@pytest.mark.parametrize(
    "reference",
    [
        "cross_section(y=0)",
        "cross_section(x=0)",
        "cell_section(y=0,height=16)",
        "surface_age",
        "sintered_surface",
    ],
)
def test_what_ships_passes_every_check(reference: str) -> None:
    for check in reduction_checks(f"orchestrator.reductions:{reference}"):
        check()


def test_one_that_needs_a_larger_domain_says_so() -> None:
    reference = "orchestrator.reductions:coarse_cells(z=4,y=4,x=4)"
    for check in reduction_checks(reference, any_domain=False):
        check()
    names = {check.name: check for check in reduction_checks(reference)}

    with pytest.raises(AssertionError, match="4 blocks, but the domain has 1 cells"):
        names["shape_of_1x30"]()


@pytest.mark.parametrize(
    ("name", "checks", "sentence"),
    [
        ("unit", {"unit"}, "units: expected one such as cells, t0 or 1, got ' many '"),
        (
            "wide",
            {"shape_of_20x1", "shape_of_1x1"},
            "expected shape (1) (x), got shape (30)",
        ),
        (
            "divides",
            {"bare_ground", "full_domain"},
            "ZeroDivisionError: integer division or modulo by zero (mine.py, line 25)",
        ),
        ("nothing", {"has_numbers"}, "expected numbers of a bed with dunes, got none"),
        (
            "counts",
            {"keeps_nothing", "any_batches"},
            "expected the same of a bed before and after another one, got",
        ),
        (
            "random",
            {"deterministic", "keeps_nothing", "any_batches", "cut_off"},
            "expected the same of the same bed twice, got",
        ),
        (
            "batches",
            {"any_batches"},
            "expected the same of a bed as a whole and by 1 planes, got",
        ),
        (
            "remembers",
            {"cut_off"},
            "expected the same of a bed after one that was cut off and alone",
        ),
        (
            "plain",
            {check.name for check in reduction_checks("mine:plain")},
            "plain is no reduction; decorate plain with orchestrator.reduction(...)",
        ),
    ],
)
def test_a_broken_reduction_fails_the_check_of_what_is_broken(
    tmp_path: Path, name: str, checks: set[str], sentence: str
) -> None:
    (tmp_path / "mine.py").write_text(REDUCTIONS)

    failed = failing(reduction_checks(f"mine:{name}", tmp_path))

    assert failed.keys() == checks, failed
    assert sentence in "\n".join(failed.values())


def test_code_that_needs_what_lies_beside_it_fails(tmp_path: Path) -> None:
    (tmp_path / "sibling.py").write_text("value = 1\n")
    (tmp_path / "mine.py").write_text("from sibling import value\n" + REDUCTIONS)

    check = reduction_checks("mine:good", tmp_path)[0]

    with pytest.raises(
        AssertionError, match="cannot be imported: ModuleNotFoundError: No module"
    ):
        check()


def test_numbers_of_a_reduction_are_read_as_in_a_sweep_file() -> None:
    shipped = "orchestrator.reductions:cell_section"

    for check in reduction_checks(f"{shipped}(y = 5, height=16)", any_domain=False):
        check()
    with pytest.raises(AssertionError, match="expected numbers by name in brackets, such as"):
        reduction_checks(f"{shipped}(5)")[0]()


def test_a_good_simulator_passes_every_check(tmp_path: Path) -> None:
    (tmp_path / "toys.py").write_text(SIMULATOR.format(fault=""))

    passed, failed, text = run(tmp_path, "simulator", '"toys:engine", parameters={"wet": True}')

    assert failed == set(), text
    assert passed == {check.name for check in simulator_checks("toys:engine")}
    assert len(passed) == 8


def test_the_sand_slabs_pass_every_check() -> None:
    sweeps = Path(__file__).parents[1] / "sweeps"

    for check in simulator_checks("slabs:engine", sweeps, parameters={"L": 12, "D": 9}):
        check()


EVERY = {check.name for check in simulator_checks("toys:engine")}
OF_RUNS = EVERY - {"is_declared"}


@pytest.mark.parametrize(
    ("fault", "checks", "sentence"),
    [
        (
            "short",
            {"times"},
            "expected frames at [0.0, 1.0, 2.0, 3.0, 4.0], got them at [0.0, 1.0",
        ),
        ("random", {"deterministic"}, "expected the same frames of the same seed, got others"),
        ("seeds", {"seeds"}, "expected other frames of another seed, got the same"),
        ("deep", OF_RUNS - {"foreign_bytes"}, "snapshot 1: its heights go from -5 to 3"),
        ("exit", OF_RUNS - {"foreign_bytes"}, "no more sand"),
        ("hangs", OF_RUNS - {"foreign_bytes"}, "toy has not ended within 0.5 s"),
        (
            "small",
            {"smallest_domain"},
            "L = 1, D = 5, as its table allows: snapshot 1: it has 5 x 6",
        ),
        (
            "eager",
            {"times"},
            "expected frames at [0.0, 1.0, 2.0, 3.0, 4.0], got them at [0.0, 0.0, 1.0",
        ),
        ("trusting", {"foreign_bytes"}, "expected bytes that are no frames to be refused"),
    ],
)
def test_a_broken_simulator_fails_the_check_of_what_is_broken(
    tmp_path: Path, fault: str, checks: set[str], sentence: str
) -> None:
    (tmp_path / "toys.py").write_text(SIMULATOR.format(fault=fault))
    limit = {"limit_s": 0.5} if fault == "hangs" else {}

    failed = failing(
        simulator_checks("toys:engine", tmp_path, parameters={"wet": True}, **limit)
    )

    assert failed.keys() == checks, failed
    assert sentence in "\n".join(failed.values())


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("engine", {}, "wet has no default; give the checks a value"),
        ("engine", {"wet": 1}, "wet: expected YES or NO, got 1"),
        ("engine", {"wer": 1}, "wer: expected one of L, D, wet"),
        ("motor", {}, "toys:motor: toys.py has no simulator motor"),
    ],
)
def test_checks_that_lack_something_say_what(
    tmp_path: Path, name: str, parameters: dict[str, Value], sentence: str
) -> None:
    (tmp_path / "toys.py").write_text(SIMULATOR.format(fault=""))

    failed = failing(simulator_checks(f"toys:{name}", tmp_path, parameters=parameters))

    assert sentence in failed["is_declared"]


def test_the_page_shows_tests_that_pass_and_names_every_check(tmp_path: Path) -> None:
    def code(page: str) -> list[str]:
        return re.findall(r"```python\n(.*?)```", (PAGES / f"{page}.md").read_text(), re.DOTALL)

    of_reduction, of_simulator = code("conformance")
    (tmp_path / "profiles.py").write_text(code("own-reduction")[0])
    (tmp_path / "toy.py").write_text(code("own-simulator")[0])
    (tmp_path / "test_profiles.py").write_text(of_reduction)
    (tmp_path / "test_toy.py").write_text(of_simulator)

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "21 passed" in done.stdout, done.stdout
    page = (PAGES / "conformance.md").read_text()
    for check in (*reduction_checks("a:b"), *simulator_checks("a:b")):
        assert f"`{check.name.replace('shape_of_', '')}`" in page or f"`{check.name}`" in page
