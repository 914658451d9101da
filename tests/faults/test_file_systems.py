"""What odd file systems do is met, or told in a sentence; nothing is lost by it."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pytest

import orchestrator
from orchestrator.records import attempts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conftest import Bench


def _shell(bench: Bench, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell at a bench."""
    return subprocess.run(
        ["bash", "-c", line],
        cwd=bench.place,
        env=bench.environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_sweep_runs_where_no_file_can_be_locked(
    bench: Bench, odd: Callable[..., Bench], number: int
) -> None:
    bench.write("[0, 100]")
    without = odd(f"flock={number}")

    done = without.run("submit", "winds.yaml", "--wait", "--workers", "2")
    told = without.run("doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert "4 experiments: 4 done" in done.stdout
    assert [len(bench.sweep.experiment(n).attempts()) for n in range(4)] == [1] * 4
    assert not bench.sweep.lock.with_name(".lock.held").exists()
    assert "has no locks of the kernel's" in told.stdout


def test_a_lock_of_a_process_that_died_is_taken_away(
    bench: Bench, odd: Callable[..., Bench]
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    held = bench.sweep.lock.with_name(".lock.held")
    held.mkdir()
    myself = attempts.myself("t", "lock")
    attempts.write_identity(held / "claim.json", attempts.identity(2**22 + 1, "t", "lock"))

    done = odd(f"flock={errno.ENOSYS}").run("submit", "winds.yaml", "--wait")

    assert (done.returncode, done.stderr) == (0, "")
    assert not held.exists()
    assert attempts.lives_here(myself)


def test_a_lock_that_is_never_answered_is_told(bench: Bench, odd: Callable[..., Bench]) -> None:
    bench.write("[0]")

    done = odd("flock=wait").run("submit", "winds.yaml")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "data_runs/winds/.lock: the file system does not answer a request for a lock within 20 s"
    )


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EOPNOTSUPP])
def test_directories_that_cannot_be_synced_stop_nothing(
    bench: Bench, odd: Callable[..., Bench], number: int
) -> None:
    bench.write("[0]")
    unsynced = odd(f"syncdir={number}")

    done = unsynced.run("submit", "winds.yaml", "--wait")
    told = unsynced.run("doctor")

    assert (done.returncode, done.stderr) == (0, "")
    assert "names of files cannot be synced here" in told.stdout


def test_a_claim_whose_answer_was_lost_is_known_again(
    bench: Bench, odd: Callable[..., Bench]
) -> None:
    bench.write("[0]")

    done = odd("rename=lost", "attempts/1").run("submit", "winds.yaml", "--wait")

    assert "2 experiments: 2 done" in done.stdout
    assert [len(bench.sweep.experiment(n).attempts()) for n in range(2)] == [1, 1]


def test_handles_that_are_stale_once_are_asked_again(
    bench: Bench, odd: Callable[..., Bench]
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    sometimes = odd("stale=3", "exp0").run("status", "winds", "--json")
    always = odd("stale=1", "exp0").run("status", "winds", "--json")

    first, second = (json.loads(done.stdout)["experiments"] for done in (sometimes, always))
    assert [e["state"] for e in first] == ["done", "done"]
    assert [e["state"] for e in second] == ["running", "done"]
    assert second[0]["reason"].endswith("claim.json cannot be read: Stale file handle")


@pytest.mark.parametrize(
    "words",
    [
        "report winds",
        "collect winds",
        "collect winds -o data_runs/winds/winds.nc",
        "plot winds",
    ],
)
def test_a_file_that_may_not_grow_is_told_and_leaves_nothing(bench: Bench, words: str) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    before = sorted(bench.sweep.root.iterdir())

    done = _shell(bench, f"ulimit -f 2; rescal-sweep {words}")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "File too large" in done.stderr
    assert sorted(bench.sweep.root.iterdir()) == before


@pytest.mark.parametrize(
    ("shell", "code", "told"),
    [
        ("status winds >&-", 0, ""),
        ("status winds 2>&-", 0, ""),
        ("status winds <&- >&- 2>&-", 0, ""),
        ("status winds >/dev/full", 2, "No space left on device"),
        ("status winds | head -c1 >/dev/null; exit ${PIPESTATUS[0]}", 0, ""),
    ],
)
def test_closed_and_full_streams_end_quietly_or_with_a_sentence(
    bench: Bench, shell: str, code: int, told: str
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    done = _shell(bench, f"rescal-sweep {shell}")

    assert done.returncode == code, done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == bool(told)


@pytest.mark.parametrize("backend", ["module://nowhere.backend", "nonsense"])
def test_pictures_do_not_look_at_the_backend_of_a_notebook(bench: Bench, backend: str) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    for words in ("plot winds", "report winds"):
        done = _shell(bench, f"MPLBACKEND={backend} rescal-sweep {words}")
        assert (done.returncode, done.stderr) == (0, "")


def test_pictures_are_drawn_without_a_word_where_nothing_can_be_kept_at_home(
    bench: Bench,
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")

    for words in ("plot winds", "report winds"):
        done = _shell(bench, f"HOME=/proc/nowhere rescal-sweep {words}")
        assert (done.returncode, done.stderr) == (0, "")


def test_text_that_looks_like_markup_is_text(bench: Bench) -> None:
    bench.write("[0, 13]")
    where = ("--data-dir", "a[/b] [red]")

    done = bench.run("submit", "winds.yaml", "--wait", *where)
    listed = bench.run("status", *where)

    assert "a[/b] [red]/winds" in done.stdout
    assert "4 experiments: 2 done, 2 failed" in listed.stdout


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x80\x04N."])
def test_a_damaged_array_is_missing_and_the_next_attempt_replaces_it(
    bench: Bench, content: bytes
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    path = bench.sweep.experiment(0).height_maps
    whole = path.read_bytes()
    path.write_bytes(content)

    shown = [
        bench.run(*words.split()) for words in ("collect winds", "report winds", "plot winds")
    ]
    bench.run("resubmit", "winds", "exp0", "--wait")

    assert [done.returncode for done in shown] == [0, 0, 0]
    assert (
        "damaged: exp0: out/height_maps.npz cannot be read; "
        "rescal-sweep resubmit winds exp0 makes it again"
    ) in shown[0].stdout
    assert path.read_bytes() == whole
    assert np.load(path)["height_maps"].shape[0] == 3


@pytest.mark.parametrize("names", [("height_maps",), ("height_maps", "ffts", "cell_counts")])
def test_arrays_that_somebody_has_removed_are_named_and_made_again(
    bench: Bench, names: tuple[str, ...]
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    paths = [bench.sweep.experiment(0).array_file(name) for name in names]
    whole = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    files = ", ".join(f"out/{name}.npz" for name in names)
    removed = f"{files} removed since"

    words = ("status winds", "collect winds", "report winds", "plot winds", "resubmit winds")
    shown = {line: bench.run(*line.split()) for line in words}
    gone = f"exp0: out/height_maps.npz removed since; {_again(bench)} exp0 makes it again"
    with (
        pytest.warns(UserWarning, match=re.escape(gone)),
        orchestrator.open_sweep(bench.sweep.root) as data,
    ):
        data["height"].load()
    (experiment, _) = json.loads(bench.run("status", "winds", "--json").stdout)["experiments"]
    bench.run("resubmit", "winds", "0", "--wait")

    assert {done.returncode for done in shown.values()} == {0}
    again = "rescal-sweep resubmit winds exp0 makes it again"
    assert f"damaged: exp0: {removed}; {again}" in shown["collect winds"].stdout
    told = f"1 done, but {removed}: rescal-sweep resubmit winds 0 makes them again"
    assert told in " ".join(shown["status winds"].stdout.split())
    assert told in " ".join(shown["resubmit winds"].stdout.split())
    assert (experiment["state"], experiment["missing"]) == ("done", [*names])
    assert experiment["reason"] == removed
    assert [path.read_bytes() for path in paths] == whole
    assert "removed since" not in bench.run("status", "winds").stdout


def _again(bench: Bench) -> str:
    """Return how a command names the sweep from elsewhere."""
    return f"rescal-sweep resubmit {bench.sweep.root}"


@pytest.fixture
def plain(bench: Bench) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Run a verb that may read nothing but what its permissions allow, also for the superuser."""
    caps = "setpriv --bounding-set=-dac_override,-dac_read_search " if os.geteuid() == 0 else ""
    yield lambda words: _shell(bench, f"{caps}rescal-sweep {words}")
    for path in (bench.sweep.root, *bench.sweep.root.rglob("*")):
        path.chmod(0o755)


@pytest.mark.parametrize("closed", ["", "out", "attempts", "meta_data"])
def test_an_experiment_that_may_not_be_read_hides_no_other(
    bench: Bench, plain: Callable[[str], subprocess.CompletedProcess[str]], closed: str
) -> None:
    bench.write("[0]")
    bench.run("submit", "winds.yaml", "--wait")
    (bench.sweep.root / "exp0" / closed).chmod(0o000)

    table, used, page, data, numbers, picture = (
        plain(words)
        for words in (
            "status winds --json",
            "status winds --usage",
            f"report winds -o {bench.place}/page.html",
            f"collect winds -o {bench.place}/winds.zarr",
            "export winds",
            f"plot winds -o {bench.place}/picture.png",
        )
    )

    done = (table, used, page, data, numbers, picture)
    assert [each.returncode for each in done] == [0] * 6, [each.stderr for each in done]
    states = {e["name"]: e["missing"] for e in json.loads(table.stdout)["experiments"]}
    assert states == {"exp0": [], "exp1": []}
    assert numbers.stdout.count("\nexp") == 2
    assert "removed since" not in data.stdout + data.stderr
    assert ("cannot be read" in data.stdout) is (closed != "meta_data")
