"""What README and docs/ say is so."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import orchestrator
from orchestrator import sweepfile
from orchestrator.cli.command_line import parser
from orchestrator.cli.verbs import verbs
from orchestrator.errors import RequestError
from orchestrator.formulas.expressions import FUNCTIONS
from orchestrator.model.pictures import KINDS, Words
from orchestrator.plots.choice import read
from orchestrator.settings import PRESETS
from orchestrator.sweepfile import expansion
from orchestrator.sweepfile.fields import OUTPUTS, RUN, SECTIONS, SEEDS, SLURM
from orchestrator.sweepfile.samples import RANGE, SAMPLE
from orchestrator.sweepfile.winds import ROW

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.sweepfile.fields import Field

ROOT = Path(orchestrator.__file__).parents[1]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "sweep-file.md"
WINDS = ROOT / "docs" / "winds.md"
RESULTS = ROOT / "docs" / "results.md"
PAGES = sorted([README, ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])


def _blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", path.read_text())


def _rows(known: Mapping[str, Field]) -> str:
    return "".join(f"| `{key}` | {field.meaning} |\n" for key, field in known.items())


@pytest.mark.parametrize(
    "rows",
    [
        "".join(f"| `{key}` | {meaning} |\n" for key, meaning in SECTIONS.items()),
        *map(_rows, (RUN, OUTPUTS, SLURM, SEEDS, SAMPLE, RANGE, ROW)),
    ],
    ids=["sections", "run", "outputs", "slurm", "seeds", "sample", "range", "wind"],
)
def test_every_key_of_a_sweep_file_is_described(rows: str) -> None:
    assert f"| key | |\n| --- | --- |\n{rows}" in REFERENCE.read_text()


def test_every_function_and_every_setting_is_named() -> None:
    text = REFERENCE.read_text().replace("\n", " ")

    assert f"the functions {', '.join(f'`{name}`' for name in FUNCTIONS)}." in text
    assert ", ".join(f"`{name}`" for name in PRESETS) in text


@pytest.mark.parametrize(
    "path", [README, REFERENCE, WINDS], ids=["readme", "reference", "winds"]
)
def test_every_sweep_file_that_is_shown_is_one(path: Path, tmp_path: Path) -> None:
    shown = [text for text in _blocks(path, "yaml") if text.startswith("name:")]
    assert shown

    for text in shown:
        (tmp_path / "w.yaml").write_text(text)
        sweep = sweepfile.load(tmp_path / "w.yaml")
        assert expansion.expand(sweep)
        assert sweep.warnings == ()


def test_the_mistake_that_readme_makes_is_told_as_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (said,) = re.findall(r"(?m)^(\S+\.yaml:\d+:\d+: .*)$", README.read_text())
    path = Path(said.partition(":")[0])
    path.parent.mkdir()
    path.write_text(_blocks(README, "yaml")[0].replace("Tau_min: [", "Tau_mim: ["))

    with pytest.raises(RequestError) as caught:
        sweepfile.load(path)

    assert said in caught.value.problems


def test_readme_is_a_screen_and_a_half() -> None:
    assert len(README.read_text().splitlines()) <= 110


def test_every_command_that_is_shown_names_a_verb_that_there_is() -> None:
    known = {*verbs(), "help"}
    for path in PAGES:
        for block in _blocks(path, "(?:sh|shell)"):
            named = re.findall(r"(?m)^rescal-sweep ([a-z]+)", block)
            assert set(named) <= known, (path, named)


SMALL = (
    ("H: 50", "H: 12"),
    ("L: 400", "L: 40"),
    ("D: 100", "D: 12"),
    ("Tau_min: [0, 100, 200, 300, 1000]", "Tau_min: [0, 100]"),
    ("seeds: 3", "seeds: 2"),
    ("stop: 1000", "stop: 10"),
    ("every: 10", "every: 5"),
)


def _run(place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words,
        cwd=place,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "XDG_CONFIG_HOME": str(place),
            "MPLBACKEND": "Agg",
            "RESCAL_SWEEP_CLUSTER": "local",
        },
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def snowfall_wind(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sweep that README shows, on a smaller domain and for a shorter time."""
    place = tmp_path_factory.mktemp("readme")
    (place / "sweeps").mkdir()
    text = _blocks(README, "yaml")[0]
    for large, small in SMALL:
        assert text.count(large) == 1, large
        text = text.replace(large, small)
    path = place / "sweeps" / "snowfall-wind.yaml"
    path.write_text(text)
    done = _run(place, "rescal-sweep", "submit", str(path), "--cluster=local", "--wait")
    assert "8 experiments: 8 done" in done.stdout, done.stdout + done.stderr
    return place


def test_python_that_is_shown_of_a_sweep_runs(snowfall_wind: Path) -> None:
    shown = [*_blocks(README, "python"), *_blocks(RESULTS, "python")]
    assert len(shown) == 5

    printed = []
    for code in shown:
        done = _run(snowfall_wind, sys.executable, "-W", "error", "-c", code)
        assert done.returncode == 0, (code, done.stderr)
        printed.append(done.stdout)

    changed = re.findall(r"(\d+) columns have changed", printed[-1])
    assert int(changed[0]) > 100


def test_commands_that_are_shown_of_a_sweep_make_what_they_say(snowfall_wind: Path) -> None:
    lines = "".join(_blocks(RESULTS, "sh")).splitlines()
    assert len(lines) == 21

    for line in lines:
        if ".mp4" in line and shutil.which("ffmpeg") is None:
            continue
        done = _run(snowfall_wind, *shlex.split(line, comments=True))
        assert done.returncode == 0, (line, done.stderr)

    assert (snowfall_wind / "fig2.pdf").read_bytes().startswith(b"%PDF")
    assert (snowfall_wind / "roughness.pdf").read_bytes().startswith(b"%PDF")
    assert len((snowfall_wind / "final.csv").read_text().splitlines()) == 1 + 8
    sweep = snowfall_wind / "data_runs" / "snowfall-wind"
    names = {path.name for path in sweep.iterdir()}
    assert {"phase-diagram.png", "profile.png", "spectrum.png", "report.html"} <= names
    assert {"roughness.png", "map-roughness.png", ".series.npz"} <= names
    for number in range(8):
        with np.load(sweep / f"exp{number}" / "out" / "height_maps.npz") as file:
            assert (file["height_maps"][0] != file["height_maps"][-1]).any()


def test_every_room_is_named_where_a_maintainer_looks_for_it() -> None:
    package = ROOT / "orchestrator"
    rooms = {path.stem for place in (package, package / "cli") for path in place.iterdir()}
    rooms -= {"__init__", "__main__", "__pycache__", "_version", "py", *verbs()}
    text = (ROOT / "CONTRIBUTING.md").read_text()

    named = set(re.findall(r"`(?:orchestrator/)?(?:cli/)?(\w+)(?:\.py|/)?`", text))
    assert rooms <= named, rooms - named


def test_every_promise_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "promises.md").read_text()
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][2:]
    promised = [re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1]) for row in rows]

    assert len(rows) > 15
    for row, named in zip(rows, promised, strict=True):
        assert named, row
        for path, test in named:
            assert f"def {test}(" in (ROOT / path).read_text(), test


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    pages = runpy.run_path(str(ROOT / "docs" / "generated.py"))
    made = {pages["DIRECTORY"] / f"{name}.md" for name in pages["PAGES"]}
    gallery = runpy.run_path(str(ROOT / "docs" / "gallery.py"))
    made |= {gallery["PICTURES"] / name for name in gallery["shown"]()}
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        linked = (path.parent / target).resolve()
        assert linked.exists() or linked in made, target


def test_the_picture_of_the_rooms_is_what_the_imports_make_it() -> None:
    drawn = subprocess.run(
        [sys.executable, "-c", "import rooms; print(rooms.picture(), end='')"],
        cwd=ROOT / "docs",
        capture_output=True,
        text=True,
        check=True,
    )

    assert drawn.stdout == (ROOT / "docs" / "rooms.svg").read_text()


def _table(page: str, heading: str, number: int = 0) -> list[list[str]]:
    """Return the rows of a table under a heading of a page of the reference."""
    text = (ROOT / "docs" / "reference" / page).read_text()
    section = re.split(r"(?m)^#", text.split(f"# {heading}\n")[1])[0]
    body = re.split(r"(?m)^\|.*\n\| --- .*\n", section)[1 + number].split("\n\n")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in body.splitlines()]


def _keys_in(heading: str, number: int = 0, page: str = "json.md") -> set[str]:
    """Return the keys that a table lists in its first column."""
    rows = _table(page, heading, number)
    return {key for row in rows for key in re.findall(r"`(\w+)`", row[0])}


def test_files_have_what_their_page_lists(snowfall_wind: Path) -> None:
    experiment = snowfall_wind / "data_runs" / "snowfall-wind" / "exp0"
    known = json.loads((experiment / "meta_data").read_text())

    listed = _keys_in("`meta_data`", page="files.md")
    assert known.keys() - listed == set()
    sometimes = {"wind", "stop_when", "invalid_when", "own", "parameter_table"}
    assert listed - known.keys() <= sometimes
    for file, array, dtype, shape, _ in _table("files.md", "Arrays"):
        with np.load(experiment / file.strip("`")) as arrays:
            values = arrays[array.strip("`")]
        assert values.dtype.name == dtype
        assert values.ndim == len(shape.split(","))


def test_json_has_the_keys_that_its_page_lists(snowfall_wind: Path) -> None:
    status = _json(snowfall_wind, "status", "snowfall-wind", "--json")
    usage = _json(snowfall_wind, "status", "snowfall-wind", "--usage", "--json")
    plan = _json(snowfall_wind, "plan", "sweeps/snowfall-wind.yaml", "--json")

    with np.load(snowfall_wind / "data_runs/snowfall-wind/exp0/out/height_maps.npz") as file:
        heights = file["height_maps"][-1]
    points = [f"{x / 9} {-y / 9} {heights[y, x]}" for y, x in np.ndindex(heights.shape)]
    (snowfall_wind / "survey.xyz").write_text("\n".join(points))
    compared = _json(snowfall_wind, "compare", "snowfall-wind", "--dem", "survey.xyz", "--json")

    assert status.keys() == _keys_in("`status SWEEP --json`")
    assert status["experiments"][0].keys() == _keys_in("`status SWEEP --json`", 1)
    assert usage.keys() == _keys_in("`status SWEEP --usage --json`")
    assert usage["experiments"][0].keys() == _keys_in("`status SWEEP --usage --json`", 1)
    assert plan.keys() == _keys_in("`plan SWEEP.yaml --json`")
    assert plan["usage"].keys() == _keys_in("`plan SWEEP.yaml --json`", 1)
    heading = "`compare SWEEP --dem FILE --json`"
    assert compared.keys() == _keys_in(heading)
    assert compared["field"].keys() == _keys_in(heading, 1)
    assert compared["experiments"][0].keys() == _keys_in(heading, 1) | _keys_in(heading, 2)


def _json(place: Path, *words: str) -> dict[str, Any]:
    done = _run(place, "rescal-sweep", *words)
    assert done.returncode == 0, done.stderr
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_the_gallery_has_a_picture_of_each_kind_of_each_sweep_that_it_runs() -> None:
    """Each is read as a command line reads it, and written to where the page shows it."""
    gallery = runpy.run_path(str(ROOT / "docs" / "gallery.py"))
    drawn, sweeps, outputs = set(), set(), []
    for program, verb, *words in gallery["commands"]():
        if program == "python":
            assert verb in gallery["files"]()
            continue
        options = vars(parser(verb).parse_intermixed_args(words))
        if verb == "submit":
            assert (ROOT / options["sweep"]).is_file()
            sweeps.add(options["sweep"].stem)
            continue
        assert options["sweep"] in sweeps
        outputs.append(options["output"])
        if verb == "plot":
            known = {name: options[name] for name in Words.__annotations__}
            choice = read(options["kind"], known)  # type: ignore[arg-type]  # as the verb has them
            drawn.add((options["sweep"], choice.kind))

    shown = [Path(name) for name in gallery["shown"]()]
    assert {kind for _, kind in drawn} == set(KINDS)
    assert {sweep for sweep, _ in drawn} == sweeps
    assert sweeps == {"phase-diagram", "erosion", "hardening", "two-winds"}
    assert [path.stem.partition("-Lambda")[0] for path in shown] == [o.stem for o in outputs]


_FILLERS = {"one", "found", "said", "asked", "given", "told"}


def test_no_name_in_the_code_is_a_word_that_carries_nothing() -> None:
    fillers = []
    for path in sorted((ROOT / "orchestrator").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            name = {ast.Name: "id", ast.arg: "arg", ast.FunctionDef: "name"}.get(type(node), "")
            if getattr(node, name, "") in _FILLERS:
                fillers.append((path.name, getattr(node, name)))

    assert fillers == []


def test_where_experiments_run_is_told_in_the_same_words_everywhere() -> None:
    rule = (
        "Where Slurm is installed, `plan` and `submit` use it; if it does not answer, they stop "
        "with an error, for a login node is not to compute. Elsewhere, or with `--cluster local`, experiments run on "
        "this machine, one per core."
    )

    for page in (
        "README.md",
        "docs/tutorials/first-sweep.md",
        "docs/tutorials/first-slurm-sweep.md",
    ):
        assert rule in " ".join((ROOT / page).read_text().split()), page


def test_the_sweep_of_the_examples_is_that_of_the_readme(tmp_path: Path) -> None:
    texts = [
        re.findall(pattern, (ROOT / page).read_text(), re.DOTALL)[0]
        for page, pattern in (
            ("README.md", r"```yaml\n(name: snowfall-wind.*?)```"),
            ("docs/results.md", r":caption: sweeps/snowfall-wind.yaml\n\n(.*?)```"),
        )
    ]

    points = []
    for text in texts:
        (tmp_path / "snowfall-wind.yaml").write_text(text)
        points.append(expansion.expand(sweepfile.load(tmp_path / "snowfall-wind.yaml")))
    assert points[0] == points[1]
    assert len(points[0]) == 30
