"""Sweep files: what they mean, and a sentence with a place for everything that is wrong."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator import sweepfile
from orchestrator.errors import FormatError, RequestError
from orchestrator.model import Axis, KeepInitial, Outputs, Resources, Run
from orchestrator.sweepfile import ranges, scalars, tree
from orchestrator.sweepfile.extra import REFUSED
from orchestrator.sweepfile.fields import OUTPUTS, RUN, SEEDS, SLURM
from orchestrator.sweepfile.layers import overrides_of, shipped
from orchestrator.sweepfile.problems import Position
from orchestrator.sweepfile.ranges import STEPS
from orchestrator.sweepfile.samples import RANGE, SAMPLE
from orchestrator.sweepfile.tree import Branch, Items, Leaf
from orchestrator.sweepfile.winds import ROW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.model import Sweep
    from orchestrator.sweepfile.fields import Field
    from orchestrator.sweepfile.tree import Node

SMALLEST = """\
name: winds
parameters: {H: 30, L: 60, D: 20}
run: {stop: 100, every: 10}
"""
STILL = "Lambda_E: nothing can move: Lambda_E and Lambda_T are 0"
SCRAPS = [
    *"[]{}:,-'\"~&*!|>#%@`?\n\t\0é",
    "", "null", "&a x", "*a", "!!str", "1e999", "-1", "H", "Tau_min", "zip:", "list:", "where:", "{}",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_an_empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _load(text: str, *overrides: str) -> Sweep:
    path = Path("w.yaml")
    path.write_text(text, encoding="utf-8")
    return sweepfile.load(path, overrides)


def _warnings(text: str) -> tuple[str, ...]:
    """Return all warnings but the one that nothing moves, which the smallest file earns."""
    return tuple(text for text in _load(text).warnings if not text.endswith(STILL))


def _problems(text: str, *overrides: str) -> list[str]:
    with pytest.raises(RequestError) as caught:
        _load(text, *overrides)
    return list(caught.value.problems)


def _with(section: str) -> str:
    """Put the smallest file behind ``section``, whose lines thus keep their numbers."""
    return f"{section}\n{SMALLEST}"


# What a file means -----------------------------------------------------------------------------


def test_defaults_that_are_told_mean_what_leaving_them_out_means() -> None:
    def written(known: Mapping[str, Field]) -> str:
        told = {key: field.default for key, field in known.items() if field.default is not None}
        return ", ".join(f"{key}: {str(value).lower()}" for key, value in told.items())

    run = f"run: {{stop: 100, every: 10, {written(RUN)}}}"
    text = SMALLEST.replace("run: {stop: 100, every: 10}", run)
    text += f"outputs: {{{written(OUTPUTS)}}}\nslurm: {{{written(SLURM)}}}\n"

    told, left_out = _load(text), _load(SMALLEST)

    assert "silence: 10min" in text
    assert (told.run, told.outputs) == (left_out.run, left_out.outputs)
    assert told.resources.together == left_out.resources.together
    tables = (RUN, OUTPUTS, SLURM, SEEDS, STEPS, SAMPLE, RANGE, ROW)
    fields = [field for table in tables for field in table.values()]
    assert all((f.default is None) == bool(f.absent) for f in fields)


def test_the_smallest_file_is_one_point() -> None:
    sweep = _load(SMALLEST)

    assert sweep.name == "winds"
    assert sweep.parameters == {"H": 30, "L": 60, "D": 20}
    assert (sweep.axes, sweep.seeds, sweep.derived, sweep.where) == ((), (1,), {}, None)
    assert sweep.run == Run(stop_t0=100.0, every_t0=10.0)
    assert sweep.outputs == Outputs()
    assert sweep.resources == Resources()
    assert (sweep.path, sweep.text) == (Path("w.yaml"), SMALLEST)
    assert sweep.warnings == (f"w.yaml:1:1: {STILL}",)


def test_every_field_arrives() -> None:
    sweep = _load(
        """\
name: snowfall-wind.2
description: "no: 1e-3"
parameters: {H: 50, L: 400, D: 100, Use_lgca: on, Ava_mode: NONE, Csp_template: "SNOWCONE(30, 100)"}
sweep:
  grid: {Lambda_I: [1e-3, .01]}
  zip: {Coef_B: [1, 5], Coef_C: [3, 15]}
  list: [{Lambda_E: 1, Lambda_C: 2}, {Lambda_C: 3, Lambda_E: 4}]
derived: {Tau_max: Tau_min + 1000, Tau_min: L / 4}
where: Lambda_I < 0.005
seeds: {first: 1234, count: 3}
run: {stop: 1e3, every: 0.5, engine: builtin, silence: 90s, time_limit: 4h}
outputs: {height_maps: yes, ffts: no, keep_initial: true}
slurm:
  partition: pbatch
  time: 4:00:00
  pack: node
  jobs: null
  account: no
  qos: 1e3
  constraint: a&b
  reservation: r
  mem: 4G
  exclude: n[1-3]
  mail_user: a@b.org
  mail_type: END,FAIL
  extra: {comment: dunes, exclusive: true, nice: 100}
"""
    )

    assert sweep.description == "no: 1e-3"
    assert sweep.parameters == {
        "H": 50,
        "L": 400,
        "D": 100,
        "Use_lgca": True,
        "Ava_mode": "NONE",
        "Csp_template": "SNOWCONE(30,100)",
    }
    assert sweep.axes == (
        Axis(("Lambda_I",), ((0.001,), (0.01,))),
        Axis(("Coef_B", "Coef_C"), ((1.0, 3.0), (5.0, 15.0)), "zip"),
        Axis(("Lambda_E", "Lambda_C"), ((1.0, 2.0), (4.0, 3.0)), "list"),
    )
    assert {name: formula.text for name, formula in sweep.derived.items()} == {
        "Tau_min": "L / 4",
        "Tau_max": "Tau_min + 1000",
    }
    assert list(sweep.derived) == ["Tau_min", "Tau_max"]
    assert sweep.where is not None
    assert sweep.where.text == "Lambda_I < 0.005"
    assert sweep.seeds == (1234, 1235, 1236)
    assert sweep.run == Run(1000.0, 0.5, "builtin", silence_s=90.0, time_limit_s=14400.0)
    assert sweep.outputs == Outputs(
        height_maps=True, ffts=False, keep_initial=KeepInitial.PLAIN
    )
    assert sweep.resources == Resources(
        partition="pbatch",
        time_min=240,
        pack=0,
        account="no",
        qos="1e3",
        constraint="a&b",
        reservation="r",
        mem="4G",
        exclude="n[1-3]",
        mail_user="a@b.org",
        mail_type="END,FAIL",
        extra={"comment": "dunes", "exclusive": True, "nice": "100"},
    )


def test_values_have_the_types_of_rescal() -> None:
    text = "parameters: {H: 5e1, L: 400.0, D: 1, Lambda_E: 1, High_mobility: 1, Use_lgca: 0}"

    parameters = _load(SMALLEST.replace("parameters: {H: 30, L: 60, D: 20}", text)).parameters

    assert repr(parameters) == (
        "{'H': 50, 'L': 400, 'D': 1, 'Lambda_E': 1.0, 'High_mobility': 1, 'Use_lgca': False}"
    )


def test_blocks_multiply_in_the_order_in_which_they_stand() -> None:
    sweep = _load(
        _with(
            "sweep: {list: [{Coef_A: 1}], grid: {Tau_min: [1], Coef_B: [2]}, zip: {Coef_C: [3]}}"
        )
    )

    assert [axis.names for axis in sweep.axes] == [
        ("Coef_A",),
        ("Tau_min",),
        ("Coef_B",),
        ("Coef_C",),
    ]


@pytest.mark.parametrize(
    ("text", "seeds"),
    [
        ("3", (1, 2, 3)),
        ("1", (1,)),
        ("[7, 0, 12]", (7, 0, 12)),
        ("{first: 1234, count: 2}", (1234, 1235)),
        ("null", (1,)),
        ("1-3", (1, 2, 3)),
        ("7-7", (7,)),
        ("[1-2, 9, 4 - 5]", (1, 2, 9, 4, 5)),
    ],
)
def test_seeds_are_a_number_or_a_list_or_a_range(text: str, seeds: tuple[int, ...]) -> None:
    assert _load(_with(f"seeds: {text}")).seeds == seeds


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90", 90),
        ("4:00:00", 240),
        ("'4:00:00'", 240),
        ("30:00", 30),
        ("4:30", 5),
        ("1-12", 2160),
        ("1-12:00:00", 2160),
        ("0-0:30", 30),
        ("4h", 240),
        ("90min", 90),
        ("90 min", 90),
        ("1h30min", 90),
        ("1.5h", 90),
        ("2d", 2880),
        ("10s", 1),
    ],
)
def test_times_are_written_as_for_slurm_or_with_units(text: str, minutes: int) -> None:
    assert _load(_with(f"slurm: {{time: {text}}}")).resources.time_min == minutes


@given(st.integers(0, 99), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_all_notations_of_a_time_agree(
    days: int, hours: int, minutes: int, seconds: int
) -> None:
    total = 86400 * days + 3600 * hours + 60 * minutes + seconds
    notations = [
        f"{days}-{hours}:{minutes:02}:{seconds:02}",
        f"{24 * days + hours}:{minutes:02}:{seconds:02}",
        f"{total // 60}:{seconds:02}",
        f"{days}d{hours}h{minutes}min{seconds}s",
        f"{total} s",
    ]

    for notation in notations:
        leaf = Leaf(Position("x"), notation)
        if total:
            assert scalars.duration_s(leaf) == total
        else:
            with pytest.raises(FormatError):
                scalars.duration_s(leaf)


@given(st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e30, 1e30)))
def test_numbers_are_read_as_python_writes_them(value: float) -> None:
    assert scalars.number(Leaf(Position("x"), repr(value))) == value


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("Tau_min", "{linspace: [0, 1000, 5]}", (0.0, 250.0, 500.0, 750.0, 1000.0)),
        ("Tau_min", "{linspace: [1, 0, 4]}", (1.0, 0.666666666667, 0.333333333333, 0.0)),
        ("Lambda_I", "{logspace: [1e-3, 1e-1, 3]}", (0.001, 0.01, 0.1)),
        ("Lambda_I", "{logspace: [100, 1, 3]}", (100.0, 10.0, 1.0)),
        ("Tau_min", "{start: 0, stop: 300, step: 100}", (0.0, 100.0, 200.0, 300.0)),
        ("Tau_min", "{start: 0, stop: 299, step: 100}", (0.0, 100.0, 200.0)),
        ("Tau_min", "{start: 0.1, stop: 0.5, step: 0.1}", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("Tau_min", "{start: 300, stop: 0, step: -150}", (300.0, 150.0, 0.0)),
        ("Tau_min", "{start: 5, stop: 5, step: 1}", (5.0,)),
        ("Ava_h_lim", "{start: 1, stop: 3, step: 1}", (1, 2, 3)),
    ],
)
def test_evenly_spaced_values_are_written_by_their_ends(
    name: str, values: str, expected: tuple[float, ...]
) -> None:
    section = f"sweep: {{grid: {{{name}: {values}}}}}"
    [axis] = _load(_with(section)).axes

    assert repr(axis) == repr(Axis((name,), tuple((value,) for value in expected)))
    assert _judged(_with(section)) == []


def test_evenly_spaced_values_can_vary_together() -> None:
    zipped = "{Coef_B: {linspace: [1, 5, 3]}, Coef_C: [3, 9, 15]}"

    [axis] = _load(_with(f"sweep: {{zip: {zipped}}}")).axes

    assert axis.points == ((1.0, 3.0), (3.0, 9.0), (5.0, 15.0))


# Templates -------------------------------------------------------------------------------------


def test_a_nearer_file_replaces_what_a_template_says() -> None:
    Path("templates").mkdir()
    Path("templates/ground.yaml").write_text(
        """\
parameters: {H: 1, L: 2, D: 3, Lambda_E: 4, Tau_max: 5, Ava_mode: TRANS}
run: {every: 10, engine: builtin}
slurm: {partition: pbatch, qos: normal, extra: {comment: ground, nice: 1}}
"""
    )
    Path("templates/snow.yaml").write_text(
        """\
extends: ground
parameters: {L: 20, Tau_min: 6}
derived: {Tau_max: Tau_min + 1000, Lambda_C: Lambda_E / 2, Coef_A: 1 + 1}
"""
    )

    sweep = _load(
        """\
name: winds
extends: snow
parameters: {D: 30, Lambda_C: 7}
sweep: {grid: {Coef_A: [8, 9], Ava_mode: [NONE, TRANS]}}
derived: {Lambda_E: D / 10}
run: {stop: 100}
slurm: {partition: null, extra: {comment: winds}}
"""
    )

    assert sweep.parameters == {"H": 1, "L": 20, "D": 30, "Tau_min": 6.0, "Lambda_C": 7.0}
    assert {name: f.text for name, f in sweep.derived.items()} == {
        "Tau_max": "Tau_min + 1000",
        "Lambda_E": "D / 10",
    }
    assert sweep.run == Run(100.0, 10.0, "builtin")
    assert sweep.resources == Resources(qos="normal", extra={"comment": "winds", "nice": "1"})


@pytest.mark.parametrize("file", ["sweeps/w.yaml", "data_runs/w/sweep.yaml", "w.yaml"])
def test_templates_are_found_from_where_sweep_files_lie(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "project" / file
    path.parent.mkdir(parents=True)
    path.write_text(SMALLEST + "extends: mine\n")
    (tmp_path / "project/templates").mkdir()
    (tmp_path / "project/templates/mine.yaml").write_text("parameters: {Lambda_E: 3}\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    assert sweepfile.load(path).parameters["Lambda_E"] == 3.0


def test_a_shipped_template_is_found_from_anywhere() -> None:
    assert _load(SMALLEST + "extends: snowfall\n").parameters["Csp_template"] == "SNOWFALL(4)"


def test_a_sweep_may_have_the_name_of_its_template() -> None:
    Path("templates").mkdir()
    Path("templates/w.yaml").write_text("parameters: {Lambda_E: 3}\n")

    assert _load(SMALLEST + "extends: w\n").parameters["Lambda_E"] == 3.0


def test_a_circle_of_templates_is_refused() -> None:
    Path("a.yaml").write_text("extends: b\n")
    Path("b.yaml").write_text("extends: a\n")

    assert _problems(SMALLEST + "extends: a\n") == [
        "b.yaml:1:10: extends: extends itself, in a circle: w -> a -> b -> a"
    ]


def test_problems_of_a_template_are_told_with_its_own_places(
    check_sentences: Callable[..., None],
) -> None:
    Path("templates").mkdir()
    Path("templates/mine.yaml").write_text(
        "name: mine\nseeds: 3\nparameters: {Lambda_Q: 3}\nderived: {Tau_max: 1 +}\n"
    )

    check_sentences(
        _problems(SMALLEST + "extends: mine\n"),
        "templates/mine.yaml:1:1: name",
        "templates/mine.yaml:2:1: seeds",
        "templates/mine.yaml:3:14: parameters.Lambda_Q",
        "templates/mine.yaml:4:23: derived.Tau_max",
    )


def test_an_unknown_template_is_told_with_those_that_there_are() -> None:
    Path("templates").mkdir()
    Path("templates/frost.yaml").write_text("parameters: {}\n")

    (problem,) = _problems(SMALLEST + "extends: frots\n")

    assert problem.startswith(
        "w.yaml:4:10: extends: no such template; did you mean frost?; there are "
    )
    assert "frost" in problem


# The command line ------------------------------------------------------------------------------


def test_the_command_line_sets_any_key_over_the_file() -> None:
    text = SMALLEST + "sweep: {grid: {Tau_min: [1, 2]}}\nslurm: {qos: high}\n"

    sweep = _load(
        text,
        "run.stop=50",
        "parameters.Lambda_E=1e-3",
        "sweep.grid.Tau_min=[3, 4, 5]",
        "slurm.time=4:00:00",
        "slurm.qos=null",
        "slurm.extra.comment=a=b",
        "where=Tau_min < 5",
        "seeds=2",
    )

    assert sweep.run.stop_t0 == 50.0
    assert sweep.parameters["Lambda_E"] == 0.001
    assert sweep.axes == (Axis(("Tau_min",), ((3.0,), (4.0,), (5.0,))),)
    assert sweep.resources == Resources(time_min=240, extra={"comment": "a=b"})
    assert sweep.where is not None
    assert sweep.seeds == (1, 2)
    assert sweep.text.startswith(text)
    assert sweep.text.endswith("# --set where=Tau_min < 5\n# --set seeds=2\n")
    assert overrides_of(sweep.text)[-2:] == ["where=Tau_min < 5", "seeds=2"]
    assert overrides_of(SMALLEST) == []


@pytest.mark.parametrize(
    ("override", "place"),
    [
        ("run.stop", "--set run.stop"),
        ("=3", "--set =3"),
        ("run..stop=3", "--set run..stop=3"),
        ("run.stop=soon", "--set run.stop"),
        ("run.stop=", "--set run.stop"),
        ("run.stop=[1", "--set run.stop"),
        ("run.stp=3", "--set run.stp"),
        ("rum.stop=3", "--set rum.stop: rum"),
        ("parameters.Tau_mim=3", "--set parameters.Tau_mim"),
        ("stop=3", "--set stop"),
        ("parameters.seeds=3", "--set parameters.seeds"),
        ("slurm.ffts=no", "--set slurm.ffts"),
        ("sweep.grid.Tau_mim=[1]", "--set sweep.grid.Tau_mim"),
        ("extends=snowfal", "--set extends"),
        ("parameters.Tau_min=3", "--set parameters.Tau_min"),
        ("sweep.grid.Tau_min=[1, x]", "--set sweep.grid.Tau_min"),
        ("description=a\udcffb", "--set description=a\\udcffb"),
        ("a." * 20 + "b=3", "--set"),
        ("description=a\nb", "--set description=a"),
        ("seeds=1e19", "--set seeds"),
        ("parameters.Rot_mode=disk", "--set parameters.Rot_mode"),
        ("parameters.Csp_template=snowfall(4)", "--set parameters.Csp_template"),
        ("run.on_timeout=contineu", "--set run.on_timeout"),
        ("where=Tau_mim > 3", "--set where: Tau_mim"),
        ("where=Tau_min > > 3", "--set where: column 11"),
    ],
)  # fmt: skip
def test_what_the_command_line_sets_is_checked_like_the_file(
    override: str, place: str, check_sentences: Callable[..., None]
) -> None:
    text = SMALLEST + "sweep: {grid: {Tau_min: [1, 2]}}\n"

    check_sentences(_problems(text, override), place)


# What is wrong with the file -------------------------------------------------------------------


def test_what_is_not_a_regular_file_is_told_at_once() -> None:
    Path("d.yaml").mkdir()
    os.mkfifo("f.yaml")

    for name, sentence in {
        "none.yaml": "none.yaml: no such file",
        "d.yaml": "d.yaml: cannot be read: Is a directory",
        "f.yaml": "f.yaml: cannot be read: not a regular file",
        "/dev/zero": "/dev/zero: cannot be read: not a regular file",
    }.items():
        with pytest.raises(RequestError) as caught:
            sweepfile.load(Path(name))
        assert caught.value.problems == (sentence,)


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("two", "; did you mean sweeps/two.yaml?"),
        ("two.yml", "; did you mean sweeps/two.yaml?"),
        ("sweeps/tow.yaml", "; did you mean sweeps/two.yaml?"),
        ("two.yaml", "; did you mean sweeps/two.yaml?"),
        ("sweeps/nothing.yaml", ""),
        ("nothing", "; expected a sweep file, such as nothing.yaml"),
    ],
)
def test_of_a_file_that_is_not_there_the_one_is_named_that_is(word: str, hint: str) -> None:
    Path("sweeps").mkdir()
    Path("sweeps/two.yaml").write_text("name: two\n")

    with pytest.raises(RequestError) as caught:
        sweepfile.load(Path(word))

    assert str(caught.value) == f"{word}: no such file{hint}"


def test_forty_thousand_misspelt_parameters_are_told_in_one_page_at_once() -> None:
    wrong = "".join(f"  Tau_mim{number}: 3\n" for number in range(40_000))
    began = time.process_time()

    problems = _problems(f"parameters:\n{wrong}name: winds\nrun: {{stop: 1, every: 1}}\n")

    assert time.process_time() - began < 5  # minutes, if each looked for what is meant
    assert problems[3] == (
        "w.yaml:2:3: parameters.Tau_mim0: no such parameter; did you mean Tau_min?"
    )
    assert len(problems) == 21
    assert problems[-1] == "and 39983 more"


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "w.yaml"),
        (b"# only words\n", "w.yaml"),
        (b"name: winds\nparameters: \xff\n", "w.yaml:2:13"),
        (b"- 1\n", "w.yaml:1:1"),
        (b"winds", "w.yaml:1:1"),
        (b"name: a\n---\nname: b\n", "w.yaml:2:1"),
        (b"name: winds\n  H: 3\n", "w.yaml:2:4"),
        (b"name: [1\n", "w.yaml:2:1"),
        (b"name: a\n\tH: 3\n", "w.yaml:2:1"),
        (b"run:\n  stop: 1\n\tevery: 3\n", "w.yaml:3:1"),
        (b"sweep:\n  list:\n  -\tH: 3\n", "w.yaml:3:4"),
        (b"name: w\nparameters\n  H: 30\n", "w.yaml:2:1"),
        (b"name w\nrun: {stop: 1}\n", "w.yaml:1:1"),
        (b"run:\n  stop 10  # t0\n  every: 5\n", "w.yaml:2:3"),
        (b"run:\n  every: 5\n  stop 10\nseeds: 3\n", "w.yaml:3:3"),
        (b"sweep:\n  list:\n    - H 30\n      L: 3\n", "w.yaml:3:7"),
        (b"name: w\nseeds:3\nrun: 1\n", "w.yaml:2:1"),
        (b"parameters: {H: 3 L: 4}\n", "w.yaml:1:20"),
        (b"description: snow: wind\n", "w.yaml:1:18"),
        (b"name: &a x\nb: &a [*a]\n", "w.yaml:2:8"),
        (b"name: a\0b\n", "w.yaml"),
        (b"name: !!python/object/apply:os.system [ls]\n", "w.yaml:1:7"),
        (b"name: !mine a\n", "w.yaml:1:7"),
        (b"name: *a\n", "w.yaml:1:7"),
        (b"name: &a [*a]\n", "w.yaml:1:11"),
        (b"? [1]\n: 2\n", "w.yaml:1:3"),
        (b"name: " + b"[" * 100, "w.yaml:1:26"),
        (b"name: a\n#" + b"x" * 4_000_000, "w.yaml"),
    ],
    ids=lambda value: value[:30] if isinstance(value, bytes) else "",
)  # fmt: skip
def test_what_cannot_be_a_sweep_file_is_refused(
    data: bytes, place: str, check_sentences: Callable[..., None]
) -> None:
    Path("w.yaml").write_bytes(data)

    with pytest.raises(RequestError) as caught:
        sweepfile.load(Path("w.yaml"))

    check_sentences(caught.value.problems, place)


def test_a_byte_order_mark_and_other_line_ends_are_no_problem() -> None:
    Path("w.yaml").write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())

    assert sweepfile.load(Path("w.yaml")).name == "winds"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 9}]\n" for i in range(1, 40)), "more than 100000 values"),
        ("a: &a [x]\n" + "- [*a]\n" * 100_000, "not YAML"),
        ("a: [" + "x," * 1_900_000 + "]", "more than 100000 values"),
        ("a: " + "[" * 3_900_000, "nested more than 20 deep"),
        ("a: " + "{b: " * 200_000, "nested more than 20 deep"),
        ("- " * 500_000, "nested more than 20 deep"),
        ("a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 400)), "nested more than 20 deep"),
        ("-" * 3_000_000 + "\n  a: b: c\n", "not YAML"),
        ("x " * 1_500_000 + "\n  a: b: c\n", "a colon is missing"),
        ("- " * 100_000 + "x", "nested more than 20 deep"),
        ("{a: " * 100_000 + "}" * 100_000, "nested more than 20 deep"),
        ("a: [x]\n" * 1_500_000, "larger than 4 MB"),
    ],
    ids=["aliases", "torn", "long", "deep", "braces", "dashes", "chain", "dash", "words", "closed", "balanced", "large"],
)  # fmt: skip
def test_a_bomb_is_refused_at_once(text: str, words: str) -> None:
    Path("w.yaml").write_text(text)
    began = time.perf_counter()

    with pytest.raises(RequestError) as caught:
        sweepfile.load(Path("w.yaml"))

    assert time.perf_counter() - began < 5  # hours without the bounds
    assert re.search(words, caught.value.problems[0])


def test_a_sweep_of_a_thousand_million_points_is_refused_before_it_is_built() -> None:
    thousand = ", ".join(str(i) for i in range(1000))
    began = time.perf_counter()

    problems = _problems(
        SMALLEST
        + f"sweep: {{grid: {{Tau_min: [{thousand}], Tau_max: [{thousand}]}}}}\n"
        + "seeds: 1000000000\n"
    )

    assert time.perf_counter() - began < 5  # hours without the bounds
    assert problems == [
        "w.yaml:1:1: sweep: 1000 x 1000 x 1000000000 experiments; a sweep has at most 100000"
    ]


def test_all_problems_are_told_at_once_in_their_order(
    check_sentences: Callable[..., None],
) -> None:
    problems = _problems(
        """\
name: ../winds
descripton: a mistake
parameters:
  H: tall
  L: 60
  D: 20
  L: 70
  Seed: 5
  tau_max: 3
sweep:
  grid:
    Tau_mim: [0, 100]
    Lambda_I: 3
    L: [1, 2, x]
run:
  stop: 10
  every: 20
  engine: recall
where: L = 3
"""
    )

    check_sentences(
        problems,
        "w.yaml:1:7: name",
        "w.yaml:2:1: descripton",
        "w.yaml:4:6: parameters.H",
        "w.yaml:5:3: parameters.L",
        "w.yaml:7:3: L",
        "w.yaml:8:3: parameters.Seed",
        "w.yaml:9:3: parameters.tau_max",
        "w.yaml:12:5: sweep.grid.Tau_mim",
        "w.yaml:13:15: sweep.grid.Lambda_I",
        "w.yaml:14:15: sweep.grid.L",
        "w.yaml:17:3: run.every",
        "w.yaml:18:3: run.engine",
        "w.yaml:19:10: where",
    )


@pytest.mark.parametrize("engine", ["fast", "slabs.py"])
def test_nothing_more_is_said_where_the_engine_and_so_its_parameters_are_not_known(
    engine: str,
) -> None:
    wish = "expected one of auto, rescal, builtin, or a simulator of your own as MODULE:NAME"

    problems = _problems(f"""name: w
run: {{engine: "{engine}"}}
parameters: {{hop: 5}}
""")

    assert [problem.partition("run.engine: ")[2] for problem in problems] == [
        f"{wish}, got {engine}"
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 199), st.integers(0, 9), st.sampled_from(SCRAPS))))
def test_any_slip_of_the_pen_is_a_sweep_or_a_request_error(
    slips: list[tuple[int, int, str]],
) -> None:
    text = (
        SMALLEST
        + "sweep: {grid: {Tau_min: [1, 2]}}\nderived: {Tau_max: Tau_min + 1}\nseeds: 3\n"
    )
    for start, length, scrap in slips:
        text = text[:start] + scrap + text[start + length :]

    with contextlib.suppress(RequestError):
        assert _load(text).parameters


def test_fifty_points_with_one_fault_are_one_problem() -> None:
    misspelt = ", ".join(f"{{Tau_mim: {i}, Coef_A: 1}}" for i in range(50))
    without_number = ", ".join(f"{{Tau_min: x, Coef_A: {i}}}" for i in range(50))

    assert _problems(_with(f"sweep: {{list: [{misspelt}]}}")) == [
        "w.yaml:1:17: sweep.list.Tau_mim: no such parameter; did you mean Tau_min? (and 49 more)"
    ]
    assert _problems(_with(f"sweep: {{list: [{without_number}]}}")) == [
        "w.yaml:1:26: sweep.list.Tau_min: expected a number, got x (and 49 more)"
    ]


def test_a_decimal_comma_in_a_value_is_shown_with_a_point() -> None:
    text = SMALLEST.replace(
        "{H: 30, L: 60, D: 20}", "\n  Lambda_I: 0,001\n  H: 3\n  L: 3\n  D: 3"
    )

    assert _problems(text) == [
        "w.yaml:3:13: parameters.Lambda_I: expected a number, got 0,001; write 0.001, with a decimal point"
    ]


def test_what_is_required_is_told(check_sentences: Callable[..., None]) -> None:
    check_sentences(
        _problems("description: nothing else\n"),
        "w.yaml:1:1: name",
        "w.yaml:1:1: parameters.H",
        "w.yaml:1:1: parameters.L",
        "w.yaml:1:1: parameters.D",
        "w.yaml:1:1: run.stop",
        "w.yaml:1:1: run.every",
    )


@pytest.mark.parametrize(
    "name", ["a/b", "..", "a..b", ".a", "-a", "a b", "é", "''", "a" * 101, "[a]"]
)
def test_a_name_that_cannot_be_a_directory_is_refused(name: str) -> None:
    (problem,) = _problems(SMALLEST.replace("winds", name))

    assert problem.startswith("w.yaml:1:7: name: expected ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        # sections and keys
        ("sweep: {}", "1:8: sweep"),
        ("sweep:", "1:7: sweep"),
        ("sweep: 3", "1:8: sweep"),
        ("sweep: {gird: {Tau_min: [1]}}", "1:9: sweep.gird"),
        ("outputs: [a]", "1:10: outputs"),
        ("outputs: {fft: no}", "1:11: outputs.fft"),
        ("stop: 3", "1:1: stop"),
        ("grid: {Tau_min: [1]}", "1:1: grid"),
        ("sweep: {Tau_min: [1]}", "1:9: sweep.Tau_min"),
        ("sweep: {seeds: 3}", "1:9: sweep.seeds"),
        ("outputs: {seeds: 3}", "1:11: outputs.seeds"),
        ("seed 3: 1", "1:1"),
        ("seeds 3: 1", "1:1"),
        ("Tau_max: 3", "1:1: Tau_max"),
        ("slurm: {ffts: no}", "1:9: slurm.ffts"),
        ("derived: 3", "1:10: derived"),
        ("extends: [a]", "1:10: extends"),
        ("extends: ../a", "1:10: extends"),
        # values of parameters, here on an axis
        ("sweep: {grid: {Lambda_E: ['1']}}", "1:27: sweep.grid.Lambda_E"),
        ("sweep: {grid: {Lambda_E: [-1]}}", "1:27: sweep.grid.Lambda_E"),
        ("sweep: {grid: {Prob_link_ET: [2]}}", "1:31: sweep.grid.Prob_link_ET"),
        ("sweep: {grid: {Lambda_E: [1e999]}}", "1:27: sweep.grid.Lambda_E"),
        ("sweep: {grid: {Lambda_E: [1e300]}}", "1:27: sweep.grid.Lambda_E"),
        ("sweep: {grid: {Lambda_E: [.nan]}}", "1:27: sweep.grid.Lambda_E"),
        ("sweep: {grid: {Ava_h_lim: [1.5]}}", "1:28: sweep.grid.Ava_h_lim"),
        ("sweep: {grid: {Use_lgca: [maybe]}}", "1:27: sweep.grid.Use_lgca"),
        ("sweep: {grid: {Ava_mode: [FAST]}}", "1:27: sweep.grid.Ava_mode"),
        ("sweep: {grid: {Qsat_file: [a b]}}", "1:28: sweep.grid.Qsat_file"),
        ("sweep: {grid: {Qsat_file: [~]}}", "1:28: sweep.grid.Qsat_file"),
        ("sweep: {grid: {Csp_template: [SNOWFAL]}}", "1:31: sweep.grid.Csp_template"),
        ("sweep: {grid: {Csp_template: ['LAYER(1,2)']}}", "1:31: sweep.grid.Csp_template"),
        ("sweep: {grid: {Csp_template: ['LAYER(1e999)']}}", "1:31: sweep.grid.Csp_template"),
        ("sweep: {grid: {Csp_file: [a.csp]}}", "1:16: sweep.grid.Csp_file"),
        # axes
        ("sweep: {grid: {Tau_min: []}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: [[1]]}}", "1:26: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: [1, 2, 1.0]}}", "1:32: sweep.grid.Tau_min"),
        ("sweep: {grid: {H: [1]}}", "3:14: parameters.H"),
        ("sweep: {grid: {Tau_min: [1]}, zip: {Tau_min: [2]}}", "1:37: sweep.zip.Tau_min"),
        ("sweep: {grid: }", "1:15: sweep.grid"),
        ("sweep: {zip: [1]}", "1:14: sweep.zip"),
        ("sweep: {zip: {Coef_B: [1, 2], Coef_C: [3]}}", "1:14: sweep.zip"),
        ("sweep: {zip: {Coef_B: [1, 1], Coef_C: [3, 3]}}", "1:27: sweep.zip"),
        ("sweep: {list: []}", "1:15: sweep.list"),
        ("sweep: {list: [{}]}", "1:16: sweep.list"),
        ("sweep: {grid: {}}", "1:15: sweep.grid"),
        ("sweep: {zip: {}}", "1:14: sweep.zip"),
        ("sweep: {list: [3]}", "1:16: sweep.list"),
        ("sweep: {list: [{Coef_B: 1}, {Coef_C: 1}]}", "1:29: sweep.list"),
        ("sweep: {list: [{Coef_B: 1}, {Coef_B: 1}]}", "1:29: sweep.list"),
        ("sweep: {list: [{Coef_Q: 1}]}", "1:17: sweep.list.Coef_Q"),
        ("sweep: {list: [{Coef_B: x}]}", "1:25: sweep.list.Coef_B"),
        # decimal commas
        ("sweep: {grid: {Lambda_I: [0,001, 0,01]}}", "1:27: sweep.grid.Lambda_I"),
        ("sweep: {grid: {Tau_min: [0,5, 1,5]}}", "1:26: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: [0,05]}}", "1:26: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: [1,5,1]}}", "1:30: sweep.grid.Tau_min"),
        # evenly spaced values
        ("sweep: {grid: {Tau_min: {}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1]}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: 3}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [0, x, 3]}}}", "1:40: sweep.grid.Tau_min.linspace"),
        ("sweep: {grid: {Tau_min: {linspace: [0, .inf, 3]}}}", "1:40: sweep.grid.Tau_min.linspace"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1e999, 3]}}}", "1:40: sweep.grid.Tau_min.linspace"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1, 2.5]}}}", "1:43: sweep.grid.Tau_min.linspace"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1, 1]}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [1, 1, 3]}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1, 1e9]}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1, 3], step: 2}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Lambda_E: {linspace: [-1, 1, 3]}}}", "1:26: sweep.grid.Lambda_E"),
        ("sweep: {grid: {Ava_h_lim: {linspace: [1, 2, 3]}}}", "1:27: sweep.grid.Ava_h_lim"),
        ("sweep: {grid: {Tau_min: {logspace: [0, 1, 3]}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: 300}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: 300, step: 0}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: 300, step: -1}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: 1e308, step: 1e-308}}}", "1:25: sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: .nan, step: 1}}}", "1:42: sweep.grid.Tau_min.stop"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: 1, by: 1}}}", "1:45: sweep.grid.Tau_min.by"),
        ("sweep: {grid: {Use_lgca: {linspace: [0, 1, 2]}}}", "1:26: sweep.grid.Use_lgca"),
        # derived and where
        ("derived: {Tau_max: Tau_min + 1}", "1:11: derived.Tau_max"),
        ("derived: {Tau_max: LL + 1}", "1:11: derived.Tau_max: LL"),
        ("derived: {Tau_max: H +}", "1:23: derived.Tau_max"),
        ("derived: {Tau_max: 'H ++* 2'}", "1:25: derived.Tau_max"),
        ("derived: {Tau_max: }", "1:20: derived.Tau_max"),
        ("derived:\n  Tau_max: >\n    H +\n    oops(3)", "2:12: derived.Tau_max: column 5"),
        ("derived: {H: L}", "1:11: derived.H"),
        ("derived: {Seed: 3}", "1:11: derived.Seed"),
        ("derived: {Tau_max: Tau_max + 1}", "1:11: derived.Tau_max"),
        ("derived: {Tau_max: Tau_min, Tau_min: Tau_max}", "1:11: derived.Tau_max"),
        ("where: Tau_min > 3", "1:1: where"),
        ("where: [1]", "1:8: where"),
        ("where: H ^ 2 > 3", "1:10: where"),
        # seeds
        ("seeds: 0", "1:8: seeds"),
        ("seeds: many", "1:8: seeds"),
        ("seeds: 1, 2, 3", "1:8: seeds"),
        ("seeds: 1e19", "1:8: seeds"),
        ("seeds: 0.5", "1:8: seeds"),
        ("seeds: " + "0" * 5000, "1:8: seeds"),
        ("seeds: 3-1", "1:8: seeds"),
        ("seeds: 1-9999999999", "1:8: seeds"),
        ("seeds: [1, 5-2000000000]", "1:12: seeds"),
        ("seeds: [1-3, 2]", "1:14: seeds"),
        ("seeds: [1e19]", "1:9: seeds"),
        ("seeds: {first: 1, count: 1e19}", "1:19: seeds.count"),
        ("seeds: {first: 1e19, count: 1}", "1:16: seeds.first"),
        ("seeds: []", "1:8: seeds"),
        ("seeds: [1, 2, 1]", "1:15: seeds"),
        ("seeds: [-1]", "1:9: seeds"),
        ("seeds: {first: 3}", "1:8: seeds.count"),
        ("seeds: {first: 3, count: 2, step: 2}", "1:29: seeds.step"),
        ("seeds: {first: 2147483647, count: 2}", "1:28: seeds.count"),
        # outputs
        ("outputs: {ffts: 3}", "1:17: outputs.ffts"),
        ("outputs: {ffts: 'no'}", "1:17: outputs.ffts"),
        ("outputs: {keep_initial: zip}", "1:25: outputs.keep_initial"),
        ("outputs: {ffts: no, height_maps: no}", "1:11: outputs.ffts"),
        # slurm
        ("slurm: {time: soon}", "1:15: slurm.time"),
        ("slurm: {time: 4 hours}", "1:15: slurm.time"),
        ("slurm: {time: 0}", "1:15: slurm.time"),
        ("slurm: {time: 999d}", "1:15: slurm.time"),
        ("slurm: {time: " + "9" * 5000 + "}", "1:15: slurm.time"),
        ("slurm: {pack: all}", "1:15: slurm.pack"),
        ("slurm: {jobs: 0}", "1:15: slurm.jobs"),
        ("slurm: {mem: lots}", "1:14: slurm.mem"),
        ("slurm: {account: ''}", "1:18: slurm.account"),
        ('slurm: {account: "a\\n#SBATCH --wrap=x"}', "1:18: slurm.account"),
        ("slurm: {walltime: 3}", "1:9: slurm.walltime"),
        ("slurm: {extra: 3}", "1:16: slurm.extra"),
        ("slurm: {extra: {--nice: 3}}", "1:17: slurm.extra.--nice"),
        ("slurm: {extra: {mail-user: a}}", "1:17: slurm.extra.mail-user"),
        ("slurm: {extra: {output: ~/.bashrc}}", "1:17: slurm.extra.output"),
        ("slurm: {extra: {error: a, comment: b}}", "1:17: slurm.extra.error"),
        ("slurm: {extra: {open_mode: truncate}}", "1:17: slurm.extra.open_mode"),
        ("slurm: {extra: {export: LD_PRELOAD=a}}", "1:17: slurm.extra.export"),
        ("slurm: {extra: {chdir: /tmp}}", "1:17: slurm.extra.chdir"),
        ("slurm: {extra: {job-name: a}}", "1:17: slurm.extra.job-name"),
        ("slurm: {extra: {job_name: a}}", "1:17: slurm.extra.job_name"),
        ("slurm: {extra: {array: 1-3}}", "1:17: slurm.extra.array"),
        ("slurm: {extra: {wait: true}}", "1:17: slurm.extra.wait"),
        ("slurm: {extra: {parsable: true}}", "1:17: slurm.extra.parsable"),
        ("slurm: {extra: {test-only: true}}", "1:17: slurm.extra.test-only"),
        ("slurm: {extra: {hold: true}}", "1:17: slurm.extra.hold"),
        ("slurm: {extra: {no-requeue: true}}", "1:17: slurm.extra.no-requeue"),
        ("slurm: {extra: {clusters: b}}", "1:17: slurm.extra.clusters"),
        ("slurm: {extra: {nice: [3]}}", "1:23: slurm.extra.nice"),
    ],
    ids=lambda value: "" if ": " in value and value[0].isdigit() else value[:60],
)  # fmt: skip
def test_a_problem_is_told_with_line_and_column(
    text: str, place: str, check_sentences: Callable[..., None]
) -> None:
    check_sentences(_problems(_with(text)), f"w.yaml:{place}")


@pytest.mark.parametrize(
    ("run", "place"),
    [
        ("{stop: 0, every: 1}", "3:13: run.stop"),
        ("{stop: 10, every: -1}", "3:24: run.every"),
        ("{stop: 200 t0, every: 10}", "3:13: run.stop"),
        ("{stop: 200t0, every: 10}", "3:13: run.stop"),
        ("{stop: 10}", "1:1: run.every"),
        ("{stop: 1e9, every: 1}", "3:18: run.every"),
        ("{stop: 1, every: 1, silence: 0s}", "3:35: run.silence"),
        ("{stop: 1, every: 1, stops: 3}", "3:26: run.stops"),
    ],
)  # fmt: skip
def test_how_long_and_how_often_must_make_sense(
    run: str, place: str, check_sentences: Callable[..., None]
) -> None:
    text = SMALLEST.replace("{stop: 100, every: 10}", run)

    check_sentences(_problems(text), f"w.yaml:{place}")


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ("Phys_prop_file: a.prop", "parameters.Phys_prop_file"),
        ("Grdvc_min: 3, Tau_min: 3", "Grdvc_min"),
    ],
)  # fmt: skip
def test_parameters_that_contradict_each_other_are_refused(
    parameters: str, place: str, check_sentences: Callable[..., None]
) -> None:
    text = SMALLEST.replace("D: 20", f"D: 20, {parameters}")

    check_sentences(_problems(text), f"w.yaml:2:35: {place}")


# What has no effect ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ("Lambda_I: 1", "Lambda_I"),
        ("Lambda_I: 1, Csp_template: LAYER(3)", "Lambda_I"),
        ("Ava_angle: 38, Ava_mode: NONE", "Ava_angle"),
        ("Ava_nb_cel: 3, Ava_mode: TRANS", "Ava_nb_cel"),
        ("Lambda_A: 3", "Lambda_A"),
        ("Tau_min: 3, Use_lgca: no", "Tau_min"),
        ("Qsat_file: a", "Qsat_file"),
        ("Csp_params: a", "Csp_params"),
        ("Grdvc_min: 3", "Grdvc_min"),
    ],
)  # fmt: skip
def test_a_parameter_without_effect_is_a_warning(
    parameters: str, place: str, check_sentences: Callable[..., None]
) -> None:
    text = SMALLEST.replace("D: 20", f"D: 20, {parameters}")

    check_sentences(_warnings(text), f"w.yaml:2:35: {place}")


@pytest.mark.parametrize(
    "parameters",
    [
        "Lambda_I: 0",
        "Lambda_I: 1, Csp_template: SNOWFALL(4)",
        "Lambda_I: 1, Boundary: REINJECTION",
        "Lambda_A: 3, Ava_mode: TRANS",
        "Qsat_file: a, Phys_prop_file: b",
    ],
)
def test_a_parameter_that_may_have_an_effect_is_none(parameters: str) -> None:
    assert _warnings(SMALLEST.replace("D: 20", f"D: 20, {parameters}")) == ()


def test_an_axis_over_templates_of_which_one_injects_is_no_warning() -> None:
    text = _with('sweep: {grid: {Lambda_I: [1, 2], Csp_template: ["LAYER(2)", "SNOWFALL(2)"]}}')

    assert _warnings(text) == ()


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ("Lambda_F: 20, Lambda_S: 0.01", "2:35: Lambda_F"),
        ("Tau_min: -5", "2:35: Tau_min"),
        ("Tau_max: 5, Tau_min: 5", "2:35: Tau_max"),
    ],
)  # fmt: skip
def test_a_value_that_is_hardly_meant_is_a_warning(
    parameters: str, place: str, check_sentences: Callable[..., None]
) -> None:
    text = SMALLEST.replace("D: 20", f"D: 20, {parameters}")

    check_sentences(_warnings(text), f"w.yaml:{place}")


@pytest.mark.parametrize(
    ("section", "warnings"),
    [
        ("sweep: {grid: {Tau_min: [0, 9], Tau_max: [5, 20]}}", ("1:33: Tau_max: Tau_max, 5, is not above Tau_min, 9",)),
        ("sweep: {zip: {Tau_min: [0, 9], Tau_max: [5, 20]}}", ()),
        ("sweep: {grid: {Tau_min: [0, 9], Tau_max: [5, 20]}}\nwhere: Tau_min < Tau_max", ()),
        ("sweep: {grid: {Tau_min: [0, 9]}}\nderived: {Tau_max: Tau_min + 5}", ()),
        ("sweep: {grid: {Tau_min: [0, 9]}}", ()),
        ("sweep: {grid: {Lambda_F: [0, 2], Lambda_S: [0]}}", ()),
        ("sweep: {grid: {Tau_min: [0,5, 1,2]}}", ("1:26: sweep.grid.Tau_min: 0,5 is two values; write 0.5 for a decimal number",)),
        ("sweep: {grid: {Tau_min: [0,5,1,2]}}", ()),
        ("sweep: {grid: {Tau_min: [0,5]}}", ()),
    ],
)  # fmt: skip
def test_values_on_axes_are_looked_at_together(section: str, warnings: tuple[str, ...]) -> None:
    assert _warnings(_with(section)) == tuple(f"w.yaml:{warning}" for warning in warnings)


@pytest.mark.parametrize(
    ("rates", "still"),
    [
        ("", True),
        ("Lambda_E: 0, Lambda_T: 0", True),
        ("Lambda_E: 1", False),
        ("Lambda_T: 1", False),
        ("Lambda_C: 1", False),  # Lambda_T is three times Lambda_C
        ("Lambda_C: 1, Lambda_T: 0", True),
    ],
)
def test_a_bed_on_which_nothing_can_move_is_a_warning(rates: str, still: bool) -> None:  # noqa: FBT001
    warnings = _load(SMALLEST.replace("D: 20", f"D: 20, {rates}")).warnings

    assert any(text.endswith(STILL) for text in warnings) is still


@pytest.mark.parametrize(
    ("threshold", "section", "warnings"),
    [
        ("5", "", ()),
        ("10", "", ("2:35: Tau_max: Tau_max, 10, is not above Tau_min, 10",)),
        ("low", "sweep: {grid: {low: [2, 20]}}", ("Tau_max, 10, is not above Tau_min, 20",)),
        ("low", "sweep: {grid: {low: [2, 9]}}", ()),
        ("2 * low", "sweep: {grid: {low: [2, 9]}}", ()),
        ("low", "sweep: {grid: {low: [2, -9]}}", ("negative, -9: grains erode without wind",)),
    ],
)
def test_thresholds_of_winds_are_looked_at_as_those_of_a_run(
    threshold: str, section: str, warnings: tuple[str, ...]
) -> None:
    winds = f"wind: [{{duration: 1, angle: 0, Tau_min: {threshold}}}]"
    text = SMALLEST.replace("D: 20", f"D: 20, Tau_max: 10, {winds}") + section

    found = _warnings(text)

    assert len(found) == len(warnings)
    assert all(text.endswith(warning) for text, warning in zip(found, warnings, strict=True))


def test_a_stress_that_does_not_fit_a_templates_is_told_where_it_stands() -> None:
    Path("templates").mkdir()
    Path("templates/mine.yaml").write_text("parameters: {Tau_max: 500, Tau_min: 600}\n")

    text = SMALLEST + "extends: mine\nsweep: {grid: {Tau_min: [0, 900]}}\n"

    assert _warnings(SMALLEST + "extends: mine\n") == ()
    assert _warnings(text) == ("w.yaml:5:16: Tau_min: Tau_max, 500, is not above Tau_min, 900",)


def test_a_key_is_shown_shortly_and_without_control_characters() -> None:
    text = f'"\\e[2J": 1\n{"x" * 1000}: 2\n'

    assert _problems(text + SMALLEST) == [
        "w.yaml:1:1: \\x1b[2J: no such key",
        f"w.yaml:2:1: {'x' * 60}...: no such key",
    ]


def test_what_a_template_says_in_vain_is_no_warning() -> None:
    text = SMALLEST.replace("D: 20", "D: 20, Ava_mode: NONE, Csp_template: LAYER(3)")

    assert _load(text + "extends: snowfall\n").warnings == ()


# The reference ---------------------------------------------------------------------------------


def test_the_reference_has_every_range_and_every_refused_option_of_sbatch() -> None:
    text = (Path(sweepfile.__file__).parents[2] / "docs/sweep-file.md").read_text()
    steps = {key: field.meaning for key, field in ranges.STEPS.items()}
    for meanings in (ranges.SPACINGS, steps):
        rows = "".join(f"| `{key}` | {meaning} |\n" for key, meaning in meanings.items())
        assert f"| key | |\n| --- | --- |\n{rows}" in text
    assert ", ".join(f"`{name}`" for name in REFUSED) in text.replace("\n", " ")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        ("roughnes < 1", "roughnes: no number of a snapshot; there are t, mean_height, "),
        (
            "roughness + 1",
            "expected a comparison such as mobile_fraction < 1e-4, got roughness + 1",
        ),
        ("1 <", "expected a number or a name, got the end"),
        ("t < 'a'", "needs a number, got a text"),
        # also where what stands before decides
        ("t > 5 and roughness", "needs a comparison, got a number"),
        ("t > 5 or not t", "needs a comparison, got a number"),
        ("t > 5 and t == 'a'", "needs a number, got a text"),
        ("1 < 2", "expected a comparison such as mobile_fraction < 1e-4, got 1 < 2"),
    ],
)
def test_a_condition_is_a_comparison_of_numbers_of_a_snapshot(
    condition: str, problem: str
) -> None:
    text = f"run: {{stop: 9, every: 1, stop_when: {condition}}}\n"
    rest = SMALLEST.replace("run: {stop: 100, every: 10}\n", "")

    (told,) = _problems(text + rest)

    assert re.match(r"w\.yaml:1:\d\d: run\.stop_when: ", told)
    assert told.partition("stop_when: ")[2].startswith(problem)
    run = _load(text.replace(condition, "t > 3 and mass_drift < 0.1") + rest).run
    assert (run.stop_when, run.invalid_when) == ("t > 3 and mass_drift < 0.1", "")
    later = "sqrt(grains - 1000) > 5 and 1 / (t - 0.5) < 1"  # which not all numbers have
    assert _load(text.replace(condition, later) + rest).run.stop_when == later


# The schema ------------------------------------------------------------------------------------


def test_the_schema_knows_every_key_that_the_reader_knows() -> None:
    schema = sweepfile.json_schema()

    assert schema["required"] == ["name"]
    assert list(schema["properties"]) == [
        "name", "description", "extends", "parameters", "sweep", "derived", "where", "seeds", "run",
        "outputs", "slurm",
    ]  # fmt: skip
    assert schema["properties"]["run"]["properties"].keys() == {
        "stop", "every", "engine", "silence", "time_limit", "checkpoint_every", "on_timeout",
        "stop_when", "invalid_when",
    }  # fmt: skip
    assert schema["$defs"]["H"] == {
        "description": "height of the domain (cells)",
        "type": "integer",
        "minimum": 1,
        "maximum": 100_000,
    }
    assert "Seed" not in schema["$defs"]


def _plain(node: Node) -> Any:
    """Return what an editor sees of a file, by the rules of YAML 1.2."""
    if isinstance(node, Branch):
        return {key: _plain(child) for key, child in node.nodes.items()}
    if isinstance(node, Items):
        return [_plain(child) for child in node.nodes]
    if node.quoted:
        return node.text
    if node.null or node.text in {"true", "false"}:
        return {"true": True, "false": False}.get(node.text)
    for number in (int, float):
        with contextlib.suppress(ValueError):
            return number(node.text)
    return node.text


def _judged(text: str) -> list[str]:
    Path("w.yaml").write_text(text)
    branch, _ = tree.read(Path("w.yaml"))
    found = jsonschema.Draft202012Validator(sweepfile.json_schema()).iter_errors(_plain(branch))
    return [error.json_path for error in found]


@pytest.mark.parametrize(
    "path", sorted((shipped("sweeps")).glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_schema_takes_what_ships(path: Path) -> None:
    assert _judged(path.read_text()) == []


@pytest.mark.parametrize(
    ("section", "place"),
    [
        ("seeds: {first: 1}", "$.seeds"),
        ("sweep: {grid: {Tau_min: 3}}", "$.sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1]}}}", "$.sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {linspace: [0, 1, 1]}}}", "$.sweep.grid.Tau_min"),
        ("sweep: {grid: {Tau_min: {start: 0, stop: 1}}}", "$.sweep.grid.Tau_min"),
        ("sweep: {grid: {Use_lgca: {linspace: [0, 1, 2]}}}", "$.sweep.grid.Use_lgca"),
        ("seeds: 1-", "$.seeds"),
        ("sweep: {zip: {Tau_mim: [3]}}", "$.sweep.zip"),
        ("sweep: {sample: {n: 3}}", "$.sweep.sample"),
        ("sweep: {sample: {n: 3, space: {Coef_A: {low: 1}}}}", "$.sweep.sample.space.Coef_A"),
        ("sweep: {sample: {n: 0, space: {Coef_A: {low: 1, high: 2}}}}", "$.sweep.sample.n"),
        (
            "sweep: {sample: {n: 3, space: {Use_lgca: {low: 0, high: 1}}}}",
            "$.sweep.sample.space",
        ),
        ("outputs: {keep_initial: zip}", "$.outputs.keep_initial"),
        ("slurm: {pack: all}", "$.slurm.pack"),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(section: str, place: str) -> None:
    assert _judged(_with(section)) == [place]
    _problems(_with(section))


def test_the_schema_itself_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(sweepfile.json_schema())


@pytest.mark.parametrize(
    ("values", "place"),
    [
        (
            "Rot_delay: 1e-9, Rot_angle: 30",
            ("Rot_delay"),
        ),
        ("Rot_delay: 0.1, Rot_angle: 30", ""),
        (
            "wind: [{duration: 0.01, angle: 0}, {duration: 0.03, angle: 90}]",
            ("wind"),
        ),
        ("wind: [{duration: 0.01, angle: 0}, {duration: 3, angle: 90}]", ""),
        (
            "Centering_delay: 0.01",
            ("Centering_delay"),
        ),
        (
            "Ava_delay: 1e-6",
            ("Ava_delay"),
        ),
        ("Lgca_delay: 0.01, Ava_delay: 0, Centering_delay: 0", ""),
        (
            "Lgca_delay: 0.005",
            ("Lgca_delay"),
        ),
        (
            "Init_ncycl: 1000000000",
            "Init_ncycl",
        ),
        ("Init_ncycl: 1000000", ""),
    ],
)
def test_what_would_make_a_run_very_slow_is_a_warning(
    values: str, place: str, check_sentences: Callable[..., None]
) -> None:
    warnings = _warnings(SMALLEST.replace("D: 20", f"D: 20, {values}"))

    check_sentences(warnings, *[f"w.yaml:2:35: {place}"] * bool(place))
