"""What a command line may say, and what each of its words means."""

from __future__ import annotations

import dataclasses
import platform
import re
import shlex
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from orchestrator import settings
from orchestrator._version import __version__
from orchestrator.cli import arguments, main
from orchestrator.cli.command_line import parser
from orchestrator.cli.verbs import verbs
from orchestrator.errors import RequestError
from orchestrator.model import Resources
from orchestrator.submission.request import workers_of
from orchestrator.submission.resources import effective

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Bench


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's own settings are: none yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("PACK", "WORKERS", "MEM"):
        monkeypatch.delenv(f"RESCAL_SWEEP_{name}", raising=False)
    (tmp_path / "rescal-sweep").mkdir()
    settings._config.cache_clear()
    return tmp_path / "rescal-sweep"


@pytest.mark.parametrize("verb", verbs())
def test_every_word_of_every_verb_is_explained(verb: str) -> None:
    said = {action.dest: action.help for action in parser(verb)._actions}

    assert all(said.values()), said
    assert (parser(verb).description or "").strip()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("plot winds -o a.png series", {"sweep": "winds", "kind": "series"}),
        ("plot --data-dir d winds", {"sweep": "winds", "kind": "phase-diagram"}),
        ("cancel winds --data-dir d exp3 4-5", {"experiments": ["exp3", "4-5"]}),
        ("resubmit winds --cluster local exp3 --wait", {"experiments": ["exp3"], "wait": True}),
        ("run w.yaml --set run.stop=10 exp1", {"experiment": "exp1", "set": ["run.stop=10"]}),
    ],
)
def test_options_may_stand_anywhere_behind_the_verb(words: str, found: dict[str, str]) -> None:
    verb, *rest = words.split()
    request = vars(parser(verb).parse_intermixed_args(rest))

    assert {name: request[name] for name in found} == found


@pytest.mark.parametrize("words", ["", "help", "help help", "--help", "-h", "--data-dir d"])
def test_without_a_verb_all_of_them_are_shown(
    capsys: pytest.CaptureFixture[str], words: str
) -> None:
    assert main(words.split()) == 0

    shown = capsys.readouterr().out
    assert re.findall(r"(?m)^  (\w+) {2,}", shown) == [*verbs()]
    assert all(summary in shown for summary in verbs().values())


@pytest.mark.parametrize(
    "words",
    [
        "statu winds",
        "winds.yaml",
        "xyzzy",
        "help statu",
        "-x status",
        "-- status",
        "--data-dir",
    ],
)
def test_a_line_without_a_verb_is_refused_with_what_may_be_meant(
    capsys: pytest.CaptureFixture[str], words: str, check_sentences: Callable[..., None]
) -> None:
    assert main(words.split()) == 2

    check_sentences([capsys.readouterr().err.rstrip()], "")


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("status --wach", "status: --wach"),
        ("cancel --all", "cancel: --all"),
        ("cancel", "cancel"),
        ("logs a", "logs"),
        ("logs", "logs"),
        ("submit a.yaml --jobs 0", "submit: --jobs"),
        ("plan a.yaml --stop=3", "plan: --stop"),
        ("plot w --units SI", "plot: --units"),
        ("submit a.yaml --cluster locl", "submit: --cluster"),
        ("plot w --threshold 4cm", "plot: --threshold"),
        ("compare w --wind-from west", "compare: --wind-from"),
        ("plot w --seed x", "plot: --seed"),
        ("status a b", "status: b"),
    ],
)
def test_what_a_verb_does_not_take_is_refused_in_a_line_with_what_may_be_meant(
    capsys: pytest.CaptureFixture[str],
    words: str,
    place: str,
    check_sentences: Callable[..., None],
) -> None:
    assert main(words.split()) == 2

    shown = capsys.readouterr().err.splitlines()
    ends = f'; "rescal-sweep help {words.split(maxsplit=1)[0]}" shows what it takes'
    check_sentences([line.removesuffix(ends) for line in shown], f"rescal-sweep {place}")


@pytest.mark.parametrize("verb", verbs())
def test_the_examples_of_a_verb_are_what_it_takes(verb: str) -> None:
    examples = import_module(f"orchestrator.cli.verbs.{verb}").EXAMPLES

    assert examples
    for words in examples:
        parser(verb).parse_intermixed_args(shlex.split(re.sub(r'(^| )>+ [^" ]+$', "", words)))


def test_the_help_of_a_verb_shows_examples_and_exit_codes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["help", "status"])

    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert "  rescal-sweep status quickstart --watch\n" in shown
    assert "Exit codes: 0 done; 1 some experiments ended badly; 2" in shown


def test_the_version_is_told_with_engine_python_and_platform(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RESCAL_SNOW_ROOT", raising=False)

    assert main(["--version"]) == 0

    package, python, engine = capsys.readouterr().out.splitlines()
    assert package == f"rescal-sweep {__version__}"
    assert python == f"Python {platform.python_version()} on {platform.platform()}"
    assert engine == f"engine: builtin {__version__}"


@pytest.mark.parametrize("before", [True, False])
def test_options_of_every_verb_stand_before_or_behind_it(bench: Bench, *, before: bool) -> None:
    bench.write("[0]")
    options = ("--data-dir", "elsewhere", "--color=never")
    verb = ("run", "winds.yaml", "exp0")

    done = bench.run(*options, *verb) if before else bench.run(*verb, *options)

    assert done.returncode == 0, done.stderr
    assert (bench.place / "elsewhere" / "winds" / "exp0").is_dir()


def test_quiet_prints_nothing_and_colours_come_when_asked_for(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("run", "winds.yaml", "exp0")

    assert bench.run("-Q", "status", "winds").stdout == ""
    assert "\x1b[32m" in bench.run("status", "winds", "--color", "always").stdout
    assert "\x1b" not in bench.run("status", "winds").stdout


def test_a_verbose_command_tells_which_commands_of_slurm_it_runs(
    bench: Bench, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sbatch", "scontrol"):
        (programs / name).write_text("#!/bin/sh\necho nobody is here >&2; exit 1\n")
        (programs / name).chmod(0o755)
    path = f"{programs}:{bench.environment()['PATH']}"
    bench = dataclasses.replace(bench, variables={"PATH": path, "RESCAL_SWEEP_CLUSTER": ""})
    bench.write("[0]")

    told = bench.run("plan", "winds.yaml", "-v").stderr

    assert re.match(r"scontrol ping \(0\.\d\d s\)\n", told)
    assert "(0." not in bench.run("plan", "winds.yaml").stderr


def test_the_project_is_found_from_below_and_a_sweep_by_its_path(bench: Bench) -> None:
    below = bench.place / "sweeps" / "deep"
    below.mkdir(parents=True)
    bench.write("[0]")
    inside = dataclasses.replace(bench, place=below)

    done = inside.run("run", "../../winds.yaml", "exp0")

    assert done.returncode == 0, done.stderr
    assert not (below / "data_runs").exists()
    sweep = bench.place / "data_runs" / "winds"
    assert (sweep / "exp0").is_dir()
    for word in ("winds", "../../data_runs/winds", str(sweep), "../../winds.yaml"):
        shown = inside.run("status", word)
        assert "2 experiments: 1 done, 1 never_submitted\n" in shown.stdout, word
    at_home = dataclasses.replace(bench, place=sweep)
    assert at_home.run("status", ".").returncode == 0


def test_a_data_directory_that_is_not_there_is_an_error_for_who_reads(bench: Bench) -> None:
    for words in (("status",), ("plot", "winds"), ("cancel", "winds"), ("status", "--json")):
        done = bench.run(*words, "--data-dir", "nowhere")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("nowhere: no such directory; submit a sweep first")
    bench.write("[0]")
    bench.run("run", "winds.yaml", "exp0")
    assert bench.run("status", "wind").stderr == (
        "data_runs: no sweep 'wind'; there are winds; did you mean winds?\n"
    )


def test_a_run_that_is_refused_makes_nothing(bench: Bench) -> None:
    bench.write("[0]")

    refused = bench.run("run", "winds.yaml", "exp7")

    assert (refused.returncode, refused.stderr) == (
        2,
        "winds has no exp7; it has exp0 to exp1\n",
    )
    assert not (bench.place / "data_runs").exists()


@pytest.mark.parametrize(
    ("pack", "packed"), [(None, 4), (1, 1), (2, 2)], ids=["unsaid", "one", "two"]
)
def test_the_users_settings_stand_behind_the_sweep_file(
    home: Path, pack: int | None, packed: int
) -> None:
    (home / "config.yaml").write_text("pack: 4\nmem: 3G\n")
    found = effective(Resources(pack=pack), {})

    assert (found.together, found.mem) == (packed, "3G")
    asked = dataclasses.replace(found, mem="1G")
    assert effective(asked, {}).mem == "1G"


@pytest.mark.parametrize("text", ["", "# account: ice\n", "~\n", "{}\n"])
def test_settings_that_say_nothing_are_none(bench: Bench, text: str) -> None:
    settings = bench.place / ".config" / "rescal-sweep" / "config.yaml"
    settings.parent.mkdir(parents=True)
    settings.write_text(text)

    done = bench.run("plan", "winds.yaml")

    assert done.returncode == 2
    assert done.stderr.startswith("winds.yaml: no such file")


@pytest.mark.parametrize("where", ["environment", "settings"])
def test_the_home_directory_may_be_written_short(bench: Bench, where: str) -> None:
    if where == "environment":
        bench = dataclasses.replace(bench, variables={"RESCAL_SWEEP_DATA_DIR": "~/dunes"})
    else:
        settings = bench.place / ".config" / "rescal-sweep" / "config.yaml"
        settings.parent.mkdir(parents=True)
        settings.write_text("data_dir: ~/dunes\n")
    bench.write("[0]")

    done = bench.run("run", "winds.yaml")

    assert done.returncode == 0, done.stderr
    assert (bench.place / "dunes" / "winds" / "exp0").is_dir()
    assert not (bench.place / "~").exists()


def test_a_place_that_is_a_file_gets_a_sentence(bench: Bench) -> None:
    bench.write("[0]")
    (bench.place / "taken").touch()

    done = bench.run("plan", "winds.yaml", "--data-dir", "taken")

    assert done.returncode == 2
    assert done.stderr.startswith("taken/winds")
    assert "Not a directory" in done.stderr


def test_letters_that_a_terminal_does_not_have_are_no_failure(bench: Bench) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    plain = dataclasses.replace(bench, variables={"PYTHONIOENCODING": "ascii"})

    done = plain.run("status", "winds")

    assert done.returncode == 0, done.stderr
    assert "2 experiments: 2 done" in done.stdout


def test_where_a_cluster_was_asked_for_is_told(bench: Bench) -> None:
    bench.write("[0]")
    lost = dataclasses.replace(bench, variables={"RESCAL_SWEEP_CLUSTER": "moon"})

    done = lost.run("submit", "winds.yaml")

    assert done.returncode == 2
    assert done.stderr.startswith("$RESCAL_SWEEP_CLUSTER: expected one of auto, slurm, local")
    assert done.stderr.endswith("got moon\n")


@pytest.mark.parametrize(
    ("given", "place"),
    [
        (("--workers 0", "4", "3"), "--workers"),
        (("", "0", "3"), "$RESCAL_SWEEP_WORKERS"),
        (("", "", "0"), "config.yaml: workers"),
    ],
)
def test_a_wrong_number_of_workers_is_told_where_it_stands(
    home: Path, monkeypatch: pytest.MonkeyPatch, given: tuple[str, str, str], place: str
) -> None:
    words, variable, setting = given
    monkeypatch.setenv("RESCAL_SWEEP_WORKERS", variable)
    (home / "config.yaml").write_text(f"workers: {setting}\n")
    options = parser("submit").parse_args(["w.yaml", *words.split()])

    with pytest.raises(RequestError) as caught:
        workers_of(arguments.placement(options), 2)

    assert str(caught.value) == f"{place}: expected a whole number from 1 on, got 0"
