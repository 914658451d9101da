"""What a command line may say, and what each of its words means."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from orchestrator import settings
from orchestrator.cli import arguments, main
from orchestrator.cli.verbs import parser, verbs
from orchestrator.errors import RequestError
from orchestrator.model import Resources
from orchestrator.submission.request import workers_of
from orchestrator.submission.resources import effective

if TYPE_CHECKING:
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


@pytest.mark.parametrize("words", ["", "winds", "-x status", "-- status"])
def test_a_line_without_a_verb_in_front_is_refused(
    capsys: pytest.CaptureFixture[str], words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words.split())

    assert ended.value.code == 2
    assert "usage: rescal-sweep [-h] [--version] VERB" in capsys.readouterr().err


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

    done = bench.run("status")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("data_runs: no sweeps yet")


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
