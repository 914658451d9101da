"""Tutorials and how-to pages, done step by step as a reader would; what they show is what comes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = pytest.mark.slow

PAGES = Path(orchestrator.__file__).parents[1] / "docs"

_FENCE = re.compile(r"(?ms)^(?:<!-- (fails|setup) -->\n)?```(\S+)([^\n]*)\n(.*?)^```$")
_CAPTION = re.compile(r"(?m)^:caption: (\S+)\n+")
_VARIES = re.compile(
    r"\d+:\d\d(:\d\d)?|\d+(\.\d+)? (s|min|h|kB|MB|GB)\b|\d+(\.\d+)? core-hours|\.\.\."
)


@dataclass(frozen=True)
class Step:
    """Commands of a page, and the lines that it shows of what they print."""

    script: str
    shown: tuple[str, ...]


def steps(page: Path) -> Iterator[Step]:
    """Yield what a reader does: files to write, commands to run, in the order of the page."""
    blocks = [match.groups() for match in _FENCE.finditer(page.read_text())]
    code: list[str] = []  # Python on a page goes on from what came before, as in a notebook
    for i, (note, language, argument, text) in enumerate(blocks):
        follows = blocks[i + 1] if i + 1 < len(blocks) else [""] * 4
        shown = follows[3].splitlines() if follows[1] == "text" else []
        lines = tuple(line for line in shown if line.strip())
        if note == "setup":  # which the tests do in their own way
            continue
        if caption := _CAPTION.match(text):
            content = text[caption.end() :]
            yield Step(f"cat > {caption[1]} <<'END_OF_FILE'\n{content}END_OF_FILE\n", ())
        elif language == "sh":
            yield Step(f"if (\n{text}); then exit 99; fi\n" if note == "fails" else text, lines)
        elif language == "python":
            code.append(text)
            yield Step(f"python - <<'END_OF_CODE'\n{''.join(code)}END_OF_CODE\n", lines)
        else:
            assert language == "text" or argument, f"a block that nobody does: {text}"


def do(
    page: str, place: Path, variables: Mapping[str, str] | None = None, before: str = ""
) -> None:
    """Do a page in a fresh directory with a fresh home and look for what it shows."""
    todo = [Step(before, ()), *steps(PAGES / page)]
    home = place / "home"
    home.mkdir()
    parts = [
        f"exec >{place}/{i}.out 2>&1\necho {i} >{place}/step\n{step.script}"
        for i, step in enumerate(todo)
    ]
    work = place / "work"
    work.mkdir()
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(parts)],
        cwd=work,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("RESCAL_", "XDG_"))},
            "HOME": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NUMBA_CACHE_DIR": _kernels(),
            "COLUMNS": "80",
            "MPLBACKEND": "Agg",
            **(variables or {}),
        },
        check=False,
    )
    last = int((place / "step").read_text())
    said = (place / f"{last}.out").read_text()
    assert done.returncode == 0, f"{todo[last].script}\n{said}"
    for i, step in enumerate(todo):
        printed = [_words(line) for line in (place / f"{i}.out").read_text().splitlines()]
        for line in step.shown:
            pattern = re.compile(_pattern(line))
            assert any(map(pattern.fullmatch, printed)), (step.script, line, printed)


def _words(line: str) -> str:
    return " ".join(line.split())


def _pattern(line: str) -> str:
    """Return what matches a shown line: times, sizes and ``...`` may be others."""
    text = _words(line)
    ends = [0, *(end for match in _VARIES.finditer(text) for end in match.span()), len(text)]
    fixed = [text[a:b] for a, b in zip(ends[::2], ends[1::2], strict=True)]
    return ".*".join(map(re.escape, fixed))


def _kernels() -> str:
    """Return where kernels are kept that other tests compile, too: half a minute each."""
    code = "from orchestrator.engine import cache; print(cache.directory().parent)"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()


def maps(sweep: Path, number: int) -> np.ndarray:
    """Return the height maps of an experiment."""
    with np.load(sweep / f"exp{number}" / "out" / "height_maps.npz") as file:
        return np.asarray(file["height_maps"])


def test_the_first_sweep(tmp_path: Path) -> None:
    do("tutorials/first-sweep.md", tmp_path)

    sweep = tmp_path / "work" / "dunes" / "data_runs" / "quickstart"
    last = [maps(sweep, n)[-1] for n in range(6)]
    assert all((maps(sweep, n)[0] != last[n]).any() for n in range(6))
    assert last[2].mean() > 2 * last[0].mean()  # ten times the snowfall
    assert last[0].std() > last[1].std() > 0  # the stronger wind
    assert (sweep / "phase-diagram.png").read_bytes().startswith(b"\x89PNG")
    assert (sweep / "report.html").stat().st_size > 50_000


def test_the_first_phase_diagram(tmp_path: Path) -> None:
    do("tutorials/first-phase-diagram.md", tmp_path)

    sweep = tmp_path / "work" / "snow-and-wind" / "data_runs" / "snow-and-wind"
    assert all((maps(sweep, n)[0] != maps(sweep, n)[-1]).any() for n in range(12))
    for name in ("phase-diagram.png", "roughness.pdf"):
        assert (sweep / name).exists() or (sweep.parents[1] / name).exists(), name
    with orchestrator.open_sweep(sweep) as dataset:
        assert dataset.sizes["seed"] == 2
        assert float(dataset.roughness.isel(time=-1).min()) > 0


def test_from_pyrescal(tmp_path: Path) -> None:
    do("tutorials/from-pyrescal.md", tmp_path)

    sweep = tmp_path / "work" / "from-pyrescal" / "data_runs" / "pyrescal-small"
    assert [maps(sweep, n).shape[0] for n in range(4)] == [5] * 4
    assert all((maps(sweep, n)[0] != maps(sweep, n)[-1]).any() for n in range(4))
    known = [json.loads((sweep / f"exp{n}" / "meta_data").read_text()) for n in range(4)]
    assert [meta["seed"] for meta in known] == [1234, 1235, 1236, 1237]


def test_a_simulator_of_ones_own(tmp_path: Path) -> None:
    do("tutorials/sand-slabs.md", tmp_path)

    sweep = tmp_path / "work" / "slabs" / "data_runs" / "hops"
    first, last = np.array([maps(sweep, n)[[0, -1]] for n in range(4)]).swapaxes(0, 1)
    assert (first == 5).all()  # four slabs on the ground
    assert (last.sum(axis=(1, 2)) == 5 * 24 * 48).all()
    assert (last.std(axis=(1, 2)) > 1.5).all()  # of dunes
    steepest = [np.abs(last - np.roll(last, 1, axis)).max() for axis in (1, 2)]
    assert max(steepest) == 2
    assert (sweep.parents[1] / "hops.csv").read_text().count("\n") == 5


def test_a_bed_of_ones_own(tmp_path: Path) -> None:
    do("how-to/own-elevation.md", tmp_path, before="rescal-sweep init dunes; cd dunes\n")

    sweep = tmp_path / "work" / "dunes" / "data_runs" / "ridge"
    first, last = maps(sweep, 0)[[0, -1]]
    assert (first[:, 40] == 15).all()  # 14 cells of snow on bare ground, which is 1
    assert (first[:, 90] == 3).all()
    assert last[:, 40].mean() < 14  # the wind has carried away what stood highest
    assert (sweep / "profile.png").exists()


def test_a_comparison_with_the_field(tmp_path: Path) -> None:
    do("how-to/compare-with-the-field.md", tmp_path)

    picture = tmp_path / "work" / "field-work" / "survey.png"
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_notebook(tmp_path: Path) -> None:
    do("how-to/notebook.md", tmp_path, before="rescal-sweep init dunes; cd dunes\n")

    sweep = tmp_path / "work" / "dunes" / "data_runs" / "quickstart"
    assert (sweep / "phase-diagram.png").exists()


@pytest.mark.parametrize("between", ["", "cd ..\n"], ids=["where it ended", "one level up"])
def test_each_tutorial_can_be_begun_where_another_one_has_ended(
    tmp_path: Path, between: str
) -> None:
    pages = sorted(PAGES.glob("tutorials/*.md"))
    begun = [
        next(step.script for step in steps(page) if "rescal-sweep init" in step.script)
        for page in pages
    ]
    projects = [re.findall(r"rescal-sweep init (\S+)", script)[0] for script in begun]

    done = subprocess.run(
        [
            *("bash", "-e", "-c"),
            between.join(
                f"rescal-sweep init {project}\ncd {project}\ntest -e sweeps/quickstart.yaml\n"
                for project in projects
            ),
        ],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert all(f"cd {p}\n" in script for p, script in zip(projects, begun, strict=True))
    assert (done.returncode, done.stderr) == (0, "")
    within = [line for line in done.stdout.splitlines() if line.startswith("it lies within")]
    assert len(within) == (0 if between else len(pages) - 1)


@pytest.mark.parametrize(
    "page", sorted(PAGES.glob("tutorials/*.md")), ids=lambda page: page.stem
)
def test_every_tutorial_is_done_by_a_test(page: Path) -> None:
    tests = (Path(__file__), Path(__file__).parent / "slurm" / "test_tutorial.py")

    assert any(f'do("tutorials/{page.name}"' in path.read_text() for path in tests)
